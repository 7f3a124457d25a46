"""Data quality of one column: against raw rows, exact chances, and the bounds it states."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from core.analysis.intervals import newcombe, wilson
from core.analysis.quality import categories, gaps, range_break, schema_changes
from core.profiles import Categorical, Numeric
from tests.analysis.rows import bins_of, moments


@pytest.fixture(autouse=True)
def _no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def numeric(values, edges, **parts) -> Numeric:
    values = np.asarray(values, float)
    counts = np.bincount(bins_of(values, edges), minlength=len(edges) + 1)
    return Numeric(rows=len(values) + sum(parts.values()), moments=moments(values), counts=counts, **parts)


def test_gaps_of_numbers():
    reference = numeric(np.arange(90), [10.0], nulls=10)
    current = numeric(np.arange(40), [10.0], nulls=5, nans=2, neg_inf=1, pos_inf=2, bad=10)
    found = gaps(reference, current)
    shares = [
        getattr(found, part).current.value * 60 for part in ("missing", "nan", "infinite", "unreadable", "unusable")
    ]
    assert shares == pytest.approx([5, 2, 3, 10, 20])
    missing = found.missing
    assert (missing.current.low, missing.current.high, missing.current.n) == (*wilson(5, 60), 60)
    assert (missing.reference.value, missing.reference.n) == (0.1, 100)
    assert missing.change.value == pytest.approx(5 / 60 - 0.1)
    assert (missing.change.low, missing.change.high) == newcombe(5, 60, 10, 100)
    assert found.unusable.change.low > 0


def test_gaps_of_categories():
    found = gaps(Categorical(rows=10, counts=np.array([10])), Categorical(rows=8, nulls=4, counts=np.array([4])))
    assert found.missing.current.value == found.unusable.current.value == 0.5
    assert found.nan.current.value == found.unreadable.current.value == 0


def test_gaps_without_rows():
    some, none = numeric([1.0], []), numeric([], [])
    assert gaps(some, none).missing.current.value is None
    assert gaps(some, none).missing.change.why == "The window has no rows."
    assert gaps(none, some).missing.change.why == "The reference has no rows."
    assert gaps(none, some).missing.current.value == 0


values = st.lists(st.integers(-20, 20).map(float), min_size=1, max_size=80)


@given(values, values, st.lists(st.integers(-22, 22).map(float), max_size=8, unique=True))
def test_range_break_keeps_its_bound(first, second, edges):
    edges = np.sort(np.array(edges, float))
    found = range_break(edges, numeric(first, edges), numeric(second, edges))
    below = np.mean(np.array(second) < min(first))
    above = np.mean(np.array(second) > max(first))
    for share, exact in ((found.below, below), (found.above, above), (found.outside, below + above)):
        assert abs(share.value - exact) <= share.binning + 1e-12
        low, high = wilson(round(exact * len(second)), len(second))
        assert share.low <= low + 1e-12
        assert high <= share.high + 1e-12
        assert share.n == len(second)
    assert found.breaks == (below + above > 0)
    assert (found.lowest, found.highest) == (min(second), max(second))


def test_range_break_is_exact_at_an_edge():
    edges = np.array([np.nextafter(0.0, -1), 5.0, 10.0])
    reference, current = numeric([0, 3, 10], edges), numeric([-1, -2, 0, 4, 10, 11, 12, 13], edges)
    found = range_break(edges, reference, current)
    assert (found.below.value, found.below.binning) == (2 / 8, 0)
    assert (found.above.value, found.above.binning) == (3 / 8, 0)
    assert (found.outside.value, found.outside.binning) == (5 / 8, 0)
    inside = range_break(edges, reference, numeric([0, 10], edges))
    assert (inside.outside.value, inside.outside.binning, inside.breaks) == (0, 0, False)


def test_one_row_far_out_is_not_taken_for_its_whole_bin():
    rng = np.random.default_rng(7)
    edges = np.quantile(first := rng.normal(size=50_000), np.arange(1, 50) / 50)
    second = np.append(rng.normal(size=5000), 90.0)
    found = range_break(edges, numeric(first, edges), numeric(second, edges))
    assert found.breaks
    assert found.above.value < 0.006
    assert found.above.value - found.above.binning <= 1 / 5001 <= found.above.value + found.above.binning
    assert found.below.value == found.below.binning == 0


def test_range_without_numbers():
    some, none = numeric([1.0, 2.0], [1.5]), numeric([], [1.5], nulls=4)
    assert range_break([1.5], some, none).outside.why == "The window has no numbers."
    assert range_break([1.5], none, some).outside.why == "The reference has no numbers."
    assert (range_break([1.5], none, some).highest, range_break([1.5], some, none).highest) == (2.0, None)


def test_new_and_lost_categories():
    reference = Categorical(rows=1000, counts=np.array([600, 300, 95, 5]))
    current = Categorical(rows=60, nulls=10, counts=np.array([40, 0, 0, 0]), unseen=10, examples={"z": 7, "y": 3})
    found = categories(["a", "b", "c", "d"], reference, current, at_least=0.01)
    assert (found.new.value, found.new.n, found.examples) == (0.2, 50, {"z": 7, "y": 3})
    assert (found.new.low, found.new.high) == wilson(10, 50)
    assert [lost.category for lost in found.lost] == ["b", "c"]
    assert found.lost[0].expected == pytest.approx(15)
    assert found.lost[0].reference.value == 0.3
    assert [lost.by_chance for lost in found.lost] == pytest.approx(
        [stats.hypergeom.pmf(0, 1050, count, 50) for count in (300, 95)], rel=1e-9
    )
    every = categories(["a", "b", "c", "d"], reference, current, at_least=0.0)
    assert every.lost[-1].by_chance == pytest.approx(stats.hypergeom.pmf(0, 1050, 5, 50), rel=1e-9)


@given(st.integers(1, 3000), st.integers(1, 500), st.floats(0, 1))
def test_chance_of_seeing_none(total, n, share):
    count = max(1, round(share * total))
    reference = Categorical(rows=total, counts=np.array([count, total - count, 0]))
    current = Categorical(rows=n, counts=np.array([0, 0, n]))
    lost = categories(["a", "b", "c"], reference, current, at_least=0.0).lost
    found = next(one for one in lost if one.category == "a").by_chance
    assert found == pytest.approx(stats.hypergeom.pmf(0, total + n, count, n), rel=1e-9, abs=1e-300)


def test_categories_without_rows():
    reference, none = Categorical(rows=3, counts=np.array([3])), Categorical(rows=5, nulls=5, counts=np.array([0]))
    found = categories(["a"], reference, none, at_least=0.0)
    assert (found.new.value, found.lost) == (None, ())
    assert categories(["a"], none, reference, at_least=0.0).lost == ()
    with pytest.raises(ValueError, match=r"names must be \(1,\) like the counts, got 2"):
        categories(["a", "b"], reference, none, at_least=0.0)


def test_schema_changes():
    found = schema_changes({"a": "int", "b": "text", "c": "date"}, {"b": "int", "d": "text", "c": "date", "aa": "int"})
    assert (found.added, found.lost, found.retyped) == (("aa", "d"), ("a",), (("b", "text", "int"),))
    assert schema_changes({"a": "int"}, {"a": "int"}) == schema_changes({}, {})
