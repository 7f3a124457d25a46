"""Routes that read the inventory."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from core.api.answers import Routes
from core.api.visit import Visited
from core.governance.inventory import GAP
from core.services import inventory, inventory_history
from core.services.inventory import Entry

MOST = 1_000


def router() -> APIRouter:
    """GET /inventory, /inventory/{entry}."""
    routes = Routes(tags=["inventory"])

    @routes.get("/inventory")
    def listing(
        house: Visited,
        text: Annotated[str, Query(max_length=500, description="Words in name, purpose, users, vendor or ref")] = "",
        kind: str = "",
        tier: Annotated[str, Query(description="1, 2, 3 or none")] = "",
        owner: Annotated[str, Query(description="A person's id, or none")] = "",
        gap: Annotated[str, Query(description="A code of `gaps`, or any")] = "",
        stage: str = "",
        regime: str = "",
        review: Annotated[str, Query(description="overdue, 30, 90 or never")] = "",
        shown: Annotated[str, Query(description="live, retired or all")] = "live",
        order: str = "name",
        limit: Annotated[int, Query(ge=1, le=MOST)] = 100,
        page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
    ) -> dict[str, Any]:
        """Models that the organisation answers for, and how many of all of them lack what."""
        query = inventory.Query(
            text=text, kind=kind, tier=tier, owner=owner, gap=gap, stage=stage, regime=regime, review=review,
            shown=shown, order=order,
        )  # fmt: skip
        day = inventory.today()
        found = inventory.listing(house, query, day=day, limit=limit, offset=(page - 1) * limit)
        counts = inventory.summary(house, day=day).gaps
        return {
            "items": [_entry(one) for one in found.entries],
            "total": found.total,
            "gaps": {code: {"models": count, "said": GAP[code].without} for code, count in counts.items()},
        }

    @routes.get("/inventory/{entry:path}")
    def one(house: Visited, entry: str) -> dict[str, Any]:
        """One entry with its history, newest first. entry: its id, or "source:model" of its registered model."""
        day = inventory.today()
        found = inventory.entry(house, entry, day=day)
        past = inventory_history.history(house, found.key, day=day)
        return _entry(found) | {
            "dependents": [other.key for other in inventory.dependents(house, found.key, day=day)],
            "history": [
                {
                    "seq": event.seq, "time_ms": event.time_ms, "who": event.who, "on_behalf_of": event.on_behalf_of,
                    "event": event.title, "reason": event.reason,
                    "changes": [
                        {"field": each.title, "before": each.before, "after": each.after} for each in event.changes
                    ],
                }
                for event in past
            ],
        }  # fmt: skip

    return routes


def _entry(one: Entry) -> dict[str, Any]:
    return {
        "id": one.id, "key": one.key, "ref": one.ref, "revision": one.revision, **one.values,
        "presence": one.presence, "stage": one.stage, "production": one.production, "versions": one.versions,
        "tier": one.tier, "tier_by_materiality": one.tier_given, "override": _override(one),
        "review_due": one.due.isoformat() if one.due else None, "gaps": one.gaps, "retired_ms": one.retired_ms,
    }  # fmt: skip


def _override(one: Entry) -> dict[str, Any] | None:
    if one.override is None:
        return None
    signed = one.override.signature
    return {
        "tier": one.override.tier, "reason": one.override.reason,
        "signed": {
            "printed_name": signed.printed, "person": signed.person, "time_ms": signed.time_ms,
            "meaning": signed.meaning, "event": signed.event,
        } if signed else None,
    }  # fmt: skip
