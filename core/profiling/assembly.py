"""From sums to profile rows: rolled up over segments and groups, encoded as they are kept."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.monitors.monitor import Monitor
from core.profile_rows import Key, encode
from core.profiles import Categorical, Confusion, Errors, Kpi, Moments, Numeric, Output, Part, Rows, Sample, Service
from core.profiling.passes import COUNT, NumberColumn
from core.profiling.sums import Sums
from core.profiling.values import EMPTY

Row = dict[str, Any]
NO_PROBABILITY = float("nan")


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """One way to look at the rows: all of them, by one segment, by groups. Keys of `Sums` by attribute place.

    segment: index of the segment attribute or None.  groups: indices of protected attributes.
    """

    segment: int | None = None
    groups: tuple[int, ...] = ()

    @property
    def keys(self) -> list[str]:
        """Names of the keys that tell its rows apart, besides window and version."""
        return ([] if self.segment is None else [f"z{self.segment}"]) + [f"g{at}" for at in self.groups]


class Assembly:
    """Makes the rows of one model and role. start_of: window index -> ms; None stands for rows without a date."""

    def __init__(self, monitor: Monitor, model: str, role: str, start_of: Callable[[int | None], int]) -> None:
        self._monitor, self._model, self.role, self._start_of = monitor, model, role, start_of
        self._segments, self._attributes = list(monitor.segments), list(monitor.protected)

    def slices(self) -> list[Slice]:
        """All rows, and each segment."""
        return [Slice(), *(Slice(segment=at) for at in range(len(self._segments)))]

    def group_slices(self) -> list[Slice]:
        """Each of those, whole and by every protected attribute and intersection."""
        places = {name: at for at, name in enumerate(self._attributes)}
        wanted: list[tuple[int, ...]] = [(), *((at,) for at in range(len(self._attributes)))]
        wanted += [tuple(places[name] for name in names) for names in self._monitor.intersections]
        return [Slice(segment=s.segment, groups=groups) for s in self.slices() for groups in dict.fromkeys(wanted)]

    # -- parts ----------------------------------------------------------------------------------------------------

    def numbers(
        self, sums: Sums, kinds: Mapping[str, tuple[str, str]], numbers: Sequence[NumberColumn]
    ) -> Iterator[Row]:
        """kinds: column -> (part, name)."""
        for where, at in self._places(sums):
            for number in numbers:
                part, name = kinds[number.column]
                yield encode(self._key(where, part, name), numeric_of(sums, number, at))

    def texts(
        self, sums: Sums, names: Mapping[str, str], examples: Mapping[str, Mapping[Any, Mapping[str, int]]]
    ) -> Iterator[Row]:
        """names: column -> feature.  examples: column -> keys -> unseen value -> rows."""
        for where, at in self._places(sums):
            key = tuple(values[at] for values in sums.keys.values())
            for column, name in names.items():
                counts = sums.added[f"{column}.values"][at]
                known = int(sums.added[f"{column}.known"][at])
                rows = int(sums.added[COUNT][at])
                seen = examples.get(column, {}).get(key, {})
                part = Categorical(
                    rows=rows, nulls=rows - known, counts=counts, unseen=known - int(counts.sum()),
                    examples=dict(sorted(seen.items(), key=lambda item: (-item[1], item[0]))[:20]),
                )  # fmt: skip
                yield encode(self._key(where, "categorical", name), part)

    def service(self, sums: Sums, latency: NumberColumn | None) -> Iterator[Row]:
        for where, at in self._places(sums):
            found = numeric_of(sums, latency, at) if latency else None
            part = Service(
                requests=int(sums.added[COUNT][at]),
                errors=int(sums.added["failed"][at]) if "failed" in sums.added else 0,
                untold=int(sums.added["untold"][at]) if "untold" in sums.added else int(sums.added[COUNT][at]),
                latency=found.moments if found else Moments(),
                counts=found.counts if found else np.zeros(0, np.int64),
            )
            yield encode(self._key(where, "service", ""), part)

    def samples(self, sums: Sums, limit: int, most: int) -> Iterator[Row]:
        for where, at in self._places(sums):
            kept = _smallest(sums.lists["sample"][at], most)
            yield encode(self._key(where, "sample", ""), Sample(rows=kept, limit=limit, most=most))

    def outputs(self, sums: Sums, slice_: Slice, name: str) -> Iterator[Row]:
        """sums: over window, version, the slice's keys and the label."""
        keys = ["w", "v", *slice_.keys]
        whole = sums.over(keys)
        places = {key: at for at, key in enumerate(zip(*(whole.keys[k] for k in keys), strict=True))}
        bins = sums.added["counts"].shape[1]
        counts = np.zeros((len(places), 3, bins), np.int64)
        rows = np.zeros((len(places), 3), np.int64)
        reals = {kind: np.zeros((len(places), 3)) for kind in ("score", "squared", "loss")}
        for at, label in enumerate(sums.keys["y"]):
            to = places[tuple(sums.keys[k][at] for k in keys)]
            counts[to, label] = sums.added["counts"][at]
            rows[to, label] = sums.added[COUNT][at]
            for kind, values in reals.items():
                values[to, label] = sums.added[kind][at]
        for key, at in places.items():
            probable = whole.lows["score"][at] >= 0 and whole.highs["score"][at] <= 1
            part = Output(
                counts=counts[at],
                scores=reals["score"][at],
                squared_error=reals["squared"][at, :2] if probable else np.full(2, NO_PROBABILITY),
                log_loss=reals["loss"][at, :2] if probable else np.full(2, NO_PROBABILITY),
                invalid=rows[at] - counts[at].sum(axis=1),
            )
            yield encode(self._key(dict(zip(keys, key, strict=True)), "output", name), part)

    def labelled(self, sums: Sums) -> Iterator[Row]:
        """How much there was, from sums with the label among their keys."""
        keys = [key for key in sums.keys if key != "y"]
        known = [n if label != 2 else 0 for n, label in zip(sums.added[COUNT], sums.keys["y"], strict=True)]
        both = Sums(keys=sums.keys, added={COUNT: sums.added[COUNT], "known": np.array(known, np.int64)}).over(keys)
        for where, at in self._places(both):
            part = Rows(rows=int(both.added[COUNT][at]), labelled=int(both.added["known"][at]))
            yield encode(self._key(where, "rows", ""), part)

    def errors(self, sums: Sums) -> Iterator[Row]:
        for where, at in self._places(sums):
            part = Errors(
                error=moments_of(sums, "e", at), absolute=moments_of(sums, "a", at), squared=moments_of(sums, "q", at),
                label=moments_of(sums, "u", at), counts=sums.added["counts"][at],
                unlabelled=int(sums.added["late"][at]),
            )  # fmt: skip
            rows = Rows(rows=int(sums.added[COUNT][at]), labelled=int(sums.added[COUNT][at] - sums.added["late"][at]))
            yield encode(self._key(where, "errors", ""), part)
            if not any(key.startswith("g") for key in sums.keys):
                yield encode(self._key(where, "rows", ""), rows)

    def confusions(self, sums: Sums) -> Iterator[Row]:
        for where, at in self._places(sums):
            counts = sums.added["counts"][at]
            yield encode(self._key(where, "confusion", ""), Confusion(counts=counts))
            if not any(key.startswith("g") for key in sums.keys):
                rows = Rows(rows=int(counts.sum()), labelled=int(counts[:-1].sum()))
                yield encode(self._key(where, "rows", ""), rows)

    def kpis(self, sums: Sums, at_kpi: int, name: str) -> Iterator[Row]:
        for where, at in self._places(sums):
            figure, cost, value = (moments_of(sums, f"k{at_kpi}{letter}", at) for letter in "fua")
            part = Kpi(rows=int(sums.added[COUNT][at]), figure=figure, cost=cost, value=value)
            yield encode(self._key(where, "kpi", name, arm=str(where[f"k{at_kpi}n"])), part)

    def row(self, where: Mapping[str, Any], kind: str, name: str, part: Part) -> Row:
        return encode(self._key(where, kind, name), part)

    # -- keys -----------------------------------------------------------------------------------------------------

    def _places(self, sums: Sums) -> Iterator[tuple[dict[str, Any], int]]:
        for at in range(len(sums)):
            yield {name: values[at] for name, values in sums.keys.items()}, at

    def _key(self, where: Mapping[str, Any], part: str, name: str, arm: str = "") -> Key:
        segment = [f"{self._segments[int(k[1:])]}={value}" for k, value in where.items() if k[0] == "z"]
        groups = [f"{self._attributes[int(k[1:])]}={value}" for k, value in where.items() if k[0] == "g"]
        return Key(
            model=self._model, version=str(where["v"]), role=self.role, window_ms=self._start_of(where["w"]),
            segment="".join(segment), part=part, name=name, grp=arm or " & ".join(groups),
        )  # fmt: skip


