"""Writing what connectors read: whole batches of runs, whole catalogues, each in one transaction."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa

from core import tables
from core.facts.statements import statement
from core.facts.store import Facts
from core.records import Catalogue, RunBatch

KNOWN_RUNS = statement("known_runs")
StageOf = Callable[[str, bool, str | None, Sequence[str], Mapping[str, str]], str]
"""(model, newest, registry stage, aliases, tags) -> stage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunChange:
    """A run whose lifecycle changed. after: None when it is gone from the source altogether."""

    run_id: str
    before: str
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What one batch did. read, removed: runs.  points: metric points written."""

    read: int
    removed: int
    points: int


def lifecycle_changes(facts: Facts, source: str, batch: RunBatch) -> list[RunChange]:
    """Deletions and restorations that writing this batch will bring, to be observed before it is written."""
    with facts.transaction() as tx, _staged(tx, s_runs=batch.runs):
        rows = tx.execute(statement("lifecycle_changes"), {"source": source}).fetchall()
        changes = [RunChange(run_id=run_id, before=before, after=after) for run_id, before, after in rows]
        gone = _absent(tx, source, batch)
    return changes + [RunChange(run_id=run_id, before="active", after=None) for _, run_id in gone]


def write_batch(facts: Facts, source: str, batch: RunBatch, *, now_ms: int) -> Written:
    """Upserts the runs of a batch, forgets those its census misses, and keeps its cursor: all or nothing."""
    values: dict[str, Any] = {"source": source}
    points = 0
    with (
        facts.transaction() as tx,
        _staged(
            tx,
            s_runs=batch.runs,
            s_points=batch.points if batch.points is not None else tables.empty(tables.BATCH_POINTS),
        ),
    ):
        if batch.runs.num_rows:
            tx.execute(statement("merge_runs"), values | {"histories": batch.points is not None, "read_ms": now_ms})
            tx.execute(statement("delete_points"), values)
            if batch.points is not None:
                tx.execute(statement("insert_batch_points"), values)
                points = batch.points.num_rows
        if batch.seen is not None and len(batch.seen):
            with _staged(tx, s_seen=pa.table({"run_id": batch.seen})):
                tx.execute(statement("mark_seen"), values | {"read_ms": now_ms})
        gone = [run_no for run_no, _ in _absent(tx, source, batch)]
        if gone:
            tx.execute(statement("delete_points_by_number"), {"numbers": gone})
            tx.execute(statement("delete_runs"), {"numbers": gone})
        tx.execute(statement("save_cursor"), values | {"cursor": json.dumps(dict(batch.cursor))})
    return Written(read=batch.runs.num_rows, removed=len(gone), points=points)


def write_history(facts: Facts, source: str, run_id: str, points: pa.Table) -> None:
    """Replaces the whole histories of one run."""
    runs = pa.table({"run_id": [run_id]})
    with facts.transaction() as tx, _staged(tx, s_runs=runs, s_points=points):
        tx.execute(statement("delete_points"), {"source": source})
        tx.execute(statement("insert_points"), {"source": source})
        tx.execute(statement("mark_histories"), {"source": source, "run_id": run_id})


def write_catalogue(facts: Facts, source: str, catalogue: Catalogue, stage_of: StageOf) -> None:
    """Replaces everything but runs of one source."""
    with facts.transaction() as tx:
        with _staged(
            tx,
            s_experiments=catalogue.experiments,
            s_experiment_tags=catalogue.experiment_tags,
            s_models=catalogue.models,
            s_model_tags=catalogue.model_tags,
            s_logged_models=catalogue.logged_models,
            s_logged_params=catalogue.logged_model_params,
            s_logged_tags=catalogue.logged_model_tags,
            s_logged_metrics=catalogue.logged_model_metrics,
            s_versions=catalogue.versions,
            s_version_tags=catalogue.version_tags,
            s_aliases=catalogue.aliases,
        ):
            for table in ("experiments", "models", "logged_models", "versions"):
                tx.execute(statement(f"forget_{table}"), {"source": source})
                tx.execute(statement(f"insert_{table}"), {"source": source})
        _restage(tx, source, stage_of)


def restage(facts: Facts, source: str, stage_of: StageOf) -> None:
    """Works out every version's stage again, after the stage map changed."""
    with facts.transaction() as tx:
        _restage(tx, source, stage_of)


def forget_source(facts: Facts, source: str) -> None:
    """Removes all copies of one source. Observations stay."""
    with facts.transaction() as tx:
        for table in ("points", "runs", "experiments", "models", "logged_models", "versions", "syncs"):
            tx.execute(statement(f"forget_{table}"), {"source": source})


def _restage(tx: duckdb.DuckDBPyConnection, source: str, stage_of: StageOf) -> None:
    rows = tx.execute(statement("versions_to_stage"), {"source": source}).fetchall()
    stages = pa.table(
        {
            "model": pa.array([row[0] for row in rows], pa.string()),
            "version": pa.array([row[1] for row in rows], pa.string()),
            "stage": pa.array([stage_of(row[0], row[2], row[3], row[4], row[5] or {}) for row in rows], pa.string()),
        }
    )
    with _staged(tx, s_stages=stages):
        tx.execute(statement("set_stages"), {"source": source})


def _absent(tx: duckdb.DuckDBPyConnection, source: str, batch: RunBatch) -> list[tuple[int, str]]:
    if batch.census is None:
        return []
    scope = None if batch.scope is None else list(batch.scope)
    with _staged(tx, s_census=pa.table({"run_id": batch.census})):
        return tx.execute(statement("absent_runs"), {"source": source, "scope": scope}).fetchall()


@contextmanager
def _staged(tx: duckdb.DuckDBPyConnection, **staged: pa.Table) -> Iterator[None]:
    for name, table in staged.items():
        tx.register(name, table)
    try:
        yield
    finally:
        for name in staged:
            tx.unregister(name)
