"""Calibration within groups: do scores mean the same for everyone?

A group's scores are calibrated when, of its rows scored s, the share s is positive.
Sources: Kleinberg, Mullainathan and Raghavan 2017, "Inherent trade-offs in the fair determination of risk scores";
Van Calster et al. 2019, "Calibration: the Achilles heel of predictive analytics" (calibration-in-the-large).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from core.analysis.group_gaps import ALL_OTHERS
from core.analysis.intervals import newcombe, wilson
from core.analysis.measured import Measured, not_told
from core.profiles import Floats, Output

_BINS = 10
_NO_LABELS = "no labels yet"
_NO_PROBABILITIES = "scores are no probabilities"


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupCalibration:
    """How far one group's scores are from what came true. All figures are in units of probability.

    in_the_large: share of positive rows - mean score, in [-1, 1]; 0 is calibrated, above 0 the group is scored too
    low. Its interval is Wilson's for the share, the scores taken as given: on the safe side where they discriminate.
    against, difference: in_the_large less that of the named group, or of all others together; Newcombe's interval.
    gap: mean size of (share positive - mean score) over at most 10 bins of about equal rows, in [0, 1]; no interval.
    gap_by_chance: the gap to be expected of calibrated scores with these rows; None where the gap cannot be told.
    """

    group: str
    in_the_large: Measured
    against: str
    difference: Measured
    gap: Measured
    gap_by_chance: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Totals:
    """Of labelled rows. scores: their sum; NaN where scores are no probabilities."""

    positives: int = 0
    rows: int = 0
    scores: float = 0.0

    @property
    def excess(self) -> float:
        return self.positives / self.rows - self.scores / self.rows


def calibration_by_group(
    groups: Mapping[str, Output], edges: ArrayLike, *, against: str | None = None
) -> tuple[GroupCalibration, ...]:
    """Calibration of each of the disjoint groups, against the named one or, without it, against all others.

    edges: (E,) of the outputs. The named group is compared with nobody.
    """
    places = np.asarray(edges, dtype=np.float64)
    totals = {name: _totals(output) for name, output in groups.items()}
    found = []
    for name, output in groups.items():
        gap, by_chance = _gap(output, places)
        other = totals.get(against, _Totals()) if against is not None else _others(totals, name)
        found.append(
            GroupCalibration(
                group=name,
                in_the_large=_in_the_large(totals[name]),
                against=against or ALL_OTHERS,
                difference=_difference(name, totals[name], against or ALL_OTHERS, other),
                gap=gap,
                gap_by_chance=by_chance,
            )
        )
    return tuple(found)


def _totals(output: Output) -> _Totals:
    positives = int(output.positives.sum())
    probabilities = not np.isnan(output.squared_error).any()
    return _Totals(
        positives=positives,
        rows=positives + int(output.negatives.sum()),
        scores=float(output.scores[:2].sum()) if probabilities else math.nan,
    )


def _others(totals: Mapping[str, _Totals], group: str) -> _Totals:
    rest = [one for name, one in totals.items() if name != group]
    return _Totals(
        positives=sum(one.positives for one in rest),
        rows=sum(one.rows for one in rest),
        scores=math.fsum(one.scores for one in rest),
    )


def _in_the_large(own: _Totals) -> Measured:
    if not own.rows:
        return not_told(0, _NO_LABELS)
    if math.isnan(own.scores):
        return not_told(own.rows, _NO_PROBABILITIES)
    low, high = wilson(own.positives, own.rows)
    mean = own.scores / own.rows
    return Measured(value=own.excess, low=low - mean, high=high - mean, n=own.rows)


def _difference(group: str, own: _Totals, against: str, other: _Totals) -> Measured:
    n = own.rows + other.rows
    if group == against:
        return not_told(n, "this is the group that others are compared with")
    if not own.rows or not other.rows:
        return not_told(n, f"{against if own.rows else group} has no labels yet")
    if math.isnan(own.scores) or math.isnan(other.scores):
        return not_told(n, _NO_PROBABILITIES)
    low, high = newcombe(own.positives, own.rows, other.positives, other.rows)
    shift = own.scores / own.rows - other.scores / other.rows
    return Measured(value=own.excess - other.excess, low=low - shift, high=high - shift, n=n)


def _gap(output: Output, edges: Floats) -> tuple[Measured, float | None]:
    """The binned gap and what chance gives. Scores are taken at the middle of their fine bin, and the most that this
    can be wrong is the binning error."""
    rows = output.negatives + output.positives
    n = int(rows.sum())
    if not n:
        return not_told(0, _NO_LABELS), None
    if np.isnan(output.squared_error).any():
        return not_told(n, _NO_PROBABILITIES), None
    ends = np.concatenate(([0.0], np.clip(edges, 0.0, 1.0), [1.0]))
    middles, halves = (ends[1:] + ends[:-1]) / 2, np.diff(ends) / 2
    coarse = np.minimum(_BINS * (np.cumsum(rows) - rows / 2) / n, _BINS - 1).astype(np.int64)
    sizes = np.bincount(coarse, rows, _BINS)
    filled = sizes > 0
    positives = np.bincount(coarse, output.positives, _BINS)[filled]
    scores = np.bincount(coarse, rows * middles, _BINS)[filled]
    value = float(np.abs(positives - scores).sum() / n)
    expected = scores / sizes[filled]
    by_chance = np.sqrt(2 / math.pi * sizes[filled] * expected * (1 - expected)).sum() / n
    return Measured(value=value, n=n, binning=float((rows * halves).sum() / n)), float(by_chance)
