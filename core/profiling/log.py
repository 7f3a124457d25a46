"""A log made ready: its parts staged, its windows known, its rows as the columns a pass counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import unquote, urlsplit
from typing import Any

import ibis

from core.errors import GatehouseError
from core.profiling.edges import Edges
from core.profiling.manifest import Read, State
from core.profiling.partitions import Partition, Staged, Staging
from core.profiling.rows import Columns, Reader, Span
from core.profiling.windows import DAY

MOST_VERSIONS = 200
WINDOWS_AT_ONCE = 200
ROWS_AT_ONCE = 4_000_000
Stage = Callable[[str, Sequence[Partition]], Staging]


@dataclass(frozen=True, slots=True, kw_only=True)
class Needed:
    """Windows to profile (indices, ascending), and what is known of every part of the log."""

    windows: Sequence[int]
    reads: Mapping[str, Read]

    def parts(self, chunk: Sequence[int]) -> set[str]:
        """Keys of the parts that hold rows of these windows."""
        wanted = {str(w) for w in chunk}
        return {key for key, read in self.reads.items() if wanted & set(read.windows)}

    def rows(self, chunk: Sequence[int]) -> int:
        """How many rows these windows have."""
        wanted = {str(w) for w in chunk}
        return sum(n for read in self.reads.values() for w, n in read.windows.items() if w in wanted)

    def unless_cut(self, read: Read) -> Read:
        """As read; without its stamp when some of its windows are left out now, so that it is read again."""
        whole = {int(w) for w in read.windows} <= set(self.windows)
        return read if whole else replace(read, stamp="")


class Log:
    """parts: of the log as it stands now; labels: of the table of labels, if there is one."""

    def __init__(self, reader: Reader, stage: Stage, parts: Sequence[Partition], labels: Sequence[Partition]) -> None:
        self.parts = parts
        self.staging = Staging()
        self.reference = Staging()
        self.contradictions = 0
        self._reader, self._stage, self._label_parts = reader, stage, labels
        self._staged: dict[str, Staged] = {}
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
            timed = raw.select(filename=raw.filename, us=us, v=self._reader.version(raw))
            span = self._span(timed)
            placed = timed.mutate(w=self._reader.window(timed.us, span))
            counted = placed.group_by(["filename", "w"]).aggregate(n=placed.count())
            versions = self._engine.run(placed.aggregate(v=placed.v.approx_nunique()))["v"][0].as_py()
            if versions and versions > MOST_VERSIONS:
                raise GatehouseError(
                    f"{self._reader.monitor.version!r} has about {versions:,} values: that is no version.",
                    hint="Name the column of the model's version in `version`, or leave it out.",
                )
            found: dict[str, dict[int | None, int]] = {file.path: {} for file in group}
            for row in self._engine.run(counted).to_pylist():
                found[_plain_path(row["filename"], found)][row["w"]] = row["n"]
            for file in group:
                windows = found[file.path]
                reads[file.partition.key] = Read(
                    stamp=file.partition.stamp,
                    rows=sum(windows.values()),
                    undated=windows.pop(None, 0),
                    rejected=file.rejected,
                    windows={str(w): n for w, n in sorted(windows.items()) if w is not None},
                )
        return reads

    def touched_by(self, parts: Sequence[Partition], state: State, reads: Mapping[str, Read]) -> dict[str, Read]:
        """For each part of the labels: in which windows the rows lie that it has labels for."""
        if not parts:
            return {}
        label = self._reader.monitor.label
        staging = self._stage("label", parts)
        self.staging.unreadable |= staging.unreadable
        if not staging.files or label is None:
            return {}
        wanted = []
        for group in _by_schema(staging.files):
            raw = self._raw(group)
            wanted.append(raw.select(part=raw.filename, id=self._reader.id_text(raw, label.id)).distinct())
        ids = ibis.union(*wanted) if len(wanted) > 1 else wanted[0]
        rows = []
        known = [part for part in self.parts if part.key not in self.staging.unreadable]
        for group in _by_schema(self._ready(known)):
            raw = self._raw(group)
            timed = raw.select(gh_row=self._reader.id_text(raw), us=self._reader.micros(raw))
            rows.append(timed.select("gh_row", w=self._reader.window(timed.us, self._span(timed))))
        if not rows:
            return {}
        log = ibis.union(*rows) if len(rows) > 1 else rows[0]
        joined = log.join(ids, log.gh_row == ids.id)
        found = self._engine.run(joined.group_by(["part", "w"]).aggregate(n=joined.count())).to_pylist()
        paths = {file.path: file.partition for file in staging.files}
        touched = {file.partition.key: Read(stamp=file.partition.stamp) for file in staging.files}
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
            self._tables[paths] = self._engine.parquet(paths)
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
            staging = self._stage("label", self._label_parts)
            if staging.unreadable:
                raise next(iter(staging.unreadable.values()))
            groups = list(_by_schema(staging.files))
            parts = []
            for group in groups:
                raw = self._raw(group)
                value = raw[label.column] if label.column in raw.columns else ibis.null("string")
                parts.append(
                    raw.select(
                        gh_label_id=self._reader.id_text(raw, label.id),
                        gh_label=value if len(groups) == 1 else value.cast("string"),
                        gh_part=raw.filename,
                    )
                )
            told = _together(parts)
            told = told.filter(told.gh_label_id.notnull() & told.gh_label.notnull())
            by_id = told.group_by("gh_label_id").aggregate(
                n=told.count(), low=told.gh_label.min(), high=told.gh_label.max()
            )
            about = self._engine.run(
                by_id.aggregate(ids=by_id.count(), rows=by_id.n.sum(), split=(by_id.low != by_id.high).sum())
            ).to_pylist()[0]
            self.contradictions = about["split"] or 0
            if about["rows"] != about["ids"]:
                told = (
                    told.group_by("gh_label_id").aggregate(gh_label=told.gh_label.max(), gh_part=told.gh_part.max())
                    if (not self.contradictions)
                    else told.group_by("gh_label_id").aggregate(gh_label=told.gh_label.argmax(told.gh_part))
                )
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
