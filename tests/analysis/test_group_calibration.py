"""Calibration within groups: against raw rows, coverage, and what chance gives."""

import numpy as np
import pytest

from core.analysis.fairness import fairness
from core.analysis.group_calibration import calibration_by_group
from tests.analysis.rows import output
from tests.analysis.test_fairness import EDGES, THRESHOLD, Rows


def test_calibration_in_the_large_and_by_bins() -> None:
    rows = Rows(9)
    edges = np.linspace(0.002, 0.998, 499)
    found = fairness(rows.outputs(edges), edges, THRESHOLD, against="a").calibration
    for one in found:
        mine = rows.groups == one.group
        scores, labels = rows.scores[mine], rows.labels[mine]
        assert one.in_the_large.value == pytest.approx(labels.mean() - scores.mean(), abs=1e-9)
        assert one.in_the_large.low < one.in_the_large.value < one.in_the_large.high
        assert one.gap.binning <= 0.0011
        assert abs(one.gap.value - _raw_gap(scores, labels, edges)) <= one.gap.binning + 1e-12
        if one.group != "a":
            other = rows.groups == "a"
            expected = labels.mean() - scores.mean() - (rows.labels[other].mean() - rows.scores[other].mean())
            assert one.difference.value == pytest.approx(expected, abs=1e-9)
            assert one.difference.low < expected < one.difference.high
    assert found[0].difference.why == "this is the group that others are compared with"
    halved = {"a": output(rows.scores / 2, rows.labels, edges)}
    (wrong,) = calibration_by_group(halved, edges)
    assert wrong.gap.value > 5 * wrong.gap_by_chance
    assert wrong.in_the_large.low > 0.1


def _raw_gap(scores, labels, edges) -> float:
    """From rows: ten bins of about equal numbers, rows of one fine bin kept together."""
    fine = np.searchsorted(edges, scores, side="left")
    middle_rank = np.array([(fine < b).sum() + (fine == b).sum() / 2 for b in fine])
    coarse = (10 * middle_rank / len(fine)).astype(int)
    return sum(abs(labels[coarse == b].sum() - scores[coarse == b].sum()) for b in set(coarse)) / len(fine)


def test_calibrated_scores_show_the_gap_of_chance_and_are_covered() -> None:
    rng, covered, excess = np.random.default_rng(10), 0, []
    edges = np.linspace(0.002, 0.998, 499)
    for _ in range(300):
        groups = {}
        for name in ("a", "b"):
            scores = rng.beta(2, 5, 400)
            groups[name] = output(scores, rng.random(400) < scores, edges)
        one = calibration_by_group(groups, edges)[0]
        covered += one.difference.low <= 0 <= one.difference.high
        excess.append(one.gap.value - one.gap_by_chance)
    assert covered / 300 >= 0.93
    assert np.mean(excess) == pytest.approx(0, abs=0.002)


def test_scores_that_are_no_probabilities_have_no_calibration() -> None:
    found = fairness({"a": output([3.0, -2.0], [1, 0], EDGES)}, EDGES, THRESHOLD).calibration[0]
    assert (found.in_the_large.value, found.gap.value, found.gap_by_chance) == (None, None, None)
    assert found.in_the_large.why == found.gap.why == "scores are no probabilities"
