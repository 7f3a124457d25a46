"""Sources: how each one's sync stands, and adding, changing and removing them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from core.connectors import connect
from core.errors import Busy, NotAllowed, SettingsError
from core.facts import copies
from core.facts.syncs import SyncState, sync_states
from core.governance.attention import is_stale
from core.governance.stages import stage_and_reason
from core.records import SourceInfo
from core.services import scope, work
from core.services.guard import needs
from core.services.house import House, Premises, now_ms, sync_key
from core.services.jobs import Job
from core.services.settings_file import remove_source, write_source
from core.services.sync import staged_by
from core.settings import Source, StageMap, check_source_name, source_from

LABELS = {
    "url": "Address",
    "proxy": "Proxy",
    "ca_file": "CA file",
    "token_env": "Name of the variable",
    "password_env": "Name of the variable",
    "token_file": "Path of the file",
    "password_file": "Path of the file",
    "username": "User name",
    "interval_s": "Sync every",
}
"""What the form calls the settings of a source."""
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
REST_SWEEP_H = 24
"""By when a sync over REST has read every run again, in hours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceStatus:
    """One shown source.

    state: never (not synced yet), running, ok, failed.  error, hint: of a failed sync.
    complete_ms: end of the last sync that went through.  stale: it has missed several syncs in a row.
    oldest_read_ms: when the row that was read longest ago was read.  rest: whether rows can be up to REST_SWEEP_H old.
    job: the sync under way.  origin: where the source is stated; editable: whether that is gatehouse.toml.
    """

    name: str
    source: Source
    state: str
    error: str | None
    hint: str | None
    runs: int
    experiments: int
    models: int
    complete_ms: int | None
    ended_ms: int | None
    runs_read: int | None
    runs_removed: int | None
    oldest_read_ms: int | None
    rest: bool
    stale: bool
    job: Job | None
    origin: str
    editable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryVersion:
    """A version as a source tells it, to try a stage map on."""

    model: str
    version: str
    newest: bool
    registry_stage: str | None
    aliases: tuple[str, ...]
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """Every registered version of a source, newest first within a model."""

    models: int
    versions: tuple[RegistryVersion, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StagePreview:
    """A version with the stage that a map gives it. reason: the rule that did, "" for none."""

    version: RegistryVersion
    stage: str
    reason: str


@needs("view")
def statuses(house: House) -> tuple[SourceStatus, ...]:
    """Every shown source, in the order in which they are stated."""
    states = sync_states(house.facts)
    return tuple(_status(house, name, source, states.get(name)) for name, source in house.sources.items())


@needs("sources", everywhere=True)
def probe(house: House, source: Source) -> SourceInfo:
    """One cheap round trip to a source that need not be saved. Raises SourceError or SettingsError."""
    _not_from_the_demo(house)
    origin = connect(source)
    try:
        return origin.probe()
    finally:
        origin.close()


def draft(name: str, values: Mapping[str, Any], *, taken: Mapping[str, Source]) -> Source:
    """A source from a form. Empty fields are left out. Raises SettingsError that names the field."""
    try:
        check_source_name(name)
    except ValueError as error:
        raise SettingsError(f"Name: {error}", hint="For example: team-mlflow.") from error
    if name in taken:
        raise SettingsError(f"Name: there is a source {name} already.", hint="Choose another name.")
    for field in ("token_env", "password_env"):
        if values.get(field) and not VARIABLE.fullmatch(str(values[field])):
            raise SettingsError(
                f"{LABELS[field]}: this is no name of an environment variable.",
                hint="Give the variable's name, such as MLFLOW_TRACKING_TOKEN, never the secret itself.",
            )
    try:
        return source_from({key: value for key, value in values.items() if value not in ("", None)})
    except SettingsError as error:
        field, _, reason = error.message.removeprefix("The source: ").partition(": ")
        if field in LABELS:
            raise SettingsError(f"{LABELS[field]}: {reason}", hint=error.hint) from error
        raise


@needs("sources", everywhere=True)
def registry(house: House, source: Source) -> Registry:
    """Reads a source's registered versions as they are now. Raises SourceError or SettingsError."""
    _not_from_the_demo(house)
    origin = connect(source)
    try:
        catalogue = origin.catalogue()
    finally:
        origin.close()
    aliases: dict[tuple[str, str], list[str]] = {}
    for row in catalogue.aliases.to_pylist():
        aliases.setdefault((row["model"], row["version"]), []).append(row["alias"])
    tags: dict[tuple[str, str], dict[str, str]] = {}
    for row in catalogue.version_tags.to_pylist():
        tags.setdefault((row["model"], row["version"]), {})[row["key"]] = row["value"]
    rows = sorted(
        catalogue.versions.to_pylist(), key=lambda row: (row["model"].lower(), row["model"], -_number(row["version"]))
    )
    return Registry(
        models=catalogue.models.num_rows,
        versions=tuple(
            RegistryVersion(
                model=row["model"],
                version=row["version"],
                newest=before is None or before["model"] != row["model"],
                registry_stage=row["registry_stage"],
                aliases=tuple(sorted(aliases.get((row["model"], row["version"]), []))),
                tags=tags.get((row["model"], row["version"]), {}),
            )
            for before, row in zip([None, *rows], rows, strict=False)
        ),
    )


def preview(found: Registry, stages: StageMap) -> tuple[StagePreview, ...]:
    """Every version with the stage a map would give it."""
    previews = []
    for version in found.versions:
        stage, reason = stage_and_reason(
            stages,
            model=version.model,
            newest=version.newest,
            registry_stage=version.registry_stage,
            aliases=version.aliases,
            tags=version.tags,
        )
        previews.append(StagePreview(version=version, stage=stage, reason=reason))
    return tuple(previews)


@needs("sources", everywhere=True)
def save(house: House, name: str, source: Source) -> Job:
    """Writes a new source to gatehouse.toml, shows the own stores and starts its first sync. Raises SettingsError."""
    _not_from_the_demo(house)
    write_source(house.settings.file, name, source)
    house.reload()
    house.switch("own")  # for the scheduler and for commands too, whatever stores this actor sees
    return start_sync(house, name)


@needs("sources", everywhere=True)
def save_stages(house: House, name: str, stages: StageMap) -> None:
    """Changes the stage map of a saved source; the stages of its versions follow at once. Raises SettingsError."""
    _must_be_editable(house, name)
    write_source(house.settings.file, name, house.settings.sources[name].model_copy(update={"stages": stages}))
    house.reload()
    copies.restage(house.stores("own").facts, name, staged_by(stages))
    house.changed()


@needs("sources", everywhere=True)
def remove(house: House, name: str) -> None:
    """Takes a source out of gatehouse.toml with all its copies. What was observed of it stays. Raises Busy."""
    _must_be_editable(house, name)
    if house.jobs.running(sync_key("own", name)):
        raise Busy(f"{name} is being synced.", hint="Wait for the sync to end, then remove it.")
    remove_source(house.settings.file, name)
    house.reload()
    copies.forget_source(house.stores("own").facts, name)
    house.changed()


@needs("operate")
def start_sync(house: House, name: str, *, which: Premises | None = None) -> Job:
    """Starts a sync of a source (of the shown stores, unless told), or finds the one under way.

    Raises NotFound, and NotAllowed for a source of which no project with the right "operate" holds anything.
    """
    premises = which or house.active
    _must_be_theirs(house, premises)
    scope.project_of(house, "source", name, "operate")
    try:
        job = house.start_sync(name, which=premises)
    except Busy:
        running = house.jobs.running(sync_key(premises, name))
        job = running or house.start_sync(name, which=premises)  # it ended meanwhile
    return work.told(house, job)


@needs("operate")
def start_syncs(house: House, name: str | None, *, which: Premises | None = None) -> list[Job]:
    """The same for one source, or for all there are. Raises NotFound."""
    premises = which or house.active
    _must_be_theirs(house, premises)
    known = house.sources if premises == house.active else house.sources_of(premises)  # the former are those it sees
    names = [name] if name else list(known)
    return [start_sync(house, each, which=premises) for each in names]


@needs("sources", everywhere=True)
def show(house: House, which: Premises) -> None:
    """Shows the demo's stores, or the own ones."""
    _must_be_theirs(house, which)
    if house.active != which:
        house.switch(which)


def address(source: Source) -> str:
    """The URL as it is shown: without user name, and without what a query might hold."""
    parts = urlsplit(source.url)
    if parts.scheme.startswith("sqlite"):
        return source.url
    place = parts.hostname or ""
    place = f"[{place}]" if ":" in place else place
    return f"{parts.scheme}://{place}{f':{parts.port}' if parts.port else ''}{parts.path}"


def _status(house: House, name: str, source: Source, state: SyncState | None) -> SourceStatus:
    state = state or SyncState(source=name)
    syncing = house.syncing(name)
    job = work.told(house, syncing) if syncing else None
    outcome = "running" if job else (state.outcome or "never")
    origin = house.settings.origin.get(f"sources.{name}", "") if house.active == "own" else "the demo"
    return SourceStatus(
        name=name,
        source=source,
        state=outcome,
        error=state.error if outcome == "failed" else None,
        hint=state.hint if outcome == "failed" else None,
        runs=state.runs,
        experiments=state.experiments,
        models=state.models,
        complete_ms=state.complete_ms,
        ended_ms=state.ended_ms,
        runs_read=state.runs_read,
        runs_removed=state.runs_removed,
        oldest_read_ms=state.oldest_read_ms,
        rest=urlsplit(source.url).scheme in ("http", "https"),
        stale=is_stale(complete_ms=state.complete_ms, interval_s=source.interval_s, now_ms=now_ms()),
        job=job,
        origin=origin,
        editable=house.active == "own" and origin == house.settings.file.name,
    )


def _must_be_theirs(house: House, which: Premises) -> None:
    """Raises NotAllowed where somebody of the demo reaches for the own stores, or the other way round."""
    if house.actor.premises not in (None, which):
        raise NotAllowed("You are signed in to other stores.", hint="Sign in there to work on them.")


def _not_from_the_demo(house: House) -> None:
    """The demo's people, whom anybody may be, make the server reach nothing."""
    if house.actor.premises == "demo":
        raise NotAllowed("The demo has its one source.", hint="Sign in with an account of your own to connect one.")


def _must_be_editable(house: House, name: str) -> None:
    _not_from_the_demo(house)
    origin = house.settings.origin.get(f"sources.{name}")
    if name not in house.settings.sources or origin != house.settings.file.name:
        raise SettingsError(
            f"The source {name[:40]} is not stated in {house.settings.file.name}.",
            hint=f"It comes from {origin}; change it there." if origin else "See the page Sources.",
        )


def _number(version: str) -> int:
    return int(version) if version.isdecimal() else -1
