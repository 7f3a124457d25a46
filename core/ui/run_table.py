"""The table of runs and of groups of runs."""

import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from core.query.ast import Comparison, Field, Presence, Text
from core.query.text import field_text, to_text
from core.services import runs
from core.services.house import House
from core.services.runs import Found, Groups, RunQuery
from core.ui import basket, moments
from core.ui.numbers import cell_column, duration
from core.ui.plain import plain

STATUSES = {
    "FINISHED": ("Finished", "green"), "RUNNING": ("Running", "blue"), "SCHEDULED": ("Scheduled", "gray"),
    "FAILED": ("Failed", "red"), "KILLED": ("Killed", "orange"),
}  # fmt: skip
ROW = 36
TALLEST = 700
LONGEST = 200


def grid(house: House, found: Found, *, spark: str, pinned: Sequence[str], several: bool, key: str) -> str | None:
    """The page of runs. Selected rows go to the basket; returns the ref of a run whose name was clicked."""
    C = st.column_config  # noqa: N806
    table = found.table.to_pydict()
    refs = [f"{source}:{run_id}" for source, run_id in zip(table["source"], table["run_id"], strict=True)]
    frame: dict[str, Any] = {
        "run": [(name or run_id)[:LONGEST] for name, run_id in zip(table["name"], table["run_id"], strict=True)],
        "status": [[STATUSES.get(status or "", (status or "?", "gray"))[0]] for status in table["status"]],
    }
    config: dict[str, Any] = {
        "run": C.ButtonColumn("Run", pinned=True, alignment="left", type="tertiary", key=f"open_{key}", width=210),
        "status": C.MultiselectColumn(
            "Status", options=[word for word, _ in STATUSES.values()], color=[c for _, c in STATUSES.values()], width=92
        ),
    }
    if spark:
        lines = runs.sparks(house, tuple(table["run_no"]), spark)
        frame["spark"] = [line if len(line := lines.get(number, [])) > 1 else None for number in table["run_no"]]
        config["spark"] = C.LineChartColumn(
            f"{spark[:40]} over steps", width=150, color="blue", help="Finite points only, each line on its own scale."
        )
    for number, field in enumerate(found.columns):
        name = field_text(field)
        frame[name] = _values(field, table[f"c{number}"])
        config[name] = _column(field, frame[name], pinned=name in pinned)
    if several:
        frame["experiment"] = [name[:LONGEST] for name in table["experiment"]]
        config["experiment"] = C.TextColumn("Experiment", width=180)
    frame["tags"] = [_badges(tags) for tags in table["tags"]]
    config["tags"] = C.ListColumn("Tags", width=230, help="Tags of the house; MLflow's own are on the run's page.")
    frame["user"] = [(user or "")[:LONGEST] for user in table["user_name"]]
    config["user"] = C.TextColumn("User", width=100)
    frame["started"] = moments.column(table["started_ms"])
    config["started"] = C.DatetimeColumn("Started", format="D MMM YYYY, HH:mm", width=145)
    frame["took"] = [duration(start, end) for start, end in zip(table["started_ms"], table["ended_ms"], strict=True)]
    config["took"] = C.TextColumn("Took", width=85, alignment="right")
    chosen = set(basket.picked())
    event = st.dataframe(
        pd.DataFrame(frame),
        key=key,
        hide_index=True,
        placeholder="",
        row_height=ROW,
        height=min(ROW * max(len(refs), 1) + 38, TALLEST),
        column_config=config,
        on_select="rerun",
        selection_mode="multi-row",
        alt="Runs with their metrics and params",
        selection_default={
            "selection": {"rows": [i for i, ref in enumerate(refs) if ref in chosen], "columns": [], "cells": []}
        },
    )
    basket.update(refs, [refs[row] for row in event["selection"]["rows"] if row < len(refs)])
    click = st.session_state.get(f"open_{key}")
    return refs[click["row"]] if click and click["row"] is not None and click["row"] < len(refs) else None


