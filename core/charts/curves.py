"""Metric histories as curves, of one run or of many over each other."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import plotly.graph_objects as go
import pyarrow as pa

from core.charts import theme

Axis = Literal["step", "time", "wall"]
TITLES: dict[Axis, str] = {"step": "Step", "time": "Seconds since its first point", "wall": "Time (UTC)"}
LEGEND_MOST, LEGEND_LETTERS = 12, 18
WEBGL_FROM = 8_000


def curves(
    table: pa.Table, names: Mapping[int, str], *, axis: Axis = "step", log: bool = False, smoothing: float = 0.0,
    baseline: int | None = None, height: int = 260,
) -> go.Figure:  # fmt: skip
    """One line a run; gaps where a value is not finite (or not above 0 on a log axis).

    table: run_no, step, time_ms, value, in order.  names: by run_no, in the order of colours.
    smoothing: [0, 1), weight of what came before; the line as logged stays visible behind it.
    baseline: the run that is drawn thicker.
    """
    run_nos = table["run_no"].to_numpy()
    columns = {name: table[name].to_numpy() for name in ("step", "time_ms", "value")}
    webgl = table.num_rows > WEBGL_FROM
    traces: list[dict[str, Any]] = []
    for place, (run_no, name) in enumerate(names.items()):
        mine = run_nos == run_no
        if not mine.any():
            continue
        values = columns["value"][mine].astype(float)
        values[~np.isfinite(values)] = np.nan
        if log:
            values[values <= 0] = np.nan
        line = {
            "type": "scattergl" if webgl else "scatter",
            "x": _across(columns["step"][mine], columns["time_ms"][mine], axis),
            "name": theme.said(name, LEGEND_LETTERS),
            "text": theme.said(name),
            "legendgroup": str(place),
            "line": {
                "color": theme.colour(place), "dash": theme.dash(place),
                "width": 3 if run_no == baseline and len(names) > 1 else 1.6,
            },
            "hovertemplate": "%{y:.6~g} at %{x}<extra>%{text}</extra>",
            "connectgaps": False,
        }  # fmt: skip
        mode = "lines" if len(values) > 1 else "markers"
        if smoothing and len(values) > 1:
            traces.append(line | {"y": values, "mode": mode, "opacity": 0.25, "showlegend": False, "hoverinfo": "skip"})
            traces[-1].pop("hovertemplate")
            values = smoothed(values, smoothing)
        traces.append(line | {"y": values, "mode": mode})
    few = len(traces) > 1 and len(names) <= LEGEND_MOST
    return go.Figure(
        traces,
        theme.layout(
            height + 40 * few,
            showlegend=few,
            hovermode="closest",
            xaxis={"title": {"text": TITLES[axis], "font": {"size": 12}}, "showgrid": False},
            yaxis={"type": "log" if log else "linear", "automargin": True},
        ),
    )


def smoothed(values: Sequence[float] | np.ndarray, weight: float) -> np.ndarray:
    """Exponential moving average, corrected for its start: with a constant series it is that constant.

    weight: [0, 1), share of what came before.  NaN is skipped, and stays NaN in its place.
    Raises ValueError if weight is not in [0, 1).
    """
    if not 0 <= weight < 1:
        raise ValueError(f"weight must be in [0, 1), got {weight}.")
    out, mean, mass = np.full(len(values), np.nan), 0.0, 0.0
    for place, value in enumerate(values):
        if math.isfinite(value):
            mean = weight * mean + (1 - weight) * value
            mass = weight * mass + (1 - weight)
            out[place] = mean / mass
    return out


def _across(steps: np.ndarray, times_ms: np.ndarray, axis: Axis) -> np.ndarray:
    if axis == "step":
        return steps
    if axis == "wall":
        return times_ms.astype("datetime64[ms]")
    elapsed: np.ndarray = (times_ms - times_ms.min()) / 1000
    return elapsed
