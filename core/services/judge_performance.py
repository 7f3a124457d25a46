"""The verdict on performance: the last windows with complete labels together, against the reference."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any

from core.analysis import calibration, classification, multiclass, regression
from core.analysis.measured import Measured, not_told
from core.facts.profiles import Profile
from core.governance.episodes import Episode
from core.governance.policy import Outcome, PerformanceRule
from core.profiles import Confusion, Errors, Output, Part
from core.services.judgement import (
    Cause,
    Judgement,
    Said,
    against,
    day,
    days_of,
    detail,
    lacking,
    rows_for,
    same_edges,
    span,
    states,
)
from core.services.profile_book import Book

PARTS = ("output", "confusion", "errors")
AUTO: Mapping[str, str] = {"binary": "roc_auc", "multiclass": "accuracy", "regression": "mae"}
LOWER_IS_BETTER = frozenset({"mae", "rmse", "brier", "log_loss", "calibration_error"})
TITLES: Mapping[str, str] = {
    "roc_auc": "ROC AUC", "pr_auc": "PR AUC", "mae": "Mean absolute error", "rmse": "RMSE", "r2": "R2", "f1": "F1",
    "macro_f1": "Macro F1", "brier": "Brier score", "log_loss": "Log loss", "calibration_error": "Calibration error",
}  # fmt: skip
SCORED = {
    "roc_auc": classification.roc_auc, "pr_auc": classification.pr_auc, "brier": classification.brier,
}  # fmt: skip
DECIDED = frozenset({"accuracy", "precision", "recall", "f1", "specificity"})
ERRORS: Mapping[str, Callable[[Errors], Measured]] = {
    "mae": regression.mae, "rmse": regression.rmse, "r2": regression.r2,
}  # fmt: skip


def judge_performance(kept: Book, version: str, rule: PerformanceRule, *, as_of_ms: int) -> Judgement:
    """kept: read with PARTS, without groups.  as_of_ms: decides which windows have complete labels."""
    metric = AUTO.get(kept.monitor.task, "") if rule.metric == "auto" else rule.metric
    if kept.monitor.label is None or not metric:
        why = (
            "The monitor names no label."
            if kept.monitor.label is None
            else "The task of this model has no metric of its own."
        )
        return Judgement(category="performance", outcome="not applicable", reason=why)
    rows = [
        (start, row)
        for start in kept.starts(version)
        if (row := _row(kept.current[version, start], metric)) is not None
    ]
    if not rows:
        return Judgement(category="performance", outcome="not applicable", reason=f"The log gives no {title(metric)}.")
    mature = [(start, row) for start, row in rows if kept.is_complete(start, as_of_ms)]
    if not mature:
        first = day(kept, kept.complete_ms(rows[0][0]) or 0)
        return Judgement(
            category="performance",
            outcome="not enough data",
            reason=f"The labels of no window are complete yet; those of the first one are on {first}.",
        )
    found = [_Held.of(kept, mature[max(0, at - rule.windows + 1) : at + 1], metric, rule) for at in range(len(mature))]
    last = found[-1]
    cause = Cause(
        cause="degradation",
        states=states(kept, [(start, _state(one.outcome)) for (start, _), one in zip(mature, found, strict=True)]),
        tell=lambda episode: _told(kept, metric, rule, found, mature, episode),
    )
    return Judgement(
        category="performance",
        outcome=last.outcome,
        reason=last.sentence(kept, metric, rule),
        from_ms=last.starts[0],
        end_ms=kept.end_ms(last.starts[-1]),
        n=last.current.n,
        details=(
            detail(metric, last.current, last.outcome, limit=last.limit, reference=last.reference.value),
            detail(f"{metric}_reference", last.reference, ""),
            detail("mature_windows", Measured(value=float(len(mature)), n=len(rows)), ""),
        ),
        causes=(cause,),
    )


def weekly(kept: Book, version: str, metric: str, *, as_of_ms: int) -> list[tuple[int, int, float]]:
    """(start, end, value) of full weeks with complete labels, ms."""
    rows = {
        start: row
        for start in kept.starts(version)
        if (row := _row(kept.current[version, start], metric)) is not None and kept.is_complete(start, as_of_ms)
    }
    found = []
    for starts in kept.weeks(list(rows)).values():
        value = _measured(kept, same_edges([(start, rows[start]) for start in starts]), metric).value
        if value is not None:
            found.append((starts[0], kept.end_ms(starts[-1]), value))
    return found


def title(metric: str) -> str:
    """As people read it."""
    return TITLES.get(metric, metric.replace("_", " ").capitalize())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """Windows together against the reference. limit: the worst value allowed, from the reference's own."""

    current: Measured
    reference: Measured
    limit: float | None
    outcome: Outcome
    needed: int | None
    starts: tuple[int, ...]
    why: str

    @classmethod
    def of(cls, kept: Book, rows: Sequence[tuple[int, Profile]], metric: str, rule: PerformanceRule) -> _Held:
        used = same_edges(rows)
        starts = tuple(start for start, _ in used)
        current = _measured(kept, used, metric)
        before = kept.reference(used[-1][1])
        if before is None:
            none = not_told(0, "The reference holds no rows of this version.")
            return cls(current=current, reference=none, limit=None, outcome="not enough data", needed=None,
                       starts=starts, why=none.why)  # fmt: skip
        reference = value_of(kept, used[-1][1], before, metric)
        if current.value is None or reference.value is None:
            why = reference.why if reference.value is None else current.why
            if reference.value is None:
                why = f"In the reference: {why}"
            return cls(current=current, reference=reference, limit=None, outcome="not enough data", needed=None,
                       starts=starts, why=why)  # fmt: skip
        bad = metric in LOWER_IS_BETTER
        factor = 1 + rule.degradation if bad else 1 - rule.degradation
        gap = _beyond(current, reference, factor)
        limit = reference.value * factor
        return cls(
            current=current, reference=reference, limit=limit, outcome=against(gap, 0.0, higher_is_bad=bad),
            needed=rows_for(gap, 0.0), starts=starts, why="",
        )  # fmt: skip

    def sentence(self, kept: Book, metric: str, rule: PerformanceRule) -> str:
        """The verdict in words."""
        if self.why or self.current.value is None or self.limit is None:
            return self.why or self.current.why
        side = "at most" if metric in LOWER_IS_BETTER else "at least"
        told = f"{title(metric)} is {_number(self.current.value)}, the policy allows {side} {_number(self.limit)}"
        if self.outcome != "not enough data":
            return f"{told} ({rule.degradation:.0%} from the reference's {_number(self.reference.value)})."
        return (
            f"{told}; that cannot be told apart yet. {lacking(self.current.n, self.needed, days_of(kept, self.starts))}"
        )


