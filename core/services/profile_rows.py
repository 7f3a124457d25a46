"""Profiles as a program reads them.

Two things in a profile are, or quote, single rows of people's data: the part "sample" (whole rows) and the `examples`
of categories that the reference does not know (values as people's rows state them). They need the right "rows"; without
it they are left out and the answer says so. Every look at them is one event "rows.viewed" of the audit trail.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields, replace
from typing import Any

import numpy as np

from core.errors import NotFound
from core.facts import profiles as stored
from core.facts.profiles import Profile
from core.profiles import Categorical, Sample
from core.services import scope
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
    """Some parts of one model with the edges they are aligned to. Raises NotFound for a model without profiles.

    left_out: how many parts lack their rows because the actor has no right to them, and why; None when none does.
    A part "sample" without its rows is not among the items; it counts in total, so that pages stay where they are.
    """
    found = stored.profiles(
        house.facts, model, role=role, versions=[version] if version else [], parts=[part] if part else [],
        names=[name] if name else [], segment=segment, groups=groups, from_ms=from_ms, to_ms=to_ms,
    )  # fmt: skip
    if not found and not stored.keys(house.facts, model):
        raise NotFound(f"{model[:80]} has no profiles yet.", hint="Run `gatehouse profile`.")
    shown, left_out = _permitted(house, model, found[offset : offset + limit])
    items = []
    for row in shown:
        about = {f.name: getattr(row, f.name) for f in fields(row) if f.name != "data"}
        items.append(about | {"data": _plain(asdict(row.data))})
    edges = {edges_id: _plain(_edges(house, model, edges_id)) for edges_id in {row.edges for row in shown}}
    return {"items": items, "total": len(found), "edges": edges, "left_out": left_out}


def _permitted(house: House, model: str, shown: Sequence[Profile]) -> tuple[list[Profile], dict[str, Any] | None]:
    """Parts as the actor may see them, and what was left out; a look at rows is audited before it is granted."""
    held = [_quoted(row) for row in shown]
    if not any(held):
        return list(shown), None
    if scope.may(house, "log", model, "rows"):
        project = scope.project_of(house, "log", model, "rows")
        with house.deciding("rows", project) as tx:
            said = {"what": "profile samples and examples", "parts": sum(map(bool, held)), "rows": sum(held)}
            tx.append("rows.viewed", f"model:{model}", said)
        return list(shown), None
    kept = []
    for row, quoted in zip(shown, held, strict=True):
        if not quoted:
            kept.append(row)
        elif isinstance(row.data, Categorical):
            kept.append(replace(row, data=replace(row.data, examples={})))
    return kept, {
        "parts": sum(map(bool, held)),
        "why": 'Samples and examples show single rows of people\'s data: that needs the right "rows".',
    }


def _quoted(row: Profile) -> int:
    """How many single rows, or values of such, a part shows."""
    if isinstance(row.data, Sample):
        return len(row.data.rows)
    return len(row.data.examples) if isinstance(row.data, Categorical) else 0


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
