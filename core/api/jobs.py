"""Routes of long work."""

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter

from core.api.answers import Routes
from core.api.visit import Visited
from core.services import work
from core.services.jobs import Job


def router() -> APIRouter:
    """GET /jobs, GET /jobs/{id}."""
    routes = Routes(tags=["jobs"])

    @routes.get("/jobs")
    def jobs(house: Visited) -> dict[str, Any]:
        """All jobs of this process, newest first."""
        items = [spoken(job) for job in work.jobs(house)]
        return {"items": items, "total": len(items)}

    @routes.get("/jobs/{job_id}")
    def job(house: Visited, job_id: str) -> dict[str, Any]:
        """One job: its state (waiting, running, done, failed), progress, result or error."""
        return spoken(work.job(house, job_id))

    return routes


def spoken(job: Job) -> dict[str, Any]:
    """A job as JSON."""
    return {
        "id": job.id,
        "key": job.key,
        "title": job.title,
        "state": job.state,
        "created_ms": job.created_ms,
        "progress": asdict(job.progress) if job.progress else None,
        "result": job.result,
        "error": {"title": job.error.title, "message": job.error.message, "hint": job.error.hint}
        if job.error
        else None,
    }
