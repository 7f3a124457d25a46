"""Runs the benchmarks: python -m tests.bench [AREA ...]. Both sides are measured in the same run."""

import importlib
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.bench import inference_log, mlflow_store
from tests.bench.report import publish

RUNS = 100_000


def main() -> None:
    areas = sys.argv[1:] or list(AREAS)
    unknown = [area for area in areas if area not in AREAS]
    if unknown:
        raise SystemExit(f"Unknown area {unknown[0]!r}; known: {', '.join(AREAS)}.")
    lines = []
    for area in areas:
        needed = AREAS[area]()
        print(f"Measuring {area} ...", flush=True)
        measured = importlib.import_module(f"tests.bench.{area}").measure(needed)
        publish(measured)
        lines += measured
    if not all(line.holds for line in lines):
        raise SystemExit(1)


def _store() -> Path:
    """A big MLflow SQLite file."""
    return _kept(f"gatehouse-bench-{RUNS}.db", lambda part: mlflow_store.write(part, RUNS), f"a store of {RUNS:,} runs")


def _log(rows: int) -> Path:
    """Folder of an inference log and its reference."""
    name = f"gatehouse-bench-log-{inference_log.EDITION}-{rows}"
    return _kept(name, lambda part: inference_log.write(part, rows), f"a log of {rows:,} rows")


def _nothing() -> None:
    """What makes its own."""


def _logs() -> Callable[[int], Path]:
    return _log


def _kept(name: str, write: Callable[[Path], None], what: str) -> Path:
    """What is written once into the temp folder and used by every later run."""
    path = Path(tempfile.gettempdir()) / name
    if not path.exists():
        print(f"Writing {what} ...", flush=True)
        part = path.with_name(f"{name}.part")
        shutil.rmtree(part, ignore_errors=True)
        write(part)
        part.rename(path)
    return path


AREAS = {
    "sync": _store, "browse": _store, "pages": _store, "profile": _logs, "fairness": _logs, "fleet": _nothing,
    "ledger": _nothing, "monitor": _nothing,
}  # fmt: skip

if __name__ == "__main__":
    main()
