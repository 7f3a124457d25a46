"""Business figures: their level, what they return on their cost, arms against each other, and their trend."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special, stats

from core.analysis.intervals import mean
from core.analysis.measured import Measured, not_told
from core.profiles import Kpi, Moments

FEWEST_WEEKS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmDifference:
    """The mean figure of one arm against that of the base arm, by Welch's t test.

    difference: arm - base, in the figure's unit.  degrees: of freedom.  p: two-sided, that equal means give such a
    difference or a larger one; None for both where spread cannot be told.
    """

    arm: str
    base: str
    difference: Measured
    degrees: float | None
    p: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """Whether weekly means rise or fall steadily: Mann-Kendall's test and Sen's slope.

    slope: median change per week over all pairs of weeks, in the figure's unit; n is the weeks.
    s: pairs of weeks that rose less those that fell.  z: s in standard deviations, continuity-corrected.
    p: two-sided, that weeks in random order give such an s or a larger one.  All None below ten weeks.
    """

    slope: Measured
    s: int | None
    z: float | None
    p: float | None


def level(kpi: Kpi) -> Measured:
    """Mean of the figure, in its unit, with Student's t interval; no interval below two rows that state it."""
    figure = kpi.figure
    if not figure.count:
        return not_told(0, "no row states the figure")
    low, high = _told(mean(figure))
    return Measured(value=figure.mean, low=low, high=high, n=figure.count)


def roi(kpi: Kpi) -> Measured:
    """Return on investment, (value - cost) / cost of all rows together; 0 means that the cost came back, no more.

    Rows that do not state a value or a cost count as 0 of it. The interval is the delta method's for a ratio of
    means, R +- t (se(value) + |R| se(cost)) / mean(cost). Profiles do not hold how value and cost vary together, so
    the worst correlation is assumed: coverage is at least 95 %, and mostly more. There is no interval where the
    cost's own t interval reaches 0.
    Source: Cochran 1977, "Sampling Techniques", sec. 6.4, with |covariance| <= product of the deviations.
    """
    if not kpi.value.count:
        return not_told(kpi.rows, "no row states a value")
    if not kpi.cost.count or not kpi.cost.total > 0:
        return not_told(kpi.rows, "no cost is stated" if not kpi.cost.count else "the cost is not above 0")
    value, cost = _over_all(kpi.value, kpi.rows), _over_all(kpi.cost, kpi.rows)
    ratio = value.total / cost.total
    floor = mean(cost)[0]
    if not floor > 0:
        return Measured(value=ratio - 1, n=kpi.rows)
    quantile = float(special.stdtrit(kpi.rows - 1, 0.975))
    reach = quantile * (_error(value) + abs(ratio) * _error(cost)) / cost.mean
    return Measured(value=ratio - 1, low=ratio - 1 - reach, high=ratio - 1 + reach, n=kpi.rows)


def against_base(arms: Mapping[str, Kpi], base: str) -> tuple[ArmDifference, ...]:
    """Every other arm against the arm named `base`; one that is not there has no rows."""
    other = arms[base].figure if base in arms else Moments()
    return tuple(_difference(arm, kpi.figure, base, other) for arm, kpi in arms.items() if arm != base)


def trend(weeks: ArrayLike) -> Trend:
    """Mann-Kendall and Sen's slope of the means of full weeks, in order; NaN for a week without a mean.

    s = sum over i < j of sign(x_j - x_i); variance (n (n - 1) (2 n + 5) - sum over ties of t (t - 1) (2 t + 5)) / 18;
    z = (s -+ 1) / deviation, 0 for s = 0. Needs ten weeks with a mean. Weeks are taken for independent:
    where days are correlated (.3, .6 from one to the next), 6 and 7.5 of 100 series without a trend show p < 5 %.
    Sources: Mann 1945; Kendall 1975; Sen 1968; Hirsch and Slack 1984.
    """
    means = np.asarray(weeks, dtype=np.float64)
    places = np.flatnonzero(np.isfinite(means))
    means, n = means[places], places.size
    if n < FEWEST_WEEKS:
        why = f"a trend needs {FEWEST_WEEKS} full weeks with a mean, there are {n}"
        return Trend(slope=not_told(n, why), s=None, z=None, p=None)
    ties = np.unique(means, return_counts=True)[1]
    variance = (n * (n - 1) * (2 * n + 5) - int((ties * (ties - 1) * (2 * ties + 5)).sum())) / 18
    if not variance:
        return Trend(slope=Measured(value=0.0, n=n), s=0, z=0.0, p=1.0)
    s = int(np.triu(np.sign(means[None, :] - means[:, None])).sum())
    z = (s - np.sign(s)) / math.sqrt(variance)
    sen = stats.theilslopes(means, places, alpha=0.95)
    slope = Measured(value=float(sen.slope), low=float(sen.low_slope), high=float(sen.high_slope), n=n)
    return Trend(slope=slope, s=s, z=float(z), p=float(2 * special.ndtr(-abs(z))))


def _difference(arm: str, own: Moments, base: str, other: Moments) -> ArmDifference:
    n = own.count + other.count
    if not own.count or not other.count:
        nothing = not_told(n, f"no row of {base if own.count else arm} states the figure")
        return ArmDifference(arm=arm, base=base, difference=nothing, degrees=None, p=None)
    value = own.mean - other.mean
    squares = [_error(one) ** 2 if one.count > 1 else math.nan for one in (own, other)]
    if not sum(squares) > 0:
        return ArmDifference(arm=arm, base=base, difference=Measured(value=value, n=n), degrees=None, p=None)
    degrees = sum(squares) ** 2 / (squares[0] ** 2 / (own.count - 1) + squares[1] ** 2 / (other.count - 1))
    error = math.sqrt(sum(squares))
    reach = float(special.stdtrit(degrees, 0.975)) * error
    return ArmDifference(
        arm=arm,
        base=base,
        difference=Measured(value=value, low=value - reach, high=value + reach, n=n),
        degrees=degrees,
        p=float(2 * special.stdtr(degrees, -abs(value) / error)),
    )


def _over_all(stated: Moments, rows: int) -> Moments:
    """Moments over all rows, 0 where not stated."""
    return stated + Moments(count=rows - stated.count, low=0.0, high=0.0) if rows > stated.count else stated


def _error(moments: Moments) -> float:
    """Standard error of the mean; needs two numbers."""
    return math.sqrt(moments.variance / moments.count)


def _told(ends: tuple[float, float]) -> tuple[float, float] | tuple[None, None]:
    return ends if all(math.isfinite(end) for end in ends) else (None, None)
