"""What every threshold would decide about each group, from score histograms: no row is read again.

Point estimates alone: where a threshold is chosen because it looks best here, its interval no longer holds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.analysis.fairness_verdict import Limit
from core.analysis.group_rates import CELLS, Rate
from core.profiles import Counts, Floats, Output


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """Decisions about G disjoint groups at every one of T thresholds that the bins can tell.

    groups: their names.  thresholds: (T,), increasing; a row is positive when its score is at least that.
    above: (G, 3, T) rows decided positive, by label negative, positive, not known.  totals: (G, 3) rows decided on.
    """

    groups: tuple[str, ...]
    thresholds: Floats
    above: Counts
    totals: Counts

    def counts(self, rate: Rate) -> tuple[Counts, Counts]:
        """(G, T) hits, and the rows that they are of."""
        counting, others = CELLS[rate]
        hits = sum((self._cell(*cell) for cell in counting), np.zeros_like(self.above[:, 0]))
        rows: Counts = hits + sum((self._cell(*cell) for cell in others), np.zeros_like(hits))
        return hits, rows

    def _cell(self, decision: int, label: int) -> Counts:
        above: Counts = self.above[:, label]
        return above if decision else self.totals[:, label, None] - above

    def rates(self, rate: Rate) -> Floats:
        """(G, T) shares; NaN without rows."""
        return _shares(*self.counts(rate))

    def whole(self, rate: Rate) -> Floats:
        """(T,) the rate of all groups together; NaN without rows."""
        hits, rows = self.counts(rate)
        return _shares(hits.sum(axis=0), rows.sum(axis=0))

    def gaps(self, rate: Rate, *, against: str | None = None) -> tuple[Floats, Floats]:
        """(G, T) differences and ratios to the named group, or to all others together; NaN where they cannot be told.

        The named group's own row is NaN. A named group that is none of these has no rows.
        """
        hits, rows = self.counts(rate)
        if against is None:
            others = _shares(hits.sum(axis=0) - hits, rows.sum(axis=0) - rows)
        elif against in self.groups:
            place = self.groups.index(against)
            others = np.repeat(_shares(hits[place], rows[place])[None], len(self.groups), axis=0)
            others[place] = np.nan
        else:
            others = np.full(hits.shape, np.nan)
        own = _shares(hits, rows)
        ratio = np.divide(own, others, out=np.full(own.shape, np.nan), where=others > 0)
        return own - others, ratio

    def holds(self, limit: Limit, rates: Sequence[Rate], *, against: str | None = None) -> NDArray[np.bool_]:
        """(T,) whether every group that is compared lies within the limit, by its estimate. What is not told does not.

        Limits are judged by estimates alone, which is no verdict.
        """
        compared = [at for at, name in enumerate(self.groups) if name != against]
        inside = np.full(self.thresholds.shape, bool(compared))
        for rate in rates:
            difference, ratio = self.gaps(rate, against=against)
            values = (ratio if limit.of == "ratio" else difference)[compared]
            with np.errstate(invalid="ignore"):
                inside &= np.all(values >= (-np.inf if limit.low is None else limit.low), axis=0)
                inside &= np.all(values <= (np.inf if limit.high is None else limit.high), axis=0)
        return inside

    def nearest(self, threshold: float) -> int:
        """Place of the threshold nearest to that one."""
        return int(np.argmin(np.abs(self.thresholds - threshold)))


def sweep(groups: Mapping[str, Output], edges: ArrayLike) -> Sweep:
    """Of disjoint groups, G >= 1, whose scores are counted into these edges, (E,), E >= 1: a threshold just above each.

    Raises ValueError without groups or edges.
    """
    places = np.asarray(edges, dtype=np.float64)
    if not groups or not places.size:
        raise ValueError(f"groups and edges must not be empty, got {len(groups)} and {places.size}.")
    counts = np.stack([output.counts for output in groups.values()])
    from_right = np.cumsum(counts[:, :, ::-1], axis=2)[:, :, ::-1]
    return Sweep(
        groups=tuple(groups),
        thresholds=np.nextafter(places, np.inf),
        above=from_right[:, :, 1:],
        totals=from_right[:, :, 0],
    )


def ranges(holds: NDArray[np.bool_], thresholds: Floats) -> list[tuple[float, float]]:
    """(first, last) threshold of each stretch where it holds. Both arrays: (T,)."""
    padded = np.concatenate(([False], holds, [False])).astype(np.int8)
    steps = np.diff(padded)
    firsts, ends = np.flatnonzero(steps == 1), np.flatnonzero(steps == -1)
    return [(float(thresholds[first]), float(thresholds[end - 1])) for first, end in zip(firsts, ends, strict=True)]


def _shares(hits: Counts, rows: Counts) -> Floats:
    found: Floats = np.divide(hits, rows, out=np.full(hits.shape, np.nan), where=rows > 0)
    return found
