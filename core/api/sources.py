"""Routes of sources: how they stand, and asking for work on them."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from core.api.answers import Routes
from core.api.jobs import spoken
from core.api.visit import Visited
from core.services import evaluation, histories, profiling, sources
from core.services.sources import SourceStatus

OF_STATUS = (
    "name", "state", "error", "hint", "runs", "experiments", "models", "complete_ms", "ended_ms", "runs_read",
    "runs_removed", "oldest_read_ms", "rest", "stale", "origin",
)  # fmt: skip


class SyncWanted(BaseModel):
    """source: one; all when left out.  stores: the demo's or the own ones; those shown when left out."""

    model_config = ConfigDict(extra="forbid")
    source: str | None = None
    stores: Literal["demo", "own"] | None = None


class HistoriesWanted(BaseModel):
    """Metric histories to read from a REST source. runs: "source:run_id"."""

    model_config = ConfigDict(extra="forbid")
    kind: Literal["histories"]
    runs: list[str] = Field(min_length=1, max_length=200)


class ProfileWanted(BaseModel):
    """A model's log to be profiled. since: local day from which on.  engine: duckdb, spark or spark://host:port."""

    model_config = ConfigDict(extra="forbid")
    kind: Literal["profile"]
    model: str = Field(max_length=250)
    since: str | None = Field(default=None, max_length=10)
    engine: str = Field(default="duckdb", max_length=200)


class EvaluateWanted(BaseModel):
    """A model to be judged by the policy."""

    model_config = ConfigDict(extra="forbid")
    kind: Literal["evaluate"]
    model: str = Field(max_length=250)


Wanted = Annotated[HistoriesWanted | ProfileWanted | EvaluateWanted, Field(discriminator="kind")]


def router() -> APIRouter:
    """GET /sources."""
    routes = Routes(tags=["sources"])

    @routes.get("/sources")
    def listing(house: Visited) -> dict[str, Any]:
        """The shown sources and how their syncs stand; never a secret."""
        items = [_spoken(status) for status in sources.statuses(house)]
        return {"items": items, "total": len(items)}

    return routes


def actions() -> APIRouter:
    """POST /sync, /jobs: they answer at once with jobs to follow."""
    routes = Routes(tags=["jobs"])

    @routes.post("/sync", status_code=202)
    def sync(house: Visited, wanted: SyncWanted) -> dict[str, Any]:
        """Starts to sync one source, or all; one that is being synced already answers with that job."""
        if wanted.stores and wanted.stores != house.active and wanted.stores == "demo":
            sources.show(house, "demo")
        items = [spoken(job) for job in sources.start_syncs(house, wanted.source, which=wanted.stores)]
        return {"items": items, "total": len(items)}

    @routes.post("/jobs", status_code=202)
    def job(house: Visited, wanted: Wanted) -> dict[str, Any]:
        """Starts other long work: reading metric histories, profiling a model's log, or judging a model."""
        if isinstance(wanted, EvaluateWanted):
            return spoken(evaluation.start(house, wanted.model))
        if isinstance(wanted, ProfileWanted):
            return spoken(profiling.start(house, wanted.model, engine=wanted.engine, since=wanted.since))
        return spoken(histories.start_loading(house, wanted.runs))

    return routes


def _spoken(status: SourceStatus) -> dict[str, Any]:
    job = {"job": spoken(status.job) if status.job else None}
    return {"url": sources.address(status.source)} | {name: getattr(status, name) for name in OF_STATUS} | job
