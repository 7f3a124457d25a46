"""Series of Monitoring against sums over the demo's raw logs, made by hand."""

from functools import cache

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from core.analysis import estimation
from core.analysis.intervals import wilson
from core.errors import NotFound
from core.services import monitoring_series as series
from core.services.house import DEMO, House
from core.services.profile_book import book

NOW = 1_795_573_948_789
DAY_MS = 86_400_000
ZONE = "Europe/Vienna"


@cache
def log(model: str) -> pd.DataFrame:
    """The model's rows; day: of the monitor's zone."""
    parts = []
    for path in sorted((DEMO / "logs" / model).glob("*.parquet")):
        part = pd.read_parquet(path)
        unit = "ms" if pd.api.types.is_numeric_dtype(part["predicted_at"]) else None
        form = None if unit else "ISO8601"
        at = pd.to_datetime(part["predicted_at"], utc=True, unit=unit, format=form, errors="coerce")
        parts.append(part.assign(day=at.dt.tz_convert(ZONE).dt.normalize()))
    return pd.concat(parts).dropna(subset=["day"])


def start(model: str, place: int = 0, version: str = "") -> tuple[int, pd.DataFrame]:
    """Start of one of the days that hold rows, and those rows."""
    rows = log(model)
    rows = rows[rows["version"] == version] if version else rows
    day = sorted(rows["day"].unique())[place]
    return int(day.timestamp() * 1000), rows[rows["day"] == day]


def at(found: series.Series, window_ms: int) -> series.Point:
    return next(point for point in found.points if point.window_ms == window_ms)


def test_label_rate_is_the_share_of_positives_of_labelled_rows(profiled: House) -> None:
    (found,) = series.label_rate(profiled, "prod.income_band", "2", as_of_ms=NOW)
    window, rows = start("prod.income_band", 3)
    known = rows["label"].dropna()
    told = at(found, window).measured
    assert (told.value, told.n) == (pytest.approx(known.mean()), len(known))
    assert (told.low, told.high) == pytest.approx(wilson(int(known.sum()), len(known)))
    before = pd.read_parquet(DEMO / "reference" / "prod.income_band.parquet")["label"]
    assert found.reference is not None
    assert (found.reference.value, found.reference.n) == (pytest.approx(before.mean()), len(before))


def test_label_mean_of_numbers_waits_for_complete_labels(profiled: House) -> None:
    (found,) = series.label_rate(profiled, "car_price", "3", as_of_ms=NOW)
    assert found.metric == "label_mean"
    window, rows = start("car_price", 1)
    known = rows.merge(labels("car_price"), on="id").dropna(subset=["prediction", "label"])
    assert at(found, window).measured.value == pytest.approx(known["label"].mean())
    for point in found.points:
        assert point.mature is (point.end_ms + 14 * DAY_MS <= NOW)
    assert {point.mature for point in found.points} == {True, False}
    assert found.last is not None
    assert found.last.end_ms == max(point.end_ms for point in found.points if point.mature)


def labels(model: str) -> pd.DataFrame:
    """Labels of their own table, the last one of each id."""
    parts = [pd.read_parquet(path) for path in sorted((DEMO / "labels" / model).glob("*.parquet"))]
    return pd.concat(parts).drop_duplicates("id", keep="last")


def test_scores_of_the_windows_shown_against_the_reference(profiled: House) -> None:
    found = series.prediction(profiled, "prod.income_band", "2")
    assert found is not None
    scores = log("prod.income_band")["score"]
    scores = scores[np.isfinite(scores)]
    before = pd.read_parquet(DEMO / "reference" / "prod.income_band.parquet")["score"]
    assert found.reference is not None
    assert (found.kind, sum(found.current), sum(found.reference)) == ("score", len(scores), len(before))
    kept = book(profiled, "prod.income_band", "", -1, 2**62, series.READ, False)
    edges = kept.edges(next(iter(kept.current.values()))["output", "", ""].edges).score[""]
    by_hand = {(int((scores <= edge).sum()), int((before <= edge).sum())) for edge in edges}
    upto = zip(np.cumsum(found.current)[:-1].tolist(), np.cumsum(found.reference)[:-1].tolist(), strict=True)
    assert set(upto) <= by_hand
    window, rows = start("prod.income_band", 2)
    one = series.prediction(profiled, "prod.income_band", "2", from_ms=window, to_ms=window + 1)
    assert one is not None
    assert (one.windows, one.from_ms, sum(one.current)) == (1, window, int(np.isfinite(rows["score"]).sum()))


def test_numbers_predicted_have_wide_bins_and_nothing_is_told_of_an_unknown_version(profiled: House) -> None:
    found = series.prediction(profiled, "car_price", "3")
    assert found is not None
    assert (found.kind, sum(found.current)) == ("prediction", int(np.isfinite(log("car_price")["prediction"]).sum()))
    assert len(found.labels) <= 20
    assert series.prediction(profiled, "car_price", "no such version") is None


