"""One finding: what it is, what to do, who answered what; and a group of findings."""

import streamlit as st

from core.errors import NotFound
from core.governance.answers import AGAIN, STATE
from core.governance.attention import plural
from core.services import find, findings, findings_answer, scope
from core.services.findings import Query, Shown
from core.services.findings_answer import Past
from core.services.house import House
from core.ui import findings_answers, findings_parts, findings_table, inventory_parts, moments
from core.ui.findings_parts import MODE_SIGNS
from core.ui.plain import plain

NAMES = 30
HAPPENED = {
    "acknowledged": ("acknowledged it", ":material/visibility:"), "snoozed": ("snoozed it", ":material/snooze:"),
    "resolved": ("resolved it", ":material/task_alt:"), "reopened": ("reopened it", ":material/notifications_active:"),
    "assigned": ("assigned it", ":material/person_add:"),
}  # fmt: skip


def opened(house: House, finding_id: str, now: int) -> None:
    """The view of one finding."""
    _back("finding", "All findings")
    try:
        one = findings.one(house, finding_id, now)
    except NotFound as missing:
        inventory_parts.problem(missing.message, missing.hint)
        return
    finding = one.finding
    st.title(plain(finding.title, 200), anchor=False)
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        findings_parts.severity(finding.severity)
        findings_parts.state(one)
        word, icon, colour = MODE_SIGNS[one.one.mode]
        st.badge(f"Policy: {word.lower()}", icon=icon, color=colour)
        st.caption(
            f"{plain(finding.model, 120)} · version {plain(finding.version, 40)} · "
            f"{plain(findings_parts.category(finding.category), 40)}", width="content",
        )  # fmt: skip
    findings_answers.done()
    if scope.may(house, "log", finding.model, "annotate"):
        findings_answers.buttons([one], "opened")
    left, right = st.columns([3, 2], gap="medium")
    with left:
        _what(one)
        _names(one)
        _together(house, one, now)
    with right:
        _facts(house, one)
        _history(house, one)


def group(house: House, key: str, asked: Query, now: int) -> bool:
    """The findings that stand together with one; False where it is in no list any more."""
    found = findings.groups(house, asked, now)
    mine = next((each for each in found if any(one.id == key for one in each.members)), None)
    if mine is None:
        return False
    _back("group", "All findings")
    st.subheader(plain(findings_parts.group_title(mine), 200), anchor=False)
    st.caption(
        f"{plain(findings_parts.in_group(mine), 400)}. One cause may stand behind them: look at it once, and answer "
        "them together."
    )
    findings_answers.done()
    findings_table.grid(house, findings_table.findings_alone(mine.members), {}, plural(len(mine.members), "finding"))
    return True


def _back(name: str, label: str) -> None:
    if st.button(label, icon=":material/arrow_back:", type="tertiary", key=f"back_{name}"):
        del st.query_params[name]
        st.rerun()


def _what(one: Shown) -> None:
    with st.container(border=True, key="what"):
        st.markdown("**What was found**")
        st.markdown(plain(one.finding.reason, 2_000))
        if one.again:
            st.markdown(f":material/replay: **Open again.** {AGAIN[one.again]}")
        st.markdown("**What to do**")
        st.markdown(plain(one.finding.todo, 1_000))
        st.caption(STATE[one.state].about)


def _names(one: Shown) -> None:
    finding = one.finding
    with st.container(border=True, key="concerns"):
        st.markdown("**What it concerns**")
        page, label = ("fairness", "Fairness of the model") if finding.category == "fairness" else (
            "monitoring", "Monitoring of the model")  # fmt: skip
        _link(page, label, {"model": finding.model})
        for name in finding.names[:NAMES]:
            if finding.cause in ("drift", "broken_rows", "schema"):
                _link("monitoring", name, {"model": finding.model, "feature": name})
            else:
                st.markdown(f"- {plain(name, 200)}")
        if len(finding.names) > NAMES:
            st.caption(f"and {len(finding.names) - NAMES:,} more.")


def _link(page: str, label: str, params: dict[str, str]) -> None:
    """A link to a page; its name alone while there is no such page."""
    try:
        path = find.link(page)
    except NotFound:
        st.markdown(f"- {plain(label, 200)}")
        return
    st.page_link(path, label=plain(label, 120), icon=":material/arrow_outward:", query_params=params)


def _together(house: House, one: Shown, now: int) -> None:
    """Others of the same group that are not over."""
    live = [each for each in findings.states(house, now) if each.state not in ("cleared", "resolved", "withdrawn")]
    every = [*live, *([one] if all(each.id != one.id for each in live) else [])]
    mine = next(each for each in findings.grouped(every) if any(m.id == one.id for m in each.members))
    others = [each for each in mine.members if each.id != one.id]
    if not others:
        return
    with st.container(border=True, key="together"):
        st.markdown("**Belongs together with**", help="Same category and cause, with a feature or a log in common.")
        st.caption(plain(findings_parts.in_group(mine), 400))
        for other in others[:10]:
            if st.button(
                plain(f"{other.finding.title} · {other.finding.model}", 160), key=f"other_{other.id}", type="tertiary",
                icon=findings_parts.STATES[other.state][0],
            ):  # fmt: skip
                st.query_params["finding"] = other.id
                st.rerun()
        if len(others) > 10:
            st.caption(f"and {len(others) - 10:,} more.")


def _facts(house: House, one: Shown) -> None:
    finding, answer = one.finding, one.one.answer
    own = bool(answer and answer.owner)
    owner = plain(findings_parts.person(house, one.one.owner), 80)
    windows = finding.details.get("windows")
    told = {
        "Owner": f"{owner}{'' if own else ' (of the model)'}" if owner else "Nobody. Assign it to somebody.",
        "First seen": findings_parts.day_said(one, finding.first_ms),
        "Last seen": findings_parts.day_said(one, finding.last_ms),
        "Windows": f"{windows:,} broke the rule" if isinstance(windows, int) else "",
        "Over since": findings_parts.day_said(one, finding.cleared_ms),
        "Snoozed until": moments.date(answer.snoozed_until_ms) if answer and one.state == "snoozed" else "",
        "Policy": plain(f"{finding.policy}, version {finding.policy_version}", 80),
    }
    with st.container(border=True, key="facts"):
        for label, said in told.items():
            if said:
                with st.container(horizontal=True, gap="small"):
                    st.caption(label, width=110)
                    st.markdown(said, width="stretch")


def _history(house: House, one: Shown) -> None:
    with st.container(border=True, key="answers"):
        st.markdown("**History**", help="Answers, the newest first. None can be changed afterwards.")
        past = findings_answer.history(house, one.id)
        for each in past:
            _past(each)
        st.caption(f"First observed in the window of {findings_parts.day_said(one, one.finding.first_ms)}.")


def _past(each: Past) -> None:
    said, icon = HAPPENED.get(each.act, (each.act, ":material/history:"))
    if each.until_ms:
        said += f" until {moments.date(each.until_ms)}"
    if each.act == "assigned":
        said += f" to {plain(each.owner, 80)}" if each.owner else " to the owner of the model"
    behalf = f", for {plain(each.on_behalf_of, 80)}," if each.on_behalf_of else ""
    with st.container(gap="xxsmall", key=f"past_{each.seq}"):
        st.markdown(f"{icon} **{plain(each.who, 80)}**{behalf} {said}")
        st.caption(moments.minute(each.time_ms))
        if each.reason is None:
            st.caption(":material/ink_eraser: The reason was erased with its author.")
        elif each.reason:
            st.text(each.reason)