def _told(
    kept: Book, metric: str, rule: PerformanceRule, found: Sequence[_Held], mature: Sequence[tuple[int, Profile]],
    episode: Episode,
) -> Said:  # fmt: skip
    at = next(place for place, (start, _) in enumerate(mature) if start == episode.last_ms)
    held = found[at]
    value, before = held.current.value or 0.0, held.reference.value or 0.0
    worse = abs(value / before - 1) if before else 0.0
    verb = "rose" if metric in LOWER_IS_BETTER else "fell"
    return Said(
        title=f"{title(metric)} is {worse:.0%} worse than in the reference",
        reason=f"{title(metric)} {span(kept, episode)} {verb} to {_number(value)} from {_number(before)} "
        f"(n = {held.current.n:,}, the last {rule.windows} windows with labels together).",
        severity="high",
        names=(metric,),
        details=dict(detail(metric, held.current, "fail", limit=held.limit, reference=before)),
    )


def _beyond(current: Measured, reference: Measured, factor: float) -> Measured:
    """current - factor x reference with the interval of two independent ones (MOVER: Zou and Donner 2008).

    An end is None where an end it is made of is.
    """
    value, base = current.value or 0.0, reference.value or 0.0
    low = high = None
    if current.low is not None and reference.high is not None:
        low = value - factor * base - math.hypot(value - current.low, factor * (reference.high - base))
    if current.high is not None and reference.low is not None:
        high = value - factor * base + math.hypot(current.high - value, factor * (base - reference.low))
    return Measured(value=value - factor * base, low=low, high=high, n=current.n)


def _row(rows: Mapping[tuple[str, str, str], Profile], metric: str) -> Profile | None:
    part = "errors" if metric in ERRORS else "output" if metric in SCORED else ""
    for name in (part,) if part else ("output", "confusion"):
        if (row := rows.get((name, "", ""))) is not None:
            return row
    return None


def _measured(kept: Book, rows: Sequence[tuple[int, Profile]], metric: str) -> Measured:
    parts: list[Any] = [row.data for _, row in rows]
    return value_of(kept, rows[-1][1], reduce(add, parts), metric)


def value_of(kept: Book, row: Profile, part: Part, metric: str) -> Measured:
    """One metric of a part that is counted into the row's edges."""
    edges = kept.edges(row.edges)
    if isinstance(part, Errors):
        return ERRORS[metric](part)
    if isinstance(part, Output):
        scores = edges.score[""]
        if metric in SCORED:
            return SCORED[metric](part, scores)
        if metric in DECIDED and kept.monitor.thresholds:
            decided = classification.decide(part, scores, kept.monitor.thresholds[0])
            found: Measured = getattr(classification.rates(decided), metric)
            return found
        if metric == "calibration_error":
            return calibration.calibration_error(part, scores).error
    if isinstance(part, Confusion):
        told = multiclass.predictions(part, edges.classes)
        if metric == "accuracy":
            return told.accuracy
        if metric in ("macro_precision", "macro_recall", "macro_f1"):
            macro: Measured = getattr(told, metric.removeprefix("macro_")).macro
            return macro
    return not_told(0, f"{title(metric)} cannot be computed of this model.")


def _state(outcome: Outcome) -> bool | None:
    return None if outcome == "not enough data" else outcome == "fail"


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.4g}"
