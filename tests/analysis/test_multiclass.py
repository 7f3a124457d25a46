"""Several classes, against scikit-learn."""

import math

import numpy as np
import pytest
from sklearn import metrics

from core.analysis import multiclass
from core.profiles import Confusion
from tests.analysis.rows import confusion, counted, output, with_thresholds

NAMES = ["a", "b", "c"]


def near(expected):
    return pytest.approx(expected, rel=0, abs=1e-9)


@pytest.fixture(scope="module")
def rows():
    """Labels, and probabilities of three classes in steps of 0.02 that sum to 1."""
    rng = np.random.default_rng(1)
    parts = rng.multinomial(50, [0.5, 0.3, 0.2], 2_500) / 50
    spread = rng.dirichlet([1, 1, 1], 2_500)
    parts = np.round((parts + spread) / 2 * 50)
    parts[:, 2] = 50 - parts[:, 0] - parts[:, 1]
    parts = np.clip(parts, 0, None)
    probabilities = parts / parts.sum(axis=1, keepdims=True)
    true = (rng.random((2_500, 1)) > probabilities.cumsum(axis=1)).sum(axis=1).clip(0, 2)
    return true, probabilities


def profiles(true, probabilities):
    edges = {name: with_thresholds(np.unique(probabilities[:, k])) for k, name in enumerate(NAMES)}
    outputs = {name: output(probabilities[:, k], (true == k).astype(int), edges[name]) for k, name in enumerate(NAMES)}
    return outputs, edges


def test_predictions_agree_with_scikit_learn(rows):
    true, probabilities = rows
    predicted = probabilities.argmax(axis=1)
    told = multiclass.predictions(confusion(true, predicted, [0, 1, 2]), NAMES)
    assert told.accuracy.value == near(metrics.accuracy_score(true, predicted))
    precision, recall, f1, support = metrics.precision_recall_fscore_support(true, predicted)
    for part, expected in ((told.precision, precision), (told.recall, recall), (told.f1, f1)):
        assert [part.classes[name].value for name in NAMES] == near(list(expected))
        assert part.macro.value == near(expected.mean())
        assert part.macro.low < part.macro.value < part.macro.high
    assert [told.recall.classes[name].n for name in NAMES] == list(support)


def test_scores_agree_with_scikit_learn(rows):
    true, probabilities = rows
    told = multiclass.scores(*profiles(true, probabilities))
    for k, name in enumerate(NAMES):
        mine, score = true == k, probabilities[:, k]
        assert told.roc_auc.classes[name].value == near(metrics.roc_auc_score(mine, score))
        assert told.pr_auc.classes[name].value == near(metrics.average_precision_score(mine, score))
        assert told.brier.classes[name].value == near(metrics.brier_score_loss(mine, score))
        assert told.log_loss.classes[name].value == near(metrics.log_loss(mine, np.clip(score, 1e-15, 1 - 1e-15)))
    assert told.roc_auc.macro.value == near(metrics.roc_auc_score(true, probabilities, multi_class="ovr"))
    one_hot = np.eye(3)[true]
    assert told.pr_auc.macro.value == near(metrics.average_precision_score(one_hot, probabilities))
    assert told.brier_total.value == near(metrics.brier_score_loss(true, probabilities))
    expected = -np.log(np.clip(probabilities[np.arange(len(true)), true], 1e-15, 1)).mean()
    assert told.log_loss_total.value == near(expected)
    inner = (probabilities > 0).all(axis=1)
    told = multiclass.scores(*profiles(true[inner], probabilities[inner]))
    assert told.log_loss_total.value == near(metrics.log_loss(true[inner], probabilities[inner]))


