"""Is the data of a window as good as the reference's? One column at a time, from profiles alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from core.analysis.intervals import newcombe, wilson
from core.analysis.measured import Measured, not_told
from core.profiles import Categorical, Numeric


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A share of rows in the window, and in the reference.

    current, reference: 0..1, n their rows, with Wilson's interval.  change: current - reference, -1..1, n the window's
    rows, with Newcombe's interval.
    """

    current: Measured
    reference: Measured
    change: Measured


@dataclass(frozen=True, slots=True, kw_only=True)
class Gaps:
    """Rows of a column without a usable value; the four parts do not overlap, unusable is their sum.

    missing: null.  nan: not a number.  infinite: inf or -inf.  unreadable: could not be read as the column's type.
    A categorical column has only missing ones.
    """

    missing: Share
    nan: Share
    infinite: Share
    unreadable: Share
    unusable: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeBreak:
    """Numbers outside what the reference has seen.

    below, above, outside: share of the window's finite numbers, 0..1.  lowest, highest: of the window; whether they lie
    outside (`breaks`) is exact. The shares are exact where an edge lies at the bound or nothing lies outside; else
    rows of the bin that holds the bound are counted as outside as far as they exceed the reference's share of that bin,
    and binning says how far that may be off. The interval holds for either extreme.
    """

    below: Measured
    above: Measured
    outside: Measured
    lowest: float | None
    highest: float | None
    breaks: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """A category of the reference of which the window has no row.

    reference: its share there, with Wilson's interval.  expected: rows the window would hold at that share.
    by_chance: chance of seeing none if nothing had changed, 0..1, given both sizes and all rows of the category.
    """

    category: str
    reference: Measured
    expected: float
    by_chance: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Categories:
    """new: share of the window's values that the reference does not have, 0..1, with Wilson's interval.

    examples: unseen value -> rows (a lower bound), largest first.  lost: largest share first.
    """

    new: Measured
    examples: Mapping[str, int] = field(default_factory=dict)
    lost: tuple[Lost, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaChanges:
    """added, lost: columns, by name.  retyped: (column, type before, type now)."""

    added: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    retyped: tuple[tuple[str, str, str], ...] = ()


def gaps(reference: Numeric | Categorical, current: Numeric | Categorical) -> Gaps:
    """Missing and unusable rows of one column."""
    before, now = _parts(reference), _parts(current)
    shares = [_share(b, reference.rows, c, current.rows) for b, c in zip(before, now, strict=True)]
    return Gaps(
        missing=shares[0],
        nan=shares[1],
        infinite=shares[2],
        unreadable=shares[3],
        unusable=_share(sum(before), reference.rows, sum(now), current.rows),
    )


def range_break(edges: ArrayLike, reference: Numeric, current: Numeric) -> RangeBreak:
    """Share of the window's numbers below and above those of the reference. edges: (bins - 1,)."""
    n, seen = current.moments.count, current.moments
    if not n or not reference.moments.count:
        none = not_told(n, f"The {'reference' if n else 'window'} has no numbers.")
        lowest, highest = (seen.low, seen.high) if n else (None, None)
        return RangeBreak(below=none, above=none, outside=none, lowest=lowest, highest=highest, breaks=False)
    below = _beyond(edges, reference, current, low=True)
    above = _beyond(edges, reference, current, low=False)
    fewest, likely, most = (min(a + b, float(n)) for a, b in zip(below, above, strict=True))
    return RangeBreak(
        below=_between(*below, n),
        above=_between(*above, n),
        outside=_between(fewest, likely, most, n),
        lowest=seen.low,
        highest=seen.high,
        breaks=fewest > 0,
    )


def categories(names: Sequence[str], reference: Categorical, current: Categorical, *, at_least: float) -> Categories:
    """New categories, and lost ones that hold at least the share `at_least` of the reference's values.

    names: (categories,), in the order of the counts.
    """
    if not len(names) == reference.counts.size == current.counts.size:
        raise ValueError(f"names must be ({reference.counts.size},) like the counts, got {len(names)}.")
    total, n = (int(side.counts.sum()) + side.unseen for side in (reference, current))
    if not n:
        return Categories(new=not_told(0, "The window has no values."))
    gone = np.flatnonzero((reference.counts > 0) & (current.counts == 0))
    found = [
        Lost(
            category=names[place],
            reference=_measured(count := int(reference.counts[place]), total),
            expected=count / total * n,
            by_chance=_none_by_chance(count, total, n),
        )
        for place in gone[np.argsort(-reference.counts[gone], kind="stable")]
        if reference.counts[place] >= at_least * total
    ]
    return Categories(new=_measured(current.unseen, n), examples=dict(current.examples), lost=tuple(found))


def schema_changes(before: Mapping[str, str], now: Mapping[str, str]) -> SchemaChanges:
    """What changed between two mappings of column -> type."""
    return SchemaChanges(
        added=tuple(sorted(now.keys() - before.keys())),
        lost=tuple(sorted(before.keys() - now.keys())),
        retyped=tuple(
            (name, before[name], now[name]) for name in sorted(before.keys() & now) if before[name] != now[name]
        ),
    )


def _parts(column: Numeric | Categorical) -> tuple[int, int, int, int]:
    if isinstance(column, Categorical):
        return column.nulls, 0, 0, 0
    return column.nulls, column.nans, column.neg_inf + column.pos_inf, column.bad


def _measured(k: int, n: int) -> Measured:
    if not n:
        return not_told(0, "There are no rows.")
    low, high = wilson(k, n)
    return Measured(value=k / n, low=low, high=high, n=n)


def _share(before: int, total: int, now: int, n: int) -> Share:
    current, reference = _measured(now, n), _measured(before, total)
    if current.value is None or reference.value is None:
        change = not_told(n, f"The {'window' if total else 'reference'} has no rows.")
    else:
        low, high = newcombe(now, n, before, total)
        change = Measured(value=current.value - reference.value, low=low, high=high, n=n)
    return Share(current=current, reference=reference, change=change)


def _beyond(edges: ArrayLike, reference: Numeric, current: Numeric, *, low: bool) -> tuple[float, float, float]:
    """Fewest, likely and most rows of the window beyond the reference's lowest (else highest) number."""
    inner, seen, bound = np.asarray(edges, dtype=np.float64), current.moments, reference.moments
    if (seen.low >= bound.low) if low else (seen.high <= bound.high):
        return 0.0, 0.0, 0.0
    held = int(np.searchsorted(inner, bound.low if low else bound.high))  # the bin that holds the bound itself
    sure = float((current.counts[:held] if low else current.counts[held + 1 :]).sum())
    if low:
        on_edge = held > 0 and inner[held - 1] == np.nextafter(bound.low, -np.inf)
    else:
        on_edge = held < inner.size and inner[held] == bound.high
    unclear = 0.0 if on_edge else float(current.counts[held])
    inside = seen.high >= bound.low if low else seen.low <= bound.high
    fewest, most = max(1.0, sure), min(sure + unclear, seen.count - float(inside))
    expected = float(reference.counts[held]) / bound.count * seen.count
    return fewest, float(np.clip(sure + unclear - expected, fewest, most)), most


def _between(fewest: float, likely: float, most: float, n: int) -> Measured:
    return Measured(
        value=likely / n,
        low=wilson(int(fewest), n)[0],
        high=wilson(int(most), n)[1],
        n=n,
        binning=max(likely - fewest, most - likely) / n,
    )


def _none_by_chance(count: int, total: int, n: int) -> float:
    """Chance that none of a category's `count` rows, dealt to total and n rows at random, falls into the n."""
    return float(np.exp(special.betaln(total + 1, n) - special.betaln(total - count + 1, n)))
