"""Drift against a dated reference. Days are no independent rows: a window is judged by how days differ.

Sources: Rao and Scott 1981, "The analysis of categorical data from complex sample surveys"; Westfall and Young 1993,
"Resampling-based multiple testing".
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from core.analysis.distances import nested_bins, pearson
from core.analysis.divergences import psi0
from core.analysis.measured import Measured, not_told
from core.profiles import Counts, Floats

AT_ONCE = 200_000
"""Numbers of one array that holds many days."""


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
        limit = self.limit(alpha)
        below = -math.inf if limit is None else limit
        why = self.lacking(alpha)
        alarms = tuple(_or(chance, 1.0) < below and _or(size, -math.inf) >= floor for chance, size in tested)
        return DatedDrift(p=p, effect=effect, least=least, limit=limit, alarms=alarms, why=why)

    def limit(self, alpha: float) -> float | None:
        """What the smallest p of a window must lie below to alarm; None when there are too few days for alpha."""
        rank = math.floor(alpha * (self.days + 1) + 1e-9)
        return float(self.least[rank - 1]) if rank else None

    def lacking(self, alpha: float) -> str:
        """Why the rate of false alarms is not certified; "" when it is."""
        return "" if self.limit(alpha) is not None else too_few_days(self.days, alpha)


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
        n = int(window.sum())
        if not n or self.days < 3:
            none = not_told(n, "Too few days hold values." if n else "The window has no values.")
            return none, none
        # PSI0 has no interval: days are not independent rows
        p, effect = (Measured(value=float(part[0]), n=n) for part in self.tests(window[None]))
        return p, effect

    def tests(self, windows: Counts) -> tuple[Floats, Floats]:
        """(windows,) p and PSI0 of (windows, bins) counts; NaN without values, or where fewer than 3 days hold any."""
        p, effect = np.full((2, len(windows)), np.nan)
        held = np.flatnonzero(windows.any(axis=1))
        if held.size and self.days >= 3:
            counts = _merged(windows[held], self.cells, self.counts.size)
            p[held] = _chance(_distance(counts, self.counts), self.trace, self.squares, self.days)
            effect[held] = psi0(*pearson(self.counts, counts), self.counts.sum(), counts.sum(axis=1))
        return p, effect


def too_few_days(days: int, alpha: float) -> str:
    """Says that a reference of so many days certifies no rate alpha."""
    return f"Rate not certified: the reference has {days} days, {math.ceil(1 / alpha - 1 - 1e-9)} are needed."


def dated_reference(features: Sequence[ArrayLike], *, ordered: Sequence[bool]) -> DatedReference:
    """Fit days. features: one (days, bins) table of counts each, the same days in all.  ordered: bins or categories."""
    fitted = [_fit(np.asarray(table), order) for table, order in zip(features, ordered, strict=True)]
    least = np.sort(np.min([left for _, left in fitted], axis=0))
    return DatedReference(days=least.size, least=least, features=tuple(days for days, _ in fitted))


def _fit(table: Counts, ordered: bool) -> tuple[_Days, Floats]:
    """What one feature's days hold, and (days,) the p of each day against all others (1 where it holds no rows)."""
    bins = np.arange(table.shape[1])
    cells = np.searchsorted(nested_bins(table.sum(axis=0)), bins, side="right") - 1 if ordered else bins
    counts = _merged(table, cells, int(cells.max()) + 1)
    seen = np.count_nonzero(counts, axis=0)  # what hardly any day has joins the rarest cell
    thin = seen < 2
    if thin.any():
        thin[np.argmin(np.where(thin, len(table) + 1, seen))] = True
        merged = np.where(thin, 0, np.cumsum(~thin))
        cells = np.unique(merged, return_inverse=True)[1][cells]
        counts = _merged(table, cells, int(cells.max()) + 1)
    left, held = np.ones(len(table)), counts.any(axis=1)
    days = len(counts := counts[held])
    whole = counts.sum(axis=0)
    if days < 3:
        return _Days(cells=cells, counts=whole, days=days, trace=0.0, squares=0.0), left
    trace, squares = _spread(counts)
    left[held] = _chance(_distance(counts, whole - counts), *_spread_without_each(counts), days - 1)
    return _Days(cells=cells, counts=whole, days=days, trace=trace, squares=squares), left


