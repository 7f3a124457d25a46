"""Erasing a person: what names it goes, at once and for good; what it signed stays as long as it must be kept.

Events name people by id and hold seals of texts, so the chain verifies as before. Copies made earlier (backups, the
copies that migrations keep) are not reached.
"""

from dataclasses import dataclass

import sqlalchemy as sa

from core.errors import Conflict, Invalid
from core.ledger import people, sessions, views
from core.ledger.authors import authors
from core.ledger.engines import BUSY_S
from core.ledger.schema import sealed_texts
from core.ledger.store import Ledger, Transaction
from core.services import tokens
from core.services.accounts import find
from core.services.administrators import an_administrator_stays
from core.services.guard import needs
from core.services.house import House, now_ms

CARE_MS = 2_000  # how long readers are waited for


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """texts: sealed texts that were deleted.  retained: signatures that are kept.  until_ms: the last one's end."""

    texts: int
    retained: int
    until_ms: int | None


@needs("access", everywhere=True)
def erase(house: House, login: str, *, typed: str) -> Erased:
    """Erases a person for good. typed: its login once more, as confirmation.

    Raises Invalid where that differs, NotFound, and Conflict for the last administrator.
    """
    if typed.strip().lower() != login.strip().lower():
        raise Invalid("What was typed is not the login.", field="typed", hint=f"Type {login[:100]} to confirm.")
    with house.deciding("access") as tx:
        row = find(tx.connection, login)
        person = row["id"]
        with an_administrator_stays(tx):
            _blank(tx, person)
        ended = sessions.end_sessions(tx.connection, now_ms=tx.now_ms, why="erased", person=person)
        revoked = tokens.revoke_all(tx.connection, person, tx.now_ms)
        _strip(tx.connection, person)
        done = _forget_texts(tx, person)
        tx.append(
            "person.erased", f"person:{person}",
            {"sessions": len(ended), "tokens": len(revoked), "texts": done.texts, "retained": done.retained},
        )  # fmt: skip
    _leave_no_trace(house.ledger)
    return done


def remove_overdue(ledger: Ledger) -> int:
    """Deletes retained texts of erased people whose time is over; returns how many. For a server's regular care."""
    now = now_ms()
    erased = sa.select(people.people.c.id).where(people.people.c.erased_ms.is_not(None))
    over = sa.and_(sealed_texts.c.retain_until_ms <= now, sealed_texts.c.person.in_(erased))
    with ledger.reading() as connection:
        if connection.execute(sa.select(sealed_texts.c.seal).where(over).limit(1)).first() is None:
            return 0
    with ledger.transaction(actor="system", now_ms=now) as tx:
        count = tx.connection.execute(sa.delete(sealed_texts).where(over)).rowcount
        tx.append("retained_texts.removed", "house:retention", {"texts": count})
    _leave_no_trace(ledger)
    return count


def _blank(tx: Transaction, person: str) -> None:
    """The row stays, under its id. No login holds a space, so this one can never be given to anybody."""
    row = people.by_id(tx.connection, person)
    if row is None or row["erased_ms"] is not None:
        raise Conflict("This person was erased already.")
    people.change(
        tx.connection, person,
        {
            "login": f"erased {person}", "name": "", "mail": "", "external": None, "password_hash": None,
            "must_change": False, "failures": 0, "locked_until_ms": None, "erased_ms": tx.now_ms,
        },
    )  # fmt: skip
    for table, column in (
        (people.grants, people.grants.c.holder), (people.members, people.members.c.person),
        (authors, authors.c.person), (views.view_defaults, views.view_defaults.c.person),
    ):  # fmt: skip
        tx.connection.execute(sa.delete(table).where(column == person))
    mine = sa.and_(views.saved_views.c.owner == person, views.saved_views.c.audience == "private")
    tx.connection.execute(sa.delete(views.saved_views).where(mine))
    standing = sa.or_(people.deputies.c.absent == person, people.deputies.c.deputy == person)
    tx.connection.execute(
        sa.update(people.deputies).where(standing, people.deputies.c.ended_ms.is_(None)).values(ended_ms=tx.now_ms)
    )


def _strip(connection: sa.Connection, person: str) -> None:
    table = sessions.sessions
    blank = {"address": "", "agent": ""}
    connection.execute(sa.update(table).where(table.c.person == person).values(**blank, id_token=None))
    table = sessions.sign_ins
    connection.execute(sa.update(table).where(table.c.person == person).values(**blank))
    table = sessions.tokens
    connection.execute(sa.update(table).where(table.c.person == person).values(name=""))


def _forget_texts(tx: Transaction, person: str) -> Erased:
    of = sealed_texts.c.person == person
    free = sa.or_(sealed_texts.c.retain_until_ms.is_(None), sealed_texts.c.retain_until_ms <= tx.now_ms)
    count = tx.connection.execute(sa.delete(sealed_texts).where(of, free)).rowcount
    left = tx.connection.execute(
        sa.select(sa.func.count(), sa.func.max(sealed_texts.c.retain_until_ms)).where(of)
    ).one()
    return Erased(texts=count, retained=int(left[0]), until_ms=left[1])


def _leave_no_trace(ledger: Ledger) -> None:
    """Folds SQLite's log into the file, whose freed space is overwritten; otherwise the log would hold it for a while.

    Readers at work can keep that from happening now: then it happens at one of the next writes.
    """
    if ledger.is_sqlite:
        with ledger.engine.connect() as connection:
            connection.exec_driver_sql("ROLLBACK")  # the checkpoint runs outside a transaction
            connection.exec_driver_sql(f"PRAGMA busy_timeout = {CARE_MS}")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.exec_driver_sql(f"PRAGMA busy_timeout = {int(BUSY_S * 1_000)}")
