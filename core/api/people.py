"""Routes of people and how they enter; and of the one who asks."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query

from core.api.answers import Routes
from core.api.visit import Visited
from core.governance.rights import RIGHTS
from core.services import accounts, sessions, sign_in_log, tokens

MOST = 1_000
Short = Annotated[str, Query(max_length=200)]


def router() -> APIRouter:
    """GET /me, /people, /sessions, /sign-ins, /tokens."""
    routes = Routes(tags=["people"])

    @routes.get("/me")
    def me(house: Visited) -> dict[str, Any]:
        """Who asks, with which roles and rights. project: null for everywhere."""
        house.require_signed_in()
        actor = house.actor
        return {
            "id": actor.id, "kind": actor.kind, "login": actor.login, "name": actor.name,
            "stores": house.active, "roles": [asdict(grant) for grant in actor.grants],
            "rights": [right for right in RIGHTS if actor.may(right)],
            "rights_in_projects": {
                right: sorted(places) for right in RIGHTS if (places := actor.places(right))
            },
            "scopes": None if actor.scopes is None else sorted(actor.scopes),
        }  # fmt: skip

    @routes.get("/people")
    def people(
        house: Visited, text: Short = "", state: Annotated[str, Query(pattern=f"^({'|'.join(accounts.STATES)}|)$")] = ""
    ) -> dict[str, Any]:
        """People that are not erased, with their roles; never a password or its hash."""
        return _told([asdict(one) for one in accounts.listing(house, text, state)])

    @routes.get("/sessions")
    def open_sessions(house: Visited, person: Short = "") -> dict[str, Any]:
        """Sessions in force, those used last first. person: id."""
        return _told([asdict(one) for one in sessions.listing(house, person)])

    @routes.get("/sign-ins")
    def sign_ins(
        house: Visited, person: Short = "", outcome: Short = "", days: Annotated[int, Query(ge=1, le=3_650)] = 30,
        limit: Annotated[int, Query(ge=1, le=MOST)] = 100,
    ) -> dict[str, Any]:  # fmt: skip
        """Attempts to sign in, newest first. outcome: ok, wrong, locked, disabled, nobody, or failed for all but ok."""
        found = sign_in_log.listing(house, person=person, outcome=outcome, days=days, limit=limit)
        return {"items": [asdict(one) for one in found.attempts], "total": found.total}

    @routes.get("/tokens")
    def api_tokens(house: Visited, person: Short = "", past: bool = False) -> dict[str, Any]:
        """API tokens, newest first; never a secret or its hash. past: also revoked and expired ones."""
        return _told([asdict(one) for one in tokens.listing(house, person, past=past)])

    return routes


def _told(items: list[dict[str, Any]]) -> dict[str, Any]:
    return {"items": items, "total": len(items)}
