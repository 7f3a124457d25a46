"""Fairness: against Fairlearn and scikit-learn on the same rows, laws, and how often verdicts are right."""

import math

import numpy as np
import pytest
from fairlearn import metrics as fairlearn
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import precision_score

from core.analysis.fairness import Fairness, fairness
from core.analysis.fairness_verdict import Limit, judge
from core.analysis.group_rates import Decided, cut_at, decide, share
from core.analysis.group_spread import equal_treatment, spread
from core.analysis.intervals import mover_ratio, newcombe, wilson
from core.analysis.parity import parity
from tests.analysis.rows import output, with_thresholds

FOUR_FIFTHS = Limit(of="ratio", low=0.8)
THRESHOLD = 0.4
EDGES = with_thresholds(np.linspace(0.02, 0.98, 49), (THRESHOLD,))
RATES = {
    "selection_rate": fairlearn.selection_rate,
    "tpr": fairlearn.true_positive_rate,
    "fpr": fairlearn.false_positive_rate,
    "fnr": fairlearn.false_negative_rate,
    "tnr": fairlearn.true_negative_rate,
    "ppv": lambda y, d: precision_score(y, d),
    "npv": lambda y, d: precision_score(y, d, pos_label=0),
    "base_rate": lambda y, d: np.mean(y),
}


class Rows:
    """Scores, labels and groups, some scores exactly at the threshold."""

    def __init__(self, seed: int, n: int = 3_000) -> None:
        rng = np.random.default_rng(seed)
        self.groups = rng.choice(["a", "b", "c", "d"], n, p=[0.5, 0.3, 0.15, 0.05])
        shift = np.select([self.groups == "b", self.groups == "c"], [0.1, -0.08], 0.0)
        self.scores = np.clip(rng.beta(2, 3, n) + shift, 0, 1)
        self.scores[rng.random(n) < 0.05] = THRESHOLD
        self.labels = (rng.random(n) < self.scores).astype(int)
        self.decisions = (self.scores >= THRESHOLD).astype(int)

    def outputs(self, edges=EDGES, labels=None):
        labels = self.labels if labels is None else labels
        return {
            name: output(self.scores[self.groups == name], labels[self.groups == name], edges)
            for name in np.unique(self.groups)
        }

    def frame(self, metric, *, flipped: bool = False):
        labels, decisions = (1 - self.labels, 1 - self.decisions) if flipped else (self.labels, self.decisions)
        return fairlearn.MetricFrame(metrics=metric, y_true=labels, y_pred=decisions, sensitive_features=self.groups)


def told(found: Fairness, criterion: str):
    return next(one for one in found.parities if one.criterion == criterion)


@pytest.mark.parametrize("seed", range(3))
def test_rates_are_fairlearns(seed: int) -> None:
    rows = Rows(seed)
    found = fairness(rows.outputs(), EDGES, THRESHOLD)
    assert found.cut.exact
    assert found.note == ""
    for name, metric in RATES.items():
        expected = rows.frame(metric).by_group
        for rates in found.rates:
            assert getattr(rates, name).value == pytest.approx(expected[rates.group], abs=1e-9)
            assert getattr(rates, name).binning == 0
    counts = rows.frame(fairlearn.count).by_group
    assert {rates.group: rates.rows for rates in found.rates} == counts.to_dict()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("favourable", ["positive", "negative"])
