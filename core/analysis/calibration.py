"""Whether scores mean what they say: of rows scored 0.3, are three in ten positive?

Profiles know scores by bin, not one by one, so a row's score is taken for the middle of its bin, and `binning` states
what that can cost. Fine bins are gathered into a few groups of about equal size, as the error of calibration grows
with the number of groups by chance alone; what chance alone makes of it is told beside it.

Sources: Guo et al. 2017, "On calibration of modern neural networks", sec. 2; Roelofs et al. 2022, "Mitigating bias in
calibration error estimation" (equal mass); Bröcker and Smith 2007, "Increasing the reliability of reliability
diagrams" (what a calibrated model shows at this n).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from core.analysis.intervals import mean, wilson
from core.analysis.measured import Measured, not_told
from core.profiles import Floats, Moments, Output

GROUPS = 10
DRAWS = 1_000
SEED = 20_260_101


@dataclass(frozen=True, slots=True, kw_only=True)
class ReliabilityPoint:
    """Rows of neighbouring bins.

    above, up_to: their scores lie in (above, up_to], in [0, 1].  score: mean score; its binning says how well it is
    known.  observed: share of positives, with Wilson's interval.
    """

    above: float
    up_to: float
    score: Measured
    observed: Measured


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationError:
    """Expected calibration error and what it would be by chance.

    error: mean over rows of |mean score - observed rate| of their group, in [0, 1]. No interval: by chance alone it is
    above 0, so it is read against the floor.
    floor: mean error that a perfectly calibrated model with these scores shows at this n.
    floor_high: 95 % of perfectly calibrated windows stay at or below it. Both None where the error is not told.
    points: of the reliability curve, one a group, scores rising.
    """

    error: Measured
    floor: float | None
    floor_high: float | None
    points: tuple[ReliabilityPoint, ...]


def calibration_error(output: Output, edges: Floats, *, groups: int = GROUPS, seed: int = SEED) -> CalibrationError:
    """Over at most `groups` groups of neighbouring bins with about equal rows. Same input and seed, same answer.

    binning of the error: mean over rows of half the width of their bin.
    Raises ValueError if groups is below 1 or the edges are not the output's.
    """
    if groups < 1:
        raise ValueError(f"groups must be >= 1, got {groups}.")
    if output.counts.shape != (3, len(edges) + 1):
        raise ValueError(f"output must have counts (3, {len(edges) + 1}) for these edges, got {output.counts.shape}.")
    if refused := _refused(output):
        return CalibrationError(error=refused, floor=None, floor_high=None, points=())
    ends = np.clip(np.concatenate([[0.0], edges, [1.0]]), 0.0, 1.0)
    labelled = output.negatives + output.positives
    held = np.flatnonzero(labelled)
    n = int(labelled.sum())
    sizes, hits = labelled[held], output.positives[held].astype(np.float64)
    middles, halves = (ends[held] + ends[held + 1]) / 2, (ends[held + 1] - ends[held]) / 2
    # A bin belongs to the group in which its middle row falls; starts: first bin of every group.
    middle_row = sizes.cumsum() - sizes / 2
    starts = np.flatnonzero(np.diff(np.floor(middle_row * groups / n), prepend=-1.0))
    total, positives, scores, unsure = (
        np.add.reduceat(part, starts) for part in (sizes, hits, sizes * middles, sizes * halves)
    )
    chance = np.random.default_rng(seed).binomial(sizes, middles, size=(DRAWS, len(sizes)))
    floors = np.abs(np.add.reduceat(chance, starts, axis=1) - scores).sum(axis=1) / n
    lasts = np.append(starts[1:], len(held)) - 1
    points = [
        ReliabilityPoint(
            above=float(ends[held[first]]),
            up_to=float(ends[held[last] + 1]),
            score=Measured(value=float(score / rows), n=int(rows), binning=float(half / rows)),
            observed=_share(int(k), int(rows)),
        )
        for first, last, rows, k, score, half in zip(starts, lasts, total, positives, scores, unsure, strict=True)
    ]
    error = Measured(value=float(np.abs(positives - scores).sum() / n), n=n, binning=float(unsure.sum() / n))
    return CalibrationError(
        error=error,
        floor=float(floors.mean()),
        floor_high=float(np.quantile(floors, 0.95)),
        points=tuple(points),
    )


def in_the_large(output: Output) -> Measured:
    """Mean score minus share of positives, in [-1, 1]; 0 when right on the whole, above 0 when scores promise too much.

    Exact. Interval: Student's t; the squares of the differences are the squared errors that are kept.
    """
    if refused := _refused(output):
        return refused
    negatives, positives = int(output.negatives.sum()), int(output.positives.sum())
    n = negatives + positives
    used = np.array([negatives, positives]) > 0
    difference = float(output.scores[:2][used].sum()) - positives
    squares = float(output.squared_error[used].sum())
    value = difference / n
    low, high = mean(Moments(count=n, mean=value, m2=max(squares - n * value * value, 0.0)))
    if n < 2:
        return Measured(value=value, n=n)
    return Measured(value=value, low=low, high=high, n=n)


def _refused(output: Output) -> Measured | None:
    """Why calibration cannot be told of this output."""
    rows = (int(output.negatives.sum()), int(output.positives.sum()))
    if not sum(rows):
        return not_told(0, "Not enough data: no scored row has a label.")
    if any(n and not math.isfinite(part) for n, part in zip(rows, output.squared_error, strict=True)):
        return not_told(sum(rows), "The scores are no probabilities: some lie outside 0 to 1.")
    return None


def _share(k: int, n: int) -> Measured:
    low, high = wilson(k, n)
    return Measured(value=k / n, low=low, high=high, n=n)
