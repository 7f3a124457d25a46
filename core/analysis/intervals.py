"""Confidence intervals of shares, of two shares against each other, and of means.

Every interval is two-sided at `level`, 95 % unless asked otherwise. A one-sided bound at b is an end of the two-sided
interval at `both_sides(b)`. Without rows the interval is everything that is possible, never an error and never NaN.
The functions ending in `_ends` take and return arrays, for simulations; the others take and return plain numbers.
`exact=True` puts Clopper and Pearson's limits in the place of Wilson's: never too short, however few the rows.

Sources: Wilson 1927; Newcombe 1998, "Interval estimation for the difference between independent proportions",
method 10; Clopper and Pearson 1934; Donner and Zou 2012, "Closed-form confidence intervals for functions of the normal
mean and standard deviation", sec. 2 (MOVER-R).
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from core.profiles import Floats, Moments

Ends = tuple[Floats, Floats]


def both_sides(bound: float) -> float:
    """Level of the two-sided interval whose ends are one-sided bounds at `bound` (0.95 gives 0.90)."""
    if not 0.5 < bound < 1:
        raise ValueError(f"bound must lie between 0.5 and 1, got {bound}.")
    return 2 * bound - 1


def wilson(k: int, n: int, *, level: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval of the share k of n, in [0, 1]; (0, 1) when n is 0. Raises ValueError outside 0..n."""
    _counts(k, n)
    if not n:
        return 0.0, 1.0
    z2 = _squared(level)
    reach = math.sqrt(z2 * (k * (n - k) / n + z2 / 4))
    low = (k + z2 / 2 - reach) / (n + z2) if k else 0.0
    return low, (k + z2 / 2 + reach) / (n + z2) if k < n else 1.0


def wilson_low(k: int, n: int, *, bound: float = 0.95) -> float:
    """One-sided lower bound of the share k of n; 0 when n is 0."""
    return wilson(k, n, level=both_sides(bound))[0]


def wilson_high(k: int, n: int, *, bound: float = 0.95) -> float:
    """One-sided upper bound of the share k of n; 1 when n is 0."""
    return wilson(k, n, level=both_sides(bound))[1]


def newcombe(k1: int, n1: int, k2: int, n2: int, *, level: float = 0.95, exact: bool = False) -> tuple[float, float]:
    """Newcombe's interval of p1 - p2 of two independent samples, in [-1, 1]; (-1, 1) when either has no rows."""
    _counts(k1, n1)
    _counts(k2, n2)
    return _pair(newcombe_ends(k1, n1, k2, n2, level=level, exact=exact))


def mover_ratio(k1: int, n1: int, k2: int, n2: int, *, level: float = 0.95, exact: bool = False) -> tuple[float, float]:
    """MOVER-R interval of p1 / p2 of two independent samples, from their Wilson limits.

    Lower end in [0, inf), upper end in (0, inf]: infinite when k2 is 0, as p2 may then be as small as it likes.
    (0, inf) when either has no rows. The interval of p2 / p1 is its reciprocal, ends exchanged.
    """
    _counts(k1, n1)
    _counts(k2, n2)
    return _pair(mover_ratio_ends(k1, n1, k2, n2, level=level, exact=exact))


def mean(moments: Moments, *, level: float = 0.95) -> tuple[float, float]:
    """Student's t interval of the mean, in the numbers' own unit; (-inf, inf) below two numbers."""
    tail = _tail(level)
    if moments.count < 2:
        return -math.inf, math.inf
    reach = float(special.stdtrit(moments.count - 1, tail)) * math.sqrt(moments.variance / moments.count)
    return moments.mean - reach, moments.mean + reach


def wilson_ends(k: ArrayLike, n: ArrayLike, *, level: ArrayLike = 0.95) -> Ends:
    """Wilson's interval of every share k of n; the three broadcast. 0 and 1 are met exactly at k = 0 and k = n."""
    z2 = special.ndtri(_tail(level)) ** 2
    hits, rows = np.asarray(k, dtype=np.float64), np.asarray(n, dtype=np.float64)
    centre = hits + z2 / 2
    reach = np.sqrt(z2 * (hits * (rows - hits) / np.maximum(rows, 1) + z2 / 4))
    low = np.where(hits > 0, (centre - reach) / (rows + z2), 0.0)
    high = np.where(hits < rows, (centre + reach) / (rows + z2), 1.0)
    return low, high


