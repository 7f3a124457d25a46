"""Numbers of the demo's logs, from profiles, against the same rows read whole."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import reduce
from operator import add
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as sk

from core.errors import NotFound
from core.facts import profiles as stored
from core.profiles import Kpi, Moments
from core.services import measurements
from core.services.house import DEMO, House
from core.services.measurements import METRICS, Measurement, Wanted
from core.services.numbers import WeeklyTrend
from core.services.profile_book import book

VIENNA = ZoneInfo("Europe/Vienna")
AS_OF = int(datetime(2026, 11, 23, 12, tzinfo=VIENNA).timestamp() * 1000)


def log(model: str) -> pd.DataFrame:
    """The demo's log as rows, each with the start of its local day in ms."""
    rows = pd.concat([pd.read_parquet(path) for path in sorted((DEMO / "logs" / model).glob("*.parquet"))])
    when = rows["predicted_at"]
    if pd.api.types.is_numeric_dtype(when):
        when = pd.to_datetime(when, unit="ms", utc=True)
    times = pd.to_datetime(when, utc=True, errors="coerce", format="ISO8601" if when.dtype == "str" else None)
    rows["day_ms"] = times.dt.tz_convert(VIENNA).dt.normalize().map(
        lambda day: -1 if pd.isna(day) else int(day.timestamp() * 1000)
    )  # fmt: skip
    return rows


def asked(house: House, model: str, *names: str, **more: object) -> list[Measurement]:
    wanted = Wanted(model=model, metrics=names, **more)
    return measurements.page(house, wanted, offset=0, limit=100_000, as_of_ms=AS_OF)[1]


def by_day(found: Sequence[Measurement]) -> dict[int, Measurement]:
    assert len({one.window_ms for one in found}) == len(found)
    return {one.window_ms: one for one in found}


@pytest.fixture(scope="module")
def employment() -> pd.DataFrame:
    rows = log("employment_screen")
    return rows[rows["score"].notna()]


def test_areas_under_the_curve_of_every_day(profiled: House, employment: pd.DataFrame) -> None:
    found = by_day(asked(profiled, "employment_screen", "roc_auc"))
    days = dict(list(employment.groupby("day_ms")))
    assert set(found) == set(days)
    for day, rows in days.items():
        number = found[day].measured
        exact = sk.roc_auc_score(rows["label"], rows["score"])
        assert number.n == len(rows)
        assert abs(number.value - exact) <= number.binning + 1e-12
        assert number.low < exact < number.high


def test_shares_at_the_deployed_threshold_are_exact(profiled: House, employment: pd.DataFrame) -> None:
    for metric, reference in (
        ("accuracy", sk.accuracy_score), ("precision", sk.precision_score), ("recall", sk.recall_score),
        ("f1", sk.f1_score),
    ):  # fmt: skip
        found = by_day(asked(profiled, "employment_screen", metric))
        for day, rows in employment.groupby("day_ms"):
            number = found[day].measured
            assert number.value == pytest.approx(reference(rows["label"], rows["score"] >= 0.5), abs=1e-12)
            assert number.low <= number.value <= number.high
    for metric, reference in (("log_loss", sk.log_loss), ("brier", sk.brier_score_loss)):
        found = by_day(asked(profiled, "employment_screen", metric))
        for day, rows in employment.groupby("day_ms"):
            assert found[day].measured.value == pytest.approx(reference(rows["label"], rows["score"]), rel=1e-9)


def test_groups_are_those_of_the_rows(profiled: House, employment: pd.DataFrame) -> None:
    found = asked(profiled, "employment_screen", "selection_rate", "tpr")
    day = max(one.window_ms for one in found)
    rows = employment[employment["day_ms"] == day]
    favourable = (rows["score"] >= 0.5) if _favourable(profiled) == "positive" else (rows["score"] < 0.5)
    column = _sexes(profiled)
    told = {one.group: one.measured for one in found if one.window_ms == day and one.metric == "selection_rate"}
    for group, mine in favourable.groupby(rows[column].astype(str)):
        (name,) = [name for name in told if name in _called(profiled, group)]
        assert told[name].n == len(mine)
        assert told[name].value == pytest.approx(mine.mean(), abs=1e-12)


