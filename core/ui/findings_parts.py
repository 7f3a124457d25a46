"""Signs and words of findings that several views share."""

from collections.abc import Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

import streamlit as st

from core.governance.answers import STATE, State
from core.governance.policy import CATEGORY_TITLE
from core.services import directory, findings
from core.services.findings import Group, Shown
from core.services.house import House
from core.ui import url
from core.ui.badges import Colour
from core.ui.plain import plain

SEVERITIES: dict[str, tuple[str, str, Colour]] = {
    "high": ("High", ":material/keyboard_double_arrow_up:", "red"),
    "medium": ("Medium", ":material/keyboard_arrow_up:", "orange"),
    "low": ("Low", ":material/keyboard_arrow_down:", "blue"),
}
STATES: dict[State, tuple[str, Colour]] = {
    "open": (":material/notifications_active:", "red"),
    "acknowledged": (":material/visibility:", "orange"),
    "snoozed": (":material/snooze:", "violet"),
    "observed": (":material/radar:", "blue"),
    "cleared": (":material/check_circle:", "green"),
    "resolved": (":material/task_alt:", "green"),
    "withdrawn": (":material/undo:", "gray"),
}
MODE_SIGNS: dict[str, tuple[str, str, Colour]] = {
    "observe": ("Observe", ":material/radar:", "blue"),
    "warn": ("Warn", ":material/notifications:", "orange"),
    "enforce": ("Enforce", ":material/gavel:", "red"),
}
CAUSES = {
    "drift": "Drift", "prediction_drift": "Drift of predictions", "broken_rows": "Unusable values",
    "schema": "Schema changed", "degradation": "Performance lost", "latency": "Slow answers", "errors": "Errors",
}  # fmt: skip
SHOWN = {
    "open": ("To answer", ":material/notifications_active:"), "observed": ("Observed only", ":material/radar:"),
    "snoozed": ("Snoozed", ":material/snooze:"), "resolved": ("Over", ":material/task_alt:"),
    "all": ("All", ":material/list:"),
}  # fmt: skip
AGES = {"7": "Under 7 days", "30": "7 to 30 days", "older": "30 days or more"}


def cause(code: str) -> str:
    """A cause in words; untrusted text."""
    kind, _, of = code.partition(":")
    if kind == "trend" and of:
        return f"Trend of {of}"
    if kind == "unfair" and of:
        return f"Unequal by {of}"
    return CAUSES.get(code, code.replace("_", " ").capitalize())


def severity(code: str) -> None:
    word, icon, colour = SEVERITIES.get(code, (code, ":material/help:", "gray"))
    st.badge(plain(f"{word} severity", 40), icon=icon, color=colour)


def state(one: Shown) -> None:
    icon, colour = STATES[one.state]
    st.badge(STATE[one.state].title, icon=icon, color=colour, help=STATE[one.state].about)


def category(code: str) -> str:
    return CATEGORY_TITLE.get(code, code)


def person(house: House, who: str | None) -> str:
    """A person's name, told to be gone where nobody signs in by it any more; untrusted text."""
    if not who:
        return ""
    known = directory.everyone(house).get(who)
    name = directory.name(house, who)
    return name if known is None or known.active else f"{name} (gone)"


def group_title(group: Group) -> str:
    """What a group is called; untrusted text."""
    first = group.members[0].finding
    if len(group.members) == 1:
        return first.title
    shared = f": {', '.join(group.shared[:3])}" if group.by == "features" else ""
    more = f" and {len(group.shared) - 3:,} more" if group.by == "features" and len(group.shared) > 3 else ""
    return f"{cause(first.cause)}{shared}{more}"


def in_group(group: Group) -> str:
    """Why findings stand together; untrusted text."""
    if group.by == "alone":
        return ""
    count = f"{len(group.members):,} findings"
    if group.by == "features":
        names = ", ".join(group.shared[:5]) + (" …" if len(group.shared) > 5 else "")
        return f"{count} share {names}"
    return f"{count} share a log" if len(group.models) > 1 else f"{count} of one model"


def day(one: Shown, ms: int | None) -> date | None:
    """The day of a window, in the zone of the model's log."""
    return None if ms is None else datetime.fromtimestamp(ms / 1000, ZoneInfo(one.one.zone)).date()


def day_said(one: Shown, ms: int | None) -> str:
    """The same in words; "" for None."""
    found = day(one, ms)
    return f"{found:%-d %b %Y}" if found else ""


def choice(
    label: str, options: Mapping[str, str], width: int, *, name: str, default: str | None = None
) -> str:  # fmt: skip
    """A select box whose value stands in the URL; "" for all."""
    key = f"findings_{name}"
    url.one_from_url(name, key, list(options), default)
    chosen = st.selectbox(
        label, list(options), index=0 if default else None, key=key, format_func=lambda one: options[one],
        placeholder="All", width=width,
    )  # fmt: skip
    return url.one_to_url(name, key, chosen, default) or default or ""


def text(name: str) -> str:
    """A search box whose text stands in the URL."""
    key, stated = f"findings_{name}", st.query_params.get(name, "")[: findings.TEXT_LONGEST]
    if st.session_state.get(f"_url_{key}") != stated or key not in st.session_state:
        st.session_state[key] = stated
    said = st.text_input(
        "Search", key=key, type="search", live=True, placeholder="Title, feature, model, cause",
        icon=":material/search:", max_chars=findings.TEXT_LONGEST, width=240,
    )  # fmt: skip
    return url.one_to_url(name, key, (said or "").strip())
