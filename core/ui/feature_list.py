"""The list of features that are watched."""

from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from core.services import features
from core.services.features import ORDERS, RECENT_DAYS, Feature, Order
from core.services.house import House
from core.ui import downloads, moments
from core.ui.badges import Colour
from core.ui.grids import opener, page_of
from core.ui.ways import way

SIGNS: dict[str, tuple[str, Colour]] = {
    "drifted": ("✗ Drifted", "red"),
    "broken": ("! Broken", "red"),
    "alarm": ("▲ Alarm", "orange"),
    "fine": ("✓ Fine", "green"),
    "nothing told": ("– Nothing told", "gray"),
}
ORDER_TITLE: dict[str, str] = {
    "state": "Worst state first", "name": "Name", "effect": "Largest effect first", "unusable": "Most unusable first",
    "alarms": "Most alarms first", "models": "Most models first",
}  # fmt: skip
SHOWN_MODELS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What the list is narrowed to, and its order."""

    text: str
    changed: bool
    order: Order


def nothing_yet() -> None:
    """What to do where no feature is watched."""
    with st.container(border=True, key="no_features"):
        st.subheader("No feature is watched yet", anchor=False)
        st.markdown(
            "A feature is watched once its model has a monitor with a reference, and its log has been read and judged. "
            "Add a monitor and read its log on the page Sources."
        )
        way("monitor_model", "Monitor a model", icon=":material/add_chart:")
        way("sources", "Sources", icon=":material/hub:")


def filters() -> Filters:
    """The controls above the list. Their values stand in the URL."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        text = st.text_input(
            "Search", key="q", type="search", live=True, placeholder="Name of a feature or a model",
            icon=":material/search:", bind="query-params", width=320,
        )  # fmt: skip
        order = st.selectbox(
            "Order", list(ORDERS), format_func=ORDER_TITLE.__getitem__, key="order", bind="query-params", width=210
        )
        changed = st.toggle("Only those that drifted or are broken", key="changed", bind="query-params")
    return Filters(text=text or "", changed=changed, order=order)


def table(house: House, wanted: Filters, *, now_ms: int) -> str | None:
    """A page of the list. Returns the name of the feature that was just clicked."""
    found = features.listing(house, text=wanted.text, changed=wanted.changed, order=wanted.order, now_ms=now_ms)
    total = len(features.names(house))
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.caption(f"{len(found):,} of {total:,} features. Click a name to open it.", width="content")
        if found:
            downloads.table(_frame(found, flat=True), "features", "All features that match, not only this page.")
    if not found:
        with st.container(border=True, key="no_feature"):
            st.markdown("**No feature matches.** Take a filter away, or search for less.")
        return None
    shown = found[page_of(len(found), f"features_page_{hash(wanted)}")]
    C = st.column_config  # noqa: N806
    st.dataframe(
        _frame(shown),
        key="features_grid", hide_index=True, placeholder="", row_height=36, height=min(36 * len(shown) + 38, 720),
        alt="Features with their last state, largest effect, unusable values and alarms",
        column_config={
            "feature": opener("Feature", "features", 170),
            "state": C.MultiselectColumn(
                "Last state", options=[word for word, _ in SIGNS.values()],
                color=[colour for _, colour in SIGNS.values()], width=140,
                help="In the last window of each model's live version, the worst first. Drifted and broken: by the "
                "policy's rules. Alarm: that window alone differs. Nothing told: too few rows, or no reference.",
            ),
            "models": C.NumberColumn("Models", width=68, help="Models whose live version uses it."),
            "effect": C.NumberColumn(
                "Largest effect", format="%.3f", width=105,
                help="PSI0 in nats, of the last windows the largest; 0 or below: no shift beyond what chance brings.",
            ),
            "n": C.NumberColumn("n", format="localized", width=62, help="Rows with a value in that window."),
            "in_model": C.TextColumn("In model", width=140),
            "unusable": C.NumberColumn(
                "Unusable", format="percent", width=85,
                help="Share of rows without a usable value in the last window; of all models the largest.",
            ),
            "rows": C.NumberColumn("of rows", format="localized", width=70, help="All rows of that window."),
            "alarms": C.NumberColumn(
                "Alarms", width=65, help=f"Windows of the last {RECENT_DAYS} days with an alarm, over all models."
            ),
            "windows": C.NumberColumn("of windows", width=85, help=f"Windows of the last {RECENT_DAYS} days."),
            "last": C.DatetimeColumn("Last window ends", format="D MMM YYYY, HH:mm", width=150),
            "named": C.ListColumn("Models that use it", width=320),
        },
    )  # fmt: skip
    click = st.session_state.get("features_open")
    row = click["row"] if click else None
    return shown[row].name if row is not None and row < len(shown) else None


def _frame(found: tuple[Feature, ...], *, flat: bool = False) -> pd.DataFrame:
    """flat: lists as text, for a file."""

    def listed(values: list[str]) -> Any:
        return "; ".join(values) if flat else values

    worst = [feature.worst for feature in found]
    return pd.DataFrame(
        {
            "feature": [feature.name if flat else feature.name[:200] for feature in found],
            "state": [
                listed(list(feature.states) if flat else [SIGNS[state][0] for state in feature.states])
                for feature in found
            ],
            "models": [len(feature.uses) for feature in found],
            "effect": [use.effect if use else None for use in worst],
            "n": [use.n if use else None for use in worst],
            "in_model": [use.model if use else "" for use in worst],
            "unusable": [feature.dirtiest.unusable_share for feature in found],
            "rows": [feature.dirtiest.rows for feature in found],
            "alarms": [feature.alarms for feature in found],
            "windows": [feature.windows for feature in found],
            "last": moments.column([max(use.end_ms for use in feature.uses) for feature in found]),
            "named": [
                listed([use.model for use in feature.uses[: None if flat else SHOWN_MODELS]]) for feature in found
            ],
        }
    )