def _merged(tables: Counts, cells: Counts, size: int) -> Counts:
    """(..., size) counts of the cells that (..., bins) counts fall into."""
    order = np.argsort(cells, kind="stable")
    starts = np.searchsorted(cells[order], np.arange(size))
    return np.asarray(np.add.reduceat(tables[..., order], starts, axis=-1), dtype=np.int64)


def _distance(windows: Counts, days: Counts) -> Floats:
    """(...) sum of n (q - p)^2 / p; what days never have is not looked at."""
    n, p = windows.sum(axis=-1, keepdims=True), days / days.sum(axis=-1, keepdims=True)
    terms = np.divide((windows / n - p) ** 2, p, out=np.zeros(np.shape(windows)), where=p > 0)
    return np.asarray(n[..., 0] * terms.sum(axis=-1))


def _spread(days: Counts) -> tuple[float, float]:
    """Traces of V and of V V; see `_Days`. days: (days, cells)."""
    n, p = days.sum(axis=1, keepdims=True), days.sum(axis=0) / days.sum()
    z = np.sqrt(n / p) * (days / n - p)
    z -= z.mean(axis=0)
    v = (z.T @ z if z.shape[1] < len(z) else z @ z.T) / (len(z) - 1)  # either has the same traces
    return float(np.trace(v)), float(np.sum(v * v))


def _spread_without_each(days: Counts) -> tuple[Floats, Floats]:
    """(days,) `_spread` of all days but one.

    With p the shares of all days, p + e those without the day: sqrt(n) (q - p - e) = y - s e, y = sqrt(n) (q - p),
    s = sqrt(n). So V needs the covariances of (y, s) without the day alone, which are those of all less one product.
    """
    n, p = days.sum(axis=1, keepdims=True), days.sum(axis=0) / days.sum()
    both = np.sqrt(n) * np.concatenate([days / n - p, np.ones_like(n)], axis=1)
    both -= both.mean(axis=0)
    count, products = len(days), both.T @ both
    rest = days.sum(axis=0) - days
    left = rest / rest.sum(axis=1, keepdims=True)
    trace, squares = np.empty((2, count))
    for start in range(0, count, step := max(1, AT_ONCE // products.size)):
        part = slice(start, start + step)
        own, e, root = both[part], left[part] - p, np.sqrt(left[part])
        cov = products - own[:, :, None] * own[:, None, :] * (count / (count - 1))
        once = cov[:, :-1, -1:] * e[:, None, :]
        v = cov[:, :-1, :-1] - once - once.swapaxes(1, 2) + cov[:, -1:, -1:] * (e[:, :, None] * e[:, None, :])
        v /= (count - 2) * root[:, :, None] * root[:, None, :]
        trace[part], squares[part] = np.trace(v, axis1=1, axis2=2), np.einsum("dij,dij->d", v, v)
    return trace, squares


def _chance(distance: ArrayLike, trace: ArrayLike, squares: ArrayLike, days: int) -> Floats:
    """(...) P(F > distance / ((1 + 1 / days) tr V)), F with nu = (tr V)^2 / tr V^2 and nu (days - 1); or 1."""
    trace, squares = np.asarray(trace), np.asarray(squares)  # 1 where days do not differ at all
    still = trace < 1e-12
    trace, squares = np.where(still, 1.0, trace), np.where(still, 1.0, squares)
    nu = trace * trace / squares
    p = special.fdtrc(nu, nu * (days - 1), np.asarray(distance) / ((1 + 1 / days) * trace))
    return np.asarray(np.where(still, 1.0, p))


def _or(measured: Measured, otherwise: float) -> float:
    return otherwise if measured.value is None else measured.value
