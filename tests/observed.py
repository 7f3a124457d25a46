"""Findings for tests, observed as evaluation does."""

from collections.abc import Sequence
from typing import Any

from core.facts import judged
from core.facts.judged import Finding
from core.services.house import House

DAY = 86_400_000
NOW = 1_795_600_000_000


def finding(finding_id: str, model: str, **told: Any) -> Finding:
    """A finding: drift of the feature income ten days ago, unless told otherwise."""
    said: dict[str, Any] = {
        "version": "1", "category": "data_quality", "cause": "drift", "severity": "medium",
        "first_ms": NOW - 10 * DAY, "last_ms": NOW - 2 * DAY, "end_ms": NOW - DAY, "cleared_ms": None,
        "withdrawn": False, "title": "income drifted", "reason": "income drifted in 2 of 3 windows.",
        "todo": "Run the data-validation pipeline.", "names": ("income",), "source": f"logs/{model}",
        "details": {"windows": 3}, "policy": "default", "policy_version": 1, "seen_ms": NOW,
    }  # fmt: skip
    return Finding(finding_id=finding_id, model=model, **(said | told))


def observe(house: House, found: Sequence[Finding]) -> None:
    """Writes them into the shown stores."""
    stores = house.stores(house.active)
    judged.observe(stores.facts, stores.folder, found)
    house.changed()
