"""The fleet at a glance: how much there is, what changed, what needs a person. Every number comes from the records."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from core.facts import changes_log, registry
from core.facts.syncs import sync_states
from core.governance.attention import DAY_MS, URGENCIES, Need, is_stale, named, plural
from core.governance.lineage import PARTS
from core.governance.sentences import Told, tell
from core.services import fleet_health
from core.services.cache import cached
from core.services.guard import needs
from core.services.house import House
from core.services.models import STAGES, FleetModel, fleet

DAYS = 28
WEEKS = 26
WEEK = 7
CHANGES_FROM_DAYS = 365
LONG_RUN_MS = DAY_MS
PENDING_MS = 3_600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class StageCount:
    """Versions and models that have a stage."""

    stage: str
    versions: int
    models: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """The fleet in numbers.

    live: models with a version in production; live_versions: those versions; whole: models among them of which every
        version in production has all four parts of its lineage.
    runs_by_day, failed_by_day: the last 28 UTC days, today last. week_*: the last 7 of them; before_*: the 7 before.
    with_part: models in production that have code, data, model, environment on record.
    models_by_week, versions_by_week: how many there were at the end of each of the last 26 weeks, now last.
    newest_run_ms: None without runs.
    """

    models: int
    versions: int
    experiments: int
    runs: int
    live: int
    live_versions: int
    whole: int
    stages: tuple[StageCount, ...]
    runs_by_day: tuple[int, ...]
    failed_by_day: tuple[int, ...]
    with_part: tuple[int, ...]
    models_by_week: tuple[int, ...]
    versions_by_week: tuple[int, ...]
    newest_run_ms: int | None

    @property
    def week_versions(self) -> int:
        return self.versions_by_week[-1] - self.versions_by_week[-2]

    @property
    def week_runs(self) -> int:
        return sum(self.runs_by_day[-WEEK:])

    @property
    def before_runs(self) -> int:
        return sum(self.runs_by_day[-2 * WEEK : -WEEK])

    @property
    def week_failed(self) -> int:
        return sum(self.failed_by_day[-WEEK:])

    @property
    def before_failed(self) -> int:
        return sum(self.failed_by_day[-2 * WEEK : -WEEK])


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One line of "what changed".

    seen_ms: when it was seen, or, with since_ms None, when the registry says it happened; since_ms: the sync before.
    page, params: where it leads; "" for nowhere.
    """

    told: Told
    source: str
    seen_ms: int
    since_ms: int | None
    page: str
    params: tuple[tuple[str, str], ...]


