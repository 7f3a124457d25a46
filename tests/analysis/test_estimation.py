"""Performance without labels: does the interval hold what the labels then show?"""

import time

import numpy as np
import pytest
from scipy.special import expit
from sklearn.isotonic import IsotonicRegression

from core.analysis import classification, estimation
from core.analysis.measured import Measured, not_told
from tests.analysis.rows import balanced_edges, counted, output, with_thresholds


def true_rate(logit):
    """Scores promise too little above and too much below: the model is not calibrated."""
    return expit(1.3 * logit + 0.2)


def world(n, rng, shift=0.0):
    logit = rng.normal(-1 + shift, 1.6, n)
    return expit(logit), (rng.random(n) < true_rate(logit)).astype(int)


@pytest.fixture(scope="module")
def known():
    """Edges and the profile of a reference of 20,000 rows."""
    scores, labels = world(20_000, np.random.default_rng(1))
    edges = balanced_edges(scores, labels)
    return edges, output(scores, labels, edges)


def realised(window, edges):
    rates = classification.rates(classification.decide(window, edges, 0.5))
    return {
        "roc_auc": classification.roc_auc(window, edges),
        "pr_auc": classification.pr_auc(window, edges),
        "accuracy": rates.accuracy,
        "precision": rates.precision,
        "recall": rates.recall,
        "f1": rates.f1,
        "specificity": rates.specificity,
    }


def test_rates_are_scikit_learns_isotonic_regression(known):
    edges, reference = known
    rows = reference.positives + reference.negatives
    held = np.flatnonzero(rows)
    expected = IsotonicRegression(y_min=0, y_max=1).fit(held, reference.positives[held] / rows[held], rows[held])
    told = estimation.label_rates(reference)
    assert np.allclose(told.rates, expected.predict(np.arange(len(rows))), rtol=0, atol=1e-9)
    assert told.n == 20_000
    assert (np.diff(told.rates) >= 0).all()
    assert (np.diff(told.redrawn, axis=1) >= 0).all()
    assert told.redrawn.shape == (300, len(edges) + 1)


def test_bins_without_reference_rows_lie_in_line_between_their_neighbours():
    told = estimation.label_rates(counted([90, 0, 0, 60, 0], [10, 0, 0, 60, 0]))
    assert told.rates == pytest.approx([0.1, 0.1 + 0.4 / 3, 0.1 + 0.8 / 3, 0.5, 0.5])
    assert np.isfinite(told.redrawn).all()
    assert ((told.redrawn >= 0) & (told.redrawn <= 1)).all()


def test_the_value_is_that_of_the_expected_counts():
    edges = np.array([np.nextafter(0.5, 0)])
    reference = counted([300, 100], [100, 300])
    told = estimation.estimate(estimation.label_rates(reference), counted([0, 0], [0, 0], [40, 80]), edges, 0.5)
    # Expected: 10 of 40 below, 60 of 80 above.
    assert told.accuracy.value == pytest.approx(90 / 120)
    assert told.precision.value == pytest.approx(60 / 80)
    assert told.recall.value == pytest.approx(60 / 70)
    assert told.f1.value == pytest.approx(120 / 150)
    assert told.specificity.value == pytest.approx(30 / 50)
    assert told.positive_rate.value == pytest.approx(70 / 120)
    assert told.roc_auc.value == pytest.approx((60 * 30 + (10 * 30 + 60 * 20) / 2) / (70 * 50))
    assert told.roc_auc.binning == pytest.approx((10 * 30 + 60 * 20) / 2 / (70 * 50))
    assert told.accuracy.n == 120


def test_known_labels_are_not_looked_at(known):
    edges, reference = known
    scores, labels = world(1_000, np.random.default_rng(2))
    fit = estimation.label_rates(reference)
    assert estimation.estimate(fit, output(scores, labels, edges), edges, 0.5) == estimation.estimate(
        fit, output(scores, np.full(1_000, np.nan), edges), edges, 0.5
    )


def test_the_same_seed_gives_the_same_interval(known):
    edges, reference = known
    window = output(*world(500, np.random.default_rng(3)), edges)
    first, again, other = (
        estimation.estimate(estimation.label_rates(reference, seed=seed), window, edges, 0.5, seed=seed)
        for seed in (1, 1, 2)
    )
    assert first == again
    assert first.roc_auc.low != other.roc_auc.low
    assert first.roc_auc.value == other.roc_auc.value


def test_the_interval_covers_what_labels_show_with_and_without_covariate_shift():
    """2,000 windows of each kind, the reference drawn anew for each; fewer bins than usual, for time."""
    rng = np.random.default_rng(4)
    edges = balanced_edges(*world(50_000, rng), bins=24)
    kinds = {}
    for shift in (0.0, 0.8):
        scores, labels = world(1_000_000, rng, shift)
        kinds[shift] = output(scores, labels, edges).counts[:2].ravel() / 1_000_000
    bins, hits = len(edges) + 1, {}
    for turn in range(2_000):
        q, p = rng.multinomial(10_000, kinds[0.0]).reshape(2, bins)
        fit = estimation.label_rates(counted(q, p), draws=100, seed=turn)
        for shift, shares in kinds.items():
            window = counted(*rng.multinomial(1_000, shares).reshape(2, bins))
            told = estimation.estimate(fit, window, edges, 0.5, seed=turn)
            p, q = window.positives.astype(float), window.negatives.astype(float)
            cut = int(np.searchsorted(edges, 0.5))
            shown = {
                "roc_auc": classification.tied_auc(p, q),
                "accuracy": (p[cut:].sum() + q[:cut].sum()) / 1_000,
                "recall": p[cut:].sum() / p.sum(),
                "f1": 2 * p[cut:].sum() / (p.sum() + (p + q)[cut:].sum()),
            }
            for name, value in shown.items():
                number = getattr(told, name)
                hits[name, shift] = hits.get((name, shift), 0) + (number.low <= value <= number.high)
    for kind, number in hits.items():
        assert 0.90 <= number / 2_000 <= 0.98, kind


