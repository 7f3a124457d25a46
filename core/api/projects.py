"""Routes of projects."""

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter

from core.api.answers import Routes
from core.api.visit import Visited
from core.governance.projects import as_json
from core.services import projects
from core.services.projects import Project


def router() -> APIRouter:
    """GET /projects."""
    routes = Routes(tags=["projects"])

    @routes.get("/projects")
    def listing(house: Visited) -> dict[str, Any]:
        """Projects that the sender is in, or all: rule, counts of what belongs to each, and roles held in it."""
        items = [_spoken(found) for found in projects.listing(house)]
        return {"items": items, "total": len(items)}

    return routes


def _spoken(found: Project) -> dict[str, Any]:
    names = [name for name in Project.__slots__ if name not in ("rule", "members")]
    members = [asdict(member) for member in found.members]
    return {name: getattr(found, name) for name in names} | {"rule": as_json(found.rule), "members": members}