@needs("view")
def glance(house: House, *, now_ms: int) -> Glance:
    """The fleet in numbers, as of now."""
    return _glance(house, now_ms // DAY_MS)


@cached(maxsize=4)
def _glance(house: House, today: int) -> Glance:
    totals, stages = registry.totals(house.facts), registry.stages(house.facts)
    first = today - DAYS + 1
    days = registry.runs_by_day(house.facts, from_ms=first * DAY_MS)
    none = {"runs": 0, "failed": 0, "versions": 0, "models": 0}
    live = [model for model in fleet(house) if model.production]
    return Glance(
        models=totals["models"],
        versions=totals["versions"],
        experiments=totals["experiments"],
        runs=totals["runs"],
        live=len(live),
        live_versions=sum(len(model.production) for model in live),
        whole=sum(not model.gaps for model in live),
        stages=tuple(
            StageCount(
                stage=stage, versions=stages.get(stage, none)["versions"], models=stages.get(stage, none)["models"]
            )
            for stage in STAGES
        ),
        runs_by_day=tuple(days.get(day, none)["runs"] for day in range(first, today + 1)),
        failed_by_day=tuple(days.get(day, none)["failed"] for day in range(first, today + 1)),
        with_part=tuple(sum(part not in model.gaps for model in live) for part in PARTS),
        models_by_week=_standing(
            Counter(m.created_ms // DAY_MS for m in fleet(house) if m.created_ms), today, totals["models"]
        ),
        versions_by_week=_standing(registry.versions_by_day(house.facts), today, totals["versions"]),
        newest_run_ms=totals["newest_run_ms"],
    )


def _standing(by_day: Mapping[int, int], today: int, now: int) -> tuple[int, ...]:
    """How many versions there were at the end of each week: those of now less those registered since."""
    ends = range(today - WEEK * (WEEKS - 1), today + 1, WEEK)
    return tuple(now - sum(count for day, count in by_day.items() if day > end) for end in ends)


@needs("view")
def changes(house: House, *, now_ms: int, limit: int = 60) -> tuple[Change, ...]:
    """What changed in the last year, newest first: what syncs saw, and what the registries themselves date."""
    return _changes(house, now_ms // DAY_MS, limit)


@cached(maxsize=4)
def _changes(house: House, today: int, limit: int) -> tuple[Change, ...]:
    found = []
    for row in changes_log.recent(house.facts, since_ms=(today - CHANGES_FROM_DAYS) * DAY_MS, limit=limit):
        told = tell(row["kind"], row["subject"], row["before"], row["after"], name=row["name"], many=row["many"])
        page, params = _where(row["source"], row["kind"], row["subject"], told, row["after"], row["many"])
        found.append(
            Change(
                told=told,
                source=row["source"],
                seen_ms=row["seen_ms"],
                since_ms=row["since_ms"],
                page=page,
                params=params,
            )
        )
    return tuple(found)


def _where(
    source: str, kind: str, subject: str, told: Told, after: str | None, many: int
) -> tuple[str, tuple[tuple[str, str], ...]]:
    if told.model:
        place = (("model", f"{source}:{told.model}"),)
        return "models", (*place, ("version", told.version)) if told.version else place
    if kind == "run" and many == 1 and after is not None:
        return "run", (("id", f"{source}:{subject}"),)
    if kind == "experiment" and after is not None:
        return "experiments", (("experiment", f"{source}:{subject}"),)
    return ("sources", ()) if kind == "source" else ("", ())


@needs("view")
def attention(house: House, *, now_ms: int) -> list[Need]:
    """What a person should look at, most urgent first."""
    found = [*_of_store(house), *_of_sources(house, now_ms), *fleet_health.failing(house)]
    found += [*_of_registry(house), *_of_runs(house, now_ms)]
    return sorted(found, key=lambda need: URGENCIES.index(need.urgency))


def _of_store(house: House) -> list[Need]:
    notice = house.facts.notice
    if notice is None:
        return []
    return [Need(urgency="now", title=notice.title, detail=notice.message, hint=notice.hint, page="sources")]


def _of_sources(house: House, now_ms: int) -> list[Need]:
    found = []
    states = sync_states(house.facts)
    for name, source in house.sources.items():
        state = states.get(name)
        if state and state.outcome == "failed":
            found.append(
                Need(
                    urgency="now",
                    title=f"Source {name} cannot be read",
                    detail=state.error or "",
                    hint=state.hint or "",
                    page="sources",
                )
            )
        elif state and is_stale(complete_ms=state.complete_ms, interval_s=source.interval_s, now_ms=now_ms):
            found.append(
                Need(
                    urgency="soon",
                    title=f"Source {name} is stale",
                    detail="It has missed its last syncs.",
                    hint="Sync it now, and see what it answers.",
                    page="sources",
                )
            )
        elif (state is None or state.complete_ms is None) and not house.syncing(name):
            found.append(
                Need(
                    urgency="soon",
                    title=f"Source {name} was never synced",
                    detail="Nothing of it is shown yet.",
                    hint="Sync it now.",
                    page="sources",
                )
            )
    return found


@cached(maxsize=4)
def _of_registry(house: House) -> tuple[Need, ...]:
    models, found = fleet(house), []
    gaps = [model for model in models if model.gaps]
    if gaps:
        names = [f"{model.name} ({', '.join(model.gaps)})" for model in gaps]
        found.append(
            Need(
                urgency="soon",
                title=f"{plural(len(gaps), 'model')} in production without full lineage",
                detail=named(names, of=len(gaps)),
                hint="Open one to see what is missing and how to add it.",
                page="models",
                params=(("stage", "production"), ("gap", "any")),
            )
        )
    waiting = [model for model in models if model.staging and not model.production]
    if waiting:
        found.append(
            Need(
                urgency="note",
                title=f"{plural(len(waiting), 'model')} with a candidate and nothing in production",
                detail=named([model.name for model in waiting], of=len(waiting)),
                hint="Decide on the candidate, or check the stage map of the source.",
                page="models",
                params=_first(waiting) if len(waiting) == 1 else (("stage", "staging"),),
            )
        )
    return tuple(found)


def _of_runs(house: House, now_ms: int) -> list[Need]:
    found = []
    if rows := registry.unready(house.facts, before_ms=now_ms - PENDING_MS, limit=3):
        names = [f"{row['model']} v{row['version']} ({row['status']})" for row in rows]
        found.append(
            Need(
                urgency="soon",
                title=f"{plural(rows[0]['in_all'], 'version')} not ready to be used",
                detail=named(names, of=rows[0]["in_all"]),
                hint="Register them again once their files are stored.",
                page="models",
                params=(("model", f"{rows[0]['source']}:{rows[0]['model']}"), ("version", rows[0]["version"])),
            )
        )
    if rows := registry.long_running(house.facts, before_ms=now_ms - LONG_RUN_MS, limit=3):
        found.append(
            Need(
                urgency="note",
                title=f"{plural(rows[0]['in_all'], 'run')} said to be running for more than a day",
                detail=named([row["name"] for row in rows], of=rows[0]["in_all"]),
                hint="If the process is gone, end the run at its source.",
                page="experiments",
                params=(("q", "status = 'RUNNING'"),),
            )
        )
    return found


def _first(models: list[FleetModel]) -> tuple[tuple[str, str], ...]:
    return (("model", models[0].ref),)
