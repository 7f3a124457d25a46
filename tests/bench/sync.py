"""Syncing a large store: against MLflow's client, and against ourselves."""

import sqlite3
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from mlflow import MlflowClient

from tests.bench.report import Measured, against, below, seconds

CHILD = """
import resource, sys, time
from pathlib import Path
from core.facts.store import open_facts
from core.services.house import silent
from core.services.sync import sync_source
from core.settings import Source
facts = open_facts(Path(sys.argv[2]))
began = time.perf_counter()
sync_source(facts, Path(sys.argv[2]), "bench", Source(url="sqlite:///" + sys.argv[1]), report=silent,
            now_ms=lambda: int(time.time() * 1000))
print(time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def measure(store: Path) -> list[Measured]:
    """All figures of this area. store: a big MLflow SQLite file; it is copied before it is changed."""
    with TemporaryDirectory() as folder:
        first = [_sync(store, Path(folder) / f"home-{n}") for n in range(3)]
        taken = sorted(first)[1][0]
        peak = max(memory for _, memory in first)
        unchanged = sorted(_sync(store, Path(folder) / "home-0")[0] for _ in range(3))[1]
        copy = Path(folder) / "changed.db"
        copy.write_bytes(store.read_bytes())
        _sync(copy, Path(folder) / "changed")
        with sqlite3.connect(copy) as con:
            con.execute("UPDATE runs SET end_time = end_time + 1")
        changed, changed_peak = _sync(copy, Path(folder) / "changed")
    paging = seconds(lambda: _page_through(store), times=1)
    return [
        against("sync", "first sync / paging through MlflowClient.search_runs", taken, paging, at_least=20),
        below("sync", "sync without a change", unchanged, 2, "s"),
        below("sync", "every run changed, in first syncs", changed / taken, 2, "x"),
        below("sync", "peak memory of the process", max(peak, changed_peak), 1024, "MB"),
    ]


def _sync(store: Path, home: Path) -> tuple[float, float]:
    """Seconds and megabytes of one sync in a process of its own."""
    told = subprocess.run(
        [sys.executable, "-c", CHILD, str(store), str(home)], capture_output=True, text=True, check=True
    ).stdout.split()
    return float(told[0]), float(told[1])


def _page_through(store: Path) -> None:
    client = MlflowClient(tracking_uri=f"sqlite:///{store}")
    ids = [e.experiment_id for e in client.search_experiments()]
    token, seen = None, 0
    while True:
        page = client.search_runs(ids, max_results=1_000, page_token=token)
        seen, token = seen + len(page), page.token
        if not token:
            break
    if not seen:
        raise RuntimeError("MLflow returned no run: nothing was measured.")