def _favourable(house: House) -> str:
    from core.services.profiling import monitors

    return monitors(house).monitors["employment_screen"].monitor.favourable


def _sexes(house: House) -> str:
    from core.services.profiling import monitors

    return monitors(house).monitors["employment_screen"].monitor.protected["sex"].column


def _called(house: House, value: str) -> set[str]:
    from core.services.profiling import monitors

    names = monitors(house).monitors["employment_screen"].monitor.protected["sex"].names
    return {f"sex={names.get(value, value)}"}


def test_missing_shares_and_text_among_numbers(profiled: House) -> None:
    rows = log("credit_risk")
    broken = rows[(rows["day_ms"] == _day("2026-11-12")) & (rows["version"].astype(str) == "3")]
    (missing,) = asked(
        profiled, "credit_risk", "missing_share", version="3", name="LIMIT_BAL", from_ms=_day("2026-11-12"),
        to_ms=_day("2026-11-13"),
    )  # fmt: skip
    assert missing.measured.n == len(broken)
    assert missing.measured.value == pytest.approx(broken["LIMIT_BAL"].isna().mean(), abs=1e-12)
    (unreadable,) = asked(
        profiled, "credit_risk", "unreadable_share", version="3", name="PAY_AMT1", from_ms=_day("2026-11-12"),
        to_ms=_day("2026-11-13"),
    )  # fmt: skip
    texts = pd.to_numeric(broken["PAY_AMT1"], errors="coerce").isna() & broken["PAY_AMT1"].notna()
    assert unreadable.measured.value == pytest.approx(texts.mean(), abs=1e-12)
    assert unreadable.measured.value > 0


def test_latency_quantiles_lie_where_they_are_said_to(profiled: House, employment: pd.DataFrame) -> None:
    rows = log("employment_screen")
    found = by_day(asked(profiled, "employment_screen", "latency_p95"))
    for day, part in rows[rows["latency_ms"].notna()].groupby("day_ms"):
        exact = np.quantile(part["latency_ms"], 0.95, method="inverted_cdf")
        assert abs(found[day].measured.value - exact) <= found[day].measured.binning + 1e-9


def test_kpis_and_returns(profiled: House) -> None:
    rows = log("credit_risk")
    rows = rows[rows["version"].astype(str) == "3"]
    found = by_day(asked(profiled, "credit_risk", "kpi", name="granted_amount", version="3"))
    for day, part in rows[rows["day_ms"] >= 0].groupby("day_ms"):
        told = part["granted_amount"].dropna()
        assert found[day].measured.n == len(told)
        assert found[day].measured.value == pytest.approx(told.mean(), rel=1e-9)


def test_a_regression(profiled: House) -> None:
    rows = log("car_price")
    labels = pd.concat([pd.read_parquet(path) for path in sorted((DEMO / "labels" / "car_price").glob("*.parquet"))])
    both = rows.merge(labels.drop_duplicates("id"), on="id", suffixes=("_log", ""))
    found = by_day(asked(profiled, "car_price", "mae"))
    errors = (both["prediction"] - both["label"]).abs()
    for day, part in errors.dropna().groupby(both["day_ms"]):
        assert found[day].measured.value == pytest.approx(part.mean(), rel=1e-9)
        assert found[day].measured.n == len(part)


def test_labels_that_have_not_arrived_are_no_errors(profiled: House) -> None:
    (newest,) = asked(profiled, "credit_risk", "label_coverage", version="3", from_ms=_day("2026-11-22"))
    assert newest.measured.value == 0
    (area,) = asked(profiled, "credit_risk", "roc_auc", version="3", from_ms=_day("2026-11-22"))
    assert (area.measured.value, area.mature) == (None, False)
    assert area.measured.why
    (estimate,) = asked(profiled, "credit_risk", "estimated_roc_auc", version="3", from_ms=_day("2026-11-22"))
    assert estimate.measured.low < estimate.measured.value < estimate.measured.high
    assert "P(label | score)" in measurements.as_dict(estimate)["note"]
    (other,) = asked(profiled, "credit_risk", "drift_p", version="5", name="", from_ms=_day("2026-11-22"))[-1:]
    assert other.measured.value is None or other.name


