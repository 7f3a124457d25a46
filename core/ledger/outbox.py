"""The outbox: work that a decision causes elsewhere, durable with the decision and done at least once.

Within a subject work is done in the order of its decisions: while one piece waits or is under way, no later one is
given out. A piece that is not ended within its time, because whoever took it died, is given out again.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from core.errors import Conflict
from core.ledger.schema import outbox
from core.ledger.store import Ledger, Transaction
from core.ledger.texts import clean, cleaned

ATTEMPTS = 12
FIRST_PAUSE_MS = 30_000
LONGEST_PAUSE_MS = 3_600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A piece of work that was given out.

    id: names it, and sorts in the order of decisions.  key: the same for the same work, for receivers that know it
    already.  event: seq of the event that caused it.  attempt: 1 for the first.  until_ms: end it before, or it is
    given out again.
    """

    id: str
    key: str
    kind: str
    subject: str
    payload: Mapping[str, Any]
    event: int
    attempt: int
    until_ms: int


def put(
    tx: Transaction, *, key: str, kind: str, subject: str, payload: Mapping[str, Any], event: int,
    due_ms: int | None = None,
) -> str:  # fmt: skip
    """Adds work in a decision's transaction; returns its id. The same key again adds nothing.

    Older work of the same subject and kind that nobody has taken yet is superseded: the new one says all.
    """
    known = tx.connection.execute(sa.select(outbox.c.id).where(outbox.c.key == clean(key))).scalar()
    if known is not None:
        return str(known)
    same = sa.and_(outbox.c.subject == clean(subject), outbox.c.kind == clean(kind), outbox.c.state == "waiting")
    tx.connection.execute(sa.update(outbox).where(same).values(state="superseded", ended_ms=tx.now_ms))
    of_event = tx.connection.execute(
        sa.select(sa.func.count()).select_from(outbox).where(outbox.c.event == event)
    ).scalar_one()
    task = f"o_{event:016d}_{of_event:05d}"
    tx.connection.execute(
        sa.insert(outbox).values(
            id=task, key=key, kind=kind, subject=subject, event=event, state="waiting", attempts=0,
            payload=json.dumps(cleaned(dict(payload)), ensure_ascii=False, allow_nan=False),
            due_ms=tx.now_ms if due_ms is None else due_ms,
        )
    )  # fmt: skip
    return task


def take(ledger: Ledger, *, now_ms: int, for_ms: int, limit: int = 10) -> tuple[Task, ...]:
    """Gives out work that is due, the first of each subject alone, oldest first. for_ms: how long it may take."""
    ahead = (
        sa.select(sa.func.min(outbox.c.id).label("id"))
        .where(outbox.c.state.in_(("waiting", "taken")))
        .group_by(outbox.c.subject)
        .subquery()
    )
    due = (
        sa.select(outbox)
        .join(ahead, ahead.c.id == outbox.c.id)
        .where(outbox.c.due_ms <= now_ms)
        .order_by(outbox.c.id)
        .limit(limit)
    )
    if not ledger.rows(due.with_only_columns(outbox.c.id)):  # a look costs no turn among the writers
        return ()
    until = now_ms + for_ms
    with ledger.transaction(actor="system", now_ms=now_ms) as tx:
        rows = tx.connection.execute(due).all()
        tx.connection.execute(
            sa.update(outbox)
            .where(outbox.c.id.in_([row.id for row in rows]))
            .values(state="taken", attempts=outbox.c.attempts + 1, due_ms=until)
        )
    return tuple(
        Task(
            id=row.id, key=row.key, kind=row.kind, subject=row.subject, payload=json.loads(row.payload),
            event=row.event, attempt=row.attempts + 1, until_ms=until,
        )
        for row in rows
    )  # fmt: skip


def done(ledger: Ledger, task: Task, *, now_ms: int, outcome: str = "") -> None:
    """Ends work that succeeded. Raises Conflict when it was given out again or ended meanwhile."""
    _end(ledger, task, now_ms, {"state": "done", "ended_ms": now_ms, "outcome": outcome})


def failed(ledger: Ledger, task: Task, *, now_ms: int, outcome: str, again: bool = True) -> None:
    """Says that work failed. It is tried again later and later, ATTEMPTS times, unless newer work supersedes it.

    again: False where trying again is of no use.  Raises Conflict when it was given out again or ended meanwhile.
    """
    if again and task.attempt < ATTEMPTS:
        values: dict[str, Any] = {"state": "waiting", "due_ms": now_ms + pause_ms(task.attempt)}
    else:
        values = {"state": "failed", "ended_ms": now_ms}
    _end(ledger, task, now_ms, {**values, "outcome": outcome})


def pause_ms(attempt: int) -> int:
    """How long to wait after that many attempts."""
    return int(min(FIRST_PAUSE_MS * 2 ** (attempt - 1), LONGEST_PAUSE_MS))


def _end(ledger: Ledger, task: Task, now_ms: int, values: Mapping[str, Any]) -> None:
    newer = sa.select(outbox.c.id).where(
        outbox.c.subject == task.subject, outbox.c.kind == task.kind, outbox.c.state == "waiting", outbox.c.id > task.id
    )
    with ledger.transaction(actor="system", now_ms=now_ms) as tx:
        held = sa.and_(outbox.c.id == task.id, outbox.c.state == "taken", outbox.c.attempts == task.attempt)
        if values["state"] == "waiting" and tx.connection.execute(newer.limit(1)).first():
            values = {"state": "superseded", "ended_ms": now_ms, "outcome": values["outcome"]}
        ended = tx.connection.execute(sa.update(outbox).where(held).values(**values))
        if ended.rowcount != 1:
            raise Conflict(
                "This work was given out again, or ended, meanwhile.", hint="It took longer than it had asked for."
            )
