"""One feature opened: the reference beside what was served, its course, its segments, findings that name it."""

import numpy as np
import pandas as pd
import streamlit as st

from core.analysis.drift_map import DriftMap
from core.charts import shares
from core.governance.attention import named, plural
from core.services import monitored_feature, monitoring
from core.services.house import House
from core.services.judgement import percent
from core.services.monitored_feature import MonitoredFeature
from core.ui.chart_frame import Explained, framed
from core.ui.monitoring_chosen import Chosen
from core.ui.plain import plain
from core.ui.ways import way

SPREAD = Explained(
    what="Shares of rows in the cells that the test compares. Cells of numbers hold about equal shares of the "
    "reference.",
    here="Where the plain bar is higher than the hatched one, more rows lie there than in the reference.",
    act="Look at the largest difference first: is that value new, or a default that something upstream fills in?",
)
COURSE = Explained(
    what="The mean of the numbers (with its 95 % interval), or the share of each category, window by window. Dotted: "
    "the reference.",
    here="A step points to a change on that day; a slope to a population that moves.",
    act="Compare the day of a step with releases, campaigns and changes of the log's columns.",
)
PARTS = Explained(
    what="The same distance (PSI0) in each segment, all windows shown taken together, against the segment's own "
    "reference.",
    here="One long bar: the change comes from that segment. All alike: it concerns everybody.",
    act="Ask those who know the segment; a segment without a reference cannot be compared.",
)


def feature(house: House, chosen: Chosen, name: str, found: DriftMap) -> None:
    """Everything known of one feature in the windows shown."""
    told = monitored_feature.feature(house, chosen.model, chosen.version, name, chosen.from_ms)
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.subheader(plain(name, 80), anchor=False, width="content")
        way("features", "In all models", icon=":material/view_column:", feature=name)
    _findings(house, chosen, name)
    if told is None:
        st.info("No window shown holds this feature, or the reference lacks it.", icon=":material/hourglass_empty:")
        return
    labels = [monitoring.label(chosen.monitor, start) for start in told.starts]
    basis = f"n = {told.n:,} values in {plural(len(labels), 'window')}, reference n = {told.reference_n:,}"
    left, right = st.columns(2, gap="small")
    with left:
        figure = shares.shares(told.labels, told.reference, told.current)
        data = {"cell": [*told.labels], "reference": told.reference.tolist(), "served": told.current.tolist()}
        framed("Reference and served", figure, key="feature_shares", sentence=_moved(told), basis=basis, data=data,
               explained=SPREAD)  # fmt: skip
    with right:
        _course(told, labels, basis)
    if told.segments:
        _segments(told, basis)
    at = next((place for place, key in enumerate(found.keys) if key[1] == name), None)
    if at is not None and found.unusable[at].any():
        worst = int(np.argmax(found.unusable[at] / np.maximum(found.rows[at], 1)))
        st.caption(
            plain(
                f"{int(found.unusable[at].sum()):,} of {int(found.rows[at].sum()):,} values were unusable"
                f" ({', '.join(f'{count:,} {kind}' for kind, count in told.unusable.items()) or 'missing'}), most on "
                f"{monitoring.label(chosen.monitor, found.starts[worst])}."
            )
        )
    if told.examples:
        names = [f"{value!r} ({count:,})" for value, count in list(told.examples.items())[:5]]
        st.caption(plain(f"Values that the reference does not know: {', '.join(names)}.", 500))


def _moved(told: MonitoredFeature) -> str:
    gap = told.current - told.reference
    if not np.isfinite(gap).any():
        return "Nothing to compare."
    at = int(np.nanargmax(np.abs(gap)))
    verb = "more" if gap[at] > 0 else "less"
    return (
        f"The largest difference lies at “{told.labels[at]}”: {percent(told.current[at])} of what was served, "
        f"{percent(abs(gap[at]))} {verb} than the reference's {percent(told.reference[at])}."
    )


def _course(told: MonitoredFeature, labels: list[str], basis: str) -> None:
    if told.numeric:
        value, low, high = (told.courses[name] for name in ("mean", "low", "high"))
        figure = shares.means(labels, value, low, high, told.steady.get("mean"))
        known = np.flatnonzero(np.isfinite(value))
        last = f"Its mean was {value[known[-1]]:.4g} in the last window" if known.size else "No window holds a value"
        base = told.steady.get("mean")
        sentence = f"{last}, {base:.4g} in the reference." if base is not None else f"{last}."
    else:
        figure = shares.course(labels, told.courses, told.steady)
        sentence = f"Shares of {named(list(told.courses), of=len(told.courses))} over the windows."
    data = pd.DataFrame({"window": labels, **told.courses})
    framed("Over time", figure, key="feature_course", sentence=sentence, basis=basis, data=data, explained=COURSE)


def _segments(told: MonitoredFeature, basis: str) -> None:
    compared = [one for one in told.segments if one.effect is not None]
    lacking = [one.name for one in told.segments if one.effect is None]
    first = compared[0] if compared else None
    sentence = "No segment has a reference to compare with."
    if first is not None:
        sentence = f"{first.name} moved most: PSI0 {first.effect:.3f}, p = {first.p:.2g}, n = {first.n:,}."
    if lacking:
        sentence += f" Not compared, as the reference lacks them: {named(lacking, of=len(lacking))}."
    names, effects, rows = [one.name for one in compared], [one.effect for one in compared], [one.n for one in compared]
    figure = shares.segments(names, effects, rows)
    data: dict[str, list[object]] = {
        "segment": [one.name for one in told.segments], "psi0": [one.effect for one in told.segments],
        "p": [one.p for one in told.segments], "n": [one.n for one in told.segments],
        "reference_n": [one.reference for one in told.segments],
    }  # fmt: skip
    framed("By segment", figure, key="feature_segments", sentence=sentence, basis=basis, data=data, explained=PARTS)


def _findings(house: House, chosen: Chosen, name: str) -> None:
    for one in monitoring.findings_of(house, chosen.model, name)[:5]:
        state = "over" if one.cleared_ms is not None else "open"
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            way("findings", plain(one.title, 120), icon=":material/flag:", finding=one.finding_id)
            st.caption(plain(f"{state}: {one.reason}", 400), width="stretch")
