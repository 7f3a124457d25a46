"""Sections of Monitoring over the judged demo: each draws, says what it shows, and says what to do without data."""

from dataclasses import replace
from types import ModuleType

import pytest
from streamlit.testing.v1 import AppTest

from core.monitors.monitor import Monitor
from core.services import health, profiling
from core.services.house import House
from core.ui import (
    monitoring_business,
    monitoring_performance,
    monitoring_predictions,
    monitoring_quality,
    monitoring_service,
)
from core.ui.monitoring_chosen import Chosen
from tests.pages.app import shown, words

NOW = 1_795_573_948_789
SECTIONS = (
    monitoring_predictions, monitoring_quality, monitoring_performance, monitoring_service, monitoring_business,
)  # fmt: skip
MODELS = ("car_price", "consumer_loan", "credit_risk", "employment_screen", "prod.income_band")
_asked: dict[str, object] = {}


def _script() -> None:
    from tests.pages.test_monitoring_sections import _asked

    _asked["draw"](_asked["house"], _asked["chosen"])


def drawn(house: House, section: ModuleType, chosen: Chosen, **query: str) -> AppTest:
    """A section alone on a page."""
    _asked.update(draw=section.draw, house=house, chosen=chosen)
    app = AppTest.from_function(_script, default_timeout=60)
    for key, value in query.items():
        app.query_params[key] = value
    with shown(house):
        app.run()
    assert not app.exception, app.exception[0].value
    return app


def chosen_of(house: House, model: str, **other: object) -> Chosen:
    monitor: Monitor = profiling.monitors(house).monitors[model].monitor
    version = health.of_model(house, model)["performance"].version
    found = Chosen(model=model, version=version, live=version, monitor=monitor, from_ms=-1, as_of_ms=NOW)
    return replace(found, **other)


def said(app: AppTest) -> str:
    """Its words without the marks that keep them from being Markdown."""
    return words(app).replace("\\", "")


def charts(app: AppTest) -> int:
    return len(app.get("plotly_chart"))


@pytest.mark.parametrize("section", SECTIONS, ids=lambda module: module.__name__.rpartition("_")[2])
@pytest.mark.parametrize("model", MODELS)
def test_every_section_of_every_model_draws_or_says_why_not(profiled: House, section: ModuleType, model: str) -> None:
    app = drawn(profiled, section, chosen_of(profiled, model))
    assert charts(app) or app.info or app.success
    if charts(app):
        assert "n = " in said(app)


@pytest.mark.parametrize("section", SECTIONS, ids=lambda module: module.__name__.rpartition("_")[2])
def test_without_windows_a_section_says_what_to_do(profiled: House, section: ModuleType) -> None:
    app = drawn(profiled, section, chosen_of(profiled, "credit_risk", from_ms=1, to_ms=2))
    assert not charts(app)
    assert "Choose " in said(app)


def test_what_the_monitor_does_not_name_is_said(profiled: House) -> None:
    chosen = chosen_of(profiled, "credit_risk")
    bare = replace(
        chosen,
        monitor=chosen.monitor.model_copy(update={"label": None, "kpis": {}, "latency": None, "status": None}),
    )
    assert "names no label" in said(drawn(profiled, monitoring_performance, bare))
    assert "names no label" in said(drawn(profiled, monitoring_predictions, bare))
    assert "names no KPI" in said(drawn(profiled, monitoring_business, bare))
    assert "neither latency nor status" in said(drawn(profiled, monitoring_service, bare))


def test_predictions_say_the_largest_difference_and_what_came_true(profiled: House) -> None:
    app = drawn(profiled, monitoring_predictions, chosen_of(profiled, "credit_risk"))
    told = said(app)
    assert charts(app) == 3
    assert "The largest difference lies at" in told
    assert "in the reference" in told
    assert "labels of 28 windows are not complete yet" in told


def test_the_broken_day_of_the_demo_is_told_with_its_columns(profiled: House) -> None:
    told = said(drawn(profiled, monitoring_quality, chosen_of(profiled, "credit_risk")))
    assert "Too many unusable values in PAY_AMT1, in the window of 2026-11-12." in told
    assert "PAY_AMT1 changed from double to string" in told
    assert "Window of 2026-11-22" in told


def test_the_metric_stands_in_the_url_and_the_limit_is_of_the_judged_one(profiled: House) -> None:
    chosen = chosen_of(profiled, "prod.income_band")
    judged = drawn(profiled, monitoring_performance, chosen)
    assert judged.selectbox[0].value == "roc_auc"
    assert "the policy allows at least" in said(judged)
    other = drawn(profiled, monitoring_performance, chosen, metric="recall")
    assert other.selectbox[0].value == "recall"
    assert "Recall was" in said(other)
    assert "the policy allows" not in said(other)
    with shown(profiled):
        other.selectbox[0].set_value("f1").run()
    assert other.query_params["metric"] == "f1"
    with shown(profiled):
        other.selectbox[0].set_value("roc_auc").run()
    assert "metric" not in other.query_params


def test_an_estimate_is_made_when_asked_for_and_says_what_it_assumes(profiled: House) -> None:
    chosen = chosen_of(profiled, "consumer_loan")
    assert "P(label" not in said(drawn(profiled, monitoring_performance, chosen))
    app = drawn(profiled, monitoring_performance, chosen, estimated="true")
    assert app.toggle[0].value
    assert "Estimated without labels" in said(app)


def test_another_version_is_shown_without_a_verdict(profiled: House) -> None:
    app = drawn(profiled, monitoring_performance, chosen_of(profiled, "credit_risk", version="5"))
    assert "The policy judges version 3; this one is shown without a verdict" in said(app)


def test_figures_say_their_trend_or_how_many_weeks_are_missing(profiled: House) -> None:
    told = said(drawn(profiled, monitoring_business, chosen_of(profiled, "credit_risk")))
    assert "A trend needs 10 full weeks with a mean, there are 8." in told
    assert "In the last full week shown" in told
