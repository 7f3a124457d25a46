"""The verdict on infrastructure: latency and errors against the policy's limits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add

from core.analysis import service
from core.analysis.measured import Measured
from core.facts.profiles import Profile
from core.governance.episodes import Episode
from core.governance.policy import InfrastructureRule, Outcome
from core.profiles import Service
from core.services.judgement import (
    Cause,
    Detail,
    Judgement,
    Said,
    against,
    days_of,
    detail,
    lacking,
    percent,
    rows_for,
    same_edges,
    span,
    states,
    worst,
)
from core.services.profile_book import Book

PARTS = ("service",)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Limit:
    """One limit. metric: as measurements name it.  cause: key of the finding.  say: a value in words."""

    metric: str
    cause: str
    title: str
    limit: float
    severity: str
    measure: Callable[[Book, Profile, Service], Measured]
    say: Callable[[float], str]


def judge_service(kept: Book, version: str, rule: InfrastructureRule) -> Judgement:
    """The last `rule.windows` windows together, and the last one alone, which can fail but lacks nothing."""
    rows = [
        (start, row)
        for start in kept.starts(version)
        if (row := kept.current[version, start].get(("service", "", ""))) is not None
    ]
    limits = _limits(kept, rule)
    if not rows or not limits:
        return Judgement(
            category="infrastructure", outcome="not applicable", reason="The monitor names neither latency nor status."
        )
    outcomes: list[Outcome] = []
    reasons: dict[Outcome, list[str]] = {}
    details: list[Detail] = []
    causes = []
    for limit in limits:
        judged = [_outcome(kept, rows[max(0, at - rule.windows + 1) : at + 1], limit) for at in range(len(rows))]
        outcome, together, alone = judged[-1]
        outcomes.append(outcome)
        starts = [start for start, _ in rows[-rule.windows :]]
        reasons.setdefault(outcome, []).append(_sentence(kept, limit, outcome, together, alone, starts))
        details.append(detail(limit.metric, together, outcome, limit=limit.limit))
        details.append(detail(f"{limit.metric}_last", alone, "", limit=limit.limit))
        told = [(start, None if one == "not enough data" else one == "fail")
                for (start, _), (one, _, _) in zip(rows, judged, strict=True)]  # fmt: skip
        causes.append(Cause(cause=limit.cause, states=states(kept, told), tell=_teller(kept, limit, rows, judged)))
    verdict = worst(outcomes)
    used = rows[-rule.windows :]
    return Judgement(
        category="infrastructure", outcome=verdict, reason=" ".join(reasons[verdict]), from_ms=used[0][0],
        end_ms=kept.end_ms(used[-1][0]), n=_merged(used).requests, details=tuple(details), causes=tuple(causes),
    )  # fmt: skip


def weekly(kept: Book, version: str, metric: str) -> list[tuple[int, int, float]]:
    """(start, end, value) of full weeks, ms. metric: latency_p95 or error_rate."""
    rows = {
        start: row
        for start in kept.starts(version)
        if (row := kept.current[version, start].get(("service", "", ""))) is not None
    }
    measure = _latency if metric == "latency_p95" else _errors
    found = []
    for starts in kept.weeks(list(rows)).values():
        used = same_edges([(start, rows[start]) for start in starts])
        value = measure(kept, used[-1][1], _merged(used)).value
        if value is not None:
            found.append((starts[0], kept.end_ms(starts[-1]), value))
    return found


def _limits(kept: Book, rule: InfrastructureRule) -> list[_Limit]:
    found = []
    if kept.monitor.latency:
        found.append(
            _Limit(metric="latency_p95", cause="latency", title="p95 latency", limit=rule.latency_p95_ms,
                   severity="medium", measure=_latency, say=lambda value: f"{value:,.3g} ms")
        )  # fmt: skip
    if kept.monitor.status:
        found.append(
            _Limit(metric="error_rate", cause="errors", title="Error rate", limit=rule.error_rate, severity="high",
                   measure=_errors, say=percent)
        )  # fmt: skip
    return found


Judged = tuple[Outcome, Measured, Measured]


def _outcome(kept: Book, rows: Sequence[tuple[int, Profile]], limit: _Limit) -> Judged:
    """The verdict of trailing windows, their number together, and that of the last one."""
    used = same_edges(rows)
    row = used[-1][1]
    together = limit.measure(kept, row, _merged(used))
    alone = limit.measure(kept, row, _merged(used[-1:]))
    outcome = against(together, limit.limit, higher_is_bad=True)
    if against(alone, limit.limit, higher_is_bad=True) == "fail":
        outcome = "fail"
    return outcome, together, alone


def _sentence(
    kept: Book, limit: _Limit, outcome: Outcome, together: Measured, alone: Measured, starts: Sequence[int]
) -> str:
    if together.value is None:
        return f"{limit.title}: {together.why}."
    shown = alone if outcome == "fail" and against(together, limit.limit, higher_is_bad=True) != "fail" else together
    where = " in the last window" if shown is alone else ""
    value = limit.say(shown.value or 0.0)
    if outcome == "fail":
        return f"{limit.title} is {value}{where}, above the limit of {limit.say(limit.limit)}."
    if outcome == "pass":
        return f"{limit.title} is {value}, within {limit.say(limit.limit)}."
    lack = lacking(together.n, rows_for(together, limit.limit), days_of(kept, starts))
    return f"{limit.title} is {value}, too near to the limit of {limit.say(limit.limit)} to tell. {lack}"


def _teller(
    kept: Book, limit: _Limit, rows: Sequence[tuple[int, Profile]], judged: Sequence[Judged]
) -> Callable[[Episode], Said]:
    def tell(episode: Episode) -> Said:
        at = next(place for place, (start, _) in enumerate(rows) if start == episode.last_ms)
        _, together, alone = judged[at]
        shown = together if against(together, limit.limit, higher_is_bad=True) == "fail" else alone
        value = shown.value or 0.0
        return Said(
            title=f"{limit.title} above {limit.say(limit.limit)}",
            reason=f"{limit.title} reached {limit.say(value)} {span(kept, episode)} (n = {shown.n:,}).",
            severity=limit.severity,
            names=(limit.metric,),
            details=dict(detail(limit.metric, shown, "fail", limit=limit.limit)),
        )

    return tell


def _latency(kept: Book, row: Profile, found: Service) -> Measured:
    return service.quantile(found, kept.edges(row.edges).latency, 0.95)


def _errors(_kept: Book, _row: Profile, found: Service) -> Measured:
    return service.error_rate(found)


def _merged(rows: Sequence[tuple[int, Profile]]) -> Service:
    return reduce(add, (row.data for _, row in rows if isinstance(row.data, Service)))
