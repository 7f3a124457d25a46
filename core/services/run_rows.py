"""Runs whole, as programs read them: nothing chosen, nothing rounded."""

from collections.abc import Mapping, Sequence
from typing import Any

from core.facts import runs as facts_runs
from core.services.guard import needs
from core.services.house import House
from core.services.runs import RunQuery, ref_of, run, search

PLAIN = (
    "run_id",
    "source",
    "name",
    "experiment_id",
    "experiment",
    "status",
    "lifecycle_stage",
    "user_name",
    "started_ms",
    "ended_ms",
    "artifact_uri",
    "source_type",
    "source_name",
    "git_commit",
    "parent_run_id",
    "params",
    "metrics",
    "tags",
    "inputs",
    "read_ms",
)


@needs("view")
def page(
    house: House, query: RunQuery, *, page: int, size: int, now_ms: int
) -> tuple[int, Sequence[Mapping[str, Any]]]:
    """How many runs a query finds, and one page of them, whole. Raises QueryError."""
    found = search(house, query, page=page, size=size, now_ms=now_ms)
    refs = [f"{s}:{i}" for s, i in zip(*(found.table[c].to_pylist() for c in ("source", "run_id")), strict=True)]
    return found.total, [_spoken(row) for row in facts_runs.named(house.facts, refs)]


@needs("view")
def whole(house: House, ref: str) -> Mapping[str, Any]:
    """One run with its metric histories, parent, children, versions and logged models. Raises NotFound.

    ref: "source:run_id", or a run id that only one source has.  histories: {metric: [{step, time_ms, value}]}, None
    where they have not been read from the source yet.
    """
    shown = run(house, ref)
    row = facts_runs.named(house.facts, [ref_of(house, ref)])[0]
    histories: dict[str, list[dict[str, Any]]] = {}
    for point in house.facts.read("points_of_run", {"run_no": shown.run_no}):
        histories.setdefault(point.pop("key"), []).append(point)
    return _spoken(row) | {
        "id": shown.ref,
        "parent": shown.parent.ref if shown.parent else None,
        "children": [child.ref for child in shown.children],
        "versions": list(shown.versions),
        "logged_models": list(shown.logged_models),
        "histories": histories if shown.histories else None,
    }


def _spoken(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": f"{row['source']}:{row['run_id']}"} | {name: row[name] for name in PLAIN}
