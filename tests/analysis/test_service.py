"""Service numbers: quantiles against numpy on the raw latencies, and the rest worked out here."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from core.analysis.intervals import wilson
from core.analysis.service import availability, error_rate, latency, quantile, throughput
from core.profiles import Service
from tests.analysis.rows import bins_of, moments

EDGES = np.geomspace(0.1, 60_000, 128)
SHARES = st.floats(0.001, 0.999)


def served(latencies, edges=EDGES, *, errors: int = 0, untold: int = 0, requests: int | None = None) -> Service:
    values = np.asarray(latencies, float)
    return Service(
        requests=len(values) if requests is None else requests,
        errors=errors,
        untold=untold,
        latency=moments(values),
        counts=np.bincount(bins_of(values, edges), minlength=len(edges) + 1),
    )


@pytest.mark.parametrize("n", [1, 2, 50, 999, 20_000])
def test_quantiles_are_numpys_within_their_bounds(n: int) -> None:
    values = np.random.default_rng(n).lognormal(4, 0.8, n)
    found = latency(served(values), EDGES)
    for measured, share in ((found.p50, 0.5), (found.p95, 0.95), (found.p99, 0.99)):
        exact = np.quantile(values, share)
        assert measured.n == n
        assert abs(measured.value - exact) <= measured.binning + 1e-9
        if n >= 999:
            assert measured.binning <= 0.12 * exact
            assert measured.value == pytest.approx(exact, rel=0.06)


@settings(max_examples=150)
@given(st.lists(st.floats(0, 1e5), min_size=1, max_size=60), SHARES)
def test_any_latencies_stay_within_their_bounds(values: list[float], share: float) -> None:
    found = quantile(served(values), EDGES, share)
    exact = np.quantile(values, share)
    assert abs(found.value - exact) <= found.binning + 1e-9 * (1 + exact)
    assert min(values) - 1e-9 <= found.value <= max(values) * (1 + 1e-12) + 1e-9


@given(st.lists(st.sampled_from([0.0, 0.1, 1.0, 7.5, 1e6]), min_size=1, max_size=40), st.integers(0, 40), SHARES)
def test_merged_windows_give_what_one_gives(values: list[float], split: int, share: float) -> None:
    whole, parts = served(values), served(values[:split]) + served(values[split:])
    one, other = quantile(whole, EDGES, share), quantile(parts, EDGES, share)
    assert (one.value, one.low, one.high) == (other.value, other.low, other.high)


def test_one_latency_only_is_exact() -> None:
    found = quantile(served([12.5] * 40), EDGES, 0.95)
    assert (found.value, found.binning) == (12.5, 0.0)


def test_the_interval_is_that_of_ranks_moved_to_the_bins_ends() -> None:
    """Ranks l and u with P(X_l <= quantile <= X_u) >= 95 %, found here by going through all of them."""
    values = np.sort(np.random.default_rng(3).lognormal(4, 1, 500))
    for share in (0.5, 0.95):
        found = quantile(served(values), EDGES, share)
        below = [rank for rank in range(1, 501) if stats.binom.cdf(rank - 1, 500, share) <= 0.025]
        above = [rank for rank in range(1, 501) if stats.binom.cdf(rank - 1, 500, share) >= 0.975]
        low, high = values[max(below) - 1], values[min(above) - 1]
        assert found.low == max(values[0], EDGES[bins_of(low, EDGES) - 1])
        assert found.high == min(values[-1], EDGES[bins_of(high, EDGES)])
        assert found.low <= low <= high <= found.high


@pytest.mark.parametrize(("share", "fewest"), [(0.5, 6), (0.9, 36), (0.95, 72), (0.99, 368)])
def test_an_interval_needs_enough_requests(share: float, fewest: int) -> None:
    """Statistics, section 8: the median from 6, a p90 from 36."""
    values = np.random.default_rng(1).lognormal(4, 1, fewest)
    assert quantile(served(values), EDGES, share).high == values.max()
    few = quantile(served(values[:-1]), EDGES, share)
    assert few.high is None
    assert few.value is not None


@pytest.mark.parametrize(("share", "n"), [(0.5, 40), (0.95, 400), (0.99, 2_000)])
def test_intervals_cover(share: float, n: int) -> None:
    rng, truth, hit = np.random.default_rng(4), math.exp(4 + 0.8 * stats.norm.ppf(share)), 0
    for _ in range(300):
        found = quantile(served(rng.lognormal(4, 0.8, n)), EDGES, share)
        hit += (found.low or 0) <= truth <= (found.high or math.inf)
    assert hit / 300 >= 0.94


def test_without_latencies_nothing_is_told() -> None:
    found = latency(served([], requests=5), EDGES)
    assert (found.p99.value, found.p99.n, found.p99.why) == (None, 0, "no request states a latency")
    for share in (0.0, 1.0, math.nan):
        with pytest.raises(ValueError, match="share must lie between 0 and 1"):
            quantile(served([1.0]), EDGES, share)


def test_error_rate_leaves_out_requests_without_a_status() -> None:
    found = error_rate(served([1.0] * 100, errors=3, untold=40))
    assert (found.value, found.n) == (0.05, 60)
    assert (found.low, found.high) == wilson(3, 60)
    assert error_rate(served([], requests=0)).why == "no requests"
    assert error_rate(served([1.0], untold=1)).why == "no request states a status"


def test_throughput_is_per_second_of_the_window() -> None:
    assert throughput(served([], requests=7_200), 3_600).value == 2.0
    assert throughput(served([], requests=0), 86_400).value == 0.0
    for seconds in (0, -1, math.nan):
        with pytest.raises(ValueError, match="seconds must be > 0"):
            throughput(served([]), seconds)


@given(st.integers(1, 100_000), st.data(), st.floats(0.5, 0.9999))
def test_availability_counts_the_budget(requests: int, data: st.DataObject, objective: float) -> None:
    errors = data.draw(st.integers(0, requests))
    found = availability(served([], requests=requests, errors=errors), objective)
    assert found.served.value == pytest.approx((requests - errors) / requests, abs=1e-12)
    assert (found.served.low, found.served.high) == wilson(requests - errors, requests)
    assert found.allowed == pytest.approx((1 - objective) * requests)
    assert found.left.value == pytest.approx((found.allowed - errors) / found.allowed, rel=1e-9, abs=1e-9)
    assert found.left.low <= found.left.value + 1e-9
    assert found.left.value <= found.left.high + 1e-9
    assert (found.left.value >= 0) == (found.served.value >= objective) or abs(found.left.value) < 1e-6


def test_availability_of_nothing_and_of_impossible_objectives() -> None:
    found = availability(served([], requests=0), 0.99)
    assert (found.served.value, found.left.value, found.left.why) == (None, None, "no requests")
    for objective in (0.0, 1.0, math.nan):
        with pytest.raises(ValueError, match="objective must lie between 0 and 1"):
            availability(served([1.0]), objective)
