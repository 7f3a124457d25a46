"""Build `mlflow.db`: real models on real tables, logged by the real MLflow client. Offline, from `source/`.

    python -m data.demo.build

What is real and what is simulated stands in README.md.
"""

import os

os.environ |= {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true", "MLFLOW_ENABLE_ASYNC_LOGGING": "false"}

import logging
import shutil
import sqlite3
import sys
import tempfile
import time
import warnings
from contextlib import closing
from importlib.metadata import version
from pathlib import Path

import mlflow
from mlflow import MlflowClient

from data.demo import lending, operations
from data.demo.recipes import BUCKET, RELEASED
from data.demo.recorder import Recorder
from data.demo.repositories import create

HERE = Path(__file__).parent
DATABASE = HERE / "mlflow.db"
PINNED = ("mlflow", "scikit-learn", "numpy", "pandas", "scipy", "cloudpickle")


def pins() -> list[str]:
    """The environment the models are really trained in."""
    return [f"{name}=={version(name)}" for name in PINNED]


def record(folder: Path) -> Recorder:
    """Run every campaign against a fresh store in `folder`."""
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    mlflow.set_tracking_uri(uri)
    repositories = {name: create(name, folder / "code" / name, folder / "git", pins()) for name in RELEASED}
    rec = Recorder(
        client=MlflowClient(uri),
        repositories=repositories,
        pins=pins(),
        artifacts=folder / "artifacts",
        models=folder / "models",
    )
    rec.at("2026-08-27 07:00")
    rec.stamps.append(("experiments", "0", rec.clock_ms))
    operations.scratch(rec)
    baseline = lending.credit_baseline(rec)
    lending.credit_sweeps(rec)
    lending.credit_seeds(rec)
    lending.credit_releases(rec, baseline)
    lending.consumer(rec)
    operations.employment(rec)
    operations.cars(rec)
    operations.income(rec)
    return rec


def settle(path: Path, rec: Recorder, folder: Path) -> None:
    """Move the times MLflow sets itself to the simulated ones, and machine paths to a neutral bucket; then compact."""
    statements = {
        "experiments": "UPDATE experiments SET creation_time = :ms, last_update_time = :ms WHERE experiment_id = :key",
        "deleted_experiments": "UPDATE experiments SET last_update_time = :ms WHERE experiment_id = :key",
        "runs": "UPDATE runs SET deleted_time = :ms WHERE run_uuid = :key",
        "logged_models": "UPDATE logged_models SET creation_timestamp_ms = :ms, last_updated_timestamp_ms = :ms"
        " WHERE model_id = :key",
        "registered_models": "UPDATE registered_models SET creation_time = :ms, last_updated_time = :ms"
        " WHERE name = :key",
        "model_versions": "UPDATE model_versions SET creation_time = :ms, last_updated_time = :ms"
        " WHERE name = :key AND version = :version",
    }
    with closing(sqlite3.connect(path)) as database, database:
        for table, key, moment in rec.stamps:
            name, _, number = key.partition("\n")
            database.execute(statements[table], {"key": name, "ms": moment, "version": number})
        database.execute(
            "UPDATE registered_models SET last_updated_time ="
            " (SELECT max(last_updated_time) FROM model_versions AS v WHERE v.name = registered_models.name)"
        )
        database.execute(
            "UPDATE runs SET deleted_time = (SELECT last_update_time FROM experiments AS e"
            " WHERE e.experiment_id = runs.experiment_id) WHERE lifecycle_stage = 'deleted'"
            " AND experiment_id IN (SELECT experiment_id FROM experiments WHERE lifecycle_stage = 'deleted')"
        )
        moved = ((f"file://{folder}/artifacts", BUCKET), (f"{folder}/artifacts", BUCKET), (f"{folder}/mlruns", BUCKET))
        for table, column in _text_columns(database):
            for old, new in moved:
                change = f'UPDATE "{table}" SET "{column}" = replace("{column}", ?, ?) WHERE instr("{column}", ?)'
                database.execute(change, (old, new, old))
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = DELETE")
        database.execute("PRAGMA page_size = 1024")  # MLflow has some 80 tables, most of them empty here
        database.execute("VACUUM")
        database.execute("ANALYZE")


def _text_columns(database: sqlite3.Connection) -> list[tuple[str, str]]:
    tables = [name for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    return [
        (table, row[1])
        for table in tables
        for row in database.execute(f'PRAGMA table_info("{table}")').fetchall()
        if "CHAR" in row[2].upper() or "TEXT" in row[2].upper()
    ]


def main() -> None:
    """Build in a temporary folder; replace the demo's files only when all went well."""
    warnings.filterwarnings("ignore")
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.ERROR)
    start = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="gatehouse-demo-") as name:
        folder = Path(name).resolve()
        before = Path.cwd()
        os.chdir(folder)  # MLflow puts its default artifact folder here
        try:
            rec = record(folder)
        finally:
            os.chdir(before)
        settle(folder / "mlflow.db", rec, folder)
        for kept in ("models", "git"):
            shutil.rmtree(HERE / kept, ignore_errors=True)
            shutil.copytree(folder / kept, HERE / kept)
        shutil.copyfile(folder / "mlflow.db", HERE / "mlflow.new")
        (HERE / "mlflow.new").replace(DATABASE)
    size = DATABASE.stat().st_size / 1e6
    sys.stdout.write(f"{DATABASE.name}: {size:.1f} MB in {time.perf_counter() - start:.0f} s\n")


if __name__ == "__main__":
    main()
