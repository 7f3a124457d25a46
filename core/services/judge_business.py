"""The verdict on business figures: whether a KPI gets worse steadily over full weeks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from operator import add

from core.analysis import business
from core.analysis.business import FEWEST_WEEKS, Trend
from core.analysis.measured import Measured
from core.governance.attention import plural
from core.governance.episodes import Episode, State
from core.governance.policy import BusinessRule, Outcome
from core.profiles import Kpi
from core.services.judgement import Cause, Detail, Judgement, Said, detail, span, worst
from core.services.profile_book import Book

PARTS = ("kpi",)


def judge_business(kept: Book, rule: BusinessRule) -> Judgement:
    """Every KPI and arm, versions added up; on all full weeks so far."""
    figures = figures_of(kept)
    if not figures:
        return Judgement(category="business", outcome="not applicable", reason="The monitor names no KPI.")
    outcomes: list[Outcome] = []
    reasons: dict[Outcome, list[str]] = {}
    details: list[Detail] = []
    causes, ends, starts, rows = [], [], [], 0
    for (name, arm), by_window in figures.items():
        weeks = kept.weeks(list(by_window))
        levels = [
            business.level(reduce(add, (by_window[start] for start in within))).value for within in weeks.values()
        ]
        told = [value for value in levels if value is not None]
        trends = [business.trend(told[: at + 1]) for at in range(len(told))]
        better = kept.monitor.kpis[name].better
        judged = [_outcome(trend, better, rule) for trend in trends]
        outcome: Outcome = judged[-1] if judged else "not enough data"
        outcomes.append(outcome)
        label = f"{name} ({arm})" if arm else name
        reasons.setdefault(outcome, []).append(_sentence(label, outcome, trends[-1] if trends else None, len(told)))
        slope = trends[-1].slope if trends else Measured(value=None, n=0, why="No full week yet.")
        details.append(detail("kpi_trend", slope, outcome, name=name, group=arm, p=trends[-1].p if trends else None))
        bounds = [(within[0], kept.end_ms(within[-1])) for within, value in zip(weeks.values(), levels, strict=True)
                  if value is not None]  # fmt: skip
        causes.append(_cause(kept, name, arm, label, bounds, judged, trends, better))
        starts += [start for start, _ in bounds[:1]]
        ends += [end for _, end in bounds[-1:]]
        rows += sum(kpi.rows for kpi in by_window.values())
    verdict = worst(outcomes)
    return Judgement(
        category="business", outcome=verdict, reason=" ".join(reasons[verdict][:3]),
        from_ms=min(starts, default=None), end_ms=max(ends, default=None), n=rows, details=tuple(details),
        causes=tuple(causes),
    )  # fmt: skip


def figures_of(kept: Book) -> dict[tuple[str, str], dict[int, Kpi]]:
    """(KPI, arm) -> start of a window -> its figures, versions added up; of KPIs that the monitor still names."""
    found: dict[tuple[str, str], dict[int, Kpi]] = {}
    for (_, window_ms), rows in sorted(kept.current.items(), key=lambda item: item[0][1]):
        for row in rows.values():
            if isinstance(row.data, Kpi) and row.name in kept.monitor.kpis:
                figures = found.setdefault((row.name, row.grp), {})
                figures[window_ms] = figures[window_ms] + row.data if window_ms in figures else row.data
    return dict(sorted(found.items()))


def _outcome(trend: Trend, better: str, rule: BusinessRule) -> Outcome:
    if trend.p is None or trend.slope.value is None:
        return "not enough data"
    worse = trend.slope.value < 0 if better == "higher" else trend.slope.value > 0
    return "fail" if worse and trend.p < rule.alpha else "pass"


def _sentence(label: str, outcome: Outcome, trend: Trend | None, weeks: int) -> str:
    if trend is None or trend.p is None or trend.slope.value is None:
        more = max(FEWEST_WEEKS - weeks, 1)
        return f"{label}: a trend needs {FEWEST_WEEKS} full weeks; {plural(more, 'week')} more."
    change = f"{trend.slope.value:+.3g} a week over {plural(weeks, 'week')}, p = {trend.p:.2g}"
    return (
        f"{label} gets worse steadily: {change}." if outcome == "fail" else f"{label} shows no steady loss ({change})."
    )


def _cause(
    kept: Book, name: str, arm: str, label: str, bounds: Sequence[tuple[int, int]], judged: Sequence[Outcome],
    trends: Sequence[Trend], better: str,
) -> Cause:  # fmt: skip
    weeks = [
        State(start_ms=start, end_ms=end, broken=None if one == "not enough data" else one == "fail")
        for (start, end), one in zip(bounds, judged, strict=True)
    ]
    at: Mapping[int, Trend] = {start: trend for (start, _), trend in zip(bounds, trends, strict=True)}

    def tell(episode: Episode) -> Said:
        trend = at[episode.last_ms]
        verb = "falls" if better == "higher" else "rises"
        return Said(
            title=f"{label} {verb} week by week",
            reason=f"{label} changes by {trend.slope.value or 0.0:+.3g} a week {span(kept, episode)}, "
            f"p = {trend.p or 0.0:.2g} over {plural(trend.slope.n, 'week')}.",
            severity="medium",
            names=(name,),
            details=dict(detail("kpi_trend", trend.slope, "fail", name=name, group=arm, p=trend.p)),
        )

    teller: Callable[[Episode], Said] = tell
    return Cause(cause=f"trend:{name}:{arm}" if arm else f"trend:{name}", states=weeks, tell=teller)
