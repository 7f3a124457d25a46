"""Distances: against scipy on the same rows, their laws, published figures, and the error that binning makes."""

import math
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats
from scipy.spatial.distance import jensenshannon

from core.analysis.distances import (
    chi_square,
    corrected_psi,
    hellinger,
    jensen_shannon,
    kolmogorov_smirnov,
    l_infinity,
    mean_rank,
    nested_bins,
    pearson,
    psi,
    wasserstein,
)
from core.profiles import Moments, Numeric
from tests.analysis.rows import bins_of, moments

PUBLISHED = Path(__file__).parents[1] / "fixtures" / "published"
SYMMETRIC = (psi, jensen_shannon, hellinger, l_infinity, kolmogorov_smirnov)
pairs = st.integers(1, 12).flatmap(
    lambda bins: st.tuples(*[st.lists(st.integers(0, 10**6), min_size=bins, max_size=bins)] * 2)
)
numbers = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60)


@pytest.fixture(autouse=True)
def _no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@pytest.fixture
def rng():
    return np.random.default_rng(3)


def numeric(values, edges) -> Numeric:
    counts = np.bincount(bins_of(values, edges), minlength=len(edges) + 1)
    return Numeric(rows=len(values), moments=moments(values), counts=counts)


def ks(first, second):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about scipy's p, of a handful of rows
        return stats.ks_2samp(first, second, method="asymp").statistic


def quantile_edges(reference, bins=50):
    return np.unique(np.quantile(reference, np.arange(1, bins) / bins, method="inverted_cdf"))


@given(pairs)
def test_equal_scipy(pair):
    x, y = np.array(pair[0]), np.array(pair[1])
    if not x.sum() or not y.sum():
        for distance in SYMMETRIC:
            assert distance(x, y).value is None
        assert chi_square(x, y).p.value is None
        return
    p, q = x / x.sum(), y / y.sum()
    assert jensen_shannon(x, y).value ** 2 == pytest.approx(jensenshannon(p, q, base=2) ** 2, abs=1e-12)
    assert hellinger(x, y).value == pytest.approx(math.sqrt(0.5 * ((p**0.5 - q**0.5) ** 2).sum()), abs=1e-9)
    assert l_infinity(x, y).value == np.abs(p - q).max()
    held = np.array([x, y])[:, x + y > 0]
    if held.shape[1] > 1:
        found, known = chi_square(x, y), stats.chi2_contingency(held, correction=False)
        assert found.statistic.value == pytest.approx(known.statistic, rel=1e-9, abs=1e-9)
        assert found.p.value == pytest.approx(known.pvalue, rel=1e-6, abs=1e-9)
        assert found.freedom == known.dof
    if (held > 0).all():
        exact = stats.entropy(p[x > 0], q[x > 0]) + stats.entropy(q[x > 0], p[x > 0])
        assert psi(x, y).value == pytest.approx(exact, abs=1e-9)


@given(pairs)
def test_laws(pair):
    x, y = pair
    for distance in SYMMETRIC:
        there, back = distance(x, y).value, distance(y, x).value
        assert there == back if there is None else there == pytest.approx(back, abs=1e-12)
        if sum(x):
            assert distance(x, x).value == 0
            assert distance(x, [3 * count for count in x]).value == 0
        if there is not None and distance is not psi:
            assert 0 <= there <= 1
        if there is not None:
            assert math.isfinite(there)
            assert there >= 0


def test_jensen_shannon_sees_a_tiny_difference():
    reference, current = [500_000_000, 500_000_000], [500_000_001, 499_999_999]
    assert jensen_shannon(reference, current).value == pytest.approx(1e-9 / math.sqrt(2 * math.log(2)), rel=1e-6)


def test_psi_takes_an_empty_bin_for_half_a_row():
    assert psi([60, 40, 0], [50, 49, 1]).value == pytest.approx(
        -0.1 * math.log(0.5 / 0.6) + 0.09 * math.log(0.49 / 0.4) + 0.005 * math.log(0.01 / 0.005), abs=1e-12
    )
    assert psi([60, 40, 0], [50, 50, 0]).value == psi([60, 40], [50, 50]).value


def test_nothing_in_common():
    assert jensen_shannon([5, 0], [0, 9]).value == 1
    assert hellinger([5, 0], [0, 9]).value == 1
    assert kolmogorov_smirnov([5, 0], [0, 9]).value == 1


