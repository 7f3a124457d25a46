"""Runs the benchmarks: python -m tests.bench [AREA ...]. Both sides are measured in the same run."""

import importlib
import sys
import tempfile
from pathlib import Path

from tests.bench.mlflow_store import write
from tests.bench.report import publish

AREAS = ("sync", "browse", "pages")
RUNS = 100_000


def main() -> None:
    areas = sys.argv[1:] or list(AREAS)
    unknown = [area for area in areas if area not in AREAS]
    if unknown:
        raise SystemExit(f"Unknown area {unknown[0]!r}; known: {', '.join(AREAS)}.")
    store = Path(tempfile.gettempdir()) / f"gatehouse-bench-{RUNS}.db"
    if not store.exists():
        print(f"Writing a store of {RUNS:,} runs ...", flush=True)
        part = store.with_suffix(".part")
        write(part, RUNS)
        part.rename(store)
    lines = []
    for area in areas:
        print(f"Measuring {area} ...", flush=True)
        measured = importlib.import_module(f"tests.bench.{area}").measure(store)
        publish(measured)
        lines += measured
    if not all(line.holds for line in lines):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
