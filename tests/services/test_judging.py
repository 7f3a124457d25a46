"""Verdicts and findings of logs that were made to break one rule after another, days known beforehand."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy import stats

from core.facts import judged
from core.facts.judged import Finding, Health
from core.services import evaluation, health
from core.services.house import House, silent
from core.services.profiling import profile_all
from core.settings import load

FIRST = datetime(2026, 3, 2, tzinfo=UTC)  # a Monday
DAYS = 84
ROWS = 300
AFTER = int((FIRST + timedelta(days=DAYS)).timestamp() * 1000)


def ms(day: int) -> int:
    """Start of a day of the logs, counted from 0."""
    return int((FIRST + timedelta(days=day)).timestamp() * 1000)


def rows(rng: np.random.Generator, day: int, n: int = ROWS) -> pd.DataFrame:
    """One day's requests of a sound model."""
    score = rng.beta(2, 3, n)
    return pd.DataFrame({
        "id": [f"{day}-{at}" for at in range(n)],
        "at": [FIRST + timedelta(days=day, seconds=float(second)) for second in np.sort(rng.uniform(0, 86_399, n))],
        "score": score,
        "label": (rng.uniform(size=n) < score).astype(int),
        "a": rng.normal(size=n),
        "b": rng.normal(size=n),
        "latency": rng.lognormal(3, 0.3, n),
        "status": np.where(rng.uniform(size=n) < 0.001, 500, 200),
    })  # fmt: skip


@dataclass
class Judged:
    house: House

    def verdict(self, model: str, category: str) -> Health:
        return health.of_model(self.house, model)[category]

    def findings(self, model: str) -> dict[str, list[Finding]]:
        found: dict[str, list[Finding]] = {}
        for one in reversed(judged.findings(self.house.facts, model=model)):
            found.setdefault(one.cause, []).append(one)
        return found


def write(folder: Path, model: str, logs: list[pd.DataFrame], apart: pd.DataFrame | None, **keys: Any) -> None:
    for day, log in enumerate(logs):
        file = folder / "logs" / model / f"{day:03}.parquet"
        file.parent.mkdir(parents=True, exist_ok=True)
        log.to_parquet(file)
    told: dict[str, Any] = {
        "model": model, "log": {"files": f"logs/{model}/*.parquet"}, "timestamp": {"column": "at"}, "id": "id",
        "task": "binary", "score": "score", "label": {"column": "label", "complete_after_days": 7},
        "features": {"numeric": ["a", "b"]}, "latency": "latency", "status": {"column": "status", "errors": [500]},
    } | keys  # fmt: skip
    if apart is not None:
        apart.to_parquet(folder / f"{model}_reference.parquet")
        told["reference"] = {"table": {"files": f"{model}_reference.parquet"}}
    (folder / "monitors").mkdir(exist_ok=True)
    (folder / "monitors" / f"{model}.yaml").write_text(yaml.safe_dump({k: v for k, v in told.items() if v is not None}))


