"""Decisions about drift: against exact tests, and their laws. How often they are right: test_alarm_rates."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from core.analysis.dated import dated_reference
from core.analysis.distances import pearson
from core.analysis.drift import (
    alarming,
    benjamini_hochberg,
    category_drift,
    drift,
    prediction_drift,
    smallest_shift,
)
from core.profiles import Categorical
from tests.analysis.days import day_counts
from tests.analysis.rows import balanced_edges, output

ALPHA, FLOOR, TOTAL, FINE = 0.01, 0.01, 50_000, 50


@pytest.fixture(autouse=True)
def _no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@pytest.fixture
def rng():
    return np.random.default_rng(11)


def test_steady_column(rng):
    even = np.full(FINE, 1 / FINE)
    x, y = rng.multinomial(TOTAL, even), rng.multinomial(1000, even)
    found = drift(x, y, ordered=True)
    cells = [side.reshape(10, 5).sum(axis=1) for side in (x, y)]
    known = stats.chi2_contingency(cells, correction=False)
    places = np.arange(FINE)
    ranks = stats.mannwhitneyu(np.repeat(places, y), np.repeat(places, x), use_continuity=False, method="asymptotic")
    assert found.x2.value == pytest.approx(known.statistic, rel=1e-9)
    assert found.p.value == pytest.approx(min(1, 2 * min(known.pvalue, ranks.pvalue)), rel=1e-9)
    assert found.effect.value == pytest.approx((known.statistic - 9) / (TOTAL * 1000 / (TOTAL + 1000)), rel=1e-9)
    assert (found.bins, found.simulated, found.warning, found.p.n) == (10, False, "", 1000)


def test_z_says_which_way():
    assert drift([50, 50, 50], [5, 10, 30], ordered=True).z.value > 0
    assert drift([50, 50, 50], [30, 10, 5], ordered=True).z.value < 0
    assert drift([50, 50, 50], [30, 10, 5], ordered=False).z is None


def test_small_reference_is_said():
    assert (
        drift([500, 499], [50, 50], ordered=False).warning == "The reference has only 999 rows for 100 of the window."
    )
    assert drift([500, 500], [50, 50], ordered=False).warning == ""


def test_nothing_to_compare():
    assert drift([0, 0], [3, 4], ordered=True).p.why == "The reference has no values."
    found = drift([3, 4], [0, 0], ordered=True)
    assert (found.p.value, found.effect.value, found.z.why) == (None, None, "The window has no values.")
    assert drift([0, 9, 0], [0, 5, 0], ordered=True).p.value == 1
    assert alarming([found, found], alpha=ALPHA, floor=FLOOR) == [False, False]
    assert alarming([], alpha=ALPHA, floor=FLOOR) == []
    with pytest.raises(ValueError, match="alike"):
        drift([1, 2], [1, 2, 3], ordered=False)


def test_constant_that_starts_to_move_is_seen():
    found = drift([0, 5000, 0], [0, 40, 10], ordered=True)
    assert found.simulated
    assert found.p.value < 1e-4
    assert found.effect.value > FLOOR


def by_hypergeometric(x, y):
    """p of X2 in two categories, all tables looked at."""
    dealt = np.arange(sum(y) + 1)
    chance = stats.hypergeom.pmf(dealt, sum(x) + sum(y), x[1] + y[1], sum(y))
    dealt, chance = dealt[chance > 0], chance[chance > 0]
    tables = np.stack([sum(y) - dealt, dealt], axis=1)
    x2, _ = pearson(np.array(x) + np.array(y) - tables, tables)
    return chance[x2 >= pearson(x, y)[0] * (1 - 1e-9)].sum()


@pytest.mark.parametrize(
    ("x", "y"), [([990, 10], [95, 5]), ([4995, 5], [297, 3]), ([40, 0], [20, 6]), ([2_000_000_000, 9], [10_000, 1])]
)
def test_sparse_cells_are_simulated(x, y):
    exact = by_hypergeometric(x, y)
    found = drift(x, y, ordered=False)
    assert found.simulated
    assert found.p.value == pytest.approx(exact, abs=5 * (exact / 100_000) ** 0.5 + 1e-5)
    assert found == drift(x, y, ordered=False)
    assert found.p.value != drift(x, y, ordered=False, seed=1).p.value or exact < 1e-4


def test_simulated_order_is_doubled_like_the_other():
    x, y = [990, 10], [95, 5]
    assert drift(x, y, ordered=True).p.value == pytest.approx(2 * by_hypergeometric(x, y), rel=0.1)


def test_sparse_windows_keep_the_rate(rng):
    """Without simulation chi-square's p is below .01 in more than 1 % of such windows."""
    shares = np.array([0.9, 0.06, 0.03, 0.008, 0.002])
    tests = [
        drift(rng.multinomial(5000, shares), rng.multinomial(100, shares), ordered=False, draws=2000)
        for _ in range(2000)
    ]
    plain = np.mean([special.chdtrc(one.bins - 1, one.x2.value) < ALPHA for one in tests])
    assert plain > stats.binom.ppf(0.9995, 2000, ALPHA) / 2000
    assert np.mean([one.p.value < ALPHA for one in tests]) <= stats.binom.ppf(0.9995, 2000, ALPHA) / 2000


