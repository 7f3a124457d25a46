"""The verdict on each limit, in words with its reasons, and the rule by which it was reached."""

from typing import Any

import streamlit as st

from core.analysis.fairness_verdict import GapVerdict
from core.governance.attention import plural
from core.services.fairness import Judged
from core.services.fairness_view import View
from core.ui import fairness_words as words
from core.ui.plain import plain
from core.ui.verdicts import VERDICTS, verdict

FIRST = 4
SIDES = {
    "inside": "the estimate lies inside the limit", "beyond": "the estimate lies beyond the limit",
    "unknown": "there is no estimate yet",
}  # fmt: skip


def verdicts(seen: View) -> None:
    """A card for each limit of the policy on this family, the others in a line, and the rule."""
    each = st.columns(max(len(seen.judged), 1), gap="small") if len(seen.judged) < 4 else [st.container()] * 99
    for place, one in enumerate(seen.judged):
        with each[place], st.container(border=True, key=f"verdict_{place}", height="stretch"):
            _verdict(seen, one)
    with st.expander("How a verdict is reached", icon=":material/gavel:"):
        st.markdown(words.RULE)
        st.markdown(
            "Intervals: Newcombe's for differences, MOVER-R for ratios, from Wilson's limits; exact limits where fewer "
            "than ten rows were hit or missed. Rows needed: as many a group as let two groups that are treated equally "
            "pass in 80 % of cases, at the rate seen."
        )
        if seen.rule.windows:
            st.markdown(
                f"Judged together: the last {seen.rule.windows} windows; for limits that need labels, the last "
                f"{seen.rule.windows} whose labels are complete. When a limit is broken the policy says: "
                f"*{plain(seen.rule.response)}*"
            )
    _elsewhere(seen)


def _verdict(seen: View, one: Judged) -> None:
    title, about = words.CRITERIA[one.limit.criterion]
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.markdown(f"**{title}**", help=about, width="content")
        verdict(one.verdict.outcome)
    parts = one.verdict.parts
    groups = len({part.gap.group for part in parts})
    st.markdown(f"{_sentence(one)} The limit: {words.limit(one.limit)}.")
    concerned = [part for part in parts if part.outcome == one.verdict.outcome != "pass"]
    if concerned:
        told = [f"- {_part(one, part)}" for part in concerned[:FIRST]]
        st.markdown("\n".join(told))
        if len(concerned) > FIRST:
            st.caption(f"And {len(concerned) - FIRST} more, in the table below.")
    if one.verdict.outcome == "pass" and parts:
        st.markdown(f"Nearest to the limit: {_part(one, min(parts, key=lambda part: _room(one, part)))}")
    _spread(seen, one, groups)
    used = None if one.from_ms is None or one.end_ms is None else (one.from_ms, one.end_ms)
    notes = " ".join(plain(note) for note in one.notes)
    st.caption(
        f"n = {one.n:,} · {words.windows(one.windows, seen.length)}, "
        f"{words.span(used, one.zone)} · {plural(groups, 'group')} compared with {words.against(one.against)}. {notes}"
    )


def _sentence(one: Judged) -> str:
    counts = {outcome: sum(part.outcome == outcome for part in one.verdict.parts) for outcome in VERDICTS}
    if one.verdict.outcome == "fail":
        return f"{plural(counts['fail'], 'comparison is', 'comparisons are')} beyond the limit."
    if one.verdict.outcome == "pass":
        return f"All {plural(counts['pass'], 'comparison')} lie within the limit, with their intervals."
    if not one.verdict.parts:
        return f"{plain(one.verdict.why, 200).capitalize()}."
    return f"{counts['not enough data']} of {plural(len(one.verdict.parts), 'comparison')} cannot be judged yet."


def _part(one: Judged, part: GapVerdict) -> str:
    """One comparison in words, as Markdown."""
    gap, of = part.gap, one.limit.of
    found = gap.ratio if of == "ratio" else gap.difference
    name = f"**{plain(gap.group, 60)}**"
    if part.rows and found.value is not None:
        rates = (
            f"{words.share(gap.hits / gap.rows)} of {gap.rows:,} against "
            f"{words.share(gap.other_hits / gap.other_rows)} of {gap.other_rows:,}"
        )
        said = (
            f"{name}: {rates}; {of} {words.number(found.value, of)}{words.unit(of)} "
            f"(bounds {words.number(part.low, of)} to {words.number(part.high, of)})"
        )
    else:
        said = f"{name}: {part.rows:,} rows on the smaller side"
    if part.outcome != "not enough data":
        return f"{said}."
    return f"{said}. {lacking(one, part)}, {SIDES[part.side]}."


def lacking(one: Judged, part: GapVerdict) -> str:
    """What a comparison lacks: rows and days, or that it is near the limit. Plain text."""
    if part.needed is None:
        return "How many rows are needed cannot be told yet"
    if part.rows >= part.needed:
        return f"Too near the limit to be judged on {part.rows:,} rows"
    days = one.days_lacking(part)
    more = f"{part.needed - part.rows:,} rows more are needed ({part.rows:,} of about {part.needed:,})"
    return more if days is None else f"{more}, about {plural(max(round(days), 1), 'day')} at present traffic"


def _room(one: Judged, part: GapVerdict) -> float:
    """How far the nearer bound is from its limit."""
    low = part.low - one.limit.low if one.limit.low is not None else float("inf")
    return min(low, one.limit.high - part.high if one.limit.high is not None else float("inf"))


def _spread(seen: View, one: Judged, groups: int) -> None:
    """Highest against lowest group: only beside what equal treatment would give with these groups."""
    found = seen.spreads.get(one.limit.criterion)
    if found is None or found.difference.value is None or found.equal_difference is None:
        return
    compared = groups + bool(one.against)
    st.caption(
        f"Highest against lowest of {compared} groups ({plain(found.highest, 40)}, {plain(found.lowest, 40)}): "
        f"{words.number(found.difference.value, 'difference').lstrip('+')} points. This figure grows with the number "
        f"of groups: equal treatment would give {found.equal_difference * 100:.1f} on average for groups of this size, "
        f"and at least as much as seen in {found.as_wide or 0:.1%} of cases. No verdict rests on it."
    )


def _elsewhere(seen: View) -> None:
    if not seen.elsewhere:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="fairness_elsewhere"):
        st.caption("Other groupings, same windows:", width="content")
        for title, outcome in _worst(seen.elsewhere).items():
            word, icon, colour = VERDICTS[outcome]
            st.badge(f"{plain(title, 60)}: {word}", icon=icon, color=colour)


def _worst(found: tuple[Judged, ...]) -> dict[str, Any]:
    order = ("fail", "not enough data", "pass", "not applicable")
    worst: dict[str, str] = {}
    for one in found:
        before = worst.get(one.title, "not applicable")
        worst[one.title] = min(before, one.verdict.outcome, key=order.index)
    return worst
