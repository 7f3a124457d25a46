"""Routes of findings, the policy and stored verdicts."""

from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from core.api.answers import Routes
from core.api.visit import Visited
from core.errors import Invalid
from core.governance.policy import CATEGORIES
from core.services import findings, findings_answer, health, policies, policy_files, policy_modes
from core.services.findings import Shown
from core.services.house import now_ms

MOST = 1_000
Id = Annotated[str, Path(max_length=80)]


class One(BaseModel):
    """A finding to be answered. revision: the one read, 0 before the first answer."""

    model_config = ConfigDict(extra="forbid")
    act: Literal["acknowledge", "snooze", "resolve", "reopen", "assign"]
    revision: Annotated[int, Field(ge=0, le=2**31 - 1)]
    reason: Annotated[str, Field(max_length=findings_answer.REASON_LONGEST)] = ""
    until_ms: Annotated[int, Field(ge=0, le=2**53 - 1)] | None = None
    owner: Annotated[str, Field(max_length=40)] | None = None


def router() -> APIRouter:
    """GET /findings, /findings/{id}, /policies, /verdicts."""
    routes = Routes(tags=["findings"])

    @routes.get("/findings")
    def listing(
        house: Visited,
        project: Annotated[str, Query(max_length=40, description="Id of a project, or of a team")] = "",
        category: Annotated[str, Query(description=", ".join(CATEGORIES))] = "",
        severity: Annotated[str, Query(description="high, medium or low")] = "",
        age: Annotated[str, Query(description="7: under 7 days; 30: 7 to 30; older")] = "",
        state: Annotated[str, Query(description="One state; goes before `shown`")] = "",
        model: Annotated[str, Query(max_length=250)] = "",
        text: Annotated[str, Query(max_length=findings.TEXT_LONGEST)] = "",
        shown: Annotated[str, Query(description=", ".join(findings.SHOWN))] = "open",
        limit: Annotated[int, Query(ge=1, le=MOST)] = 100,
        page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
    ) -> dict[str, Any]:
        """Findings that match, the most severe first; `counts` say how many match under each `shown`."""
        query = findings.Query(
            project=project, category=category, severity=severity, age=age, state=state, model=model, text=text,
            shown=shown,
        )  # fmt: skip
        found = findings.listing(house, query, now_ms())
        items = found.items[(page - 1) * limit : page * limit]
        return {"items": [_spoken(one) for one in items], "total": len(found.items), "counts": dict(found.counts)}

    @routes.get("/findings/{finding_id}")
    def one(house: Visited, finding_id: Id) -> dict[str, Any]:
        """One finding with all answers to it, the newest first."""
        found = findings.one(house, finding_id, now_ms())
        return _spoken(found) | {"history": [asdict(past) for past in findings_answer.history(house, finding_id)]}

    @routes.get("/policies")
    def policy(house: Visited) -> dict[str, Any]:
        """The policy in force, the mode of every model, and the versions that have judged."""
        held = policy_files.policy(house)
        return {
            "policy": held.model_dump(mode="json"),
            "hash": policies.hash_of(held),
            "modes": {name: dict(found.each) for name, found in policy_modes.modes(house).items()},
            "published": [asdict(each) for each in policies.known(house)],
        }

    @routes.get("/verdicts")
    def verdicts(
        house: Visited,
        model: Annotated[str, Query(max_length=250)] = "",
        category: str = "",
        outcome: Annotated[str, Query(description="pass, fail, not enough data, not applicable")] = "",
    ) -> dict[str, Any]:
        """Verdicts as judged last, by model and category."""
        if category and category not in CATEGORIES:
            raise Invalid(
                f"category cannot be {category[:40]!r}.", field="category", hint=f"Allowed: {', '.join(CATEGORIES)}."
            )
        if outcome not in ("", "pass", "fail", "not enough data", "not applicable"):
            raise Invalid(f"outcome cannot be {outcome[:40]!r}.", field="outcome", hint="See the description.")
        items = [
            asdict(verdict)
            for name, held in health.fleet(house).items()
            for verdict in held.values()
            if model in ("", name) and category in ("", verdict.category) and outcome in ("", verdict.outcome)
        ]
        return {"items": items, "total": len(items)}

    return routes


def actions() -> APIRouter:
    """POST /findings/{id}/answer."""
    routes = Routes(tags=["findings"])

    @routes.post("/findings/{finding_id}/answer")
    def answer(house: Visited, finding_id: Id, wanted: One) -> dict[str, Any]:
        """Answers a finding; the finding as it is then. 409 when it was answered meanwhile."""
        findings_answer.answer(
            house, [finding_id], wanted.act, until_ms=wanted.until_ms, owner=wanted.owner, reason=wanted.reason,
            revisions={finding_id: wanted.revision},
        )  # fmt: skip
        return _spoken(findings.one(house, finding_id, now_ms()))

    return routes


def _spoken(one: Shown) -> dict[str, Any]:
    answer = one.one.answer
    return {
        **asdict(one.finding), "state": one.state, "again": one.again, "days": one.days, "mode": one.one.mode,
        "owner": one.one.owner, "projects": one.one.projects, "revision": one.one.revision,
        "snoozed_until_ms": answer.snoozed_until_ms if answer else None,
        "answered_ms": answer.at_ms if answer else None, "answered_by": answer.person if answer else None,
    }  # fmt: skip
