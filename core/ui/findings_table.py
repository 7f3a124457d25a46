"""The list of findings: how many ask, the filters, groups or single findings, and answers to those selected."""

import zlib
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pandas as pd
import streamlit as st

from core.governance.answers import STATE, STATES
from core.governance.attention import plural
from core.governance.policy import CATEGORY_TITLE
from core.services import findings, policy_modes, projects
from core.services.findings import Group, Listing, Query, Shown
from core.services.house import House
from core.ui import downloads, findings_answers, findings_parts, url
from core.ui.findings_parts import AGES, SEVERITIES, SHOWN

PAGE, ROW = 100, 38
Columns = dict[str, tuple[Any, Any]]


def query(house: House, now: int) -> Query:
    """The controls. Their values stand in the URL."""
    url.one_from_url("shown", "findings_shown", list(SHOWN), "open")
    held = projects.listing(house)
    teams = {one.owner: f"Team {one.owner_name}" for one in held if one.owner}
    places = {one.id: one.name[:80] for one in held} | dict(sorted(teams.items(), key=lambda each: each[1].casefold()))
    severities = {code: word for code, (word, _, _) in SEVERITIES.items()}
    bar = st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        said = findings_parts.text("q")
        chosen = {
            "project": findings_parts.choice("Project or team", places, 180, name="project"),
            "category": findings_parts.choice("Category", CATEGORY_TITLE, 150, name="category"),
            "severity": findings_parts.choice("Severity", severities, 115, name="severity"),
            "age": findings_parts.choice("Age", AGES, 140, name="age"),
        }
        more: dict[str, tuple[str, dict[str, str]]] = {
            "state": ("State", {name: STATE[name].title for name in STATES}),
            "model": ("Model", {name: name[:80] for name in policy_modes.modes(house)}),
        }
        for name, (_, options) in more.items():
            url.one_from_url(name, f"findings_{name}", list(options))
        count = sum(st.session_state[f"findings_{name}"] is not None for name in more)
        with st.popover(f"More filters: {count}" if count else "More filters", icon=":material/tune:", key="more"):
            for name, (label, options) in more.items():
                chosen[name] = findings_parts.choice(label, options, 260, name=name)
    found = Query(text=said, **chosen)
    counts = findings.listing(house, found, now).counts
    with bar:
        shown = st.segmented_control(
            "Show", list(SHOWN), key="findings_shown", label_visibility="collapsed", required=True,
            format_func=lambda name: f"{SHOWN[name][1]} {SHOWN[name][0]} {counts[name]:,}",
        )  # fmt: skip
        url.one_from_url("rows", "findings_rows", list(ROWS), "groups")
        rows = st.segmented_control(
            "Rows", list(ROWS), key="findings_rows", label_visibility="collapsed", required=True,
            format_func=ROWS.__getitem__,
            help="Together: findings of one category and cause that share a feature or a log are one row.",
        )  # fmt: skip
        url.one_to_url("rows", "findings_rows", rows, "groups")
    return Query(text=said, **chosen, shown=url.one_to_url("shown", "findings_shown", shown, "open") or "open")


ROWS = {"groups": ":material/join: Together", "each": ":material/list: One by one"}


def table(house: House, asked: Query, now: int) -> None:
    """What matches; answers to the selected rows."""
    found = findings.listing(house, asked, now)
    if not found.items:
        _empty(found, asked)
        return
    by_group = st.session_state["findings_rows"] == "groups"
    groups = findings.grouped(found.items)
    rows: Sequence[Group] = groups if by_group else findings_alone(found.items)
    names = {member.id: findings_parts.in_group(group) for group in groups for member in group.members}
    said = f"{plural(len(found.items), 'finding')} of {plural(len({o.finding.model for o in found.items}), 'model')}"
    grid(house, rows, names, said + (f", in {plural(len(rows), 'group')}" if by_group else ""))


def findings_alone(items: Sequence[Shown]) -> tuple[Group, ...]:
    """Each finding as a row of its own."""
    return tuple(Group(key=one.id, by="alone", shared=(), members=(one,)) for one in items)


