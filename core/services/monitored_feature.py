"""One feature of one monitored version: its distribution, its course, and how far each segment moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add

import numpy as np

from core.analysis.business import level
from core.analysis.distances import nested_bins
from core.analysis.drift import drift
from core.facts import profiles as stored
from core.facts.profiles import Profile
from core.profiles import Categorical, Counts, Floats, Kpi, Numeric
from core.profiling.edges import Edges
from core.services.cache import cached
from core.services.guard import needs
from core.services.house import House
from core.services.profile_book import edges_of

PARTS = ("numeric", "categorical")
MEAN, LOW, HIGH = "mean", "low", "high"
SHOWN_CATEGORIES = 6
SEGMENT_DRAWS = 2_000
UNSEEN, OTHER = "(not in the reference)", "(all others)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One segment against its own reference, all windows shown together.

    n, reference: rows with a value.  effect: PSI0, nats; None where nothing can be told.  p: of no drift.
    """

    name: str
    n: int
    reference: int
    effect: float | None
    p: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitoredFeature:
    """labels: of the cells that are tested.  reference, current: (cells,) shares.  n, reference_n: rows with a value.

    starts: of the windows.  courses: name -> (windows,): of numbers the mean and the ends of its interval, of
    categories their shares; NaN without rows.
    steady: name -> the same of the reference.  segments: largest effect first.
    unusable: rows without a usable value in the windows shown, by kind; rows: all of them.
    """

    name: str
    numeric: bool
    labels: tuple[str, ...]
    reference: Floats
    current: Floats
    n: int
    reference_n: int
    starts: tuple[int, ...]
    courses: dict[str, Floats]
    steady: dict[str, float]
    segments: tuple[Segment, ...]
    unusable: dict[str, int]
    rows: int
    examples: dict[str, int]


@needs("view")
@cached(maxsize=32)
def feature(house: House, model: str, version: str, name: str, from_ms: int) -> MonitoredFeature | None:
    """None where no window shown holds the feature. Windows with older edges than the newest are left out."""
    found = stored.profiles(
        house.facts, model, role="serving", versions=(version,), parts=PARTS, names=(name,), from_ms=from_ms
    )
    if not found:
        return None
    rows = [row for row in found if row.edges == found[-1].edges and row.part == found[-1].part]
    edges = edges_of(house, model, rows[-1].edges)
    before = _reference(house, model, name, rows[-1], "")
    if edges is None or before is None:
        return None
    now = reduce(add, (_part(row) for row in rows))
    x, y = _counts(before), _counts(now)
    numeric = isinstance(now, Numeric)
    cells = nested_bins(x) if numeric and x.any() else np.arange(x.size)
    courses, steady = _courses(name, edges, rows, before)
    return MonitoredFeature(
        name=name, numeric=numeric, labels=_labels(name, edges, cells, numeric=numeric),
        reference=_shares(np.add.reduceat(x, cells)), current=_shares(np.add.reduceat(y, cells)), n=int(y.sum()),
        reference_n=int(x.sum()), starts=tuple(row.window_ms for row in rows), courses=courses, steady=steady,
        segments=_segments(house, model, version, name, from_ms, rows[-1]), unusable=_unusable(now), rows=now.rows,
        examples=dict(now.examples) if isinstance(now, Categorical) else {},
    )  # fmt: skip


def _reference(house: House, model: str, name: str, like: Profile, segment: str) -> Numeric | Categorical | None:
    rows = stored.profiles(house.facts, model, role="reference", parts=(like.part,), names=(name,), segment=segment)
    mine = [_part(row) for row in rows if row.edges == like.edges]
    return reduce(add, mine) if mine else None


