"""Routes of profiles and the numbers they give."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query

from core.api.answers import Routes
from core.api.visit import Visited
from core.facts.profiles import FOREVER
from core.services import logs, measurements, profile_rows, profiling
from core.services.house import now_ms
from core.services.measurements import Wanted

MOST = 1_000


def router() -> APIRouter:
    """GET /monitors, /monitors/{model}/schema, /profiles, /measurements."""
    routes = Routes(tags=["profiles"])

    @routes.get("/monitors")
    def monitors(house: Visited) -> dict[str, Any]:
        """Models with a monitor file, and what is wrong with files that cannot be used."""
        loaded = profiling.monitors(house)
        items = [
            {"model": model, "file": found.file, "task": found.monitor.task, "window": found.monitor.window,
             "zone": found.monitor.zone}
            for model, found in loaded.monitors.items()
        ]  # fmt: skip
        problems = [
            {"file": problem.file, "line": problem.line, "message": problem.message, "hint": problem.hint}
            for problem in loaded.problems
        ]
        return {"items": items, "total": len(items), "problems": problems}

    @routes.get("/monitors/{model:path}/schema")
    def schema(house: Visited, model: str) -> dict[str, Any]:
        """Where a log's columns came, went or changed their type, against the part of the log before."""
        items = [asdict(change) for change in logs.schema_changes(house, model)]
        return {"items": items, "total": len(items)}

    @routes.get("/profiles")
    def profiles(
        house: Visited,
        model: Annotated[str, Query(max_length=250, description="All models, summed up, when left out")] = "",
        version: str = "",
        role: Annotated[str, Query(pattern="^(reference|serving|evaluation)?$")] = "",
        part: Annotated[str, Query(description="numeric, categorical, output, ...")] = "",
        name: str = "",
        segment: str = "",
        groups: Annotated[bool, Query(description="Also by protected group")] = False,
        from_ms: Annotated[int, Query(alias="from", description="ms since 1970 UTC")] = -1,
        to_ms: Annotated[int, Query(alias="to")] = FOREVER,
        limit: Annotated[int, Query(ge=1, le=MOST)] = 100,
        page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
    ) -> dict[str, Any]:
        """Profiles as they are kept: counts aligned to `edges`, which the answer holds by id."""
        if not model:
            items = profile_rows.models(house)
            return {"items": items, "total": len(items)}
        return profile_rows.page(
            house, model, version=version, role=role, part=part, name=name, segment=segment, groups=groups,
            from_ms=from_ms, to_ms=to_ms, offset=(page - 1) * limit, limit=limit,
        )  # fmt: skip

    @routes.get("/measurements")
    def measured(
        house: Visited,
        model: Annotated[str, Query(min_length=1, max_length=250)],
        version: str = "",
        metric: Annotated[list[str] | None, Query(description="Such as roc_auc, psi; all when left out")] = None,
        category: Annotated[list[str] | None, Query(description="Such as drift, performance, fairness")] = None,
        name: Annotated[str, Query(description="Feature, class, KPI or measurement")] = "",
        group: str = "",
        segment: str = "",
        from_ms: Annotated[int, Query(alias="from", description="ms since 1970 UTC")] = -1,
        to_ms: Annotated[int, Query(alias="to")] = FOREVER,
        limit: Annotated[int, Query(ge=1, le=MOST, description="Parts of profiles a page")] = 100,
        page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
    ) -> dict[str, Any]:
        """Numbers with interval, n and window. A part of a profile gives several numbers: total counts the parts."""
        wanted = Wanted(
            model=model, version=version, segment=segment, categories=tuple(category or ()),
            metrics=tuple(metric or ()), name=name, group=group, from_ms=from_ms, to_ms=to_ms,
        )  # fmt: skip
        total, found = measurements.page(
            house, wanted, offset=(page - 1) * limit, limit=limit, as_of_ms=now_ms()
        )  # fmt: skip
        return {"items": [measurements.as_dict(one) for one in found], "total": total}

    return routes