def broken_one_after_another(rng: np.random.Generator) -> list[pd.DataFrame]:
    """Errors on day 30; column "c" from day 40 on; labels at random from day 50 on; slow from day 75 on; "b" missing
    in a tenth of rows on day 60; "a" moved by .6 SD from day 65 on; gain falls from week to week."""
    logs = []
    for day in range(DAYS):
        log = rows(rng, day)
        log["gain"] = rng.normal(100 - 2 * (day // 7), 5, ROWS)
        if day == 30:
            log["status"] = np.where(rng.uniform(size=ROWS) < 0.2, 500, 200)
        if day >= 40:
            log["c"] = 1.0
        if day >= 50:
            log["label"] = rng.integers(0, 2, ROWS)
        if day >= 75:
            log["latency"] *= 8
        if day == 60:
            log.loc[log.index[:30], "b"] = np.nan
        if day >= 65:
            log["a"] += 0.6
        logs.append(log)
    return logs


def priced(rng: np.random.Generator, day: int, *, spread: float) -> pd.DataFrame:
    log = rows(rng, day)
    log["price"] = rng.normal(100, 10, ROWS)
    log["label"] = log["price"] + rng.normal(0, spread, ROWS)
    log["latency"] = rng.lognormal(np.log(30 + 0.4 * day), 0.2, ROWS)
    return log


def sorted_into_classes(rng: np.random.Generator, day: int) -> pd.DataFrame:
    log = rows(rng, day)
    log["label"] = rng.choice(["x", "y", "z"], ROWS)
    log["class"] = np.where(rng.uniform(size=ROWS) < 0.9, log["label"], "x")
    log["version"] = "1" if day < 40 else "2"
    return log


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judged]:
    folder = tmp_path_factory.mktemp("judging")
    rng = np.random.default_rng(7)
    reference = pd.concat([rows(rng, -1, 3_000)])
    write(folder, "scorer", broken_one_after_another(rng), reference,
          kpis={"gain": {"figure": "gain", "better": "higher"}})  # fmt: skip
    write(folder, "pricer", [priced(rng, day, spread=5) for day in range(DAYS)], None, task="regression", score=None,
          prediction="price", reference={"since": "2026-03-02", "until": "2026-03-30"})  # fmt: skip
    classes = pd.concat([sorted_into_classes(rng, 0) for _ in range(10)]).assign(version="")
    write(folder, "sorter", [sorted_into_classes(rng, day) for day in range(DAYS)], classes, task="multiclass",
          score=None, prediction="class", classes=["x", "y", "z"], version="version", features={"numeric": ["a"]},
          latency=None, status=None)  # fmt: skip
    write(folder, "bare", [rows(rng, day) for day in range(3)], reference, task="other", score=None, label=None,
          features={"numeric": []}, latency=None, status=None)  # fmt: skip
    house = House(load({}, folder))
    assert [done["error"] for done in profile_all(house, None, silent, engine="duckdb", since=None)] == [None] * 4
    for model in ("scorer", "pricer", "sorter", "bare"):
        evaluation.evaluate(house, model, as_of_ms=AFTER)
    yield Judged(house)
    house.close()


def test_a_day_of_errors_opens_and_clears_with_the_windows_judged_together(told: Judged) -> None:
    (errors,) = told.findings("scorer")["errors"]
    assert errors.first_ms == ms(30)
    assert errors.cleared_ms is not None
    assert ms(31) < errors.cleared_ms <= ms(30 + 7 + 1)
    assert (errors.severity, errors.category) == ("high", "infrastructure")


def test_slow_answers_fail_infrastructure_with_the_limit_named(told: Judged) -> None:
    (slow,) = told.findings("scorer")["latency"]
    assert slow.first_ms == ms(75)
    assert slow.cleared_ms is None
    verdict = told.verdict("scorer", "infrastructure")
    assert verdict.outcome == "fail"
    assert "above the limit of 100 ms" in verdict.reason
    p95 = next(one for one in verdict.details if one["metric"] == "latency_p95")
    assert p95["low"] > p95["limit"] == 100


def test_degradation_waits_for_labels_and_then_fails(told: Judged) -> None:
    """Labels are complete seven days after a window: those of the last week never count."""
    (worse,) = told.findings("scorer")["degradation"]
    assert ms(50) <= worse.first_ms <= ms(54)
    assert worse.last_ms == ms(DAYS - 8)
    verdict = told.verdict("scorer", "performance")
    assert (verdict.outcome, verdict.end_ms) == ("fail", ms(DAYS - 7))
    assert verdict.n == 7 * ROWS
    auc = verdict.details[0]
    assert auc["metric"] == "roc_auc"
    assert auc["high"] < auc["limit"] == pytest.approx(0.9 * auc["reference"])


def test_missing_values_are_broken_rows_of_their_day(told: Judged) -> None:
    (broken,) = told.findings("scorer")["broken_rows"]
    assert (broken.first_ms, broken.end_ms, broken.names) == (ms(60), ms(61), ("b",))
    assert broken.details["share"] == pytest.approx(0.1)


def test_drift_is_found_a_day_after_it_began_and_stays(told: Judged) -> None:
    (drift,) = told.findings("scorer")["drift"]
    assert drift.first_ms in (ms(65), ms(66))
    assert (drift.cleared_ms, drift.names) == (None, ("a",))
    verdict = told.verdict("scorer", "data_quality")
    assert verdict.outcome == "fail"
    assert {one["name"] for one in verdict.details if one["metric"] == "drift_effect"} == {"a"}


def test_a_new_column_is_one_finding_that_stays_until_somebody_answers(told: Judged) -> None:
    (schema,) = told.findings("scorer")["schema"]
    assert (schema.first_ms, schema.cleared_ms, schema.severity) == (ms(40), None, "low")
    assert schema.names == ("c",)
    assert "1 column added: c" in schema.reason


def test_a_figure_that_falls_week_by_week_fails_business(told: Judged) -> None:
    (trend,) = told.findings("scorer")["trend:gain"]
    assert trend.first_ms == ms(9 * 7)  # ten full weeks are needed
    verdict = told.verdict("scorer", "business")
    assert verdict.outcome == "fail"
    slope = next(one for one in verdict.details if one["metric"] == "kpi_trend")
    assert slope["value"] == pytest.approx(-2, abs=0.3)


def test_steady_errors_pass_and_a_dated_reference_says_that_its_rate_is_not_certified(told: Judged) -> None:
    assert told.verdict("pricer", "performance").outcome == "pass"
    quality = told.verdict("pricer", "data_quality")
    rate = next(one for one in quality.details if one["metric"] == "drift_rate")
    assert rate["outcome"] == "not certified"
    assert rate["why"] == "Rate not certified: the reference has 28 days, 99 are needed."


def test_a_trend_towards_a_limit_is_told_with_its_date(told: Judged) -> None:
    """p95 rises by half a millisecond a day, from 42 on: it meets 100 about three weeks after the logs' end."""
    verdict = told.verdict("pricer", "infrastructure")
    forecasts = [one for one in verdict.details if one["metric"] == "forecast"]
    (found,) = forecasts
    assert found["group"] == "latency_p95"
    truth = ms(0) + (100 / np.exp(0.2 * stats.norm.ppf(0.95)) - 30) / 0.4 * 86_400_000
    assert found["low_ms"] - 86_400_000 <= truth <= found["high_ms"] + 86_400_000
    assert AFTER < found["low_ms"] <= found["at_ms"] <= found["high_ms"]
    assert "is on its way to the limit of 100" in found["why"]


def test_classes_are_judged_by_accuracy_and_only_the_live_version_is(told: Judged) -> None:
    verdict = told.verdict("sorter", "performance")
    assert (verdict.outcome, verdict.version) == ("pass", "2")
    assert verdict.details[0]["metric"] == "accuracy"
    assert verdict.details[0]["value"] == pytest.approx(0.93, abs=0.02)
    assert told.verdict("sorter", "infrastructure").outcome == "not applicable"
    assert {cell.version for cell in health.drift(told.house, "sorter")} == {"1", "2"}
    assert told.findings("sorter") == {}


def test_a_log_of_which_nothing_is_told_is_judged_by_nothing(told: Judged) -> None:
    assert {one.outcome for one in health.of_model(told.house, "bare").values()} == {"not applicable"}
    assert told.findings("bare") == {}


def test_judging_again_and_later_changes_no_id(told: Judged) -> None:
    before = {one.finding_id for one in judged.findings(told.house.facts)}
    evaluation.evaluate(told.house, "scorer", as_of_ms=AFTER + 7 * 86_400_000)  # the last labels are complete now
    after = {one.finding_id: one for one in judged.findings(told.house.facts)}
    assert set(after) == before
    (worse,) = told.findings("scorer")["degradation"]
    assert worse.last_ms == ms(DAYS - 1)
    evaluation.evaluate(told.house, "scorer", as_of_ms=AFTER)