def test_coarse_bins_keep_the_macro_within_its_bound(rows):
    true, probabilities = rows
    edges = dict.fromkeys(NAMES, np.array([0.2, 0.35, 0.6]))
    outputs = {name: output(probabilities[:, k], true == k, edges[name]) for k, name in enumerate(NAMES)}
    macro = multiclass.scores(outputs, edges).roc_auc.macro
    exact = metrics.roc_auc_score(true, probabilities, multi_class="ovr")
    assert 0 < abs(macro.value - exact) <= macro.binning


def test_unknown_predictions_are_wrong_and_unknown_labels_do_not_count():
    true, predicted = ["a", "a", "b", "?", "b"], ["a", "new", "b", "a", "a"]
    told = multiclass.predictions(confusion(true, predicted, ["a", "b"]), ["a", "b"])
    assert (told.accuracy.value, told.accuracy.n) == (0.5, 4)
    known = [0, 1, 2, 4]
    said = [predicted[i] for i in known]
    expected = metrics.precision_recall_fscore_support([true[i] for i in known], said, labels=["a", "b"])
    for part, numbers in zip((told.precision, told.recall, told.f1), expected[:3], strict=True):
        assert [part.classes[name].value for name in ("a", "b")] == near(list(numbers))


def test_a_class_that_does_not_occur_is_left_out_of_the_macro():
    told = multiclass.predictions(confusion(list("aabb"), list("abbb"), NAMES), NAMES)
    assert told.recall.classes["c"].value is None
    assert told.recall.macro.value == near(0.75)
    assert told.f1.macro.value == near(metrics.f1_score(list("aabb"), list("abbb"), average="macro"))


def test_a_class_that_is_never_predicted_has_no_precision():
    told = multiclass.predictions(confusion(list("aabc"), list("aabb"), NAMES), NAMES)
    assert told.precision.classes["c"].value is None
    assert told.precision.macro.value is None
    assert told.precision.macro.why.startswith("Class c: Not enough data")
    assert told.recall.classes["c"].value == 0
    assert told.f1.classes["c"].value == 0


def test_no_rows_are_not_enough_data():
    told = multiclass.predictions(Confusion(counts=np.zeros((4, 4), np.int64)), NAMES)
    for number in (told.accuracy, told.precision.macro, told.recall.macro, told.f1.macro):
        assert number.value is None
        assert number.why
    empty = multiclass.scores({"a": counted([0, 0], [0, 0])}, {"a": np.array([0.5])})
    for number in (empty.roc_auc.macro, empty.brier_total, empty.log_loss_total):
        assert number.value is None
        assert number.why
    assert multiclass.scores({}, {}).roc_auc.macro.value is None


def test_totals_need_every_class_on_the_same_rows(rows):
    true, probabilities = rows
    probabilities = probabilities.copy()
    probabilities[0, 1] = math.nan
    outputs, _ = profiles(true, np.nan_to_num(probabilities))
    edges = {name: np.array([0.5]) for name in NAMES}
    outputs = {name: output(probabilities[:, k], true == k, edges[name]) for k, name in enumerate(NAMES)}
    told = multiclass.scores(outputs, edges)
    assert told.brier_total.value is None
    assert "miss the score" in told.log_loss_total.why
    assert told.roc_auc.macro.value is not None


def test_the_macro_interval_is_cautious():
    rng = np.random.default_rng(2)
    truth = np.array([[0.4, 0.08, 0.02], [0.05, 0.2, 0.05], [0.02, 0.03, 0.15]])
    expected = (truth.diagonal() / truth.sum(axis=1)).mean()
    inside = 0
    for draw in rng.multinomial(400, truth.ravel(), 1_000):
        counts = np.zeros((4, 4), np.int64)
        counts[:3, :3] = draw.reshape(3, 3)
        macro = multiclass.predictions(Confusion(counts=counts), NAMES).recall.macro
        inside += macro.low <= expected <= macro.high
    assert inside / 1_000 >= 0.95


def test_classes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="confusion must be"):
        multiclass.predictions(Confusion(counts=np.zeros((3, 3), np.int64)), NAMES)
