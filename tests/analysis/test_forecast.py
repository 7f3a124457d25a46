"""The day on which a series crosses a limit: by hand, its laws, and how often its interval holds."""

import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from core.analysis.forecast import forecast

SERIES = 2_000 if os.environ.get("GATEHOUSE_SOAK") == "1" else 600


def weekly(n):
    return 7.0 * np.arange(n)


def noise(rng, n, correlation):
    """(n,) of standard deviation 1, correlated from one to the next."""
    drawn = rng.normal(size=n)
    for at in range(1, n):
        drawn[at] = correlation * drawn[at - 1] + (1 - correlation**2) ** 0.5 * drawn[at]
    return drawn


def test_a_straight_line_is_followed():
    found = forecast(weekly(10), 0.5 * weekly(10), limit=40.0, beyond="above", horizon=90)
    assert (found.crosses.value, found.slope.value) == pytest.approx((17.0, 0.5))
    assert (found.crosses.low, found.crosses.high) == pytest.approx((17.0, 17.0), abs=1e-6)
    assert (found.n, found.crosses.n, found.why) == (10, 10, "")
    assert found.p < 0.001


def test_interval_is_fiellers():
    """Its ends are the days on which the band of the line's mean ends at the limit; the band is scipy's line's."""
    x, y = weekly(14), 0.02 * weekly(14) + noise(np.random.default_rng(2), 14, 0) * 0.3
    found = forecast(x, y, limit=4.0, beyond="above", horizon=1_000)
    line = stats.linregress(x, y)
    left = ((y - line.intercept - line.slope * x) ** 2).sum() / 12
    for end, side in ((found.crosses.low, 1), (found.crosses.high, -1)):
        at = x[-1] + end
        error = (left * (1 / 14 + (at - x.mean()) ** 2 / ((x - x.mean()) ** 2).sum())) ** 0.5
        reached = line.intercept + line.slope * at + side * stats.t.ppf(0.975, 12) * error
        assert reached == pytest.approx(4.0, abs=1e-9)
    reach = stats.t.ppf(0.975, 12) * line.stderr
    assert (found.slope.value, found.slope.low, found.slope.high) == pytest.approx(
        (line.slope, line.slope - reach, line.slope + reach)
    )


@pytest.mark.parametrize(("values", "limit", "beyond", "why"), [
    ([1, 2, 3, 4], 9, "above", "needs 10 weeks, there are 4"),
    ([1], 9, "above", "needs 10 weeks, there is 1"),
    ([], 9, "above", "needs 10 weeks, there are 0"),
    ([*range(10), float("nan")], 7, "above", "already beyond the limit"),
    (range(12), -1, "below", "no trend towards the limit"),
    ([3] * 12, 9, "above", "no trend towards the limit"),
    ([1, 2] * 6, 9, "above", "no trend towards the limit"),
    (range(12), 500, "above", "no crossing is sure within 365 days"),
    ([0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 50], 60, "above", "the trend is too unsure to date a crossing"),
])  # fmt: skip
def test_what_is_not_told(values, limit, beyond, why):
    found = forecast(weekly(len(values)), list(values), limit=limit, beyond=beyond, horizon=365)
    assert found.crosses.value is None
    assert found.why == found.crosses.why == why


def test_line_beyond_the_limit_is_beyond_though_the_last_value_is_not():
    values = [*np.linspace(0, 10, 14), 6.9]
    assert forecast(weekly(15), values, limit=7.0, beyond="above", horizon=365).why == "already beyond the limit"


def test_refusals():
    with pytest.raises(ValueError, match="alike"):
        forecast([1, 2], [1], limit=1, beyond="above", horizon=1)
    with pytest.raises(ValueError, match="once"):
        forecast([1, 1], [1, 2], limit=1, beyond="above", horizon=1)


@given(
    st.lists(st.floats(-3, 3), min_size=10, max_size=20),
    st.floats(-0.2, 0.2),
    st.floats(-5, 5),
    st.floats(0.1, 100),
    st.floats(-1e3, 1e3),
)
def test_laws(errors, slope, limit, unit, shift):
    x = weekly(len(errors))
    y = slope * x + errors
    found = forecast(x, y, limit=limit, beyond="above", horizon=400)
    if found.crosses.value is not None:
        assert 0 <= found.crosses.low <= found.crosses.value <= found.crosses.high <= 400
        assert found.slope.value > 0
        assert found.p < 0.05
    turned = forecast(x, -y, limit=-limit, beyond="below", horizon=400)
    assert turned.crosses == found.crosses
    assert turned.slope.value == -found.slope.value
    order = np.argsort(errors)
    assert forecast(x[order] + 1_000, y[order], limit=limit, beyond="above", horizon=400).why == found.why
    if found.crosses.value is not None and found.crosses.high < 399:
        scaled = forecast(x, unit * y + shift, limit=unit * limit + shift, beyond="above", horizon=400)
        if scaled.crosses.value is not None:  # a value may round onto the limit
            assert scaled.crosses.value == pytest.approx(found.crosses.value, rel=1e-5, abs=1e-4)


def coverage(n, rise, gap, draw):
    """Share of series told that hold the true crossing. rise: over all points, in deviations of the noise."""
    rng, told, hit, x = np.random.default_rng(17), 0, 0, weekly(n)
    for _ in range(SERIES):
        y = rise / (7 * n) * (x - x[-1] - gap) + draw(rng)
        found = forecast(x, y, limit=0.0, beyond="above", horizon=365).crosses
        if found.value is not None:
            told += 1
            hit += found.low <= gap <= found.high
    assert told >= SERIES / 5
    print(f"\nforecast n={n} rise={rise} gap={gap}: told {told / SERIES:.2f}, coverage {hit / told:.3f}")
    return hit / told


@pytest.mark.parametrize(("n", "rise", "gap"), [(10, 3, 60), (10, 6, 14), (10, 15, 60), (20, 6, 60), (52, 15, 60)])
def test_interval_holds_with_white_noise(n, rise, gap):
    assert coverage(n, rise, gap, lambda rng: rng.normal(size=n)) >= 0.93


def test_interval_with_correlated_noise_is_as_the_docstring_says():
    """Correlated days leave weekly means nearly independent; correlated weeks make the interval too short."""
    days = coverage(20, 15, 60, lambda rng: noise(rng, 140, 0.3).reshape(20, 7).mean(axis=1) * 7**0.5)
    weeks = coverage(20, 15, 60, lambda rng: noise(rng, 20, 0.3))
    assert days >= 0.92
    assert 0.82 <= weeks <= 0.91
