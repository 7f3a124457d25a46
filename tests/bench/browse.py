"""Browsing a large store: against mlflow.search_runs on the same file."""

import sqlite3
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import mlflow
import pandas as pd

from core.services import find, runs
from core.services.house import House, silent
from core.services.runs import RunQuery
from core.settings import load
from tests.bench.report import Measured, against, below

LIMIT = 500
PARTS = "metrics.metric_3 > {low}"
ORDER = "metrics.metric_5 DESC"
TYPED = ("run-4", "run-4711", "experiment", "experiment-07 ", "user", "99", "zzz", "run 12")


def measure(store: Path) -> list[Measured]:
    """All figures of this area. store: a big MLflow SQLite file; it is copied before it is changed."""
    with TemporaryDirectory() as folder:
        house = opened(store, Path(folder))
        try:
            _search(house)(-1)  # fills what is kept for a scope: its keys
            ours = _each(_search(house), 9)
            grouped = _each(_group(house), 5)
            found = _each(_find(house), len(TYPED))
            mine = _search(house)(0).table["run_id"].to_pylist()
        finally:
            house.close()
        began = time.perf_counter()
        found_by_mlflow = _search_mlflow(store)(0)  # once: it takes minutes
        theirs = time.perf_counter() - began
        if list(found_by_mlflow["run_id"]) != mine:
            raise RuntimeError("The two sides found other runs: nothing was measured.")
        copy = Path(folder) / "analyzed.db"
        copy.write_bytes(store.read_bytes())
        with sqlite3.connect(copy) as con:
            con.execute("ANALYZE")
        began = time.perf_counter()
        _search_mlflow(copy)(0)
        analyzed = time.perf_counter() - began
    what = f"filter, sort and first {LIMIT} rows"
    return [
        against("browse", f"{what} / mlflow.search_runs", ours, theirs, at_least=200),
        against("browse", f"{what} / the same after ANALYZE", ours, analyzed, at_least=None),
        below("browse", what, ours * 1000, 150, "ms"),
        below("browse", "group by a param, mean and deviation of 8 metrics", grouped * 1000, 300, "ms"),
        below("browse", "Ctrl+K, one answer", found * 1000, 150, "ms"),
    ]


def opened(store: Path, folder: Path) -> House:
    """A house that has read the store."""
    folder.mkdir(exist_ok=True)
    (folder / "gatehouse.toml").write_text(f'[sources.bench]\nurl = "sqlite:///{store}"\ninterval_s = 0\n')
    house = House(load({}, folder))
    house.sync("bench", silent)
    return house


def _search(house: House) -> Callable[[int], runs.Found]:
    # Each search is another one, so that no kept answer is measured.
    return lambda n: runs.search(house, RunQuery(text=PARTS.format(low=0.5 + n / 1000), order=ORDER), size=LIMIT)


def _group(house: House) -> Callable[[int], object]:
    return lambda n: runs.grouped(house, RunQuery(text=f"metrics.metric_3 > {n / 1000}"), ["user"])


def _find(house: House) -> Callable[[int], object]:
    return lambda n: find.find(house, TYPED[n % len(TYPED)])


def _search_mlflow(store: Path) -> Callable[[int], pd.DataFrame]:
    mlflow.set_tracking_uri(f"sqlite:///{store}")
    ids = [e.experiment_id for e in mlflow.search_experiments()]

    def search(n: int) -> pd.DataFrame:
        mlflow.set_tracking_uri(f"sqlite:///{store}")
        return mlflow.search_runs(ids, PARTS.format(low=0.5 + n / 1000), order_by=[ORDER], max_results=LIMIT)

    return search


def _each(work: Callable[[int], object], times: int) -> float:
    """Median seconds of as many different calls."""
    taken = []
    for number in range(times):
        began = time.perf_counter()
        work(number)
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)