def test_every_number_has_an_n_and_a_window(profiled: House) -> None:
    for model in ("credit_risk", "car_price", "prod.income_band", "consumer_loan", "employment_screen"):
        wanted = Wanted(model=model)
        total, _ = measurements.page(profiled, wanted, offset=0, limit=1, as_of_ms=AS_OF)
        _, found = measurements.page(profiled, wanted, offset=max(0, total - 120), limit=120, as_of_ms=AS_OF)
        assert found
        for one in found:
            assert one.metric in METRICS
            assert METRICS[one.metric] == one.category or one.category == "fairness"
            assert one.end_ms - one.window_ms >= 23 * 3_600_000
            number = one.measured
            assert number.n >= 0
            assert (number.value is None) == bool(number.why)
            if number.value is not None and number.low is not None and number.high is not None:
                assert number.low <= number.value <= number.high


def test_pages_add_up_to_the_whole(profiled: House) -> None:
    wanted = Wanted(model="consumer_loan", categories=("performance", "service"))
    total, whole = measurements.page(profiled, wanted, offset=0, limit=10_000, as_of_ms=AS_OF)
    parts = []
    for offset in range(0, total, 7):
        parts += measurements.page(profiled, wanted, offset=offset, limit=7, as_of_ms=AS_OF)[1]
    assert parts == whole
    assert {one.category for one in whole} == {"performance", "service"}


def test_a_week_is_told_from_the_reference_as_one(profiled: House) -> None:
    found = asked(profiled, "employment_screen", "domain_auroc")
    assert len(found) == len({one.window_ms for one in found}) >= 7
    broken = [one for one in found if one.window_ms <= _day("2026-11-05") < one.end_ms]
    assert broken[0].measured.low > 0.6  # group quarters, see the demo's README
    assert broken[0].measured.value == max(one.measured.value or 0 for one in found)


@pytest.mark.parametrize("wanted", [{"metrics": ("auroc",)}, {"categories": ("fairnes",)}, {"model": "nobody"}])
def test_unknown_names_are_told(profiled: House, wanted: dict[str, object]) -> None:
    with pytest.raises(NotFound) as told:
        measurements.page(profiled, Wanted(**{"model": "car_price", **wanted}), offset=0, limit=1, as_of_ms=AS_OF)
    assert told.value.hint


def test_a_trend_needs_ten_full_weeks(profiled: House) -> None:
    found = asked(profiled, "credit_risk", "kpi_trend", "kpi_trend_p", name="granted_amount")
    assert [one.metric for one in found] == ["kpi_trend", "kpi_trend_p"]
    for one in found:
        assert (one.measured.value, one.measured.n) == (None, 8)
        assert "10 full weeks" in one.measured.why
        assert (one.window_ms, one.end_ms) == (_day("2026-09-28"), _day("2026-11-23"))


def test_a_trend_over_weeks_is_that_of_their_means(profiled: House) -> None:
    kept = book(profiled, "credit_risk", "", -1, 2**62, ("kpi",), False)
    week = 7 * 86_400_000
    monday = int(datetime(2026, 6, 1, tzinfo=VIENNA).timestamp() * 1000)  # no change of clocks until autumn
    level = Moments(count=5, mean=0.0, m2=1.0, low=-1.0, high=1.0)
    figures = {
        monday + w * week + d * 86_400_000: Kpi(rows=5, figure=replace(level, mean=float(w)))
        for w in range(12)
        for d in range(7 if w != 11 else 6)  # the last week is not full
    }
    told = {metric: number for metric, _, _, number in WeeklyTrend(kept, "", figures)()}
    assert (told["kpi_trend"].value, told["kpi_trend"].n) == (pytest.approx(1.0), 11)
    assert told["kpi_trend_p"].value < 0.001


def test_windows_and_versions_merge(profiled: House) -> None:
    rows = log("credit_risk")
    found = stored.profiles(profiled.facts, "credit_risk", role="serving", parts=["numeric"], names=["BILL_AMT2"])
    told = reduce(add, (row.data for row in found))
    values = rows.loc[rows["day_ms"] >= 0, "BILL_AMT2"].dropna()
    assert told.moments.count == len(values)
    assert told.moments.mean == pytest.approx(values.mean(), rel=1e-9)
    assert told.moments.variance == pytest.approx(values.var(), rel=1e-9)


def _day(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=VIENNA).timestamp() * 1000)
