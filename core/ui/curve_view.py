"""Curves with their controls: of one run, or of many over each other."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

import numpy as np
import streamlit as st

from core.charts import curves as chart
from core.charts.curves import Axis
from core.services import histories
from core.services.house import House
from core.ui import url
from core.ui.plain import plain

SHOWN_FIRST = 4
MOST_POINTS = 60_000
WORDS: dict[Axis, str] = {"step": "Step", "time": "Elapsed", "wall": "Time"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How curves are drawn."""

    axis: Axis
    log: bool
    smoothing: float


def curves(house: House, names: Mapping[int, str], *, baseline: int | None = None) -> None:
    """The chosen metrics as curves, two a row. names: of the runs by run_no, in the order of colours."""
    run_nos = tuple(names)
    known = histories.keys(house, run_nos)
    with st.container(border=True, key="curves"):
        st.markdown("**Curves**", help="Histories as they were logged. A gap is a value that is not finite.")
        if not known:
            st.caption("No metric history: nothing was logged, or it has not been read from the source yet.")
            return
        chosen, look = _controls(
            [key for key, _ in known],
            [key for key, points in known if points > 1],
            f"metric_list_{zlib.crc32(repr(run_nos).encode())}",
        )
        if not chosen:
            once = not any(points > 1 for _, points in known)
            st.caption("Each metric was logged once: there is no curve. " * once + "Choose a metric to see its points.")
        thinned = max(MOST_POINTS // len(run_nos), 100)
        for first in range(0, len(chosen), 2):
            pair = chosen[first : first + 2]
            for column, key in zip(st.columns(2 if len(chosen) > 1 else 1, gap="small"), pair, strict=False):
                with column:
                    _one(house, names, key, look, min(thinned, 2_000), baseline)


def _controls(keys: list[str], with_curve: list[str], mine: str) -> tuple[list[str], Look]:
    if "metric" not in st.query_params and mine not in st.session_state:
        st.query_params["metric"] = with_curve[:SHOWN_FIRST]
    url.from_url("metric", mine)
    url.known_only(mine, keys)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        chosen = st.multiselect("Metrics", keys, key=mine, placeholder="Choose metrics", width="stretch", wrap=True)
        axis: Axis = st.segmented_control(
            "Across", list(get_args(Axis)), default="step", required=True, format_func=WORDS.__getitem__, key="axis",
            bind="query-params",
        )  # fmt: skip
        smoothing = st.slider(
            "Smoothing", 0.0, 0.99, 0.0, 0.01, key="smoothing", bind="query-params", width=170,
            help="Weight of what came before (exponential moving average, corrected for its start). The line as "
            "logged stays visible behind it.",
        )  # fmt: skip
        log = st.toggle("Log scale", key="log", bind="query-params")
    url.to_url("metric", mine, chosen)
    return chosen, Look(axis=axis or "step", log=log, smoothing=smoothing)


def _one(house: House, names: Mapping[int, str], key: str, look: Look, points: int, baseline: int | None) -> None:
    table = histories.curves(house, tuple(names), key, points)
    st.markdown(f"**{plain(key, 80)}**")
    figure = chart.curves(table, names, axis=look.axis, log=look.log, smoothing=look.smoothing, baseline=baseline)
    st.plotly_chart(figure, key=f"curve_{key}", config={"displayModeBar": False}, alt=f"Curve of {key[:80]}")
    values = table["value"].to_numpy()
    told = []
    logged = sum(dict(zip(table["run_no"].to_pylist(), table["n"].to_pylist(), strict=True)).values())
    told.append(f"{logged:,} points" if logged != 1 else "1 point")
    if logged > len(values):
        told.append(f"{len(values):,} drawn: the lowest and highest of each stretch")
    if odd := int((~np.isfinite(values)).sum()):
        told.append(f"{'at least ' if logged > len(values) else ''}{odd:,} not finite")
    if look.log and (under := int((values <= 0).sum())):
        told.append(f"{under:,} not above 0, so not on a log scale")
    st.caption(" · ".join(told))
