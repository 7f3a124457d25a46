"""The inference logs: how far each one is profiled, and reading what is new."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from core.governance.attention import plural
from core.services import find, logs
from core.services.house import House, now_ms
from core.services.logs import LogStatus
from core.ui import moments
from core.ui.plain import plain
from core.ui.visit import current

EVERY_S = 1.0
SHOWN = 6
STATES = {"never": "not read yet", "running": "reading", "ok": "ok", "failed": "failed"}


def listing(house: House) -> None:
    """All logs with a monitor file; while one is being read, this part alone is drawn again every second."""
    running = any(status.job for status in logs.statuses(house))
    st.fragment(_listing, run_every=EVERY_S if running else None)(running)


def _listing(was_running: bool) -> None:
    house = current()
    found = logs.statuses(house)
    if was_running and not any(status.job for status in found):
        st.rerun()
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.subheader("Inference logs", anchor=False, width="content")
        with st.container(horizontal=True, gap="small", width="content"):
            if find.may_open(house, "monitor_model") and st.button(
                "Monitor a model", icon=":material/add_chart:", key="monitor_model"
            ):
                st.switch_page(find.link("monitor_model"))
            if found and st.button(
                "Read new rows", icon=":material/sync:", key="read_logs", disabled=any(status.job for status in found)
            ):
                logs.read_all(house)
                st.rerun()
    problems = logs.problems(house)
    for problem in problems:
        st.error(f"**{plain(problem.message, 1_000)}**  \n{plain(problem.hint, 1_000)}", icon=":material/error:")
    if not found:
        if problems:
            return
        st.caption(
            "No log is described yet. **Monitor a model** looks at one and describes it, step by step. So does "
            "`gatehouse profile --init LOG`, which writes a first file into `monitors/`; the README says what can "
            "stand in it."
        )
        return
    st.dataframe(_table(found), hide_index=True, key="logs", column_config=_columns())
    for status in found:
        _remarks(status)
    _schemas(house, [status for status in found if status.windows])
    if house.active == "demo":
        st.caption(
            ":material/school: In the demo's logs scores, features, groups and labels are real: predictions of the "
            "registered models on rows that no version was trained on. Times, latencies, failures, amounts and the "
            "broken rows of 12 November are simulated."
        )


def _table(found: list[LogStatus]) -> dict[str, list[object]]:
    return {
        "model": [status.model for status in found],
        "state": [STATES[status.state] for status in found],
        "rows": [status.rows if status.windows else None for status in found],
        "windows": [plural(status.windows, status.window) if status.windows else "" for status in found],
        "from": [_day(status.from_ms, status.zone) for status in found],
        "to": [_day(status.to_ms, status.zone) for status in found],
        "zone": [status.zone for status in found],
        "versions": [", ".join(status.versions) for status in found],
        "left_out": [status.undated + status.rejected if status.windows else None for status in found],
        "read": [moments.ago(status.read_ms, now_ms()) if status.read_ms else "" for status in found],
    }


def _day(ms: int | None, zone: str) -> str:
    """The day that a window begins on, on the model's own clocks."""
    return "" if ms is None else f"{datetime.fromtimestamp(ms / 1000, ZoneInfo(zone)):%-d %b %Y}"


def _columns() -> Any:
    column = st.column_config
    return {
        "model": column.TextColumn("Model"),
        "state": column.TextColumn("State", width="small"),
        "rows": column.NumberColumn("Rows", format="localized"),
        "windows": column.TextColumn("Profiled", help="Windows of the model's own time zone."),
        "from": column.TextColumn("From"),
        "to": column.TextColumn("To"),
        "zone": column.TextColumn("Time zone"),
        "versions": column.TextColumn("Versions"),
        "left_out": column.NumberColumn(
            "Left out", help="Rows without a readable time and lines that are no rows: counted, and in no profile."
        ),
        "read": column.TextColumn("Last new rows"),
    }


def _schemas(house: House, found: list[LogStatus]) -> None:
    """Where columns came, went or changed their type; the newest changes of each log."""
    lines = []
    for status in found:
        for change in logs.schema_changes(house, status.model)[-SHOWN:]:
            told = [f"{plain(name)} is {plain(now)}, was {plain(was)}" for name, was, now in change.changes.retyped]
            told += [f"{plain(name)} came" for name in change.changes.added]
            told += [f"{plain(name)} went" for name in change.changes.lost]
            day = _day(change.window_ms, status.zone)
            lines.append(f"- {plain(status.model)}, from {day}: {'; '.join(told[:SHOWN])}")
    if lines:
        with st.expander(f"Changes of columns ({len(lines)})", icon=":material/view_column:"):
            st.markdown("\n".join(lines))


def _remarks(status: LogStatus) -> None:
    if status.job and status.job.progress:
        progress = status.job.progress
        share = min(progress.done / progress.total, 1.0) if progress.total else 0.0
        st.progress(share, f"{plain(status.model)}: {progress.phase}")
    if status.error:
        st.error(
            f"**{plain(status.model)}: {plain(status.error, 1_000)}**  \n{plain(status.hint, 1_000)}",
            icon=":material/error:",
        )
