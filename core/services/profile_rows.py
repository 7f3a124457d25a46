"""Profiles as a program reads them."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

import numpy as np

from core.errors import NotFound
from core.facts import profiles as stored
from core.services.guard import needs
from core.services.house import House
from core.services.profile_book import edges_of


@needs("view")
def models(house: House) -> list[dict[str, Any]]:
    """What is profiled: (model, role, version) with first and last window."""
    return stored.profiled(house.facts)


@needs("view")
def page(
    house: House, model: str, *, version: str, role: str, part: str, name: str, segment: str, groups: bool,
    from_ms: int, to_ms: int, offset: int, limit: int,
) -> dict[str, Any]:  # fmt: skip
    """Some parts of one model with the edges they are aligned to. Raises NotFound for a model without profiles."""
    found = stored.profiles(
        house.facts, model, role=role, versions=[version] if version else [], parts=[part] if part else [],
        names=[name] if name else [], segment=segment, groups=groups, from_ms=from_ms, to_ms=to_ms,
    )  # fmt: skip
    if not found and not stored.keys(house.facts, model):
        raise NotFound(f"{model[:80]} has no profiles yet.", hint="Run `gatehouse profile`.")
    shown = found[offset : offset + limit]
    items = []
    for row in shown:
        about = {f.name: getattr(row, f.name) for f in fields(row) if f.name != "data"}
        items.append(about | {"data": _plain(asdict(row.data))})
    edges = {edges_id: _plain(_edges(house, model, edges_id)) for edges_id in {row.edges for row in shown}}
    return {"items": items, "total": len(found), "edges": edges}


def _edges(house: House, model: str, edges_id: str) -> Any:
    found = edges_of(house, model, edges_id)
    return {f.name: getattr(found, f.name) for f in fields(found)} if found else None


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return dict(value) if hasattr(value, "items") else value
