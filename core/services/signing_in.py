"""Signing in with a password, changing it, signing out. Every outcome is noted; one answer serves all failures."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from core.errors import GatehouseError, Invalid, NotSignedIn
from core.governance.rights import NOBODY
from core.ledger import people, sessions
from core.ledger.store import Transaction
from core.services import passwords
from core.services.guard import needs
from core.services.house import House, Premises, now_ms
from core.services.identity import actor_of_session, fresh_secret

FAILURES = 5
LOCKED_MS = 60_000
LOCKED_AT_MOST_MS = 15 * 60_000
ATTEMPTS_KEPT = 20_000


class SignInFailed(GatehouseError):
    """The sign-in was refused; the reason is told to nobody but the log."""

    title = "Not signed in"
    http_status = 401

    def __init__(self, message: str = "Login or password is wrong.") -> None:
        super().__init__(
            message,
            hint="After several attempts an account rests for some minutes. An administrator can give a new password.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """From where somebody signs in. Untrusted text."""

    address: str = ""
    agent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """secret: for the cookie, told once.  must_change: a new password is to be chosen first."""

    secret: str
    session: str
    person: str
    must_change: bool


def by_password(house: House, which: Premises, login: str, password: str, where: Where) -> SignedIn:
    """A session for a local account. Raises SignInFailed."""
    ledger = house.ledger_of(which)
    with ledger.reading() as connection:
        seen = people.by_login(connection, login[:200])
    kept = seen["password_hash"] if seen and _may_sign_in(seen) else None
    right = passwords.matches(password, kept)
    with ledger.transaction(actor=seen["id"] if seen and right else "system", now_ms=now_ms()) as tx:
        # Looked at again: guesses that were sent at once all saw the account as it was before the first of them.
        row = people.by_id(tx.connection, seen["id"]) if seen else None
        outcome = _outcome(row, right=right and row is not None and row["password_hash"] == kept, now=tx.now_ms)
        if row is not None and outcome == "ok":
            people.change(tx.connection, row["id"], {"failures": 0, "locked_until_ms": None})
            session = start_session(house, tx, which, row, "password", where)
        else:
            note_attempt(tx, row, "password", outcome, where)
            if row is not None and outcome == "wrong":
                _count_failure(tx, row["id"])
            session = None
    if session is None:
        raise SignInFailed
    return session


def start_session(
    house: House, tx: Transaction, which: Premises, row: dict[str, Any], method: str, where: Where,
    id_token: str | None = None,
) -> SignedIn:  # fmt: skip
    """A session of a person, in the transaction that decided on it. method: password, oidc, proxy, demo."""
    secret, session = fresh_secret(which), people.new_id("s")
    if id_token:
        sessions.forget_id_tokens(tx.connection, now_ms=tx.now_ms)
    sessions.add_session(
        tx.connection,
        {
            "id": session, "digest": sessions.digest(secret), "person": row["id"], "method": method,
            "created_ms": tx.now_ms, "seen_ms": tx.now_ms, "ended_ms": None, "ended_why": None, "id_token": id_token,
            "expires_ms": tx.now_ms + int(house.settings.session_hours * 3_600_000), "address": where.address[:100],
            "agent": where.agent[:300],
        },
    )  # fmt: skip
    note_attempt(tx, row, method, "ok", where)
    tx.append("session.started", f"person:{row['id']}", {"session": session, "method": method})
    return SignedIn(secret=secret, session=session, person=row["id"], must_change=row["must_change"])


@needs(None)
def sign_out(house: House) -> None:
    """Ends the session of the one who acts."""
    if not house.actor.session:
        raise NotSignedIn("There is no session to end.", hint="A token is revoked on the page Access.")
    with house.ledger.transaction(actor=house.actor.id, now_ms=now_ms()) as tx:
        ended = sessions.end_sessions(tx.connection, now_ms=tx.now_ms, why="signed out", session=house.actor.session)
        for session in ended:
            tx.append("session.ended", f"person:{house.actor.id}", {"session": session, "why": "signed out"})


@needs(None)
def sign_out_everywhere(house: House, *, but_here: bool = False) -> int:
    """Ends all sessions of the one who acts; returns how many. but_here: all others."""
    with house.ledger.transaction(actor=house.actor.id, now_ms=now_ms()) as tx:
        ended = sessions.end_sessions(
            tx.connection, now_ms=tx.now_ms, why="signed out everywhere", person=house.actor.id,
            but=house.actor.session if but_here else None,
        )  # fmt: skip
        if ended:
            tx.append("session.ended", f"person:{house.actor.id}", {"sessions": ended, "why": "signed out everywhere"})
    return len(ended)


def end_replaced(house: House, secret: str) -> None:
    """Ends the session of a cookie that gets a new one: nobody who knew it before a sign-in has anything of it."""
    actor = actor_of_session(house, secret) if secret else NOBODY
    if actor.premises is None or not actor.session:
        return
    with house.ledger_of(actor.premises).transaction(actor=actor.id, now_ms=now_ms()) as tx:
        for session in sessions.end_sessions(tx.connection, now_ms=tx.now_ms, why="replaced", session=actor.session):
            tx.append("session.ended", f"person:{actor.id}", {"session": session, "why": "replaced"})


@needs(None)
def change_password(house: House, old: str, new: str) -> None:
    """Changes the password of the one who acts; all other sessions end. Raises SignInFailed or Invalid."""
    with house.ledger.reading() as connection:
        seen = people.by_id(connection, house.actor.id)
    if seen is None or seen["origin"] != "local":
        raise Invalid("This account has no password here.", hint="Change it where you sign in.")
    right = passwords.matches(old, seen["password_hash"])
    fault = _fault_of(old, new, seen) if right else None
    kept = passwords.hashed(new) if right and fault is None else None
    with house.ledger.transaction(actor=house.actor.id, now_ms=now_ms()) as tx:
        row = people.by_id(tx.connection, seen["id"])
        unchanged = row is not None and row["password_hash"] == seen["password_hash"]
        outcome = _outcome(row, right=right and unchanged, now=tx.now_ms)
        if outcome != "ok":
            note_attempt(tx, row, "password", outcome, Where())
            if outcome == "wrong":
                _count_failure(tx, seen["id"])
        elif kept is not None:
            people.change(
                tx.connection, seen["id"],
                {"password_hash": kept, "must_change": False, "failures": 0, "locked_until_ms": None},
            )  # fmt: skip
            sessions.end_sessions(
                tx.connection, now_ms=tx.now_ms, why="password changed", person=seen["id"],
                but=house.actor.session or None,
            )  # fmt: skip
            tx.append("person.password_changed", f"person:{seen['id']}", {"by": "itself"})
    if outcome != "ok":
        raise SignInFailed("The present password is wrong.")
    if fault is not None:
        raise fault


def _fault_of(old: str, new: str, row: dict[str, Any]) -> Invalid | None:
    """What is wrong with a new password; None where nothing is."""
    if new == old:
        return Invalid("This is the old password.", field="password", hint="Choose another one.")
    try:
        passwords.check(new, login=row["login"], name=row["name"])
    except Invalid as error:
        return error
    return None


def _may_sign_in(row: dict[str, Any]) -> bool:
    return row["origin"] == "local" and row["disabled_ms"] is None and row["erased_ms"] is None


def _outcome(row: dict[str, Any] | None, *, right: bool, now: int) -> str:
    """What the log of sign-ins says of an attempt with a password: ok, nobody, disabled, locked or wrong."""
    if row is None:
        return "nobody"
    if not _may_sign_in(row):
        return "disabled"
    if (row["locked_until_ms"] or 0) > now:
        return "locked"
    return "ok" if right else "wrong"


def _count_failure(tx: Transaction, person: str) -> None:
    """After several wrong passwords an account rests, each time twice as long."""
    row = people.by_id(tx.connection, person)
    failures = (row["failures"] if row else 0) + 1
    values: dict[str, Any] = {"failures": failures}
    if failures >= FAILURES:
        rest = min(LOCKED_MS * 2 ** (failures - FAILURES), LOCKED_AT_MOST_MS)
        values["locked_until_ms"] = tx.now_ms + rest
        tx.append("person.locked", f"person:{person}", {"failures": failures, "until_ms": tx.now_ms + rest})
    people.change(tx.connection, person, values)


def note_attempt(tx: Transaction, row: dict[str, Any] | None, method: str, outcome: str, where: Where) -> None:
    """A line in the log of sign-ins; the oldest beyond ATTEMPTS_KEPT go. outcome: ok, wrong, locked, ..."""
    sessions.note_attempt(
        tx.connection,
        {
            "id": people.new_id("i"), "time_ms": tx.now_ms, "person": row["id"] if row else None, "method": method,
            "outcome": outcome, "address": where.address[:100], "agent": where.agent[:300],
        },
    )  # fmt: skip
    table = sessions.sign_ins
    oldest = sa.select(table.c.time_ms).order_by(table.c.time_ms.desc()).offset(ATTEMPTS_KEPT).limit(1)
    cut = tx.connection.execute(oldest).scalar()
    if cut is not None:
        tx.connection.execute(sa.delete(table).where(table.c.time_ms <= cut))
