"""The sections of the page Monitoring; only the one that is opened is computed."""

from collections.abc import Callable, Mapping

import streamlit as st

from core.services.house import House
from core.ui import (
    monitoring_business,
    monitoring_drift,
    monitoring_performance,
    monitoring_predictions,
    monitoring_quality,
    monitoring_service,
)
from core.ui.monitoring_chosen import Chosen

SECTIONS: Mapping[str, Callable[[House, Chosen], None]] = {
    "Drift": monitoring_drift.draw,
    "Predictions": monitoring_predictions.draw,
    "Data quality": monitoring_quality.draw,
    "Performance": monitoring_performance.draw,
    "Infrastructure": monitoring_service.draw,
    "Business": monitoring_business.draw,
}


def sections(house: House, chosen: Chosen) -> None:
    """The choice of a section, and that section."""
    name = st.segmented_control(
        "Section", list(SECTIONS), default="Drift", required=True, key="section", bind="query-params",
        label_visibility="collapsed",
    )  # fmt: skip
    SECTIONS[name or "Drift"](house, chosen)
