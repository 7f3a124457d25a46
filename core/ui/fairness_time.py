"""How groups compared over time, and what was judged on the way."""

from datetime import UTC, datetime
from typing import cast
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from core.analysis.group_rates import Rate
from core.charts import fairness as charts
from core.charts.fairness import Dot
from core.services import fairness_history
from core.services.fairness_history import By, Check, History, Of, Point
from core.services.fairness_view import View
from core.services.house import House
from core.ui import fairness_words as words
from core.ui import url
from core.ui.fairness_frame import About, figure
from core.ui.plain import plain
from core.ui.verdicts import VERDICTS

FIRST = 4


def over_time(house: House, seen: View, rate: Rate, of: str, *, now_ms: int) -> None:
    """The gap of each chosen group by window or week, with the limit and the checkpoints."""
    title = words.rates_of(seen.favourable)[rate][0]
    with st.container(border=True, key="fairness_time"):
        controls = st.container(horizontal=True, vertical_alignment="bottom", gap="small")
        by = _by(controls, seen)
        found = fairness_history.history(
            house, seen.model, seen.version, seen.family, seen.rule.windows, rate, cast(Of, of), by, now_ms=now_ms
        )
        rows: dict[str, int] = {}
        for point in found.points:
            rows[point.group] = rows.get(point.group, 0) + point.rows
        names = sorted(rows)
        largest = sorted(rows, key=lambda name: -rows[name])[:FIRST]
        if not any(point.value is not None for point in found.points):
            st.markdown(f"**{title} over time**")
            st.info(
                words.no_labels(seen) if rows else "There is no other group to compare with.",
                icon=":material/hourglass_empty:",
            )
            return
        shown = _groups(controls, names, sorted(largest))
        lines = [(name, [_dot(one, of, seen) for one in found.points if one.group == name]) for name in shown]
        limit = found.limit
        figure(
            charts.course(
                lines, [_check(one, seen) for one in found.checks], title=f"{of.capitalize()}",
                percent=of == "difference", zone=(limit.low, limit.high) if limit else None,
                equal=0.0 if of == "difference" else 1.0,
            ),
            _frame(found, seen), key="time", title=f"{title} over time: {of} to {words.against(seen.against)}",
            about=About(
                what=f"The {of} of each group to {words.against(seen.against)}, one {found.by} at a time, with its "
                "95 % interval. Weeks start on Monday.",
                here="Dotted with open marks: labels are not complete yet, so the figure may still move. Below: what "
                f"was judged over the last {found.windows} windows up to that day, every seventh window.",
                todo="Look for the time when a group left the zone, and for what changed then. One point outside "
                "is no verdict: each has a wide interval, and of many some lie outside by chance.",
            ),
            said=_said(found, seen, shown, len(names)),
            footing=f"n = {sum(rows.values()):,} rows of {len(names)} groups, {found.by} by {found.by} · version "
            f"{plain(seen.version, 40)} · each group against {words.against(seen.against)}"
            + (f" · limit: {words.limit(limit)}" if limit else " · no limit in the policy, so nothing was judged"),
            alt=f"{title} of groups over time",
        )  # fmt: skip


def _by(place: st.delta_generator.DeltaGenerator, seen: View) -> By | None:
    """None: chosen by the sizes of groups."""
    if seen.length == "week":
        return "window"
    options = {"": "Automatic", "window": seen.length.capitalize(), "week": "Week"}
    url.one_from_url("every", "fair_every", list(options), "")
    chosen = place.segmented_control(
        "A point is a", list(options), key="fair_every", required=True, format_func=options.__getitem__,
        help="Automatic: weeks where a window has fewer than 100 rows of a group that is not small itself.",
    )  # fmt: skip
    url.one_to_url("every", "fair_every", chosen, "")
    return cast(By, chosen) if chosen in ("window", "week") else None


def _groups(place: st.delta_generator.DeltaGenerator, names: list[str], first: list[str]) -> list[str]:
    if len(names) <= FIRST:
        return names
    if "group" not in st.query_params and "fair_groups" not in st.session_state:
        st.query_params["group"] = first
    url.from_url("group", "fair_groups")
    url.known_only("fair_groups", names)
    chosen = place.multiselect(
        "Groups drawn", names, key="fair_groups", width="stretch",
        placeholder="The four with most rows",
    )  # fmt: skip
    url.to_url("group", "fair_groups", chosen)
    return chosen or first


def _said(found: History, seen: View, shown: list[str], total: int) -> str:
    drawn = f"{len(shown)} of {total} groups drawn. " if len(shown) < total else ""
    waiting = sum(not one.complete for one in found.points if one.value is not None)
    told = f"{drawn}A point is a {found.by if found.by == 'week' else seen.length}."
    if waiting:
        told += f" {waiting} points rest on labels that are not complete yet."
    if found.checks:
        last = found.checks[-1]
        fails = sum(one.outcome == "fail" for one in found.checks)
        told += (
            f" Judged {len(found.checks)} times on the way, {fails} of them a fail; the last one: "
            f"{VERDICTS[last.outcome][0].lower()}."
        )
    return told


def _dot(one: Point, of: str, seen: View) -> Dot:
    said = (
        f"{words.span((one.start_ms, one.end_ms), seen.zone)}: {words.number(one.value, of)}{words.unit(of)} "
        f"({words.number(one.low, of)} to {words.number(one.high, of)}), n = {one.rows:,} of {one.n:,}"
    )
    middle = (one.start_ms + one.end_ms) // 2
    return Dot(
        at=_iso(middle, seen.zone), value=one.value, low=one.low, high=one.high, complete=one.complete,
        told=said + ("" if one.complete else "; labels incomplete"),
    )  # fmt: skip


def _check(one: Check, seen: View) -> tuple[str, str, str]:
    why = f": {one.why}" if one.why else ""
    said = (
        f"Judged up to {words.day(one.end_ms - 1, seen.zone)}: {VERDICTS[one.outcome][0]}{why} "
        f"({words.windows(one.windows, seen.length)}, n = {one.n:,})"
    )
    return _iso(one.end_ms - 1, seen.zone), one.outcome, said


def _iso(ms: int, zone: str) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).astimezone(ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M")


def _frame(found: History, seen: View) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "group": [one.group for one in found.points],
            "from": [words.day(one.start_ms, seen.zone) for one in found.points],
            "to": [words.day(one.end_ms - 1, seen.zone) for one in found.points],
            found.of: [one.value for one in found.points], "low": [one.low for one in found.points],
            "high": [one.high for one in found.points], "rows": [one.rows for one in found.points],
            "n": [one.n for one in found.points], "labels_complete": [one.complete for one in found.points],
        }
    )  # fmt: skip
