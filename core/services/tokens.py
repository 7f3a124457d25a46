"""API tokens: made by people for themselves, limited to some of their rights, for at most a year."""

import json
from dataclasses import dataclass, field
from typing import Literal

import sqlalchemy as sa

from core.errors import Invalid, NotFound
from core.governance.rights import RIGHTS, Right
from core.ledger import people, sessions
from core.services.guard import needs
from core.services.house import House, now_ms
from core.services.identity import TOKEN, fresh_secret
from core.services.oneself import require_oneself

NAME_LONGEST = 80
DAYS_MOST = 365
DAY_MS = 86_400_000
TOKENS_MOST = 50
_table = sessions.tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What is known of a token. person: id of its owner.  name: untrusted text.  used_ms: None for never.

    scopes: rights that it is limited to; what it may do is at every request what its owner may do as well.
    """

    id: str
    person: str
    name: str
    scopes: tuple[str, ...]
    created_ms: int
    expires_ms: int
    revoked_ms: int | None
    used_ms: int | None
    state: Literal["in force", "revoked", "expired"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fresh:
    """A token just made. secret: told once, kept nowhere."""

    id: str
    secret: str = field(repr=False)


@needs("access_view", everywhere=True)
def listing(house: House, person: str = "", *, past: bool = False) -> tuple[Token, ...]:
    """All tokens in force, newest first. person: id of an owner.  past: also revoked and expired ones."""
    return _found(house, person, past=past)


@needs(None)
def own(house: House, *, past: bool = False) -> tuple[Token, ...]:
    """Tokens of the one who acts, newest first."""
    return _found(house, house.actor.id, past=past)


@needs(None)
def scopes(house: House) -> tuple[Right, ...]:
    """The rights that a token of the one who acts can have."""
    return tuple(right for right in RIGHTS if house.actor.may_somewhere(right))


@needs(None)
def make(house: House, name: str, wanted: tuple[str, ...], expires_ms: int) -> Fresh:
    """A token for the one who acts. wanted: its rights. Raises NotAllowed for a token or a command, Invalid."""
    require_oneself(house)
    name = " ".join(name.split())
    if not name or len(name) > NAME_LONGEST:
        raise Invalid(f"A token's name has 1 to {NAME_LONGEST} characters, got {len(name)}.", field="name")
    held = scopes(house)
    limited = [right for right in held if right in wanted]
    if not limited or set(wanted) - set(held):
        raise Invalid(
            "A token has one or more of the rights that you hold.", field="scopes", hint=f"You hold: {', '.join(held)}."
        )
    now = now_ms()
    if not now < expires_ms <= now + DAYS_MOST * DAY_MS:
        raise Invalid(f"A token ends within {DAYS_MOST} days.", field="expires", hint="Choose an earlier day.")
    secret, token, person = f"{TOKEN}.{fresh_secret(house.active)}", people.new_id("k"), house.actor.id
    with house.ledger.transaction(actor=person, now_ms=now) as tx:
        in_force = _in_force(now).where(_table.c.person == person)
        if len(tx.connection.execute(in_force).all()) >= TOKENS_MOST:
            raise Invalid(f"You have {TOKENS_MOST} tokens already.", hint="Revoke those that nothing uses.")
        tx.connection.execute(
            sa.insert(_table).values(
                id=token, digest=sessions.digest(secret), person=person, name=name, scopes=json.dumps(limited),
                created_ms=now, expires_ms=expires_ms,
            )
        )  # fmt: skip
        after = {"token": token, "name": tx.seal(name, person), "scopes": limited, "expires_ms": expires_ms}
        tx.append("token.made", f"person:{person}", {"after": after})
    return Fresh(id=token, secret=secret)


@needs(None)
def revoke(house: House, token: str) -> None:
    """Ends a token at once: one's own, or with the right "access" anybody's. Raises NotFound, NotAllowed."""
    with house.ledger.reading() as connection:
        row = connection.execute(_in_force(now_ms()).where(_table.c.id == token)).first()
    mine = row is not None and row.person == house.actor.id and house.actor.kind == "person"
    grant = None if mine else house.require("access")
    with house.ledger.transaction(
        actor=house.actor.id, now_ms=now_ms(), on_behalf_of=grant.on_behalf_of if grant else None
    ) as tx:
        found = tx.connection.execute(_in_force(tx.now_ms).where(_table.c.id == token)).first()
        if found is None:
            raise NotFound("This token is not in force any more.", hint="Look again.")
        tx.connection.execute(sa.update(_table).where(_table.c.id == token).values(revoked_ms=tx.now_ms))
        tx.append("token.revoked", f"person:{found.person}", {"before": {"token": token}})


def revoke_all(connection: sa.Connection, person: str, now: int) -> list[str]:
    """Ends all tokens of a person in a decision under way; returns the ids of those that were in force."""
    ended = [row.id for row in connection.execute(_in_force(now).where(_table.c.person == person))]
    connection.execute(sa.update(_table).where(_table.c.id.in_(ended)).values(revoked_ms=now))
    return ended


def _in_force(now: int) -> sa.Select[tuple[str, str]]:
    return sa.select(_table.c.id, _table.c.person).where(_table.c.revoked_ms.is_(None), _table.c.expires_ms > now)


def _found(house: House, person: str, *, past: bool) -> tuple[Token, ...]:
    now = now_ms()
    query = sa.select(*(column for column in _table.c if column.name != "digest"))
    if person:
        query = query.where(_table.c.person == person)
    if not past:
        query = query.where(_table.c.revoked_ms.is_(None), _table.c.expires_ms > now)
    found = []
    for row in house.ledger.rows(query.order_by(_table.c.created_ms.desc(), _table.c.id)):
        state: Literal["in force", "revoked", "expired"] = "in force"
        if row["revoked_ms"] is not None:
            state = "revoked"
        elif row["expires_ms"] <= now:
            state = "expired"
        found.append(Token(**{**row, "scopes": tuple(json.loads(row["scopes"]))}, state=state))
    return tuple(found)
