"""Evaluation: judges one model's live version by the policy, keeps drift and verdicts, and writes findings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from core.errors import GatehouseError, NotFound
from core.facts import judged, registry
from core.facts import profiles as stored
from core.facts.judged import DriftCell, Finding, Health
from core.facts.profiles import FOREVER
from core.facts.store import Facts
from core.governance.episodes import Episode, Known, episodes, matched
from core.governance.policy import Policy
from core.governance.rights import SYSTEM
from core.profiles import Rows
from core.records import Progress
from core.services import (
    judge_business,
    judge_drift,
    judge_fairness,
    judge_performance,
    judge_quality,
    judge_service,
    logs,
    policies,
    policy_files,
    profiling,
    scope,
)
from core.services.forecasts import forecasts
from core.services.guard import needs
from core.services.house import House, Premises, now_ms
from core.services.jobs import Job
from core.services.judgement import Cause, Judgement
from core.services.profile_book import Book

Report = Callable[[Progress], None]
LATEST = 7
PLAIN = tuple(dict.fromkeys((
    *judge_drift.PARTS, *judge_performance.PARTS, *judge_service.PARTS, *judge_business.PARTS, "rows",
)))  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """What was judged of one model. version: the live one, "" without profiles.  outcomes: category -> verdict.

    opened, changed, cleared, withdrawn: how many findings.
    """

    model: str
    version: str
    outcomes: Mapping[str, str]
    opened: int = 0
    changed: int = 0
    cleared: int = 0
    withdrawn: int = 0

    @property
    def failed(self) -> bool:
        """Whether any category fails."""
        return "fail" in self.outcomes.values()


@needs("operate")
def evaluate(house: House, model: str, *, as_of_ms: int | None = None) -> Evaluated:
    """Judges a model that has a monitor and profiles, and keeps what was found. Raises NotFound.

    as_of_ms: decides whose labels are complete; now when left out.
    """
    scope.project_of(house, "log", model, "operate")
    return _evaluated(house, house.active, model, now_ms() if as_of_ms is None else as_of_ms)


@needs("operate")
def start(house: House, model: str, *, patient: bool = False) -> Job:
    """The same as a job. Raises Busy while the model is being evaluated."""
    which = house.active
    profiling.monitor_of(house, model)
    scope.project_of(house, "log", model, "operate")

    def work(report: Report) -> dict[str, Any]:
        report(Progress(phase="Judging", done=0, total=None))
        return as_dict(_evaluated(house, which, model, now_ms()))

    return house.jobs.start(f"evaluate:{which}:{model}", f"Judging {model}", work, patient=patient)


@needs("operate")
def unevaluated(house: House) -> list[str]:
    """Models of the shown stores that have a monitor and profiles newer than what was judged of them."""
    newest: dict[str, int] = {}
    for row in stored.known_files(house.facts):
        newest[row["model"]] = max(newest.get(row["model"], 0), row["created_ms"])
    known = {one.model: one.profiled_ms for one in judged.health(house.facts)}
    monitors = profiling.monitors(house).monitors
    return [model for model, at in sorted(newest.items()) if model in monitors and known.get(model, -1) < at]


@needs("operate")
def evaluate_all(house: House, model: str | None, report: Report) -> list[dict[str, Any]]:
    """Judges one model, or all that have profiles: one that cannot be judged does not stop the others.

    Raises the error when only one model was asked for.
    """
    if model is not None:
        return [as_dict(evaluate(house, model))]
    monitors = profiling.monitors(house).monitors
    models = sorted({row["model"] for row in stored.known_files(house.facts)} & set(monitors))
    if not models:
        raise NotFound("No log is profiled yet.", hint="Read one with `gatehouse profile`.")
    found = []
    for at, name in enumerate(models):
        report(Progress(phase=f"Judging {name}", done=at, total=len(models)))
        try:
            found.append(as_dict(evaluate(house, name)))
        except GatehouseError as error:
            found.append({"model": name, "error": {"message": error.message, "hint": error.hint}, "failed": True})
    return found


def as_dict(found: Evaluated) -> dict[str, Any]:
    """As commands and jobs tell it."""
    names = ("model", "version", "opened", "changed", "cleared", "withdrawn", "failed")
    return {name: getattr(found, name) for name in names} | {"outcomes": dict(found.outcomes), "error": None}


def live_version(kept: Book, production: Sequence[str]) -> str:
    """The version judged: of those in production that have rows, else of all, the one with most rows lately.

    "" only for a log without rows. production: by the registry.
    """
    last = sorted({window for _, window in kept.current})[-LATEST:]
    rows: dict[str, int] = {}
    ever: dict[str, int] = {}
    for (version, window), parts in kept.current.items():
        row = parts.get(("rows", "", ""))
        n = row.data.rows if row is not None and isinstance(row.data, Rows) else 0
        ever[version] = ever.get(version, 0) + n
        if window in last:
            rows[version] = rows.get(version, 0) + n
    among = [version for version in production if version in ever] or list(ever)
    return max(among, key=lambda version: (rows.get(version, 0), ever[version], version), default="")


def _evaluated(house: House, which: Premises, model: str, as_of_ms: int) -> Evaluated:
    whole = house.by(replace(SYSTEM, premises=which))  # what is judged must not depend on who asks
    stores = whole.stores(which)
    policy = policy_files.policy(whole)
    policies.publish(whole, policy)
    kept = Book(whole, model, "", -1, FOREVER, PLAIN, False)
    version = live_version(kept, _production(whole, kept, model))
    if not version and not kept.current:
        judged.keep(stores.facts, model, [], [])
        house.changed()
        return Evaluated(model=model, version="", outcomes={})
    told = _told_before(stores.facts, model, policy)
    cells: list[DriftCell] = []
    drifts: dict[str, judge_drift.Drifts] = {}
    for each in sorted({found for found, _ in kept.current}):
        drifts[each] = judge_drift.drifts(kept, each, policy.data_quality, told)
        cells += judge_drift.as_cells(kept, each, drifts[each])
    judgements = _judgements(whole, kept, version, drifts[version], policy, as_of_ms)
    profiled = max((row["created_ms"] for row in stored.known_files(stores.facts) if row["model"] == model), default=0)
    health = [_health(model, version, one, policy, profiled, as_of_ms) for one in judgements]
    states = _findings(whole, kept, version, judgements, policy)
    judged.observe(stores.facts, stores.folder, [state for _, state in states])
    judged.keep(stores.facts, model, cells, health)  # last: it says that these profiles were judged
    house.changed()
    counts = {kind: sum(found == kind for found, _ in states) for kind in ("opened", "changed", "cleared", "withdrawn")}
    return Evaluated(model=model, version=version, outcomes={one.category: one.outcome for one in judgements}, **counts)


def _told_before(facts: Facts, model: str, policy: Policy) -> judge_drift.Before:
    """Of the same measure: the tests of one window do not depend on the rest of a policy."""
    health = judged.health(facts, model)
    if not health or policy.data_quality.drift.measure != "calibrated":
        return judge_drift.Before()
    return judge_drift.Before(
        until_ms=max(one.profiled_ms for one in health),
        p={(cell.version, cell.window_ms, cell.part, cell.name): cell.p for cell in judged.cells(facts, model)},
    )


def _judgements(
    house: House, kept: Book, version: str, drifts: judge_drift.Drifts, policy: Policy, as_of_ms: int
) -> list[Judgement]:
    rule = policy.data_quality
    found = [
        judge_quality.judge_quality(kept, drifts, logs.schema_changes(house, kept.model), rule),
        judge_performance.judge_performance(kept, version, policy.performance, as_of_ms=as_of_ms),
        judge_service.judge_service(kept, version, policy.infrastructure),
        judge_business.judge_business(kept, policy.business),
    ]
    grouped = kept
    if kept.monitor.protected and kept.monitor.task == "binary":
        grouped = Book(house, kept.model, "", -1, FOREVER, judge_fairness.PARTS, True)
    found.append(judge_fairness.judge_fairness(grouped, version, policy.fairness, as_of_ms=as_of_ms))
    return [replace(one, details=(*one.details, *forecasts(kept, version, one, policy, as_of_ms))) for one in found]


def _production(house: House, kept: Book, model: str) -> list[str]:
    source = kept.monitor.source
    sources = [source] if source else list(house.sources_of(house.active))
    return [
        row["version"]
        for name in sources
        for row in registry.versions_of(house.facts, name, model)
        if row["stage"] == "production"
    ]


def _health(model: str, version: str, found: Judgement, policy: Policy, profiled_ms: int, evaluated_ms: int) -> Health:
    return Health(
        model=model, category=found.category, version=version, outcome=found.outcome, reason=found.reason,
        from_ms=found.from_ms, end_ms=found.end_ms, n=found.n, details=found.details, policy=policy.name,
        policy_version=policy.version, profiled_ms=profiled_ms, evaluated_ms=evaluated_ms,
    )  # fmt: skip


# -- findings ---------------------------------------------------------------------------------------------------------


def _findings(
    house: House, kept: Book, version: str, judgements: Sequence[Judgement], policy: Policy
) -> list[tuple[str, Finding]]:
    """States of findings that are new or other than observed last: (opened, changed, cleared or withdrawn; state)."""
    before = judged.findings(house.facts, model=kept.model)
    seen = max([now_ms(), *(one.seen_ms + 1 for one in before)])
    found: list[tuple[str, Finding]] = []
    for one in judgements:
        causes = {cause.cause: cause for cause in one.causes}
        known_causes = {each.cause for each in before if each.category == one.category}
        for name in sorted(causes.keys() | known_causes):
            known = [each for each in before if (each.category, each.cause) == (one.category, name)]
            found += _of_cause(kept, version, one, causes.get(name), name, known, policy, seen)
    return found


def _of_cause(
    kept: Book, version: str, judgement: Judgement, cause: Cause | None, name: str, known: Sequence[Finding],
    policy: Policy, seen_ms: int,
) -> list[tuple[str, Finding]]:  # fmt: skip
    """Findings of versions that are no longer live end with what is known of them."""
    found = [
        ("cleared", replace(other, cleared_ms=other.end_ms, seen_ms=seen_ms))
        for other in known
        if other.version != version and other.cleared_ms is None and not other.withdrawn
    ]
    known = [one for one in known if one.version == version]
    told = episodes(cause.states) if cause else ()
    same = matched(
        kept.model, judgement.category, name, told,
        [Known(finding_id=one.finding_id, first_ms=one.first_ms, end_ms=one.end_ms) for one in known],
    )  # fmt: skip
    by_id = {one.finding_id: one for one in known}
    for episode, finding_id in zip(told, same.ids, strict=True):
        if cause is None:
            continue
        state = _state(kept, version, judgement, cause, episode, finding_id, policy, seen_ms)
        before = by_id.get(finding_id)
        if before is None:
            found.append(("opened", state))
        elif replace(before, seen_ms=seen_ms) != state:
            cleared = before.cleared_ms is None and state.cleared_ms is not None
            found.append(("cleared" if cleared else "changed", state))
    gone = (by_id[finding_id] for finding_id in same.gone)
    found += [("withdrawn", replace(one, withdrawn=True, seen_ms=seen_ms)) for one in gone if not one.withdrawn]
    return found


def _state(
    kept: Book, version: str, judgement: Judgement, cause: Cause, episode: Episode, finding_id: str, policy: Policy,
    seen_ms: int,
) -> Finding:  # fmt: skip
    said = cause.tell(episode)
    log = kept.monitor.log
    return Finding(
        finding_id=finding_id, model=kept.model, version=version, category=judgement.category, cause=cause.cause,
        severity=said.severity, first_ms=episode.first_ms, last_ms=episode.last_ms, end_ms=episode.end_ms,
        cleared_ms=episode.cleared_ms, withdrawn=False, title=said.title, reason=said.reason,
        todo=policy.response(judgement.category), names=said.names,
        source=log.files or log.delta or (log.sql.url if log.sql else ""),
        details={**said.details, "windows": episode.windows}, policy=policy.name, policy_version=policy.version,
        seen_ms=seen_ms,
    )  # fmt: skip
