"""Business figures: against scipy on raw rows, and coverage by simulation."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from core.analysis.business import against_base, level, roi, trend
from core.profiles import Kpi, Moments
from tests.analysis.rows import moments


def kpi(figure=(), cost=(), value=(), rows: int | None = None) -> Kpi:
    most = max(len(figure), len(cost), len(value))
    return Kpi(rows=most if rows is None else rows, figure=moments(figure), cost=moments(cost), value=moments(value))


def test_level_is_the_mean_with_students_interval() -> None:
    values = np.random.default_rng(1).gamma(2, 30, 80)
    found, expected = level(kpi(values)), stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert found.value == pytest.approx(values.mean(), rel=1e-12)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), rel=1e-9)
    assert found.n == 80


def test_level_of_few() -> None:
    assert level(kpi(rows=9)).why == "no row states the figure"
    one = level(kpi([5.0]))
    assert (one.value, one.low, one.high, one.n) == (5.0, None, None, 1)


def test_roi_is_of_totals() -> None:
    cost, value = np.array([10.0, 20.0, 30.0, 40.0]), np.array([50.0, 60.0])
    found = roi(kpi(cost=cost, value=value))
    assert found.value == pytest.approx((110 - 100) / 100)
    assert found.n == 4


def test_roi_has_the_widest_delta_interval() -> None:
    """Against the delta method on raw rows, whose covariance is then as bad as can be: value falls as cost rises."""
    cost = np.random.default_rng(2).uniform(8, 12, 200)
    value = 40 - 2 * cost
    ratio = value.mean() / cost.mean()
    error = np.std(value - ratio * cost, ddof=1) / math.sqrt(200) / cost.mean()
    reach = stats.t.ppf(0.975, 199) * error
    found = roi(kpi(cost=cost, value=value))
    assert (found.low, found.high) == pytest.approx((ratio - 1 - reach, ratio - 1 + reach), rel=1e-9)


@pytest.mark.parametrize("correlation", [-0.95, 0.0, 0.9])
def test_roi_intervals_cover(correlation: float) -> None:
    rng, hit = np.random.default_rng(3), 0
    spread = [[1.0, correlation], [correlation, 1.0]]
    for _ in range(1_000):
        drawn = rng.multivariate_normal([0, 0], spread, 100)
        cost, value = 10 + 3 * drawn[:, 0], 14 + 5 * drawn[:, 1]
        found = roi(kpi(cost=cost, value=value))
        hit += found.low <= 0.4 <= found.high
    assert hit / 1_000 >= 0.935


def test_roi_takes_rows_without_a_value_for_none() -> None:
    """Nine in ten rows bring nothing and do not say so: the interval must know of them."""
    rng, hit = np.random.default_rng(4), 0
    for _ in range(500):
        bought = rng.random(400) < 0.1
        found = roi(kpi(cost=np.full(400, 2.0), value=rng.normal(30, 5, bought.sum()), rows=400))
        hit += found.low <= 0.5 <= found.high
    assert hit / 500 >= 0.92


def test_roi_without_cost_or_value_is_not_told() -> None:
    assert roi(kpi(cost=[1.0])).why == "no row states a value"
    assert roi(kpi(value=[1.0])).why == "no cost is stated"
    assert roi(kpi(cost=[0.0, 0.0], value=[1.0, 2.0])).why == "the cost is not above 0"
    assert roi(kpi()).value is None
    unsure = roi(kpi(cost=[1.0, 100.0], value=[200.0, 2.0]))
    assert (unsure.value, unsure.low, unsure.high) == (1.0, None, None)
    assert roi(kpi(cost=[4.0], value=[5.0])).low is None


@given(st.integers(0, 10_000), st.integers(2, 60), st.integers(2, 60))
def test_arms_are_compared_by_welch(seed: int, n: int, m: int) -> None:
    rng = np.random.default_rng(seed)
    one, other = rng.normal(10, 5, n), rng.normal(11, 1, m)
    (found,) = against_base({"new": kpi(one), "old": kpi(other)}, "old")
    expected = stats.ttest_ind(one, other, equal_var=False)
    ends = expected.confidence_interval(0.95)
    assert (found.arm, found.base) == ("new", "old")
    assert found.difference.value == pytest.approx(one.mean() - other.mean(), rel=1e-9, abs=1e-9)
    assert (found.difference.low, found.difference.high) == pytest.approx((ends.low, ends.high), rel=1e-9, abs=1e-9)
    assert found.p == pytest.approx(expected.pvalue, rel=1e-9)
    assert found.degrees == pytest.approx(expected.df, rel=1e-9)
    assert found.difference.n == n + m


def test_arms_that_cannot_be_compared() -> None:
    arms = {"old": kpi([1.0, 2.0]), "empty": kpi(), "one": kpi([3.0]), "flat": kpi([2.0, 2.0])}
    empty, one, flat = against_base(arms, "old")
    assert (empty.difference.value, empty.difference.why) == (None, "no row of empty states the figure")
    assert (one.difference.value, one.difference.low, one.p) == (1.5, None, None)
    assert flat.p is not None
    (both_flat,) = against_base({"a": kpi([2.0, 2.0]), "b": kpi([3.0, 3.0])}, "b")
    assert (both_flat.difference.value, both_flat.difference.low, both_flat.p) == (-1.0, None, None)
    (absent,) = against_base({"a": kpi([2.0, 2.0])}, "b")
    assert absent.difference.why == "no row of b states the figure"
    assert against_base({"a": kpi([1.0])}, "a") == ()


weeks_of = st.lists(st.one_of(st.floats(-1e3, 1e3), st.integers(-3, 3).map(float)), min_size=10, max_size=40)


@given(weeks_of)
def test_mann_kendall_is_kendalls_tau_over_time(weeks: list[float]) -> None:
    """scipy's asymptotic test has the same tie-corrected variance, without the continuity correction."""
    found, n = trend(weeks), len(weeks)
    if len(set(weeks)) == 1:
        assert (found.s, found.p, found.slope.value, found.slope.low) == (0, 1.0, 0.0, None)
        return
    theirs = stats.kendalltau(np.arange(n), weeks, method="asymptotic")
    pairs = n * (n - 1) / 2
    tied = sum(count * (count - 1) / 2 for count in np.unique(weeks, return_counts=True)[1])
    assert found.s == pytest.approx(theirs.statistic * math.sqrt(pairs * (pairs - tied)), abs=1e-6)
    if found.s:
        uncorrected = abs(found.z) * abs(found.s) / (abs(found.s) - 1) if abs(found.s) > 1 else None
        if uncorrected is not None:
            assert 2 * stats.norm.sf(uncorrected) == pytest.approx(theirs.pvalue, rel=1e-9, abs=1e-12)
        assert found.p >= theirs.pvalue - 1e-12
    else:
        assert (found.z, found.p) == (0.0, 1.0)


