"""Routes that read experiments and runs."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query

from core.api.answers import Routes
from core.api.visit import Visited
from core.services import run_rows, runs
from core.services.house import now_ms
from core.services.runs import RunQuery

MOST = 1_000


def router() -> APIRouter:
    """GET /experiments, /runs, /runs/{id}."""
    routes = Routes(tags=["runs"])

    @routes.get("/experiments")
    def experiments(house: Visited) -> dict[str, Any]:
        """All experiments, the one with the newest run first."""
        items = [asdict(found) for found in runs.experiments(house)]
        return {"items": items, "total": len(items)}

    @routes.get("/runs")
    def search(
        house: Visited,
        filter: Annotated[str, Query(description="In the search language; MLflow's filters work unchanged.")] = "",
        order_by: Annotated[str, Query(description="Such as: metrics.auc desc, start_time")] = "",
        experiment: Annotated[list[str] | None, Query(description="source:experiment_id; all when left out")] = None,
        deleted: Annotated[bool, Query(description="Deleted runs as well")] = False,
        limit: Annotated[int, Query(ge=1, le=MOST)] = 100,
        page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
    ) -> dict[str, Any]:
        """One page of the runs that a search finds, whole but without histories."""
        query = RunQuery(text=filter, order=order_by, experiments=tuple(experiment or ()), deleted=deleted)
        total, items = run_rows.page(house, query, page=page, size=limit, now_ms=now_ms())
        return {"items": items, "total": total}

    @routes.get("/runs/{run_id:path}")
    def run(house: Visited, run_id: str) -> dict[str, Any]:
        """One run with its metric histories. run_id: "source:id", or the id alone where it is unique."""
        return dict(run_rows.whole(house, run_id))

    return routes
