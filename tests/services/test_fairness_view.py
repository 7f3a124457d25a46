"""What the page Fairness shows, against the demo's rows counted one by one."""

from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from core.analysis.group_rates import CELLS, Rate
from core.errors import NotFound
from core.services import fairness_history, fairness_view
from core.services.fairness_view import View
from core.services.house import House
from tests.services.test_measurements import AS_OF, VIENNA, log

SEX = ("sex",)
DAY_MS = 86_400_000


@pytest.fixture(scope="module")
def income() -> pd.DataFrame:
    rows = log("prod.income_band")
    rows = rows[rows["score"].notna() & (rows["day_ms"] >= 0)]
    return rows.assign(group="sex=" + rows["sex"].str.lower())


def seen(house: House, model: str = "prod.income_band", version: str = "2", **more: object) -> View:
    asked = {"family": SEX, "windows": 28, "now_ms": AS_OF, **more}
    return fairness_view.view(house, model, version, **asked)  # type: ignore[arg-type]


def counted(rows: pd.DataFrame, threshold: float, rate: Rate) -> tuple[int, int]:
    counting, others = CELLS[rate]
    decided, labels = (rows["score"] >= threshold).astype(int), rows["label"].fillna(2).astype(int)
    hits = sum(int(((decided == d) & (labels == y)).sum()) for d, y in counting)
    return hits, hits + sum(int(((decided == d) & (labels == y)).sum()) for d, y in others)


def test_models_say_what_stands_in_the_way(profiled: House) -> None:
    found = {one.model: one for one in fairness_view.models(profiled)}
    assert found["credit_risk"].families == (("sex",), ("age",), ("education",), ("marriage",), ("sex", "age"))
    assert found["credit_risk"].why == ""
    assert "this model's task is regression" in found["car_price"].why
    assert fairness_view.choices(profiled, "car_price").versions == ()


def test_the_version_with_most_rows_lately_comes_first(profiled: House) -> None:
    known = fairness_view.choices(profiled, "credit_risk")
    assert known.live == "3"
    assert [(one.name, one.windows) for one in known.versions] == [("3", 56), ("5", 42)]
    rows = log("credit_risk")
    rows = rows[rows["score"].map(lambda x: pd.to_numeric(x, errors="coerce")).notna() & (rows["day_ms"] >= 0)]
    assert known.versions[1].rows == (rows["version"].astype(str) == "5").sum()


@pytest.mark.parametrize("rate", ["positive_rate", "tpr", "fpr", "ppv", "accuracy"])
def test_rates_are_those_of_the_rows(profiled: House, income: pd.DataFrame, rate: Rate) -> None:
    found = fairness_view.rates(seen(profiled), rate, "difference")
    assert [row.group for row in found.rows] == ["sex=female", "sex=male"]
    for row in found.rows:
        mine, rest = income[income["group"] == row.group], income[income["group"] != row.group]
        hits, n = counted(mine, 0.5, rate)
        other, others = counted(rest, 0.5, rate)
        assert (row.measured.value, row.measured.n) == (pytest.approx(hits / n), n)
        assert row.gap is not None
        assert row.gap.difference.value == pytest.approx(hits / n - other / others)
        assert row.other == pytest.approx(other / others)
    limited = rate in ("positive_rate", "tpr")
    assert [row.verdict.outcome if row.verdict else None for row in found.rows] == ["fail" if limited else None] * 2
    assert fairness_view.rates(seen(profiled), rate, "ratio").limit is None


def test_the_explorer_is_what_the_rows_would_be_decided_as_at_every_edge(profiled: House, income: pd.DataFrame) -> None:
    found = fairness_view.explorer(profiled, "prod.income_band", "2", SEX, 28, now_ms=AS_OF)
    assert found.everyone.thresholds[found.deployed] == 0.5
    assert found.complete is not None
    groups = dict(list(income.groupby("group")))
    for rate in ("positive_rate", "tpr", "ppv", "accuracy"):
        hits, of = found.complete.counts(rate)
        for place, name in enumerate(found.complete.groups):
            for at in [*range(0, found.everyone.thresholds.size, 37), found.deployed]:
                expected = counted(groups[name], found.everyone.thresholds[at], rate)
                assert (hits[place, at], of[place, at]) == expected
    impact = found.everyone.gaps("positive_rate")[1][:, found.deployed]
    women, men = ((rows["score"] >= 0.5).mean() for rows in (groups["sex=female"], groups["sex=male"]))
    assert impact == pytest.approx([women / men, men / women])


