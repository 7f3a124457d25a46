"""Deputies: who stands in for whom, for how long. What they decide, they decide on behalf of the absent one.

Neither the administrator's nor the auditor's role passes on (core.governance.rights.NOT_PASSED_ON), and a deputy's
deputy gains nothing of the first one's.
"""

from dataclasses import dataclass
from typing import Literal

import sqlalchemy as sa

from core.errors import Conflict, Invalid, NotFound
from core.ledger import people
from core.ledger.people import deputies
from core.ledger.store import Transaction
from core.services.guard import needs
from core.services.house import House, now_ms
from core.services.oneself import require_oneself

DAYS_MOST = 60
DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointment:
    """absent, deputy: ids of people.  from_ms, until_ms: in force from, and before.  ended_ms: called off then."""

    id: str
    absent: str
    deputy: str
    from_ms: int
    until_ms: int
    ended_ms: int | None
    state: Literal["in force", "to come", "over", "called off"]


@needs("access_view", everywhere=True)
def listing(house: House, person: str = "", *, past: bool = False) -> tuple[Appointment, ...]:
    """Appointments in force and to come, the first to begin first. person: id of either one.  past: also others."""
    return _found(house, person, past=past)


@needs(None)
def own(house: House) -> tuple[Appointment, ...]:
    """Appointments in force and to come of the one who acts: for whom, and by whom."""
    return _found(house, house.actor.id, past=False)


@needs(None)
def appoint(house: House, deputy: str, from_ms: int, until_ms: int, *, absent: str | None = None) -> str:
    """Appoints a deputy; returns the appointment's id.

    absent: None for the one who acts; for anybody else the right "access" is needed.
    Raises NotAllowed, NotFound, Invalid for a time over 60 days or past, Conflict for one that overlaps.
    """
    actor = house.actor
    if absent is None or absent == actor.id:
        require_oneself(house)
        if not any(grant.on_behalf_of is None for grant in actor.grants):
            raise Invalid("You hold no role that a deputy could stand in for.", hint="An administrator gives roles.")
        with house.ledger.transaction(actor=actor.id, now_ms=now_ms()) as tx:
            return _appoint(tx, actor.id, deputy, from_ms, until_ms)
    with house.deciding("access") as tx:
        return _appoint(tx, absent, deputy, from_ms, until_ms)


@needs(None)
def end(house: House, appointment: str) -> None:
    """Calls an appointment off: the absent one, the deputy, or an administrator. Raises NotFound, NotAllowed."""
    query = sa.select(deputies).where(deputies.c.id == appointment)
    with house.ledger.reading() as connection:
        row = connection.execute(query).first()
    if row is not None and house.actor.id in (row.absent, row.deputy):
        require_oneself(house)
        with house.ledger.transaction(actor=house.actor.id, now_ms=now_ms()) as tx:
            _end(tx, appointment)
        return
    with house.deciding("access") as tx:
        _end(tx, appointment)


def _appoint(tx: Transaction, absent: str, deputy: str, from_ms: int, until_ms: int) -> str:
    from_ms = max(from_ms, tx.now_ms)
    if deputy == absent:
        raise Invalid("Nobody stands in for oneself.", field="deputy", hint="Choose somebody else.")
    if until_ms <= from_ms:
        raise Invalid("The end lies before the start, or in the past.", field="until", hint="Choose a later day.")
    if until_ms - from_ms > DAYS_MOST * DAY_MS:
        raise Invalid(f"A deputy stands in for at most {DAYS_MOST} days.", field="until", hint="Choose an earlier end.")
    for person in (absent, deputy):
        row = people.by_id(tx.connection, person)
        if row is None or row["erased_ms"] is not None or row["disabled_ms"] is not None:
            raise NotFound("One of the two cannot sign in here.", hint="Choose somebody who is active.")
    overlapping = sa.select(deputies.c.id).where(
        deputies.c.absent == absent, deputies.c.deputy == deputy, deputies.c.ended_ms.is_(None),
        deputies.c.from_ms < until_ms, deputies.c.until_ms > from_ms,
    )  # fmt: skip
    if tx.connection.execute(overlapping).first():
        raise Conflict("This deputy stands in then already.", hint="Call that off first, or choose other days.")
    appointment = people.new_id("d")
    tx.connection.execute(
        sa.insert(deputies).values(id=appointment, absent=absent, deputy=deputy, from_ms=from_ms, until_ms=until_ms)
    )
    after = {"deputy": deputy, "from_ms": from_ms, "until_ms": until_ms}
    tx.append("deputy.appointed", f"person:{absent}", {"after": after, "appointment": appointment})
    return appointment


def _end(tx: Transaction, appointment: str) -> None:
    row = tx.connection.execute(sa.select(deputies).where(deputies.c.id == appointment)).first()
    if row is None or row.ended_ms is not None or row.until_ms <= tx.now_ms:
        raise NotFound("This appointment is not in force any more.", hint="Look again.")
    tx.connection.execute(sa.update(deputies).where(deputies.c.id == appointment).values(ended_ms=tx.now_ms))
    tx.append(
        "deputy.ended", f"person:{row.absent}",
        {"before": {"deputy": row.deputy, "until_ms": row.until_ms}, "appointment": appointment},
    )  # fmt: skip


def _found(house: House, person: str, *, past: bool) -> tuple[Appointment, ...]:
    now = now_ms()
    query = sa.select(deputies)
    if person:
        query = query.where(sa.or_(deputies.c.absent == person, deputies.c.deputy == person))
    if not past:
        query = query.where(deputies.c.ended_ms.is_(None), deputies.c.until_ms > now)
    found = []
    for row in house.ledger.rows(query.order_by(deputies.c.from_ms, deputies.c.id)):
        state: Literal["in force", "to come", "over", "called off"] = "in force"
        if row["ended_ms"] is not None:
            state = "called off"
        elif row["until_ms"] <= now:
            state = "over"
        elif row["from_ms"] > now:
            state = "to come"
        found.append(Appointment(**row, state=state))
    return tuple(found)
