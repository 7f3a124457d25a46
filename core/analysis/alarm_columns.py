"""Columns of one model over many windows: what goes into alarms, what comes out, and what is tested of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from core.analysis import divergences
from core.analysis.distances import nested_bins, pearson
from core.analysis.drift import AMPLE, Bools
from core.profiles import Counts, Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column (a feature, or the scores) of one model.

    ordered: bins in order, or categories (the last one may count unseen values).  reference: (bins,) counts.
    windows: (windows, bins) counts, the same windows in all columns, in order of time.
    days: (days, bins) counts of a dated reference, the same days in all columns; None for an undated one.
    known: (windows,) p of windows that were tested before, of the same counts; NaN for those that were not. Two-sample
    tests of them are not made again.
    """

    ordered: bool
    reference: Counts
    windows: Counts
    days: Counts | None = None
    known: Floats | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """When a column alarms, and when it has drifted.

    alpha: share of windows that may alarm without drift, 0..1.  floor: least PSI0 of an alarm, nats.
    at_once: PSI0 from which one alarm is enough, nats.  need, of: alarms in so many of so many windows in a row are
    enough too.
    """

    alpha: float
    floor: float
    at_once: float
    need: int
    of: int

    def __post_init__(self) -> None:
        if not 0 < self.alpha < 1:
            raise ValueError(f"alpha must lie between 0 and 1, got {self.alpha}.")
        if not 1 <= self.need <= self.of:
            raise ValueError(f"need must lie in 1..of, got {self.need} of {self.of}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarms:
    """(windows, columns) arrays, NaN where nothing can be told (no values on either side).

    n: rows of the window with a value.  p: chance of at least this difference without drift, 0..1.  adjusted: p after
    Benjamini-Hochberg over the columns of one window; p itself by the dated rule.  effect: PSI0, nats; about 0, also
    below, without drift.  psi, jensen_shannon: plain effect sizes to show, of the bins that are tested (about ten of
    an ordered column); they grow when rows are few.  alarm: the rule's answer.
    thin: the reference has fewer than ten rows for each row of the window.
    certified: whether the stated rate of false alarms holds.  why: '' or why not.
    """

    n: Counts
    p: Floats
    adjusted: Floats
    effect: Floats
    psi: Floats
    jensen_shannon: Floats
    alarm: Bools
    thin: Bools
    certified: bool
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """One column: `Column.windows` against `Column.reference`.

    x, y: (bins,) and (held, bins) counts of the windows that can be told.  cells_x, cells_y: the same in the cells
    that are tested.  starts: (cells,) first bin of each cell.  ordered: as in the column.  known: (held,) likewise.
    held: (windows,) which can be told.  x2: (held,) Pearson's, on `bins` cells that hold rows.
    """

    x: Counts
    y: Counts
    cells_x: Counts
    cells_y: Counts
    ordered: bool
    held: Bools
    starts: Counts
    x2: Floats
    bins: Counts
    known: Floats

    @property
    def total(self) -> int:
        """Rows of the reference."""
        return int(self.x.sum())

    @property
    def n(self) -> Counts:
        """(held,) rows of each window."""
        return np.asarray(self.y.sum(axis=1))


def tables(columns: Sequence[Column]) -> list[Tested]:
    """What is tested of each column. Raises ValueError when shapes differ."""
    for place, column in enumerate(columns):
        bins, windows = np.shape(column.reference), np.shape(column.windows)
        if len(bins) != 1 or windows != (len(columns[0].windows), *bins):
            raise ValueError(
                f"columns[{place}] must have (bins,) and (windows, bins) counts, the same windows in all, "
                f"got {bins} and {windows}."
            )
    return [_tested(column) for column in columns]


def over_windows(tested: Sequence[Tested], values: Callable[[Tested], Floats]) -> Floats:
    """(windows, columns) of each column's (held,) values; NaN where nothing can be told."""
    out = np.full((tested[0].held.size, len(tested)) if tested else (0, 0), np.nan)
    for place, one in enumerate(tested):
        if one.held.any():
            out[one.held, place] = values(one)
    return out


def rows(columns: Sequence[Column]) -> Counts:
    """(windows, columns) rows with a value."""
    counted = [np.asarray(column.windows).sum(axis=1, dtype=np.int64) for column in columns]
    return np.stack(counted, axis=1) if columns else np.empty((0, 0), dtype=np.int64)


def thin(columns: Sequence[Column], n: Counts) -> Bools:
    """(windows, columns) whether the reference has fewer than ten rows for each of the window's n."""
    totals = np.array([np.sum(column.reference, dtype=np.int64) for column in columns], dtype=np.int64)
    return np.asarray(totals < AMPLE * n)


def effect(one: Tested) -> Floats:
    """(held,) PSI0, nats."""
    return divergences.psi0(one.x2, one.bins, one.total, one.n)


def psi(one: Tested) -> Floats:
    """(held,) nats."""
    return divergences.psi(one.cells_x, one.cells_y)


def jensen_shannon(one: Tested) -> Floats:
    """(held,) 0..1."""
    return divergences.jensen_shannon(one.cells_x, one.cells_y)


def _tested(column: Column) -> Tested:
    x, windows = np.asarray(column.reference, dtype=np.int64), np.asarray(column.windows, dtype=np.int64)
    held = np.asarray(windows.any(axis=1) & bool(x.any()))
    y = windows[held]
    starts: Counts = nested_bins(x) if column.ordered and x.any() else np.arange(x.size)
    cells = np.add.reduceat(x, starts), np.add.reduceat(y, starts, axis=-1)
    x2, bins = pearson(*cells) if held.any() else (np.zeros(0), np.zeros(0, dtype=np.int64))
    known = np.full(held.size, np.nan) if column.known is None else np.asarray(column.known, dtype=np.float64)
    return Tested(
        x=x, y=y, cells_x=cells[0], cells_y=cells[1], held=held, starts=starts, x2=x2, bins=bins,
        ordered=column.ordered, known=known[held],
    )  # fmt: skip
