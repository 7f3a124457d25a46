"""Every page, over the demo, a hostile registry and an empty house."""

import json
from pathlib import Path

import pytest

from core.services import runs
from core.services.house import House, silent
from core.services.runs import RunQuery
from core.settings import load
from tests.houses import Bank
from tests.pages.app import page, shown, words

PAGES = ("overview", "experiments", "models", "sources", "compare_runs", "run")


@pytest.fixture
def empty(tmp_path: Path) -> House:
    house = House(load({}, tmp_path))
    house.switch("own")
    yield house
    house.close()


def refs(house: House, text: str, size: int = 3) -> list[str]:
    table = runs.search(house, RunQuery(text=text, order="start_time"), size=size).table
    return [f"{s}:{r}" for s, r in zip(table["source"].to_pylist(), table["run_id"].to_pylist(), strict=True)]


@pytest.mark.parametrize("name", PAGES)
def test_every_page_of_the_demo_runs(demo: House, name: str) -> None:
    with shown(demo):
        app = page(name)
    assert not app.exception
    assert app.title


@pytest.mark.parametrize("name", PAGES)
def test_every_page_of_hostile_names_runs(bank: Bank, name: str) -> None:
    with shown(bank.house):
        assert not page(name).exception


@pytest.mark.parametrize("name", PAGES)
def test_an_empty_house_says_what_to_do(empty: House, name: str) -> None:
    with shown(empty):
        app = page(name)
    assert not app.exception
    told = words(app) + " ".join(button.label for button in app.button)
    assert any(step in told for step in ("Connect", "Add", "Open one")), told


def test_the_table_shows_metrics_and_the_params_that_vary_without_a_choice(demo: House) -> None:
    with shown(demo):
        app = page("experiments", experiment="demo:4")
    columns = set(app.dataframe[0].value.columns)
    keys = runs.keys(demo, ("demo:4",), False)
    assert any(f"metrics.{key}" in columns for key in keys.metrics)
    shown_params = {name.removeprefix("params.") for name in columns if name.startswith("params.")}
    assert shown_params
    assert shown_params <= keys.varying


def test_a_search_narrows_the_table_and_stands_in_the_url(demo: House) -> None:
    with shown(demo):
        app = page("experiments")
        before = len(app.dataframe[0].value)
        app.text_input("q").set_value("metrics.valid.auc > 0.92").run()
        assert not app.exception
        after = app.dataframe[0].value
    assert 0 < len(after) < before
    assert (after["metrics.valid.auc"] > 0.92).all()


def test_sorting_sorts(demo: House) -> None:
    with shown(demo):
        app = page("experiments", q="metrics.valid.auc is not null", sort="metrics.valid.auc", way="ascending")
    values = list(app.dataframe[0].value["metrics.valid.auc"])
    assert values == sorted(values)
    assert len(set(values)) > 10


def test_picked_runs_go_to_the_comparison(demo: House) -> None:
    with shown(demo):
        app = page("experiments", q="metrics.valid.auc > 0.9")
        grid = app.dataframe[0].proto.id.rpartition("-")[2]
        app.session_state[grid] = {"selection": {"rows": [0, 2], "columns": [], "cells": []}}
        app.run()
        assert app.button("compare").label == "Compare 2 runs"
        assert not app.button("compare").disabled


def test_a_comparison_shows_only_what_differs_unless_asked(demo: House) -> None:
    chosen = ",".join(refs(demo, "metrics.valid.auc is not null and params.estimator = 'boosting'"))
    with shown(demo):
        app = page("compare_runs", runs=chosen)
        few = app.dataframe[0].value
        app.toggle("all").set_value(True).run()
        whole = app.dataframe[0].value
    assert len(few) < len(whole)
    for row in few.itertuples():
        assert len(set(row[3:])) > 1, row


def test_differences_are_from_the_baseline(demo: House) -> None:
    chosen = refs(demo, "metrics.valid.auc is not null", 2)
    both = {ref: runs.run(demo, ref) for ref in chosen}
    one, other = ({m.key: m.last for m in both[ref].metrics}["valid.auc"] for ref in chosen)
    with shown(demo):
        app = page("compare_runs", runs=",".join(chosen), show="Difference", baseline=chosen[1])
    table = app.dataframe[0].value.set_index("name")
    told = table.loc["valid.auc", "run0"].replace("−", "-").replace("+", "")
    assert float(told) == pytest.approx(one - other, rel=5e-3)


def test_runs_of_a_link_that_are_gone_are_named(demo: House) -> None:
    chosen = [*refs(demo, "metrics.valid.auc is not null", 2), "demo:gone"]
    with shown(demo):
        app = page("compare_runs", runs=",".join(chosen))
    assert not app.exception
    assert "demo\\:gone" in words(app)


def test_a_run_shows_all_its_params_metrics_and_its_commit(demo: House) -> None:
    (ref,) = refs(demo, "params.learning_rate is not null and git_commit is not null", 1)
    run = runs.run(demo, ref)
    with shown(demo):
        app = page("run", id=ref)
    tables = [frame.value for frame in app.dataframe]
    assert any(list(t.get("metric", [])) == [m.key for m in run.metrics] for t in tables)
    assert any(dict(zip(t.get("name", []), t.get("value", []), strict=True)) == dict(run.params) for t in tables)
    assert run.git_commit in words(app)


@pytest.mark.parametrize("ref", ["", "demo:nothing", "<b>", "a" * 5_000])
def test_a_run_that_is_not_here_is_told(demo: House, ref: str) -> None:
    with shown(demo):
        app = page("run", id=ref)
    assert not app.exception
    assert app.error


def test_curves_follow_their_controls(demo: House) -> None:
    (ref,) = refs(demo, "name = 'overnight-slow-rate'", 1)
    with shown(demo):
        app = page("run", id=ref, log="true", smoothing="0.6")
    assert not app.exception
    charts = [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]
    assert charts
    for chart in charts:
        assert chart["layout"]["yaxis"]["type"] == "log"
        assert len(chart["data"]) == 2, "the smoothed line, and the one as logged"


def test_histories_over_rest_are_read_when_a_run_is_opened(
    tmp_path: Path, mlflow_server, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = mlflow_server.client
    experiment = client.create_experiment("looked at")
    run = client.create_run(experiment, run_name="looked at").info.run_id
    for step in range(5):
        client.log_metric(run, "loss", 1 / (step + 1), step=step)
    client.set_terminated(run)
    (tmp_path / "gatehouse.toml").write_text(f'[sources.far]\nurl = "{mlflow_server.url}"\ninterval_s = 0\n')
    house = House(load({}, tmp_path))
    try:
        house.sync("far", silent)
        with shown(house):
            page("run", id=f"far:{run}")
            (job,) = [job for job in house.jobs.all() if job.key.startswith("histories:")]
            assert house.jobs.wait(job.id, 30).state == "done"
            app = page("run", id=f"far:{run}")
        assert not app.exception
        table = next(frame.value for frame in app.dataframe if "points" in frame.value.columns)
        assert list(table["points"]) == [5]
    finally:
        house.close()
