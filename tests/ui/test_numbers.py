"""Numbers as people read them are near the number, and say what is not finite."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.ui.numbers import cell_column, duration, short, signed

_finite = st.floats(allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, ""), (0.0, "0"), (3.0, "3"), (-3.0, "-3"), (12_345.0, "12,345"), (9_999_999.0, "9,999,999"),
        (0.123456, "0.1235"), (0.9, "0.9"), (1234.5678, "1,235"), (0.0001, "0.0001"), (0.00001234, "1.234e-05"),
        (1.5e12, "1.500e+12"), (math.nan, "NaN"), (math.inf, "∞"), (-math.inf, "−∞"), (5e-324, "4.941e-324"),
    ],
)  # fmt: skip
def test_a_number_in_about_four_digits(value: float | None, said: str) -> None:
    assert short(value) == said


@given(st.floats(-1e308, 1e308))
def test_a_short_number_is_within_half_a_per_mille(value: float) -> None:
    assert float(short(value).replace(",", "")) == pytest.approx(value, rel=5.001e-4)


@given(st.floats(10_000, 9_999_999))
def test_numbers_below_ten_million_are_written_out(value: float) -> None:
    assert "e" not in short(value)


@given(_finite)
def test_a_short_number_is_short(value: float) -> None:
    assert len(short(value)) <= 11


@given(_finite)
def test_the_sign_of_a_number_is_kept(value: float) -> None:
    assert short(value).startswith("-") == (value < 0)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.5, "+0.5"),
        (-0.5, "−0.5"),
        (0.0, "±0"),
        (1234.0, "+1,234"),
        (math.inf, "+∞"),
        (-math.inf, "−∞"),
        (-0.012345, "−0.0123"),
    ],
)
def test_a_difference_has_its_sign(value: float, said: str) -> None:
    assert signed(value) == said


@given(_finite)
def test_opposite_differences_differ_in_their_sign_alone(value: float) -> None:
    assert signed(value)[1:] == signed(-value)[1:]


@given(st.lists(st.none() | _finite, max_size=5))
def test_a_column_of_finite_numbers_stays_numbers(values: list[float | None]) -> None:
    assert cell_column(values) == values


@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf])
def test_a_column_that_holds_others_becomes_text_and_keeps_its_length(odd: float) -> None:
    assert cell_column([1.5, None, odd]) == ["1.5", "", short(odd)]


@pytest.mark.parametrize(
    ("ms", "said"),
    [
        (0, "0 ms"), (999, "999 ms"), (1_000, "1 s"), (59_999, "59 s"), (60_000, "1 min"), (200_000, "3 min 20 s"),
        (3_600_000, "1 h"), (7_500_000, "2 h 5 min"), (86_400_000, "1 d"), (273_600_000, "3 d 4 h"), (-5, "0 ms"),
    ],
)  # fmt: skip
def test_a_duration_in_its_two_largest_units(ms: int, said: str) -> None:
    assert duration(7, 7 + ms) == said


@pytest.mark.parametrize("times", [(None, 5), (5, None), (None, None)])
def test_what_is_not_over_has_no_duration(times: tuple) -> None:
    assert duration(*times) == ""


@given(st.integers(0, 10**12))
def test_a_duration_is_never_more_than_it_was_and_loses_less_than_its_smaller_unit(ms: int) -> None:
    units = {"d": 86_400_000, "h": 3_600_000, "min": 60_000, "s": 1_000, "ms": 1}
    parts = duration(0, ms).split()
    said = sum(int(number) * units[unit] for number, unit in zip(parts[::2], parts[1::2], strict=True))
    lost = {"d": 3_600_000, "h": 60_000, "min": 1_000, "s": 1_000, "ms": 1}[parts[1]]
    assert 0 <= ms - said < lost
