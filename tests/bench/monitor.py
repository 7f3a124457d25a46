"""Pages of monitoring over one model with 30 features and 90 days, and judging it."""

import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from streamlit.testing.v1 import AppTest

from core.services import evaluation
from core.services.house import House, silent
from core.services.profiling import profile_all
from core.settings import load
from core.ui import fairness_explorer
from core.ui.monitoring_sections import SECTIONS
from tests.bench import inference_log, own_pass
from tests.bench.report import Measured, below, seconds
from tests.bench.rerun import rerun_ms
from tests.pages.app import page, shown

DAYS, ROWS = 90, 180_000
LIMIT_MS, EXPLORER_MS = 300, 100
MODEL = own_pass.MODEL


def measure(_: object) -> list[Measured]:
    """All figures of this area."""
    with _monitored() as house:
        judging = seconds(lambda: evaluation.evaluate(house, MODEL))
        with shown(house):
            pages = [below("monitor", name, ms, limit, "ms") for name, ms, limit in _pages()]
            pages.append(below("monitor", "Threshold explorer, another threshold", _explorer(), EXPLORER_MS, "ms"))
        return [below("monitor", f"judging {DAYS} days of 30 features", judging, 30, "s"), *pages]


@contextmanager
def _monitored() -> Iterator[House]:
    """A house whose one log holds 30 features over 90 days, profiled and judged."""
    with TemporaryDirectory() as folder:
        base = Path(folder)
        inference_log.write(base / "data", ROWS, DAYS)
        own_pass.prepare(base, base / "data")
        house = House(load({}, base))
        try:
            profile_all(house, MODEL, silent, engine="duckdb", since=None)
            yield house
        finally:
            house.close()


def _pages() -> list[tuple[str, float, float]]:
    """(name, milliseconds, limit) of each page of monitoring."""
    feature = inference_log.NUMERIC[3]
    found = [
        ("Monitoring, drift", page("monitoring", model=MODEL)),
        ("Monitoring, a feature", page("monitoring", model=MODEL, feature=feature)),
        *(
            (f"Monitoring, {name}", page("monitoring", model=MODEL, section=name))
            for name in SECTIONS
            if name != "Drift"
        ),
        ("Features", page("features")),
        ("Features, one opened", page("features", feature=feature)),
        ("Fairness", page("fairness", model=MODEL)),
        ("Findings", page("findings")),
        ("Overview", page("overview")),
        ("Models", page("models")),
    ]
    return [(name, rerun_ms(app, _nothing), LIMIT_MS) for name, app in found]


def _explorer() -> float:
    """Milliseconds of the explorer's part alone, after the slider moved."""
    app, taken = page("fairness", model=MODEL), []
    drawn = fairness_explorer.explorer

    def timed(*given: Any, **more: Any) -> None:
        began = time.perf_counter()
        drawn(*given, **more)
        taken.append((time.perf_counter() - began) * 1000)

    fairness_explorer.explorer = timed
    try:
        options = app.select_slider(key="fair_threshold").options
        rerun_ms(app, lambda app, n: app.select_slider(key="fair_threshold").set_value(options[n * len(options) // 20]))
    finally:
        fairness_explorer.explorer = drawn
    return statistics.median(taken)


def _nothing(_: AppTest, __: int) -> None:
    """A rerun alone."""
