"""A log made ready: its parts staged, its windows known, its rows as the columns a pass counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import unquote, urlsplit

import ibis

from core.errors import GatehouseError, SourceError
from core.profiling.edges import Edges
from core.profiling.manifest import Read
from core.profiling.needed import Needed
from core.profiling.partitions import Staged, Staging, damage
from core.profiling.parts import Partition
from core.profiling.rows import Columns, Reader, Span
from core.profiling.values import as_text, untold
from core.profiling.windows import DAY

MOST_VERSIONS = 200
MOST_ARMS = 200
FILE = "gh_file"
WINDOWS_AT_ONCE = 200
ROWS_AT_ONCE = 4_000_000
Stage = Callable[[str, Sequence[Partition]], Staging]


class Log:
    """parts: of the log as it stands now; labels: of the table of labels, if there is one."""

    def __init__(self, reader: Reader, stage: Stage, parts: Sequence[Partition], labels: Sequence[Partition]) -> None:
        self.parts = parts
        self.staging = Staging()
        self.reference = Staging()
        self.contradictions = 0
        self._reader, self._stage, self._label_parts = reader, stage, labels
        self._staged: dict[str, Staged] = {}
        self._staged_labels: dict[str, Staged] = {}
        self.labels_unreadable: dict[str, GatehouseError] = {}
        self._labels: Any | None = None
        self._tables: dict[tuple[str, ...], Any] = {}

    # -- looking --------------------------------------------------------------------------------------------------

    def look(self, changed: Sequence[Partition], say: Callable[[], None]) -> dict[str, Read]:
        """Rows by window of every changed part that can be read."""
        files = self._ready(changed)
        say()
        reads = {}
        for group in _by_schema(files):
            raw = self._raw(group)
            us = self._reader.micros(raw)
            timed = raw.select(file=raw[FILE], us=us, v=self._reader.version(raw), **self._arms(raw))
            span = self._span(timed)
            placed = timed.mutate(w=self._reader.window(timed.us, span))
            counted = placed.group_by(["file", "w"]).aggregate(n=placed.count())
            self._few(placed)
            found: dict[str, dict[int | None, int]] = {file.path: {} for file in group}
            for row in self._engine.run(counted).to_pylist():
                found[_plain_path(row["file"], found)][row["w"]] = row["n"]
            for file in group:
                windows = found[file.path]
                reads[file.partition.key] = Read(
                    stamp=file.partition.stamp,
                    rows=sum(windows.values()),
                    undated=windows.pop(None, 0),
                    rejected=file.rejected,
                    columns=dict(file.schema),
                    windows={str(w): n for w, n in sorted(windows.items()) if w is not None},
                )
        return reads

    def _arms(self, raw: Any) -> dict[str, Any]:
        rules = self._reader.monitor.kpis
        return {f"k{at}": self._reader.text(raw, kpi.arm) for at, kpi in enumerate(rules.values()) if kpi.arm}

    def _few(self, placed: Any) -> None:
        """Versions and arms make profiles of their own. Raises when there are more than can be meant."""
        rule = self._reader.monitor
        told = [("v", rule.version, "version", MOST_VERSIONS)]
        told += [(f"k{at}", kpi.arm, "arm", MOST_ARMS) for at, kpi in enumerate(rule.kpis.values()) if kpi.arm]
        counts = self._engine.run(placed.aggregate(**{name: placed[name].approx_nunique() for name, *_ in told}))
        for name, column, what, most in told:
            if (counts[name][0].as_py() or 0) > most:
                raise GatehouseError(
                    f"{column!r} has about {counts[name][0].as_py():,} values: that is no {what}.",
                    hint=f"Name the column of the {what} in the monitor file, or leave it out.",
                )

    def touched_by(self, parts: Sequence[Partition]) -> dict[str, Read]:
        """For each part of the labels: in which windows the rows lie that it has labels for."""
        if not parts:
            return {}
        label = self._reader.monitor.label
        files = self.ready_labels(parts)
        if not files or label is None:
            return {}
        wanted = []
        for group in _by_schema(files):
            raw = self._raw(group)
            wanted.append(raw.select(part=raw[FILE], id=self._reader.id_text(raw, label.id)).distinct())
        ids = ibis.union(*wanted) if len(wanted) > 1 else wanted[0]
        touched = {file.partition.key: Read(stamp=file.partition.stamp) for file in files}
        rows = []
        known = [part for part in self.parts if part.key not in self.staging.unreadable]
        for group in _by_schema(self._ready(known)):
            raw = self._raw(group)
            timed = raw.select(gh_row=self._reader.id_text(raw), us=self._reader.micros(raw))
            rows.append(timed.select("gh_row", w=self._reader.window(timed.us, self._span(timed))))
        if not rows:
            return touched
        log = ibis.union(*rows) if len(rows) > 1 else rows[0]
        joined = log.join(ids, log.gh_row == ids.id)
        found = self._engine.run(joined.group_by(["part", "w"]).aggregate(n=joined.count())).to_pylist()
        paths = {file.path: file.partition for file in files}
        for row in found:
            part = paths[_plain_path(row["part"], paths)]
            if row["w"] is not None:
                windows = {**touched[part.key].windows, str(row["w"]): row["n"]}
                touched[part.key] = replace(touched[part.key], windows=windows)
        self._join_labels()
        return touched

    # -- rows -----------------------------------------------------------------------------------------------------

    def rows(self, needed: Needed, chunk: Sequence[int], columns: Columns, edges: Edges | None) -> Any:
        """What is known at serving time, of these windows."""
        made = [self._reader.observed(raw, columns, span, edges) for raw, span in self._of(needed, chunk)]
        return _within(_together(made), chunk)

    def outcomes(self, needed: Needed, chunk: Sequence[int], edges: Edges | None) -> Any:
        """Output and truth of these windows."""
        labels = self._join_labels()
        made = [self._reader.outcomes(raw, span, edges, labels) for raw, span in self._of(needed, chunk)]
        return _within(_together(made), chunk)

    def reference_rows(self, columns: Columns, edges: Edges | None) -> Any:
        """The same of the reference's own table; rows without a time have no window."""
        made = []
        for group in _by_schema(self.reference.files):
            raw = self._raw(group)
            made.append(self._reader.observed(raw, columns, self._span_of(raw), edges))
        return _together(made)

    def reference_outcomes(self, edges: Edges | None) -> Any:
        label = self._reader.monitor.label
        made = []
        for group in _by_schema(self.reference.files):
            raw = self._raw(group)
            own = label is None or label.column in raw.columns or not self._label_parts
            made.append(self._reader.outcomes(raw, self._span_of(raw), edges, None if own else self._join_labels()))
        return _together(made)

    def chunks(self, needed: Needed) -> Iterator[list[int]]:
        """Windows to be read in one go: few enough to stay small, and in one go where one file holds many windows."""
        sharing = max((len(read.windows) for read in needed.reads.values()), default=1)
        chunk: list[int] = []
        rows = 0
        for window in needed.windows:
            here = needed.rows([window])
            full = rows + here > ROWS_AT_ONCE and sharing <= 2
            if chunk and (full or len(chunk) >= WINDOWS_AT_ONCE):
                yield chunk
                chunk, rows = [], 0
            chunk.append(window)
            rows += here
        if chunk:
            yield chunk

    # -- columns --------------------------------------------------------------------------------------------------

    def schema(self) -> dict[str, str]:
        """Columns of all parts made ready so far."""
        return {name: kind for file in self._staged.values() for name, kind in file.schema.items()}

    def checked(self, columns: Columns) -> set[str]:
        """Which of the pass's columns of numbers are texts in some file, so that bad values must be counted."""
        return self._texts_among(columns, list(self._staged.values()))

    def checked_reference(self, columns: Columns) -> set[str]:
        return self._texts_among(columns, self.reference.files)

    def _texts_among(self, columns: Columns, files: Sequence[Staged]) -> set[str]:
        rule = self._reader.monitor
        named = {f"x{at}": name for at, name in enumerate(columns.numeric)}
        named |= {f"r{at}": name for at, name in enumerate(rule.resources.values())}
        named |= {f"m{at}": measured.column for at, measured in enumerate(rule.measurements.values())}
        if rule.latency:
            named["latency"] = rule.latency
        if rule.task in ("regression", "other"):
            named["s"] = str(rule.score or rule.prediction)
        plain = ("int", "uint", "float", "double", "half", "bool", "decimal")
        return {
            column
            for column, name in named.items()
            if any(not file.schema.get(name, "double").startswith(plain) for file in files)
        }

    # -- inside ---------------------------------------------------------------------------------------------------

    @property
    def _engine(self) -> Any:
        return self._reader.engine

    def _ready(self, parts: Sequence[Partition]) -> list[Staged]:
        missing = [p for p in parts if p.key not in self._staged and p.key not in self.staging.unreadable]
        if missing:
            staging = self._stage("log", missing)
            self.staging.unreadable |= staging.unreadable
            self._staged |= {file.partition.key: file for file in staging.files}
        return [self._staged[part.key] for part in parts if part.key in self._staged]

    def ready_labels(self, parts: Sequence[Partition] | None = None) -> list[Staged]:
        """These parts of the labels (all of them), as far as they can be read."""
        chosen = self._label_parts if parts is None else parts
        known = {**self._staged_labels, **self.labels_unreadable}
        if missing := [part for part in chosen if part.key not in known]:
            staging = self._stage("label", missing)
            self.labels_unreadable |= staging.unreadable
            self._staged_labels |= {file.partition.key: file for file in staging.files}
        return [self._staged_labels[part.key] for part in chosen if part.key in self._staged_labels]

    def ready(self, needed: Needed) -> None:
        """Makes ready all that these windows need, so that it is known what of it cannot be read."""
        keys = needed.parts(needed.windows)
        self._ready([part for part in self.parts if part.key in keys])
        if needed.windows:
            self._join_labels()

    def damaged(self) -> dict[str, dict[str, GatehouseError]]:
        """Reads all that was made ready to the end: what kind of table -> key -> why it cannot be read."""
        found: dict[str, dict[str, GatehouseError]] = {"log": {}, "label": {}, "reference": {}}
        tables = (self._staged.values(), self._staged_labels.values(), self.reference.files)
        for kind, files in zip(found, tables, strict=True):
            for file in files:
                if why := damage(file.path):
                    key = file.partition.key
                    found[kind][key] = SourceError(
                        f"{key} cannot be read: {why}", hint="Write it again; the next run takes it up."
                    )
        return found

    def _of(self, needed: Needed, chunk: Sequence[int]) -> Iterator[tuple[Any, Span]]:
        keys = needed.parts(chunk)
        files = self._ready([part for part in self.parts if part.key in keys])
        start, end = self._reader.windows.start_ms(min(chunk)), self._reader.windows.end_ms(max(chunk))
        span = Span(low=start - 2 * DAY, high=end + 2 * DAY)
        for group in _by_schema(files):
            yield self._raw(group), span

    def _raw(self, group: Sequence[Staged]) -> Any:
        paths = tuple(file.path for file in group)
        if paths not in self._tables:
            table = self._engine.parquet(paths)
            self._tables[paths] = table if FILE in table.columns else table.rename({FILE: "filename"})
        return self._tables[paths]

    def _span_of(self, raw: Any) -> Span:
        return self._span(raw.select(us=self._reader.micros(raw)))

    def _span(self, timed: Any) -> Span:
        found = self._engine.run(timed.aggregate(low=timed.us.min(), high=timed.us.max())).to_pylist()[0]
        if found["low"] is None:
            return Span(low=0, high=0)
        return Span(low=found["low"] // 1000 - DAY, high=found["high"] // 1000 + DAY)

    def _join_labels(self) -> Any | None:
        """(gh_label_id, gh_label): one label an id; of several, the one of the last file."""
        label = self._reader.monitor.label
        if not self._label_parts or label is None:
            return None
        if self._labels is None:
            groups = list(_by_schema(self.ready_labels()))
            if not groups:
                return None
            parts = []
            for group in groups:
                raw = self._raw(group)
                value = raw[label.column] if label.column in raw.columns else ibis.null("string")
                parts.append(
                    raw.select(
                        gh_label_id=self._reader.id_text(raw, label.id),
                        gh_label=value if len(groups) == 1 else as_text(value),
                        gh_part=raw[FILE],
                    )
                )
            told = _together(parts)
            told = told.filter(told.gh_label_id.notnull() & ~untold(told.gh_label))
            by_id = told.group_by("gh_label_id").aggregate(
                n=told.count(), low=told.gh_label.min(), high=told.gh_label.max()
            )
            about = self._engine.run(
                by_id.aggregate(ids=by_id.count(), rows=by_id.n.sum(), split=(by_id.low != by_id.high).sum())
            ).to_pylist()[0]
            self.contradictions = int(about["split"] or 0)
            if self.contradictions:  # those of the last file; of several in one file, the largest
                told = told.mutate(last=told.gh_part.max().over(group_by="gh_label_id"))
                told = told.filter(told.gh_part == told["last"])
            if about["rows"] != about["ids"]:
                told = told.group_by("gh_label_id").aggregate(gh_label=told.gh_label.max())
            self._labels = told.select("gh_label_id", "gh_label")
        return self._labels


def _by_schema(files: Sequence[Staged]) -> Iterator[list[Staged]]:
    yield from Staging(files=list(files)).by_schema()


def _together(tables: Sequence[Any]) -> Any:
    return ibis.union(*tables) if len(tables) > 1 else tables[0]


def _within(rows: Any, chunk: Sequence[int]) -> Any:
    if max(chunk) - min(chunk) + 1 == len(chunk):
        return rows.filter(rows.w.between(min(chunk), max(chunk)))
    return rows.filter(rows.w.isin([int(w) for w in chunk]))


def _plain_path(told: str, known: Mapping[str, Any]) -> str:
    """The path as we named it: engines may answer with an address such as file:///a/b%20c."""
    if told in known:
        return told
    parts = urlsplit(told)
    path = unquote(parts.path)
    if path in known:
        return path
    return next(name for name in known if name.endswith(path) or path.endswith(name))
