"""Jobs as people and programs may ask for them: those of the stores they see."""

from dataclasses import replace

from core.errors import NotFound
from core.facts import runs as facts_runs
from core.records import Progress
from core.services.guard import needs
from core.services.house import House
from core.services.jobs import Job


@needs("view")
def jobs(house: House) -> list[Job]:
    """Newest first. A command on this machine sees those of all stores."""
    return [told(house, job) for job in house.jobs.all() if _seen(house, job)]


@needs("view")
def job(house: House, job_id: str) -> Job:
    """Raises NotFound."""
    found = house.jobs.get(job_id)
    if not _seen(house, found):
        raise NotFound(f"There is no job {job_id[:40]}.", hint="Jobs are forgotten at a restart.")
    return told(house, found)


def told(house: House, job: Job) -> Job:
    """A job as the actor may know it: the numbers of a sync are of the whole source."""
    if house.scope is None or job.key.partition(":")[0] not in ("sync", "idle"):
        return job
    progress = Progress(phase=job.progress.phase, done=0, total=None) if job.progress else None
    return replace(job, progress=progress, result=None)


def _seen(house: House, job: Job) -> bool:
    """A job's key says what kind of work it is, in which stores, and on what."""
    kind, stores, what = [*job.key.split(":", 2), "", ""][:3]
    if house.actor.kind in ("local", "system"):
        return True
    if stores != house.active:
        return False
    scope = house.scope
    if scope is None:
        return True
    if kind in ("sync", "idle"):
        return what in scope.sources
    if kind in ("profile", "evaluate"):
        return what in scope.logs
    return bool(job.runs) and len(facts_runs.named(house.facts, job.runs)) == len(set(job.runs))
