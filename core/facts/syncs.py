"""How each source's last sync went, and the cursor it left."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.facts.statements import statement
from core.facts.store import Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncState:
    """State of one source.

    outcome: None before the first sync, then running, ok or failed.
    started_ms, ended_ms: of the last attempt.  complete_ms: end of the last one that went through.
    cursor: the connector's own.  error, hint: of the last attempt, when it failed.
    runs, experiments, models: how many copies there are.  oldest_read_ms: the stalest run's last reading.
    """

    source: str
    outcome: str | None = None
    started_ms: int | None = None
    ended_ms: int | None = None
    complete_ms: int | None = None
    runs_read: int | None = None
    runs_removed: int | None = None
    error: str | None = None
    hint: str | None = None
    version: str | None = None
    cursor: Mapping[str, Any] | None = None
    runs: int = 0
    experiments: int = 0
    models: int = 0
    oldest_read_ms: int | None = None


def sync_state(facts: Facts, source: str) -> SyncState:
    """State of one source, without counts of its copies."""
    rows = facts.read("sync_of", {"source": source})
    return _state(rows[0]) if rows else SyncState(source=source)


def sync_states(facts: Facts) -> dict[str, SyncState]:
    """State of every source that was ever synced, by name."""
    return {row["source"]: _state(row) for row in facts.read("syncs")}


def start_sync(facts: Facts, source: str, *, now_ms: int) -> None:
    with facts.transaction() as tx:
        tx.execute(statement("start_sync"), {"source": source, "now_ms": now_ms})


def end_interrupted_syncs(facts: Facts) -> None:
    """Notes, when a store is opened, that no sync of an ended process is still running."""
    with facts.transaction() as tx:
        tx.execute(statement("end_interrupted_syncs"))


def end_sync(
    facts: Facts,
    source: str,
    *,
    outcome: str,
    now_ms: int,
    read: int = 0,
    removed: int = 0,
    error: str | None = None,
    hint: str | None = None,
    version: str | None = None,
) -> None:
    with facts.transaction() as tx:
        tx.execute(
            statement("end_sync"),
            {
                "source": source, "outcome": outcome, "now_ms": now_ms, "read": read, "removed": removed,
                "error": error, "hint": hint, "version": version,
            },
        )  # fmt: skip


def _state(row: dict[str, Any]) -> SyncState:
    return SyncState(**(row | {"cursor": json.loads(row["cursor"]) if row["cursor"] else None}))
