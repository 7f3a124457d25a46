"""The HTTP API: one FastAPI application, mounted under /api/v1."""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request

import core
from core.api import visitor
from core.api.answers import Unrounded
from core.errors import GatehouseError, QueryError
from core.services.house import House

HouseGetter = Callable[[], House]


def build(house: HouseGetter, token: Callable[[], str]) -> FastAPI:
    """The application. house: the open house, asked at each request.  token: that of commands on this machine."""
    from core.api import audit, findings, inventory, jobs, models, notes, people, profiles, projects, runs, sources

    api = FastAPI(
        title="Gatehouse",
        version=core.__version__,
        description="What a page shows, a program can read.",
        docs_url=None,  # the usual pages load scripts from another host
        redoc_url=None,
        default_response_class=Unrounded,
    )

    api.state.visit = lambda request: house().by(visitor.by_request(house(), request, token))
    for room in (runs, models, inventory, profiles, projects, sources, jobs, people, audit, notes, findings):
        api.include_router(room.router())
    api.include_router(sources.actions())
    api.include_router(findings.actions())
    api.add_exception_handler(GatehouseError, _family)
    api.add_exception_handler(HTTPException, _http)
    api.add_exception_handler(RequestValidationError, _invalid)
    return api


def _family(_: Request, error: Exception) -> Unrounded:
    if not isinstance(error, GatehouseError):
        raise error
    told: dict[str, Any] = {"title": error.title, "message": error.message, "hint": error.hint}
    if isinstance(error, QueryError):
        told |= {"position": error.position, "suggestion": error.suggestion}
    return Unrounded({"error": told}, status_code=error.http_status)


def _http(_: Request, error: Exception) -> Unrounded:
    status = error.status_code if isinstance(error, HTTPException) else 500
    detail = str(error.detail) if isinstance(error, HTTPException) else ""
    return Unrounded({"error": {"title": "Not possible", "message": detail, "hint": ""}}, status_code=status)


def _invalid(_: Request, error: Exception) -> Unrounded:
    first = error.errors()[0] if isinstance(error, RequestValidationError) else {"loc": [], "msg": ""}
    message = f"{'.'.join(str(part) for part in first['loc'][1:])}: {first['msg']}"
    return Unrounded({"error": {"title": "Not a valid request", "message": message, "hint": ""}}, status_code=422)
