"""The fleet's health: a row for each model with five lights, how mature its labels are, and its live version."""

import streamlit as st

from core.facts.judged import Health
from core.governance.attention import plural
from core.governance.policy import CATEGORIES, CATEGORY_TITLE
from core.services import fleet_health, watching
from core.services.fleet_health import Watched
from core.services.house import House
from core.services.watching import Maturity
from core.ui import moments, verdicts
from core.ui.plain import plain
from core.ui.ways import way

PAGE = 10
LIGHT, LABELS, VERSION = 92, 150, 64


def lights(house: House, *, now_ms: int) -> None:
    """Every model with its verdicts, worst first, a page at a time."""
    found = fleet_health.standing(house)
    with st.container(border=True, key="fleet_health", gap="xsmall"):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.markdown(
                f"**Health of models** · {found.sentence}",
                help="Each model's live version, judged by the policy. Worst first. A light says what on hover, and "
                "leads to the model's monitoring.",
                width="content",
            )
            if found.failing:
                way("models", f"List {found.failing:,} failing", icon=":material/filter_list:", health="fail")
        if not found.monitored:
            st.caption("No log is described yet. Describe one, and what it holds is judged after each reading.")
            way("monitor_model", "Monitor a model", icon=":material/add_chart:")
            return
        number = st.pagination(-(-len(found.models) // PAGE), key="health_page") if len(found.models) > PAGE else 1
        shown = found.models[(number - 1) * PAGE : number * PAGE]
        labels = watching.maturity(house, [model.name for model in shown if model.monitored], now_ms=now_ms)
        _head()
        for at, model in enumerate(shown):
            _row(at, model, labels)
        st.caption(
            " · ".join(f"{icon} {word}" for word, icon, _ in verdicts.VERDICTS.values())
            + " · Labels: windows of the live version whose labels are complete."
        )


def _head() -> None:
    with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap="small"):
        st.caption("Model", width="stretch")
        st.caption("Live", width=VERSION)
        st.caption("Labels complete", width=LABELS)
        for category in CATEGORIES:
            st.caption(CATEGORY_TITLE[category], width=LIGHT)


def _row(at: int, model: Watched, labels: dict[str, Maturity | None]) -> None:
    with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap="small", key=f"health_{at}"):
        name = f"**{plain(model.name, 60)}**"
        said = "" if model.ref else "In no registry that is connected; known from its log alone."
        if not model.monitored:
            way("models", name, help="No monitor describes its log.", width="stretch", model=model.ref)
        else:
            way("monitoring", name, help=said or None, width="stretch", model=model.name)
        st.markdown(f":small[v{plain(model.version, 12)}]" if model.version else ":small[–]", width=VERSION)
        st.caption(_labels(model, labels), width=LABELS)
        for category in CATEGORIES:
            _light(model, category)


def _light(model: Watched, category: str) -> None:
    outcome = verdicts.outcome_of(model.verdicts, category)
    word, icon, colour = verdicts.VERDICTS[outcome]
    label = f":{colour}[{icon}]"
    if not model.monitored:
        said = f"**{CATEGORY_TITLE[category]}: not judged.** No monitor describes its log."
        way("models", label, help=said, width=LIGHT, model=model.ref)
        return
    said = _said(model.verdicts[category]) if category in model.verdicts else "It is judged after the next reading."
    page = "fairness" if category == "fairness" and outcome in ("pass", "fail") else "monitoring"
    way(page, label, help=f"**{CATEGORY_TITLE[category]}: {word}.** {said}", width=LIGHT, model=model.name)


def _said(one: Health) -> str:
    since = f" {plural(one.n, 'row')} to {moments.date(one.end_ms)}." if one.end_ms is not None and one.n else ""
    return f"{plain(one.reason, 400)}{since}"


def _labels(model: Watched, labels: dict[str, Maturity | None]) -> str:
    if model.name not in labels or not model.monitored:
        return "–"
    found = labels[model.name]
    if found is None:
        return "no labels"
    return f"{found.share:.0%} ({found.complete:,} of {found.windows:,})"
