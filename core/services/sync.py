"""Bringing copies home: one source at a time, batch by batch, each one safe on its own."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from core.connectors import connect
from core.errors import GatehouseError, SourceError
from core.facts import copies, observed
from core.facts.store import Facts
from core.facts.syncs import end_sync, start_sync, sync_state
from core.governance.changes import registry_changes
from core.governance.stages import stage_of
from core.records import Catalogue, Observation, Progress, RunSource, SyncReport
from core.services.ahead import read_ahead
from core.settings import Source, StageMap

Report = Callable[[Progress], None]
REGISTRY_KINDS = ("experiment", "model", "version", "stage", "alias")


def sync_source(
    facts: Facts, folder: Path, name: str, source: Source, *, report: Report, now_ms: Callable[[], int]
) -> SyncReport:
    """Reads what is new, changed or gone. Raises the source's error after noting it; nothing synced is lost."""
    started = time.monotonic()
    began_ms = now_ms()
    start_sync(facts, name, now_ms=began_ms)
    try:
        report(Progress(phase="Connecting", done=0, total=None))
        origin = connect(source)
        try:
            done = _sync(facts, folder, name, source, origin, report, began_ms, started)
        finally:
            origin.close()
    except GatehouseError as error:
        end_sync(facts, name, outcome="failed", now_ms=now_ms(), error=error.message, hint=error.hint)
        if isinstance(error, SourceError):
            _observe_reachability(facts, folder, name, "down", began_ms)
        raise
    except BaseException as error:
        end_sync(
            facts, name, outcome="failed", now_ms=now_ms(), error=f"The sync stopped: {type(error).__name__}.",
            hint="Sync again; if it stops again, this is a bug.",
        )  # fmt: skip
        raise
    end_sync(facts, name, outcome="ok", now_ms=now_ms(), read=done.read, removed=done.removed)
    _observe_reachability(facts, folder, name, "up", began_ms)
    return done


def _sync(
    facts: Facts,
    folder: Path,
    name: str,
    source: Source,
    origin: RunSource,
    report: Report,
    began_ms: int,
    started: float,
) -> SyncReport:
    state = sync_state(facts, name)
    cursor, since_ms = state.cursor, state.complete_ms
    if origin.unchanged(cursor, now_ms=began_ms):
        return SyncReport(
            source=name, read=0, removed=0, points=0, observations=0, seconds=time.monotonic() - started, unchanged=True
        )
    report(Progress(phase="Reading experiments and models", done=0, total=None))
    seen = _sync_catalogue(facts, folder, name, source.stages, origin.catalogue(), began_ms, since_ms)
    report(Progress(phase="Looking for changes", done=0, total=None))
    known = facts.arrow(copies.KNOWN_RUNS, {"source": name})
    read = removed = points = 0
    reading = time.monotonic()
    for batch in read_ahead(origin.batches(cursor, known, now_ms=began_ms)):
        changes = copies.lifecycle_changes(facts, name, batch)
        noticed = [
            Observation(
                source=name, kind="run", subject=change.run_id, before=change.before, after=change.after,
                baseline=False, seen_ms=began_ms, since_ms=since_ms,
            )
            for change in changes
        ]  # fmt: skip
        observed.keep(facts, folder, noticed)
        written = copies.write_batch(facts, name, batch, now_ms=began_ms)
        read, removed, points = read + written.read, removed + written.removed, points + written.points
        seen += len(noticed)
        elapsed = time.monotonic() - reading
        left = elapsed / batch.done * (batch.total - batch.done) if batch.total and batch.done else None
        report(Progress(phase="Reading runs", done=batch.done, total=batch.total, seconds_left=left))
    return SyncReport(
        source=name, read=read, removed=removed, points=points, observations=seen, seconds=time.monotonic() - started
    )


def _sync_catalogue(
    facts: Facts, folder: Path, name: str, stages: StageMap, catalogue: Catalogue, now_ms: int, since_ms: int | None
) -> int:
    before = {key: state for key, state in observed.last_states(facts, name).items() if key[0] in REGISTRY_KINDS}
    changes = registry_changes(
        before, registry_states(catalogue), source=name, first=not before, seen_ms=now_ms, since_ms=since_ms
    )
    observed.keep(facts, folder, changes)
    copies.write_catalogue(facts, name, catalogue, staged_by(stages))
    return len(changes)


def staged_by(stages: StageMap) -> copies.StageOf:
    """A stage map as the function that the store applies to every version."""

    def staged(
        model: str, newest: bool, registry_stage: str | None, aliases: Sequence[str], tags: Mapping[str, str]
    ) -> str:
        return stage_of(stages, model=model, newest=newest, registry_stage=registry_stage, aliases=aliases, tags=tags)

    return staged


def registry_states(catalogue: Catalogue) -> dict[tuple[str, str], str]:
    """Everything of a catalogue whose coming, going or moving is to be remembered."""
    states: dict[tuple[str, str], str] = {}
    for row in _rows(catalogue.experiments, "experiment_id", "lifecycle_stage"):
        states["experiment", row["experiment_id"]] = row["lifecycle_stage"]
    for row in _rows(catalogue.models, "name"):
        states["model", row["name"]] = "registered"
    for row in _rows(catalogue.versions, "model", "version", "registry_stage"):
        subject = f"{row['model']}/{row['version']}"
        states["version", subject] = "registered"
        if row["registry_stage"] not in (None, "", "None"):
            states["stage", subject] = row["registry_stage"]
    for row in _rows(catalogue.aliases, "model", "alias", "version"):
        states["alias", f"{row['model']}@{row['alias']}"] = row["version"]
    return states


def _rows(table: pa.Table, *columns: str) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = table.select(list(columns)).to_pylist()
    return rows


def _observe_reachability(facts: Facts, folder: Path, name: str, state: str, now_ms: int) -> None:
    last = observed.last_states(facts, name).get(("source", name))
    if last == state or (last is None and state == "up"):
        return
    observed.keep(
        facts,
        folder,
        [
            Observation(
                source=name, kind="source", subject=name, before=last, after=state, baseline=False, seen_ms=now_ms,
                since_ms=sync_state(facts, name).complete_ms,
            )
        ],
    )  # fmt: skip
