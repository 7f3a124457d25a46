"""Performance of scores against scikit-learn, its bounds and its intervals."""

import math
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.special import expit, ndtr
from sklearn import metrics

from core.analysis import classification as c
from tests.analysis.rows import balanced_edges, bins_of, counted, output, with_thresholds

PUBLISHED = Path(__file__).parents[1] / "fixtures" / "published"
CAR_LOAN = (0.970962, 0.970248, 0.976282, 0.967721, 0.969886, 0.960050, 0.958530, 0.959041, 0.963094, 0.957556)


def near(expected):
    return pytest.approx(expected, rel=0, abs=1e-9)


def band(repetitions):
    """99.9 % band of a coverage that is truly 95 %."""
    reach = 3.29 * math.sqrt(0.95 * 0.05 / repetitions)
    return 0.95 - reach, 0.95 + reach


def covered(numbers, truth):
    return np.mean([number.low <= truth <= number.high for number in numbers])


@pytest.fixture(scope="module")
def car_loan():
    table = pq.read_table(PUBLISHED / "car_loan_scores.parquet")
    return table["score"].to_numpy(), table["label"].to_numpy()


@pytest.fixture
def tied_rows():
    """Scores of 40 values, each of which is an edge, so that binning costs nothing."""
    rng = np.random.default_rng(1)
    scores = rng.integers(0, 41, 3_000) / 40
    labels = (rng.random(3_000) < 0.1 + 0.6 * scores).astype(int)
    return scores, labels, with_thresholds(np.unique(scores), (0.5,))


def test_all_agree_with_scikit_learn_where_every_score_is_an_edge(tied_rows):
    scores, labels, edges = tied_rows
    told = output(scores, labels, edges)
    assert c.roc_auc(told, edges).value == near(metrics.roc_auc_score(labels, scores))
    assert c.pr_auc(told, edges).value == near(metrics.average_precision_score(labels, scores))
    assert c.log_loss(told).value == near(metrics.log_loss(labels, np.clip(scores, 1e-15, 1 - 1e-15)))
    assert c.brier(told, edges).value == near(metrics.brier_score_loss(labels, scores))
    decided = scores >= 0.5
    rates = c.rates(c.decide(told, edges, 0.5))
    assert rates.accuracy.value == near(metrics.accuracy_score(labels, decided))
    assert rates.precision.value == near(metrics.precision_score(labels, decided))
    assert rates.recall.value == near(metrics.recall_score(labels, decided))
    assert rates.f1.value == near(metrics.f1_score(labels, decided))
    assert rates.specificity.value == near(metrics.recall_score(1 - labels, ~decided))
    assert rates.selection.value == near(decided.mean())
    assert {c.roc_auc(told, edges).n, c.brier(told, edges).n, rates.accuracy.n, rates.selection.n} == {3_000}


def test_curves_pass_through_scikit_learns_points(tied_rows):
    scores, labels, edges = tied_rows
    drawn = c.curves(output(scores, labels, edges), edges)
    fpr, tpr, _ = metrics.roc_curve(labels, scores, drop_intermediate=False)
    assert np.allclose(drawn.fpr, fpr, atol=1e-12)
    assert np.allclose(drawn.recall, tpr, atol=1e-12)
    precision, recall, _ = metrics.precision_recall_curve(labels, scores)
    assert np.allclose(drawn.precision, precision[::-1], atol=1e-12)
    assert np.allclose(drawn.recall, recall[::-1], atol=1e-12)
    for edge, share in zip(drawn.edges, drawn.recall, strict=True):
        assert share == near((scores[labels == 1] > edge).mean())
    assert (drawn.edges[0], drawn.edges[-1]) == (math.inf, -math.inf)


rows = st.lists(st.tuples(st.integers(0, 60), st.booleans()), min_size=2, max_size=120).filter(
    lambda rows: 0 < sum(label for _, label in rows) < len(rows)
)
coarse = hnp.arrays(np.float64, st.integers(0, 8), elements=st.integers(0, 60).map(float), unique=True).map(np.sort)


@given(rows, coarse)
def test_areas_lie_within_their_bound(rows, edges):
    scores, labels = (np.array(part, float) for part in zip(*rows, strict=True))
    told = output(scores, labels, edges)
    for number, exact in (
        (c.roc_auc(told, edges), metrics.roc_auc_score(labels, scores)),
        (c.pr_auc(told, edges), metrics.average_precision_score(labels, scores)),
    ):
        assert abs(number.value - exact) <= number.binning + 1e-12


