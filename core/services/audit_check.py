"""Verifying the whole ledger as a job: how many events it has, and whether everything is as it was written."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from core.records import Progress
from core.services import verification
from core.services.guard import needs
from core.services.house import House, now_ms
from core.services.jobs import Job


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What a verification found.

    events: that hold, from the first on.  head: hash of the last of them.
    broken: seq of the first event that does not hold; None when all do.
    problems: everything found, each a sentence.  checkpoints: signed ones that the chain agrees with.
    sealed, erased: texts beside the chain that are as they were, and those that were erased with a person.
    """

    events: int
    head: str
    broken: int | None
    problems: tuple[str, ...]
    checkpoints: int
    sealed: int
    erased: int
    verified_ms: int

    @property
    def intact(self) -> bool:
        return not self.problems


@needs("audit", everywhere=True)
def verify(house: House, report: Callable[[Progress], None] = lambda _: None) -> Checked:
    """Recomputes every hash from the first event to the last, and holds texts, end and checkpoints against them."""
    total = house.ledger.head()[0]

    def passed(done: int) -> None:
        report(Progress(phase="Recomputing hashes", unit="events", done=done, total=max(total, done)))

    found = verification.verify(house, passed=passed)
    return Checked(
        events=found.events, head=found.hash, broken=found.broken.seq if found.broken else None,
        problems=tuple(problem.told for problem in found.problems), checkpoints=found.checkpoints,
        sealed=found.sealed, erased=found.erased, verified_ms=now_ms(),
    )  # fmt: skip


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