def grid(house: House, rows: Sequence[Group], joined: Mapping[str, str], said: str) -> None:
    """A page of rows, their export, and answers. joined: finding -> what it stands together with."""
    may = house.actor.may_somewhere("annotate")
    actions = st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center")
    number = 1
    if len(rows) > PAGE:
        mark = zlib.crc32(repr([row.key for row in rows]).encode())
        number = st.pagination(-(-len(rows) // PAGE), key=f"findings_page_{mark}")
    page = rows[(number - 1) * PAGE : number * PAGE]
    mark = zlib.crc32(repr([(m.id, m.state, m.one.revision) for row in page for m in row.members]).encode())
    columns = _columns(house, page, joined, f"opened_finding_{mark}")
    event = st.dataframe(
        pd.DataFrame({name: values for name, (_, values) in columns.items()}), key=f"findings_grid_{mark}",
        hide_index=True, placeholder="", row_height=ROW, height=min(ROW * len(page) + 38, 760),
        on_select="rerun" if may else "ignore", **({"selection_mode": "multi-row"} if may else {}),
        alt="Findings with model, severity, category, state, owner and dates",
        column_config={name: config for name, (config, _) in columns.items()},
    )  # type: ignore[call-overload]  # fmt: skip
    chosen = [page[at] for at in event["selection"]["rows"] if at < len(page)] if may else []
    with actions:
        if chosen:
            findings_answers.buttons([member for row in chosen for member in row.members], "chosen")
        else:
            st.caption(f"{said}. Click a title to open it." + (" Select rows to answer them together." if may else ""))
        downloads.table(_flat(_columns(house, rows, joined, "")), "findings")
    click = st.session_state.get(f"opened_finding_{mark}")
    at = click["row"] if click else None
    if at is not None and at < len(page):
        st.query_params["finding" if len(page[at].members) == 1 else "group"] = page[at].key
        st.rerun()


def _columns(house: House, rows: Sequence[Group], joined: Mapping[str, str], key: str) -> Columns:
    C = st.column_config  # noqa: N806
    people = {m.one.owner: findings_parts.person(house, m.one.owner) for row in rows for m in row.members}
    opener: Any = C.TextColumn("Finding")
    if key:
        opener = C.ButtonColumn("Finding", pinned=True, alignment="left", type="tertiary", key=key, width=330)

    def each(row: Group, what: Any) -> list[str]:
        return sorted({said for member in row.members if (said := what(member))})

    return {
        "finding": (opener, [findings_parts.group_title(row)[:200] for row in rows]),
        "severity": (
            C.MultiselectColumn("Severity", options=[word for word, _, _ in SEVERITIES.values()], width=90,
                                color=[colour for _, _, colour in SEVERITIES.values()]),
            [[SEVERITIES[row.severity][0]] if row.severity in SEVERITIES else [] for row in rows],
        ),
        "state": (
            C.MultiselectColumn("State", options=[STATE[name].title for name in STATES], width=150,
                                color=[findings_parts.STATES[name][1] for name in STATES]),
            [each(row, lambda member: STATE[member.state].title) for row in rows],
        ),
        "model": (C.TextColumn("Model", width=160), [_few(list(row.models)) for row in rows]),
        "category": (C.TextColumn("Category", width=115),
                     [findings_parts.category(row.members[0].finding.category) for row in rows]),
        "names": (C.TextColumn("Concerns", width=170),
                  [_few(list(dict.fromkeys(n for m in row.members for n in m.finding.names))) for row in rows]),
        "owner": (C.TextColumn("Owner", width=130),
                  [_few(each(row, lambda member: people[member.one.owner])) for row in rows]),
        "last": (C.DateColumn("Last seen", format="D MMM YYYY", width=105,
                                  help="Start of the last window that broke the rule."),
                 [max(_days(row, "last_ms")) for row in rows]),
        "first": (C.DateColumn("First seen", format="D MMM YYYY", width=105,
                                   help="Start of the first window that broke the rule."),
                  [min(_days(row, "first_ms")) for row in rows]),
        "together": (C.TextColumn("Belongs together", width=230), [joined.get(row.members[0].id, "") for row in rows]),
    }  # fmt: skip


def _days(row: Group, name: str) -> list[date]:
    """Days of a group's windows. name: of a moment that every finding has."""
    found = [findings_parts.day(one, getattr(one.finding, name)) for one in row.members]
    return [day for day in found if day is not None]


def _few(names: Sequence[str]) -> str:
    shown = ", ".join(name[:80] for name in names[:3])
    return f"{shown} and {len(names) - 3:,} more" if len(names) > 3 else shown


def _flat(columns: Columns) -> pd.DataFrame:
    return pd.DataFrame(
        {
            name: ["; ".join(value) if isinstance(value, list) else value for value in values]
            for name, (_, values) in columns.items()
        }
    )


def _empty(found: Listing, asked: Query) -> None:
    """Nothing judged, nothing that matches, or nothing to answer: each says what to do."""
    narrowed = asked != Query(shown=asked.shown)
    with st.container(border=True, key="no_findings"):
        if not found.known:
            st.markdown(":material/rule: **Nothing was found yet.**")
            st.caption(
                "Findings are written when a model is judged and breaks a rule of the policy. A model is judged after "
                "its log was profiled, or by `gatehouse evaluate`."
            )
            st.page_link("pages/sources.py", label="Logs on the page Sources", icon=":material/hub:")
        elif narrowed:
            st.markdown(":material/filter_alt_off: **No finding matches.** Take a filter away, or search for less.")
            _counts(found)
        elif asked.shown == "open":
            st.markdown(":material/task_alt: **All quiet: no finding asks for an answer.**")
            _counts(found)
        else:
            st.markdown(f"**No finding here.** Of {found.known:,} none is in this list.")


def _counts(found: Listing) -> None:
    told = [f"{found.counts[name]:,} {SHOWN[name][0].lower()}" for name in ("observed", "snoozed", "resolved")]
    if any(found.counts[name] for name in ("observed", "snoozed", "resolved")):
        st.caption(f"Elsewhere: {', '.join(told)}. Choose above what to show.")
