"""From typed rows to profile rows: which passes a monitor needs, and over which keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice
from math import prod
from typing import Any

from core.profile_rows import UNDATED
from core.profiling.assembly import Assembly, Row, Slice
from core.profiling.edges import Edges
from core.profiling.passes import (
    NumberColumn,
    columns_pass,
    confusion_pass,
    errors_pass,
    first_of_each,
    kpi_pass,
    output_pass,
    unseen_values,
)
from core.profiling.rows import PRIME, Columns, Reader
from core.profiling.sums import Sums

AT_ONCE = 6_000_000  # numbers that one pass over outcomes may answer with: 48 MB, and a multiple while they add up
ROWS_AT_ONCE = 500
PLACES = 200
WEEK_OF = {"hour": 168, "day": 7, "week": 1}
SAMPLE_A_WEEK = 1_000
ENOUGH = 1.5  # times the rows wanted are looked at, since windows differ in size
REFERENCE_SAMPLE = 2_000


class Writer:
    """Runs the passes of one monitor."""

    def __init__(self, model: str, reader: Reader) -> None:
        self._model, self._reader, self._rule = model, reader, reader.monitor

    def write(
        self,
        role: str,
        seen: Any,
        outcome: Any,
        columns: Columns,
        edges: Edges,
        checked: set[str],
        rows_a_window: int,
        windows: Sequence[int] = (),
    ) -> Iterator[list[Row]]:
        """Profile rows of these windows, some at a time.

        rows_a_window: about how many, to size the sample; 0: none.  windows: all that the rows may be of, ascending;
        none where that is not known.
        """  # fmt: skip
        make = Assembly(self._rule, self._model, role, self._start_of)
        parts = chain(
            self._observed(make, seen, columns, edges, checked, rows_a_window),
            self._per_query(make, seen, edges, checked),
            self._kpis(make, seen),
            self._outcome(make, outcome, edges, windows),
        )
        while some := list(islice(parts, ROWS_AT_ONCE)):
            yield some

    def _kpis(self, make: Assembly, seen: Any) -> Iterator[Row]:
        for at, name in enumerate(self._rule.kpis):
            for slice_ in make.slices():
                sums = kpi_pass(self._engine, seen, ["w", "v", *slice_.keys, f"k{at}n"], at)
                yield from make.kpis(sums, at, name)

    # -- what is known at serving time ----------------------------------------------------------------------------

    def _observed(
        self, make: Assembly, seen: Any, columns: Columns, edges: Edges, checked: set[str], rows_a_window: int
    ) -> Iterator[Row]:
        kinds, numbers = self._numbers(columns, edges, checked)
        texts = {f"c{at}": edges.categories[name] for at, name in enumerate(columns.categorical)}
        names = {f"c{at}": name for at, name in enumerate(columns.categorical)}
        latency = None
        if self._rule.latency:
            latency = NumberColumn(column="latency", edges=edges.latency, checked="latency" in checked)
        counted = [*numbers, *([latency] if latency else [])]
        most = max(1, SAMPLE_A_WEEK // WEEK_OF[self._rule.window]) if make.role == "serving" else REFERENCE_SAMPLE
        limit = min(PRIME, int(PRIME * ENOUGH * most / rows_a_window)) if rows_a_window else 0
        sampled = [f"x{at}" for at in range(len(columns.numeric))] + list(texts)
        served = bool(self._rule.status)
        places = prod(len(values) for values in edges.segments.values())
        every = [f"z{at}" for at in range(len(self._rule.segments))]
        at_once = [(every, make.slices())] if places <= PLACES else [(s.keys, [s]) for s in make.slices()]
        for keys, slices in at_once:
            whole = slices[0] == Slice()
            sums = columns_pass(
                self._engine, seen, ["w", "v", *keys], counted, texts, service=served,
                sample_below={"h": limit} if limit and whole else None, sampled=sampled if limit and whole else (),
            )  # fmt: skip
            for slice_ in slices:
                rolled = sums.over(["w", "v", *slice_.keys])
                yield from make.numbers(rolled, kinds, numbers)
                yield from make.texts(rolled, names, self._examples(seen, rolled, texts) if slice_ == Slice() else {})
                if latency or served:
                    yield from make.service(rolled, latency)
                if limit and slice_ == Slice():
                    yield from make.samples(rolled, limit, most)

    def _numbers(
        self, columns: Columns, edges: Edges, checked: set[str]
    ) -> tuple[dict[str, tuple[str, str]], list[NumberColumn]]:
        kinds: dict[str, tuple[str, str]] = {}
        numbers = []
        wanted = [(f"x{at}", "numeric", name, edges.numeric[name]) for at, name in enumerate(columns.numeric)]
        wanted += [(f"r{at}", "resource", name, edges.resources[name]) for at, name in enumerate(self._rule.resources)]
        wanted += [
            (f"m{at}", "measurement", name, edges.measurements[name])
            for at, (name, rule) in enumerate(self._rule.measurements.items())
            if rule.per is None
        ]
        if edges.prediction is not None:
            wanted.append(("s", "prediction", "", edges.prediction))
        for column, part, name, cuts in wanted:
            kinds[column] = (part, name)
            numbers.append(NumberColumn(column=column, edges=cuts, checked=column in checked))
        return kinds, numbers

    def _examples(self, seen: Any, sums: Sums, texts: Mapping[str, Sequence[str]]) -> dict[str, Any]:
        """Values that the reference does not have, by name; asked for only where there are some."""
        strange = [
            name for name in texts if (sums.added[f"{name}.known"] != sums.added[f"{name}.values"].sum(axis=1)).any()
        ]
        return {name: unseen_values(self._engine, seen, ["w", "v"], name, texts[name]) for name in strange}

    def _per_query(self, make: Assembly, seen: Any, edges: Edges, checked: set[str]) -> Iterator[Row]:
        """Measurements that belong to a query: the first row of each counts."""
        for at, (name, rule) in enumerate(self._rule.measurements.items()):
            if rule.per is None:
                continue
            column = f"m{at}"
            for slice_ in make.slices():
                keys = ["w", "v", *slice_.keys]
                first = first_of_each(seen, [*keys, f"q{at}"], column)
                number = NumberColumn(column=column, edges=edges.measurements[name], checked=column in checked)
                sums = columns_pass(self._engine, first, keys, [number], {})
                yield from make.numbers(sums, {column: ("measurement", name)}, [number])

    # -- output and truth -----------------------------------------------------------------------------------------

    def _outcome(self, make: Assembly, outcome: Any, edges: Edges, windows: Sequence[int]) -> Iterator[Row]:
        if self._rule.task == "regression" and edges.error is not None:
            for slice_ in make.group_slices():
                yield from make.errors(errors_pass(self._engine, outcome, ["w", "v", *slice_.keys], edges.error))
        elif self._rule.task == "multiclass":
            for keys, slices, some in self._at_once(make, outcome, edges, windows, (len(edges.classes) + 1) ** 2):
                sums = confusion_pass(self._engine, some, ["w", "v", *keys], edges.classes)
                yield from chain.from_iterable(make.confusions(sums.over(["w", "v", *s.keys])) for s in slices)
            for at, name in enumerate(edges.classes):
                if name in edges.score:
                    one = outcome.mutate(s=outcome[f"s{at}"], y=self._against_the_rest(outcome.t, name))
                    yield from self._outputs(make, one, edges, windows, name, rows=False)
        elif self._rule.task == "binary":
            yield from self._outputs(make, outcome, edges, windows, "", rows=True)

    def _outputs(
        self, make: Assembly, outcome: Any, edges: Edges, windows: Sequence[int], name: str, *, rows: bool
    ) -> Iterator[Row]:
        for keys, slices, some in self._at_once(make, outcome, edges, windows, 3 * (len(edges.score[name]) + 1)):
            sums = output_pass(self._engine, some, ["w", "v", *keys], edges.score[name])
            for slice_ in slices:
                rolled = sums.over(["w", "v", *slice_.keys, "y"])
                yield from make.outputs(rolled, slice_, name)
                if rows and not slice_.groups:
                    yield from make.labelled(rolled)

    def _against_the_rest(self, truth: Any, name: str) -> Any:
        import ibis

        return ibis.cases((truth.isnull(), 2), (truth == name, 1), else_=0).cast("int8")

    # -- keys -----------------------------------------------------------------------------------------------------

    def _at_once(
        self, make: Assembly, outcome: Any, edges: Edges, windows: Sequence[int], numbers: int
    ) -> Iterator[tuple[list[str], list[Slice], Any]]:
        """Keys of one pass, the slices it gives, its rows: as much at once as fits.

        All slices come from one pass over the finest cells where those are few, else from a pass each, over some
        windows at a time where it must be.  numbers: how many one cell of one window answers with.
        """
        listed = {f"z{at}": len(values) for at, values in enumerate(edges.segments.values())}
        listed |= {f"g{at}": len(values) for at, values in enumerate(edges.groups.values())}
        slices = make.group_slices()
        fits = prod(listed.values()) * numbers * max(1, len(windows)) <= AT_ONCE
        for keys, given in [(list(listed), slices)] if fits else [(s.keys, [s]) for s in slices]:
            most = max(1, AT_ONCE // (prod(listed[key] for key in keys) * numbers))
            if len(windows) <= most:
                yield keys, given, outcome
                continue
            for at in range(0, len(windows), most):
                some = windows[at : at + most]
                low, high = (some[0] if at else None), (some[-1] if at + most < len(windows) else None)
                rows = outcome if low is None else outcome.filter(outcome.w >= low)
                yield keys, given, rows if high is None else rows.filter(rows.w <= high)

    def _start_of(self, window: int | None) -> int:
        return UNDATED if window is None else self._reader.windows.start_ms(window)

    @property
    def _engine(self) -> Any:
        return self._reader.engine
