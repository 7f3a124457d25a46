"""Has a column's distribution changed? One window against the reference, by counts alone.

Counts are (bins,) of the same bins or categories. Ordered bins (about 50 quantiles of the reference) are tested two
ways: Pearson's chi-square on about ten bins nested in them sees any change, a mean-rank z (ridit) on all of them sees
shifts; p = min(1, 2 min(p_chi, p_z)). Categories have the chi-square alone. With many rows any change is significant,
so an alarm also asks for an effect (`distances.corrected_psi`). Days of a dated reference are no independent rows:
see `dated`.

Sources: Bross 1958, "How to use ridit analysis"; Benjamini and Hochberg 1995.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from core.analysis.distances import BINS, corrected_psi, mean_rank, nested_bins, pearson
from core.analysis.measured import Measured, not_told
from core.profiles import Categorical, Counts, Floats, Output

Bools = NDArray[np.bool_]
SPARSE = 5
"""Expected rows in a cell below which the chi-square distribution is not trusted."""
DOUBTFUL = 0.01
"""Simulated only below this p: above it nothing is decided."""
AMPLE = 10
"""Reference rows for each row of the window, below which the answer carries a warning."""
DRAWS = 100_000
HITS = 200
"""Draws at least as far out that settle a p: it then errs by about a fourteenth (Besag and Clifford 1991)."""
LARGEST_POPULATION, CELLS_AT_ONCE = 10**9, 400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """One column of one window against the reference.

    p: chance of at least this difference without drift, 0..1.  effect: PSI0, nats; about 0 (also below) without drift.
    x2: Pearson's chi-square on `bins` bins that hold rows, >= 0.  z: mean-rank z, > 0 when the window lies higher;
    None for categories.  simulated: p comes from random draws, as some expected count was below 5.
    warning: "" or what weakens the answer.
    """

    p: Measured
    effect: Measured
    x2: Measured
    z: Measured | None = None
    bins: int = 0
    simulated: bool = False
    warning: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictionDrift:
    """scores: of all rows, whatever their label.  labels: share of positives among the rows labelled so far."""

    scores: Drift
    labels: Drift


def drift(reference: ArrayLike, current: ArrayLike, *, ordered: bool, seed: int = 0, draws: int = DRAWS) -> Drift:
    """Test one column. reference, current: (bins,) counts. The same seed gives the same answer."""
    x, y = np.asarray(reference, dtype=np.int64), np.asarray(current, dtype=np.int64)
    if x.ndim != 1 or x.shape != y.shape:
        raise ValueError(f"reference and current must be (bins,) alike, got {x.shape} and {y.shape}.")
    total, n = int(x.sum()), int(y.sum())
    if not total or not n:
        none = not_told(n, f"The {'window' if total else 'reference'} has no values.")
        return Drift(p=none, effect=none, x2=none, z=none if ordered else None)
    starts = nested_bins(x) if ordered else np.arange(x.size)
    cells = np.add.reduceat(x, starts), np.add.reduceat(y, starts)
    chi, held = pearson(*cells)
    x2, bins = float(chi), int(held)
    z = float(mean_rank(x, y)) if ordered else None
    p = float(together(special.chdtrc(bins - 1, x2) if bins > 1 else 1.0, z))
    if simulated := bool(sparse(*cells)) and p < DOUBTFUL:
        p = by_draws(x, y, starts, x2, z, seed=seed, draws=draws)
    return Drift(
        p=Measured(value=p, n=n),
        effect=corrected_psi(*cells),
        x2=Measured(value=x2, n=n),
        z=None if z is None else Measured(value=z, n=n),
        bins=bins,
        simulated=simulated,
        warning=f"The reference has only {total:,} rows for {n:,} of the window." if total < AMPLE * n else "",
    )


def category_drift(reference: Categorical, current: Categorical, *, seed: int = 0) -> Drift:
    """Test one categorical column; values that the reference does not have count as one more category.

    Above 50 categories fewer draws are made where some are needed, so that the answer takes no longer.
    """
    x, y = (np.append(side.counts, side.unseen) for side in (reference, current))
    return drift(x, y, ordered=False, seed=seed, draws=category_draws(x.size))


def category_draws(categories: int) -> int:
    """How many random draws one column of so many categories gets where it needs them."""
    return max(2_000, min(DRAWS, 5_000_000 // categories))


def prediction_drift(reference: Output, current: Output, *, seed: int = 0) -> PredictionDrift:
    """Test the scores (all labels added), and the share of positive labels, of one group or of all rows."""
    scores = drift(reference.counts.sum(axis=0), current.counts.sum(axis=0), ordered=True, seed=seed)
    labels = drift(reference.counts[:2].sum(axis=1), current.counts[:2].sum(axis=1), ordered=False, seed=seed)
    return PredictionDrift(scores=scores, labels=labels)


def together(p_chi: ArrayLike, z: ArrayLike | None) -> Floats:
    """(...) one p of the chi-square's p and the mean-rank z: the smaller of the two, doubled; p_chi where z is None."""
    if z is None:
        return np.asarray(p_chi, dtype=np.float64)
    return np.asarray(np.minimum(1.0, 2 * np.minimum(p_chi, 2 * special.ndtr(-np.abs(z)))))