def test_answers_that_cannot_be_told():
    assert chi_square([5, 0], [9, 0]).statistic.why == "All rows lie in one bin."
    assert psi([0, 0], [1, 2]).why == "The reference has no values."
    assert psi([1, 2], [0, 0]).why == "The window has no values."
    empty, same = numeric([], [0.0]), numeric([3.0, 3.0], [0.0])
    assert wasserstein([0.0], same, same).why == "All numbers of the reference are the same."
    assert wasserstein([0.0], same, empty).value is None
    huge = Moments(count=3, mean=0.0, m2=math.inf, low=-1.7e308, high=1.7e308)
    huge = Numeric(rows=3, moments=huge, counts=np.array([2, 1]))
    assert wasserstein([0.0], huge, same).value is None
    with pytest.raises(ValueError, match="counts must be >= 0, got -1"):
        psi([1, -1], [1, 1])
    with pytest.raises(ValueError, match="alike"):
        psi([1, 1], [1, 1, 1])
    with pytest.raises(ValueError, match=r"edges must be \(1,\), got \(2,\)"):
        wasserstein([0.0, 1.0], same, same)


@given(numbers, numbers, st.lists(st.floats(-1e6, 1e6), max_size=12, unique=True))
def test_binned_ones_keep_their_bound(first, second, edges):
    edges = np.sort(np.array(edges, float))
    x, y = numeric(first, edges), numeric(second, edges)
    found, exact = kolmogorov_smirnov(x.counts, y.counts), ks(first, second)
    assert found.value - 1e-12 <= exact <= found.value + found.binning + 1e-12
    assert found.binning <= np.minimum(x.counts / len(first), y.counts / len(second)).max() + 1e-12
    found, deviation = wasserstein(edges, x, y), np.std(first, ddof=1) if len(first) > 1 else 0.0
    if found.value is None:
        assert deviation == pytest.approx(0, abs=1e-6)
        return
    knots = [min(first + second), *np.clip(edges, min(first + second), max(first + second)), max(first + second)]
    most = (np.diff(knots) * (x.counts / len(first) + y.counts / len(second))).sum() / 2 / deviation
    exact = stats.wasserstein_distance(first, second) / deviation
    assert found.binning <= most * (1 + 1e-9) + 1e-9
    assert abs(found.value - exact) <= found.binning + 1e-9 * (1 + exact)


def test_kolmogorov_smirnov_is_exact_with_an_edge_at_every_value(rng):
    first, second = rng.poisson(5, 4000), rng.poisson(5.3, 700)
    x, y = (np.bincount(rows, minlength=30) for rows in (first, second))
    assert kolmogorov_smirnov(x, y).value == pytest.approx(stats.ks_2samp(first, second).statistic, abs=1e-9)


@pytest.mark.parametrize("shift", [0.0, 0.1, 0.5, 2.0])
def test_fifty_quantiles_are_close(shift, rng):
    first, second = rng.normal(size=20_000), rng.normal(shift, 1.2, size=3000)
    edges = quantile_edges(first)
    x, y = numeric(first, edges), numeric(second, edges)
    found, exact = kolmogorov_smirnov(x.counts, y.counts), stats.ks_2samp(first, second).statistic
    assert found.value <= exact + 1e-12 <= found.value + found.binning + 2e-12
    assert found.binning < 0.021
    found, exact = wasserstein(edges, x, y), stats.wasserstein_distance(first, second) / first.std(ddof=1)
    assert abs(found.value - exact) <= found.binning
    assert abs(found.value - exact) < 0.03


@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 400)), min_size=2, max_size=15))
def test_kernels_equal_scipy(table):
    x, y = np.array(table).T
    if not x.sum() or not y.sum():
        return
    held = np.array([x, y])[:, x + y > 0]
    x2, bins = pearson(x, y)
    assert bins == held.shape[1]
    assert x2 == pytest.approx(stats.chi2_contingency(held, correction=False).statistic, rel=1e-9, abs=1e-9)
    places = np.arange(x.size)
    if bins > 1:
        known = stats.mannwhitneyu(
            np.repeat(places, y), np.repeat(places, x), use_continuity=False, method="asymptotic"
        )
        assert 2 * special.ndtr(-abs(mean_rank(x, y))) == pytest.approx(known.pvalue, rel=1e-9, abs=1e-9)
        assert np.sign(mean_rank(x, y).round(9)) == np.sign(round(known.statistic - x.sum() * y.sum() / 2, 6))
    else:
        assert mean_rank(x, y) == 0


def test_kernels_take_many_at_once(rng):
    x, y = rng.integers(1, 99, (2, 4, 3, 10))
    x2, bins = pearson(x, y)
    assert x2.shape == bins.shape == mean_rank(x, y).shape == (4, 3)
    assert x2[2, 1] == pytest.approx(pearson(x[2, 1], y[2, 1])[0], rel=1e-12)
    assert mean_rank(x, y)[3, 2] == pytest.approx(mean_rank(x[3, 2], y[3, 2]), rel=1e-12)