def _or_empty(value: Any) -> Any:
    return EMPTY if value == "" else value


def _smallest(picked: Sequence[Mapping[str, Any]], most: int) -> tuple[tuple[int, str], ...]:
    """The rows of the smallest hashes as (hash, JSON); rows of one hash in the order of their text."""
    last = sorted(row["h"] for row in picked)[:most][-1:]
    told = [
        (
            int(row["h"]),
            json.dumps(
                {k: EMPTY if v == "" else v for k, v in row.items() if k != "h"}, default=str, ensure_ascii=False
            ),
        )
        for row in [dict(row) for row in picked if row["h"] <= last[0]]
    ]
    return tuple(sorted(told)[:most])


def numeric_of(sums: Sums, number: NumberColumn, at: int) -> Numeric:
    """One column of one row of sums."""
    name = number.column
    take = {key: sums.added[f"{name}.{key}"][at] for key in ("told", "counts", "s1", "s2", "bad", "nan", "pos", "neg")}
    rows, count = int(sums.added[COUNT][at]), int(take["counts"].sum())
    s1, s2 = float(take["s1"]), float(take["s2"])
    moments = Moments()
    if count:
        moments = Moments(
            count=count, mean=number.centre + s1 / count, m2=_m2(s1, s2, count),
            low=float(sums.lows[name][at]), high=float(sums.highs[name][at]),
        )  # fmt: skip
    bad = int(take["bad"])
    return Numeric(
        rows=rows, nulls=rows - int(take["told"]) - bad, nans=int(take["nan"]), neg_inf=int(take["neg"]),
        pos_inf=int(take["pos"]), bad=bad, moments=moments, counts=take["counts"],
    )  # fmt: skip


def _m2(s1: float, s2: float, count: int) -> float:
    m2 = s2 - s1 * s1 / count
    return max(0.0, m2) if math.isfinite(m2) else math.inf  # squares beyond the largest double


def moments_of(sums: Sums, name: str, at: int) -> Moments:
    """Moments that the engine computed itself."""
    count = int(sums.added[f"{name}.count"][at])
    if not count:
        return Moments()
    return Moments(
        count=count, mean=float(sums.added[f"{name}.mean"][at]), m2=float(sums.added[f"{name}.m2"][at]),
        low=float(sums.lows[name][at]), high=float(sums.highs[name][at]),
    )  # fmt: skip
