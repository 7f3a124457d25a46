"""The highest rate of any group against the lowest, beside what equal treatment would give.

With many or small groups, max - min is large by chance alone; shown without that, it accuses everyone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from core.analysis.group_rates import Decided, Rate, Share, share
from core.analysis.measured import Measured, not_told
from core.profiles import Floats

_DRAWS = 4_000
_SEED = 1871


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Highest group against lowest. Of several rates the larger difference and the smaller ratio.

    difference: max - min, in [0, 1]; 0 means parity.  ratio: min / max, in [0, 1]; 1 means parity.  Neither has an
    interval; what equal treatment gives takes its place, None where it cannot be told.
    highest, lowest: names of the groups behind the difference.
    equal_difference, equal_ratio: their means if every group were treated at the pooled rate.
    equal_difference_high, equal_ratio_low: ends that equal treatment passes in 5 of 100 cases.
    as_wide: share of such cases with a difference at least as large.
    left_out: groups without any row for the rate; nothing is known of them, which is not parity.
    """

    difference: Measured
    ratio: Measured
    highest: str = ""
    lowest: str = ""
    equal_difference: float | None = None
    equal_difference_high: float | None = None
    equal_ratio: float | None = None
    equal_ratio_low: float | None = None
    as_wide: float | None = None
    left_out: tuple[str, ...] = ()


def equal_treatment(rows: ArrayLike, rate: float, *, draws: int = _DRAWS, seed: int = _SEED) -> tuple[Floats, Floats]:
    """max - min and min / max of the groups' rates in every draw, if all are treated at `rate`.

    rows: (groups,) sizes >= 1.  Returns two arrays (draws,); the ratio is 1 where no group has a hit. The same
    arguments give the same draws.
    """
    sizes = np.asarray(rows, dtype=np.int64)
    shares = np.random.default_rng(seed).binomial(sizes, rate, size=(draws, sizes.size)) / sizes
    top, bottom = shares.max(axis=1), shares.min(axis=1)
    return top - bottom, np.divide(bottom, top, out=np.ones(draws), where=top > 0)


def spread(groups: Mapping[str, Decided], rates: Sequence[Rate]) -> Spread:
    """Highest against lowest group by `rates`. Raises ValueError without a rate."""
    if not rates:
        raise ValueError("rates must name at least one rate, got none.")
    found = [{name: share(decided, rate) for name, decided in groups.items()} for rate in rates]
    left_out = tuple(name for name in groups if not all(shares[name].rows for shares in found))
    told = [{name: own for name, own in shares.items() if own.rows} for shares in found]
    rows = sum(own.rows for shares in told for own in shares.values())
    if min(len(shares) for shares in told) < 2:
        nothing = not_told(rows, "fewer than two groups have rows for it")
        return Spread(difference=nothing, ratio=nothing, left_out=left_out)

    parts = [_extremes(shares) for shares in told]
    widest = max(parts, key=lambda part: part.difference)
    draws = [_draws(shares, _SEED + place) for place, shares in enumerate(told)]
    differences = np.max([drawn[0] for drawn in draws], axis=0)
    ratios = np.min([drawn[1] for drawn in draws], axis=0)
    return Spread(
        difference=Measured(value=widest.difference, n=rows, binning=max(part.difference_error for part in parts)),
        ratio=_smallest_ratio(parts, rows),
        highest=widest.highest,
        lowest=widest.lowest,
        equal_difference=float(differences.mean()),
        equal_difference_high=float(np.quantile(differences, 0.95)),
        equal_ratio=float(ratios.mean()),
        equal_ratio_low=float(np.quantile(ratios, 0.05)),
        as_wide=float((differences >= widest.difference - 1e-12).mean()),
        left_out=left_out,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Extremes:
    """Of one rate. ratio: None where every group's rate is 0.  The errors are those of binning."""

    highest: str
    lowest: str
    difference: float
    difference_error: float
    ratio: float | None
    ratio_error: float


def _extremes(shares: Mapping[str, Share]) -> _Extremes:
    highest = max(shares, key=lambda name: shares[name].value)
    lowest = min(shares, key=lambda name: shares[name].value)
    top, bottom = shares[highest].value, shares[lowest].value
    top_least, top_most = max(own.least for own in shares.values()), max(own.most for own in shares.values())
    bottom_least, bottom_most = min(own.least for own in shares.values()), min(own.most for own in shares.values())
    ratio, ratio_error = None, 0.0
    if top:
        ratio = bottom / top
        ratio_error = max(
            ratio - bottom_least / top_most, (min(bottom_most / top_least, 1) if top_least else 1) - ratio
        )
    return _Extremes(
        highest=highest,
        lowest=lowest,
        difference=top - bottom,
        difference_error=max(top - bottom - (top_least - bottom_most), top_most - bottom_least - (top - bottom)),
        ratio=ratio,
        ratio_error=ratio_error,
    )


def _draws(shares: Mapping[str, Share], seed: int) -> tuple[Floats, Floats]:
    hits, rows = sum(own.hits for own in shares.values()), [own.rows for own in shares.values()]
    return equal_treatment(rows, hits / sum(rows), seed=seed)


def _smallest_ratio(parts: Sequence[_Extremes], rows: int) -> Measured:
    told = [part.ratio for part in parts if part.ratio is not None]
    if len(told) < len(parts):
        return not_told(rows, "the rate of every group is 0")
    return Measured(value=min(told), n=rows, binning=max(part.ratio_error for part in parts))