def test_performance_of_a_window_is_that_of_its_rows(profiled: House) -> None:
    found = series.performance(profiled, "prod.income_band", "2", "roc_auc", as_of_ms=NOW)
    window, rows = start("prod.income_band", 5)
    rows = rows[np.isfinite(rows["score"]) & rows["label"].notna()]
    told = at(found, window).measured
    assert told.value == pytest.approx(roc_auc_score(rows["label"], rows["score"]), abs=told.binning + 1e-9)
    before = pd.read_parquet(DEMO / "reference" / "prod.income_band.parquet")
    assert found.reference is not None
    exact = roc_auc_score(before["label"], before["score"])
    assert found.reference.value == pytest.approx(exact, abs=found.reference.binning + 1e-9)
    errors = series.performance(profiled, "car_price", "3", "mae", as_of_ms=NOW)
    window, rows = start("car_price", 1)
    both = rows.merge(labels("car_price"), on="id").dropna(subset=["prediction", "label"])
    assert at(errors, window).measured.value == pytest.approx((both["prediction"] - both["label"]).abs().mean())


def test_a_metric_of_another_task_is_not_told(profiled: House) -> None:
    found = series.performance(profiled, "car_price", "3", "brier", as_of_ms=NOW)
    assert {point.measured.value for point in found.points} == {None}
    assert found.last is None
    assert found.points[0].measured.why == "Brier score is no metric of predicted numbers."


def test_the_share_with_labels_is_by_window(profiled: House) -> None:
    found = series.performance(profiled, "car_price", "3", "label_coverage", as_of_ms=NOW)
    window, rows = start("car_price", -1)
    known = rows["id"].isin(labels("car_price").dropna(subset=["label"])["id"])
    told = at(found, window).measured
    assert (told.value, told.n) == (pytest.approx(known.mean()), len(rows))


def test_an_estimate_is_that_of_the_window_alone(profiled: House) -> None:
    window, _ = start("prod.income_band", 4)
    found = series.estimated(profiled, "prod.income_band", "2", "roc_auc", from_ms=window, to_ms=window + 1)
    kept = book(profiled, "prod.income_band", "", window, window + 1, series.READ, False)
    row = kept.current["2", window]["output", "", ""]
    known = estimation.label_rates(kept.reference(row))
    exact = estimation.estimate(known, row.data, kept.edges(row.edges).score[""], 0.5).roc_auc
    assert [point.measured for point in found.points] == [exact]
    assert found.metric == "estimated_roc_auc"


def test_service_of_a_day(profiled: House) -> None:
    found = {one.metric: one for one in series.served(profiled, "prod.income_band", "2")}
    window, rows = start("prod.income_band", 6)
    failed = rows["http_status"].isin([500, 504])
    told = at(found["error_rate"], window).measured
    assert (told.value, told.n) == (pytest.approx(failed.mean()), len(rows))
    assert at(found["throughput"], window).measured.value == pytest.approx(len(rows) / 86_400)
    exact = rows["latency_ms"].quantile(0.95)
    assert at(found["latency_p95"], window).measured.value == pytest.approx(exact, rel=0.13)
    assert list(found) == ["latency_p50", "latency_p95", "latency_p99", "error_rate", "throughput"]


def test_figures_by_full_week_and_all_together(profiled: House) -> None:
    found = {(one.metric, one.name): one for one in series.weekly_kpis(profiled, "credit_risk")}
    rows = log("credit_risk")
    monday = rows["day"] - pd.to_timedelta(rows["day"].dt.weekday, unit="D")
    second = sorted(monday.unique())[1]
    week = rows[monday == second]
    point = at(found["kpi", "approval"], int(second.timestamp() * 1000))
    told = week["granted"].dropna().astype(float)
    assert (point.measured.value, point.measured.n) == (pytest.approx(told.mean()), len(told))
    assert point.end_ms - point.window_ms == 7 * DAY_MS
    back = at(found["roi", "granted_amount"], point.window_ms).measured
    assert back.value == pytest.approx(week["profit"].sum() / week["cost"].sum() - 1)
    whole = {one.name: one for one in series.arms(profiled, "credit_risk")}
    ((arm, level),) = whole["approval"].levels
    assert (arm, level.value) == ("", pytest.approx(rows["granted"].dropna().astype(float).mean()))
    assert whole["approval"].differences == ()


def test_values_outside_the_reference_in_one_window(profiled: House) -> None:
    window, rows = start("credit_risk", -1, "3")
    told = series.last_window(profiled, "credit_risk", "3", ("out_of_range_share", "unseen_share"), window)
    before = pd.read_parquet(DEMO / "reference" / "credit_risk.parquet")
    checked = 0
    for one in told:
        if one.metric != "out_of_range_share" or one.name not in before.columns:
            continue
        values = pd.to_numeric(rows[one.name], errors="coerce").dropna()
        outside = (values < before[one.name].min()) | (values > before[one.name].max())
        assert one.measured.value == pytest.approx(outside.mean(), abs=one.measured.binning + 1e-9), one.name
        checked += 1
    assert checked >= 10
    assert {one.metric for one in told} <= {"out_of_range_share", "unseen_share"}


def test_unknown_models_are_not_found_and_models_without_figures_have_none(profiled: House) -> None:
    for ask in (
        lambda: series.label_rate(profiled, "nobody", "1", as_of_ms=NOW),
        lambda: series.prediction(profiled, "nobody", "1"),
        lambda: series.performance(profiled, "nobody", "1", "roc_auc", as_of_ms=NOW),
        lambda: series.estimated(profiled, "nobody", "1", "roc_auc"),
        lambda: series.served(profiled, "nobody", "1"),
        lambda: series.weekly_kpis(profiled, "nobody"),
    ):
        with pytest.raises(NotFound):
            ask()
    assert series.weekly_kpis(profiled, "car_price") == ()
    assert series.arms(profiled, "car_price") == ()
    assert series.served(profiled, "car_price", "no such version") == ()
