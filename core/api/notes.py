"""Routes that read notes, tags made here, and saved views."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query

from core.api.answers import Routes
from core.api.visit import Visited
from core.services import notes, views


def router() -> APIRouter:
    """GET /notes, GET /views."""
    routes = Routes(tags=["notes and views"])

    @routes.get("/notes")
    def on_subject(
        house: Visited,
        subject: Annotated[
            str, Query(description="run:source:id, model:source:name, version:source:name/number", max_length=1_000)
        ],
    ) -> dict[str, Any]:
        """Notes on one thing, newest first, and the tags made here."""
        items = [asdict(note) for note in notes.notes(house, subject)]
        tags = [asdict(tag) for tag in notes.tags(house, subject)]
        return {"items": items, "total": len(items), "tags": tags}

    @routes.get("/views")
    def saved(house: Visited, page: Annotated[str | None, Query(max_length=40)] = None) -> dict[str, Any]:
        """Saved views that the sender sees."""
        items = [asdict(view) | {"params": dict(view.params)} for view in views.listing(house, page)]
        return {"items": items, "total": len(items)}

    return routes
