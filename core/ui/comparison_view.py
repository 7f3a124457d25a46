"""Runs side by side: what differs, their curves, and any of their values against each other."""

import zlib
from collections.abc import Sequence
from typing import Any, Literal, get_args

import pandas as pd
import streamlit as st

from core.charts.parallel import parallel
from core.charts.scatter import scatter
from core.errors import NotFound
from core.governance.attention import plural
from core.services import comparison, runs
from core.services.comparison import Cell, Compared, Comparison, Line, difference
from core.services.house import House
from core.ui import basket, url
from core.ui.numbers import short, signed
from core.ui.plain import plain

Show = Literal["Values", "Difference", "Difference in %"]
WORDS = {"run": "Run", "metric": "Metric", "param": "Param", "tag": "Tag", "data": "Data"}
ROW, TALLEST = 34, 620
LONGEST = 300
AXES_FIRST = 7


def selection(house: House) -> list[str]:
    """The runs to compare: what the URL names, else what was picked. Draws the box in which to change them."""
    if "runs" not in st.query_params and basket.picked():
        st.query_params["runs"] = ",".join(basket.picked())
    stated = [ref for ref in st.query_params.get("runs", "").split(",") if ref]
    if st.session_state.get("_url_compared") != stated or "compared" not in st.session_state:
        st.session_state["compared"] = list(dict.fromkeys(stated))[: basket.MOST]
    names = runs.names(house, tuple(dict.fromkeys([*stated, *basket.picked()])))
    chosen = st.multiselect(
        "Runs",
        list(names),
        key="compared",
        format_func=lambda ref: names[ref][:80] or ref[:80],
        max_selections=basket.MOST,
        placeholder="Pick runs on the page Experiments",
        help="In the order in which they were picked.",
    )
    if chosen:
        st.query_params["runs"] = ",".join(chosen)
    elif "runs" in st.query_params:
        del st.query_params["runs"]
    st.session_state["_url_compared"] = list(chosen)
    basket.keep(chosen)
    return chosen


def empty(chosen: Sequence[str]) -> None:
    """What to do when there are not two runs yet."""
    with st.container(border=True, key="nothing_to_compare"):
        st.markdown("**Pick two or more runs.**" if not chosen else "**Pick one more run.**")
        st.caption("Select rows in the table of runs, then choose Compare. Up to 200 fit side by side.")
        st.page_link("pages/experiments.py", label="Go to the runs", icon=":material/science:")


def found(house: House, chosen: Sequence[str]) -> Comparison | None:
    """The comparison; says which runs are no longer here."""
    try:
        compared = comparison.compare(house, tuple(chosen))
    except NotFound as missing:
        st.error(f"**{plain(missing.message)}** {plain(missing.hint)}", icon=":material/search_off:")
        return None
    if compared.missing:
        named = ", ".join(plain(ref, 60) for ref in compared.missing[:5])
        st.warning(f"{plural(len(compared.missing), 'run')} of this link not here (deleted, or never synced): {named}")
    return compared


def baseline(compared: Comparison) -> int:
    """The place of the run that the others are held against."""
    options = [run.ref for run in compared.runs]
    labels = {run.ref: label(run) for run in compared.runs}
    if st.query_params.get("baseline") in labels and "baseline" not in st.session_state:
        st.session_state["baseline"] = st.query_params["baseline"]
    if st.session_state.get("baseline") not in labels:
        st.session_state["baseline"] = options[0]
    chosen = st.selectbox(
        "Baseline", options, key="baseline", format_func=lambda ref: labels[ref][:80], width=280,
        help="Stands first; differences are from it.",
    )  # fmt: skip
    if chosen != options[0] or "baseline" in st.query_params:
        st.query_params["baseline"] = chosen
    return options.index(chosen)


def table(compared: Comparison, base: int) -> tuple[pd.DataFrame, bool]:
    """What differs, one thing a row, one run a column, the baseline pinned."""
    C = st.column_config  # noqa: N806
    order = [base, *(place for place in range(len(compared.runs)) if place != base)]
    with st.container(border=True, key="comparison"):
        with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
            st.markdown("**What differs**", width="stretch")
            show: Show = st.segmented_control(
                "Show", list(get_args(Show)), default="Values", required=True, key="show", bind="query-params",
                label_visibility="collapsed",
            )  # fmt: skip
            everything = st.toggle("Also what is equal", key="all", bind="query-params")
        lines = [line for line in compared.lines if everything or line.differs]
        if show != "Values":
            lines = [line for line in lines if _numeric(line)]
        equal = sum(not line.differs for line in compared.lines)
        frame = {"what": [WORDS[line.kind] for line in lines], "name": [line.key[:LONGEST] for line in lines]}
        config: dict[str, Any] = {
            "what": C.TextColumn("", width=65, pinned=True), "name": C.TextColumn("Name", width=190, pinned=True)
        }  # fmt: skip
        for place in order:
            column = f"run{place}"
            frame[column] = [_cell(line, place, base, show or "Values") for line in lines]
            title = label(compared.runs[place])[:60] + (" (baseline)" if place == base else "")
            config[column] = C.TextColumn(title, width=150, pinned=place == base or None)
        shown = pd.DataFrame(frame)
        if lines:
            st.dataframe(
                shown, hide_index=True, key="comparison_grid", placeholder="", row_height=ROW, column_config=config,
                height=min(ROW * len(lines) + 38, TALLEST), alt="What differs between the runs",
            )  # fmt: skip
        else:
            st.caption("Nothing differs." if show == "Values" else "No number differs.")
        if not everything and equal:
            st.caption(f"{plural(equal, 'line')} equal in all of them left out.")
    titles = {f"run{place}": label(compared.runs[place]) for place in order}
    return shown.rename(columns=titles), bool(lines)