def exact_ends(k: ArrayLike, n: ArrayLike, *, level: ArrayLike = 0.95) -> Ends:
    """Clopper and Pearson's interval of every share k of n; the three broadcast."""
    tail = _tail(level)
    hits, misses = np.asarray(k, dtype=np.float64), np.subtract(n, k, dtype=np.float64)
    low = np.where(hits > 0, special.betaincinv(np.maximum(hits, 1), misses + 1, 1 - tail), 0.0)
    high = np.where(misses > 0, special.betaincinv(hits + 1, np.maximum(misses, 1), tail), 1.0)
    return low, high


def newcombe_ends(
    k1: ArrayLike, n1: ArrayLike, k2: ArrayLike, n2: ArrayLike, *, level: ArrayLike = 0.95, exact: bool = False
) -> Ends:
    """Newcombe's interval of every p1 - p2; the arguments broadcast."""
    p1, p2 = _shares(k1, n1), _shares(k2, n2)
    limits = exact_ends if exact else wilson_ends
    (l1, u1), (l2, u2) = limits(k1, n1, level=level), limits(k2, n2, level=level)
    nothing = _nothing(n1, n2)
    low = np.where(nothing, -1.0, p1 - p2 - np.hypot(p1 - l1, u2 - p2))
    high = np.where(nothing, 1.0, p1 - p2 + np.hypot(u1 - p1, p2 - l2))
    return low, high


def mover_ratio_ends(
    k1: ArrayLike, n1: ArrayLike, k2: ArrayLike, n2: ArrayLike, *, level: ArrayLike = 0.95, exact: bool = False
) -> Ends:
    """MOVER-R interval of every p1 / p2; the arguments broadcast."""
    p1, p2 = _shares(k1, n1), _shares(k2, n2)
    limits = exact_ends if exact else wilson_ends
    (l1, u1), (l2, u2) = limits(k1, n1, level=level), limits(k2, n2, level=level)
    both, nothing = p1 * p2, _nothing(n1, n2)
    # The low end is multiplied out so that 2 p2 = u2 divides by nothing; each root is of no negative number,
    # since x (2 p - x) <= p^2, but for rounding.
    above, below = l1 * (2 * p1 - l1), u2 * (2 * p2 - u2)
    divisor = both + np.sqrt(np.maximum(both**2 - above * below, 0.0))
    low = np.divide(above, divisor, out=np.zeros_like(both * divisor), where=(divisor > 0) & ~nothing)
    above, below = u1 * (2 * p1 - u1), l2 * (2 * p2 - l2)
    upper = both + np.sqrt(np.maximum(both**2 - above * below, 0.0))
    high = np.divide(upper, below, out=np.full_like(both * upper, np.inf), where=(below > 0) & ~nothing)
    return low, high


@cache
def _squared(level: float) -> float:
    """The square of the normal deviate of a two-sided level."""
    return float(special.ndtri(_tail(level))) ** 2


def _tail(level: ArrayLike) -> Floats:
    """(1 + level) / 2, where a two-sided interval's upper end lies."""
    levels = np.asarray(level, dtype=np.float64)
    if not np.all((levels > 0) & (levels < 1)):
        raise ValueError(f"level must lie between 0 and 1, got {level!r}.")
    return (1 + levels) / 2


def _counts(k: int, n: int) -> None:
    if not 0 <= k <= n:
        raise ValueError(f"k must lie between 0 and n, got {k} of {n}.")


def _shares(k: ArrayLike, n: ArrayLike) -> Floats:
    """k / n, 0 where there are no rows."""
    return np.asarray(k, dtype=np.float64) / np.maximum(np.asarray(n, dtype=np.float64), 1)


def _nothing(n1: ArrayLike, n2: ArrayLike) -> NDArray[np.bool_]:
    """Where either sample has no rows."""
    return np.equal(np.minimum(n1, n2), 0)


def _pair(ends: Ends) -> tuple[float, float]:
    return float(ends[0]), float(ends[1])
