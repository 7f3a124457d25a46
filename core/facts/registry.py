"""Registered models and their versions, as the facts hold them."""

from collections.abc import Sequence
from typing import Any

from core.facts.store import Facts

Row = dict[str, Any]


def models(facts: Facts) -> list[Row]:
    """Every model with what its versions say of it, by name (fleet_models.sql)."""
    return facts.read("fleet_models")


def lineage_rows(
    facts: Facts, keys: Sequence[str], *, source: str | None = None, model: str | None = None, speaking: bool = False
) -> list[Row]:
    """Versions with what their lineage is judged by (fleet_versions.sql). keys: what can be evidence."""
    return facts.read("fleet_versions", {"keys": list(keys), "source": source, "model": model, "speaking": speaking})


def model(facts: Facts, source: str, name: str) -> Row | None:
    """One model, or None."""
    return next(iter(facts.read("models_one", {"source": source, "model": name})), None)


def versions_of(facts: Facts, source: str, name: str) -> list[Row]:
    """Versions of one model with the run each came from, newest first."""
    return facts.read("models_versions", {"source": source, "model": name})


def totals(facts: Facts) -> Row:
    """How many models, versions, experiments and runs there are; when the newest run started."""
    return facts.read("fleet_totals")[0]


def stages(facts: Facts) -> dict[str, Row]:
    """Numbers of versions and models by stage."""
    return {row["stage"]: row for row in facts.read("fleet_stages")}


def runs_by_day(facts: Facts, *, from_ms: int) -> dict[int, Row]:
    """Runs and failed runs by UTC day (days since 1970)."""
    return {row["day"]: row for row in facts.read("fleet_runs_by_day", {"from_ms": from_ms})}


def versions_by_day(facts: Facts) -> dict[int, int]:
    """Registered versions by UTC day (days since 1970)."""
    return {row["day"]: row["versions"] for row in facts.read("fleet_versions_by_day")}


def long_running(facts: Facts, *, before_ms: int, limit: int) -> list[Row]:
    """Runs still said to be running that started before a time, oldest first."""
    return facts.read("fleet_long_running", {"before_ms": before_ms, "limit": limit})


def unready(facts: Facts, *, before_ms: int, limit: int) -> list[Row]:
    """Versions whose registration failed, or has been pending since before a time."""
    return facts.read("fleet_unready", {"before_ms": before_ms, "limit": limit})