def test_days_over_time_are_those_of_the_rows(profiled: House, income: pd.DataFrame) -> None:
    found = fairness_history.history(
        profiled, "prod.income_band", "2", SEX, 28, "positive_rate", "difference", "window", now_ms=AS_OF
    )
    women = [point for point in found.points if point.group == "sex=female"]
    assert [point.start_ms for point in women] == sorted(income["day_ms"].unique())
    for point in women:
        day = income[income["day_ms"] == point.start_ms]
        mine = day["group"] == "sex=female"
        expected = (day[mine]["score"] >= 0.5).mean() - (day[~mine]["score"] >= 0.5).mean()
        assert (point.value, point.rows, point.n) == (pytest.approx(expected), mine.sum(), len(day))
        assert point.low < expected < point.high
    assert found.checks[-1].outcome == "fail"
    assert found.checks[-1].end_ms == women[-1].end_ms
    assert found.checks[-1].why == next(
        one.verdict.why for one in seen(profiled).judged if one.limit.criterion == "demographic_parity"
    )


def test_weeks_add_up_the_days(profiled: House) -> None:
    days, weeks = (
        fairness_history.history(
            profiled, "credit_risk", "3", SEX, 28, "negative_rate", "ratio", by, now_ms=AS_OF
        ).points
        for by in ("window", "week")
    )  # fmt: skip
    assert len(weeks) < len(days) / 5
    assert sum(point.rows for point in weeks) == sum(point.rows for point in days)
    starts = {datetime.fromtimestamp(point.start_ms / 1000, VIENNA).weekday() for point in weeks}
    assert starts == {0}


def test_points_with_labels_to_come_are_marked(profiled: House) -> None:
    found = fairness_history.history(
        profiled, "credit_risk", "3", SEX, 28, "tnr", "difference", "window", now_ms=AS_OF
    )  # fmt: skip
    horizon = AS_OF - int(timedelta(days=30).total_seconds() * 1000)
    assert {point.complete for point in found.points} == {True, False}
    assert all(point.complete == (point.end_ms <= horizon) for point in found.points)
    assert found.limit is not None
    assert found.limit.criterion == "equal_opportunity"
    unlabelled = fairness_history.history(
        profiled, "credit_risk", "3", SEX, 28, "negative_rate", "difference", "window", now_ms=AS_OF
    )  # fmt: skip
    assert all(point.complete for point in unlabelled.points)


def test_before_any_label_is_complete_the_day_of_the_first_is_told(profiled: House) -> None:
    early = int(datetime(2026, 10, 10, tzinfo=VIENNA).timestamp() * 1000)
    found = seen(profiled, "credit_risk", "3", now_ms=early)
    assert (found.complete, found.calibration) == (None, ())
    assert found.first_complete_ms == int(datetime(2026, 10, 29, tzinfo=VIENNA).timestamp() * 1000) - 3_600_000
    assert fairness_view.rates(found, "tpr", "difference").rows == ()
    assert len(fairness_view.rates(found, "negative_rate", "difference").rows) > 1
    assert fairness_view.explorer(profiled, "credit_risk", "3", SEX, 28, now_ms=early).complete is None
    assert seen(profiled, "credit_risk", "3").first_complete_ms is None


def test_calibration_is_of_the_windows_with_complete_labels(profiled: House, income: pd.DataFrame) -> None:
    found = {one.group: one for one in seen(profiled).calibration}
    for name, rows in income.groupby("group"):
        expected = rows["label"].mean() - rows["score"].mean()
        assert found[str(name)].in_the_large.value == pytest.approx(expected, abs=1e-9)


def test_what_is_not_there_is_not_found(profiled: House) -> None:
    for model, version, family in (
        ("nothing", "2", SEX), ("prod.income_band", "9", SEX), ("prod.income_band", "2", ("shoe",)),
        ("car_price", "3", SEX),
    ):  # fmt: skip
        with pytest.raises(NotFound):
            fairness_view.view(profiled, model, version, family, 28, now_ms=AS_OF)
        with pytest.raises(NotFound):
            fairness_view.explorer(profiled, model, version, family, 28, now_ms=AS_OF)


def test_fewer_windows_are_the_last_ones(profiled: House, income: pd.DataFrame) -> None:
    found = seen(profiled, windows=5)
    last = sorted(income["day_ms"].unique())[-5:]
    assert found.everyone.starts == tuple(last)
    assert found.everyone_span == (last[0], last[-1] + DAY_MS)
    assert sum(int(one.counts.sum()) for one in found.everyone.groups.values()) == income["day_ms"].isin(last).sum()
    assert {one.windows for one in found.judged} == {5}
    assert np.isfinite([one.verdict.parts[0].low for one in found.judged]).all()
