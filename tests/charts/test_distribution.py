"""Wide bins hold exactly the rows of the narrow ones they are made of; bars say which side they are of."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from core.analysis.coarse import coarse
from core.charts.distribution import distribution

counts = some.lists(some.integers(0, 1_000), min_size=2, max_size=200)


@given(counts, some.integers(2, 30), some.data())
def test_no_row_is_lost_or_moved(before: list[int], most: int, data: some.DataObject) -> None:
    now = data.draw(some.lists(some.integers(0, 1_000), min_size=len(before), max_size=len(before)))
    edges = np.arange(len(before) - 1) / 7
    found = coarse(edges, before, now, most=most)
    assert len(found.labels) == len(found.reference) == len(found.current) <= max(most, 2)
    assert found.reference.sum() == sum(before)
    assert found.current.sum() == sum(now)
    assert set(np.cumsum(found.current)) <= set(np.cumsum(now))


def test_few_bins_stay_as_they_are() -> None:
    found = coarse([1.0, 2.0, 5.0], [1, 2, 3, 4], [4, 3, 2, 1])
    assert found.labels == ("up to 1", "1 to 2", "2 to 5", "above 5")
    assert found.reference.tolist() == [1, 2, 3, 4]
    assert found.current.tolist() == [4, 3, 2, 1]


def test_labels_of_near_edges_differ() -> None:
    edges = 1_000 + np.arange(40) / 100
    found = coarse(edges, np.ones(41, int), np.ones(41, int))
    assert len(set(found.labels)) == len(found.labels)


def test_shapes_must_fit() -> None:
    with pytest.raises(ValueError, match="3 edges need 4 bins"):
        coarse([1.0, 2.0, 3.0], [1, 2, 3], [1, 2, 3, 4])
    with pytest.raises(ValueError, match="2 labels need as many shares"):
        distribution(["a", "b"], [0.5, 0.5], [1.0])


def test_the_reference_is_hatched_and_names_stay_text() -> None:
    figure = distribution(["<b>x</b>", "y"], [0.25, 0.75], [0.5, 0.5], low=[0.4, 0.4], high=[0.6, 0.7])
    before, now = figure.data
    assert (before.name, now.name) == ("Reference", "Windows shown")
    assert before.marker.pattern.shape == "/"
    assert not now.marker.pattern.shape
    assert list(before.y) == [0.25, 0.75]
    assert list(now.y) == [0.5, 0.5]
    assert list(now.error_y.array) == pytest.approx([0.1, 0.2])
    assert now.customdata[0] == "&lt;b&gt;x&lt;/b&gt;"
    assert figure.layout.xaxis.ticktext[0] == "&lt;b&gt;x&lt;/b&gt;"


def test_without_a_reference_there_is_one_side() -> None:
    (only,) = distribution(["a"], None, [1.0]).data
    assert only.name == "Windows shown"