@given(rows, coarse, st.integers(-1, 61).map(float) | st.sampled_from([-math.inf, math.inf]))
def test_rates_lie_within_their_bound_at_any_threshold(rows, edges, threshold):
    scores, labels = (np.array(part, float) for part in zip(*rows, strict=True))
    labels[::7] = math.nan
    made = c.decide(output(scores, labels, edges), edges, threshold)
    known, decided = ~np.isnan(labels), scores >= threshold
    unsure = (made.fp + made.tp + made.tn + made.fn, made.rows)
    assert unsure == (known.sum(), len(scores))
    tp, fp = (decided & (labels == 1)).sum(), (decided & (labels == 0)).sum()
    positives, negatives = (labels == 1).sum(), (labels == 0).sum()
    exact = {
        "accuracy": (tp + negatives - fp, known.sum()),
        "precision": (tp, tp + fp),
        "recall": (tp, positives),
        "f1": (2 * tp, positives + tp + fp),
        "specificity": (negatives - fp, negatives),
        "selection": (decided.sum(), len(scores)),
    }
    rates = c.rates(made)
    for name, (part, whole) in exact.items():
        number = getattr(rates, name)
        if number.value is None:
            assert number.why
        elif whole:
            assert abs(number.value - part / whole) <= number.binning + 1e-12
            assert number.low <= number.value <= number.high


def test_a_threshold_that_is_an_edge_is_exact():
    rng = np.random.default_rng(2)
    scores = np.round(rng.random(2_000), 2)
    labels = (rng.random(2_000) < scores).astype(float)
    labels[:300] = math.nan
    edges = with_thresholds(np.linspace(0.105, 0.905, 9), (0.3, 0.5))
    told = output(scores, labels, edges)
    for threshold in (0.3, 0.5):
        made = c.decide(told, edges, threshold)
        decided = scores >= threshold
        assert made.unsure == (0, 0, 0)
        assert made.edge == np.nextafter(threshold, -math.inf)
        assert (made.tp, made.fp) == ((decided & (labels == 1)).sum(), (decided & (labels == 0)).sum())
        assert (made.fn, made.tn) == ((~decided & (labels == 1)).sum(), (~decided & (labels == 0)).sum())
        assert (made.selected, made.rows) == (decided.sum(), 2_000)
        assert c.rates(made).f1.binning == 0


@pytest.mark.parametrize(("threshold", "used"), [(0.34, 0.3), (0.36, 0.4), (0.95, 0.9), (0.01, 0.1)])
def test_any_other_threshold_takes_the_nearest_edge_and_says_what_is_unsure(threshold, used):
    rng = np.random.default_rng(3)
    scores, edges = rng.random(5_000), np.arange(1, 10) / 10
    labels = (rng.random(5_000) < scores).astype(float)
    made = c.decide(output(scores, labels, edges), edges, threshold)
    assert made.edge == pytest.approx(used)
    assert made.threshold == threshold
    mine = bins_of(scores, edges) == bins_of([threshold], edges)[0]
    assert made.unsure == ((mine & (labels == 0)).sum(), (mine & (labels == 1)).sum(), 0)
    assert c.rates(made).selection.binning == near(mine.mean())


def test_without_edges_everything_is_selected_and_unsure():
    made = c.decide(counted([3], [4], [2]), np.zeros(0), 0.5)
    assert (made.tp, made.fp, made.selected, made.edge, made.unsure) == (4, 3, 9, -math.inf, (3, 4, 2))


@pytest.mark.parametrize("seed", range(3))
def test_auc_of_rare_positives_bunched_near_zero(seed):
    rng = np.random.default_rng(seed)
    labels = (rng.random(1_000_000) < 0.001).astype(int)
    scores = expit(rng.normal(-9 + 2.5 * labels, 1.2))
    edges = balanced_edges(scores, labels)
    told = output(scores, labels, edges)
    area, precision = c.roc_auc(told, edges), c.pr_auc(told, edges)
    missed = abs(area.value - metrics.roc_auc_score(labels, scores))
    assert missed < 0.001
    assert missed <= area.binning < 0.002
    assert abs(precision.value - metrics.average_precision_score(labels, scores)) <= precision.binning


def test_car_loan_chunks_as_nannyml_published_them(car_loan):
    scores, labels = car_loan
    every = with_thresholds(np.unique(scores))
    fine = balanced_edges(scores[:5_000], labels[:5_000], bins=64)
    for chunk, published in enumerate(CAR_LOAN):
        part = slice(chunk * 5_000, (chunk + 1) * 5_000)
        assert round(c.roc_auc(output(scores[part], labels[part], every), every).value, 6) == published
        number = c.roc_auc(output(scores[part], labels[part], fine), fine)
        assert abs(number.value - published) <= number.binning + 5e-7
        assert number.low < published < number.high


