"""Who a secret belongs to: sessions of browsers and tokens of programs become actors."""

import json
import secrets
from dataclasses import replace

import sqlalchemy as sa

from core.governance.rights import NOBODY, Actor, Grant
from core.ledger import people, sessions
from core.services.house import House, Premises, now_ms
from core.settings import Settings

SEEN_EVERY_MS = 60_000
TOKEN = "gh"


def cookie(settings: Settings, what: str = "session") -> str:
    """The name of one of our cookies. Behind https its prefix keeps http and other hosts from setting it."""
    return f"{'__Host-' if settings.is_https else ''}gatehouse_{what}"


def fresh_secret(which: Premises) -> str:
    """A secret for a cookie or a token: which stores it opens, then 256 random bits."""
    return f"{which}.{secrets.token_urlsafe(32)}"


def actor_of_session(house: House, secret: str) -> Actor:
    """The actor of a cookie's secret; NOBODY when no session in force has it."""
    which = _premises(house, secret)
    if which is None:
        return NOBODY
    ledger, now = house.ledger_of(which), now_ms()
    with ledger.reading() as connection:
        session = sessions.session_of(connection, secret, now_ms=now)
        actor = _actor(connection, session["person"], which, now_ms=now) if session else NOBODY
    if session is None or actor is NOBODY:
        return NOBODY
    if now - session["seen_ms"] >= SEEN_EVERY_MS:
        _note_use(house, which, sessions.sessions.c.id == session["id"], sessions.sessions, {"seen_ms": now})
    return replace(actor, kind="person", session=session["id"])


def actor_of_token(house: House, secret: str) -> Actor:
    """The actor of an API token, limited to its scopes; NOBODY when no token in force is that.

    A token rests while its owner must change the password: whoever set that one could be using it.
    """
    if not secret.startswith(f"{TOKEN}."):
        return NOBODY
    which = _premises(house, secret.removeprefix(f"{TOKEN}."))
    if which is None:
        return NOBODY
    ledger, now = house.ledger_of(which), now_ms()
    with ledger.reading() as connection:
        token = sessions.token_of(connection, secret, now_ms=now)
        actor = _actor(connection, token["person"], which, now_ms=now) if token else NOBODY
    if token is None or actor is NOBODY or actor.must_change:
        return NOBODY
    if token["used_ms"] is None or now - token["used_ms"] >= SEEN_EVERY_MS:
        _note_use(house, which, sessions.tokens.c.id == token["id"], sessions.tokens, {"used_ms": now})
    return replace(actor, kind="token", scopes=frozenset(json.loads(token["scopes"])))


def actor_of_person(house: House, person: str, which: Premises) -> Actor:
    """A person as an actor, whether signed in or not; NOBODY for one who is disabled, erased or unknown."""
    with house.ledger_of(which).reading() as connection:
        return _actor(connection, person, which, now_ms=now_ms())


def _premises(house: House, secret: str) -> Premises | None:
    which = secret.partition(".")[0]
    if which == "own":
        return "own"
    return "demo" if which == "demo" and house.shows_demo else None


def _actor(connection: sa.Connection, person: str, which: Premises, *, now_ms: int) -> Actor:
    row = people.by_id(connection, person)
    if row is None or row["disabled_ms"] is not None or row["erased_ms"] is not None:
        return NOBODY
    grants = people.grants_of(connection, person, now_ms=now_ms)
    return Actor(
        id=person, kind="person", login=row["login"], name=row["name"], premises=which, must_change=row["must_change"],
        grants=tuple(
            Grant(role=grant["role"], project=grant["project"], on_behalf_of=grant["on_behalf_of"]) for grant in grants
        ),
    )  # fmt: skip


def _note_use(
    house: House, which: Premises, condition: sa.ColumnElement[bool], table: sa.Table, values: dict[str, int]
) -> None:
    with house.ledger_of(which).transaction(actor="system", now_ms=now_ms()) as tx:
        tx.connection.execute(sa.update(table).where(condition).values(**values))
