"""The health of one model's version, on the page Models."""

import streamlit as st

from core.facts.judged import Health
from core.governance.policy import CATEGORIES, CATEGORY_TITLE
from core.services import watching
from core.services.house import House
from core.ui import moments, verdicts
from core.ui.plain import plain
from core.ui.ways import way


def of_model(house: House, ref: str, version: str | None = None) -> None:
    """Five verdicts with their reasons. ref: "source:name".  version: the one shown; None for the model as a whole.

    For a version that is not the one judged: which one is.
    """
    found, name = watching.verdicts(house, [ref]), ref.partition(":")[2]
    with st.container(border=True, key="version_health" if version else "model_health", gap="xsmall"):
        if ref not in found:
            st.markdown("**Health**")
            st.caption("No monitor describes this model's log, so nothing of it is judged.")
            way("monitor_model", "Monitor this model", icon=":material/add_chart:", model=name)
            return
        judged = next(iter(found[ref].values()), None)
        if judged is None:
            st.markdown("**Health**")
            st.caption("A monitor describes its log. It is judged once the log has been read; see the page Sources.")
            way("sources", "Sources", icon=":material/hub:")
            return
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.markdown(
                f"**Health of version {plain(judged.version, 40)}**",
                help=f"The live version, judged by the policy {plain(judged.policy, 60)}, version "
                f"{judged.policy_version}, on {moments.minute(judged.evaluated_ms)}.",
                width="content",
            )
            with st.container(horizontal=True, gap="small", width="content"):
                way("monitoring", "Monitoring", icon=":material/monitoring:", model=name, version=version or "")
                way("fairness", "Fairness", icon=":material/balance:", model=name)
        if version is not None and version != judged.version:
            st.caption(
                f"Version {plain(version, 40)} is not judged: verdicts are on the live version, "
                f"which is version {plain(judged.version, 40)}."
            )
            way(
                "models", f"Open version {plain(judged.version, 40)}", icon=":material/arrow_forward:", model=ref,
                version=judged.version,
            )  # fmt: skip
            return
        for category in CATEGORIES:
            with st.container(horizontal=True, vertical_alignment="top", gap="small"):
                st.markdown(f"{verdicts.ICONS[category]} {CATEGORY_TITLE[category]}", width=150)
                with st.container(width=170):
                    verdicts.verdict(verdicts.outcome_of(found[ref], category))
                st.markdown(_reason(found[ref].get(category)), width="stretch")


def _reason(one: Health | None) -> str:
    if one is None:
        return "It is judged after the next reading of its log."
    basis = [f"n {one.n:,}"] if one.n else []
    if one.from_ms is not None and one.end_ms is not None:
        basis.append(f"{moments.date(one.from_ms)} to {moments.date(one.end_ms - 1)}")
    return f"{plain(one.reason, 600)}{'  ' + chr(10) + ':gray[:small[' + ', '.join(basis) + ']]' if basis else ''}"