def test_the_continuity_correction_comes_near_the_exact_test() -> None:
    rng = np.random.default_rng(5)
    for n in (10, 16, 26):
        for _ in range(20):
            weeks = rng.normal(size=n)
            exact = stats.kendalltau(np.arange(n), weeks, method="exact").pvalue
            assert trend(weeks).p == pytest.approx(exact, abs=0.012)


@given(weeks_of, st.sets(st.integers(0, 9), max_size=5))
def test_sens_slope_is_scipys_and_the_median_of_all_pairs(weeks: list[float], gaps: set[int]) -> None:
    values = np.array([*weeks, 0.5, 1.5, 2.5, 3.5, 4.5])
    values[list(gaps)] = np.nan
    told = np.flatnonzero(~np.isnan(values))
    slopes = [(values[j] - values[i]) / (j - i) for i in told for j in told if i < j]
    found, theirs = trend(values), stats.theilslopes(values[told], told, alpha=0.95)
    assert found.slope.value == pytest.approx(np.median(slopes), rel=1e-9, abs=1e-9)
    assert (found.slope.low, found.slope.high) == (theirs.low_slope, theirs.high_slope)
    assert found.slope.n == len(told)


def test_fewer_than_ten_weeks_are_not_enough() -> None:
    for weeks in ([], [1.0] * 9, [*range(9), math.nan, math.inf]):
        found = trend(weeks)
        assert (found.slope.value, found.s, found.z, found.p) == (None, None, None, None)
    assert found.slope.why == "a trend needs 10 full weeks with a mean, there are 9"
    assert trend(range(10)).slope.value == 1.0
    assert trend(range(10)).p < 0.001


@pytest.mark.parametrize(("correlation", "most"), [(0.0, 0.062), (0.3, 0.075), (0.6, 0.095)])
def test_weekly_means_of_correlated_days_seldom_look_like_a_trend(correlation: float, most: float) -> None:
    """Statistics, section 6: 5.9 % of cases with daily correlation .3, 7.5 % with .6."""
    rng, weeks, times = np.random.default_rng(6), 26, 1_500
    noise = rng.normal(size=(times, weeks * 7))
    days = np.empty_like(noise)
    days[:, 0] = noise[:, 0] / math.sqrt(1 - correlation**2)
    for day in range(1, weeks * 7):
        days[:, day] = correlation * days[:, day - 1] + noise[:, day]
    means = days.reshape(times, weeks, 7).mean(axis=2)
    assert 0.03 <= np.mean([trend(row).p < 0.05 for row in means]) <= most


@pytest.mark.parametrize("n", [10, 26])
def test_slope_intervals_cover(n: int) -> None:
    rng, hit = np.random.default_rng(7), 0
    for _ in range(1_000):
        slope = trend(0.3 * np.arange(n) + rng.normal(size=n)).slope
        hit += slope.low <= 0.3 <= slope.high
    assert 0.93 <= hit / 1_000 <= 0.985


def test_merged_arms_give_what_one_gives() -> None:
    values = np.random.default_rng(8).normal(5, 2, 60)
    whole, parts = level(kpi(values)), level(kpi(values[:17]) + kpi(values[17:]))
    assert (whole.value, whole.low, whole.high) == pytest.approx((parts.value, parts.low, parts.high), rel=1e-12)
    assert kpi().figure == Moments()
