"""The page Features, and the health of models on Overview and Models."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.facts import judged
from core.services import features, fleet_health, health
from core.services.house import House
from core.settings import load
from core.ui.plain import plain
from tests.pages.app import page, shown, words
from tests.services.test_features import DAY_MS, cell, verdict

NAME = "<img src=x onerror=alert(1)>[a](javascript:b) & = ?"


@pytest.fixture
def house(tmp_path: Path):
    house = House(load({}, tmp_path))
    house.switch("own")
    yield house
    house.close()


def said(app) -> str:
    """The words of a page as they are read: without the backslashes that keep Markdown out of names."""
    return words(app).replace("\\", "")


def now() -> int:
    return int(datetime.now(UTC).timestamp() * 1000)


def test_the_list_shows_every_feature_and_narrows(profiled: House) -> None:
    with shown(profiled):
        app = page("features")
        assert not app.exception
        assert len(app.dataframe[0].value) == len(features.names(profiled))
        app.toggle("changed").set_value(True).run()
        few = app.dataframe[0].value
        app.text_input("q").set_value("employment_screen").run()
        fewer = app.dataframe[0].value
    assert not app.exception
    assert 0 < len(fewer) < len(few) < len(features.names(profiled))
    assert all(any("Drifted" in word or "Broken" in word for word in states) for states in few["state"])
    assert set(fewer["in_model"]) == {"employment_screen"}


def test_a_feature_opened_shows_its_course_its_models_and_its_findings(profiled: House) -> None:
    opened = features.opened(profiled, "RELP", now_ms=now())
    with shown(profiled):
        app = page("features", feature="RELP", period="all")
    assert not app.exception
    assert app.get("plotly_chart")
    assert "One model uses it; in its last window it is drifted or broken." in said(app)
    assert list(app.dataframe[0].value["open"]) == ["employment_screen"]
    assert opened.findings
    assert opened.findings[0].title.split()[0] in said(app)


@pytest.mark.parametrize("name", ["nothing", "<b>", "a" * 5_000, "x\u202e"])
def test_a_feature_that_is_not_here_is_told(profiled: House, name: str) -> None:
    with shown(profiled):
        app = page("features", feature=name)
    assert not app.exception
    assert app.error


def test_a_hostile_name_stays_text(house: House) -> None:
    day = now() // DAY_MS
    cells = [cell("m", NAME, day - 1, drifted=True), cell("m", NAME, day - 4)]
    judged.keep(house.facts, "m", cells, [verdict("m", "data_quality", "fail")])
    house.changed()
    with shown(house):
        listed, opened = page("features"), page("features", feature=NAME)
    assert not listed.exception
    assert not opened.exception
    assert list(listed.dataframe[0].value["feature"]) == [NAME]
    assert plain(NAME) in words(opened)
    assert re.search(r"(?<!\\)<img", words(opened)) is None
    assert "<img" not in opened.get("plotly_chart")[0].proto.spec


def test_an_empty_house_says_what_to_do(house: House) -> None:
    with shown(house):
        app = page("features")
    assert not app.exception
    assert "Add a monitor" in said(app)


def test_overview_shows_each_models_lights_and_what_fails(profiled: House) -> None:
    found = fleet_health.standing(profiled)
    with shown(profiled):
        app = page("overview")
    assert not app.exception
    told = said(app)
    assert found.sentence in told
    for model in found.models:
        assert f"v{model.version}" in told
    for need in fleet_health.failing(profiled):
        assert need.title.split(" (")[1] in told
    assert "28 of 56" in told


def test_models_shows_the_worst_verdict_and_a_version_its_reasons(demo: House) -> None:
    before = [one for one in judged.health(demo.facts) if one.model == "credit_risk"]
    judged.keep(demo.facts, "credit_risk", [], [
        verdict("credit_risk", "fairness", "fail", "3"), verdict("credit_risk", "business", "pass", "3"),
    ])  # fmt: skip
    demo.changed()
    try:
        with shown(demo):
            listed = page("models", health="fail")
            live = page("models", model="demo:credit_risk", version="3")
            other = page("models", model="demo:credit_risk", version="2")
            whole = page("models", model="demo:credit_risk")
            unwatched = page("models", model="demo:dev.income_band", version="1")
    finally:
        judged.keep(demo.facts, "credit_risk", [], before)
        demo.changed()
    for app in (listed, live, other, whole, unwatched):
        assert not app.exception
    grid = listed.dataframe[0].value
    assert list(grid["model"]) == ["credit_risk"]
    assert list(grid["health"]) == [["✗ Fail"]]
    assert "Because of fairness." in said(live)
    assert "Because of fairness." in said(whole)
    assert "which is version 3" in said(other)
    assert "Because of fairness." not in said(other)
    assert "No monitor describes" in said(unwatched)
    assert health.of_model(demo, "credit_risk").keys() == {one.category for one in before}