@given(st.lists(st.floats(0, 1) | st.just(float("nan")), min_size=1, max_size=40))
def test_benjamini_hochberg_equals_scipy(p):
    p = np.array(p)
    tested = ~np.isnan(p)
    found = benjamini_hochberg(p)
    assert np.isnan(found[~tested]).all()
    if tested.any():
        assert found[tested] == pytest.approx(stats.false_discovery_control(p[tested]), rel=1e-12, abs=1e-300)


def test_alarm_needs_both_discovery_and_effect(rng):
    even = np.full(FINE, 1 / FINE)
    moved = even * np.linspace(0.97, 1.03, FINE)
    reference = rng.multinomial(100_000_000, even)
    tests = [drift(reference, rng.multinomial(10_000_000, shares), ordered=True) for shares in (even, moved)]
    assert tests[1].p.value < 1e-9
    assert alarming(tests, alpha=ALPHA, floor=FLOOR) == [False, False]
    assert alarming(tests, alpha=ALPHA, floor=0.0001) == [False, True]


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300)), min_size=1, max_size=20), st.booleans())
def test_laws(table, ordered):
    x, y = (list(side) for side in zip(*table, strict=True))
    found = drift(x, y, ordered=ordered, draws=200)
    if found.p.value is None:
        assert not sum(x) or not sum(y)
        return
    assert 0 < found.p.value <= 1 or found.x2.value > 500
    assert found.effect.low <= found.effect.value <= found.effect.high if found.bins > 1 else found.effect.value == 0
    same = drift(x, x, ordered=ordered)
    assert (same.p.value, same.x2.value) == (1, 0)


def test_smallest_shift_falls_to_the_floor():
    shifts = [smallest_shift(10**9, n, alpha=ALPHA, floor=FLOOR, tests=30).value for n in (10, 10**3, 10**5, 10**8)]
    assert shifts == sorted(shifts, reverse=True)
    assert shifts[-1] == pytest.approx(0.102, abs=0.002)
    assert smallest_shift(0, 10, alpha=ALPHA).value is None
    assert smallest_shift(10, 0, alpha=ALPHA).why == "Without rows no shift can be seen."


# Categories and predictions.


def test_unseen_values_are_one_more_category():
    reference = Categorical(rows=1000, counts=np.array([600, 400]))
    current = Categorical(rows=1000, counts=np.array([540, 360]), unseen=100)
    found = category_drift(reference, current)
    assert found == drift([600, 400, 0], [540, 360, 100], ordered=False)
    assert found.p.value < 1e-6
    assert found.bins == 3


