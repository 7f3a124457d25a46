"""Walking the whole chain, as a job: how many events it has and whether it holds."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from core.ledger import chain, trail
from core.ledger.chain import Event
from core.ledger.schema import ledger_head
from core.ledger.trail import Wanted
from core.records import Progress
from core.services.guard import needs
from core.services.house import House, now_ms
from core.services.jobs import Job

EVERY = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What walking the chain found.

    events: that hold, from the first on.  head: hash of the last of them.
    broken: seq of the first event that does not hold; None when all do.  reason: why, in words.
    """

    events: int
    head: str
    broken: int | None
    reason: str
    verified_ms: int

    @property
    def intact(self) -> bool:
        return self.broken is None


@needs("audit", everywhere=True)
def verify(house: House, report: Callable[[Progress], None] = lambda _: None) -> Checked:
    """Recomputes every hash from the first event to the last, and compares the end with the one written down."""
    with house.ledger.reading() as connection:
        end = connection.execute(sa.select(ledger_head.c.seq, ledger_head.c.hash)).one()
        seq, last, broken = chain.walk(_counted(trail.in_order(connection, Wanted()), end.seq, report))
    at, reason = (broken.seq, broken.reason) if broken else (None, "")
    if not broken and seq < end.seq:
        at, reason = seq + 1, f"it is missing: {end.seq:,} events were written, the chain ends at {seq:,}"
    elif not broken and (seq, last) != (end.seq, end.hash):
        at, reason = seq, "it is not the event that was written last"
    return Checked(events=seq, head=last, broken=at, reason=reason, verified_ms=now_ms())


@needs("audit", everywhere=True)
def start(house: House) -> Job:
    """The same as a job. Raises Busy while one is under way."""

    def work(report: Callable[[Progress], None]) -> dict[str, Any]:
        return asdict(verify(house, report))

    return house.jobs.start(_key(house), "Verification of the audit trail", work)


@needs("audit", everywhere=True)
def latest(house: House) -> Job | None:
    """The newest verification since the server started."""
    return next((job for job in house.jobs.all() if job.key == _key(house)), None)


def _key(house: House) -> str:
    return f"verify:{house.active}"


def _counted(events: Iterator[Event], total: int, report: Callable[[Progress], None]) -> Iterator[Event]:
    for number, event in enumerate(events, start=1):
        if number % EVERY == 0:
            report(Progress(phase="Recomputing hashes", unit="events", done=number, total=total))
        yield event
