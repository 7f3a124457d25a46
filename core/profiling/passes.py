"""The pass itself: rows in, sums out. Written once as Ibis expressions; what differs by engine is in engines.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from core.profiles import MOST_UNSEEN, Floats
from core.profiling.engines import Engine
from core.profiling.sums import Sums
from core.profiling.values import EMPTY

CLIP = 1e-15
LARGEST = float(np.finfo(np.float64).max)
COUNT = "n"


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberColumn:
    """A column of numbers to be counted.

    column: its name in the table.  checked: whether `column`_bad, which says where it is no number, is to be counted.
    """

    column: str
    edges: Floats
    checked: bool = False

    @property
    def centre(self) -> float:
        """Near its mean: squares are summed around it, so that large numbers with a small spread lose no digits."""
        return float(self.edges[len(self.edges) // 2])


def columns_pass(
    engine: Engine,
    rows: Any,
    keys: Sequence[str],
    numbers: Sequence[NumberColumn],
    texts: Mapping[str, Sequence[str]],
    *,
    service: bool = False,
    sample_below: Mapping[str, int] | None = None,
    sampled: Sequence[str] = (),
) -> Sums:
    """Counts and moments of many columns by `keys`.

    texts: column -> its values.  service: also count requests that failed.  sample_below: {"h": limit} collects the
    `sampled` columns of rows whose hash lies below the limit.
    """
    aims: dict[str, Any] = {COUNT: rows.count()}
    for number in numbers:
        aims |= _number_aims(engine, rows, rows[number.column], number, _with_ends(number.edges))
    for name, values in texts.items():
        aims[f"{name}.known"] = rows[name].count()
        if values:
            aims[f"{name}.values"] = engine.count_values(rows[name], values)
    if service:
        aims["failed"] = (rows.failed == 1).sum().fill_null(0)
        aims["untold"] = rows.failed.isnull().sum().fill_null(0)
    if sample_below:
        picked = ibis.struct({name: rows[name] for name in ("h", *sampled)})
        aims["sample"] = picked.collect(where=rows.h < sample_below["h"])
    found = engine.run(rows.group_by(list(keys)).aggregate(**aims))
    added: dict[str, Any] = {COUNT: _ints(found[COUNT])}
    lows, highs = {}, {}
    keyed = _keys(found, keys)
    for number, told in zip(numbers, _number_sums(engine, found, keyed, rows, numbers), strict=True):
        added |= told.added
        lows[number.column], highs[number.column] = told.low, told.high
    for name, values in texts.items():
        added[f"{name}.known"] = _ints(found[f"{name}.known"])
        added[f"{name}.values"] = (
            engine.valued(found[f"{name}.values"], values) if values else np.zeros((len(found), 0), np.int64)
        )
    if service:
        added |= {name: _ints(found[name]) for name in ("failed", "untold")}
    lists = {"sample": [picked or [] for picked in found["sample"].to_pylist()]} if sample_below else {}
    return Sums(keys=keyed, added=added, lows=lows, highs=highs, lists=lists)


def _with_ends(edges: Floats) -> Floats:
    """Edges between two outermost ones: only what is not finite falls outside those (NaN into either end)."""
    return np.concatenate([[-LARGEST], edges, [LARGEST]])


def _number_aims(engine: Engine, rows: Any, x: Any, number: NumberColumn, edges: Floats) -> dict[str, Any]:
    name, away = number.column, x - number.centre
    aims = {
        f"{name}.counts": engine.count_into(x, edges),
        f"{name}.s1": away.sum(),
        f"{name}.s2": (away * away).sum(),
        f"{name}.low": x.min(),
        f"{name}.high": x.max(),
    }
    if number.checked:
        aims[f"{name}.bad"] = rows[f"{name}_bad"].sum().fill_null(0)
    return aims


@dataclass(slots=True, kw_only=True)
class _Told:
    """What a query says of one column, row by row."""

    added: dict[str, Any]
    low: Any
    high: Any


def _number_sums(
    engine: Engine, found: pa.Table, keyed: Mapping[str, list[Any]], rows: Any, numbers: Sequence[NumberColumn]
) -> list[_Told]:
    told, odd = [], []
    for number in numbers:
        one = _told_of(engine, found, number, len(number.edges) + 3)
        counts = one.added[f"{number.column}.counts"]
        if counts[:, 0].any() or counts[:, -1].any():
            odd.append(number)
        one.added[f"{number.column}.told"] = counts.sum(axis=1)
        one.added[f"{number.column}.counts"] = counts[:, 1:-1]
        one.added |= {f"{number.column}.{kind}": np.zeros(len(found), np.int64) for kind in ("nan", "pos", "neg")}
        told.append(one)
    if odd:
        mended = _without_nonfinite(engine, keyed, rows, odd)
        for number, one in zip(numbers, told, strict=True):
            if number.column in mended:
                again = mended[number.column]
                one.added |= again.added
                one.low, one.high = again.low, again.high
    return told


def _told_of(engine: Engine, found: pa.Table, number: NumberColumn, bins: int) -> _Told:
    name = number.column
    bad = f"{name}.bad"
    added = {
        f"{name}.counts": engine.counted(found[f"{name}.counts"], bins),
        f"{name}.s1": _reals(found[f"{name}.s1"]),
        f"{name}.s2": _reals(found[f"{name}.s2"]),
        bad: _ints(found[bad]) if bad in found.column_names else np.zeros(len(found), np.int64),
    }
    low, high = _reals(found[f"{name}.low"], np.inf), _reals(found[f"{name}.high"], -np.inf)
    return _Told(added=added, low=low, high=high)


def _without_nonfinite(
    engine: Engine, keyed: Mapping[str, list[Any]], rows: Any, numbers: Sequence[NumberColumn]
) -> dict[str, _Told]:
    """NaN and infinities told apart from the rest: they are rare, so only columns that hold some are read once more."""
    aims: dict[str, Any] = {}
    for number in numbers:
        x = rows[number.column]
        finite = engine.finite(x).ifelse(x, ibis.null("float64"))
        aims |= _number_aims(engine, rows, finite, number, number.edges)
        aims[f"{number.column}.nan"] = x.isnan().sum().fill_null(0)
        aims[f"{number.column}.pos"] = (x.isinf() & (x > 0)).sum().fill_null(0)
        aims[f"{number.column}.neg"] = (x.isinf() & (x < 0)).sum().fill_null(0)
    found = engine.run(rows.group_by(list(keyed)).aggregate(**aims))
    places = {key: at for at, key in enumerate(zip(*_keys(found, list(keyed)).values(), strict=True))}
    order = [places[key] for key in zip(*keyed.values(), strict=True)]
    found = found.take(order)
    mended = {}
    for number in numbers:
        one = _told_of(engine, found, number, len(number.edges) + 1)
        for kind in ("nan", "pos", "neg"):
            one.added[f"{number.column}.{kind}"] = _ints(found[f"{number.column}.{kind}"])
        mended[number.column] = one
    return mended


def output_pass(engine: Engine, rows: Any, keys: Sequence[str], edges: Floats) -> Sums:
    """Scores (column s) in bins by `keys` and label (column y: 0, 1, 2), with the sums that give Brier and log loss."""
    finite = engine.finite(rows.s).ifelse(rows.s, ibis.null("float64"))
    rows = rows.mutate(f=finite)
    away = rows.f - (rows.y == 1).ifelse(1.0, 0.0)
    told = (rows.y == 1).ifelse(rows.f, 1 - rows.f)
    clipped = ibis.cases((told < CLIP, CLIP), (told > 1 - CLIP, 1 - CLIP), else_=told)
    aims = {
        COUNT: rows.count(),
        "counts": engine.count_into(rows.f, edges),
        "score": rows.f.sum(),
        "squared": (away * away).sum(),
        "loss": (-clipped.ln()).sum(),
        "low": rows.f.min(),
        "high": rows.f.max(),
    }
    found = engine.run(rows.group_by([*keys, "y"]).aggregate(**aims))
    return Sums(
        keys=_keys(found, [*keys, "y"]),
        added={
            COUNT: _ints(found[COUNT]),
            "counts": engine.counted(found["counts"], len(edges) + 1),
            **{name: _reals(found[name]) for name in ("score", "squared", "loss")},
        },
        lows={"score": _reals(found["low"], np.inf)},
        highs={"score": _reals(found["high"], -np.inf)},
    )


def errors_pass(engine: Engine, rows: Any, keys: Sequence[str], edges: Floats) -> Sums:
    """A regression's errors s - t by `keys`; rows without a finite prediction and label are only counted."""
    both = engine.finite(rows.s) & engine.finite(rows.t)
    rows = rows.mutate(
        e=both.ifelse(rows.s - rows.t, ibis.null("float64")), u=both.ifelse(rows.t, ibis.null("float64"))
    )
    rows = rows.mutate(a=rows.e.abs(), q=rows.e * rows.e)
    aims = {COUNT: rows.count(), "late": rows.t.isnull().sum().fill_null(0), "counts": engine.count_into(rows.e, edges)}
    for name in "eaqu":
        x = rows[name]
        aims |= {
            f"{name}.mean": x.mean(),
            f"{name}.var": x.var(how="pop"),
            f"{name}.low": x.min(),
            f"{name}.high": x.max(),
        }
        aims[f"{name}.count"] = x.count()
    return _moment_sums(found=engine.run(rows.group_by(list(keys)).aggregate(**aims)), keys=keys, names="eaqu",
                        counts=("counts", len(edges) + 1), engine=engine, whole=(COUNT, "late"))  # fmt: skip


