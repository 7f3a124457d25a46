"""Choosing what the page Fairness shows, and what it says where there is nothing to show."""

from dataclasses import dataclass

import streamlit as st

from core.errors import NotFound
from core.services import fairness_view, find
from core.services.fairness_view import Choices, Family, Watched
from core.services.house import House
from core.ui import fairness_words as words
from core.ui import url
from core.ui.plain import plain

MOST_WINDOWS = 400
YAML = """protected:
  sex:
    column: SEX          # a column of the log
  age:
    column: AGE
    bands: [30, 50]      # numbers are put into bands
intersections:
  - [sex, age]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picked:
    """What is looked at."""

    known: Choices
    version: str
    family: Family
    windows: int


def pick(house: House) -> Picked | None:
    """The controls, kept in the URL; None where nothing can be shown, which is then said."""
    watched = fairness_view.models(house)
    asked = st.query_params.get("model", "")
    usable = [one.model for one in watched if not one.why]
    others = [one.model for one in watched if one.why and one.model == asked]
    if asked and asked not in {one.model for one in watched}:
        _missing(asked)
        return None
    if not usable and not others:
        _no_groups(watched)
        return None
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="fairness_controls"):
        models = [*usable, *others]
        url.one_from_url("model", "fair_model", models, models[0])
        model = st.selectbox("Model", models, key="fair_model", width=240) or models[0]
        url.one_to_url("model", "fair_model", model, None)
        known = fairness_view.choices(house, model)
        if known.why:
            _cannot(known)
            return None
        names = [one.name for one in known.versions]
        url.one_from_url("version", "fair_version", names, known.live)
        version = st.selectbox(
            "Version", names, key="fair_version", width=210, format_func=lambda name: words.version_title(known, name)
        )
        url.one_to_url("version", "fair_version", version, known.live)
        titles = {" x ".join(family): family for family in known.families}
        first = next(iter(titles))
        url.one_from_url("by", "fair_by", list(titles), first)
        by = st.segmented_control("Groups by", list(titles), key="fair_by", required=True, format_func=plain)
        url.one_to_url("by", "fair_by", by, first)
        windows = _windows(known)
    return Picked(known=known, version=version or known.live, family=titles[by or first], windows=windows)


def _windows(known: Choices) -> int:
    said = st.query_params.get("windows", "")
    asked = int(said) if said.isdecimal() and len(said) < 4 else known.windows
    if st.session_state.get("_url_fair_windows") != said or "fair_windows" not in st.session_state:
        st.session_state["fair_windows"] = min(max(asked, 1), MOST_WINDOWS)
    found = int(
        st.number_input(
            "Last windows", 1, MOST_WINDOWS, step=1, key="fair_windows", width=120,
            help=f"That many last windows (of a {known.length}) are judged together. The policy says {known.windows}.",
        )
    )  # fmt: skip
    url.one_to_url("windows", "fair_windows_said", str(found), str(known.windows))
    st.session_state["_url_fair_windows"] = st.query_params.get("windows", "")
    return found


def _missing(model: str) -> None:
    with st.container(border=True, key="fairness_missing"):
        st.markdown(f":material/search_off: **There is no monitor for {plain(model, 80)} here.**")
        st.caption("It may have been renamed, or belong to a project that you have no role in.")
        st.page_link("pages/fairness.py", label="All models with groups", icon=":material/arrow_back:")


def _no_groups(watched: tuple[Watched, ...]) -> None:
    with st.container(border=True, key="fairness_empty"):
        st.subheader("No monitored model names protected attributes yet", anchor=False)
        if not watched:
            st.markdown("No inference log is described yet. Fairness is judged from logs, group by group.")
        else:
            st.markdown("Fairness is judged group by group. A monitor says which columns make the groups:")
            st.code(YAML, language="yaml")
        _to_monitor("")


def _cannot(known: Choices) -> None:
    with st.container(border=True, key="fairness_cannot"):
        st.markdown(f":material/remove: **Not applicable.** {plain(known.why)}")
        if not known.families and "task" not in known.why:
            st.markdown("Write which columns make the groups into its monitor, then profile its log again:")
            st.code(YAML, language="yaml")
        elif "task" in known.why:
            st.caption(
                "For classes and numbers, look at errors by group on the page Monitoring; limits on decisions need two "
                "classes and a threshold."
            )
        _to_monitor(known.model)


def _to_monitor(model: str) -> None:
    """The way to the page that writes monitors."""
    try:
        path = find.link("monitor_model")
    except NotFound:
        st.page_link("pages/sources.py", label="Inference logs and their monitors", icon=":material/hub:")
        return
    params = {"model": model} if model else None
    st.page_link(path, label="Monitor a model", icon=":material/add_chart:", query_params=params)
