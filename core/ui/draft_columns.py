"""Step 2 of Monitor a model: what each column is, and how the log tells time."""

from dataclasses import replace
from typing import Any
from zoneinfo import available_timezones

import pandas as pd
import streamlit as st

from core.errors import GatehouseError
from core.governance.attention import plural
from core.monitors.drafts import ROLES, Draft, Role, checked
from core.monitors.seen import kind_of
from core.services import monitor_drafts
from core.services.house import House
from core.ui import downloads, draft_frame, draft_values
from core.ui.draft_frame import Making
from core.ui.plain import bare, plain

BASE = "draft_base"
TASKS = {
    "binary": "Yes or no", "multiclass": "One of several classes", "regression": "A number", "other": "Something else",
}  # fmt: skip
WINDOWS = {"hour": "Hour", "day": "Day", "week": "Week"}
NAIVE = {"utc": "UTC", "local": "The time zone above"}
UNITS = {"s": "Seconds", "ms": "Milliseconds", "us": "Microseconds"}
OWN = "Its own column"


def step(house: House, made: Making) -> None:
    """The table of columns, the rows they hold, and the rest of what a log needs."""
    seen, draft = made.kept.seen, made.draft
    st.markdown(
        f"**{plain(draft.address, 200)}** · {plural(len(seen.columns), 'column')}, {plural(seen.files, 'file')}, "
        f"{seen.rows:,} rows looked at. The meaning of each column is a guess: change what is wrong."
    )
    there = made.kept.there
    if there and there.reason:
        st.warning(
            f"{plain(there.file)} speaks for this model now. {plain(there.reason)} The last step says what can be "
            "saved.",
            icon=":material/edit_off:",
        )
    _columns(made)
    _rows(house, made)
    with st.container(border=True, key="draft_rest"):
        _rest(made)
    told_problems(made.draft)


def told_problems(draft: Draft) -> None:
    """What is wrong with the draft, but for what later steps ask."""
    early = replace(draft, since="2000-01-01", until="2000-01-02", reference_files="")
    found = checked(early).problems
    for problem in found[:6]:
        draft_frame.mistake(problem)
    if not found:
        st.caption(":green[:material/check_circle:] These choices fit together.")


def _columns(made: Making) -> None:
    """The data editor. It begins with the draft as it was when the step was opened: an edit must not move it."""
    seen, draft = made.kept.seen, made.draft
    if st.session_state.get(BASE, (None,))[0] != draft_frame.visits():
        st.session_state[BASE] = draft_frame.visits(), draft.roles, draft.also
    _, roles, also = st.session_state[BASE]
    names = [column.name for column in seen.columns]
    table: Any = pd.DataFrame({
        "column": [bare(name, 120) for name in names],
        "role": [roles[name] for name in names],
        "too": [name in also for name in names],
        "why": [bare(seen.why.get(name, "no meaning found"), 120) for name in names],
        "type": [bare(column.type, 60) for column in seen.columns],
        "missing": [100 * column.nulls for column in seen.columns],
        "distinct": [column.distinct for column in seen.columns],
    })  # fmt: skip
    config = st.column_config
    titles: dict[Any, str] = {**ROLES}
    edited: Any = st.data_editor(
        table, hide_index=True, num_rows="fixed", key=f"draft_roles_{draft_frame.visits()}",
        height="content" if len(names) <= 14 else 560, disabled=["column", "why", "type", "missing", "distinct"],
        column_config={
            "column": config.TextColumn("Column", pinned=True, width="medium"),
            "role": config.SelectboxColumn(
                "What it is", options=list(ROLES), format_func=titles.__getitem__, required=True, width="medium",
                help="Click twice to choose.",
            ),
            "too": config.CheckboxColumn(
                "Feature too", width="small", help="For protected attributes and segments that the model also uses."
            ),
            "why": config.TextColumn("Why it was guessed", width="medium"),
            "type": config.TextColumn("Type", width="small"),
            "missing": config.NumberColumn("Missing", format="%.1f%%", width="small"),
            "distinct": config.NumberColumn("Different values", format="localized", width="small"),
        },
    )  # fmt: skip
    now: dict[str, Role] = dict(zip(names, edited["role"], strict=True))
    too = frozenset(name for name, ticked in zip(names, edited["too"], strict=True) if ticked)
    label = next((name for name, role in now.items() if role == "label"), "")
    positive = made.draft.positive
    choices = seen.choices.get(label, ())
    if label and label != made.draft.one("label") and choices and positive not in choices:
        positive = choices[-1]
    labels = "column" if label else "none" if made.kept.labels == "column" else made.kept.labels
    files = "" if labels == "column" else draft.label_files
    made.put(replace(draft, roles=now, also=too, positive=positive, label_files=files), labels=labels)
    with st.container(horizontal=True, vertical_alignment="center"):
        downloads.table(edited.assign(role=[ROLES[role] for role in now.values()]), "columns")
        counts = [(role, len(made.draft.having(role))) for role in ROLES]
        st.caption(" · ".join(f"{title}: {count}" for role, count in counts if count for title in (ROLES[role],)))


