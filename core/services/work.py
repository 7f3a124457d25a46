"""Jobs as people and programs may ask for them: those of the stores they see."""

from core.errors import NotFound
from core.services.guard import needs
from core.services.house import House
from core.services.jobs import Job


@needs("view")
def jobs(house: House) -> list[Job]:
    """Newest first. A command on this machine sees those of all stores."""
    return [job for job in house.jobs.all() if _seen(house, job)]


@needs("view")
def job(house: House, job_id: str) -> Job:
    """Raises NotFound."""
    found = house.jobs.get(job_id)
    if not _seen(house, found):
        raise NotFound(f"There is no job {job_id[:40]}.", hint="Jobs are forgotten at a restart.")
    return found


def _seen(house: House, job: Job) -> bool:
    """The second word of a job's key names its stores."""
    return house.actor.kind in ("local", "system") or job.key.split(":")[1:2] == [house.active]
