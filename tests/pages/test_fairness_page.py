"""The page Fairness on the demo, on groups with hostile names, and where there is nothing to judge."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.services.house import House, silent
from core.services.profiling import profile_all
from core.settings import load
from tests.pages.app import page, shown, words

HOSTILE = (
    "<script>alert(1)</script>", "**bold** [x](javascript:alert(1)) ![i](http://outside.example/i.png)", "x" * 200,
    "=1+1", "a & b=c", ":red[$x$]",
)  # fmt: skip
MONITOR = """model: loans
log: {files: logs/*.parquet}
timestamp: {column: at}
id: id
version: version
score: score
label: {column: label, complete_after_days: 0}
features: {numeric: [income]}
protected: {region: {column: region}}
reference: {table: {files: reference.parquet}}
"""


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("hostile_groups")
    random = np.random.default_rng(3)
    n = 1_200
    rows = pd.DataFrame(
        {
            "at": pd.date_range("2026-09-01", periods=n, freq="10min", tz="UTC"), "id": np.arange(n).astype(str),
            "version": "1", "score": random.random(n), "label": random.integers(0, 2, n), "income": random.random(n),
            "region": random.choice(HOSTILE, n),
        }
    )  # fmt: skip
    (folder / "logs").mkdir()
    (folder / "monitors").mkdir()
    rows.to_parquet(folder / "logs" / "a.parquet")
    rows.to_parquet(folder / "reference.parquet")
    (folder / "monitors" / "loans.yaml").write_text(MONITOR)
    house = House(load({}, folder))
    house.switch("own")
    done = profile_all(house, None, silent, engine="duckdb", since=None)
    assert [one["error"] for one in done] == [None]
    yield house
    house.close()


def test_the_known_unfairness_is_told_with_interval_n_and_rule(profiled: House) -> None:
    with shown(profiled):
        app = page("fairness", model="prod.income_band")
    assert not app.exception
    told = words(app).replace("\\", "")
    assert "sex=female**: 7.2% of 3,249 against 25.2% of 6,478; difference −18.0 points" in told
    assert "(bounds −19.1 to −16.8)" in told
    assert "n = 9,727 · 25 windows of a day, 29 Oct 2026 to 22 Nov 2026" in told
    assert "difference within −5.0 to +5.0 points" in told
    assert "Pass** only when, for every group" in told
    assert "2 comparisons are beyond the limit." in told
    assert "This figure grows with the number of groups" in told
    table = app.dataframe[0].value.set_index("group")
    assert table.loc["sex=female", "difference"] == pytest.approx(-0.1796, abs=1e-4)
    assert list(table["verdict"]) == [["Fail"], ["Fail"]]


def test_small_groups_are_named_with_what_they_lack(profiled: House) -> None:
    with shown(profiled):
        app = page("fairness", model="credit_risk", by="education", version="3")
    assert not app.exception
    told = words(app).replace("\\", "")
    assert "education=other" in told
    assert "1,075 rows more are needed (50 of about 1,125), about 602 days at present traffic" in told
    assert "nobody is left out for being few" in told


def test_the_choice_lives_in_the_url(profiled: House) -> None:
    asked = {
        "model": "employment_screen", "by": "sex x race", "windows": "14", "rate": "tpr", "compare": "ratio",
        "every": "week", "threshold": "0.5", "show": "accuracy",
    }  # fmt: skip
    with shown(profiled):
        app = page("fairness", **asked)
        assert not app.exception
        assert app.selectbox(key="fair_model").value == "employment_screen"
        assert app.number_input(key="fair_windows").value == 14
        assert "14 windows of a day" in words(app)
        for key in ("by", "rate", "compare", "every", "show"):
            assert app.query_params[key] == asked[key], key
        app.number_input(key="fair_windows").set_value(28).run()
        assert "windows" not in app.query_params
        app.selectbox(key="fair_model").set_value("credit_risk").run()
        assert not app.exception
        assert app.query_params["model"] == "credit_risk"
        assert "by" not in app.query_params


def test_the_threshold_moves_what_is_told_and_changes_nothing(profiled: House) -> None:
    with shown(profiled):
        app = page("fairness", model="prod.income_band")
        slider = app.select_slider(key="fair_threshold")
        assert slider.value == "0.5"
        assert "At 0.5: sex\\=female 7.2%" in words(app)
        lower = slider.options[slider.options.index("0.5") - 60]
        slider.set_value(lower).run()
        assert not app.exception
        table = app.dataframe[1].value.set_index("group")
        assert (table["selection"] > table["deployed"]).all()
        assert app.query_params["threshold"] == lower
        told = words(app)
        assert "nothing is changed" in told
        assert "By point estimates alone, which are no verdict" in told
        assert "at the deployed 0.5 it does not hold" in told
        again = page("fairness", model="prod.income_band", threshold="0.4999")
        assert not again.exception
        assert float(again.select_slider(key="fair_threshold").value) == pytest.approx(0.5, abs=0.01)
        for nonsense in ("x", "nan", "1e999", "9" * 400):
            assert not page("fairness", model="prod.income_band", threshold=nonsense).exception


def test_before_labels_the_day_is_told(profiled: House, monkeypatch: pytest.MonkeyPatch) -> None:
    early = int(pd.Timestamp("2026-10-10", tz="Europe/Vienna").timestamp() * 1000)
    monkeypatch.setattr("core.services.house.now_ms", lambda: early)
    with shown(profiled):
        app = page("fairness", model="credit_risk", by="sex", rate="tpr")
    assert not app.exception
    assert "No labels are complete yet" in words(app)
    assert "28 Oct 2026" in words(app)


def test_hostile_names_of_groups_are_shown_plainly(hostile: House) -> None:
    with shown(hostile):
        app = page("fairness", model="loans")
        assert not app.exception
        told = words(app)
        for name in HOSTILE[:2] + HOSTILE[5:]:
            assert name not in told  # every sign of Markdown in it is escaped
        assert "\\<script\\>alert" in told
        assert "x" * 100 not in told
        table = app.dataframe[0].value
        assert set(table["group"]) == {f"region={name}" for name in HOSTILE} | set(table["group"])
        for rate in ("tpr", "accuracy"):
            assert not page("fairness", model="loans", rate=rate, compare="ratio").exception
    for chart in app.get("plotly_chart"):
        assert "<script>" not in chart.proto.spec


@pytest.mark.parametrize(
    "query", [{"by": "<b>"}, {"version": "../.."}, {"windows": "0"}, {"windows": "9" * 30}, {"rate": "rm"},
     {"group": "x"}],
)  # fmt: skip
def test_nonsense_in_the_url_falls_back(profiled: House, query: dict[str, str]) -> None:
    with shown(profiled):
        app = page("fairness", model="prod.income_band", **query)
    assert not app.exception
    assert "Demographic parity" in words(app)


def test_an_unknown_model_is_told_so(profiled: House) -> None:
    with shown(profiled):
        app = page("fairness", model="<b>nothing</b>")
    assert not app.exception
    assert "There is no monitor for \\<b\\>nothing" in words(app)


def test_a_regression_is_not_applicable(profiled: House) -> None:
    with shown(profiled):
        app = page("fairness", model="car_price")
    assert not app.exception
    assert "this model's task is regression" in words(app).replace("\\", "")


def test_an_empty_house_says_what_to_write(tmp_path: Path) -> None:
    house = House(load({}, tmp_path))
    house.switch("own")
    with shown(house):
        app = page("fairness")
        assert not app.exception
        assert "No monitored model names protected attributes yet" in words(app)
    (tmp_path / "monitors").mkdir()
    (tmp_path / "monitors" / "a.yaml").write_text(
        "model: a\nlog: {files: nowhere/*.parquet}\ntimestamp: {column: ts}\nscore: s\n"
        "reference: {since: 2026-01-01, until: 2026-02-01}\n"
    )
    with shown(house):
        app = page("fairness")
        assert "protected:" in app.code[0].value
        app = page("fairness", model="a")
        assert "names no protected attribute" in words(app).replace("\\", "")
    (tmp_path / "monitors" / "a.yaml").write_text(
        "model: a\nlog: {files: nowhere/*.parquet}\ntimestamp: {column: ts}\nscore: s\nthresholds: []\n"
        "protected: {sex: {column: sex}}\nreference: {since: 2026-01-01, until: 2026-02-01}\n"
    )
    house.changed()
    with shown(house):
        assert "names no threshold" in words(page("fairness", model="a")).replace("\\", "")
    house.close()
