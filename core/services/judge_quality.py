"""The verdict on data quality: drift, drift of predictions, unusable values, changed columns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.analysis.drift import Bools, smallest_shift
from core.analysis.measured import Measured, not_told
from core.analysis.quality import SchemaChanges
from core.governance.attention import named, plural
from core.governance.episodes import Episode, episodes
from core.governance.policy import DataQualityRule, Outcome
from core.services.judge_drift import Drifts
from core.services.judgement import Cause, Detail, Judgement, Said, day, detail, lacking, percent, span, states
from core.services.logs import SchemaChange
from core.services.profile_book import Book

LEAST_SEEN = 0.5
"""A verdict needs so many rows that a shift of half a standard deviation alarms in 80 % of windows."""
LATEST = 7
PREDICTION = "prediction"


def judge_quality(kept: Book, found: Drifts, changes: Sequence[SchemaChange], rule: DataQualityRule) -> Judgement:
    """Of the last window that holds rows. found: of the live version."""
    if not found.starts:
        return Judgement(category="data_quality", outcome="not enough data", reason="No window holds rows yet.")
    if not found.keys:
        why = "The monitor names no feature, score or prediction."
        return Judgement(category="data_quality", outcome="not applicable", reason=why)
    drift, predicted, broken = _drift(kept, found, rule), _predicted(kept, found), _broken(kept, found, rule)
    schema = _schema(kept, found, changes)
    start = found.starts[-1]
    n = int(found.rows[-1].max(initial=0))
    causes = (broken, drift, predicted, schema)

    def judged(outcome: Outcome, reason: str) -> Judgement:
        return Judgement(
            category="data_quality", outcome=outcome, reason=reason, from_ms=start, end_ms=kept.end_ms(start), n=n,
            details=tuple(details), causes=causes,
        )  # fmt: skip

    details: list[Detail] = [*_measured(found, rule), _rate(found, rule)]
    failing = [cause.tell(_last(cause)).reason for cause in causes if cause.states and cause.states[-1].broken]
    if failing:
        more = f" And {plural(len(failing) - 1, 'other cause')}." if len(failing) > 1 else ""
        return judged("fail", failing[0] + more)
    seen, needed = _power(found, rule)
    details.append(detail("smallest_shift", seen, "", limit=LEAST_SEEN))
    if seen.value is None or seen.value > LEAST_SEEN:
        days = (kept.end_ms(start) - start) / 86_400_000
        told = "" if seen.value is None else f"Only shifts above {seen.value:.2f} standard deviations would be seen. "
        each = f"{plural(n, 'row')} a window are too few: {needed:,} would do." if needed else lacking(n, None, days)
        return judged("not enough data", told + each)
    columns = int(np.count_nonzero(found.told[-1] & found.features))
    return judged("pass", f"{_drifted_now(found)} of {plural(columns, 'feature')} drifted; values are usable.")


def _drift(kept: Book, found: Drifts, rule: DataQualityRule) -> Cause:
    features = found.features
    told = found.told[:, features].sum(axis=1)
    share = found.drifted[:, features].sum(axis=1) / np.maximum(found.told[:, features].any(axis=0).sum(), 1)
    states_ = [
        (start, None if not told[row] else bool(share[row] > rule.drift.share))
        for row, start in enumerate(found.starts)
    ]

    def tell(episode: Episode) -> Said:
        rows = _rows_of(found, episode)
        names = _ranked(found, rows, found.drifted & features)
        largest = float(np.nanmax(np.where(found.drifted & features, found.effect, np.nan)[rows], initial=0.0))
        count = int(found.drifted[rows][:, features].sum(axis=1).max(initial=0))
        of = int(np.count_nonzero(features))
        return Said(
            title=f"Drift in {named(names, of=len(names), most=2)}",
            reason=f"Up to {count} of {plural(of, 'feature')} drifted {span(kept, episode)}: "
            f"{named(names, of=len(names))}. More than {rule.drift.share:.0%} is too many.",
            severity="high" if largest >= rule.drift.at_once else "medium",
            names=names,
            details={"features": count, "of": of, "share": count / of, "limit": rule.drift.share, "effect": largest},
        )

    return Cause(cause="drift", states=states(kept, states_), tell=tell)


def _predicted(kept: Book, found: Drifts) -> Cause:
    columns = ~found.features
    told = np.asarray(found.told[:, columns].any(axis=1))
    broke = np.asarray((found.drifted & columns).any(axis=1))
    states_ = [(start, bool(broke[row]) if told[row] else None) for row, start in enumerate(found.starts)]

    def tell(episode: Episode) -> Said:
        rows = _rows_of(found, episode)
        largest = float(np.nanmax(np.where(columns, found.effect, np.nan)[rows], initial=0.0))
        return Said(
            title="The predictions drifted",
            reason=f"What the model predicts is distributed otherwise than in the reference {span(kept, episode)} "
            f"(PSI0 up to {largest:.3f}).",
            severity="medium",
            names=(PREDICTION,),
            details={"effect": largest},
        )

    return Cause(cause="prediction_drift", states=states(kept, states_), tell=tell)


def _broken(kept: Book, found: Drifts, rule: DataQualityRule) -> Cause:
    held = np.asarray(found.rows.any(axis=1))
    states_ = [(start, bool(found.broken[row].any()) if held[row] else None) for row, start in enumerate(found.starts)]

    def tell(episode: Episode) -> Said:
        rows = _rows_of(found, episode)
        share = found.unusable / np.maximum(found.rows, 1)
        worst = np.where(found.broken, share, 0.0)[rows]
        names = _ranked(found, rows, found.broken, by=share)
        largest = float(worst.max(initial=0.0))
        return Said(
            title=f"Unusable values in {named(names, of=len(names), most=2)}",
            reason=f"{plural(len(names), 'column')} had up to {percent(largest)} unusable values "
            f"{span(kept, episode)}: {named(names, of=len(names))}.",
            severity="high",
            names=names,
            details={"share": largest, "limit": rule.broken},
        )

    return Cause(cause="broken_rows", states=states(kept, states_), tell=tell)


def _schema(kept: Book, found: Drifts, changes: Sequence[SchemaChange]) -> Cause:
    """A change opens, its reversal clears; one that came with broken rows is told there."""
    broken = {start for row, start in enumerate(found.starts) if found.broken[row].any()}
    opened: dict[int, SchemaChanges] = {}
    told: dict[int, bool] = {}
    last: SchemaChange | None = None
    for change in changes:
        if last is not None and _reverses(last.changes, change.changes):
            if last.window_ms in told:
                told[change.window_ms] = False
            last = None
            continue
        last = change
        if change.window_ms in broken and change.changes.retyped:
            continue
        told[change.window_ms] = True
        opened[change.window_ms] = change.changes

    def tell(episode: Episode) -> Said:
        parts = [opened[start] for start in opened if episode.first_ms <= start <= episode.last_ms]
        lost = tuple(name for part in parts for name in part.lost)
        retyped = tuple(name for part in parts for name, _, _ in part.retyped)
        added = tuple(name for part in parts for name in part.added)
        words = [
            f"{plural(len(names), 'column')} {verb}: {named(names, of=len(names))}"
            for names, verb in ((lost, "lost"), (retyped, "of another type"), (added, "added"))
            if names
        ]
        return Said(
            title="Columns of the log changed",
            reason=f"From {day(kept, episode.first_ms)} on, {'; '.join(words)}.",
            severity="medium" if lost or retyped else "low",
            names=(*lost, *retyped, *added),
            details={"lost": list(lost), "retyped": list(retyped), "added": list(added)},
        )

    return Cause(cause="schema", states=states(kept, sorted(told.items())), tell=tell)


def _reverses(before: SchemaChanges, now: SchemaChanges) -> bool:
    """Whether the second change takes back the first."""
    back = {(name, b, a) for name, a, b in now.retyped}
    return set(now.added) == set(before.lost) and set(now.lost) == set(before.added) and back == set(before.retyped)


def _measured(found: Drifts, rule: DataQualityRule) -> list[Detail]:
    """The share of features that drifted, and each column that drifted or is broken in the last window."""
    features = found.features
    of = int(np.count_nonzero(features))
    count = _drifted_now(found)
    share = Measured(value=count / of, n=of) if of else not_told(0, "No feature is profiled.")
    told = [(detail("drifted_share", share, "fail" if of and count / of > rule.drift.share else "pass",
                        limit=rule.drift.share))]  # fmt: skip
    for column, (part, name) in enumerate(found.keys):
        n = int(found.n[-1, column])
        if found.broken[-1, column]:
            rows = int(found.rows[-1, column])
            value = Measured(value=int(found.unusable[-1, column]) / rows, n=rows)
            told.append(detail("unusable_share", value, "fail", name=name or PREDICTION, limit=rule.broken))
        if found.drifted[-1, column]:
            effect = float(found.effect[-1, column])
            value = Measured(value=effect, n=n) if np.isfinite(effect) else not_told(n, "The window has no values.")
            told.append(detail("drift_effect", value, "fail", name=name or PREDICTION, limit=rule.drift.floor,
                                    part=part))  # fmt: skip
    return told


def _rate(found: Drifts, rule: DataQualityRule) -> Detail:
    """At which rate the alarms are false."""
    value = Measured(value=rule.drift.alpha, n=len(found.keys))
    sentence = found.why or (
        f"Without drift at most {rule.drift.alpha:.0%} of windows alarm, all {len(found.keys)} columns together."
    )
    return detail("drift_rate", value, "certified" if found.certified else "not certified", why=sentence)


def _power(found: Drifts, rule: DataQualityRule) -> tuple[Measured, int | None]:
    """The smallest shift that the last windows would show, and the rows a window needs for half a deviation."""
    told = found.n[-LATEST:][:, found.features]
    sizes = told.max(axis=1, initial=0)
    n, total = int(np.median(sizes[sizes > 0])) if (sizes > 0).any() else 0, int(found.reference.max(initial=0))
    tests = max(1, len(found.keys))

    def seen(rows: int) -> Measured:
        return smallest_shift(total, rows, alpha=rule.drift.alpha, floor=rule.drift.floor, tests=tests)

    def enough(rows: int) -> bool:
        shift = seen(rows).value
        return shift is not None and shift <= LEAST_SEEN

    return seen(n), next((rows for rows in _ladder(n) if enough(rows)), None)


def _ladder(n: int) -> list[int]:
    """Numbers of rows to try, in steps of a twentieth."""
    sizes = [max(n, 10)]
    while sizes[-1] < 100_000:
        sizes.append(sizes[-1] + max(1, sizes[-1] // 20))
    return sizes


def _drifted_now(found: Drifts) -> int:
    return int(np.count_nonzero(found.drifted[-1] & found.features))


def _rows_of(found: Drifts, episode: Episode) -> list[int]:
    return [row for row, start in enumerate(found.starts) if episode.first_ms <= start <= episode.last_ms]


def _ranked(found: Drifts, rows: Sequence[int], which: Bools, *, by: np.ndarray | None = None) -> tuple[str, ...]:
    """Names of the columns concerned in any of the windows, the largest effect (or share) first."""
    sizes = np.where(which, found.effect if by is None else by, -np.inf)[rows]
    sizes = np.where(np.isnan(sizes), 0.0, sizes).max(axis=0, initial=-np.inf)
    order = [int(at) for at in np.argsort(-sizes, kind="stable") if sizes[at] > -np.inf]
    return tuple(found.keys[at][1] or PREDICTION for at in order)


def _last(cause: Cause) -> Episode:
    return episodes(cause.states)[-1]
