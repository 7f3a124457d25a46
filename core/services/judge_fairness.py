"""The verdict on fairness: the policy's limits on every attribute and intersection, over the last windows together."""

from __future__ import annotations

from collections.abc import Sequence

from core.analysis.fairness_verdict import FairnessVerdict, GapVerdict
from core.analysis.measured import Measured
from core.governance.attention import named
from core.governance.episodes import Episode, State
from core.governance.policy import FairnessRule, Outcome
from core.services.fairness import WITHOUT_LABELS, Judged, judged
from core.services.judgement import Cause, Detail, Judgement, Said, detail, span, worst
from core.services.profile_book import Book

PARTS = ("output",)
STEP = 7
CRITERION_TITLE = {
    "demographic_parity": "Selection rate",
    "equal_opportunity": "True positive rate",
    "equalised_odds": "True and false positive rate",
    "predictive_parity": "Precision",
}


def judge_fairness(kept: Book, version: str, rule: FairnessRule, *, as_of_ms: int) -> Judgement:
    """kept: read with PARTS, with groups. Judged again every seventh window back, which is what findings go by."""
    if not kept.monitor.protected:
        return _none("The monitor names no protected attribute.")
    if kept.monitor.task != "binary":
        return _none(f"Fairness is judged for decisions between two classes; this model's task is {kept.monitor.task}.")
    starts = kept.starts(version)
    points = [at for at in range(len(starts)) if (at + 1) % STEP == 0 or at == len(starts) - 1]
    checked = [(at, over(kept, rule, version, starts[: at + 1], as_of_ms=as_of_ms)) for at in points]
    if not checked or not checked[-1][1]:
        return _none("No window holds scores by group.") if starts else Judgement(
            category="fairness", outcome="not enough data", reason="No window holds rows yet."
        )  # fmt: skip
    last = checked[-1][1]
    outcome = worst([one.verdict.outcome for one in last])
    used = [one for one in last if one.from_ms is not None]
    families = sorted({one.family for _, each in checked for one in each})
    return Judgement(
        category="fairness", outcome=outcome, reason=_reason(last, outcome),
        from_ms=min((one.from_ms for one in used if one.from_ms is not None), default=None),
        end_ms=max((one.end_ms for one in used if one.end_ms is not None), default=None),
        n=max((one.n for one in last), default=0), details=tuple(each for one in last for each in _details(one)),
        causes=tuple(_cause(kept, family, starts, checked) for family in families),
    )  # fmt: skip


def over(
    kept: Book, rule: FairnessRule, version: str, starts: Sequence[int], *, as_of_ms: int,
    families: Sequence[tuple[str, ...]] | None = None,
) -> tuple[Judged, ...]:  # fmt: skip
    """The limits over the last `rule.windows` of these windows; those that need labels over the last ones whose labels
    are complete (over all the last ones, which then say from when on, where there are none).
    """
    complete = [start for start in starts if kept.is_complete(start, as_of_ms)]
    found: list[Judged] = []
    for labelled in (False, True):
        limits = tuple(limit for limit in rule.limits if (limit.criterion not in WITHOUT_LABELS) == labelled)
        if not limits:
            continue
        mine = complete if labelled and complete else starts
        part = rule.model_copy(update={"limits": limits})
        found += judged(kept, part, version, mine[-rule.windows :], as_of_ms=as_of_ms, families=families)
    return tuple(found)


def _none(why: str) -> Judgement:
    return Judgement(category="fairness", outcome="not applicable", reason=why)


def _reason(found: Sequence[Judged], outcome: Outcome) -> str:
    mine = [one for one in found if one.verdict.outcome == outcome]
    if outcome == "pass":
        titles = sorted({one.title for one in mine})
        return f"Within the limits for {named(titles, of=len(titles))}."
    first = mine[0]
    more = f" ({len(mine) - 1} more of {len(found)} checks alike)" if len(mine) > 1 else ""
    why = first.verdict.why
    return f"{first.title}: {why}{more}."


def _details(one: Judged) -> list[Detail]:
    found = []
    for part in one.verdict.parts:
        gap = part.gap
        number = gap.ratio if one.limit.of == "ratio" else gap.difference
        bounds = Measured(value=number.value, low=part.low, high=part.high, n=number.n)
        limit = one.limit.low if number.value is not None and number.value < (one.limit.of == "ratio") else None
        found.append(
            detail(
                f"{one.limit.criterion}_{one.limit.of}", bounds, part.outcome, name=one.title, group=gap.group,
                limit=one.limit.high if limit is None else limit, why=part.why, against=gap.against, rate=gap.rate,
                rows=part.rows, needed=part.needed,
            )
        )  # fmt: skip
    if not one.verdict.parts:
        none = Measured(value=None, n=one.n, why=one.verdict.why)
        found.append(detail(f"{one.limit.criterion}_{one.limit.of}", none, one.verdict.outcome, name=one.title))
    return found


def _cause(
    kept: Book, family: tuple[str, ...], starts: Sequence[int], checked: Sequence[tuple[int, tuple[Judged, ...]]]
) -> Cause:
    """States are of the stretches between checks, so that findings say from which check to which."""
    states, at_end = [], {}
    before = -1
    for at, found in checked:
        mine = [one for one in found if one.family == family]
        verdicts: list[FairnessVerdict] = [one.verdict for one in mine]
        outcome = worst([verdict.outcome for verdict in verdicts])
        start = starts[before + 1]
        broken = None if outcome in ("not enough data", "not applicable") else outcome == "fail"
        states.append(State(start_ms=start, end_ms=kept.end_ms(starts[at]), broken=broken))
        at_end[start] = mine
        before = at
    title = " x ".join(family)

    def tell(episode: Episode) -> Said:
        failing = [
            (one, part) for one in at_end[episode.last_ms] for part in one.verdict.parts if part.outcome == "fail"
        ]
        one, part = max(failing, key=lambda pair: abs(_gap(pair[0], pair[1]).value or 0.0))
        number = _gap(one, part)
        groups = tuple(dict.fromkeys(part.gap.group for _, part in failing))
        what = CRITERION_TITLE[one.limit.criterion].lower()
        return Said(
            title=f"Unequal by {title}",
            reason=f"The {what} of {part.gap.group} against {part.gap.against} has a {one.limit.of} of "
            f"{number.value or 0.0:+.3f} (one-sided 95 % bounds {part.low:+.3f} to {part.high:+.3f}, n = {number.n:,}) "
            f"{span(kept, episode)}.",
            severity="high",
            names=groups,
            details={
                **detail(f"{one.limit.criterion}_{one.limit.of}", Measured(value=number.value, low=part.low,
                         high=part.high, n=number.n), "fail", name=title, group=part.gap.group),
                "against": part.gap.against,
            },
        )  # fmt: skip

    return Cause(cause=f"unfair:{title}", states=states, tell=tell)


def _gap(one: Judged, part: GapVerdict) -> Measured:
    return part.gap.ratio if one.limit.of == "ratio" else part.gap.difference
