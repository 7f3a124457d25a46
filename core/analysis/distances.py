"""How far two distributions lie apart: effect sizes shown beside the decision of `drift`.

reference, current: (bins,) counts of the same bins or categories (`profiles.Numeric.counts`, `profiles.Categorical`
with its unseen rows as a last category). Missing rows are in neither. Both are shares here, so rows of one side may be
many times those of the other. n of an answer: rows of the window. None of these has a sound interval without the rows
themselves; how sure one can be that there is any difference is what `drift` tells.

PSI, Jensen-Shannon, Hellinger and L-infinity are defined on bins and exact for the bins given (binning 0.0): other bins
give other values. Kolmogorov-Smirnov and Wasserstein are defined on rows; binned here, with the error that this makes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from core.analysis import divergences
from core.analysis.measured import Measured, not_told
from core.profiles import Counts, Floats, Numeric

BINS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class ChiSquare:
    """Two-sample chi-square test.

    statistic: Pearson's, >= 0, without Yates' correction.  p: chance of at least that without any difference, 0..1;
    asymptotic, so doubtful where fewer than 5 rows are expected (`drift.drift` simulates then).
    freedom: bins that any side has seen, less one.
    """

    statistic: Measured
    p: Measured
    freedom: int


def psi(reference: ArrayLike, current: ArrayLike) -> Measured:
    """Population stability index, sum of (q - p) ln(q / p). Nats, >= 0; 0 means equal shares. Symmetric.

    A bin that only one side has seen counts as half a row on the other one, all other shares stay as they are; bins
    that no side has seen are left out. It grows with few rows even without drift (about (bins - 1)(1/n + 1/N)).
    Source: Siddiqi 2006, "Credit Risk Scorecards", ch. 9; the same as Jeffreys' divergence.
    """
    pair = _pair(reference, current)
    if isinstance(pair, Measured):
        return pair
    return Measured(value=float(divergences.psi(pair.x, pair.y)), n=pair.n)


def jensen_shannon(reference: ArrayLike, current: ArrayLike) -> Measured:
    """Jensen-Shannon distance: root of the divergence in bits. 0 (equal shares) to 1 (nothing in common). Symmetric.

    Source: Endres and Schindelin 2003, "A new metric for probability distributions".
    """
    pair = _pair(reference, current)
    if isinstance(pair, Measured):
        return pair
    return Measured(value=float(divergences.jensen_shannon(pair.x, pair.y)), n=pair.n)


def hellinger(reference: ArrayLike, current: ArrayLike) -> Measured:
    """Hellinger distance. 0 (equal shares) to 1 (nothing in common). Symmetric."""
    pair = _pair(reference, current)
    if isinstance(pair, Measured):
        return pair
    return Measured(value=float(divergences.hellinger(pair.x, pair.y)), n=pair.n)


def l_infinity(reference: ArrayLike, current: ArrayLike) -> Measured:
    """Largest difference between the shares of one bin or category. 0..1. Symmetric."""
    pair = _pair(reference, current)
    if isinstance(pair, Measured):
        return pair
    return Measured(value=float(divergences.l_infinity(pair.x, pair.y)), n=pair.n)


def chi_square(reference: ArrayLike, current: ArrayLike) -> ChiSquare:
    """Pearson's two-sample chi-square of the table (reference, current) x bins. See `ChiSquare`.

    Not told when all rows of both lie in one bin.
    """
    pair = _pair(reference, current)
    if isinstance(pair, Measured):
        return ChiSquare(statistic=pair, p=pair, freedom=0)
    statistic, bins = (float(part) for part in pearson(pair.x, pair.y))
    freedom = int(bins) - 1
    if freedom < 1:
        none = not_told(pair.n, "All rows lie in one bin.")
        return ChiSquare(statistic=none, p=none, freedom=0)
    return ChiSquare(
        statistic=Measured(value=statistic, n=pair.n),
        p=Measured(value=float(special.chdtrc(freedom, statistic)), n=pair.n),
        freedom=freedom,
    )


def corrected_psi(reference: ArrayLike, current: ArrayLike) -> Measured:
    """PSI0 = (X2 - (k - 1)) / h, h = nN / (n + N): an effect whose expectation is 0 without drift, whatever n. Nats.

    About PSI where that is small, less what chance adds; it may fall below 0. A shift by d standard deviations gives
    about d^2 (d < 0.5). k: bins that hold rows; 0 where all rows lie in one.
    Interval: at each end the wider of the non-central chi-square's, right for small effects, and the delta method's,
    right for large ones; rows taken as independent.
    """
    pair = _pair(reference, current)
    if isinstance(pair, Measured):
        return pair
    statistic, bins = (float(part) for part in pearson(pair.x, pair.y))
    if bins < 2:
        return Measured(value=0.0, n=pair.n)
    rows, freedom = pair.total + pair.n, bins - 1
    h = pair.total / rows * pair.n
    value = float(divergences.psi0(statistic, bins, pair.total, pair.n))
    p, q = (side[pair.x + pair.y > 0] for side in (pair.p, pair.q))
    ratio = (q - p) / ((pair.total * p + pair.n * q) / rows)
    by_q, by_p = (2 - pair.n / rows * ratio) * ratio, (-2 - pair.total / rows * ratio) * ratio
    noise = float((q @ by_q**2 - (q @ by_q) ** 2) / pair.n + (p @ by_p**2 - (p @ by_p) ** 2) / pair.total)
    reach = float(special.ndtri(0.975)) * math.sqrt(2 * freedom / h**2 + max(0.0, noise))
    low, high = (float(special.chndtrinc(statistic, freedom, side)) / h for side in (0.975, 0.025))
    low, high = float(np.fmin(low, value - reach)), float(np.fmax(high, value + reach))
    return Measured(value=value, low=min(value, max(0.0, low)), high=high, n=pair.n)


def kolmogorov_smirnov(reference: ArrayLike, current: ArrayLike) -> Measured:
    """Largest distance between the two distribution functions, looked at the edges. 0..1. Symmetric.

    Bins must be in order. Between two edges the distance may be larger: the rows' own statistic lies between the value
    and value + binning, where binning is at most the largest min(p_b, q_b), and attained by some rows in these bins.
    """
    pair = _pair(reference, current)
    if isinstance(pair, Measured):
        return pair
    gap = np.cumsum(pair.x) / pair.total - np.cumsum(pair.y) / pair.n
    value = float(divergences.kolmogorov_smirnov(pair.x, pair.y))
    before = np.concatenate([[0.0], gap[:-1]])
    most = float(np.max(np.maximum(before + pair.p, pair.q - before)))
    most = min(most, value + float(np.max(np.minimum(pair.p, pair.q))), 1.0)
    return Measured(value=value, n=pair.n, binning=max(0.0, most - value))


def wasserstein(edges: ArrayLike, reference: Numeric, current: Numeric) -> Measured:
    """Area between the two distribution functions, in standard deviations (n - 1) of the reference. >= 0.

    edges: (bins - 1,).  Rows are taken to spread evenly inside a bin, the open end bins to reach to the smallest and
    largest number of either side; then mended by the means, which are exact.
    binning: at most half the sum of w_b (p_b + q_b) / sd, w_b the bins' widths: large where single numbers lie far out.
    """
    pair = _pair(reference.counts, current.counts)
    if isinstance(pair, Measured):
        return pair
    low = min(reference.moments.low, current.moments.low)
    high = max(reference.moments.high, current.moments.high)
    inner = np.asarray(edges, dtype=np.float64)
    if inner.shape != (pair.x.size - 1,):
        raise ValueError(f"edges must be ({pair.x.size - 1},), got {inner.shape}.")
    deviation = math.sqrt(reference.moments.variance) if reference.moments.count > 1 else 0.0
    if not deviation > 0:
        return not_told(pair.n, "All numbers of the reference are the same.")
    if not (math.isfinite(deviation) and math.isfinite(high - low)):
        return not_told(pair.n, "The numbers are too large.")
    widths = np.diff(np.concatenate([[low], np.clip(inner, low, high), [high]])) / deviation
    gap = np.cumsum(pair.x) / pair.total - np.cumsum(pair.y) / pair.n
    before = np.concatenate([[0.0], gap[:-1]])
    size = _mean_size(before, gap)
    area, reach = float(np.sum(widths * size)), 0.5 * float(np.sum(widths * (pair.p + pair.q)))
    # The two functions cross where this is not the distance of the means, which is known: area = |means| + twice the
    # lesser part, the one on the other side.
    means = (current.moments.mean - reference.moments.mean) / deviation
    side = 1.0 if means >= 0 else -1.0
    lesser = float(np.sum(widths * (size - side * (before + gap) / 2))) / 2
    gain, loss = (pair.p, pair.q) if means >= 0 else (pair.q, pair.p)
    least, most = (
        float(np.sum(widths * np.maximum(0, part))) for part in (-side * before - gain, loss - side * before)
    )
    low, high = max(area - reach, abs(means) + 2 * least), min(area + reach, abs(means) + 2 * most)
    value = min(max(abs(means) + 2 * lesser, low, high - reach), high, low + reach)
    return Measured(value=value, n=pair.n, binning=max(0.0, high - value, value - low))


def nested_bins(reference: ArrayLike, *, bins: int = BINS) -> Counts:
    """(cells,) first fine bin of each of at most `bins` cells that hold about equal shares of the reference.

    Chosen from the reference alone. Ties make fewer cells. If all of the reference lies in one fine bin, that bin
    stands alone, so that a window outside it is seen.
    """
    counts = np.asarray(reference, dtype=np.int64)
    below = np.cumsum(counts)[:-1]
    inner = np.flatnonzero((below > 0) & (below < counts.sum()))
    if not inner.size:
        held = np.flatnonzero(counts)
        return np.unique(np.clip([0, *held, *(held + 1)], 0, counts.size - 1))
    wanted = np.arange(1, bins) / bins * counts.sum()
    nearest = inner[np.argmin(np.abs(below[inner] - wanted[:, None]), axis=1)]
    return np.unique(np.concatenate([[0], nearest + 1]))


def pearson(reference: ArrayLike, current: ArrayLike) -> tuple[Floats, Counts]:
    """X2 of (..., bins) counts, and how many bins hold rows. Both sides need rows."""
    x, y = np.asarray(reference, dtype=np.int64), np.asarray(current, dtype=np.int64)
    total, n = x.sum(-1, keepdims=True), y.sum(-1, keepdims=True)
    pooled = x + y
    squares = (x / total - y / n) ** 2
    terms = np.divide(squares, pooled, out=np.zeros(squares.shape), where=pooled > 0)
    x2 = np.asarray(terms.sum(-1) * total[..., 0] * n[..., 0].astype(np.float64), dtype=np.float64)
    return x2, np.asarray(np.count_nonzero(pooled, axis=-1))


def mean_rank(reference: ArrayLike, current: ArrayLike) -> Floats:
    """z of (..., bins) counts in order: Mann-Whitney's, ties corrected, no continuity correction; 0 where all tie."""
    x, y = np.asarray(reference, dtype=np.int64), np.asarray(current, dtype=np.int64)
    total, n = (side.sum(-1).astype(np.float64) for side in (x, y))
    pooled, rows = x + y, total + n
    ridit = (np.cumsum(pooled, axis=-1) - pooled / 2) / rows[..., None]
    shift = np.sum(ridit * (y / n[..., None] - x / total[..., None]), axis=-1)
    share = pooled / rows[..., None]
    untied = np.sum(share * (rows[..., None] - pooled) / rows[..., None] * (1 + share), axis=-1)
    spread = np.sqrt(untied * rows * rows / (12 * n * total * (rows - 1)))
    return np.asarray(np.divide(shift, spread, out=np.zeros_like(spread), where=spread > 0))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pair:
    """x, y: counts of reference and window.  total, n: their sums.  p, q: their shares."""

    x: Counts
    y: Counts
    total: int
    n: int
    p: Floats
    q: Floats


def _pair(reference: ArrayLike, current: ArrayLike) -> _Pair | Measured:
    x, y = np.asarray(reference, dtype=np.int64), np.asarray(current, dtype=np.int64)
    if x.ndim != 1 or x.shape != y.shape:
        raise ValueError(f"reference and current must be (bins,) alike, got {x.shape} and {y.shape}.")
    if x.size and min(x.min(), y.min()) < 0:
        raise ValueError(f"counts must be >= 0, got {min(x.min(), y.min())}.")
    total, n = int(x.sum()), int(y.sum())
    if not total:
        return not_told(n, "The reference has no values.")
    if not n:
        return not_told(n, "The window has no values.")
    return _Pair(x=x, y=y, total=total, n=n, p=x / total, q=y / n)


def _mean_size(start: Floats, end: Floats) -> Floats:
    """Mean of |f| where f runs straight from start to end."""
    a, b = np.abs(start), np.abs(end)
    crossing = (start * end < 0) & (a + b > 0)
    both = np.divide(a * a + b * b, 2 * (a + b), out=np.zeros_like(a), where=crossing)
    return np.where(crossing, both, (a + b) / 2)
