"""Errors of a regression, against scikit-learn."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn import metrics

from core.analysis import regression
from tests.analysis.rows import errors

NUMBERS = (regression.mae, regression.bias, regression.rmse, regression.r2)
numbers = hnp.arrays(
    np.float64, st.tuples(st.integers(2, 60), st.just(2)), elements=st.floats(-1e3, 1e3).map(lambda x: round(x, 3))
)


@given(numbers)
def test_values_are_those_of_scikit_learn(rows):
    predictions, labels = rows.T
    told = errors(predictions, labels)
    assert regression.mae(told).value == pytest.approx(metrics.mean_absolute_error(labels, predictions), abs=1e-9)
    expected = metrics.root_mean_squared_error(labels, predictions)
    assert regression.rmse(told).value == pytest.approx(expected, abs=1e-9)
    assert regression.bias(told).value == pytest.approx((predictions - labels).mean(), abs=1e-9)
    if np.ptp(labels) > 0:
        expected = metrics.r2_score(labels, predictions)
        assert regression.r2(told).value == pytest.approx(expected, abs=1e-9, rel=1e-9)
    else:
        assert regression.r2(told).value is None
    for number in NUMBERS:
        one = number(told)
        assert one.n == len(labels)
        if one.low is not None:
            assert one.low <= one.value <= one.high


@given(numbers, numbers)
def test_merged_errors_give_the_numbers_of_all_rows(first, second):
    both = np.concatenate([first, second])
    merged, whole = errors(*first.T) + errors(*second.T), errors(*both.T)
    for number in (regression.mae, regression.bias, regression.rmse):
        assert number(merged).value == pytest.approx(number(whole).value, abs=1e-9)


@pytest.mark.parametrize("shape", ["normal", "biased", "laplace"])
def test_intervals_cover(shape):
    rng = np.random.default_rng(1)
    repetitions, n = 3_000, 1_000
    draw = {"normal": rng.standard_normal, "biased": rng.standard_normal, "laplace": lambda s: rng.laplace(size=s)}[
        shape
    ]
    shift = 0.5 if shape == "biased" else 0.0
    density = math.exp(-0.125) / math.sqrt(2 * math.pi)
    size = {
        "normal": math.sqrt(2 / math.pi),
        "biased": 2 * density + 0.5 * math.erf(0.5 / math.sqrt(2)),
        "laplace": 1.0,
    }[shape]
    square = (2.0 if shape == "laplace" else 1.0) + shift**2
    truths = {regression.mae: size, regression.rmse: math.sqrt(square), regression.bias: shift}
    inside = dict.fromkeys(truths, 0)
    explained = 0
    for row in draw((repetitions, n)) + shift:
        labels = rng.normal(0, 2, n)
        told = errors(labels + row, labels)
        for number, truth in truths.items():
            one = number(told)
            inside[number] += one.low <= truth <= one.high
        r2 = regression.r2(told)
        explained += r2.low <= 1 - square / 4 <= r2.high
    reach = 3.29 * math.sqrt(0.95 * 0.05 / repetitions)
    for number, hits in inside.items():
        assert abs(hits / repetitions - 0.95) <= reach, number.__name__
    assert explained / repetitions >= 0.95 - reach


def test_unlabelled_rows_do_not_count():
    told = errors([1.0, 2.0, 5.0], [2.0, math.nan, 2.0])
    assert (told.unlabelled, regression.mae(told).n, regression.mae(told).value) == (1, 2, 2.0)


def test_no_rows_are_not_enough_data():
    for number in NUMBERS:
        one = number(errors([], []))
        assert (one.value, one.low, one.high, one.n) == (None, None, None, 0)
        assert one.why.startswith("Not enough data")


@pytest.mark.parametrize(("n", "known"), [(1, False), (29, False), (30, True)])
def test_few_rows_have_no_interval(n, known):
    rng = np.random.default_rng(2)
    told = errors(rng.normal(size=n), rng.normal(size=n))
    for number in (regression.mae, regression.bias, regression.rmse):
        assert number(told).value is not None
        assert (number(told).low is not None) is known


def test_perfect_predictions_and_equal_labels():
    labels = np.arange(50.0)
    told = errors(labels, labels)
    assert [number(told).value for number in NUMBERS] == [0, 0, 0, 1]
    assert (regression.rmse(told).low, regression.rmse(told).high) == (0, 0)
    equal = regression.r2(errors(labels, np.full(50, 3.0)))
    assert equal.value is None
    assert "no variance" in equal.why
