"""Whether groups are treated within a limit: pass, fail, or not enough data to say.

Pass: every group's one-sided 95 % bound is inside the limit (intersection-union: no correction is needed).
Fail: some group's bound at 0.05 / comparisons lies beyond it. Else there is not enough data; the estimate alone
decides nothing. No group leaves the judgement for being small.
Bounds are MOVER-R's or Newcombe's. With fewer than ten hits or misses on either side they rest on exact limits instead
of Wilson's, which there would let a broken four-fifths (ratio .7) pass in up to 14 % of cases (5 rows at rate .035) and
fail one of six equally treated groups in up to 27 %; as it is, 3 % and 2 % (computed for 5 to 1,000 rows).
Sources: Berger 1982, "Multiparameter hypothesis testing and acceptance sampling"; Newcombe 1998; Donner and Zou 2012.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special, stats

from core.analysis.group_gaps import RATE_WORDS, Gap
from core.analysis.intervals import Ends, both_sides, mover_ratio_ends, newcombe_ends

Outcome = Literal["pass", "fail", "not enough data"]
Side = Literal["inside", "beyond", "unknown"]
_BOUND = 0.95
_POWER = 0.80
_FEW = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What is still fair: low <= ratio (or difference) <= high; None leaves that side open.

    The four-fifths rule is Limit(of="ratio", low=0.8). A ratio's limits lie on both sides of 1, a difference's on both
    sides of 0; anything else raises ValueError, as equal treatment would break it.
    """

    of: Literal["ratio", "difference"]
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        if self.low is None and self.high is None:
            raise ValueError("a limit needs low or high, got neither.")
        equal, least = (1.0, 0.0) if self.of == "ratio" else (0.0, -1.0)
        if self.low is not None and not least < self.low < equal:
            raise ValueError(f"low must lie between {least:g} and {equal:g}, got {self.low}.")
        if self.high is not None and not equal < self.high < math.inf:
            raise ValueError(f"high must be above {equal:g}, got {self.high}.")

    def holds(self, low: float, high: float) -> bool:
        """Whether all of low..high is within the limit."""
        return (self.low is None or low >= self.low) and (self.high is None or high <= self.high)

    def broken(self, low: float, high: float) -> bool:
        """Whether none of low..high is within the limit."""
        return (self.low is not None and high < self.low) or (self.high is not None and low > self.high)


@dataclass(frozen=True, slots=True, kw_only=True)
class GapVerdict:
    """The verdict on one comparison.

    low, high: one-sided 95 % bounds of what the limit is of; high may be infinite.
    side: where the estimate lies, which is not the verdict.
    rows: of the smaller side.  needed: for "not enough data", rows per group with which equally treated groups pass
    in 80 % of cases, at the rate seen; None where it cannot be told.  why: one sentence; empty for a pass.
    """

    gap: Gap
    outcome: Outcome
    low: float
    high: float
    side: Side
    rows: int
    needed: int | None
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FairnessVerdict:
    """The verdict on all comparisons. why: empty for a pass."""

    outcome: Outcome
    limit: Limit
    parts: tuple[GapVerdict, ...]
    why: str


def judge(gaps: Sequence[Gap], limit: Limit) -> FairnessVerdict:
    """All comparisons of one criterion against a limit. Nothing to compare is not enough data."""
    if not gaps:
        return FairnessVerdict(
            outcome="not enough data", limit=limit, parts=(), why="there is no group to compare with"
        )
    parts = tuple(_judge(gap, limit, comparisons=len(gaps)) for gap in gaps)
    for outcome in ("fail", "not enough data"):
        if found := [part for part in parts if part.outcome == outcome]:
            more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
            return FairnessVerdict(outcome=found[0].outcome, limit=limit, parts=parts, why=found[0].why + more)
    return FairnessVerdict(outcome="pass", limit=limit, parts=parts, why="")


def rows_needed(rate: float, limit: Limit) -> int | None:
    """Rows per group so that two groups both treated at `rate` pass in 80 % of cases; None for a ratio at rate 0.

    Normal approximation on the log ratio, 2 (1 - p) / p (z / ln L)^2, or on the difference, 2 p (1 - p) (z / d)^2.
    With limits on both sides, each side may miss in 10 %. Where that expects fewer than ten hits or misses, the
    chance is computed exactly and rows are added until it is reached, in steps of a tenth.
    """
    if not 0 <= rate <= 1:
        raise ValueError(f"rate must lie in 0..1, got {rate}.")
    sides = [side for side in (limit.low, limit.high) if side is not None]
    quantiles = float(special.ndtri(_BOUND) + special.ndtri(1 - (1 - _POWER) / len(sides)))
    if limit.of == "difference":
        rows = 2 * rate * (1 - rate) * (quantiles / min(abs(side) for side in sides)) ** 2
    elif rate:
        rows = 2 * (1 - rate) / rate * (quantiles / min(abs(math.log(side)) for side in sides)) ** 2
    else:
        return None
    needed = max(1, math.ceil(rows))
    while needed * min(rate, 1 - rate) < _FEW and _chance_to_pass(rate, needed, limit) < _POWER:
        needed = math.ceil(needed * 1.1)
    return needed


