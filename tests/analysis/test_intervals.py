"""Intervals: against formulas worked out here another way, published values, laws, and coverage by simulation."""

import math
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from core.analysis.intervals import (
    both_sides,
    exact_ends,
    mean,
    mover_ratio,
    mover_ratio_ends,
    newcombe,
    newcombe_ends,
    wilson,
    wilson_ends,
    wilson_high,
    wilson_low,
)
from core.profiles import Moments

counts = st.integers(1, 3_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
levels = st.sampled_from([0.8, 0.9, 0.95, 0.99, 0.9999])


def score_limits(k: int, n: int, level: float) -> tuple[float, float]:
    """Where the score test of p stops to reject: (k / n - p)^2 = z^2 p (1 - p) / n, solved as a polynomial."""
    z2 = stats.norm.isf((1 - level) / 2) ** 2
    p = k / n
    low, high = sorted(np.roots([1 + z2 / n, -(2 * p + z2 / n), p * p]).real)
    return max(low, 0.0), min(high, 1.0)


@given(counts, levels)
def test_wilson_inverts_the_score_test(pair: tuple[int, int], level: float) -> None:
    assert wilson(*pair, level=level) == pytest.approx(score_limits(*pair, level), abs=1e-9)


@given(counts)
def test_wilson_agrees_with_scipy(pair: tuple[int, int]) -> None:
    k, n = pair
    expected = stats.binomtest(k, n).proportion_ci(0.95, method="wilson")
    assert wilson(k, n) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert wilson(n - k, n) == pytest.approx((1 - expected.high, 1 - expected.low), abs=1e-12)


@given(counts, levels)
def test_exact_limits_agree_with_scipy(pair: tuple[int, int], level: float) -> None:
    expected = stats.binomtest(*pair).proportion_ci(level, method="exact")
    low, high = exact_ends(*pair, level=level)
    assert (float(low), float(high)) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_ends_without_rows_and_at_the_edges() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(0, 10)[0] == 0.0
    assert wilson(10, 10)[1] == 1.0
    assert newcombe(0, 0, 3, 10) == newcombe(3, 10, 0, 0) == (-1.0, 1.0)
    assert mover_ratio(0, 0, 3, 10) == mover_ratio(3, 10, 0, 0) == mover_ratio(0, 10, 0, 10) == (0.0, math.inf)
    assert mean(Moments()) == mean(Moments(count=1, mean=3.0, low=3.0, high=3.0)) == (-math.inf, math.inf)


def test_a_one_sided_bound_is_an_end_of_the_interval_at_twice_the_miss() -> None:
    assert wilson_low(7, 20) == wilson(7, 20, level=0.9)[0] == pytest.approx(score_limits(7, 20, 0.9)[0], abs=1e-12)
    assert wilson_high(7, 20, bound=0.975) == pytest.approx(wilson(7, 20)[1], abs=1e-15)
    assert both_sides(0.95) == pytest.approx(0.9)


@pytest.mark.parametrize(("k", "n"), [(-1, 3), (4, 3)])
def test_impossible_counts_are_refused(k: int, n: int) -> None:
    for call in (lambda: wilson(k, n), lambda: newcombe(k, n, 1, 2), lambda: mover_ratio(1, 2, k, n)):
        with pytest.raises(ValueError, match=f"got {k} of {n}"):
            call()


@pytest.mark.parametrize("level", [0.0, 1.0, 1.5, math.nan])
def test_impossible_levels_are_refused(level: float) -> None:
    with pytest.raises(ValueError, match="level must lie between 0 and 1"):
        wilson(1, 2, level=level)
    with pytest.raises(ValueError, match="bound must lie between"):
        both_sides(level)


def test_newcombe_gives_the_values_of_his_paper() -> None:
    """Newcombe 1998, table II, method 10."""
    assert newcombe(56, 70, 48, 80) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    assert newcombe(9, 10, 3, 10) == pytest.approx((0.1705, 0.8090), abs=5e-5)
    assert newcombe(10, 10, 0, 20) == pytest.approx((0.6791, 1.0), abs=5e-5)
    assert newcombe(5, 56, 0, 29) == pytest.approx((-0.0381, 0.1926), abs=5e-5)


@given(counts, counts, levels)
def test_newcombe_combines_the_score_limits(one: tuple[int, int], two: tuple[int, int], level: float) -> None:
    (l1, u1), (l2, u2) = score_limits(*one, level), score_limits(*two, level)
    p1, p2 = one[0] / one[1], two[0] / two[1]
    expected = (
        p1 - p2 - math.sqrt((p1 - l1) ** 2 + (u2 - p2) ** 2),
        p1 - p2 + math.sqrt((u1 - p1) ** 2 + (p2 - l2) ** 2),
    )
    low, high = newcombe(*one, *two, level=level)
    assert (low, high) == pytest.approx(expected, abs=1e-8)
    assert newcombe(*two, *one, level=level) == pytest.approx((-high, -low), abs=1e-12)
    assert -1 - 1e-12 <= low <= p1 - p2 <= high <= 1 + 1e-12


@given(counts, counts, levels)
def test_mover_ratio_is_where_the_difference_of_p1_and_r_p2_reaches_0(
    one: tuple[int, int], two: tuple[int, int], level: float
) -> None:
    """r is an end when MOVER's interval of p1 - r p2 ends at 0, which is how Donner and Zou derive it."""
    (l1, u1), (l2, u2) = score_limits(*one, level), score_limits(*two, level)
    p1, p2 = one[0] / one[1], two[0] / two[1]
    low, high = mover_ratio(*one, *two, level=level)
    assert p1 - low * p2 == pytest.approx(math.hypot(p1 - l1, low * (u2 - p2)), abs=1e-6 * (1 + low))
    if math.isfinite(high):
        assert high * p2 - p1 == pytest.approx(math.hypot(u1 - p1, high * (p2 - l2)), abs=1e-6 * (1 + high))
    assert math.isinf(high) == (two[0] == 0)
    assert 0 <= low < high
    if p2:
        assert low <= p1 / p2 * (1 + 1e-12)
        assert high >= p1 / p2 * (1 - 1e-12)


@given(counts, counts, levels)
def test_the_ratio_turned_over_has_the_interval_turned_over(
    one: tuple[int, int], two: tuple[int, int], level: float
) -> None:
    low, high = mover_ratio(*one, *two, level=level)
    other_low, other_high = mover_ratio(*two, *one, level=level)
    assert low * other_high == pytest.approx(1, rel=1e-9) or (low == 0 and math.isinf(other_high))
    assert high * other_low == pytest.approx(1, rel=1e-9) or (math.isinf(high) and other_low == 0)


def test_arrays_give_what_single_numbers_give() -> None:
    rng = np.random.default_rng(5)
    n1, n2 = rng.integers(0, 40, 300), rng.integers(0, 40, 300)
    k1, k2 = rng.binomial(n1, 0.3), rng.binomial(n2, 0.2)
    for ends, one in ((newcombe_ends, newcombe), (mover_ratio_ends, mover_ratio)):
        expected = [one(*map(int, row)) for row in zip(k1, n1, k2, n2, strict=True)]
        np.testing.assert_array_equal(np.transpose(ends(k1, n1, k2, n2)), expected)
    widths = np.diff(wilson_ends(3, 10, level=[0.5, 0.9, 0.99]), axis=0)[0]
    assert np.all(np.diff(widths) > 0)


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=40), levels)
def test_the_mean_has_students_interval(numbers: list[float], level: float) -> None:
    values = np.array(numbers)
    moments = Moments(
        count=len(values),
        mean=values.mean(),
        m2=((values - values.mean()) ** 2).sum(),
        low=values.min(),
        high=values.max(),
    )
    error = values.std(ddof=1) / math.sqrt(len(values))
    reach = stats.t.isf((1 - level) / 2, len(values) - 1) * error
    assert mean(moments, level=level) == pytest.approx(
        (values.mean() - reach, values.mean() + reach), rel=1e-9, abs=1e-6
    )


