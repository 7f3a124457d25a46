"""Reading ahead changes nothing but the time it takes."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.services.ahead import read_ahead


@given(st.lists(st.integers(), max_size=20))
def test_gives_the_same_items_in_order(items: list[int]) -> None:
    assert list(read_ahead(iter(items))) == items


@given(st.integers(0, 5))
def test_raises_the_error_after_the_items_before_it(n: int) -> None:
    def failing() -> Iterator[int]:
        yield from range(n)
        raise KeyError("broken")

    seen = []
    with pytest.raises(KeyError):
        for item in read_ahead(failing()):
            seen.append(item)
    assert seen == list(range(n))


def test_a_consumer_that_stops_ends_the_reading() -> None:
    made = []

    def endless() -> Iterator[int]:
        n = 0
        while True:
            made.append(n)
            yield n
            n += 1

    ahead = read_ahead(endless())
    assert [next(ahead), next(ahead)] == [0, 1]
    ahead.close()
    assert len(made) <= 5
