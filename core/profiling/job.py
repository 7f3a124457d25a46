"""One profiling job: what is new in a model's log becomes one new file of profiles, or nothing changes."""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from core.errors import GatehouseError, NotFound
from core.monitors.columns import check, features
from core.monitors.files import Resolved
from core.profiling import manifest as kept
from core.profiling.edges import Edges
from core.profiling.engines import Engine, engine
from core.profiling.failures import disk_full, failed, too_much
from core.profiling.learn import learn
from core.profiling.log import Log
from core.profiling.manifest import Manifest, Read, State
from core.profiling.needed import Changes, Needed, changed, still_open, taken_out
from core.profiling.partitions import Staging, partitions, stage
from core.profiling.parts import Partition
from core.profiling.rows import Columns, Reader
from core.profiling.task import Done, Task
from core.profiling.writing import Writer
from core.records import Progress

Report = Callable[[Progress], None]
Broken = dict[str, dict[str, GatehouseError]]


def profile(task: Task, report: Report) -> Done:
    """Runs one job. Raises Busy, SourceError, StoreError or MonitorError; earlier profiles stay whatever happens."""
    began = time.monotonic()
    folder = kept.folder_of(task.observed, task.model)
    with kept.alone(folder, task.model):
        work = folder / "work"
        broken: Broken = {"log": {}, "label": {}}
        while (done := _attempt(task, folder, work, broken, report)) is None:
            pass  # without the parts that were found broken
    done.seconds = time.monotonic() - began
    return done


def _attempt(task: Task, folder: Path, work: Path, broken: Broken, report: Report) -> Done | None:
    """One run. None when it broke off over parts of the log that can be left out, which are in `broken` then."""
    try:
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        runner = engine(task.engine, work / "spill")
        job = _Job(task, folder, work, runner, report, broken)
        try:
            return job.run()
        except duckdb.OutOfMemoryException as error:
            raise too_much(task.model, error) from error
        except duckdb.Error as error:
            if disk_full(error) or not job.find_broken():
                raise
            return None
        finally:
            runner.close()
    except (OSError, duckdb.Error, pa.ArrowException) as error:
        raise failed(task.model, error) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


