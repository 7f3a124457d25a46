"""Folding rows (run, key, value) into whole runs, column by column."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from core import tables

PARENT_TAG = "mlflow.parentRunId"


def whole_runs(runs: pa.Table, *, params: pa.Table, metrics: pa.Table, tags: pa.Table, inputs: pa.Table) -> pa.Table:
    """tables.WHOLE_RUNS from one table a part, each row naming its run by run_id.

    A key stated twice for a run is kept once, the last one. Rows of runs that are not in `runs` are dropped.
    """
    ids = runs["run_id"].combine_chunks()
    return fold(
        runs,
        params=_numbered(params, ids, distinct=True),
        metrics=_numbered(metrics, ids, distinct=True),
        tags=_numbered(tags, ids, distinct=True),
        inputs=_numbered(inputs, ids, distinct=False),
    )


def batch_points(points: pa.Table, runs: pa.Table) -> pa.Table:
    """tables.BATCH_POINTS from tables.POINTS."""
    numbered = _numbered(points, runs["run_id"].combine_chunks(), distinct=False)
    return numbered.select(tables.BATCH_POINTS.names).cast(tables.BATCH_POINTS)


def fold(runs: pa.Table, *, params: pa.Table, metrics: pa.Table, tags: pa.Table, inputs: pa.Table) -> pa.Table:
    """The same from tables that name a run by `n`, its row in `runs`, and state no key twice. They need no order."""
    count = runs.num_rows
    params, metrics, tags, inputs = (_ordered(part) for part in (params, metrics, tags, inputs))
    at = _offsets(metrics, count)
    places = pa.StructArray.from_arrays(
        [_one(metrics, "step", pa.int64()), _one(metrics, "time_ms", pa.int64())], fields=list(tables.PLACE)
    )
    parts = {
        "parent_run_id": _parents(tags, count),
        "params": pa.MapArray.from_arrays(
            _offsets(params, count), _one(params, "key", pa.string()), _one(params, "value", pa.string())
        ),
        "metrics": pa.MapArray.from_arrays(at, _one(metrics, "key", pa.string()), _one(metrics, "value", pa.float64())),
        "metric_points": pa.MapArray.from_arrays(at, _one(metrics, "key", pa.string()), places),
        "tags": pa.MapArray.from_arrays(
            _offsets(tags, count), _one(tags, "key", pa.string()), _one(tags, "value", pa.string())
        ),
        "inputs": pa.ListArray.from_arrays(
            _offsets(inputs, count),
            pa.StructArray.from_arrays([_one(inputs, f.name, f.type) for f in tables.INPUT], fields=list(tables.INPUT)),
        ),
    }
    whole = runs
    for name, column in parts.items():
        whole = whole.append_column(name, column)
    return whole.select(tables.WHOLE_RUNS.names).cast(tables.WHOLE_RUNS)


def _numbered(rows: pa.Table, ids: pa.Array, *, distinct: bool) -> pa.Table:
    numbers = pc.index_in(rows["run_id"], ids)
    rows = rows.drop_columns(["run_id"]).append_column("n", numbers.cast(pa.int64()))
    rows = rows.filter(pc.is_valid(rows["n"]))
    if not distinct or not rows.num_rows:
        return rows
    rows = rows.filter(pc.is_valid(rows["key"]))
    rows = rows.append_column("at", pa.array(np.arange(rows.num_rows)))
    last = rows.group_by(["n", "key"]).aggregate([("at", "max")])["at_max"].to_numpy()
    return rows.take(pa.array(np.sort(last)))


def _ordered(rows: pa.Table) -> pa.Table:
    numbers = rows["n"].to_numpy()
    return rows if np.all(numbers[1:] >= numbers[:-1]) else rows.take(pa.array(np.argsort(numbers, kind="stable")))


def _offsets(rows: pa.Table, count: int) -> pa.Array:
    sizes = np.bincount(rows["n"].to_numpy().astype(np.int64), minlength=count)
    return pa.array(np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32))


def _one(rows: pa.Table, name: str, kind: pa.DataType) -> pa.Array:
    column = rows[name].cast(kind)
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], kind)


def _parents(tags: pa.Table, count: int) -> pa.Array:
    parents: list[str | None] = [None] * count
    found = tags.filter(pc.equal(tags["key"], PARENT_TAG))
    for n, value in zip(found["n"].to_pylist(), found["value"].to_pylist(), strict=True):
        parents[n] = value or None
    return pa.array(parents, pa.string())
