"""What is known of one monitored model: its monitor, its edges, its reference, its windows. Read once, then asked."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cached_property, reduce
from itertools import product
from operator import add
from typing import Any

import numpy as np

from core.analysis.labels import complete_at
from core.errors import NotFound
from core.facts import profiles as stored
from core.facts.profiles import Profile
from core.monitors.monitor import Monitor
from core.profiles import Output, Part, Sample
from core.profiling.edges import Edges
from core.profiling.manifest import folder_of, load_edges
from core.profiling.windows import Windows
from core.services import profiling
from core.services.cache import cached
from core.services.guard import needs
from core.services.house import House

PartKey = tuple[str, str, str]
OF_VERSION = frozenset({"output", "confusion", "errors", "prediction"})
"""Parts that say what one version predicted, and are held against the reference's rows of the same version."""


class Book:
    """One model's profiles of one segment, as they were at one revision of the facts.

    parts: kinds that are looked at.  groups: whether also by protected group.
    """

    def __init__(
        self, house: House, model: str, segment: str, from_ms: int, to_ms: int, parts: tuple[str, ...], groups: bool
    ) -> None:
        self.model, self.segment = model, segment
        self.monitor: Monitor = profiling.monitor_of(house, model).monitor
        self.windows = Windows.of(self.monitor)
        self._house, self._from_ms, self._to_ms = house, from_ms, to_ms
        self._parts, self._by_group = parts, groups
        self._edges: dict[str, Edges | None] = {}
        self._group_names: dict[tuple[str, tuple[str, ...]], frozenset[str]] = {}
        self.current: Mapping[tuple[str, int], dict[PartKey, Profile]] = self._by_window()

    def _by_window(self) -> dict[tuple[str, int], dict[PartKey, Profile]]:
        rows = stored.profiles(
            self._house.facts, self.model, role="serving", segment=self.segment, parts=self._parts,
            groups=self._by_group, from_ms=self._from_ms, to_ms=self._to_ms,
        )  # fmt: skip
        windows: dict[tuple[str, int], dict[PartKey, Profile]] = defaultdict(dict)
        for row in rows:
            windows[row.version, row.window_ms][row.part, row.name, row.grp] = row
        return windows

    def end_ms(self, window_ms: int) -> int:
        """End of the window that starts then."""
        return self.windows.end_ms(self.windows.at(window_ms))

    def starts(self, version: str) -> list[int]:
        """Starts of the windows that hold rows of a version, in order of time."""
        return sorted(window for found, window in self.current if found == version)

    def complete_ms(self, window_ms: int) -> int | None:
        """When the labels of a window are taken for complete; None for a monitor without labels."""
        label = self.monitor.label
        if label is None:
            return None
        return complete_at(end_ms=self.end_ms(window_ms), horizon_days=label.complete_after_days)

    def is_complete(self, window_ms: int, as_of_ms: int) -> bool:
        """Whether the labels of a window are taken for complete by then; never without labels."""
        at = self.complete_ms(window_ms)
        return at is not None and as_of_ms >= at

    def week_of(self, window_ms: int) -> int:
        """Start of the local week (Monday) that a window begins in."""
        week = self._week()
        return week.start_ms(week.at(window_ms))

    def _week(self) -> Windows:
        return Windows(zone=self.windows.zone, length="week", local=self.windows.local)

    def weeks(self, starts: Sequence[int]) -> dict[int, list[int]]:
        """Start of a week (Monday, local) -> starts of its windows, of weeks whose every window is among these."""
        week = self._week()
        present: dict[int, set[int]] = defaultdict(set)
        for start in starts:
            present[week.at(start)].add(start)
        full = {}
        for at, found in sorted(present.items()):
            first, last = self.windows.at(week.start_ms(at)), self.windows.at(week.end_ms(at) - 1)
            if len(found) == last - first + 1:
                full[week.start_ms(at)] = sorted(found)
        return full

    def edges(self, edges_id: str) -> Edges:
        """Raises NotFound when the file is gone."""
        if edges_id not in self._edges:
            self._edges[edges_id] = edges_of(self._house, self.model, edges_id)
        found = self._edges[edges_id]
        if found is None:
            raise NotFound(
                f"The edges {edges_id} of {self.model} are gone.", hint="Restore observed/, or profile the log again."
            )
        return found

    @cached_property
    def _reference_rows(self) -> list[Profile]:
        return stored.profiles(
            self._house.facts, self.model, role="reference", segment=self.segment, parts=self._parts,
            groups=self._by_group,
        )  # fmt: skip

    @cached_property
    def _reference(self) -> dict[tuple[str, PartKey, str], list[tuple[str, Part]]]:
        """(segment, key, edges) -> (version, part), days of a dated reference added up."""
        grouped: dict[tuple[str, PartKey, str], dict[str, list[Part]]] = defaultdict(lambda: defaultdict(list))
        for row in self._reference_rows:
            grouped[row.segment, (row.part, row.name, row.grp), row.edges][row.version].append(row.data)
        return {
            key: [(version, reduce(add, parts)) for version, parts in versions.items()]
            for key, versions in grouped.items()
        }

    def reference(self, row: Profile) -> Part | None:
        """The reference's part to hold a row against: of all its rows; for outputs of the same version's scores."""
        found = self._reference.get((self.segment, (row.part, row.name, row.grp), row.edges), [])
        if row.part in OF_VERSION:
            found = [(v, part) for v, part in found if v in (row.version, "")]
        return reduce(add, (part for _, part in found)) if found else None

    def reference_ms(self, edges_id: str) -> int:
        """When the newest part of the reference with these edges was profiled; -1 without any."""
        return max((row.created_ms for row in self._reference_rows if row.edges == edges_id), default=-1)

    def reference_days(self, row: Profile) -> list[Part | None] | None:
        """The same, a part (or None) for each window of a dated reference, the same ones for every row of one edges id.

        None for a reference without dates.
        """
        dated = [one for one in self._reference_rows if one.edges == row.edges and one.window_ms >= 0]
        if not dated:
            return None
        days: dict[int, list[Part]] = {one.window_ms: [] for one in dated}
        for one in dated:
            if (one.part, one.name, one.grp) != (row.part, row.name, row.grp):
                continue
            if row.part not in OF_VERSION or one.version in (row.version, ""):
                days[one.window_ms].append(one.data)
        return [reduce(add, parts) if parts else None for _, parts in sorted(days.items())]

    def groups(self, version: str, window_ms: int, family: tuple[str, ...]) -> dict[str, tuple[Output, str]]:
        """Group -> its output and the id of its edges, of one attribute or intersection."""
        found = {}
        for (part, name, grp), row in self.current[version, window_ms].items():
            if part == "output" and not name and isinstance(row.data, Output) and grp in self._names(row.edges, family):
                found[grp] = (row.data, row.edges)
        return found

    def _names(self, edges_id: str, family: tuple[str, ...]) -> frozenset[str]:
        """All that a group of these attributes can be called: values may hold any letters, so names are not parsed."""
        if (edges_id, family) not in self._group_names:
            values = [[f"{name}={value}" for value in self.edges(edges_id).groups.get(name, ())] for name in family]
            self._group_names[edges_id, family] = frozenset(" & ".join(names) for names in product(*values))
        return self._group_names[edges_id, family]

    def families(self) -> list[tuple[str, ...]]:
        """Protected attributes, each alone, and the intersections."""
        return [*((name,) for name in self.monitor.protected), *self.monitor.intersections]

    def sample(self, row: Profile, sample: Sample) -> dict[str, Any]:
        """Columns of a sample: feature -> (rows,) numbers or texts."""
        edges = self.edges(row.edges)
        rows = [json.loads(text) for _, text in sample.rows]
        columns: dict[str, Any] = {}
        for at, name in enumerate(edges.numeric):
            columns[name] = np.array([_number(told[f"x{at}"]) for told in rows], float)
        for at, name in enumerate(edges.categories):
            columns[name] = np.array([told[f"c{at}"] for told in rows], object)
        return columns

    def reference_sample(self, row: Profile) -> Sample | None:
        part = self.reference(row)
        return part if isinstance(part, Sample) else None


@needs("view")
def edges_of(house: House, model: str, edges_id: str) -> Edges | None:
    """The kept edges of that id, None when they are gone or the model's log is not seen."""
    seen = house.scope
    if seen is not None and model not in seen.logs:
        return None
    return load_edges(folder_of(house.folder / "observed", model), edges_id)


@needs("view")
@cached(maxsize=8)
def book(
    house: House, model: str, segment: str, from_ms: int, to_ms: int, parts: tuple[str, ...], groups: bool
) -> Book:
    """Kept while the facts stay as they are."""
    return Book(house, model, segment, from_ms, to_ms, parts, groups)


def _number(value: Any) -> float:
    return float("nan") if value is None else float(value)