def parallel_view(compared: Comparison) -> None:
    """Parallel coordinates of what varies."""
    numbers = _varying(compared)
    mine = f"axes_{zlib.crc32(repr(sorted(numbers)).encode())}"
    with st.container(border=True, key="parallel"):
        st.markdown("**Parallel coordinates**", help="Drag along an axis to keep only the lines that pass there.")
        if len(numbers) < 2:
            st.caption("Fewer than two params or metrics differ.")
            return
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            if mine not in st.session_state and "axes" not in st.query_params:
                st.query_params["axes"] = _first(numbers)
            url.from_url("axes", mine)
            url.known_only(mine, list(numbers))
            axes = st.multiselect("Axes", list(numbers), key=mine, placeholder="Choose two or more", wrap=True)
            url.to_url("axes", mine, axes)
            metrics = [name for name in axes if not _wordy(numbers[name])]
            colour = st.selectbox("Colour by", metrics, index=len(metrics) - 1 if metrics else None, width=220)
        if len(axes) > 1:
            st.plotly_chart(
                parallel({name: numbers[name] for name in axes}, colour), key="parallel_chart",
                config={"displayModeBar": False}, alt="Parallel coordinates of the runs",
            )  # fmt: skip
        else:
            st.caption("Choose two or more axes.")


def scatter_view(compared: Comparison, base: int) -> None:
    """Any two values against each other."""
    numbers = compared.numbers()
    names = sorted(numbers, key=lambda name: (name not in _varying(compared), not name.startswith("metrics."), name))
    with st.container(border=True, key="scatter"):
        st.markdown("**Scatter**", help="One point a run; the baseline is ringed.")
        if len(names) < 2:
            st.caption("These runs share fewer than two params or metrics.")
            return
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            x = st.selectbox("Across", names, index=min(1, len(names) - 1), key="x", bind="query-params")
            y = st.selectbox("Up", names, index=0, key="y", bind="query-params")
            by = st.selectbox("Colour by", names, index=None, key="colour", bind="query-params", placeholder="None")
        figure = scatter(
            (x, numbers[x]), (y, numbers[y]), [label(run) for run in compared.runs],
            colour=(by, numbers[by]) if by else None, baseline=base,
        )  # fmt: skip
        st.plotly_chart(figure, key="scatter_chart", config={"displayModeBar": False}, alt=f"{y} against {x}"[:200])


def label(run: Compared) -> str:
    """How a run is called here: its number in the selection, and its name."""
    return f"{run.number} · {run.name}"


def _cell(line: Line, place: int, base: int, show: Show) -> str:
    value = line.cells[place]
    if show == "Values" or place == base:
        return _said(value)
    told = difference(_number(value), _number(line.cells[base]))
    if told is None:
        return "–"
    if show == "Difference":
        return signed(told[0])
    return "–" if told[1] is None else f"{signed(told[1] * 100)} %"


def _said(value: Cell) -> str:
    if value is None:
        return "–"
    return short(value, 5) if isinstance(value, float | int) else value[:LONGEST]


def _number(value: Cell) -> Cell:
    if not isinstance(value, str):
        return value
    try:
        return float(value)
    except ValueError:
        return None


def _numeric(line: Line) -> bool:
    return line.kind in ("metric", "param", "run") and any(
        isinstance(_number(cell), float | int) for cell in line.cells
    )


def _varying(compared: Comparison) -> dict[str, tuple[Cell, ...]]:
    differing = {f"{line.kind}s.{line.key}" for line in compared.lines if line.differs}
    return {name: cells for name, cells in compared.numbers().items() if name in differing}


def _first(numbers: dict[str, tuple[Cell, ...]]) -> list[str]:
    """Params first, then metrics, as a search for their influence reads."""
    params = [name for name in numbers if name.startswith("params.")][: AXES_FIRST - 3]
    metrics = [name for name in numbers if name.startswith("metrics.")][: AXES_FIRST - len(params)]
    return params + metrics


def _wordy(cells: Sequence[Cell]) -> bool:
    return any(isinstance(cell, str) for cell in cells)