def test_the_interval_covers_with_all_bins(known):
    rng = np.random.default_rng(5)
    edges, _ = known
    hits = dict.fromkeys(("roc_auc", "pr_auc", "accuracy", "precision", "recall", "f1", "specificity"), 0)
    for turn in range(100):
        fit = estimation.label_rates(output(*world(20_000, rng), edges), draws=200, seed=turn)
        window = output(*world(2_000, rng), edges)
        told, shown = estimation.estimate(fit, window, edges, 0.5, seed=turn), realised(window, edges)
        for name in hits:
            hits[name] += getattr(told, name).low <= shown[name].value <= getattr(told, name).high
    for name, number in hits.items():
        assert number / 100 >= 0.95 - 3.29 * np.sqrt(0.95 * 0.05 / 100), name


def test_concept_drift_is_not_seen(known):
    """The assumption that is printed with every estimate: labels that have turned leave it as it was."""
    edges, reference = known
    scores, labels = world(5_000, np.random.default_rng(6))
    window = output(scores, 1 - labels, edges)
    told = estimation.estimate(estimation.label_rates(reference), window, edges, 0.5)
    assert told.roc_auc.value > 0.8 > 0.2 > realised(window, edges)["roc_auc"].value
    assert "cannot see it change" in estimation.ASSUMPTIONS


def test_one_estimate_costs_well_under_a_tenth_of_a_second(known):
    """Processor time of the thread, so that a busy machine does not count."""
    edges, reference = known
    window = output(*world(20_000, np.random.default_rng(7)), edges)
    spent = []
    for _ in range(3):
        begun = time.thread_time()
        estimation.estimate(estimation.label_rates(reference), window, edges, 0.5)
        spent.append(time.thread_time() - begun)
    assert min(spent) < 0.1


def test_past_estimate_minus_realised():
    estimated = Measured(value=0.80, low=0.75, high=0.84, n=900, binning=0.001)
    told = estimation.missed(estimated, Measured(value=0.70, low=0.6, high=0.8, n=500, binning=0.002))
    assert (told.value, told.low, told.high) == pytest.approx((0.10, 0.05, 0.14))
    assert (told.n, told.binning) == (500, 0.003)
    assert estimation.missed(not_told(0, "no scores"), estimated).why == "no scores"
    assert estimation.missed(estimated, not_told(3, "no labels yet")).why == "no labels yet"
    assert estimation.missed(Measured(value=0.5, n=9), Measured(value=0.5, n=9)).low is None


@pytest.mark.parametrize("reference", [counted([0, 0], [0, 0], [50, 50]), counted([400, 400], [9, 20])])
def test_a_reference_with_few_labels_gives_no_estimate(reference):
    edges = np.array([np.nextafter(0.5, 0)])
    told = estimation.estimate(estimation.label_rates(reference), counted([5, 5], [5, 5]), edges, 0.5)
    for name in ("roc_auc", "accuracy", "f1"):
        assert getattr(told, name).value is None
        assert "the reference needs 30 rows of either label" in getattr(told, name).why


def test_an_empty_window_gives_no_estimate():
    edges = np.array([np.nextafter(0.5, 0)])
    fit = estimation.label_rates(counted([300, 100], [100, 300]))
    told = estimation.estimate(fit, counted([0, 0], [0, 0]), edges, 0.5)
    assert (told.roc_auc.value, told.roc_auc.n, told.roc_auc.why) == (None, 0, "Not enough data: no row has a score.")


def test_what_is_a_share_of_nothing_is_not_told():
    edges = np.array([np.nextafter(0.5, 0)])
    fit = estimation.label_rates(counted([300, 100], [0, 300]))
    told = estimation.estimate(fit, counted([0, 0], [0, 0], [40, 0]), edges, 0.5)
    for number in (told.roc_auc, told.precision, told.recall):
        assert number.value is None
        assert number.why.startswith("Not enough data")
    assert told.accuracy.value == 1


def test_wrong_arguments_are_refused(known):
    edges, reference = known
    fit = estimation.label_rates(reference)
    with pytest.raises(ValueError, match=r"threshold must be one of the edges, got 0\.123"):
        estimation.estimate(fit, reference, edges, 0.123)
    with pytest.raises(ValueError, match="bins, got 2"):
        estimation.estimate(fit, counted([1, 1], [1, 1]), with_thresholds(edges), 0.5)
    with pytest.raises(ValueError, match="draws must be >= 40, got 3"):
        estimation.label_rates(reference, draws=3)
