"""Reading what was seen to change."""

from typing import Any

from core.facts.store import Facts


def recent(facts: Facts, *, since_ms: int, limit: int) -> list[dict[str, Any]]:
    """Newest changes of the whole fleet, registrations included, first-sight ones not (observations_recent.sql)."""
    return facts.read("observations_recent", {"since_ms": since_ms, "limit": limit})


def of_model(facts: Facts, source: str, model: str) -> list[dict[str, Any]]:
    """Everything seen to happen to one model, newest first, with what was simply found at the first sync."""
    return facts.read("observations_of_model", {"source": source, "model": model})