def test_spreads_are_fairlearns(seed: int, favourable: str) -> None:
    """With the negative decision favourable: Fairlearn on labels and decisions turned round."""
    rows = Rows(seed)
    found = fairness(rows.outputs(), EDGES, THRESHOLD, favourable=favourable)
    turned = favourable == "negative"
    labels, decisions = (1 - rows.labels, 1 - rows.decisions) if turned else (rows.labels, rows.decisions)

    def theirs(metric):
        return metric(labels, decisions, sensitive_features=rows.groups)

    expected = {
        "demographic_parity": (
            theirs(fairlearn.demographic_parity_difference), theirs(fairlearn.demographic_parity_ratio)
        ),
        "equal_opportunity": (
            theirs(fairlearn.equal_opportunity_difference), theirs(fairlearn.equal_opportunity_ratio)
        ),
        "equalised_odds": (theirs(fairlearn.equalized_odds_difference), theirs(fairlearn.equalized_odds_ratio)),
        "predictive_parity": (
            rows.frame(precision_score, flipped=turned).difference(),
            rows.frame(precision_score, flipped=turned).ratio(),
        ),
    }  # fmt: skip
    for criterion, (difference, ratio) in expected.items():
        spread = told(found, criterion).spread
        assert spread.difference.value == pytest.approx(difference, abs=1e-9)
        assert spread.ratio.value == pytest.approx(ratio, abs=1e-9)
        assert spread.left_out == ()


def test_each_group_against_a_named_one_and_against_all_others() -> None:
    rows = Rows(4)
    named = told(fairness(rows.outputs(), EDGES, THRESHOLD, against="b"), "demographic_parity")
    rates = rows.frame(fairlearn.selection_rate).by_group
    assert [one.group for one in named.comparisons] == ["a", "c", "d"]
    for one in named.comparisons:
        assert one.against == "b"
        assert one.difference.value == pytest.approx(rates[one.group] - rates["b"], abs=1e-9)
        assert one.ratio.value == pytest.approx(rates[one.group] / rates["b"], abs=1e-9)
    others = told(fairness(rows.outputs(), EDGES, THRESHOLD), "demographic_parity")
    for one in others.comparisons:
        mine, rest = rows.decisions[rows.groups == one.group], rows.decisions[rows.groups != one.group]
        counts = int(mine.sum()), len(mine), int(rest.sum()), len(rest)
        assert one.against == "all others"
        assert one.difference.value == pytest.approx(mine.mean() - rest.mean(), abs=1e-9)
        assert (one.difference.low, one.difference.high) == newcombe(*counts)
        assert one.ratio.value == pytest.approx(mine.mean() / rest.mean(), abs=1e-9)
        assert (one.ratio.low, one.ratio.high) == mover_ratio(*counts)
        assert one.ratio.n == len(rows.groups)


def test_equalised_odds_takes_the_worse_of_both_rates() -> None:
    rows = Rows(5)
    found = told(fairness(rows.outputs(), EDGES, THRESHOLD, against="a"), "equalised_odds")
    for one in found.comparisons:
        tpr, fpr = one.parts
        assert one.difference.value == max(abs(tpr.difference.value), abs(fpr.difference.value))
        assert one.ratio.value == min(min(part.ratio.value, 1 / part.ratio.value) for part in (tpr, fpr))
        assert 0 <= one.difference.low <= one.difference.value <= one.difference.high <= 1
        assert 0 <= one.ratio.low <= one.ratio.value <= one.ratio.high <= 1
    assert len(found.gaps) == 6


@pytest.mark.parametrize("truth", [(0.6, 0.6, 0.3, 0.3), (0.6, 0.5, 0.3, 0.3), (0.6, 0.5, 0.2, 0.3)])
def test_equalised_odds_intervals_cover(truth: tuple[float, float, float, float]) -> None:
    rng = np.random.default_rng(8)
    tpr_a, tpr_b, fpr_a, fpr_b = truth
    difference = max(abs(tpr_a - tpr_b), abs(fpr_a - fpr_b))
    ratio = min(min(tpr_a / tpr_b, tpr_b / tpr_a), min(fpr_a / fpr_b, fpr_b / fpr_a))
    hits = [0, 0]
    for _ in range(150):
        tables = {}
        for name, tpr, fpr in (("a", tpr_a, fpr_a), ("b", tpr_b, fpr_b)):
            tp, fp = rng.binomial(300, tpr), rng.binomial(300, fpr)
            tables[name] = Decided(table=np.array([[[300 - fp, 300 - tp, 0], [fp, tp, 0]]] * 3), invalid=0)
        (one,) = parity(tables, "equalised_odds", favourable="positive", against="b").comparisons
        hits[0] += one.difference.low <= difference <= one.difference.high
        hits[1] += one.ratio.low <= ratio <= one.ratio.high
    assert min(hits) / 150 >= 0.93


