"""Observations: what sources keep no history of. Append-only Parquet files, indexed in the facts."""

import hashlib
import json
import os
import uuid
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from core.errors import StoreError
from core.facts.statements import statement
from core.facts.store import Facts
from core.records import Observation

SCHEMA = pa.schema(
    {
        "observation_id": pa.string(),
        "source": pa.string(),
        "kind": pa.string(),
        "subject": pa.string(),
        "before": pa.string(),
        "after": pa.string(),
        "baseline": pa.bool_(),
        "seen_ms": pa.int64(),
        "since_ms": pa.int64(),
    }
)


def observation_id(seen: Observation) -> str:
    """Derived from the content without its time, so that a sync killed before its commit repeats, not doubles, it."""
    content = [seen.source, seen.kind, seen.subject, seen.before, seen.after, seen.since_ms]
    return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def keep(facts: Facts, folder: Path, observations: Sequence[Observation]) -> None:
    """Writes one new file under folder/observed, then indexes it. The file is durable before the facts know of it."""
    if not observations:
        return
    rows = [{"observation_id": observation_id(seen), **asdict(seen)} for seen in observations]
    day = datetime.fromtimestamp(observations[0].seen_ms / 1000, UTC)
    place = folder / "observed" / "changes" / f"{day:%Y-%m}"
    place.mkdir(parents=True, exist_ok=True)
    final = place / f"{observations[0].seen_ms}-{uuid.uuid4().hex}.parquet"
    aside = final.with_suffix(".part")
    pq.write_table(pa.Table.from_pylist(rows, SCHEMA), aside, compression="zstd")
    with aside.open("rb") as file:
        os.fsync(file.fileno())
    aside.rename(final)
    index(facts, folder)


def index(facts: Facts, folder: Path) -> list[str]:
    """Brings files that the facts do not know yet into them. Returns names of files that cannot be read."""
    known = {row["path"] for row in facts.read("observed_files")}
    unreadable = []
    for path in sorted((folder / "observed" / "changes").glob("*/*.parquet")):
        name = path.relative_to(folder).as_posix()
        if name in known:
            continue
        try:
            table = pq.read_table(path, schema=SCHEMA)
        except (pa.ArrowInvalid, OSError):
            unreadable.append(name)
            continue
        with facts.transaction() as tx:
            tx.register("s_observations", table)
            tx.execute(statement("insert_observations"))
            tx.execute(statement("insert_observed_file"), {"path": name})
            tx.unregister("s_observations")
    return unreadable


def last_states(facts: Facts, source: str) -> dict[tuple[str, str], str | None]:
    """The state in which each (kind, subject) was last seen, replayed from the observations."""
    return {(row["kind"], row["subject"]): row["after"] for row in facts.read("last_observations", {"source": source})}


def explain_unreadable(names: Sequence[str]) -> StoreError | None:
    """What to tell about observed files that could not be read."""
    if not names:
        return None
    return StoreError(
        f"{len(names)} observed file(s) cannot be read: {', '.join(names[:3])}.",
        hint="Restore them from a backup; the rest is in use.",
    )