def kpi_pass(engine: Engine, rows: Any, keys: Sequence[str], at: int) -> Sums:
    """Figure, cost and value of the at-th KPI by `keys`."""
    aims: dict[str, Any] = {COUNT: rows.count()}
    names = [f"k{at}{letter}" for letter in "fua"]
    for name in names:
        x = engine.finite(rows[name]).ifelse(rows[name], ibis.null("float64"))
        aims |= {
            f"{name}.mean": x.mean(),
            f"{name}.var": x.var(how="pop"),
            f"{name}.low": x.min(),
            f"{name}.high": x.max(),
        }
        aims[f"{name}.count"] = x.count()
    found = engine.run(rows.group_by(list(keys)).aggregate(**aims))
    return _moment_sums(found=found, keys=keys, names=names, engine=engine, whole=(COUNT,))


def _moment_sums(
    *, found: pa.Table, keys: Sequence[str], names: Sequence[str], engine: Engine, whole: Sequence[str],
    counts: tuple[str, int] | None = None,
) -> Sums:  # fmt: skip
    """Sums with (rows, 3) count, mean, m2 a name: not additive themselves, so `keys` must be the final ones."""
    added: dict[str, Any] = {name: _ints(found[name]) for name in whole}
    if counts:
        added["counts"] = engine.counted(found[counts[0]], counts[1])
    lows, highs = {}, {}
    for name in names:
        n = _ints(found[f"{name}.count"])
        added[f"{name}.count"] = n
        added[f"{name}.mean"] = _reals(found[f"{name}.mean"])
        added[f"{name}.m2"] = _reals(found[f"{name}.var"]) * n
        lows[name], highs[name] = _reals(found[f"{name}.low"], np.inf), _reals(found[f"{name}.high"], -np.inf)
    return Sums(keys=_keys(found, keys), added=added, lows=lows, highs=highs)


