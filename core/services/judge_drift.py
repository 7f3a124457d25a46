"""Drift and unusable values of every column of one version, window by window: what the drift table holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from core.analysis.alarms import Alarms, Column, Rule, drifted, fixed, judge
from core.analysis.drift import Bools
from core.analysis.intervals import newcombe_ends
from core.facts.judged import DriftCell
from core.facts.profiles import Profile
from core.governance.policy import DataQualityRule
from core.profiles import Categorical, Confusion, Counts, Floats, Numeric, Output, Part
from core.services.profile_book import Book, PartKey

FEATURES = ("numeric", "categorical")
PREDICTED = ("output", "prediction", "confusion")
PARTS = (*FEATURES, *PREDICTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drifts:
    """All columns of one version. keys: (part, name) a column; parts of the prediction have the name "".

    starts: of the windows, in order of time. All arrays are (windows, columns): n rows with a usable value, rows,
    unusable, p, adjusted, effect, psi, jensen_shannon and alarm as in `alarms.Alarms`; drifted by the policy's rule of
    persistence; broken: more unusable values than the policy allows above the reference. A broken column neither
    alarms nor counts towards drift in that window: what it lacks says nothing of those it describes.
    reference: (columns,) rows of the reference.  certified, why: as in `Alarms`, of the newest edges.
    """

    keys: tuple[tuple[str, str], ...]
    starts: tuple[int, ...]
    n: Counts
    rows: Counts
    unusable: Counts
    p: Floats
    adjusted: Floats
    effect: Floats
    psi: Floats
    jensen_shannon: Floats
    alarm: Bools
    drifted: Bools
    broken: Bools
    reference: Counts
    certified: bool
    why: str

    @property
    def features(self) -> Bools:
        """(columns,) which are features; the others are predictions."""
        return np.array([part in FEATURES for part, _ in self.keys], dtype=np.bool_)

    @property
    def told(self) -> Bools:
        """(windows, columns) where drift can be told."""
        return np.isfinite(self.effect) & ~self.broken


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What was told before. until_ms: of profiles as they were then.  p: (version, window, part, name) -> p."""

    until_ms: int = -1
    p: Mapping[tuple[str, int, str, str], float | None] = field(default_factory=dict)


def drifts(kept: Book, version: str, rule: DataQualityRule, before: Before | None = None) -> Drifts:
    """Judges every column of a version. kept: read with PARTS, without groups.

    before: tests of windows whose profiles, and whose reference's, are no younger are not made again.
    """
    starts = kept.starts(version)
    keys = sorted(
        {
            (part, name)
            for start in starts
            for part, name, grp in kept.current[version, start]
            if part in PARTS
            and not grp
            and (part not in PREDICTED or not name)
            and (part != "prediction" or kept.monitor.prediction)
        },
        key=lambda key: (PARTS.index(key[0]), key[1]),
    )
    shape = (len(starts), len(keys))
    whole = {name: np.zeros(shape, dtype=np.int64) for name in ("n", "rows", "unusable")}
    reals = {name: np.full(shape, np.nan) for name in ("p", "adjusted", "effect", "psi", "jensen_shannon")}
    alarm, broken = np.zeros(shape, dtype=np.bool_), np.zeros(shape, dtype=np.bool_)
    reference = np.zeros(len(keys), dtype=np.int64)
    certified, why = True, ""
    for at in _by_edges(kept, version, starts):
        mine = [starts[place] for place in at]
        tables = [_table(kept, version, mine, (*key, ""), before or Before()) for key in keys]
        _count(tables, at, whole, broken, rule)
        told = [place for place, table in enumerate(tables) if table.column is not None]
        if not told:
            continue
        found = _judged([table.column for table in tables if table.column is not None], rule)
        cells = np.ix_(at, told)
        for name, values in reals.items():
            values[cells] = getattr(found, name)
        alarm[cells] = found.alarm
        reference[told] = [int(np.sum(table.column.reference)) for table in tables if table.column is not None]
        certified, why = found.certified, found.why
    alarm &= ~broken
    fit = np.where(broken, np.nan, reals["effect"])
    return Drifts(
        keys=tuple(keys), starts=tuple(starts), n=whole["n"], rows=whole["rows"], unusable=whole["unusable"],
        alarm=alarm, drifted=drifted(alarm, fit, persistence(rule)), broken=broken, reference=reference,
        certified=certified, why=why, **reals,
    )  # fmt: skip


def persistence(rule: DataQualityRule) -> Rule:
    """The policy's rule of drift as `alarms` takes it."""
    drift = rule.drift
    return Rule(alpha=drift.alpha, floor=drift.floor, at_once=drift.at_once, need=drift.need, of=drift.of)


