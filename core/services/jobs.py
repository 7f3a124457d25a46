"""Long work off the page: one thread a job, its progress and its outcome to be asked for."""

import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from core.errors import Busy, GatehouseError, NotFound, Stopped
from core.records import Progress

KEPT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One piece of long work.

    key: what it works on; two jobs of one key never run at once.
    state: waiting, running, done, failed.  result: JSON values once done.  error: set when failed.
    runs: refs of the runs it works on, where the key does not tell what it works on.
    """

    id: str
    key: str
    title: str
    state: str = "waiting"
    progress: Progress | None = None
    result: dict[str, Any] | None = None
    error: GatehouseError | None = None
    runs: tuple[str, ...] = ()
    created_ms: int = field(default_factory=lambda: int(time.time() * 1000))


Work = Callable[[Callable[[Progress], None]], dict[str, Any]]


class Jobs:
    """Runs jobs, at most `workers` at a time, patient ones one after the other beside them; remembers the last ones."""

    def __init__(self, workers: int = 2) -> None:
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="job")
        self._patient = ThreadPoolExecutor(1, thread_name_prefix="patient job")
        self._jobs: dict[str, Job] = {}
        self._changed = threading.Condition(threading.RLock())
        self._closing = False

    def start(self, key: str, title: str, work: Work, *, runs: tuple[str, ...] = (), patient: bool = False) -> Job:
        """Starts work. Raises Busy when a job of this key has not ended yet.

        patient: nobody waits for it, so it never keeps work waiting that somebody asked for.
        """
        with self._changed:
            if running := self.running(key):
                raise Busy(f"{running.title} is already under way.", hint="Wait for it to end.")
            job = Job(id=uuid.uuid4().hex[:12], key=key, title=title, runs=runs)
            self._jobs[job.id] = job
            for old in [j.id for j in self._jobs.values() if j.state in ("done", "failed")][:-KEPT]:
                del self._jobs[old]
        (self._patient if patient else self._pool).submit(self._run, job.id, work)
        return job

    def get(self, job_id: str) -> Job:
        """Raises NotFound."""
        try:
            return self._jobs[job_id]
        except KeyError:
            raise NotFound(f"There is no job {job_id[:40]}.", hint="Jobs are forgotten at a restart.") from None

    def running(self, key: str) -> Job | None:
        """The job of that key that has not ended, if there is one."""
        with self._changed:
            return next((j for j in self._jobs.values() if j.key == key and j.state in ("waiting", "running")), None)

    def all(self) -> list[Job]:
        """Newest first."""
        with self._changed:
            return sorted(self._jobs.values(), key=lambda job: job.created_ms, reverse=True)

    def wait(self, job_id: str, timeout_s: float | None = None) -> Job:
        """Blocks until the job has ended or the time is over; returns it as it then stands."""
        with self._changed:
            self._changed.wait_for(lambda: self._jobs[job_id].state in ("done", "failed"), timeout_s)
            return self._jobs[job_id]

    def close(self) -> None:
        """Stops running jobs at their next report of progress, starts no more."""
        self._closing = True
        for pool in (self._pool, self._patient):
            pool.shutdown(wait=True, cancel_futures=True)

    def _run(self, job_id: str, work: Work) -> None:
        self._set(job_id, state="running")
        try:
            result = work(lambda progress: self._report(job_id, progress))
        except GatehouseError as error:
            self._set(job_id, state="failed", error=error)
        except Exception as error:
            bug = GatehouseError(f"Unexpected {type(error).__name__}.", hint="This is a bug; the log says more.")
            self._set(job_id, state="failed", error=bug)
            raise
        else:
            self._set(job_id, state="done", result=result)

    def _report(self, job_id: str, progress: Progress) -> None:
        if self._closing:
            raise Stopped("Gatehouse was closed meanwhile.", hint="It goes on at the next start.")
        self._set(job_id, progress=progress)

    def _set(self, job_id: str, **changes: Any) -> None:
        with self._changed:
            self._jobs[job_id] = replace(self._jobs[job_id], **changes)
            self._changed.notify_all()