def groups(found: Groups, key: str) -> int | None:
    """The table of groups; returns the number of the group whose runs are asked for."""
    C = st.column_config  # noqa: N806
    table = found.table.to_pydict()
    frame: dict[str, Any] = {"open": [f"{n:,} run{'s' if n != 1 else ''}" for n in table["runs"]]}
    config: dict[str, Any] = {
        "open": C.ButtonColumn("Runs", pinned=True, alignment="left", type="tertiary", key=f"open_{key}", width=90)
    }
    for number, field in enumerate(found.by):
        name = field_text(field)
        frame[name] = ["–" if v is None else str(v)[:LONGEST] for v in table[f"by{number}"]]
        config[name] = C.TextColumn(field.key[:60], width=130, pinned=True)
    for number, field in enumerate(found.metrics):
        name = field_text(field)
        frame[name], frame[f"{name} sd"] = table[f"mean{number}"], table[f"sd{number}"]
        frame[f"{name} n"] = table[f"n{number}"]
        config[name] = C.NumberColumn(f"{field.key[:40]}, mean", format="%.4g", width=_width(field.key + ", mean"))
        config[f"{name} sd"] = C.NumberColumn(
            "± SD", format="%.2g", width=80, help="Of the runs, n − 1; empty for one."
        )
        config[f"{name} n"] = C.NumberColumn("n", width=55, help="Runs with a finite value.")
    st.dataframe(
        pd.DataFrame(frame),
        key=key,
        hide_index=True,
        placeholder="",
        row_height=ROW,
        column_config=config,
        height=min(ROW * max(len(frame["open"]), 1) + 38, TALLEST),
        alt="Groups of runs with mean and standard deviation",
    )
    click = st.session_state.get(f"open_{key}")
    return click["row"] if click and click["row"] is not None and click["row"] < len(frame["open"]) else None


def _values(field: Field, values: Sequence[Any]) -> Any:
    if field.kind == "metric":
        return cell_column(values)
    if field.key in ("start_time", "end_time"):
        return moments.column(values)
    if field.key == "duration":
        return [duration(0, ms) for ms in values]
    return [None if value is None else str(value)[:LONGEST] for value in values]


def _column(field: Field, values: Any, *, pinned: bool) -> Any:
    C = st.column_config  # noqa: N806
    label = field.key if field.kind != "tag" else f"tag {field.key}"
    text = any(isinstance(value, str) for value in values) if isinstance(values, list) else False
    if field.kind == "metric" and not text:
        return C.NumberColumn(label[:60], format="%.4g", width=_width(label), pinned=pinned or None)
    if field.key in ("start_time", "end_time"):
        return C.DatetimeColumn(label, format="D MMM YYYY, HH:mm", width=145, pinned=pinned or None)
    right = field.kind in ("metric", "param")
    return C.TextColumn(label[:60], width=_width(label), pinned=pinned or None, alignment="right" if right else "left")


def _width(label: str) -> int:
    """Pixels in which a heading can be read."""
    return min(max(7 * len(label) + 28, 90), 210)


def _badges(tags: Mapping[str, str] | Sequence[tuple[str, str]]) -> list[str]:
    pairs = tags.items() if isinstance(tags, Mapping) else tags
    return [f"{key}: {value}"[:60] for key, value in pairs if not key.startswith("mlflow.")][:6]


def grid_key(found: Found | Groups) -> str:
    """A key that changes with the rows that are shown, so that a selection never slips to others."""
    rows = found.table["run_no"] if isinstance(found, Found) else found.table["last_ms"]
    return f"runs_{zlib.crc32(repr(rows.to_pylist()).encode())}_{len(found.table.columns)}"


def summary(found: Found | Groups, query: RunQuery, group: Sequence[str]) -> None:
    """How many there are."""
    what = "groups" if group else "runs"
    st.caption(
        f"{found.total:,} {what if found.total != 1 else what[:-1]}"
        + (" with deleted ones" if query.deleted else "")
        + (". Select rows to compare, click a name to open." if not group else ". Click a count to see its runs.")
    )


def nothing(house: House, query: RunQuery, *, now_ms: int) -> None:
    """An empty table that says why: which part of the search leaves nothing."""
    with st.container(border=True, key="no_runs"):
        st.markdown("**No run matches.**")
        for part, count in runs.parts_found(house, query, now_ms=now_ms):
            st.caption(f"{plain(part, 160)} alone finds {count:,}.")
        if query.text:
            st.button("Clear the search", icon=":material/backspace:", key="clear_q", on_click=_clear_search)
        elif not runs.experiments(house):
            st.caption("Nothing has been synced yet: see Sources.")


def open_group(found: Groups, row: int) -> None:
    """Shows the runs of a group: its values become part of the search."""
    values = [found.table[f"by{number}"][row].as_py() for number in range(len(found.by))]
    nodes = [
        Presence(field, False) if value is None else Comparison(field, "=", Text(str(value)))
        for field, value in zip(found.by, values, strict=True)
    ]
    st.session_state["_open_group"] = " and ".join(to_text(node) for node in nodes)
    st.rerun()


def _clear_search() -> None:
    st.session_state["q"] = ""
