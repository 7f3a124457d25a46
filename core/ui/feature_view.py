"""One feature in all models that use it."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from core.charts import features as charts
from core.governance.attention import DAY_MS, plural
from core.services import find, policy_files
from core.services.features import CHANGED, RECENT_DAYS, Opened, Use
from core.services.house import House
from core.ui import moments, url
from core.ui.chart_frame import Explained, framed
from core.ui.feature_list import SIGNS
from core.ui.grids import grid, moment, opener, text, words
from core.ui.plain import plain
from core.ui.ways import way

PERIODS: Mapping[str, int | None] = {"30": 30, "90": 90, "365": 365, "all": None}
PERIOD_TITLE = {"30": "30 days", "90": "90 days", "365": "A year", "all": "All"}
FIRST_FINDINGS = 20
SEVERITY: dict[str, tuple[str, str, Any]] = {
    "high": ("High", ":material/keyboard_double_arrow_up:", "red"),
    "medium": ("Medium", ":material/keyboard_arrow_up:", "orange"),
    "low": ("Low", ":material/keyboard_arrow_down:", "gray"),
}


def period(now_ms: int) -> int:
    """The start of the days to look at, in ms; -1 for all. The choice stands in the URL."""
    url.one_from_url("period", "period", list(PERIODS), "90")
    st.segmented_control(
        "Windows of the last", list(PERIODS), format_func=PERIOD_TITLE.__getitem__, key="period", required=True
    )
    days = PERIODS[url.one_to_url("period", "period", st.session_state.period, "90") or "90"]
    return -1 if days is None else (now_ms // DAY_MS + 1 - days) * DAY_MS


def course(house: House, opened: Opened) -> None:
    """Models by windows: the effect, with alarms marked."""
    uses = [use for use in opened.uses if use.cells]
    bad = [use for use in opened.uses if use.last.state in CHANGED]
    if not uses:
        st.info("No window of any model lies in this time. Choose a longer one.", icon=":material/date_range:")
        return
    cells = [cell for use in uses for cell in use.cells]
    rule = policy_files.policy(house).data_quality.drift
    sentence = _sentence(len(bad), len(opened.uses))
    rows = [charts.Row(label=f"{use.last.model} v{use.last.version}", cells=use.cells) for use in uses]
    framed(
        "Effect by model and window",
        charts.course(rows, full=rule.at_once),
        key="feature_course",
        sentence=sentence,
        basis=f"{plural(len(cells), 'window')} from {moments.date(min(cell.window_ms for cell in cells))} to "
        f"{moments.date(max(cell.end_ms for cell in cells) - 1)}, n {min(cell.n for cell in cells):,} to "
        f"{max(cell.n for cell in cells):,} a window, each against its model's own reference. Times in UTC.",
        data=_data(uses),
        explained=Explained(
            what="PSI0, the population stability index less what chance alone brings, in nats. 0: no shift.",
            here=f"The strongest colour stands for {rule.at_once:g} and above, from which one window suffices. "
            "✗ drifted, ! broken (too many unusable values), ▲ an alarm of that window alone. An empty cell: "
            "nothing can be told.",
            act="Where several models move in the same days, look for the cause in the data they share.",
        ),
    )


def _sentence(bad: int, models: int) -> str:
    said = "drifted or broken" if bad else "neither drifted nor broken"
    if models == 1:
        return f"One model uses it; in its last window it is {said}."
    if not bad:
        return f"{models:,} models use it; in their last windows it is neither drifted nor broken in any of them."
    return f"{models:,} models use it; in their last windows it is drifted or broken in {bad:,} of them."


def uses(opened: Opened) -> str | None:
    """The models that use it. Returns the one that was just clicked."""
    C = st.column_config  # noqa: N806
    found = opened.uses
    columns: dict[str, tuple[Any, Any]] = {
        "open": (opener("Model", "feature_uses", 170), [use.last.model for use in found]),
        "version": (text("Live version", 90), [use.last.version for use in found]),
        "state": (
            words("Last state", dict(SIGNS.values()), 140),
            [[SIGNS[use.last.state][0]] for use in found],
        ),
        "effect": (
            C.NumberColumn("Effect", format="%.3f", width=85, help="PSI0 of the last window, nats."),
            [use.last.effect for use in found],
        ),
        "n": (
            C.NumberColumn("n", format="localized", width=80, help="Rows with a value in the last window."),
            [use.last.n for use in found],
        ),
        "unusable": (
            C.NumberColumn("Unusable", format="percent", width=90, help="Of all rows of the last window."),
            [use.last.unusable_share for use in found],
        ),
        "reference": (
            C.NumberColumn("In reference", format="percent", width=105, help="Unusable values in the reference."),
            [use.reference_share for use in found],
        ),
        "reference_rows": (
            C.NumberColumn("of rows", format="localized", width=85, help="Rows of the reference."),
            [use.reference_rows or None for use in found],
        ),
        "lately": (
            C.ListColumn("n of the last windows", width=200, help="Rows with a value, the newest last."),
            [[cell.n for cell in use.cells[-5:]] for use in found],
        ),
        "alarms": (
            C.NumberColumn("Alarms", width=75, help=f"Windows of the last {RECENT_DAYS} days with an alarm."),
            [use.last.alarms for use in found],
        ),
        "windows": (C.NumberColumn("of windows", width=95), [use.last.windows for use in found]),
        "last": moment("Last window ends", [use.last.end_ms for use in found]),
    }
    with st.container(border=True, key="feature_models"):
        row = grid(
            columns, key="feature_uses", alt="Models that use the feature, with its last state and reference",
            said="**Models that use it** · click one to see the feature there", empty="",
        )  # fmt: skip
    return found[row].last.model if row is not None else None


def leave_for(model: str, feature: str) -> None:
    """Opens the feature in one model."""
    page = "monitoring" if find.has("monitoring") else "features"
    params = {"model": model, "feature": feature} if page == "monitoring" else {"feature": feature}
    st.switch_page(find.link(page), query_params=params)


def findings(opened: Opened) -> None:
    """Findings that name it."""
    with st.container(border=True, key="feature_findings"):
        st.markdown("**Findings that name it**")
        if not opened.findings:
            st.caption("None. A finding is written when a model breaks a rule of the policy.")
            return
        for one in opened.findings[:FIRST_FINDINGS]:
            word, icon, colour = SEVERITY.get(one.severity, SEVERITY["low"])
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.badge(word, icon=icon, color=colour)
                with st.container(gap=None, width="stretch"):
                    st.markdown(f"**{plain(one.model, 80)}** v{plain(one.version, 40)}: {plain(one.title, 200)}")
                    until = f"until {moments.date(one.cleared_ms)}" if one.cleared_ms is not None else "still broken"
                    st.caption(f"{plain(one.reason, 400)}  \nSince {moments.date(one.first_ms)}, {until}.")
                way("findings", "Open", icon=":material/arrow_forward:", finding=one.finding_id)
        if len(opened.findings) > FIRST_FINDINGS:
            st.caption(f"The newest {FIRST_FINDINGS} of {len(opened.findings):,}. The page Findings has all.")


def _data(uses: list[Use]) -> pd.DataFrame:
    cells = [cell for use in uses for cell in use.cells]
    return pd.DataFrame(
        {
            "model": [cell.model for cell in cells],
            "version": [cell.version for cell in cells],
            "from": moments.column([cell.window_ms for cell in cells]),
            "to": moments.column([cell.end_ms for cell in cells]),
            "n": [cell.n for cell in cells],
            "rows": [cell.rows for cell in cells],
            "unusable": [cell.unusable for cell in cells],
            "effect": [cell.effect for cell in cells],
            "p": [cell.p for cell in cells],
            "state": [charts.state(cell) for cell in cells],
        }
    )