def test_a_bin_of_one_number_adds_nothing_to_the_bounds():
    values = np.array([0.2, 0.5, 0.9])
    edges = np.unique(np.concatenate([values, np.nextafter(values, -math.inf)]))
    rng = np.random.default_rng(4)
    scores, labels = rng.choice(values, 500), rng.integers(0, 2, 500)
    told = output(scores, labels, edges)
    assert c.roc_auc(told, edges).binning == 0
    assert c.pr_auc(told, edges).binning == 0
    assert c.roc_auc(output(scores, labels, values), values).binning > 0.1


def test_the_precision_bound_is_met_by_the_worst_and_the_best_order():
    edges = np.array([0.5])
    told = c.pr_auc(counted([4, 3], [2, 5]), edges)
    best = 5 / 7 * 1 + 2 / 7 * 7 / 10
    worst = sum(j / (j + 3) for j in range(1, 6)) / 7 + sum((5 + j) / (5 + j + 7) for j in (1, 2)) / 7
    assert told.value == near(5 / 7 * 5 / 8 + 2 / 7 * 7 / 14)
    assert max(best - told.value, told.value - worst) <= told.binning + 1e-12
    assert told.binning == pytest.approx(max(best - told.value, told.value - worst), abs=0.01)


@pytest.mark.parametrize(
    ("positives", "negatives", "shift", "spread"),
    [(30, 1_000, 1.5, 2.0), (100, 100, 1.0, 1.0), (1_000, 1_000, 2.5, 1.0), (500, 500, 0.0, 1.0)],
)
def test_the_interval_of_auc_covers(positives, negatives, shift, spread):
    rng = np.random.default_rng(5)
    edges = np.linspace(-3, 5, 200)
    inner = np.concatenate([[0], ndtr(edges), [1]])
    of_positives = np.concatenate([[0], ndtr((edges - shift) / spread), [1]])
    counts = zip(
        rng.multinomial(negatives, np.diff(inner), 2_000),
        rng.multinomial(positives, np.diff(of_positives), 2_000),
        strict=True,
    )
    truth = float(ndtr(shift / math.hypot(1, spread)))
    low, high = band(2_000)
    assert low <= covered([c.roc_auc(counted(q, p), edges) for q, p in counts], truth) <= high


@pytest.mark.parametrize(("positives", "negatives", "shift"), [(30, 1_000, 3.3), (30, 30, 3.3), (100, 100, 3.3)])
def test_the_interval_of_auc_is_cautious_where_few_rows_are_misranked(positives, negatives, shift):
    rng = np.random.default_rng(6)
    edges = np.linspace(-3, 6, 300)
    shares = [np.diff(np.concatenate([[0], ndtr(edges - at), [1]])) for at in (0, shift)]
    counts = zip(
        rng.multinomial(negatives, shares[0], 1_500), rng.multinomial(positives, shares[1], 1_500), strict=True
    )
    numbers = [c.roc_auc(counted(q, p), edges) for q, p in counts]
    assert covered(numbers, float(ndtr(shift / math.sqrt(2)))) >= band(1_500)[0]


def test_the_interval_of_average_precision_covers():
    rng = np.random.default_rng(7)
    edges = np.linspace(-4, 7, 400)
    shares = [np.diff(np.concatenate([[0], ndtr(edges - at), [1]])) for at in (0, 2)]
    joint = np.concatenate([0.9 * shares[0], 0.1 * shares[1]])
    truth = float(c.average_precision(0.1 * shares[1], 0.9 * shares[0]))
    draws = rng.multinomial(2_000, joint, 2_000)
    half = len(edges) + 1
    low, high = band(2_000)
    numbers = [c.pr_auc(counted(draw[:half], draw[half:]), edges) for draw in draws]
    assert low <= covered(numbers, truth) <= high


def test_the_intervals_of_rates_cover():
    rng = np.random.default_rng(8)
    edges = np.array([np.nextafter(0.5, 0)])
    chances = np.array([0.52, 0.08, 0.13, 0.27])  # tn, fn, fp, tp
    made = [c.decide(counted(d[[0, 2]], d[[1, 3]]), edges, 0.5) for d in rng.multinomial(1_000, chances, 4_000)]
    rates = [c.rates(one) for one in made]
    low, high = band(4_000)
    truths = {"accuracy": 0.79, "precision": 0.27 / 0.40, "recall": 0.27 / 0.35, "f1": 0.54 / 0.75, "selection": 0.4}
    for name, truth in truths.items():
        assert low <= covered([getattr(rate, name) for rate in rates], truth) <= high, name


