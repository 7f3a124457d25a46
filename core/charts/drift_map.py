"""Drift of many columns over time: how far each moved in each window, and what alarmed."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from core.analysis.drift_map import DriftMap
from core.charts import theme

ROW, FRAME, LEAST = 22, 90, 190
CROWDED = 60
TOP = 0.5
"""Effects from here on share the darkest colour (nats)."""
MARKS = (
    ("broken", "unusable values", "x-thin", 5),
    ("drifted", "drifted", "diamond", 2),
    ("alarm", "one alarm", "circle-open", 2),
)


def drift_map(found: DriftMap, labels: Sequence[str], *, rows: Sequence[int]) -> go.Figure:
    """A row a column, a cell a window. labels: of the windows.  rows: columns shown, the first at the top.

    The colour is PSI0; a glyph says what it meant: an alarm, drift that persisted, unusable values.
    """
    shown = np.asarray(rows, dtype=np.int64)
    names = [f"{theme.said(found.names[at], 32)}" for at in shown.tolist()]
    ys = theme.apart(names)
    effect = found.effect[shown]
    text = _texts(found, shown, labels)
    traces: list[dict[str, Any]] = [
        {
            "type": "heatmap", "x": list(labels), "y": ys, "z": np.clip(effect, 0.0, TOP), "zmin": 0.0, "zmax": TOP,
            "xgap": 1 if len(labels) > 45 else 2, "ygap": 2, "text": text, "hovertemplate": "%{text}<extra></extra>",
            "hoverongaps": False,
            "colorbar": {
                "thickness": 8, "outlinewidth": 0, "lenmode": "pixels", "len": 170, "y": 1, "yanchor": "top",
                "title": {"text": "PSI0", "side": "right"},
                "tickvals": [0, 0.1, 0.25, TOP], "ticktext": ["0", "0.1", "0.25", f"{TOP} or more"],
            },
        }
    ]  # fmt: skip
    taken = np.zeros(effect.shape, dtype=np.bool_)
    for field, word, symbol, place in MARKS:
        where = getattr(found, field)[shown] & ~taken
        taken |= where
        if where.any():
            places = [(int(down), int(across)) for down, across in zip(*np.nonzero(where), strict=True)]
            traces.append(
                {
                    "type": "scatter", "mode": "markers", "name": word, "marker": _marker(symbol, place, len(labels)),
                    "x": [labels[across] for _, across in places], "y": [ys[down] for down, _ in places],
                    "text": [text[down][across] for down, across in places],
                    "customdata": [found.keys[int(shown[down])][1] for down, _ in places],
                    "hovertemplate": "%{text}<extra></extra>",
                }
            )  # fmt: skip
    height = max(LEAST, FRAME + ROW * len(shown))
    return go.Figure(
        traces,
        theme.layout(
            height,
            showlegend=len(traces) > 1,
            xaxis={"type": "category", "showgrid": False, "nticks": 12, "tickangle": 0, "side": "bottom",
                   "range": [-0.5, len(labels) - 0.5]},
            yaxis={"type": "category", "range": [len(shown) - 0.5, -0.5], "showgrid": False, "automargin": True,
                   "dtick": 1, "tickfont": {"size": 11}},
            hovermode="closest",
        ),
    )  # fmt: skip


def _marker(symbol: str, place: int, windows: int) -> dict[str, Any]:
    line = {"width": 2 if symbol != "diamond" else 1, "color": theme.colour(place) if symbol != "diamond" else "white"}
    return {"symbol": symbol, "size": 7 if windows <= CROWDED else 5, "color": theme.colour(place), "line": line}


def _texts(found: DriftMap, shown: np.ndarray, labels: Sequence[str]) -> list[list[str]]:
    out = []
    for at in shown:
        name = theme.said(found.names[at])
        row = []
        for window, label in enumerate(labels):
            lines = [f"<b>{name}</b>", label]
            if np.isfinite(found.effect[at, window]):
                lines.append(
                    f"PSI0 {found.effect[at, window]:.3f}, adjusted p {found.adjusted[at, window]:.2g}<br>"
                    f"PSI {found.psi[at, window]:.3f}, Jensen-Shannon {found.jensen_shannon[at, window]:.3f}"
                )
            else:
                lines.append("no values")
            lines.append(f"n = {found.n[at, window]:,}")
            if found.unusable[at, window]:
                lines.append(f"{found.unusable[at, window]:,} of {found.rows[at, window]:,} unusable")
            lines += [word for field, word, _, _ in MARKS if getattr(found, field)[at, window]]
            row.append("<br>".join(lines))
        out.append(row)
    return out
