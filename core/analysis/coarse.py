"""Few wide bins in the place of many narrow ones, so that a picture can be read. Counts stay exact."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from core.profiles import Counts

MOST = 20
TAIL = 0.005


@dataclass(frozen=True, slots=True, kw_only=True)
class Coarse:
    """labels: (bins,) what each holds, such as "0.1 to 0.2".  reference, current: (bins,) rows."""

    labels: tuple[str, ...]
    reference: Counts
    current: Counts


def coarse(edges: ArrayLike, reference: ArrayLike, current: ArrayLike, *, most: int = MOST) -> Coarse:
    """Joins neighbouring bins into at most `most` of about the same width; every edge that is left is one of `edges`.

    edges: (E,) inner edges, increasing.  reference, current: (E + 1,) rows.  The first and the last bin stay open:
    widths are even between the places that leave 0.5 % of either side's rows beyond them.
    Raises ValueError when the shapes do not fit.
    """
    inner = np.asarray(edges, dtype=np.float64)
    before, now = np.asarray(reference, dtype=np.int64), np.asarray(current, dtype=np.int64)
    if before.shape != (inner.size + 1,) or now.shape != before.shape:
        raise ValueError(f"{inner.size} edges need {inner.size + 1} bins, got {before.shape} and {now.shape}.")
    kept = _kept(inner, before, now, most)
    starts = np.concatenate(([0], np.searchsorted(inner, kept) + 1))
    return Coarse(
        labels=_labels(kept), reference=np.add.reduceat(before, starts), current=np.add.reduceat(now, starts)
    )  # fmt: skip


def _kept(inner: np.ndarray, before: Counts, now: Counts, most: int) -> np.ndarray:
    if inner.size < most:
        return inner
    sides = [side for side in (before, now) if side.sum()]
    low = min((inner[_place(side, TAIL)] for side in sides), default=inner[0])
    high = max((inner[_place(side, 1 - TAIL)] for side in sides), default=inner[-1])
    wanted = np.linspace(low, high, most - 1)
    right = np.clip(np.searchsorted(inner, wanted), 1, inner.size - 1)
    nearest = np.where(wanted - inner[right - 1] <= inner[right] - wanted, right - 1, right)
    found: np.ndarray = inner[np.unique(nearest)]
    return found


def _place(counts: Counts, share: float) -> int:
    """The edge below which that share of the rows lies."""
    upto = np.cumsum(counts) / counts.sum()
    return min(int(np.searchsorted(upto, share)), counts.size - 2)


def _labels(kept: np.ndarray) -> tuple[str, ...]:
    said = [_said(value, kept) for value in kept]
    if not said:
        return ("all",)
    between = [f"{low} to {high}" for low, high in itertools.pairwise(said)]
    return (f"up to {said[0]}", *between, f"above {said[-1]}")


def _said(value: float, kept: np.ndarray) -> str:
    """With the digits that tell neighbours apart."""
    gaps = np.diff(kept)
    digits = 3 if not gaps.size else max(3, int(np.ceil(np.log10(np.abs(kept).max() / gaps.min() + 1))) + 1)
    return f"{value:,.{min(digits, 9)}g}"
