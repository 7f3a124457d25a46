"""Routes that read the registry."""

from dataclasses import asdict, replace
from typing import Annotated, Any

from fastapi import APIRouter, Query

from core.api.answers import Routes
from core.api.visit import Visited
from core.governance.lineage import Lineage
from core.services import models, versions
from core.services.versions import VersionDetail

MOST = 1_000


def router() -> APIRouter:
    """GET /models, /models/{model}/versions."""
    routes = Routes(tags=["models"])

    @routes.get("/models")
    def listing(
        house: Visited,
        text: Annotated[str, Query(description="Words in name, description, tags or aliases")] = "",
        stage: str = "",
        limit: Annotated[int, Query(ge=1, le=MOST)] = 100,
        page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
    ) -> dict[str, Any]:
        """Registered models by name, each with the lineage of the version that speaks for it."""
        found = models.listing(house, text=text, stage=stage, limit=limit, offset=(page - 1) * limit)
        items = [
            asdict(replace(model, verdicts={}))
            | {"lineage": _lineage(model.lineage)}
            | {"verdicts": {category: one.outcome for category, one in model.verdicts.items()}}
            for model in found.models
        ]
        return {"items": items, "total": found.total}

    @routes.get("/models/{model:path}/versions")
    def of_model(house: Visited, model: str) -> dict[str, Any]:
        """A model's versions, newest first. model: "source:name"."""
        items = [_version(found) for found in versions.opened(house, model).versions]
        return {"items": items, "total": len(items)}

    return routes


def _version(found: VersionDetail) -> dict[str, Any]:
    return asdict(found) | {"lineage": _lineage(found.lineage)}


def _lineage(origin: Lineage | None) -> dict[str, bool] | None:
    return {part.name: part.present for part in origin.parts} if origin else None
