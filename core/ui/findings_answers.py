"""Answering findings: buttons, what is asked before, and taking it back."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import partial

import streamlit as st

from core.errors import GatehouseError
from core.governance.answers import GIVES, OVER, Act
from core.governance.attention import plural
from core.services import directory, findings_answer
from core.services.findings import Shown
from core.services.house import now_ms
from core.ui import asking, moments
from core.ui.plain import plain
from core.ui.visit import current

ACTS: dict[Act, tuple[str, str, str]] = {
    "acknowledge": ("Acknowledge", ":material/visibility:", "Acknowledged"),
    "snooze": ("Snooze", ":material/snooze:", "Snoozed"),
    "resolve": ("Resolve", ":material/task_alt:", "Resolved"),
    "assign": ("Assign", ":material/person_add:", "Assigned"),
    "reopen": ("Reopen", ":material/notifications_active:", "Reopened"),
}
ABOUT: dict[Act, str] = {
    "acknowledge": "You have seen it and take care of it. It stays in the list until the data keep the rule again.",
    "snooze": "It asks again on the day you choose.",
    "resolve": "It is dealt with. It opens again by itself when the rule is broken after now.",
    "assign": "Who is to answer. Without anybody it is the owner of the model in the inventory.",
    "reopen": "It asks for an answer again.",
}
UNDO, SHOWN_NAMES = "findings_undo", 6


def fitting(items: Sequence[Shown], act: Act) -> list[Shown]:
    """Those of the findings for which an answer would change something."""
    if act == "assign":
        return list(items)
    if act == "reopen":
        return [one for one in items if one.one.answer is not None and one.one.answer.state != "open"]
    return [
        one for one in items
        if one.state not in OVER and (act in ("snooze", "resolve") or one.state != GIVES[act])
    ]  # fmt: skip


def buttons(items: Sequence[Shown], key: str) -> None:
    """One button an answer; those that would change nothing cannot be pressed. key: of the place on the page."""
    with st.container(horizontal=True, gap="small", key=f"answers_{key}"):
        for act, (label, icon, _) in ACTS.items():
            fit = fitting(items, act)
            st.button(
                label, icon=icon, key=f"{act}_{key}", disabled=not fit, help=ABOUT[act],
                type="primary" if act == "acknowledge" else "secondary", on_click=_ask,
                args=(act, tuple(fit), len(items)),
            )  # fmt: skip


def _ask(act: Act, items: tuple[Shown, ...], chosen: int) -> None:
    label, icon, _ = ACTS[act]

    @st.dialog(f"{label} {plural(len(items), 'finding')}", icon=icon)
    def ask() -> None:
        st.caption(ABOUT[act])
        for one in items[:SHOWN_NAMES]:
            st.markdown(f"- {plain(one.finding.title, 120)} · {plain(one.finding.model, 80)}")
        if len(items) > SHOWN_NAMES:
            st.caption(f"and {len(items) - SHOWN_NAMES:,} more.")
        if chosen > len(items):
            st.caption(f"{chosen - len(items):,} of the {chosen:,} chosen stay as they are: this would change nothing.")
        until, owner = _until(act), _owner(act)
        reason = st.text_area(
            "Why" if act == "resolve" else "Why (may stay empty)", key="finding_reason", height=90,
            max_chars=findings_answer.REASON_LONGEST, placeholder="Plain text; it stays in the history.",
        )  # fmt: skip
        if asking.buttons(label, icon=icon, key="answer"):
            asking.finish(partial(_answer, act, items, until, owner, reason or ""))

    ask()


def _until(act: Act) -> int | None:
    """The end of a snooze: the beginning of a day of the reader's."""
    if act != "snooze":
        return None
    today = moments.today(now_ms())
    chosen: date | None = st.date_input(
        "Ask again on", today + timedelta(days=7), min_value=today + timedelta(days=1),
        max_value=today + timedelta(days=365), key="finding_until", format="YYYY-MM-DD",
    )  # fmt: skip
    return moments.day_ms(chosen) if chosen else None


def _owner(act: Act) -> str | None:
    if act != "assign":
        return None
    people = {one.id: f"{one.name} ({one.login})" for one in directory.everyone(current()).values() if one.active}
    return st.selectbox(
        "Owner", list(people), index=None, key="finding_owner", format_func=lambda who: people.get(who, who),
        placeholder="Owner of the model in the inventory",
    )  # fmt: skip


def _answer(act: Act, items: Sequence[Shown], until: int | None, owner: str | None, reason: str) -> None:
    revisions = {one.id: one.one.revision for one in items}
    done = findings_answer.answer(
        current(), list(revisions), act, until_ms=until, owner=owner, reason=reason, revisions=revisions
    )
    st.session_state[UNDO] = (act, done)


def done() -> None:
    """What was just answered, and the way back."""
    told: tuple[Act, Mapping[str, int]] | None = st.session_state.get(UNDO)
    if told is None:
        return
    act, revisions = told
    word = ACTS[act][2]
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="answered"):
        said = f"{word} {plural(len(revisions), 'finding')}." if revisions else "Nothing changed."
        st.markdown(f":material/check_circle: {said}", width="stretch")
        if revisions and act not in ("assign", "reopen"):
            st.button("Undo", icon=":material/undo:", key="undo_answer", help="They are open again.", on_click=_undo)
        st.button("", icon=":material/close:", key="close_answered", help="Close", type="tertiary", on_click=_forget)
    if error := st.session_state.pop("findings_undo_error", ""):
        st.error(error, icon=":material/error:")


def _undo() -> None:
    _, revisions = st.session_state[UNDO]
    try:
        done = findings_answer.answer(current(), list(revisions), "reopen", revisions=revisions)
    except GatehouseError as error:
        st.session_state["findings_undo_error"] = f"**{plain(error.message, 1_000)}** {plain(error.hint, 1_000)}"
        return
    st.session_state[UNDO] = ("reopen", done)


def _forget() -> None:
    st.session_state.pop(UNDO, None)
