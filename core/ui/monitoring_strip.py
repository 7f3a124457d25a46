"""The five verdicts of a model side by side, each with its reason and the way to what stands behind it."""

import streamlit as st

from core.governance.policy import CATEGORIES, CATEGORY_TITLE
from core.services import health, monitoring
from core.services.house import House
from core.ui import moments, verdicts
from core.ui.monitoring_chosen import Chosen
from core.ui.plain import plain
from core.ui.ways import way

BEHIND: dict[str, tuple[str, ...]] = {
    "data_quality": ("Drift", "Data quality"),
    "performance": ("Performance",),
    "infrastructure": ("Infrastructure",),
    "business": ("Business",),
}
"""Category -> sections of this page that hold its numbers; fairness has a page of its own."""


def strip(house: House, chosen: Chosen) -> None:
    """A card a category."""
    found = health.of_model(house, chosen.model)
    if not found:
        st.info(
            "This model has not been judged yet. **Read new rows** judges it too; `gatehouse evaluate` does it alone.",
            icon=":material/help:",
        )
        return
    for column, category in zip(st.columns(len(CATEGORIES), gap="small"), CATEGORIES, strict=True):
        with column.container(border=True, height="stretch", key=f"card_{category}", gap="xsmall"):
            one = found.get(category)
            st.markdown(f"{verdicts.ICONS[category]} **{CATEGORY_TITLE[category]}**")
            verdicts.verdict(verdicts.outcome_of(found, category))
            if one is None:
                continue
            st.caption(plain(one.reason, 400))
            if one.from_ms is not None and one.end_ms is not None:
                first = monitoring.label(chosen.monitor, one.from_ms)
                last = monitoring.label(chosen.monitor, one.end_ms - 1)
                st.caption(plain(f"n = {one.n:,} · {first}" + (f" to {last}" if last != first else "")))
            if one.outcome != "not applicable":
                _behind(category, chosen.model)
    one = next(iter(found.values()))
    st.caption(
        plain(
            f"Judged {moments.minute(one.evaluated_ms)} by the policy {one.policy}, version {one.policy_version}. "
            "Pass and fail need an interval that lies clearly on one side of the limit."
        )
    )
    for each in (one for verdict in found.values() for one in verdict.details if one["metric"] == "forecast"):
        st.warning(plain(str(each["why"]), 400), icon=":material/trending_up:")


def _behind(category: str, model: str) -> None:
    """Buttons that open the sections of a category; a link to the page Fairness."""
    if category not in BEHIND:
        way("fairness", "Fairness", icon=":material/arrow_forward:", model=model)
        return
    with st.container(gap=None):
        for section in BEHIND[category]:
            st.button(
                section, icon=":material/arrow_downward:", key=f"open_{section}", type="tertiary", on_click=_open,
                args=(section,), help=f"Opens the section {section} below.",
            )  # fmt: skip


def _open(section: str) -> None:
    """Before the page is drawn again: the choice of a section below takes this as its value, and the URL too."""
    st.session_state["section"] = section
