"""Inference logs: which are described, how far they are profiled, and what was wrong with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from core.analysis.quality import SchemaChanges
from core.analysis.quality import schema_changes as compared
from core.errors import Busy, GatehouseError, MonitorError, NotAllowed
from core.facts import profiles as stored
from core.profiling import manifest
from core.profiling.windows import Windows
from core.services import profiling
from core.services.cache import cached
from core.services.guard import needs
from core.services.house import House
from core.services.jobs import Job


@dataclass(frozen=True, slots=True, kw_only=True)
class LogStatus:
    """One model's log.

    state: never (not profiled yet), running, ok, failed.  windows: of serving, of all versions; from_ms, to_ms: start
    of the first and of the last.  undated, rejected: rows without a readable time, lines that are no rows, in the log
    as it was last read; they are in no profile.  read_ms: when it was last read with something new.
    error, hint: of the last job of this process, if it failed or could not read a part.
    """

    model: str
    file: str
    window: str
    zone: str
    state: str
    windows: int
    from_ms: int | None
    to_ms: int | None
    versions: tuple[str, ...]
    rows: int
    undated: int
    rejected: int
    read_ms: int | None
    error: str
    hint: str
    job: Job | None


@needs("view")
def statuses(house: House) -> list[LogStatus]:
    """All logs that have a monitor file, by model."""
    known = _profiled(house)
    jobs = {job.key: job for job in reversed(house.jobs.all())}
    found = []
    for model, resolved in sorted(profiling.monitors(house).monitors.items()):
        job = jobs.get(profiling.job_key(house.active, model))
        about = known.get(model, {})
        message, hint = _error(job)
        running = job is not None and job.state in ("waiting", "running")
        state = "running" if running else "failed" if message else "ok" if about else "never"
        found.append(
            LogStatus(
                model=model, state=state, file=resolved.file, window=resolved.monitor.window,
                zone=resolved.monitor.zone,
                windows=about.get("windows", 0), from_ms=about.get("from_ms"), to_ms=about.get("to_ms"),
                versions=about.get("versions", ()), rows=about.get("rows", 0), undated=about.get("undated", 0),
                rejected=about.get("rejected", 0), read_ms=about.get("read_ms"), error=message, hint=hint,
                job=job if running else None,
            )
        )  # fmt: skip
    return found


@needs("view")
def problems(house: House) -> Sequence[MonitorError]:
    """What is wrong with monitor files that cannot be used."""
    return profiling.monitors(house).problems


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaChange:
    """Columns of a part of a log that differ from those of the part before it.

    part: its file or range.  window_ms: start of its first window.
    """

    part: str
    window_ms: int
    changes: SchemaChanges


@needs("view")
@cached(maxsize=64)
def schema_changes(house: House, model: str) -> tuple[SchemaChange, ...]:
    """Where a log's columns came, went or changed their type, by time. Empty for a model without profiles."""
    resolved = profiling.monitor_of(house, model)
    windows = Windows.of(resolved.monitor)
    log = manifest.read_state(manifest.folder_of(house.folder / "observed", model)).log
    parts = sorted(
        ((min(map(int, read.windows)), key, read) for key, read in log.items() if read.windows and read.columns),
        key=lambda part: part[:2],
    )
    found = []
    for (_, _, before), (window, key, read) in pairwise(parts):
        changes = compared(before.columns, read.columns)
        if changes.added or changes.lost or changes.retyped:
            found.append(SchemaChange(part=key, window_ms=windows.start_ms(window), changes=changes))
    return tuple(found)


@needs("operate")
def read_all(house: House) -> list[Job]:
    """Starts to profile what is new in every log that the actor may; logs being read already go on."""
    started = []
    for model in profiling.monitors(house).monitors:
        try:
            started.append(profiling.start(house, model))
        except (Busy, NotAllowed):
            continue
    return started


@cached(maxsize=4)
def _profiled(house: House) -> Mapping[str, Mapping[str, Any]]:
    """Model -> what is known of its profiles."""
    found: dict[str, dict[str, Any]] = {}
    for row in stored.profiled(house.facts):
        if row["role"] != "serving":
            continue
        about = found.setdefault(row["model"], {"versions": (), "from_ms": row["first_ms"], "to_ms": row["last_ms"]})
        about["versions"] = (*about["versions"], row["version"])
        about["from_ms"] = min(about["from_ms"], row["first_ms"])
        about["to_ms"] = max(about["to_ms"], row["last_ms"])
        about["read_ms"] = max(about.get("read_ms", 0), row["created_ms"])
    for model, about in found.items():
        windows = {row["window_ms"] for row in stored.keys(house.facts, model) if row["role"] == "serving"}
        log = manifest.read_state(manifest.folder_of(house.folder / "observed", model)).log.values()
        about["windows"] = len(windows)
        about |= {name: sum(getattr(read, name) for read in log) for name in ("rows", "undated", "rejected")}
    return found


def _error(job: Job | None) -> tuple[str, str]:
    if job is None:
        return "", ""
    if isinstance(job.error, GatehouseError):
        return job.error.message, job.error.hint
    told = (job.result or {}).get("error")
    return (told["message"], told["hint"]) if told else ("", "")