class _Job:
    def __init__(self, task: Task, folder: Path, work: Path, runner: Engine, report: Report, broken: Broken) -> None:
        self.task, self.folder, self.work, self.engine, self.report = task, folder, work, runner, report
        self.monitor = task.resolved.monitor
        self.reader = Reader(runner, self.monitor, task.now_ms)
        self.done = Done(model=task.model)
        self.broken = broken
        self.log: Log | None = None

    def run(self) -> Done:
        self._say("Looking for what is new")
        state = kept.read_state(self.folder)
        log_parts = partitions(
            self.monitor.log, self.task.base, {key: read.stamp for key, read in state.log.items()}, self.task.model
        )
        label_parts = self._label_parts(state)
        reference_parts, stamp = self._reference_parts()
        fresh = state.edges is None or state.monitor_id != self.task.resolved.id or state.edges.stamp != stamp
        if not log_parts and not state.log:
            raise NotFound(
                f"The log of {self.task.model} holds nothing: {_place(self.task.resolved)}.",
                hint="Check `log` in its monitor file; relative paths start at the working folder.",
            )
        new = changed(log_parts, state.log, fresh)
        new_labels = changed(label_parts, state.labels, fresh)
        gone = taken_out(log_parts, state.log, self.monitor.log.delta is not None)
        label_table = self.monitor.label.table if self.monitor.label else None
        gone_labels = taken_out(label_parts, state.labels, label_table is not None and label_table.delta is not None)
        waiting = still_open(state, log_parts, label_parts)
        if not (new or new_labels or gone or gone_labels or waiting) and self.task.since is None:
            self.done.edges = state.edges.id if state.edges else ""
            return self.done
        log = self.log = Log(self.reader, self._stage, log_parts, label_parts)
        log.staging.unreadable |= self.broken["log"]
        log.labels_unreadable |= self.broken["label"]
        reads = log.look(new, self._looking)
        late = log.touched_by(new_labels)
        rows_ = Changes(present=log_parts, before=state.log, reads=reads, taken_out=gone)
        labels = Changes(present=label_parts, before=state.labels, reads=late, taken_out=gone_labels)
        needed = self._needed(log, rows_, labels)
        self.done.contradictions = log.contradictions
        self._note(log, reads)
        edges = None if fresh else state.edges
        writer = Writer(self.task.model, self.reader)
        reference = None
        if edges is None:
            edges, reference = self._learn(log, reads, reference_parts, stamp)
            self.done.learned = True
            self._check(log)
        self.done.edges = edges.id
        columns = Columns(numeric=tuple(edges.numeric), categorical=tuple(edges.categories))
        told, told_labels = rows_.noted(needed), labels.noted(needed)
        if needed.windows or reference is not None or told or told_labels:
            manifest = self._manifest(edges, needed, told, told_labels, reference is not None)
            kept.keep_edges(self.folder, edges)
            self.done.file = kept.keep(
                self.folder, manifest, self._rows(writer, log, needed, columns, edges, reference)
            ).name
        self.done.windows = len(needed.windows)
        return self.done

    # -- what there is --------------------------------------------------------------------------------------------

    def _label_parts(self, state: State) -> list[Partition]:
        label = self.monitor.label
        if label is None or label.table is None:
            return []
        return partitions(
            label.table, self.task.base, {key: read.stamp for key, read in state.labels.items()}, self.task.model
        )

    def _reference_parts(self) -> tuple[list[Partition], str]:
        reference = self.monitor.reference
        if reference.table is None:
            return [], f"{reference.since} to {reference.until}"
        parts = partitions(reference.table, self.task.base, {}, self.task.model)
        if not parts:
            raise NotFound(
                f"The reference of {self.task.model} holds nothing.", hint="Check `reference` in its monitor file."
            )
        text = "\n".join(f"{part.key} {part.stamp}" for part in parts)
        return parts, hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]

    def _stage(self, what: str, parts: Sequence[Partition]) -> Staging:
        table = {"log": self.monitor.log, "reference": self.monitor.reference.table}.get(what)
        if what == "label":
            table = self.monitor.label.table if self.monitor.label else None
        if table is None:
            return Staging()
        total = len(parts)
        return stage(
            table, self.task.base, parts, self.work, self.task.model,
            lambda done: self._say(f"Reading the {what}'s parts", done, total, "parts") if done % 20 == 0 else None,
        )  # fmt: skip

    def _looking(self) -> None:
        self._say("Looking at times")

    def _note(self, log: Log, reads: Mapping[str, Read]) -> None:
        unreadable = {**log.staging.unreadable, **log.labels_unreadable}
        self.done.unreadable = {key: error.message for key, error in unreadable.items()}
        self.done.partitions = len(reads)
        self.done.undated = sum(read.undated for read in reads.values())
        self.done.rejected = sum(read.rejected for read in reads.values())

    def _needed(self, log: Log, rows: Changes, labels: Changes) -> Needed:
        """Windows to profile now: of changed parts and of labels that arrived, unless a part of theirs is lost."""
        held = rows.held()
        known = {int(w) for read in held.values() for w in read.windows}
        by_log, by_label = rows.windows(), labels.windows()
        wanted = (by_log | by_label) & known
        if self.task.since is not None:
            first = self.reader.windows.index_of_date(self.task.since)
            wanted = {w for w in known if w >= first}
        log.ready(Needed(windows=sorted(wanted), reads=held))
        broken = rows.windows_of(log.staging.unreadable) | labels.windows_of(log.labels_unreadable)
        lost = broken | rows.vanished() | labels.vanished()
        self.done.kept = len(wanted & lost | broken)
        wanted -= lost
        self.done.late = len((wanted & by_label) - by_log)
        return Needed(windows=sorted(wanted), reads=held)

    def find_broken(self) -> bool:
        """After the engine failed: whether parts were found that can be left out. Raises for a broken reference."""
        found = self.log.damaged() if self.log else {}
        for error in found.get("reference", {}).values():
            raise error
        for kind, known in self.broken.items():
            known |= found.get(kind, {})
        return any(found.values())

    # -- the reference --------------------------------------------------------------------------------------------

    def _learn(
        self, log: Log, reads: Mapping[str, Read], parts: Sequence[Partition], stamp: str
    ) -> tuple[Edges, tuple[str, Any]]:
        self._say("Learning from the reference")
        rule = self.monitor.reference
        if rule.table is None:
            first, last = (self.reader.windows.index_of_date(str(day)) for day in (rule.since, rule.until))
            windows = sorted({int(w) for read in reads.values() for w in read.windows if first <= int(w) < last})
            if not windows:
                raise NotFound(
                    f"The log of {self.task.model} has no row from {rule.since} to {rule.until}, its reference.",
                    hint="Name days that the log has, or a data set of its own.",
                )
            needed = Needed(windows=windows, reads=dict(reads))
            schema = log.schema()
            columns = self._features(schema)
            seen = log.rows(needed, windows, columns, None)
            outcome = log.outcomes(needed, windows, None)
            edges = learn(self.reader, seen, outcome, columns, schema, monitor_id=self.task.resolved.id, stamp=stamp)
            return edges, ("log", needed)
        staging = self._stage("reference", parts)
        if staging.unreadable:
            raise next(iter(staging.unreadable.values()))
        log.reference = staging
        schema = {name: kind for file in staging.files for name, kind in file.schema.items()}
        if problems := check(self.task.resolved, schema, "reference"):
            raise problems[0]
        columns = self._features(schema)
        seen, outcome = log.reference_rows(columns, None), log.reference_outcomes(None)
        edges = learn(self.reader, seen, outcome, columns, schema, monitor_id=self.task.resolved.id, stamp=stamp)
        return edges, ("table", None)

    def _features(self, schema: Mapping[str, str]) -> Columns:
        found = features(self.monitor, schema)
        return Columns(numeric=tuple(sorted(found.numeric)), categorical=tuple(sorted(found.categorical)))

    def _check(self, log: Log) -> None:
        """A named column that no file of the log has is a mistake of the monitor file; later on the log lost it."""
        schema = log.schema()
        if schema and (problems := check(self.task.resolved, schema, "log")):
            raise problems[0]

    # -- the pass -------------------------------------------------------------------------------------------------

    def _rows(
        self,
        writer: Writer,
        log: Log,
        needed: Needed,
        columns: Columns,
        edges: Edges,
        reference: tuple[str, Any] | None,
    ) -> Iterator[Sequence[dict[str, Any]]]:
        if reference is not None:
            self._say("Profiling the reference")
            kind, windows = reference
            if kind == "table":
                seen, outcome = log.reference_rows(columns, edges), log.reference_outcomes(edges)
                yield from writer.write(
                    "reference", seen, outcome, columns, edges, log.checked_reference(columns), edges.rows
                )
            else:
                for chunk in log.chunks(windows):
                    seen, outcome = log.rows(windows, chunk, columns, edges), log.outcomes(windows, chunk, edges)
                    yield from writer.write(
                        "reference", seen, outcome, columns, edges, log.checked(columns), edges.rows, chunk
                    )
        began, total = time.monotonic(), len(needed.windows)
        read = 0
        for chunk in log.chunks(needed):
            left = (time.monotonic() - began) / read * (total - read) if read else None
            self._say("Reading windows", read, total, "windows", left)
            rows = needed.rows(chunk)
            seen, outcome = log.rows(needed, chunk, columns, edges), log.outcomes(needed, chunk, edges)
            yield from writer.write(
                "serving", seen, outcome, columns, edges, log.checked(columns), rows // max(1, len(chunk)), chunk
            )
            self.done.rows += rows
            read += len(chunk)
        self._say("Reading windows", read, total, "windows", 0.0)

    def _manifest(
        self, edges: Edges, needed: Needed, log: Mapping[str, Read], labels: Mapping[str, Read], referred: bool
    ) -> Manifest:
        windows: dict[str, Sequence[int] | None] = {
            "serving": [self.reader.windows.start_ms(w) for w in needed.windows]
        }
        if referred:
            windows["reference"] = None
        return Manifest(
            model=self.task.model,
            created_ms=max(self.task.now_ms, kept.read_state(self.folder).created_ms + 1),
            monitor_id=self.task.resolved.id,
            edges=edges.id,
            engine=self.engine.name,
            windows=windows,
            log=log,
            labels=labels,
            contradictions=self.done.contradictions,
        )

    def _say(
        self, phase: str, done: int = 0, total: int | None = None, unit: str = "", left: float | None = None
    ) -> None:
        self.report(Progress(phase=phase, done=done, total=total, unit=unit, seconds_left=left))


def _place(resolved: Resolved) -> str:
    log = resolved.monitor.log
    return log.files or log.delta or "its query"
