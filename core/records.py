"""Frozen types that every floor shares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import pyarrow as pa

Cursor = Mapping[str, Any]
"""What a connector wants to be told at its next sync: JSON values only. The store keeps it unread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceInfo:
    """What "test connection" found out.

    product: for example "MLflow".  version: as the server says it, "" when it does not (a database tells its schema).
    experiments, runs, models: counts; None when the source cannot be asked cheaply.
    """

    product: str
    version: str
    experiments: int | None
    runs: int | None
    models: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """Everything small in a source, read whole at every sync; what is absent was deleted there.

    Tables follow the schemas of core/tables.py with the same name.
    """

    experiments: pa.Table
    experiment_tags: pa.Table
    models: pa.Table
    model_tags: pa.Table
    versions: pa.Table
    version_tags: pa.Table
    aliases: pa.Table
    logged_models: pa.Table
    logged_model_params: pa.Table
    logged_model_tags: pa.Table
    logged_model_metrics: pa.Table


@dataclass(frozen=True, slots=True, kw_only=True)
class RunBatch:
    """Some whole runs: each one replaces what was known of it. core/batches.py folds rows into one.

    runs: tables.WHOLE_RUNS.
    points: whole histories of the runs of this batch (tables.BATCH_POINTS), or None when they are loaded on demand.
    seen: ids of known runs that were looked at and had not changed; None when none were.
    census: ids of all runs that exist in `scope`; known runs of the scope that are not listed were deleted at the
        source. None when this batch says nothing about absence.
    scope: experiment ids the census covers; None means the whole source.
    cursor: stored in the transaction of this batch; the next sync resumes here.
    done, total: runs handled so far and in all, for progress; total None when unknown.
    """

    runs: pa.Table
    points: pa.Table | None = None
    seen: pa.Array | None = None
    census: pa.Array | None = None
    scope: Sequence[str] | None = None
    cursor: Cursor
    done: int
    total: int | None


class RunSource(Protocol):
    """A place that keeps runs and registered models. One instance serves one sync; close it afterwards."""

    histories_with_runs: bool
    """Whether batches carry metric histories; otherwise they are asked for through `history`."""

    def probe(self) -> SourceInfo:
        """One cheap round trip. Raises SourceError."""
        ...

    def unchanged(self, cursor: Cursor | None, *, now_ms: int) -> bool:
        """Whether the source can say, cheaply, that nothing at all was written since that cursor."""
        ...

    def catalogue(self) -> Catalogue: ...

    def batches(self, cursor: Cursor | None, known: pa.Table, *, now_ms: int) -> Iterator[RunBatch]:
        """New and changed runs since `cursor` (None: all of them).

        known: (run_id, mark, status, experiment_id, started_ms, read_ms) of every run in the store.
        The last batch may be empty: it brings the cursor, and the census if there is one.
        """
        ...

    def history(self, run_id: str, keys: Sequence[str]) -> pa.Table:
        """Whole histories (tables.POINTS) of some metrics of one run. Raises NotFound."""
        ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """A change that was seen at a sync and that the source keeps no history of.

    kind: alias, stage, version, model, run, experiment, source.
    subject: what it concerns, e.g. "credit_risk@champion", "credit_risk/3".
    before, after: None where there was, or is, nothing. For kind source: "up", "down".
    baseline: True when it was simply found at the first sync, so that it says nothing about when it came about.
    seen_ms: time of the sync that saw it; since_ms: time of the sync before (it happened between the two).
    """

    source: str
    kind: str
    subject: str
    before: str | None
    after: str | None
    baseline: bool
    seen_ms: int
    since_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Where long work stands.

    phase: in words ("Reading runs").  done, total: in `unit`; total None when unknown.
    seconds_left: None until it can be told.
    """

    phase: str
    done: int
    total: int | None
    unit: str = "runs"
    seconds_left: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncReport:
    """What one sync of one source did. Counts are of runs, except where named."""

    source: str
    read: int
    removed: int
    points: int
    observations: int
    seconds: float
    unchanged: bool = field(default=False)
