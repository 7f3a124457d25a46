"""Demographic parity, equal opportunity, equalised odds and predictive parity between groups.

Each asks for equal rates between groups, seen from the favourable decision: with "negative" as the favourable one
(no alarm, no suspicion), equal opportunity compares true negative rates, and so on.

Sources: Hardt, Price and Srebro 2016, "Equality of Opportunity in Supervised Learning"; Agarwal et al. 2018, "A
Reductions Approach to Fair Classification", sec. 2; Chouldechova 2017, "Fair prediction with disparate impact".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from core.analysis.group_gaps import Gap, gaps
from core.analysis.group_rates import Decided, Favourable, Rate
from core.analysis.group_spread import Spread, spread
from core.analysis.intervals import mover_ratio, newcombe
from core.analysis.measured import Measured, not_told

Criterion = Literal["demographic_parity", "equal_opportunity", "equalised_odds", "predictive_parity"]
CRITERIA: dict[Criterion, dict[Favourable, tuple[Rate, ...]]] = {
    "demographic_parity": {"positive": ("positive_rate",), "negative": ("negative_rate",)},
    "equal_opportunity": {"positive": ("tpr",), "negative": ("tnr",)},
    "equalised_odds": {"positive": ("tpr", "fpr"), "negative": ("tnr", "fnr")},
    "predictive_parity": {"positive": ("ppv",), "negative": ("npv",)},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One group against another by one criterion.

    difference, ratio: of the criterion's one rate, as in Gap. Equalised odds has two: difference is then the larger
    size of the two, in [0, 1], and ratio the smaller of the two, each turned to at most 1; their intervals hold both
    rates' 97.5 % intervals, so at least 95 % together.
    parts: the rates behind it.
    """

    group: str
    against: str
    difference: Measured
    ratio: Measured
    parts: tuple[Gap, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parity:
    """One criterion over disjoint groups.

    comparisons: each group against the named one, or against all others.  spread: highest against lowest group.
    The ratio of demographic parity is also called disparate impact; the four-fifths rule asks for 0.8.
    """

    criterion: Criterion
    comparisons: tuple[Comparison, ...]
    spread: Spread

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """Every rate compared: what a verdict judges."""
        return tuple(part for comparison in self.comparisons for part in comparison.parts)


def parity(
    groups: Mapping[str, Decided], criterion: Criterion, *, favourable: Favourable, against: str | None = None
) -> Parity:
    """One criterion over disjoint groups. A named group that is none of them has no rows here."""
    rates = CRITERIA[criterion][favourable]
    by_rate = [gaps(groups, rate, against=against) for rate in rates]
    comparisons = tuple(_comparison(parts) for parts in zip(*by_rate, strict=True))
    return Parity(criterion=criterion, comparisons=comparisons, spread=spread(groups, rates))


def _comparison(parts: tuple[Gap, ...]) -> Comparison:
    alone = parts[0]
    return Comparison(
        group=alone.group,
        against=alone.against,
        difference=alone.difference if len(parts) == 1 else _largest(parts),
        ratio=alone.ratio if len(parts) == 1 else _smallest(parts),
        parts=parts,
    )


def _largest(parts: Sequence[Gap]) -> Measured:
    """The largest difference in size, of rates that are told together."""
    n, told = _together([part.difference for part in parts])
    if isinstance(told, str):
        return not_told(n, told)
    ends = [newcombe(part.hits, part.rows, part.other_hits, part.other_rows, level=_level(parts)) for part in parts]
    return Measured(
        value=max(abs(value) for value in told),
        low=max(max(low, -high, 0.0) for low, high in ends),
        high=max(max(-low, high) for low, high in ends),
        n=n,
        binning=max(part.difference.binning for part in parts),
    )


def _smallest(parts: Sequence[Gap]) -> Measured:
    """The smallest ratio, each turned to at most 1, of rates that are told together."""
    n, told = _together([part.ratio for part in parts])
    if isinstance(told, str):
        return not_told(n, told)
    ends = [mover_ratio(part.hits, part.rows, part.other_hits, part.other_rows, level=_level(parts)) for part in parts]
    turned = [_turned(value) for value in told]
    ranges = [_range(value, part.ratio.binning) for value, part in zip(told, parts, strict=True)]
    return Measured(
        value=min(turned),
        low=min(min(_turned(low), _turned(high)) for low, high in ends),
        high=min(1.0 if low <= 1 <= high else max(_turned(low), _turned(high)) for low, high in ends),
        n=n,
        binning=max(max(value - low, high - value) for value, (low, high) in zip(turned, ranges, strict=True)),
    )


def _together(found: Sequence[Measured]) -> tuple[int, list[float] | str]:
    """Rows behind all, and their values, or why one of them cannot be told."""
    values = [one.value for one in found if one.value is not None]
    n = sum(one.n for one in found)
    return n, values if len(values) == len(found) else next(one.why for one in found if one.value is None)


def _range(value: float, binning: float) -> tuple[float, float]:
    """Smallest and largest turned ratio within value +- binning."""
    low, high = max(value - binning, 0.0), value + binning
    return min(_turned(low), _turned(high)), 1.0 if low <= 1 <= high else max(_turned(low), _turned(high))


def _turned(ratio: float) -> float:
    """The ratio or its reciprocal, whichever is at most 1."""
    return ratio if ratio <= 1 else 1 / ratio


def _level(parts: Sequence[Gap]) -> float:
    return 1 - 0.05 / len(parts)
