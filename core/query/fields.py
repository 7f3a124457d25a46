"""The names a search may use, and the nearest one to a name it may not."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Literal

from core.errors import QueryError
from core.query.ast import Field, Kind

PREFIXES: Mapping[str, Kind] = {
    "metric": "metric", "metrics": "metric",
    "param": "param", "params": "param", "parameter": "param", "parameters": "param",
    "tag": "tag", "tags": "tag",
    "attribute": "attribute", "attributes": "attribute", "attr": "attribute", "run": "attribute",
    "dataset": "dataset", "datasets": "dataset",
    "experiment": "experiment",
}  # fmt: skip
Type = Literal["text", "time", "duration"]
ATTRIBUTES: Mapping[str, Type] = {
    "run_id": "text",
    "name": "text",
    "status": "text",
    "user": "text",
    "lifecycle": "text",
    "experiment_id": "text",
    "source": "text",
    "source_type": "text",
    "source_name": "text",
    "git_commit": "text",
    "parent": "text",
    "artifact_uri": "text",
    "start_time": "time",
    "end_time": "time",
    "duration": "duration",
}
ALIASES: Mapping[str, str] = {
    "run_name": "name", "run name": "name", "runname": "name", "id": "run_id", "user_id": "user", "user_name": "user",
    "lifecycle_stage": "lifecycle", "commit": "git_commit", "parent_run_id": "parent", "created": "start_time",
    "created_time": "start_time", "started": "start_time", "ended": "end_time", "artifact uri": "artifact_uri",
}  # fmt: skip
OF_DATASET = ("name", "digest", "context")
OF_EXPERIMENT = ("name", "id")
OWN_PREFIX: Mapping[Kind, str] = {
    "metric": "metrics", "param": "params", "tag": "tags", "attribute": "run", "dataset": "datasets",
    "experiment": "experiment",
}  # fmt: skip


def field_named(prefix: str | None, key: str, position: int) -> Field:
    """The field of that name. prefix: None for a bare attribute. Raises QueryError with the nearest name."""
    if prefix is None:
        return _attribute(key, position, bare=True)
    kind = PREFIXES.get(prefix.lower())
    if kind is None:
        near = nearest(prefix.lower(), PREFIXES)
        raise QueryError(
            f"There is nothing called {prefix[:60]}.",
            position=position,
            suggestion=f"{near}.{key}" if near else "",
            hint="A name starts with metrics., params., tags., datasets., experiment. or run.",
        )
    if kind == "attribute":
        return _attribute(key, position, bare=False)
    allowed = {"dataset": OF_DATASET, "experiment": OF_EXPERIMENT}.get(kind)
    if allowed is not None and key.lower() not in allowed:
        near = nearest(key.lower(), allowed)
        raise QueryError(
            f"{prefix} has no {key[:60]}.",
            position=position,
            suggestion=f"{prefix}.{near}" if near else "",
            hint=f"It has {', '.join(allowed)}.",
        )
    return Field(kind, key if allowed is None else key.lower())


def type_of(field: Field) -> Literal["number", "free", "text", "time", "duration"]:
    """What a field is compared with. "free": params and tags, which are text that may hold numbers."""
    if field.kind == "metric":
        return "number"
    if field.kind in ("param", "tag"):
        return "free"
    return ATTRIBUTES[field.key] if field.kind == "attribute" else "text"


def nearest(name: str, known: object) -> str:
    """The known name that is spelt most alike; "" when none is near."""
    found = get_close_matches(name[:100], list(known), n=1, cutoff=0.6)  # type: ignore[call-overload]
    return found[0] if found else ""


def _attribute(key: str, position: int, *, bare: bool) -> Field:
    name = key.lower()
    name = ALIASES.get(name, name)
    if name in ATTRIBUTES:
        return Field("attribute", name)
    near = nearest(name, [*ATTRIBUTES, *ALIASES])
    hint = f"A run has {', '.join(ATTRIBUTES)}."
    if bare:
        hint += " Metrics, params and tags are written metrics.NAME, params.NAME, tags.NAME."
    raise QueryError(f"A run has no {key[:60]}.", position=position, suggestion=near, hint=hint)
