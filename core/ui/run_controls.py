"""What narrows, sorts and shapes the table of runs. All of it stands in the URL."""

from dataclasses import dataclass

import streamlit as st

from core.query.ast import Field
from core.query.fields import ATTRIBUTES
from core.query.text import field_text
from core.services import runs
from core.services.house import House
from core.services.runs import RunQuery
from core.ui import search_box, url

MOST_OPTIONS = 3_000
SORTED_BY_DEFAULT = "start_time"
WAYS = {"descending": "desc", "ascending": "asc"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What to show and how. group: fields to group by.  spark: metric whose history is drawn; "" for none."""

    query: RunQuery
    group: tuple[str, ...]
    spark: str
    pinned: tuple[str, ...]


def controls(house: House) -> Shape:
    """Draws the controls and returns what they say."""
    if narrowed := st.session_state.pop("_open_group", None):
        before = st.session_state.get("q") or ""
        st.session_state["q"] = f"({before}) and {narrowed}" if before.strip() else narrowed
        st.session_state["group_list"] = []
        del st.query_params["group"]
        st.session_state["_url_group_list"] = []
    left, right = st.columns([4, 9], gap="small")
    with left:
        chosen = _experiments(house)
    with right:
        text = search_box.box()
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        deleted = bool(st.session_state.get("deleted", st.query_params.get("deleted") == "true"))
        here = runs.keys(house, chosen, deleted)
        names = [field_text(Field("metric", key)) for key in here.metrics[:MOST_OPTIONS]]
        params = [field_text(Field("param", key)) for key in here.params[:MOST_OPTIONS]]
        tags = [field_text(Field("tag", key)) for key in here.tags[:MOST_OPTIONS]]
        sorts = [SORTED_BY_DEFAULT, "duration", "name", "user", *names, *params]
        url.known_value("sort", sorts)
        url.known_value("way", list(WAYS))
        url.known_value("spark", here.metrics[:MOST_OPTIONS])
        sort = st.selectbox(
            "Sort by",
            sorts,
            key="sort",
            bind="query-params",
            width=210,
        )
        way = st.selectbox("Order", list(WAYS), key="way", bind="query-params", width=130)
        group = _many("Group by", "group", [*params, "user", "experiment_id", "git_commit"], "One row a run", width=260)
        spark = st.selectbox(
            "Sparkline", list(here.metrics[:MOST_OPTIONS]), index=None, key="spark", bind="query-params",
            placeholder="None", width=180, help="Draws this metric's history in the table.",
        )  # fmt: skip
        with st.popover("Columns", icon=":material/view_column:", key="columns_popover"):
            columns = _many(
                "Columns", "column", [*names, *params, *tags, *ATTRIBUTES],
                "The most frequent metrics, and params that vary", width="stretch", new=True,
            )  # fmt: skip
            pinned = _many(
                "Pinned at the left",
                "pin",
                list(columns) or [*names[:20], *params[:20]],
                "The run alone",
                width="stretch",
            )
            st.toggle("Show deleted runs", key="deleted", bind="query-params")
    order = f"{sort} {WAYS[way]}"
    query = RunQuery(text=text, order=order, experiments=chosen, columns=columns, deleted=deleted)
    return Shape(query=query, group=group, spark=spark or "", pinned=pinned)


def page_number(shape: Shape) -> int:
    """The page asked for; the first whenever something else is shown than before."""
    before = st.session_state.get("_shape")
    st.session_state["_shape"] = shape
    if before not in (None, shape):
        _forget_page()
    stated = st.session_state.get("page", st.query_params.get("page", "1"))
    return max(int(stated), 1) if str(stated).isdecimal() and len(str(stated)) < 9 else 1


def first_page() -> None:
    """Goes back to the first page: the one asked for is behind the last."""
    _forget_page()
    st.rerun()


def _forget_page() -> None:
    st.session_state.pop("page", None)
    if "page" in st.query_params:
        del st.query_params["page"]


def _experiments(house: House) -> tuple[str, ...]:
    known = {found.ref: found for found in runs.experiments(house) if found.lifecycle == "active" or found.runs}
    url.from_url("experiment", "experiment_list")
    url.known_only("experiment_list", list(known))
    chosen = st.multiselect(
        "Experiments", list(known), key="experiment_list", placeholder="All experiments",
        format_func=lambda ref: f"{known[ref].name[:80]}  ·  {known[ref].runs:,}",
    )  # fmt: skip
    url.to_url("experiment", "experiment_list", chosen)
    return tuple(chosen)


def _many(
    label: str, name: str, options: list[str], empty: str, *, width: int | str, new: bool = False
) -> tuple[str, ...]:
    key = f"{name}_list"
    url.from_url(name, key)
    options = list(dict.fromkeys([*st.session_state[key], *options])) if new else options
    if not new:
        url.known_only(key, options)
    values = st.multiselect(label, options, key=key, placeholder=empty, width=width)  # type: ignore[arg-type]
    url.to_url(name, key, values)
    return tuple(values)
