"""The section Data quality: unusable values over time, changed columns, values outside what the reference knows."""

import pandas as pd
import streamlit as st

from core.analysis.intervals import wilson
from core.charts.theme import said
from core.charts.unusable import unusable
from core.facts.judged import DriftCell
from core.governance.attention import named, plural
from core.services import health, logs, monitoring, monitoring_series, policy_files
from core.services.house import House
from core.services.judgement import percent
from core.ui import downloads
from core.ui.chart_frame import Explained, framed
from core.ui.monitoring_chosen import Chosen
from core.ui.monitoring_lines import nothing
from core.ui.plain import plain

PREDICTION = "prediction"
SPAN_SHOWN = 10
OUTSIDE = {"out_of_range_share": "Outside the reference's range", "unseen_share": "Categories the reference lacks"}
EXPLAINED = Explained(
    what="The share of values of a column that cannot be used: missing, not a number, infinite or unreadable.",
    here="A cross marks windows in which the share lies above the reference's by more than the policy allows, beyond "
    "what chance explains.",
    act="Ask whoever fills that column what changed on the first day of the crosses; the model gets no value there.",
)
OUTSIDE_ABOUT = (
    "Values that the reference never had: numbers below its smallest or above its largest one, and categories it does "
    "not know. A model has not learned what to do with them. A share that grows asks for a look at the source, or for "
    "a new reference."
)


def draw(house: House, chosen: Chosen) -> None:
    """Heatmap, schema changes, table of the last window."""
    found = health.drift(
        house, chosen.model, version=chosen.version, name="", from_ms=chosen.from_ms, to_ms=chosen.to_ms
    )  # fmt: skip
    if not found:
        nothing(
            "The windows shown hold no rows of this version that were judged. Choose more windows, or **Read new "
            "rows**."
        )
    else:
        _unusable(house, chosen, found)
    left, right = st.columns([5, 7], gap="small")
    with left:
        _schema(house, chosen)
    with right:
        _outside(house, chosen, found)


def _unusable(house: House, chosen: Chosen, found: tuple[DriftCell, ...]) -> None:
    starts = sorted({cell.window_ms for cell in found})
    labels = [monitoring.label(chosen.monitor, start) for start in starts]
    across = {start: at for at, start in enumerate(starts)}
    sums: dict[tuple[str, str], list[int]] = {}
    for cell in found:
        counts = sums.setdefault((cell.part, cell.name), [0, 0])
        counts[0], counts[1] = counts[0] + cell.unusable, counts[1] + cell.rows
    keys = sorted((key for key, (bad, _) in sums.items() if bad), key=lambda key: -sums[key][0] / sums[key][1])
    rows = sorted(sum(cell.rows for cell in found if (cell.part, cell.name) == key) for key in list(sums)[:1])
    per = rows[0] // len(starts)
    basis = f"n = {per:,} rows in a usual window · {plural(len(labels), 'window')}, {labels[0]} to {labels[-1]}"
    limit = policy_files.policy(house).data_quality.broken
    basis += f" · the policy allows {limit:.0%} above the reference"
    if not keys:
        st.success(
            plain(f"All values of all {plural(len(sums), 'column')} can be used: {basis}.", 400),
            icon=":material/check_circle:",
        )  # fmt: skip
        return
    down = {key: at for at, key in enumerate(keys)}
    shares: list[list[float | None]] = [[None] * len(starts) for _ in keys]
    texts = [[f"{_label(key)}<br>{label}<br>no rows" for label in labels] for key in keys]
    broken, table = [], []
    for cell in found:
        key = (cell.part, cell.name)
        if key not in down or not cell.rows:
            continue
        at, to = down[key], across[cell.window_ms]
        low, high = wilson(cell.unusable, cell.rows)
        shares[at][to] = share = cell.unusable / cell.rows
        texts[at][to] = (
            f"{_label(key)}<br>{labels[to]}<br>{percent(share)} unusable ({percent(low)} to {percent(high)})<br>"
            f"{cell.unusable:,} of {cell.rows:,} values" + ("<br>broken by the policy" if cell.broken else "")
        )
        if cell.broken:
            broken.append((at, to))
        table.append({"column": _name(key), "window": labels[to], "unusable": cell.unusable, "n": cell.rows,
                      "share": share, "low": low, "high": high, "broken": cell.broken})  # fmt: skip
    figure = unusable(labels, [_name(key) for key in keys], shares, texts, broken)
    left_out = len(sums) - len(keys)
    if left_out:
        basis += f" · {plural(left_out, 'column')} without any unusable value left out"
    framed("Unusable values by column", figure, key="unusable", sentence=_sentence(keys, broken, labels), basis=basis,
           data=pd.DataFrame(table), explained=EXPLAINED)  # fmt: skip


