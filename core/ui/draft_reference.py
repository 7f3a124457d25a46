"""Step 4 of Monitor a model: what the log is compared with."""

from dataclasses import replace
from datetime import date, timedelta

import pandas as pd
import streamlit as st

from core.charts.days import rows_by_day
from core.errors import GatehouseError
from core.governance.attention import plural
from core.monitors.draft_guesses import CERTIFIED_DAYS, reference_days
from core.profiling.glance import Days
from core.services import monitor_drafts, monitor_drafts_logs
from core.services.house import House
from core.services.monitor_drafts_kept import ReferenceFrom
from core.ui import downloads, draft_frame
from core.ui.draft_frame import Making
from core.ui.plain import bare

WAYS: dict[ReferenceFrom, str] = {"days": "Days of this log", "file": "Another file, such as the training data"}


def step(house: House, made: Making) -> None:
    """The choice, the log's days, and what the choice means for alarms."""
    with st.container(border=True, key="draft_reference"):
        way = st.segmented_control(
            "New rows are compared with", list(WAYS), default=made.kept.reference, required=True,
            format_func=WAYS.__getitem__, key="draft_reference_from",
        )  # fmt: skip
        try:
            found = days_of(house, made)
        except GatehouseError as error:
            draft_frame.mistake(error)
            draft_frame.go(2, "Choose the time among the columns", "draft_to_columns")
            return
        if way == "file":
            _file(house, made)
        else:
            _days(made, found)
        _counted(made, found)


def days_of(house: House, made: Making) -> Days:
    """Rows of the log by day, asked once. Raises Invalid, SourceError."""
    draft = made.draft
    asked = draft.place, draft.address, draft.one("time"), draft.naive, draft.unit, draft.zone
    return draft_frame.remember(("days", asked), lambda: monitor_drafts.days(house, draft), "Counting rows by day")


def _days(made: Making, found: Days) -> None:
    if not found.days:
        st.error(
            "**No row has a readable time.**  \nChoose another column as the time of the prediction.",
            icon=":material/event_busy:",
        )
        draft_frame.go(2, "Choose the time among the columns", "draft_to_columns")
        return
    first, last = found.days[0][0], found.days[-1][0]
    draft = made.draft
    since, until = reference_days(first, last)
    if draft.since and draft.until:
        since, until = date.fromisoformat(draft.since), date.fromisoformat(draft.until)
    chosen = st.date_input(
        "From and to, both included", (since, until - timedelta(days=1)), key="draft_reference_days",
        format="YYYY-MM-DD", width=320, help="Days on which the model worked as it should.",
    )  # fmt: skip
    if isinstance(chosen, tuple) and len(chosen) == 2:
        since, until = chosen[0], chosen[1] + timedelta(days=1)
        made.put(replace(draft, since=since.isoformat(), until=until.isoformat(), reference_files=""), reference="days")
    else:
        st.caption("Choose the last day too.")


def _file(house: House, made: Making) -> None:
    draft = made.draft
    addresses = [log.address for log in monitor_drafts_logs.found(house).logs if log.place == "files"]
    now = draft.reference_files
    addresses += [now] if now and now not in addresses else []
    address = st.selectbox(
        "File", addresses, index=addresses.index(now) if now else None, key="draft_reference_files",
        accept_new_options=True, format_func=lambda name: bare(name, 120),
        placeholder="Choose one, or type a path such as training/*.parquet",
    )  # fmt: skip
    made.put(replace(draft, reference_files=address or "", since="", until=""), reference="file")
    if not address:
        return
    seen = draft_frame.remember(
        ("reference", address), lambda: monitor_drafts.looked(house, draft.model, address), "Looking at the file"
    )
    st.caption(f"{plural(seen.files, 'file')}, {seen.rows:,} rows looked at.")
    wanted = [*draft.having("number"), *draft.having("category")]
    missing = [column for column in wanted if column not in seen.draft.types]
    if missing:
        names = ", ".join(bare(column, 60) for column in missing[:5])
        st.warning(
            f"{plural(len(missing), 'feature')} of the log cannot be compared: they are not in this file.",
            icon=":material/warning:",
        )
        st.text(names)


def _counted(made: Making, found: Days) -> None:
    """Rows and days in words, a chart, and the consequence for alarms."""
    draft = made.draft
    inside = [rows for day, rows in found.days if draft.since and draft.since <= day.isoformat() < draft.until]
    rest = len(found.days) - len(inside)
    if draft.reference_files:
        st.markdown(
            ":material/info: **Rows are compared with rows.** Without drift at most 1 in 100 model-days alarms, "
            "provided that rows do not depend on each other. A file does not say how much days differ by themselves: "
            f"where they do, alarms are more frequent, and {CERTIFIED_DAYS} days of the log are the better reference."
        )
    elif inside:
        held = f"{plural(len(inside), 'day')} with {sum(inside):,} rows"
        if len(inside) >= CERTIFIED_DAYS:
            st.markdown(
                f":green[:material/verified:] **{held}.** Enough days to know how much they differ by themselves: the "
                "rate of false alarms is certified: without drift at most 1 in 100 model-days alarms."
            )
        else:
            st.markdown(
                f":material/info: **{held}.** A certified rate of false alarms takes {CERTIFIED_DAYS} days: "
                f"{plural(CERTIFIED_DAYS - len(inside), 'more day')} of normal work. Until then rows are compared with "
                "rows, and alarms are marked “rate not certified”. The reference can be made longer later."
            )
        if not rest:
            st.warning("All days are reference: none is left to be watched.", icon=":material/warning:")
    elif draft.since:
        st.warning("No row of the log is in these days.", icon=":material/event_busy:")
    if found.days:
        figure = rows_by_day(found.days, draft.since, draft.until)
        st.plotly_chart(figure, key="draft_days_chart", config={"displaylogo": False})
        part = "" if found.files == found.all_files else f" Of {found.all_files:,} files {found.files:,} were counted."
        undated = f" {plural(found.undated, 'row')} without a readable time left out." if found.undated else ""
        with st.container(horizontal=True, vertical_alignment="center"):
            table = pd.DataFrame(found.days, columns=["day", "rows"])
            downloads.table(table, "rows_by_day")
            st.caption(
                f"Rows by day of {draft.zone}: {sum(rows for _, rows in found.days):,} rows on "
                f"{plural(len(found.days), 'day')}; {plural(rest, 'day')} to be watched.{undated}{part}"
            )
