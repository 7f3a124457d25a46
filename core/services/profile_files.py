"""Taking up what profiling jobs wrote: their files into the facts."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from core.errors import StoreError
from core.facts import profiles as index
from core.facts.profiles import ProfileFile
from core.facts.store import Facts
from core.profiling import manifest


def take_up(facts: Facts, folder: Path) -> list[str]:
    """Indexes profile files that the facts do not know yet. Answers names of files that cannot be read."""
    known = {row["path"]: row for row in index.known_files(facts)}
    newest: dict[str, int] = {}
    for row in known.values():
        newest[row["model"]] = max(newest.get(row["model"], 0), row["created_ms"])
    fresh, unreadable = [], []
    for path in sorted((folder / "observed" / "profiles").glob("*/*/*.parquet"), key=lambda path: path.name):
        if path.relative_to(folder).as_posix() not in known:
            try:
                fresh.append((path, manifest.read_manifest(path)))
            except StoreError:
                unreadable.append(path.name)
    late = {told.model for _, told in fresh if told.created_ms <= newest.get(told.model, -1)}
    if late:  # an older file came back: its model is indexed again, oldest first
        for model in late:
            index.forget(facts, model)
        return take_up(facts, folder)
    for path, told in sorted(fresh, key=lambda item: item[1].created_ms):
        try:
            rows = pq.read_table(path)
        except (OSError, pa.ArrowException):
            unreadable.append(path.name)
            continue
        file = ProfileFile(
            path=path.relative_to(folder).as_posix(), model=told.model, created_ms=told.created_ms,
            monitor_id=told.monitor_id, edges=told.edges, engine=told.engine, parts_read=len(told.log),
            undated=sum(read.undated for read in told.log.values()),
            rejected=sum(read.rejected for read in told.log.values()),
            contradictions=told.contradictions, windows=told.windows,
        )  # fmt: skip
        index.index(facts, file, rows)
    return unreadable