def test_prediction_drift(rng):
    scores, labels = rng.beta(1, 8, 20_000), rng.integers(0, 2, 20_000).astype(float)
    edges = balanced_edges(scores, labels)
    now, answers = rng.beta(1.3, 8, 3000), np.where(rng.random(3000) < 0.5, np.nan, rng.random(3000) < 0.6)
    reference, current = output(scores, labels, edges), output(now, answers, edges)
    found = prediction_drift(reference, current)
    assert found.scores.p.n == 3000
    assert found.scores.p.value < 1e-6
    assert found.scores.z.value > 0
    assert found.labels.p.n == np.isfinite(answers).sum()
    table = [[(labels == 0).sum(), (labels == 1).sum()], [(answers == 0).sum(), (answers == 1).sum()]]
    assert found.labels.p.value == pytest.approx(stats.chi2_contingency(table, correction=False).pvalue, rel=1e-9)
    assert prediction_drift(reference, reference).scores.p.value == 1
    unlabelled = output(now, np.full(3000, np.nan), edges)
    assert prediction_drift(reference, unlabelled).labels.p.why == "The window has no values."
    assert prediction_drift(reference, unlabelled).scores.p.value == found.scores.p.value


# Dated references.


def direct(days, window):
    """The rule as it is written, for one feature: p of the window, days as cells."""
    n, p = days.sum(axis=1), days.sum(axis=0) / days.sum()
    v = np.cov([n[d] ** 0.5 * (days[d] / n[d] - p) / p**0.5 for d in range(len(days))], rowvar=False)
    trace, squares = np.trace(v), np.trace(v @ v)
    t = (window.sum() * (window / window.sum() - p) ** 2 / p).sum() / ((1 + 1 / len(days)) * trace)
    return stats.f.sf(t, trace**2 / squares, trace**2 / squares * (len(days) - 1))


def test_dated_rule_as_written(rng):
    tables = rng.integers(50, 150, (2, 120, 7))
    window = rng.integers(50, 150, (2, 7))
    fitted = dated_reference(tables, ordered=[False, False])
    left = [min(direct(np.delete(table, day, axis=0), table[day]) for table in tables) for day in range(120)]
    assert fitted.least == pytest.approx(np.sort(left), rel=1e-9)
    found = fitted.judge(window, alpha=0.02, floor=-1)
    p = [direct(*one) for one in zip(tables, window, strict=True)]
    assert [one.value for one in found.p] == pytest.approx(p, rel=1e-9)
    assert (found.least, found.limit) == (min(one.value for one in found.p), fitted.least[1])
    assert found.alarms == tuple(one < fitted.least[1] for one in p)
    effects = [
        drift(table.sum(axis=0), one, ordered=False).effect.value for table, one in zip(tables, window, strict=True)
    ]
    assert [one.value for one in found.effect] == pytest.approx(effects, rel=1e-9)


def test_more_categories_than_days(rng):
    table, window = rng.poisson(8, (20, 60)) + 1, rng.poisson(8, 60) + 1
    found = dated_reference([table], ordered=[False]).judge([window], alpha=ALPHA, floor=FLOOR)
    assert found.p[0].value == pytest.approx(direct(table, window), rel=1e-9)


def test_too_few_days_are_not_certified(rng):
    days = day_counts(rng, 2, 98, 500)
    found = dated_reference(days, ordered=[True, True]).judge(10 * days[:, 0, ::-1], alpha=ALPHA, floor=0.0)
    assert found.limit is None
    assert found.alarms == (False, False)
    assert found.why == "Rate not certified: the reference has 98 days, 99 are needed."
    assert dated_reference(days, ordered=[True, True]).judge(days[:, 0], alpha=0.02, floor=0.0).why == ""


def test_dated_gaps_and_rare_values_do_not_break_it(rng):
    table = rng.poisson(20, (99, 5))
    table[:, 3] = 0
    table[7, 4], table[8:, 4] = 3, 0
    table[:7, 4] = 0
    table[20] = 0
    constant = np.zeros((99, 3), int)
    constant[:, 1] = 50
    never = np.zeros((99, 3), int)
    fitted = dated_reference([table, constant, never], ordered=[False, True, True])
    found = fitted.judge([[20, 20, 20, 5, 5], [0, 50, 0], [1, 1, 1]], alpha=ALPHA, floor=FLOOR)
    assert 0 < found.p[0].value < 1
    assert found.p[1].value == 1
    assert found.p[2].why == "Too few days hold values."
    assert fitted.judge([[0] * 5, [0] * 3, [0] * 3], alpha=ALPHA, floor=FLOOR).p[0].why == "The window has no values."