def test_the_interval_of_brier_covers_and_is_no_wider_than_need_be():
    rng = np.random.default_rng(9)
    scores = rng.beta(2, 5, (1_500, 400))
    labels = (rng.random(scores.shape) < scores).astype(int)
    edges = balanced_edges(scores[0], labels[0], bins=200)
    truth = 2 / 7 - (2 * 3) / (7 * 8)
    numbers = [c.brier(output(s, y, edges), edges) for s, y in zip(scores, labels, strict=True)]
    assert covered(numbers, truth) >= band(1_500)[0]
    assert covered(numbers, truth) <= 0.99


@pytest.mark.parametrize(("shift", "end"), [(10.0, "high"), (-10.0, "low")])
def test_perfect_separation_still_has_an_interval(shift, end):
    edges = np.array([-5.0, 5.0])
    rng = np.random.default_rng(10)
    scores = np.concatenate([rng.normal(0, 1, 40), rng.normal(shift, 1, 50)])
    number = c.roc_auc(output(scores, np.repeat([0, 1], [40, 50]), edges), edges)
    assert number.value == (1 if end == "high" else 0)
    assert getattr(number, end) == number.value
    assert 0.01 < number.high - number.low < 0.15


def test_all_tied_is_a_coin_with_an_interval_around_it():
    number = c.roc_auc(counted([0, 100], [0, 60]), np.array([0.5]))
    assert (number.value, number.binning) == (0.5, 0.5)
    assert number.low < 0.5 < number.high


@pytest.mark.parametrize(
    ("negatives", "positives", "why"),
    [([0, 0], [0, 0], "positive or negative"), ([3, 2], [0, 0], "positive"), ([0, 0], [1, 5], "negative")],
)
def test_one_class_is_not_enough_data(negatives, positives, why):
    told, edges = counted(negatives, positives, [4, 4]), np.array([0.5])
    for number in (c.roc_auc(told, edges), c.pr_auc(told, edges)):
        assert number.value is None
        assert number.why == f"Not enough data: no row is labelled {why}."
        assert number.n == sum(negatives) + sum(positives)
    assert c.curves(told, edges) is None


@pytest.mark.parametrize(("positives", "known"), [(29, False), (30, True)])
def test_few_rows_of_a_class_have_a_value_without_interval(positives, known):
    told = counted([400, 100], [10, positives - 10])
    for number in (c.roc_auc(told, np.array([0.5])), c.pr_auc(told, np.array([0.5]))):
        assert number.value is not None
        assert (number.low is not None) is known


def test_rates_without_their_rows_are_not_told():
    edges = np.array([np.nextafter(0.5, 0)])
    rates = c.rates(c.decide(counted([5, 0], [0, 0], [1, 2]), edges, 0.5))
    assert (rates.accuracy.value, rates.specificity.value, rates.selection.value) == (1, 1, 0.25)
    for number in (rates.precision, rates.recall, rates.f1):
        assert number.value is None
        assert number.why.startswith("Not enough data")
    nothing = c.rates(c.decide(counted([0, 0], [0, 0]), edges, 0.5))
    assert nothing.selection.value is None
    assert nothing.accuracy.value is None


def test_losses_of_scores_that_are_no_probabilities_are_not_told():
    edges = np.array([0.0, 1.0])
    told = output([-2.0, 0.3, 3.0, math.nan], [0, 1, 1, 1], edges)
    assert c.roc_auc(told, edges).value == 1
    for number in (c.log_loss(told), c.brier(told, edges)):
        assert (number.value, number.n) == (None, 3)
        assert "no probabilities" in number.why
    assert c.log_loss(counted([0, 0, 0], [0, 0, 0])).value is None


def test_losses_do_not_mind_a_class_without_rows():
    told = counted([2, 0], [0, 0])
    object.__setattr__(told, "squared_error", np.array([0.5, math.nan]))
    assert c.brier(told, np.array([0.5])).value == 0.25


def test_billions_of_rows_do_not_overflow():
    number = c.roc_auc(counted([3_000_000_000, 1_000_000_000], [1_000_000_000, 3_000_000_000]), np.array([0.5]))
    assert number.value == pytest.approx(0.75)


def test_wrong_arguments_are_refused():
    told = counted([1, 1], [1, 1])
    with pytest.raises(ValueError, match="counts"):
        c.roc_auc(told, np.array([0.1, 0.2]))
    with pytest.raises(ValueError, match="threshold must be a number"):
        c.decide(told, np.array([0.5]), math.nan)


@given(rows, coarse)
def test_the_area_of_turned_scores_is_the_rest(rows, edges):
    scores, labels = (np.array(part, float) for part in zip(*rows, strict=True))
    told = c.roc_auc(output(scores, labels, edges), edges)
    counts = output(scores, labels, edges).counts
    turned = c.roc_auc(counted(counts[0][::-1], counts[1][::-1]), -edges[::-1])
    assert turned.value == near(1 - told.value)
