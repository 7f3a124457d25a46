"""Server time of pages over a large store: the script with all it sends, without the browser."""

from pathlib import Path
from tempfile import TemporaryDirectory

from streamlit.testing.v1 import AppTest

from core.services import runs
from core.services.house import House
from core.services.runs import RunQuery
from tests.bench.browse import opened
from tests.bench.report import Measured, below
from tests.bench.rerun import rerun_ms
from tests.pages.app import page, shown

LIMIT_MS = 300


def measure(store: Path) -> list[Measured]:
    """All figures of this area."""
    with TemporaryDirectory() as folder:
        house = opened(store, Path(folder))
        try:
            with shown(house):
                return [below("pages", name, ms, LIMIT_MS, "ms") for name, ms in _all(house)]
        finally:
            house.close()


def _all(house: House) -> list[tuple[str, float]]:
    experiments = page("experiments")
    refs = [
        f"{source}:{run_id}"
        for source, run_id in zip(
            *(runs.search(house, RunQuery(), size=200).table[name].to_pylist() for name in ("source", "run_id")),
            strict=True,
        )
    ]
    compared = page("compare_runs", runs=",".join(refs))
    return [
        ("Experiments, rerun", rerun_ms(experiments, lambda _, n: None)),
        ("Experiments, another search", rerun_ms(experiments, _typed)),
        ("Experiments, another metric to sort by", rerun_ms(experiments, _sorted)),
        ("Experiments, grouped by a param", rerun_ms(page("experiments", group="user"), _typed)),
        ("Compare runs, 200 runs", rerun_ms(compared, lambda _, n: None)),
        (
            "Compare runs, another baseline of 200",
            rerun_ms(compared, lambda app, n: app.selectbox("baseline").set_value(refs[n])),
        ),
        ("Run, another run", rerun_ms(page("run", id=refs[0]), lambda app, n: app.query_params.update(id=refs[n]))),
        ("Overview", rerun_ms(page("overview"), lambda _, n: None)),
        ("Models", rerun_ms(page("models"), lambda _, n: None)),
        ("Sources", rerun_ms(page("sources"), lambda _, n: None)),
    ]


def _typed(app: AppTest, n: int) -> None:
    app.text_input("q").set_value(f"metrics.metric_3 > {0.5 + n / 1000} and params.param_2 != '0.5'")


def _sorted(app: AppTest, n: int) -> None:
    app.selectbox("sort").set_value(f"metrics.metric_{n % 10}")