def _chance_to_pass(rate: float, rows: int, limit: Limit) -> float:
    """Of two groups of this size, both treated at `rate`."""
    hits = np.arange(rows + 1)
    weights = stats.binom.pmf(hits, rows, rate)
    hits, weights = hits[weights > 1e-9], weights[weights > 1e-9]
    low, high = _bounds(hits[:, None], rows, hits[None, :], rows, limit, _BOUND)
    passes = np.full(low.shape, True)
    if limit.low is not None:
        passes &= low >= limit.low
    if limit.high is not None:
        passes &= high <= limit.high
    return float(np.outer(weights, weights)[passes].sum())


def _judge(gap: Gap, limit: Limit, *, comparisons: int) -> GapVerdict:
    counts = (gap.hits, gap.rows, gap.other_hits, gap.other_rows)
    low, high = (float(end) for end in _bounds(*counts, limit, _BOUND))
    outcome: Outcome = "not enough data"
    if gap.rows and gap.other_rows:
        if limit.holds(low, high):
            outcome = "pass"
        elif limit.broken(*(float(end) for end in _bounds(*counts, limit, 1 - (1 - _BOUND) / comparisons))):
            outcome = "fail"
    rows, both = min(gap.rows, gap.other_rows), gap.rows + gap.other_rows
    needed = None
    if outcome == "not enough data" and both:
        needed = rows_needed((gap.hits + gap.other_hits) / both, limit)
    side = _side(gap, limit)
    why = "" if outcome == "pass" else _why(gap, limit, outcome, side, rows, needed)
    return GapVerdict(gap=gap, outcome=outcome, low=low, high=high, side=side, rows=rows, needed=needed, why=why)


def _bounds(k1: ArrayLike, n1: ArrayLike, k2: ArrayLike, n2: ArrayLike, limit: Limit, bound: float) -> Ends:
    """One-sided bounds of the ratio or difference; exact limits where hits or misses are few."""
    ends = mover_ratio_ends if limit.of == "ratio" else newcombe_ends
    level = both_sides(bound)
    fewest = np.minimum(np.minimum(k1, np.subtract(n1, k1)), np.minimum(k2, np.subtract(n2, k2)))
    if np.all(fewest >= _FEW):
        return ends(k1, n1, k2, n2, level=level)
    exact, approximate = ends(k1, n1, k2, n2, level=level, exact=True), ends(k1, n1, k2, n2, level=level)
    return np.where(fewest < _FEW, exact[0], approximate[0]), np.where(fewest < _FEW, exact[1], approximate[1])


def _side(gap: Gap, limit: Limit) -> Side:
    if limit.of == "ratio" and gap.rows and gap.hits and gap.other_rows and not gap.other_hits:
        return "inside" if limit.high is None else "beyond"
    value = gap.ratio.value if limit.of == "ratio" else gap.difference.value
    if value is None:
        return "unknown"
    return "inside" if limit.holds(value, value) else "beyond"


def _why(gap: Gap, limit: Limit, outcome: Outcome, side: Side, rows: int, needed: int | None) -> str:
    compared = f"{gap.group} against {gap.against}: the {limit.of} of the {RATE_WORDS[gap.rate]}"
    if outcome == "fail":
        return f"{compared} is beyond the limit"
    if not rows:
        empty = gap.against if gap.rows else gap.group
        return f"{compared} cannot be told, as {empty} has no rows for it"
    lies = {"inside": "the estimate lies inside the limit", "beyond": "the estimate lies beyond the limit"}
    estimate = lies.get(side, "there is no estimate yet")
    if needed is None:
        return f"{compared} cannot be judged on {rows:,} rows; {estimate}"
    if rows >= needed:
        return f"{compared} is too near the limit to be judged on {rows:,} rows; {estimate}"
    return f"{compared} cannot be judged on {rows:,} rows, about {needed:,} a group are needed; {estimate}"
