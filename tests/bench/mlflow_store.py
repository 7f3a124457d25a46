"""Writes a large MLflow SQLite store straight into the schema that MLflow itself creates.

Used by the benchmarks only: 100,000 runs through the client would take hours. Values are synthetic and seeded.
"""

import argparse
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import numpy as np

BATCH = 5_000
EXPERIMENTS = 20
START_MS = 1_780_000_000_000


def write(path: Path, runs: int, *, params: int = 10, metrics: int = 10, seed: int = 7) -> None:
    """Creates `path` with `runs` finished runs, spread over 20 experiments, one point a metric."""
    from mlflow.store.db.utils import _initialize_tables, create_sqlalchemy_engine

    path.unlink(missing_ok=True)
    engine = create_sqlalchemy_engine(f"sqlite:///{path}")
    _initialize_tables(engine)
    engine.dispose()
    with sqlite3.connect(path) as con:
        con.execute("PRAGMA synchronous = off")
        con.executemany(
            "INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage, creation_time,"
            " last_update_time) VALUES (?, ?, ?, 'active', ?, ?)",
            [(i + 1, f"experiment-{i:02d}", f"s3://bench/{i}", START_MS, START_MS) for i in range(EXPERIMENTS)],
        )
        rng = np.random.default_rng(seed)
        for first in range(0, runs, BATCH):
            for statement, rows in _statements(rng, range(first, min(first + BATCH, runs)), params, metrics):
                con.executemany(statement, rows)
            con.commit()


def _statements(rng: np.random.Generator, numbers: range, params: int, metrics: int) -> Iterator[tuple[str, list]]:
    ids = [rng.bytes(16).hex() for _ in numbers]
    starts = [START_MS + n * 60_000 for n in numbers]
    ends = [s + int(d) for s, d in zip(starts, rng.integers(1_000, 3_600_000, len(ids)), strict=True)]
    yield (
        "INSERT INTO runs (run_uuid, name, source_type, source_name, entry_point_name, user_id, status, start_time,"
        " end_time, source_version, lifecycle_stage, artifact_uri, experiment_id)"
        " VALUES (?, ?, 'UNKNOWN', '', '', ?, 'FINISHED', ?, ?, '', 'active', ?, ?)",
        [
            (i, f"run-{n}", f"user{n % 40}", s, e, f"s3://bench/{i}/artifacts", 1 + n % EXPERIMENTS)
            for i, n, s, e in zip(ids, numbers, starts, ends, strict=True)
        ],
    )
    yield (
        "INSERT INTO tags (key, value, run_uuid) VALUES (?, ?, ?)",
        [
            (key, value, i)
            for i, n in zip(ids, numbers, strict=True)
            for key, value in (
                ("mlflow.runName", f"run-{n}"),
                ("mlflow.user", f"user{n % 40}"),
                ("mlflow.source.type", "LOCAL"),
                ("mlflow.source.name", "train.py"),
            )
        ],
    )
    values = rng.random((len(ids), params)).round(6)
    yield (
        "INSERT INTO params (key, value, run_uuid) VALUES (?, ?, ?)",
        [(f"param_{p}", str(values[r, p]), i) for r, i in enumerate(ids) for p in range(params)],
    )
    scores = rng.random((len(ids), metrics))
    rows = [(f"metric_{m}", scores[r, m], ends[r], i, 0, 0) for r, i in enumerate(ids) for m in range(metrics)]
    for table in ("metrics", "latest_metrics"):
        yield f"INSERT INTO {table} (key, value, timestamp, run_uuid, step, is_nan) VALUES (?, ?, ?, ?, ?, ?)", rows


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    parser.add_argument("--runs", type=int, default=100_000)
    arguments = parser.parse_args()
    write(arguments.path, arguments.runs)
