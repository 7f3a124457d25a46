"""The audit trail: filters, the list, one event opened."""

from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pandas as pd
import streamlit as st

from core.governance import deeds
from core.ledger.trail import Wanted
from core.services import audit, audit_export, directory
from core.services.audit import PAGE, Found, Line, Opened, Query
from core.services.house import House
from core.ui import badges, moments
from core.ui.plain import plain

EMPTY = "–"
STATES: dict[str, tuple[str, badges.Colour]] = {
    "changed": ("Changed", "orange"), "added": ("Added", "green"), "removed": ("Removed", "red"),
    "same": ("Same", "gray"),
}  # fmt: skip
TITLES = {"csv": "CSV, to be read", "jsonl": "JSON Lines, to be checked by others"}


def filters(house: House) -> Query:
    """The controls above the list. Their values stand in the URL."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="audit_filters"):
        words = st.text_input(
            "Search", key="q", bind="query-params", icon=":material/search:", width=190, max_chars=audit.LONGEST,
            placeholder="Words", autocomplete="off",
            help="All words must occur, whatever their case: in what happened, whom it concerns, what was said, and in "
            "texts that were not erased.",
        )  # fmt: skip
        people = {known.id: known for known in directory.everyone(house).values()}
        actors = [*people, *directory.OTHERS]
        actor = st.selectbox(
            "Who", actors, index=None, key="actor", bind="query-params", placeholder="Anybody", width=160,
            format_func=_labels(house, actors).__getitem__,
        )  # fmt: skip
        names = audit.actions(house)
        families = list(dict.fromkeys(deeds.family(name) for name in names))
        action = st.selectbox(
            "What", [*families, *names], index=None, key="action", bind="query-params", placeholder="Anything",
            width=150, help="A family of events, or one kind of them.",
        )  # fmt: skip
        subject = st.text_input(
            "About", key="subject", bind="query-params", placeholder="model, person:p_…", width=160,
            max_chars=audit.LONGEST, autocomplete="off",
            help="A kind, such as person or inventory, or one thing, such as person:p_0123.",
        )  # fmt: skip
        first = st.date_input("From", None, key="from", bind="query-params", width=150, format="YYYY-MM-DD")
        last = st.date_input("To", None, key="to", bind="query-params", width=150, format="YYYY-MM-DD")
    wanted = Wanted(
        actor=actor or "", action=action or "", subject=(subject or "").strip(),
        from_ms=_midnight(first) if isinstance(first, date) else None,
        to_ms=_midnight(last + timedelta(days=1)) if isinstance(last, date) else None,
    )  # fmt: skip
    return Query(words=(words or "").strip(), wanted=wanted)


def number(query: Query) -> int:
    """The page asked for; the first whenever something else is looked for than before."""
    before = st.session_state.get("_audit_query")
    st.session_state["_audit_query"] = query
    if before not in (None, query):
        st.session_state.pop("page", None)
        for name in ("page", "before"):
            if name in st.query_params:
                del st.query_params[name]
    return _number(str(st.session_state.get("page", st.query_params.get("page", "1")))) or 1


def asked(name: str) -> int | None:
    """A number in the URL; None for anything else."""
    return _number(st.query_params.get(name, ""))


def listing(query: Query, found: Found) -> int | None:
    """A page of events, newest first. Returns the seq of one that was just clicked."""
    _summary(query, found)
    if not found.lines:
        with st.container(border=True, key="no_events"):
            st.markdown("**No event matches.** Take a filter away, or look through older events.")
    clicked = _grid(found.lines) if found.lines else None
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        if found.pages > 1:
            st.pagination(found.pages, key="page", bind="query-params")
        if found.further and st.button(
            "Look through older events", icon=":material/history:", key="further", help="Further back in the trail."
        ):
            _go(before=found.further)
        if asked("before") and st.button("Back to the newest", icon=":material/vertical_align_top:", key="to_newest"):
            _go(before=None)
    return clicked


def export(query: Query) -> None:
    """All that the filters find, as a file that the server streams."""
    wanted = query.wanted
    params = {
        "words": query.words, "actor": wanted.actor, "action": wanted.action, "subject": wanted.subject,
        "from_ms": wanted.from_ms, "to_ms": wanted.to_ms,
    }  # fmt: skip
    stated = {key: value for key, value in params.items() if value not in ("", None)}
    with st.popover("Export", icon=":material/download:", key="export_audit"):
        st.caption("All events that the filters find, oldest first. That you take them along is an event as well.")
        for kind, title in TITLES.items():
            st.link_button(
                title, f"/api/v1/audit/export?{urlencode({'format': kind, **stated})}", icon=":material/download:",
                key=f"export_audit_{kind}", width="stretch",
            )  # fmt: skip
        with st.expander("How an outsider checks it", icon=":material/fact_check:"):
            st.markdown(
                "A line of the JSON Lines file holds exactly what is hashed, and beside it the hash: SHA-256 over its "
                "canonical JSON (RFC 8785) without `hash`. Each event names the hash of the one before. Texts about "
                "people are not in it, only their seals, so that they can be erased and the chain still holds."
            )
            st.code(audit_export.RECIPE, language="python")


def opened(event: Opened) -> None:
    """One event: what changed, what else it says, and what proves it."""
    line = event.line
    with st.container(border=True, key="event"):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.subheader(f"Event {line.seq:,}", anchor=False, width="content")
            with st.container(horizontal=True, gap="xsmall", width="content"):
                step = None
                if st.button(
                    "", icon=":material/chevron_left:", key="older", disabled=line.seq <= 1, help="The event before"
                ):
                    step = line.seq - 1
                if st.button(
                    "", icon=":material/chevron_right:", key="newer", disabled=line.seq >= event.last,
                    help="The event after",
                ):  # fmt: skip
                    step = line.seq + 1
                if step:
                    _go(event=step)
                if st.button("", icon=":material/close:", key="close_event", help="Close"):
                    _go(event=None)
        st.markdown(f"**{plain(line.said)}**")
        told = [f"{moments.minute(line.time_ms)} ({utc(line.time_ms)})", plain(line.action), plain(line.subject, 120)]
        told += [f"by {plain(line.actor_name, 80)} ({plain(line.actor)})"]
        told += [f"on behalf of {plain(event.on_behalf_name, 80)}"] if event.on_behalf_name else []
        st.caption(" · ".join(told))
        _changes(event)
        if event.facts:
            st.dataframe(
                pd.DataFrame({"name": [n for n, _ in event.facts], "value": [v[:2_000] for _, v in event.facts]}),
                hide_index=True, key="event_facts", placeholder="", alt="What else the event says",
                column_config={"name": st.column_config.TextColumn("Also said", width=160), "value": "Value"},
            )  # fmt: skip
        if not event.changes and not event.facts:
            st.caption("It says nothing beyond that it happened.")
        with st.expander("Proof", icon=":material/fingerprint:"):
            st.caption("Its hash: SHA-256 over the canonical JSON below.")
            st.code(event.hash, language=None)
            st.caption("The hash of the event before it.")
            st.code(event.previous, language=None)
            st.caption("What is hashed. Texts about people are seals here.")
            st.code(event.raw, language=None, wrap_lines=True)


def mistake(message: str, hint: str) -> None:
    """What cannot be looked for, and what to do."""
    st.error(f"**{plain(message)}** {plain(hint)}", icon=":material/error:")


def utc(ms: int) -> str:
    """Such as 2026-11-18 14:03:07.123 UTC."""
    return datetime.fromtimestamp(min(max(ms, 0), 253_370_764_800_000) / 1000, ZoneInfo("UTC")).strftime(
        "%Y-%m-%d %H:%M:%S.%f"
    )[:-3] + " UTC"  # fmt: skip


def _changes(event: Opened) -> None:
    if not event.changes:
        return
    C = st.column_config  # noqa: N806
    words = list(STATES.values())
    st.dataframe(
        pd.DataFrame(
            {
                "field": [change.field for change in event.changes],
                "state": [[STATES[change.state][0]] for change in event.changes],
                "before": [change.before[:2_000] or EMPTY for change in event.changes],
                "after": [change.after[:2_000] or EMPTY for change in event.changes],
            }
        ),
        hide_index=True, key="event_changes", placeholder="", alt="What the event changed, before and after",
        column_config={
            "field": C.TextColumn("Field", width=160),
            "state": C.MultiselectColumn("", options=[w for w, _ in words], color=[c for _, c in words], width=95),
            "before": C.TextColumn("Before", width="large"),
            "after": C.TextColumn("After", width="large"),
        },
    )  # fmt: skip


def _summary(query: Query, found: Found) -> None:
    matching = f"{found.total:,} event{'s' if found.total != 1 else ''}"
    if found.looked is None:
        st.caption(f"{matching}, newest first, {PAGE} a page. Click a number to open one.")
        return
    start = asked("before")
    where = f"the {found.looked:,} events before number {start:,}" if start else f"the newest {found.looked:,} events"
    among = " that the other filters find" if query.wanted != Wanted() else ""
    st.caption(f"{matching} with these words among {where}{among}.")


def _grid(lines: tuple[Line, ...]) -> int | None:
    C = st.column_config  # noqa: N806
    st.dataframe(
        pd.DataFrame(
            {
                "seq": [f"{line.seq:,}" for line in lines],
                "time": moments.column([line.time_ms for line in lines]),
                "said": [line.said for line in lines],
                "action": [line.action[:80] for line in lines],
                "subject": [line.subject[:120] for line in lines],
            }
        ),
        hide_index=True, key="audit_grid", placeholder="", height=min(36 * len(lines) + 38, 760), row_height=36,
        alt="Audit events, newest first",
        column_config={
            "seq": C.ButtonColumn("Event", pinned=True, type="tertiary", key="opened_event", width=75),
            "time": C.DatetimeColumn("When", format="D MMM YYYY, HH:mm:ss", width=170),
            "said": C.TextColumn("What happened", width=455),
            "action": C.TextColumn("Kind", width=145),
            "subject": C.TextColumn("About", width=230),
        },
    )  # fmt: skip
    click: Any = st.session_state.get("opened_event")
    row = click["row"] if click else None
    return lines[row].seq if row is not None and row < len(lines) else None


def _labels(house: House, actors: list[str]) -> dict[str, str]:
    labels, used = {}, set()
    for actor in actors:
        known = directory.everyone(house).get(actor)
        label = (known.name if known else directory.OTHERS.get(actor, actor))[:80]
        if label in used:  # a widget tells its options apart by what is shown
            label = f"{label} ({known.login if known and known.login else actor})"
        used.add(label)
        labels[actor] = label
    return labels


def _go(**params: int | None) -> None:
    for name, value in params.items():
        if value is None:
            st.query_params.pop(name, None)
        else:
            st.query_params[name] = str(value)
    if "before" in params:
        st.session_state.pop("page", None)
        st.query_params.pop("page", None)
    st.rerun()


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 and int(text) > 0 else None


def _midnight(day: date) -> int:
    try:
        zone = ZoneInfo(st.context.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        zone = ZoneInfo("UTC")
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp() * 1000)