def confusion_pass(engine: Engine, rows: Any, keys: Sequence[str], classes: Sequence[str]) -> Sums:
    """True (t) against predicted (p) classes by `keys`, as (rows, classes + 1, classes + 1)."""
    other = len(classes)
    place = {value: at for at, value in enumerate(classes)}
    found = engine.run(rows.group_by([*keys, "t", "p"]).aggregate(n=rows.count()))
    told = _keys(found, keys)
    groups: dict[tuple[Any, ...], int] = {}
    group = [groups.setdefault(key, len(groups)) for key in zip(*told.values(), strict=True)]
    true, predicted = ([place.get(value, other) for value in found[name].to_pylist()] for name in ("t", "p"))
    counts = np.zeros((len(groups), other + 1, other + 1), np.int64)
    np.add.at(counts, (group, true, predicted), _ints(found["n"]))
    return Sums(
        keys={name: [key[at] for key in groups] for at, name in enumerate(keys)},
        added={COUNT: counts.sum(axis=(1, 2)), "counts": counts},
    )


def first_of_each(rows: Any, keys: Sequence[str], column: str) -> Any:
    """One row for each of `keys`, the last of which is the query: the column as the earliest row (by us) has it.

    Of several equally early rows the smallest number counts; what is bad counts only where there is no number.
    """
    told = rows.filter(rows[keys[-1]].notnull()).mutate(us=rows.us.fill_null(0))
    ranked = told.mutate(first=told.us.min().over(group_by=list(keys)))
    early = ranked.filter(ranked.us == ranked.first)
    bad = (early[column].count() == 0).ifelse(early[f"{column}_bad"].max(), 0)
    return early.group_by(list(keys)).aggregate(**{column: early[column].min(), f"{column}_bad": bad})


def unseen_values(
    engine: Engine, rows: Any, keys: Sequence[str], column: str, known: Sequence[str]
) -> dict[Any, dict[str, int]]:
    """keys -> value -> rows, for the most frequent values that the reference does not have."""
    strange = rows.filter(rows[column].notnull() & ~rows[column].isin(list(known)) if known else rows[column].notnull())
    counted = strange.group_by([*keys, column]).aggregate(n=strange.count())
    order = [ibis.desc(counted.n), counted[column].asc()]
    ranked = counted.mutate(rank=ibis.row_number().over(group_by=list(keys), order_by=order))
    found = engine.run(ranked.filter(ranked["rank"] < MOST_UNSEEN))
    told: dict[Any, dict[str, int]] = {}
    for row in found.to_pylist():
        told.setdefault(tuple(row[key] for key in keys), {})[row[column] or EMPTY] = row["n"]
    return told


def _keys(found: pa.Table, names: Sequence[str]) -> dict[str, list[Any]]:
    return {name: found[name].to_pylist() for name in names}


def _ints(column: pa.ChunkedArray) -> Any:
    return pc.fill_null(column.cast(pa.int64()), 0).to_numpy()


def _reals(column: pa.ChunkedArray, missing: float = 0.0) -> Any:
    return pc.fill_null(column.cast(pa.float64()), missing).to_numpy()