def as_cells(kept: Book, version: str, found: Drifts) -> list[DriftCell]:
    """One cell a window and column that has rows there."""
    reals = ("p", "adjusted", "effect", "psi", "jensen_shannon")
    cells = []
    for row, start in enumerate(found.starts):
        end = kept.end_ms(start)
        for column, (part, name) in enumerate(found.keys):
            if not found.rows[row, column]:
                continue
            told: dict[str, Any] = {each: _real(getattr(found, each)[row, column]) for each in reals}
            told |= {each: bool(getattr(found, each)[row, column]) for each in ("alarm", "drifted", "broken")}
            told |= {each: int(getattr(found, each)[row, column]) for each in ("n", "rows", "unusable")}
            cells.append(
                DriftCell(
                    model=kept.model, version=version, window_ms=start, end_ms=end, part=part, name=name,
                    **told,
                )
            )  # fmt: skip
    return cells


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    """One column in windows of the same edges. (windows,) n, rows, unusable; the reference's unusable of its rows.

    column: None where the reference has no such part.
    """

    n: Counts
    rows: Counts
    unusable: Counts
    before_unusable: int
    before_rows: int
    column: Column | None


def _by_edges(kept: Book, version: str, starts: Sequence[int]) -> list[list[int]]:
    """Places of the windows that are aligned to the same edges, oldest edges first."""
    found: dict[str, list[int]] = {}
    for place, start in enumerate(starts):
        edges = next(iter(kept.current[version, start].values())).edges
        found.setdefault(edges, []).append(place)
    return sorted(found.values(), key=lambda places: places[-1])


def _table(kept: Book, version: str, starts: Sequence[int], key: PartKey, told: Before) -> _Table:
    rows: list[Profile | None] = [kept.current[version, start].get(key) for start in starts]
    there = next((row for row in rows if row is not None), None)
    none = np.zeros(len(starts), dtype=np.int64)
    if there is None:
        return _Table(n=none, rows=none, unusable=none, before_unusable=0, before_rows=0, column=None)
    before = kept.reference(there)
    bins = _counts(there.data).size
    windows = np.stack([np.zeros(bins, dtype=np.int64) if row is None else _counts(row.data) for row in rows])
    unusable = np.array([0 if row is None else _unusable(row.data) for row in rows], dtype=np.int64)
    counted = windows.sum(axis=1)
    column = None
    if before is not None and type(before) is type(there.data):
        days = kept.reference_days(there)
        nothing = np.zeros(bins, dtype=np.int64)
        column = Column(
            ordered=not isinstance(there.data, Categorical | Confusion),
            reference=_counts(before),
            windows=windows,
            days=None if days is None else np.stack([_counts(part) if part else nothing for part in days]),
            known=_known(kept, version, rows, key, told),
        )
    return _Table(
        n=counted,
        rows=counted + unusable,
        unusable=unusable,
        before_unusable=_unusable(before) if column else 0,
        before_rows=int(_counts(before).sum()) + _unusable(before) if column else 0,
        column=column,
    )


def _known(kept: Book, version: str, rows: Sequence[Profile | None], key: PartKey, before: Before) -> Floats | None:
    """(windows,) p as told before, NaN where profiles changed since."""
    edges = next(row.edges for row in rows if row is not None)
    if kept.reference_ms(edges) > before.until_ms:
        return None
    part, name, _ = key
    return np.array(
        [
            np.nan
            if row is None or row.created_ms > before.until_ms
            or (p := before.p.get((version, row.window_ms, part, name))) is None
            else p
            for row in rows
        ]
    )  # fmt: skip


def _count(
    tables: Sequence[_Table], at: Sequence[int], whole: dict[str, Counts], broken: Bools, rule: DataQualityRule
) -> None:
    """Fills in rows, and which columns are broken: a one-sided bound, alpha shared by the columns of a window."""
    for column, table in enumerate(tables):
        for name in whole:
            whole[name][at, column] = getattr(table, name)
        if not table.before_rows:
            continue
        held = table.rows > 0
        low, _ = newcombe_ends(
            table.unusable[held], table.rows[held], table.before_unusable, table.before_rows,
            level=1 - 2 * rule.alpha / len(tables), exact=True,
        )  # fmt: skip
        places = np.asarray(at)[held]
        broken[places, column] = low > rule.broken


def _judged(columns: Sequence[Column], rule: DataQualityRule) -> Alarms:
    drift = rule.drift
    if drift.measure == "calibrated" or drift.limit is None:
        return judge(columns, persistence(rule))
    return fixed(columns, measure=drift.measure, limit=drift.limit)


def _counts(part: Any) -> Counts:
    if isinstance(part, Numeric):
        return part.counts
    if isinstance(part, Categorical):
        return np.append(part.counts, part.unseen)
    if isinstance(part, Output):
        return np.asarray(part.counts.sum(axis=0))
    if isinstance(part, Confusion):
        return np.asarray(part.counts.sum(axis=0))
    raise TypeError(f"{type(part).__name__} holds no distribution.")


def _unusable(part: Part | None) -> int:
    if isinstance(part, Numeric):
        return part.nulls + part.nans + part.neg_inf + part.pos_inf + part.bad
    if isinstance(part, Categorical):
        return part.nulls
    return int(part.invalid.sum()) if isinstance(part, Output) else 0


def _real(value: Any) -> float | None:
    number = float(value)
    return number if np.isfinite(number) else None
