"""The sections of the page Monitoring; only the one that is opened is computed."""

from collections.abc import Callable, Mapping

import streamlit as st

from core.services.house import House
from core.ui import monitoring_drift, monitoring_predictions, monitoring_quality
from core.ui.monitoring_chosen import Chosen

SECTIONS: Mapping[str, Callable[[House, Chosen], None]] = {
    "Drift": monitoring_drift.draw,
    "Predictions": monitoring_predictions.draw,
    "Data quality": monitoring_quality.draw,
}


def sections(house: House, chosen: Chosen) -> None:
    """The choice of a section, and that section."""
    name = st.segmented_control(
        "Section", list(SECTIONS), default="Drift", required=True, key="section", bind="query-params",
        label_visibility="collapsed",
    )  # fmt: skip
    SECTIONS[name or "Drift"](house, chosen)
