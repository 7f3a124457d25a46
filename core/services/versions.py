"""One registered model with its versions and its past; one version with its origin."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from core.errors import NotFound
from core.facts import changes_log, registry
from core.governance.lineage import KEYS, Dataset, Lineage, LineageRecord, lineage
from core.governance.sentences import Told, tell
from core.services.cache import cached
from core.services.guard import needs
from core.services.house import House


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLink:
    """The run a version came from. status, name, ...: None when the run is no longer at the source."""

    ref: str
    run_id: str
    lifecycle: str | None
    name: str | None
    status: str | None
    experiment_id: str | None
    experiment: str | None
    user_name: str | None
    git_commit: str | None
    started_ms: int | None
    ended_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionDetail:
    """One version. metrics, params: of its run, empty without one."""

    ref: str
    source: str
    model: str
    version: str
    stage: str
    aliases: tuple[str, ...]
    status: str | None
    registry_stage: str | None
    description: str | None
    user_name: str | None
    artifact_uri: str | None
    model_id: str | None
    tags: Mapping[str, str]
    created_ms: int | None
    updated_ms: int | None
    run: RunLink | None
    metrics: Mapping[str, float]
    params: Mapping[str, str]
    lineage: Lineage


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to a model.

    seen_ms: when it was seen.  since_ms: the sync before, None when the registry itself dates it.
    baseline: it was simply found at the first sync, and may be of any age.
    """

    told: Told
    kind: str
    seen_ms: int
    since_ms: int | None
    baseline: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelDetail:
    """One model: its versions newest first, its events newest first."""

    ref: str
    source: str
    name: str
    description: str | None
    tags: Mapping[str, str]
    created_ms: int | None
    updated_ms: int | None
    versions: tuple[VersionDetail, ...]
    events: tuple[Event, ...]


@needs("view")
def opened(house: House, ref: str) -> ModelDetail:
    """One model with everything about it. ref: "source:name". Raises NotFound."""
    return _opened(house, ref)


@cached(maxsize=32)
def _opened(house: House, ref: str) -> ModelDetail:
    source, _, name = ref.partition(":")
    row = registry.model(house.facts, source, name)
    if row is None:
        raise NotFound(
            f"There is no model {name[:80]!r} in the source {source[:40]!r}.",
            hint="It may have been deleted; see the page Models.",
        )
    lineages = {
        found["version"]: judged(found) for found in registry.lineage_rows(house.facts, KEYS, source=source, model=name)
    }
    versions = tuple(
        _version(ref, source, name, found, lineages[found["version"]])
        for found in registry.versions_of(house.facts, source, name)
    )
    return ModelDetail(
        ref=ref,
        source=source,
        name=name,
        description=row["description"],
        tags=row["tags"] or {},
        created_ms=row["created_ms"],
        updated_ms=row["updated_ms"],
        versions=versions,
        events=_events(changes_log.of_model(house.facts, source, name), name, row["created_ms"], versions),
    )


@needs("view")
def version(house: House, ref: str, number: str) -> VersionDetail:
    """One version of a model. Raises NotFound."""
    for found in opened(house, ref).versions:
        if found.version == number:
            return found
    raise NotFound(
        f"{ref[:80]} has no version {number[:20]!r}.",
        hint="It may have been deleted; open the model to see those it has.",
    )


def judged(row: dict[str, Any]) -> Lineage:
    """The lineage of a version, from a row of fleet_versions.sql."""
    return _judged(*(row[name] for name in _JUDGED_BY))


_JUDGED_BY = ("run_id", "run", "git_commit", "inputs", "said", "status", "artifact_uri", "model_id", "logged_status")


@lru_cache(maxsize=32_768)  # most versions are the same after a sync as before it
def _judged(
    run_id: str | None,
    run: str | None,
    git_commit: str | None,
    inputs: str,
    said: str,
    status: str | None,
    artifact_uri: str | None,
    model_id: str | None,
    logged_status: str | None,
) -> Lineage:
    return lineage(
        LineageRecord(
            run_id=run_id,
            run=run,
            git_commit=git_commit,
            inputs=[Dataset(i["name"] or "", i["digest"] or "", i["context"] or "") for i in json.loads(inputs)],
            said={entry["key"]: entry["value"] or "" for entry in json.loads(said)},
            status=status,
            artifact_uri=artifact_uri,
            model_id=model_id,
            logged_status=logged_status,
        )
    )


def _version(ref: str, source: str, model: str, row: dict[str, Any], origin: Lineage) -> VersionDetail:
    run = None
    if row["run_id"]:
        run = RunLink(
            ref=f"{source}:{row['run_id']}",
            run_id=row["run_id"],
            lifecycle=row["run"],
            name=row["run_name"],
            status=row["run_status"],
            experiment_id=row["experiment_id"],
            experiment=row["experiment"],
            user_name=row["run_user"],
            git_commit=row["git_commit"],
            started_ms=row["started_ms"],
            ended_ms=row["ended_ms"],
        )
    return VersionDetail(
        ref=ref,
        source=source,
        model=model,
        version=row["version"],
        stage=row["stage"],
        aliases=tuple(row["aliases"]),
        status=row["status"],
        registry_stage=row["registry_stage"],
        description=row["description"],
        user_name=row["user_name"],
        artifact_uri=row["artifact_uri"],
        model_id=row["model_id"],
        tags=row["tags"] or {},
        created_ms=row["created_ms"],
        updated_ms=row["updated_ms"],
        run=run,
        metrics=row["metrics"] or {},
        params=row["params"] or {},
        lineage=origin,
    )


def _events(
    seen: Sequence[dict[str, Any]], model: str, created_ms: int | None, versions: Sequence[VersionDetail]
) -> tuple[Event, ...]:
    """Observations, with registrations dated by the registry itself in place of when they were first seen."""
    dated = {f"{model}/{found.version}" for found in versions if found.created_ms} | ({model} if created_ms else set())
    events = [
        Event(
            told=tell(row["kind"], row["subject"], row["before"], row["after"], baseline=row["baseline"]),
            kind=row["kind"],
            seen_ms=row["seen_ms"],
            since_ms=row["since_ms"],
            baseline=row["baseline"],
        )
        for row in seen
        if row["before"] is not None or row["subject"] not in dated
    ]
    for found in versions:
        if found.created_ms:
            told = tell("version", f"{model}/{found.version}", None, "registered")
            events.append(Event(told=told, kind="version", seen_ms=found.created_ms, since_ms=None, baseline=False))
    if created_ms:
        told = tell("model", model, None, "registered")
        events.append(Event(told=told, kind="model", seen_ms=created_ms, since_ms=None, baseline=False))
    return tuple(sorted(events, key=lambda event: -event.seen_ms))