def benjamini_hochberg(p: ArrayLike) -> Floats:
    """Adjusted p of (..., tests): reject those <= alpha to keep the false discovery rate at alpha. NaN: not tested."""
    raw = np.asarray(p, dtype=np.float64)
    order = np.argsort(raw, axis=-1)
    tests = np.count_nonzero(~np.isnan(raw), axis=-1)[..., None]
    scaled = np.take_along_axis(raw, order, axis=-1) * tests / np.arange(1, raw.shape[-1] + 1)
    least = np.fmin.accumulate(scaled[..., ::-1], axis=-1)[..., ::-1]
    adjusted = np.empty_like(raw)
    np.put_along_axis(adjusted, order, np.minimum(least, 1.0), axis=-1)
    return np.where(np.isnan(raw), np.nan, adjusted)


def alarming(tests: Sequence[Drift], *, alpha: float, floor: float) -> list[bool]:
    """Which of all drift tests of one model and window alarm: discovered at rate alpha, with effect >= floor (nats)."""
    adjusted = benjamini_hochberg([_or(test.p, math.nan) for test in tests])
    effects = [_or(test.effect, -math.inf) for test in tests]
    return [bool(p <= alpha and effect >= floor) for p, effect in zip(adjusted, effects, strict=True)]


def smallest_shift(total: int, n: int, *, alpha: float, floor: float = 0.0, tests: int = 1) -> Measured:
    """Smallest shift of one normal feature among `tests` that alarms in 80 % of windows. In standard deviations.

    total, n: rows of reference and window.  The larger of two: what the mean-rank z needs at alpha / tests, halved for
    the two tests, (z_(1 - alpha / (4 tests)) + z_.8) / sqrt(3 h / pi); and what lifts PSI0 over the floor, the shift
    whose chi-square (k - 1 = 9, non-centrality .96 h shift^2) exceeds h floor + 9 in 80 %. Small shifts, no ties.
    """
    if total < 1 or n < 1:
        return not_told(n, "Without rows no shift can be seen.")
    h = total * n / (total + n)
    seen = float(special.ndtri(1 - alpha / (4 * tests)) + special.ndtri(0.8)) / math.sqrt(3 * h / math.pi)
    cuts = special.ndtri(np.arange(BINS + 1) / BINS)
    kept = BINS * float(np.sum(np.diff(np.exp(-cuts * cuts / 2) / math.sqrt(2 * math.pi)) ** 2))
    lifted = float(special.chndtrinc(h * floor + BINS - 1, BINS - 1, 0.2)) if floor > 0 else 0.0
    return Measured(value=max(seen, math.sqrt(lifted / (h * kept))), n=n)


def sparse(reference: Counts, current: Counts) -> Bools:
    """Whether any cell of (..., cells) that holds rows has an expected count below `SPARSE`, on either side."""
    pooled = reference + current
    total, n = reference.sum(-1), current.sum(-1)
    rarest = np.min(pooled, axis=-1, where=pooled > 0, initial=np.iinfo(np.int64).max)
    return np.asarray(np.minimum(total, n) * rarest.astype(np.float64) < SPARSE * (total + n))


def by_draws(
    x: Counts, y: Counts, starts: Counts, x2: float, z: float | None, *, seed: int = 0, draws: int = DRAWS
) -> float:
    """p when rows are dealt to reference and window at random, the sizes of both and of every bin kept.

    x, y: (bins,) counts; x2: of the cells that begin at `starts`; z: of the bins, None for categories.
    draws: at most; fewer when `HITS` were as far out by each measure. The same seed gives the same answer.
    """
    random = np.random.default_rng(seed)
    pooled, n = x + y, int(y.sum())
    rows, few = int(pooled.sum()), int(min(n, x.sum()))
    order = np.argsort(-pooled, kind="stable")
    by_chi = by_rank = made = 0
    step = max(1, CELLS_AT_ONCE // pooled.size)
    for start in range(0, draws, step):
        size = min(step, draws - start)
        dealt = np.empty((size, pooled.size), dtype=np.int64)
        thinned = 1.0
        if rows < LARGEST_POPULATION:
            dealt[:, order] = random.multivariate_hypergeometric(pooled[order], few, size=size, method="marginals")
        else:  # too many for numpy: with replacement, which spreads 1 / (1 - few / rows) wider
            dealt[:, order] = np.minimum(random.multinomial(few, pooled[order] / rows, size=size), pooled[order])
            thinned = 1 - few / rows
        rest = pooled - dealt
        drawn, _ = pearson(np.add.reduceat(rest, starts, axis=-1), np.add.reduceat(dealt, starts, axis=-1))
        by_chi += int(np.count_nonzero(drawn * thinned >= x2 * (1 - 1e-9)))
        if z is not None:
            by_rank += int(np.count_nonzero(np.abs(mean_rank(rest, dealt)) * thinned**0.5 >= abs(z) * (1 - 1e-9)))
        made += size
        if by_chi >= HITS and (z is None or by_rank >= HITS):
            break
    p = (by_chi + 1) / (made + 1)
    return p if z is None else min(1.0, 2 * min(p, (by_rank + 1) / (made + 1)))


def _or(measured: Measured, otherwise: float) -> float:
    return otherwise if measured.value is None else measured.value