def test_rows_without_label_are_decided_on_but_in_no_error_rate() -> None:
    rows = Rows(6)
    labels = np.where(np.random.default_rng(1).random(len(rows.labels)) < 0.4, rows.labels, -1)
    for rates in fairness(rows.outputs(labels=labels), EDGES, THRESHOLD).rates:
        mine = rows.groups == rates.group
        known = mine & (labels >= 0)
        assert rates.rows == mine.sum()
        assert rates.labelled == known.sum()
        assert rates.selection_rate.value == pytest.approx(rows.decisions[mine].mean(), abs=1e-12)
        assert rates.tpr.n == (rows.labels[known] == 1).sum()
        assert rates.tpr.value == pytest.approx(rows.decisions[known & (labels == 1)].mean(), abs=1e-12)
        assert (rates.tpr.low, rates.tpr.high) == wilson(round(rates.tpr.value * rates.tpr.n), rates.tpr.n)


def test_what_cannot_be_told_says_why_and_is_never_parity() -> None:
    rows = Rows(7)
    outputs = rows.outputs()
    outputs["nobody"] = output([], [], EDGES)
    outputs["unlabelled"] = output([0.1, 0.9], [-1, -1], EDGES)
    outputs["good"] = output([0.2, 0.9], [0, 0], EDGES)
    outputs["broken"] = output([math.nan, math.inf], [0, 1], EDGES)
    found = fairness(outputs, EDGES, THRESHOLD)
    rates = {one.group: one for one in found.rates}
    assert (rates["nobody"].selection_rate.value, rates["nobody"].selection_rate.why) == (None, "no rows with a score")
    assert rates["unlabelled"].tpr.why == "no labels yet"
    assert rates["unlabelled"].selection_rate.value == 0.5
    assert rates["good"].tpr.why == "no labelled row is positive"
    assert rates["good"].fpr.value == 0.5
    assert rates["broken"].invalid == 2
    assert rates["broken"].ppv.value is None
    opportunity = told(found, "equal_opportunity")
    assert opportunity.spread.left_out == ("nobody", "unlabelled", "good", "broken")
    for one in opportunity.comparisons:
        if one.group in opportunity.spread.left_out:
            assert one.difference.value is None
            assert one.difference.why == f"{one.group} has no rows for the true positive rate"
    verdict = judge(opportunity.gaps, FOUR_FIFTHS)
    assert verdict.outcome == "not enough data"
    assert all(part.outcome != "pass" for part in verdict.parts if part.gap.group in opportunity.spread.left_out)
    assert {one.group for one in found.calibration} == set(outputs)


def test_nothing_and_nobody_to_compare_with() -> None:
    nothing = fairness({}, EDGES, 0.4)
    assert nothing.rates == nothing.calibration == ()
    assert all(one.spread.difference.value is None for one in nothing.parities)
    alone = told(fairness({"a": output([0.1, 0.9], [0, 1], EDGES)}, EDGES, 0.4), "demographic_parity")
    assert alone.comparisons == ()
    assert judge(alone.gaps, FOUR_FIFTHS).why == "there is no group to compare with"
    absent = told(fairness({"a": output([0.1], [0], EDGES)}, EDGES, 0.4, against="b"), "demographic_parity")
    assert absent.comparisons[0].ratio.why == "b has no rows for the share decided positive"
    assert judge(absent.gaps, FOUR_FIFTHS).outcome == "not enough data"