def _sentence(keys: list[tuple[str, str]], broken: list[tuple[int, int]], labels: list[str]) -> str:
    if not broken:
        return f"{plural(len(keys), 'column')} had unusable values, none more than the policy allows."
    names = [_name(keys[at]) for at in dict.fromkeys(at for at, _ in broken)]
    windows = sorted({to for _, to in broken})
    now = " The last window is among them." if windows[-1] == len(labels) - 1 else ""
    when = f"{plural(len(windows), 'window')} from {labels[windows[0]]} to {labels[windows[-1]]}"
    if len(windows) == 1:
        when = f"the window of {labels[windows[0]]}"
    return f"Too many unusable values in {named(names, of=len(names))}, in {when}.{now}"


def _name(key: tuple[str, str]) -> str:
    return key[1] or PREDICTION


def _label(key: tuple[str, str]) -> str:
    return f"<b>{said(_name(key))}</b>"


def _schema(house: House, chosen: Chosen) -> None:
    changes = [
        one for one in logs.schema_changes(house, chosen.model) if chosen.from_ms <= one.window_ms < chosen.to_ms
    ]
    with st.container(border=True, height="stretch"):
        st.markdown("**Changed columns**", help="Columns of the log that came, went or changed their type.")
        if not changes:
            st.markdown(":material/check_circle: The log's columns stayed as they are in the windows shown.")
        for one in changes[-SPAN_SHOWN:]:
            words = []
            if one.changes.lost:
                words.append(f"{named(one.changes.lost, of=len(one.changes.lost))} went")
            if one.changes.added:
                words.append(f"{named(one.changes.added, of=len(one.changes.added))} came")
            words += [f"{name} changed from {before} to {now}" for name, before, now in one.changes.retyped[:5]]
            words += [f"and {len(one.changes.retyped) - 5} more"] if len(one.changes.retyped) > 5 else []
            on = monitoring.label(chosen.monitor, one.window_ms)
            st.markdown(f":material/table_edit: **{on}**: {plain('; '.join(words), 400)}.")
        if len(changes) > SPAN_SHOWN:
            st.caption(f"{len(changes) - SPAN_SHOWN} earlier changes are left out.")


def _outside(house: House, chosen: Chosen, found: tuple[DriftCell, ...]) -> None:
    with st.container(border=True, height="stretch"):
        if not found:
            st.markdown("**Values that the reference does not know**")
            st.caption("There is no window to look at.")
            return
        last = max(cell.window_ms for cell in found)
        told = monitoring_series.last_window(house, chosen.model, chosen.version, tuple(OUTSIDE), last)
        known = [one for one in told if one.measured.value]
        table = pd.DataFrame(
            [
                {"column": one.name or PREDICTION, "what": OUTSIDE[one.metric], "share": one.measured.value,
                 "low": one.measured.low, "high": one.measured.high, "n": one.measured.n}
                for one in sorted(known, key=lambda one: -(one.measured.value or 0.0))
            ],
            columns=["column", "what", "share", "low", "high", "n"],
        )  # fmt: skip
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.markdown("**Values that the reference does not know**", help=OUTSIDE_ABOUT, width="content")
            downloads.table(table, "outside")
        on = monitoring.label(chosen.monitor, last)
        if not known:
            held = sum(one.measured.value is not None for one in told)
            st.markdown(f":material/check_circle: None in the last window ({on}); {plural(held, 'column')} looked at.")
            return
        st.dataframe(
            table, hide_index=True, key="outside_table",
            column_config={
                "column": "Column", "what": "What", "n": st.column_config.NumberColumn("n", format="localized"),
                "share": st.column_config.NumberColumn("Share", format="percent"),
                "low": st.column_config.NumberColumn("From", format="percent", help="Lower end, 95 % interval"),
                "high": st.column_config.NumberColumn("To", format="percent", help="Upper end, 95 % interval"),
            },
        )  # fmt: skip
        st.caption(plain(f"Window of {on}. From and to are ends of the 95 % interval; n are usable values."))
