"""Drift against a dated reference. Days are no independent rows: a window is judged by how days differ.

Sources: Rao and Scott 1981, "The analysis of categorical data from complex sample surveys"; Westfall and Young 1993,
"Resampling-based multiple testing".
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from core.analysis.distances import corrected_psi, nested_bins
from core.analysis.measured import Measured, not_told
from core.profiles import Counts, Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedDrift:
    """One window against the days of a dated reference. Tuples are (features,).

    p: chance of such a distance between a day and the others, by F; not certified alone.  effect: PSI0, nats.
    least: the smallest p.  limit: `least` must lie below it; None when the reference has too few days for alpha.
    alarms: p below the limit, and effect >= floor.  why: "" or why the rate of false alarms is not certified.
    """

    p: tuple[Measured, ...]
    effect: tuple[Measured, ...]
    least: float
    limit: float | None
    alarms: tuple[bool, ...]
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedReference:
    """How days of the reference differ from each other.

    days: D.  least: (D,) each day's smallest p over features, against all the other days, increasing.
    features: what was fitted for each.
    """

    days: int
    least: Floats
    features: tuple[_Days, ...]

    def judge(self, windows: Sequence[ArrayLike], *, alpha: float, floor: float) -> DatedDrift:
        """Hold one window, (bins,) counts a feature in the order fitted, against the days.

        Alarms on at most about alpha of windows without drift, if windows and days are exchangeable: also where days
        wander or follow the weekday. Needs 1 / alpha - 1 days. Values that no reference day has are not seen here.
        """
        tested = [days.test(np.asarray(window)) for days, window in zip(self.features, windows, strict=True)]
        p, effect = (tuple(test[side] for test in tested) for side in (0, 1))
        least = min((_or(each, 1.0) for each in p), default=1.0)
        rank = math.floor(alpha * (self.days + 1) + 1e-9)
        limit = float(self.least[rank - 1]) if rank else -math.inf
        why = "" if rank else f"Rate not certified: the reference has {self.days} days, {1 / alpha - 1:.0f} are needed."
        alarms = tuple(_or(chance, 1.0) < limit and _or(size, -math.inf) >= floor for chance, size in tested)
        return DatedDrift(p=p, effect=effect, least=least, limit=limit if rank else None, alarms=alarms, why=why)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Days:
    """One feature. cells: (bins,) cell of each bin.  counts: (cells,) of all days.  days: those that hold rows.

    trace, squares: of V, the covariance over days of sqrt(n) (q - p) / sqrt(p), and of V V.
    """

    cells: Counts
    counts: Counts
    days: int
    trace: float
    squares: float

    def test(self, window: Counts) -> tuple[Measured, Measured]:
        """p and PSI0 of one window."""
        counts = np.bincount(self.cells, weights=window, minlength=self.counts.size).astype(np.int64)
        n = int(counts.sum())
        if not n or self.days < 3:
            none = not_told(n, "Too few days hold values." if n else "The window has no values.")
            return none, none
        effect = replace(corrected_psi(self.counts, counts), low=None, high=None)  # days are not independent rows
        chance = _chance(_distance(counts, self.counts), self.trace, self.squares, self.days)
        return Measured(value=chance, n=n), effect


def dated_reference(features: Sequence[ArrayLike], *, ordered: Sequence[bool]) -> DatedReference:
    """Fit days. features: one (days, bins) table of counts each, the same days in all.  ordered: bins or categories."""
    fitted = [_fit(np.asarray(table), order) for table, order in zip(features, ordered, strict=True)]
    least = np.sort(np.min([left for _, left in fitted], axis=0))
    return DatedReference(days=least.size, least=least, features=tuple(days for days, _ in fitted))


def _fit(table: Counts, ordered: bool) -> tuple[_Days, Floats]:
    """What one feature's days hold, and (days,) the p of each day against all others (1 where it holds no rows)."""
    bins = np.arange(table.shape[1])
    cells = np.searchsorted(nested_bins(table.sum(axis=0)), bins, side="right") - 1 if ordered else bins
    counts = np.stack([np.bincount(cells, weights=day) for day in table]).astype(np.int64)
    seen = np.count_nonzero(counts, axis=0)  # what hardly any day has joins the rarest cell
    thin = seen < 2
    if thin.any():
        thin[np.argmin(np.where(thin, len(table) + 1, seen))] = True
        merged = np.where(thin, 0, np.cumsum(~thin))
        cells = np.unique(merged, return_inverse=True)[1][cells]
        counts = np.stack([np.bincount(cells, weights=day) for day in table]).astype(np.int64)
    left, held = np.ones(len(table)), counts.sum(axis=1) > 0
    days = len(counts := counts[held])
    if days < 3:
        return _Days(cells=cells, counts=counts.sum(axis=0), days=days, trace=0.0, squares=0.0), left
    trace, squares = _spread(counts)
    for day, place in enumerate(np.flatnonzero(held)):
        others = np.delete(counts, day, axis=0)
        distance = _distance(counts[day], others.sum(axis=0))
        left[place] = _chance(distance, *_spread(others), days - 1)
    return _Days(cells=cells, counts=counts.sum(axis=0), days=days, trace=trace, squares=squares), left


def _distance(window: Counts, days: Counts) -> float:
    """Sum of n (q - p)^2 / p."""
    n, p = window.sum(), days / days.sum()
    return float(n * np.sum((window / n - p) ** 2 / p))


def _spread(days: Counts) -> tuple[float, float]:
    """Traces of V and of V V; see `_Days`. days: (days, cells)."""
    n, p = days.sum(axis=1, keepdims=True), days.sum(axis=0) / days.sum()
    z = np.sqrt(n / p) * (days / n - p)
    z -= z.mean(axis=0)
    v = (z.T @ z if z.shape[1] < len(z) else z @ z.T) / (len(z) - 1)  # either has the same traces
    return float(np.trace(v)), float(np.sum(v * v))


def _chance(distance: float, trace: float, squares: float, days: int) -> float:
    """P(F > distance / ((1 + 1 / days) tr V)), F with nu = (tr V)^2 / tr V^2 and nu (days - 1); 1 without spread."""
    if trace < 1e-12:
        return 1.0
    nu = trace * trace / squares
    return float(special.fdtrc(nu, nu * (days - 1), distance / ((1 + 1 / days) * trace)))


def _or(measured: Measured, otherwise: float) -> float:
    return otherwise if measured.value is None else measured.value
