"""How much of the truth is in."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from core.analysis import labels
from tests.analysis.rows import errors, output

DAY = 86_400_000


@given(st.integers(0, 500), st.integers(1, 500))
def test_coverage_is_a_share_with_wilsons_interval(labelled, more):
    rows = labelled + more - 1 or 1
    told = labels.coverage(min(labelled, rows), rows)
    expected = binomtest(min(labelled, rows), rows).proportion_ci(method="wilson")
    assert told.value == min(labelled, rows) / rows
    assert (told.low, told.high) == pytest.approx((expected.low, expected.high), abs=1e-9)
    assert told.n == rows


def test_coverage_counts_rows_without_a_score_too():
    told = labels.output_coverage(output([0.2, math.nan, 0.4, math.nan], [1, 0, math.nan, math.nan], np.array([0.5])))
    assert (told.value, told.n) == (0.5, 4)


def test_coverage_of_a_regression():
    told = labels.errors_coverage(errors([1, 2, 3, 4], [1, math.nan, math.nan, 2]))
    assert (told.value, told.n) == (0.5, 4)


def test_no_rows_are_no_coverage():
    told = labels.coverage(0, 0)
    assert (told.value, told.n) == (None, 0)
    assert told.why.startswith("Not enough data")


@pytest.mark.parametrize(("labelled", "rows"), [(3, 2), (-1, 2)])
def test_impossible_counts_are_refused(labelled, rows):
    with pytest.raises(ValueError, match=f"got {labelled} of {rows}"):
        labels.coverage(labelled, rows)


@given(st.integers(0, 2 * 10**12), st.integers(0, 3_650), st.integers(-DAY, DAY))
def test_a_window_matures_its_horizon_after_its_end(end, horizon, late):
    as_of = end + horizon * DAY + late
    assert labels.is_mature(end_ms=end, horizon_days=horizon, as_of_ms=as_of) is (late >= 0)
    assert labels.complete_at(end_ms=end, horizon_days=horizon) == as_of - late


def test_a_negative_horizon_is_refused():
    with pytest.raises(ValueError, match="horizon_days must be >= 0, got -1"):
        labels.is_mature(end_ms=0, horizon_days=-1, as_of_ms=0)
