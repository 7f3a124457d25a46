"""Calibration against raw rows, its bound, and what chance alone shows."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve

from core.analysis.calibration import calibration_error, in_the_large
from core.analysis.intervals import wilson
from tests.analysis.rows import balanced_edges, bins_of, counted, output


def world(n, seed, power=1.0):
    rng = np.random.default_rng(seed)
    scores = rng.beta(1, 3, n)
    return scores, (rng.random(n) < scores**power).astype(int)


def raw_error(scores, labels, points):
    """Expected calibration error over the groups of the points, from rows."""
    inner = [point.up_to for point in points[:-1]]
    group = bins_of(scores, inner)
    gaps = [abs(scores[group == g].sum() - labels[group == g].sum()) for g in range(len(points))]
    return sum(gaps) / len(scores)


@given(st.integers(1, 400), st.integers(0, 60), st.integers(1, 15), st.integers(0, 10_000))
def test_the_error_lies_within_its_bound(n, size, groups, seed):
    scores, labels = world(n, seed, power=1.5)
    edges = np.unique(np.random.default_rng(seed).random(size))
    told = calibration_error(output(scores, labels, edges), edges, groups=groups)
    assert abs(told.error.value - raw_error(scores, labels, told.points)) <= told.error.binning + 1e-12
    assert told.error.binning <= 0.5
    assert 1 <= len(told.points) <= groups
    assert sum(point.observed.n for point in told.points) == n


def test_points_are_those_of_scikit_learn_within_the_bound():
    scores, labels = world(20_000, 1)
    edges = np.arange(1, 200) / 200
    told = calibration_error(output(scores, labels, edges), edges, groups=10)
    assert len(told.points) == 10
    group = bins_of(scores, [point.up_to for point in told.points[:-1]])
    for g, point in enumerate(told.points):
        observed, promised = calibration_curve(labels[group == g], scores[group == g], n_bins=1)
        assert point.observed.value == pytest.approx(observed[0], abs=1e-9)
        assert abs(point.score.value - promised[0]) <= point.score.binning
        assert (point.observed.low, point.observed.high) == wilson(int(labels[group == g].sum()), point.observed.n)
        assert point.above < point.score.value < point.up_to
        assert 0.7 < point.observed.n / 2_000 < 1.3


def test_the_floor_is_what_calibrated_models_show():
    edges = balanced_edges(*world(20_000, 2), bins=64)
    errors, told = [], []
    for seed in range(300):
        scores, labels = world(500, 100 + seed)
        told.append(calibration_error(output(scores, labels, edges), edges))
        errors.append(told[-1].error.value)
    assert np.mean(errors) == pytest.approx(np.mean([one.floor for one in told]), rel=0.05)
    below = np.mean([one.error.value <= one.floor_high for one in told])
    assert 0.95 - 3.29 * math.sqrt(0.95 * 0.05 / 300) <= below <= 0.95 + 3.29 * math.sqrt(0.95 * 0.05 / 300)
    large = calibration_error(output(*world(50_000, 3), edges), edges)
    assert large.floor < told[0].floor / 5


def test_a_model_that_promises_too_much_stands_out_of_its_floor():
    scores, labels = world(5_000, 4, power=2.0)
    edges = balanced_edges(scores, labels)
    told = calibration_error(output(scores, labels, edges), edges)
    assert told.error.value > 3 * told.floor_high


def test_the_same_input_gives_the_same_floor():
    edges = np.array([0.2, 0.6])
    profile = output(*world(300, 5), edges)
    assert calibration_error(profile, edges) == calibration_error(profile, edges)
    assert calibration_error(profile, edges).floor != calibration_error(profile, edges, seed=1).floor


def test_calibration_in_the_large_is_exact_and_covers():
    scores, labels = world(900, 6, power=1.2)
    profile = output(scores, labels, np.array([0.5]))
    told = in_the_large(profile)
    assert told.value == pytest.approx((scores - labels).mean(), abs=1e-12)
    reach = 1.96 * (scores - labels).std(ddof=1) / 30
    assert (told.low, told.high) == pytest.approx((told.value - reach, told.value + reach), abs=1e-3)
    rng = np.random.default_rng(7)
    inside = 0
    for _ in range(2_000):
        promised = rng.beta(1, 3, 200)
        one = in_the_large(output(promised, rng.random(200) < promised / 2, np.array([0.5])))
        inside += one.low <= 0.125 <= one.high
    assert abs(inside / 2_000 - 0.95) <= 3.29 * math.sqrt(0.95 * 0.05 / 2_000)


def test_one_row_has_no_interval_and_one_class_is_no_trouble():
    told = in_the_large(output([0.75], [1], np.array([0.5])))
    assert (told.value, told.low, told.high, told.n) == (-0.25, None, None, 1)
    error = calibration_error(output([0.75], [1], np.array([0.5])), np.array([0.5]))
    assert (error.error.value, error.error.binning) == (0.25, 0.25)


@pytest.mark.parametrize(
    ("scores", "labels", "why"),
    [
        ([], [], "Not enough data"),
        ([0.3, 0.4], [math.nan, math.nan], "Not enough data"),
        ([1.5, 0.2], [1, 0], "no prob"),
    ],
)
def test_what_cannot_be_told_says_why(scores, labels, why):
    edges = np.array([0.5])
    profile = output(scores, labels, edges)
    error = calibration_error(profile, edges)
    assert (error.error.value, error.floor, error.floor_high, error.points) == (None, None, None, ())
    assert why in error.error.why
    assert why in in_the_large(profile).why
    assert in_the_large(profile).value is None


def test_wrong_arguments_are_refused():
    with pytest.raises(ValueError, match="groups must be >= 1, got 0"):
        calibration_error(counted([1, 1], [1, 1]), np.array([0.5]), groups=0)
    with pytest.raises(ValueError, match="counts"):
        calibration_error(counted([1, 1], [1, 1]), np.array([0.1, 0.5]))
