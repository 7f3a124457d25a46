"""Routes that read the audit trail."""

from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import StreamingResponse

from core.api.answers import Routes
from core.api.visit import Visited
from core.errors import NotAllowed
from core.ledger.trail import Wanted
from core.services import audit, audit_export
from core.services.audit_export import FORMATS, Format

MOST = 1_000
Milliseconds = Annotated[int | None, Query(ge=0, le=2**53)]


def router() -> APIRouter:
    """GET /audit, /audit/export, /audit/{seq}."""
    routes = Routes(tags=["audit"])

    @routes.get("/audit")
    def search(
        house: Visited,
        words: Annotated[str, Query(description="All must occur, among the newest 10,000 events or those before")] = "",
        actor: Annotated[str, Query(description="Id of a person, or system, local")] = "",
        action: Annotated[str, Query(description="A family such as role, or an action such as role.given")] = "",
        subject: Annotated[str, Query(description="kind:id, or a kind alone")] = "",
        from_: Annotated[date | None, Query(alias="from", description="First day, UTC")] = None,
        to: Annotated[date | None, Query(description="Last day, UTC")] = None,
        limit: Annotated[int, Query(ge=1, le=MOST)] = 100,
        page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
        before: Annotated[int | None, Query(ge=1, le=2**53, description="With words: seq to look before")] = None,
    ) -> dict[str, Any]:
        """One page of events, newest first. further: with words, the value of before that looks at older ones."""
        wanted = Wanted(actor=actor, action=action, subject=subject, from_ms=_start(from_), to_ms=_end(to))
        found = audit.search(house, audit.Query(words=words, wanted=wanted), page=page, size=limit, before=before)
        items = [asdict(line) for line in found.lines]
        return {"items": items, "total": found.total, "page": found.page, "further": found.further}

    @routes.get("/audit/export")
    def export(
        house: Visited,
        request: Request,
        format: Format = "jsonl",
        words: str = "",
        actor: str = "",
        action: str = "",
        subject: str = "",
        from_ms: Milliseconds = None,
        to_ms: Milliseconds = None,
    ) -> StreamingResponse:
        """Everything that matches, oldest first, as CSV or JSON Lines; taking it along is an event itself."""
        if request.headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
            raise NotAllowed("An export is not started from another site.", hint="Open the page Audit.")
        wanted = Wanted(actor=actor, action=action, subject=subject, from_ms=from_ms, to_ms=to_ms)
        pieces = audit_export.export(house, audit.Query(words=words, wanted=wanted), format)
        headers = {"Content-Disposition": f'attachment; filename="audit.{format}"', "Cache-Control": "no-store"}
        return StreamingResponse(pieces, media_type=FORMATS[format], headers=headers)

    @routes.get("/audit/{seq}")
    def event(house: Visited, seq: int) -> dict[str, Any]:
        """One event: what changed, what else it says, the JSON that is hashed, and its hash."""
        return asdict(audit.event(house, seq))

    return routes


def _start(day: date | None) -> int | None:
    return None if day is None else int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)


def _end(day: date | None) -> int | None:
    return None if day is None or day == date.max else _start(day + timedelta(days=1))