def _coverage(ends, truth, rates: tuple[float, float], sizes: tuple[int, int]) -> float:
    """Exact over a grid of both counts, weighted by their probability: a simulation without noise."""
    (p1, p2), (n1, n2) = rates, sizes
    k1, k2 = np.arange(n1 + 1), np.arange(n2 + 1)
    low, high = ends(k1[:, None], n1, k2[None, :], n2)
    weight = stats.binom.pmf(k1, n1, p1)[:, None] * stats.binom.pmf(k2, n2, p2)[None, :]
    return float(weight[(low <= truth) & (truth <= high)].sum())


CASES = [
    (rates, sizes)
    for rates in ((0.3, 0.3), (0.24, 0.3), (0.1, 0.1), (0.5, 0.4), (0.8, 0.9))
    for sizes in ((100, 100), (200, 500), (60, 400))
]


@pytest.mark.parametrize(("rates", "sizes"), CASES)
def test_coverage_of_newcombe_and_mover(rates: tuple[float, float], sizes: tuple[int, int]) -> None:
    """Statistics, section 4: .948-.961 in the cases simulated there."""
    assert 0.94 <= _coverage(newcombe_ends, rates[0] - rates[1], rates, sizes) <= 0.965
    assert 0.94 <= _coverage(mover_ratio_ends, rates[0] / rates[1], rates, sizes) <= 0.965


@pytest.mark.parametrize("rates", [(0.3, 0.3), (0.04, 0.05), (0.9, 0.95)])
@pytest.mark.parametrize("sizes", [(5, 1_000), (10, 20), (50, 300)])
def test_exact_limits_cover_however_few_the_rows(rates: tuple[float, float], sizes: tuple[int, int]) -> None:
    for ends, truth in ((newcombe_ends, rates[0] - rates[1]), (mover_ratio_ends, rates[0] / rates[1])):
        assert _coverage(partial(ends, exact=True), truth, rates, sizes) >= 0.95


def test_coverage_by_drawn_samples() -> None:
    rng = np.random.default_rng(11)
    k1, k2 = rng.binomial(580, 0.3, 40_000), rng.binomial(5_000, 0.3, 40_000)
    for ends, truth in ((newcombe_ends, 0.0), (mover_ratio_ends, 1.0)):
        low, high = ends(k1, 580, k2, 5_000)
        assert 0.94 <= np.mean((low <= truth) & (truth <= high)) <= 0.965
        assert np.mean(high < truth) == pytest.approx(0.025, abs=0.008)
        assert np.mean(low > truth) == pytest.approx(0.025, abs=0.008)


def test_coverage_of_the_mean() -> None:
    rng = np.random.default_rng(3)
    samples = rng.normal(2.0, 3.0, (4_000, 12))
    hit = 0
    for row in samples:
        low, high = mean(Moments(count=12, mean=row.mean(), m2=((row - row.mean()) ** 2).sum()))
        hit += low <= 2.0 <= high
    assert 0.938 <= hit / 4_000 <= 0.962