def _rows(house: House, made: Making) -> None:
    """First rows, for those who may see single rows; every look is in the audit trail, so it is asked for."""
    if not house.actor.may("rows"):
        st.caption(
            ":material/lock: The first rows are shown to those with the right “See single rows”. All else on this "
            "page comes without it."
        )
        return
    draft = made.draft
    shown = f"draft_rows_{draft.address}"
    if not st.session_state.get(shown):
        with st.container(horizontal=True, vertical_alignment="center"):
            if st.button("Show the first 20 rows", icon=":material/table_rows:", key="draft_show_rows"):
                st.session_state[shown] = True
                st.rerun()
            st.caption("They may be people's data: the look is noted in the audit trail.")
        return
    try:
        sample = draft_frame.remember(
            ("rows", draft.place, draft.address),
            lambda: monitor_drafts.sample_rows(house, draft.model, draft.address, draft.place), "Reading the rows",
        )  # fmt: skip
    except GatehouseError as error:
        draft_frame.mistake(error)
        return
    cells = [[None if cell is None else bare(cell, 200) for cell in row] for row in sample.rows]
    table: Any = pd.DataFrame(cells, columns=[str(at) for at in range(len(sample.names))])
    config = {str(at): st.column_config.TextColumn(bare(name, 120)) for at, name in enumerate(sample.names)}
    st.dataframe(table, hide_index=True, key="draft_sample", column_config=config, height=300)
    st.caption(f"First {plural(len(cells), 'row')}, noted in the audit trail.")


def _rest(made: Making) -> None:
    """Task, positive value, windows and version; the rarer questions below."""
    draft, seen = made.draft, made.kept.seen
    first, second, third, fourth = st.columns([3, 2, 3, 3], gap="small")
    task = first.selectbox(
        "The model answers", list(TASKS), index=list(TASKS).index(draft.task), format_func=TASKS.__getitem__,
        key="draft_task",
    )  # fmt: skip
    window = second.selectbox(
        "Numbers for each", list(WINDOWS), index=list(WINDOWS).index(draft.window), format_func=WINDOWS.__getitem__,
        key="draft_window", help="A window is at least this long. Days need a few hundred rows each to say much.",
    )  # fmt: skip
    zones = sorted(available_timezones() | {draft.zone})
    zone = third.selectbox(
        "Time zone", zones, index=zones.index(draft.zone), key="draft_zone", help="Days begin at its midnight."
    )
    draft = replace(draft, task=task, window=window, zone=zone)
    version = draft.one("version")
    if version:
        fourth.text_input("Version", f"{OWN}: {bare(version, 60)}", disabled=True, key="draft_version_column")
    else:
        said = fourth.text_input(
            "Version of all rows", draft.fixed_version, key="draft_fixed", max_chars=120, placeholder="such as 3",
            help="No column is the model version. Left empty, rows are kept without one.",
        )  # fmt: skip
        draft = replace(draft, fixed_version=said.strip())
    with st.expander("More about the values", icon=":material/tune:", expanded=_asks(draft)):
        draft = draft_values.more(draft, seen.choices)
        draft = _time(draft)
    made.put(draft)


def _asks(draft: Draft) -> bool:
    """Whether something rarer must be answered."""
    return draft.task == "multiclass" and not draft.classes


def _time(draft: Draft) -> Draft:
    column = draft.one("time")
    kind = kind_of(draft.types.get(column, ""))
    if kind == "number":
        unit = st.segmented_control(
            "Times are numbers since 1970, in", list(UNITS), default=draft.unit, required=True, key="draft_unit",
            format_func=UNITS.__getitem__,
        )  # fmt: skip
        return replace(draft, unit=unit or draft.unit)
    if column and "tz" not in draft.types.get(column, "").casefold():
        naive = st.segmented_control(
            "Times without a zone are meant in", list(NAIVE), default=draft.naive, required=True, key="draft_naive",
            format_func=NAIVE.__getitem__,
        )  # fmt: skip
        return replace(draft, naive=naive or draft.naive)
    return draft
