"""Metric histories as curves; those of REST sources are loaded when they are first looked at."""

import hashlib
from collections.abc import Sequence

import pyarrow as pa

from core import tables
from core.connectors import connect
from core.errors import NotFound
from core.facts import copies
from core.facts import runs as facts_runs
from core.records import Progress, RunSource
from core.services.cache import cached
from core.services.guard import needs
from core.services.house import House, now_ms
from core.services.jobs import Job, Work
from core.services.sync import Report

IN_BACKGROUND = 200
PATIENCE_MS = 10 * 60_000


@needs("view")
def missing(house: House, refs: Sequence[str]) -> list[str]:
    """Those of these runs whose histories are not here yet."""
    return [
        f"{row['source']}:{row['run_id']}"
        for row in facts_runs.named(house.facts, refs)
        if not row["histories"] and row["metrics"]
    ]


@needs("view")
def load(house: House, refs: Sequence[str], report: Report) -> int:
    """Reads the histories of some runs from their sources; returns of how many. Raises the source's error."""
    rows = facts_runs.named(house.facts, refs)
    origins: dict[str, RunSource] = {}
    try:
        for done, row in enumerate(rows):
            report(Progress(phase="Reading histories", done=done, total=len(rows)))
            source = house.sources.get(row["source"])
            if source is None:
                raise NotFound(f"Source {row['source']} is no longer set up.", hint="Add it again on the page Sources.")
            if row["source"] not in origins:
                origins[row["source"]] = connect(source)
            origin = origins[row["source"]]
            try:
                points = origin.history(row["run_id"], list(row["metrics"]))
            except NotFound:  # gone at its source; the next sweep takes it away here
                points = tables.empty(tables.POINTS)
            copies.write_history(house.facts, row["source"], row["run_id"], points)
    finally:
        for origin in origins.values():
            origin.close()
        house.changed()
    return len(rows)


@needs("view")
def start_loading(house: House, refs: Sequence[str]) -> Job:
    """The same as a job. Raises Busy when the histories of just these runs are being read."""
    wanted = _seen(house, refs)
    if not wanted:
        raise NotFound("None of these runs is here.", hint="They may have been deleted, or belong to the other data.")
    title = f"Histories of {len(wanted)} run{'s' if len(wanted) != 1 else ''}"
    return house.jobs.start(_key(house, wanted), title, _work(house, wanted), runs=tuple(wanted))


@needs("view")
def loading(house: House, refs: Sequence[str]) -> Job | None:
    """The last job that was to read the histories of just these runs, whatever became of it."""
    key = _key(house, _seen(house, refs))
    return next((job for job in house.jobs.all() if job.key == key), None)


def _seen(house: House, refs: Sequence[str]) -> list[str]:
    """Those of these runs that the actor sees."""
    if house.scope is None:
        return list(refs)
    return [f"{row['source']}:{row['run_id']}" for row in facts_runs.named(house.facts, refs)]


def _work(house: House, refs: Sequence[str]) -> Work:
    return lambda report: {"runs": load(house, refs, report)}


def _key(house: House, refs: Sequence[str]) -> str:
    digest = hashlib.sha256("\0".join(refs).encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return f"histories:{house.active}:{digest}"


@needs("operate")
def load_idle(house: House) -> Job | None:
    """Starts to read some histories that a source still owes, the newest runs first; None when nothing is owed.

    A source that failed at it is left alone for a while.
    """
    now = now_ms()
    for name in house.sources:
        key = f"idle:{house.active}:{name}"
        last = next((job for job in house.jobs.all() if job.key == key), None)
        if last and last.error and now - last.created_ms < PATIENCE_MS:
            continue
        rows = house.facts.read("runs_without_histories", {"source": name, "limit": IN_BACKGROUND})
        if rows:
            refs = [f"{name}:{row['run_id']}" for row in rows]
            return house.jobs.start(key, f"Histories of {name}", _work(house, refs), runs=tuple(refs))
    return None


@needs("view")
@cached(maxsize=64)
def curves(house: House, run_nos: tuple[int, ...], key: str, points: int = 2_000) -> pa.Table:
    """run_no, step, time_ms, value, n (points before thinning) of one metric."""
    return facts_runs.curves(house.facts, run_nos, key, points=points)


@needs("view")
@cached(maxsize=64)
def keys(house: House, run_nos: tuple[int, ...]) -> list[tuple[str, int]]:
    """Metrics of these runs with the number of points of the longest history; those with a curve first."""
    return [(row["key"], row["points"]) for row in house.facts.read("points_keys", {"run_nos": list(run_nos)})]