@settings(max_examples=35)
@given(st.floats(-0.2, 1.2), st.integers(0, 10_000))
def test_any_other_threshold_is_answered_within_the_binning_error(threshold: float, seed: int) -> None:
    rows = Rows(seed, 400)
    edges = np.array([0.1, 0.3, 0.35, 0.6, 0.8])
    found = fairness(rows.outputs(edges), edges, threshold, against="a")
    decisions = rows.scores >= threshold
    assert not found.cut.exact
    assert found.note.startswith("Judged at 0.")
    rates = {}
    for one in found.rates:
        mine = rows.groups == one.group
        for name, chosen, counted in (
            ("selection_rate", mine, decisions), ("tpr", mine & (rows.labels == 1), decisions),
            ("fnr", mine & (rows.labels == 1), ~decisions), ("fpr", mine & (rows.labels == 0), decisions),
            ("ppv", mine & decisions, rows.labels == 1), ("npv", mine & ~decisions, rows.labels == 0),
        ):  # fmt: skip
            rate = getattr(one, name)
            if chosen.any() and rate.value is not None:
                rates[one.group, name] = counted[chosen].mean()
                assert abs(rates[one.group, name] - rate.value) <= rate.binning + 1e-12
    for criterion, name in (("demographic_parity", "selection_rate"), ("predictive_parity", "ppv")):
        for one in told(found, criterion).comparisons:
            mine, other = rates.get((one.group, name)), rates.get(("a", name))
            if mine is None or other is None:
                continue
            if one.difference.value is not None:
                assert abs(mine - other - one.difference.value) <= one.difference.binning + 1e-12
            if one.ratio.value is not None and other:
                assert abs(mine / other - one.ratio.value) <= one.ratio.binning + 1e-9
        spread, all_told = told(found, criterion).spread, [rates.get((g, name)) for g in "abcd"]
        if None not in all_told and spread.difference.value is not None and not spread.left_out:
            assert abs(max(all_told) - min(all_told) - spread.difference.value) <= spread.difference.binning + 1e-12
            if max(all_told) and spread.ratio.value is not None:
                assert abs(min(all_told) / max(all_told) - spread.ratio.value) <= spread.ratio.binning + 1e-12


@settings(max_examples=12)
@given(st.integers(0, 10_000), st.integers(1, 399))
def test_shards_and_order_change_nothing(seed: int, split: int) -> None:
    rows = Rows(seed, 400)
    cut = cut_at(EDGES, THRESHOLD)
    whole = decide(output(rows.scores, rows.labels, EDGES), cut)
    parts = [
        decide(output(rows.scores[part], rows.labels[part], EDGES), cut) for part in (slice(split), slice(split, None))
    ]
    np.testing.assert_array_equal((parts[1] + parts[0]).table, whole.table)
    outputs = rows.outputs()
    backwards = dict(reversed(outputs.items()))
    first, second = fairness(outputs, EDGES, THRESHOLD), fairness(backwards, EDGES, THRESHOLD)
    assert first.rates == tuple(reversed(second.rates))
    for one, other in zip(first.parities, second.parities, strict=True):
        assert one.comparisons == tuple(reversed(other.comparisons))
        assert one.spread.difference == other.spread.difference


def test_max_less_min_beside_what_equal_treatment_gives() -> None:
    """Statistics, section 4: 12 groups of 100 at .3 give .149 and a ratio below .8 in 99.6 % of cases."""
    differences, ratios = equal_treatment([100] * 12, 0.3, draws=20_000)
    assert differences.mean() == pytest.approx(0.149, abs=0.001)
    assert np.mean(ratios < 0.8) == pytest.approx(0.996, abs=0.002)
    rng = np.random.default_rng(2)
    tables = {
        f"group {i}": Decided(table=np.array([[[100 - k, 0, 0], [k, 0, 0]]] * 3), invalid=0)
        for i, k in enumerate(rng.binomial(100, 0.3, 12))
    }
    found = spread(tables, ["positive_rate"])
    assert found == spread(tables, ["positive_rate"])
    assert found.equal_difference == pytest.approx(0.149, abs=0.02)
    assert found.equal_difference < found.equal_difference_high < 0.25
    assert found.equal_ratio_low < found.equal_ratio < 0.8
    assert 0.01 < found.as_wide < 0.99
    values = {name: share(table, "positive_rate").value for name, table in tables.items()}
    assert values[found.highest] - values[found.lowest] == found.difference.value
    with pytest.raises(ValueError, match="at least one rate"):
        spread(tables, [])
