"""One column's distribution: the reference beside what is served, and its course over windows."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from core.charts import theme
from core.profiles import Floats

MOST = 25


def shares(labels: Sequence[str], reference: Floats, current: Floats, *, height: int = 320) -> go.Figure:
    """Bars side by side. reference, current: (labels,) shares.  The largest are drawn where there are very many."""
    order = np.arange(len(labels))
    if len(labels) > MOST:
        order = np.sort(np.argsort(-np.nan_to_num(np.maximum(reference, current)), kind="stable")[:MOST])
    names = [theme.said(labels[at], 28) for at in order.tolist()]
    traces: list[dict[str, Any]] = [
        {
            "type": "bar", "name": name, "x": names, "y": values[order],
            "marker": {"color": theme.colour(place), "pattern": {"shape": pattern, "fgopacity": 0.5}},
            "hovertemplate": "%{y:.2%}<extra>%{fullData.name}, %{x}</extra>",
        }
        for name, values, place, pattern in (("Reference", reference, 4, "/"), ("Served", current, 0, ""))
    ]  # fmt: skip
    return go.Figure(
        traces,
        theme.layout(
            height, barmode="group", bargap=0.25, bargroupgap=0.06, showlegend=True,
            xaxis={"type": "category", "showgrid": False, "automargin": True},
            yaxis={"tickformat": ".0%", "rangemode": "tozero", "automargin": True},
        ),
    )  # fmt: skip


def course(labels: Sequence[str], values: Mapping[str, Floats], steady: Mapping[str, float]) -> go.Figure:
    """A line a name over the windows; dotted, its level in the reference. Values are shares."""
    traces: list[dict[str, Any]] = []
    for place, (name, told) in enumerate(values.items()):
        line = {
            "type": "scatter", "name": theme.said(name, 22), "legendgroup": str(place), "x": list(labels),
            "hovertemplate": "%{y:.2%}<extra>%{fullData.name}, %{x}</extra>",
        }  # fmt: skip
        traces.append(
            line | {"y": told, "mode": "lines+markers" if len(labels) < 3 else "lines",
                    "line": {"color": theme.colour(place), "width": 2}}
        )  # fmt: skip
        if name in steady:
            traces.append(
                line | {"y": [steady[name]] * len(labels), "mode": "lines", "showlegend": False, "opacity": 0.6,
                        "line": {"color": theme.colour(place), "width": 1, "dash": "dot"},
                        "hovertemplate": "%{y:.2%}<extra>reference</extra>"}
            )  # fmt: skip
    return go.Figure(
        traces,
        theme.layout(
            320, showlegend=True, hovermode="closest",
            xaxis={"type": "date", "showgrid": False, "nticks": 8, "tickangle": 0},
            yaxis={"tickformat": ".0%", "rangemode": "tozero", "automargin": True},
        ),
    )  # fmt: skip


def means(labels: Sequence[str], value: Floats, low: Floats, high: Floats, steady: float | None) -> go.Figure:
    """A mean over windows with its interval; dotted, its level in the reference."""
    x, told = list(labels), np.isfinite(low) & np.isfinite(high)
    band = np.flatnonzero(told)
    traces: list[dict[str, Any]] = [
        {
            "type": "scatter", "name": "95 % interval", "fill": "toself", "mode": "lines", "opacity": 0.18,
            "x": [x[at] for at in band] + [x[at] for at in band[::-1]], "y": [*high[band], *low[band][::-1]],
            "line": {"width": 0, "color": theme.colour(0)}, "fillcolor": theme.colour(0), "hoverinfo": "skip",
        },
        {
            "type": "scatter", "name": "Mean", "mode": "lines+markers", "x": x, "y": value, "marker": {"size": 4},
            "line": {"color": theme.colour(0), "width": 2}, "hovertemplate": "%{y:.5~g}<extra>%{x}</extra>",
        },
    ]  # fmt: skip
    if steady is not None:
        traces.append(
            {
                "type": "scatter", "name": "Reference", "mode": "lines", "x": x, "y": [steady] * len(x),
                "line": {"color": theme.colour(4), "width": 1.5, "dash": "dot"},
                "hovertemplate": "%{y:.5~g}<extra>reference</extra>",
            }
        )  # fmt: skip
    return go.Figure(
        traces,
        theme.layout(
            320, showlegend=True, hovermode="closest",
            xaxis={"type": "date", "showgrid": False, "nticks": 8, "tickangle": 0},
            yaxis={"automargin": True},
        ),
    )  # fmt: skip


def segments(names: Sequence[str], effects: Sequence[float | None], rows: Sequence[int]) -> go.Figure:
    """A bar a segment: how far it moved (PSI0), with its rows."""
    told = [(theme.said(name, 34), effect, n) for name, effect, n in zip(names, effects, rows, strict=True)]
    return go.Figure(
        [
            {
                "type": "bar", "orientation": "h", "y": [name for name, _, _ in told],
                "x": [None if effect is None else max(effect, 0.0) for _, effect, _ in told],
                "marker": {"color": theme.colour(0)}, "text": [f"n = {n:,}" for _, _, n in told],
                "textposition": "outside", "cliponaxis": False,
                "hovertemplate": "PSI0 %{x:.3f}, %{text}<extra>%{y}</extra>",
            }
        ],
        theme.layout(
            110 + 26 * len(told), showlegend=False,
            xaxis={"title": {"text": "PSI0", "font": {"size": 12}}, "rangemode": "tozero"},
            yaxis={"type": "category", "autorange": "reversed", "showgrid": False, "automargin": True},
        ),
    )  # fmt: skip