@given(st.lists(st.integers(0, 50), min_size=1, max_size=60))
def test_nested_bins_are_few_and_hold_rows(counts):
    starts = nested_bins(counts)
    assert starts[0] == 0
    assert (np.diff(starts) > 0).all()
    assert len(starts) <= 10
    cells = np.add.reduceat(counts, starts)
    if np.count_nonzero(counts) > 1:
        assert (cells > 0).all()
        assert len(cells) > 1


def test_nested_bins_are_deciles():
    assert nested_bins(np.full(50, 20)).tolist() == [*range(0, 50, 5)]
    assert nested_bins([0, 7, 0]).tolist() == [0, 1, 2]  # a constant stands alone
    assert nested_bins([98, 2]).tolist() == [0, 1]


@pytest.mark.parametrize("bins", [2, 10])
@pytest.mark.parametrize("shift", [0.0, 0.1, 0.25, 0.5, 1.0])
def test_interval_of_the_effect_covers(bins, shift, rng):
    total, n = 50_000, 1000
    q = np.diff(special.ndtr(special.ndtri(np.arange(bins + 1) / bins) - shift))
    p = np.full(bins, 1 / bins)
    truth = ((p - q) ** 2 / ((total * p + n * q) / (total + n))).sum()
    found = [
        corrected_psi(*sides)
        for sides in zip(rng.multinomial(total, p, 1500), rng.multinomial(n, q, 1500), strict=True)
    ]
    assert np.mean([one.low <= truth <= one.high or (truth < 1e-12 and one.low <= 0) for one in found]) >= 0.93
    spread = np.std([one.value for one in found])
    assert np.mean([one.value for one in found]) == pytest.approx(truth, abs=5 * spread / 1500**0.5 + 0.001)


@pytest.fixture(scope="module")
def car_loan():
    rows = pd.read_parquet(PUBLISHED / "car_loan_features.parquet")
    return {chunk: rows[rows["chunk"] == chunk] for chunk in (-1, 0, 5)}


def beside(values, edges):
    """Counts as numpy's histogram has them, closed below, with the rows outside as one more bin."""
    inside = np.histogram(values, bins=edges)[0]
    return np.append(inside, len(values) - inside.sum())


@pytest.mark.parametrize(
    ("column", "chunk", "published"), [("debt_to_income_ratio", 0, 0.0316611), ("car_value", 5, 0.464759)]
)
def test_published_jensen_shannon_of_car_loan(car_loan, column, chunk, published):
    reference, current = (car_loan[which][column].to_numpy(float) for which in (-1, chunk))
    edges = np.histogram_bin_edges(reference, bins="doane")
    assert jensen_shannon(beside(reference, edges), beside(current, edges)).value == pytest.approx(published, abs=5e-7)


def test_published_kolmogorov_smirnov_of_car_loan(car_loan):
    reference, current = (car_loan[which]["car_value"].to_numpy(float) for which in (-1, 5))
    fine = np.linspace(reference.min(), reference.max(), 10_001)
    x, y = (np.concatenate([[np.sum(rows < fine[0])], beside(rows, fine)]) for rows in (reference, current))
    y[-1] = len(current) - y[:-1].sum()
    assert kolmogorov_smirnov(x, y).value == pytest.approx(0.43530, abs=5e-6)
    exact = stats.ks_2samp(reference, current).statistic
    assert exact == pytest.approx(0.43530, abs=2e-4)
    edges = quantile_edges(reference)
    x, y = numeric(reference, edges), numeric(current, edges)
    found = kolmogorov_smirnov(x.counts, y.counts)
    assert found.value <= exact <= found.value + found.binning
    assert found.binning < 0.02
    found, exact = wasserstein(edges, x, y), stats.wasserstein_distance(reference, current) / reference.std(ddof=1)
    assert abs(found.value - exact) <= found.binning


def test_published_categorical_drift_of_car_loan(car_loan):
    names = car_loan[-1]["salary_range"].cat.categories
    x, y = (car_loan[which]["salary_range"].value_counts().reindex(names).to_numpy() for which in (-1, 5))
    assert chi_square(x, y).statistic.value == pytest.approx(455.622, abs=5e-4)
    assert jensen_shannon(x, y).value == pytest.approx(0.183143, abs=5e-7)
    assert l_infinity(x, y).value == pytest.approx(0.09156, abs=1e-9)