def _segments(house: House, model: str, version: str, name: str, from_ms: int, like: Profile) -> tuple[Segment, ...]:
    names = sorted({row["segment"] for row in stored.keys(house.facts, model) if row["segment"]})
    found = []
    for segment in names:
        rows = stored.profiles(
            house.facts, model, role="serving", versions=(version,), parts=(like.part,), names=(name,),
            segment=segment, from_ms=from_ms,
        )  # fmt: skip
        mine = [_part(row) for row in rows if row.edges == like.edges]
        before = _reference(house, model, name, like, segment)
        if not mine:
            continue
        y = _counts(reduce(add, mine))
        x = np.zeros_like(y) if before is None else _counts(before)
        effect = p = None
        if x.any() and y.any():
            tested = drift(x, y, ordered=like.part == "numeric", draws=SEGMENT_DRAWS)
            effect, p = tested.effect.value, tested.p.value
        found.append(Segment(name=segment, n=int(y.sum()), reference=int(x.sum()), effect=effect, p=p))
    return tuple(sorted(found, key=lambda one: (-(one.effect if one.effect is not None else -np.inf), one.name)))


def _courses(
    name: str, edges: Edges, rows: Sequence[Profile], before: Numeric | Categorical
) -> tuple[dict[str, Floats], dict[str, float]]:
    if isinstance(before, Numeric):
        told = [
            level(Kpi(rows=part.rows, figure=part.moments)) for part in map(_part, rows) if isinstance(part, Numeric)
        ]
        ends = {MEAN: [one.value for one in told], LOW: [one.low for one in told], HIGH: [one.high for one in told]}
        steady = {MEAN: before.moments.mean} if before.moments.count else {}
        return {name: np.array([np.nan if v is None else v for v in values]) for name, values in ends.items()}, steady
    x = _shares(_counts(before))
    y = np.stack([_shares(_counts(_part(row))) for row in rows])
    names = (*edges.categories[name], UNSEEN)
    moved = np.nan_to_num(np.abs(y - x)).max(axis=0) + x
    order = [int(at) for at in np.argsort(-moved, kind="stable")[:SHOWN_CATEGORIES] if moved[at] > 0]
    rest = [at for at in range(len(names)) if at not in order]
    courses = {names[at]: y[:, at] for at in order}
    steady = {names[at]: float(x[at]) for at in order}
    if rest and (y[:, rest].any() or x[rest].any()):
        courses[OTHER], steady[OTHER] = y[:, rest].sum(axis=1), float(x[rest].sum())
    return courses, steady


def _labels(name: str, edges: Edges, cells: Counts, *, numeric: bool) -> tuple[str, ...]:
    if not numeric:
        return (*edges.categories[name], UNSEEN)
    bounds = edges.numeric[name]
    ends = [*(int(at) - 1 for at in cells[1:]), None]
    begins = [None, *ends[:-1]]
    return tuple(_cell(bounds, low, high) for low, high in zip(begins, ends, strict=True))


def _cell(bounds: Floats, low: int | None, high: int | None) -> str:
    """Bins are open below and closed above."""
    if low is None and high is None:
        return "all"
    if low is None:
        return f"up to {bounds[high]:.4g}"
    return f"above {bounds[low]:.4g}" if high is None else f"{bounds[low]:.4g} to {bounds[high]:.4g}"


def _part(row: Profile) -> Numeric | Categorical:
    if isinstance(row.data, Numeric | Categorical):
        return row.data
    raise TypeError(f"{row.part} is no feature.")


def _counts(part: Numeric | Categorical) -> Counts:
    return part.counts if isinstance(part, Numeric) else np.append(part.counts, part.unseen)


def _shares(counts: Counts) -> Floats:
    total = counts.sum()
    return counts / total if total else np.full(counts.shape, np.nan)


def _unusable(part: Numeric | Categorical) -> dict[str, int]:
    kinds = {"missing": part.nulls}
    if isinstance(part, Numeric):
        kinds |= {"not a number": part.nans, "infinite": part.neg_inf + part.pos_inf, "unreadable": part.bad}
    return {kind: count for kind, count in kinds.items() if count}
