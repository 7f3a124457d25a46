"""Shares of unusable values: a row a column, a cell a window, a cross where the policy calls it broken."""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from core.charts import theme

ROW, FRAME, LEAST = 24, 80, 170


def unusable(
    times: Sequence[str], names: Sequence[str], shares: Sequence[Sequence[float | None]],
    texts: Sequence[Sequence[str]], broken: Sequence[tuple[int, int]],
) -> go.Figure:  # fmt: skip
    """shares, texts: (names, times); None where the window has no rows.  broken: (name, time) places of crosses.

    names: untrusted and all different once shortened, or they share a row.
    """
    rows = [theme.said(name, 32) for name in names]
    top = max((share for row in shares for share in row if share is not None), default=0.0)
    traces: list[dict[str, Any]] = [
        {
            "type": "heatmap", "x": list(times), "y": rows, "z": [list(row) for row in shares], "zmin": 0.0,
            "zmax": max(top, 0.01), "xgap": 1, "ygap": 2, "text": [list(row) for row in texts],
            "hovertemplate": "%{text}<extra></extra>", "hoverongaps": False,
            "colorbar": {"thickness": 8, "outlinewidth": 0, "len": 1, "tickformat": ".0%" if top >= 0.05 else ".1%"},
        }
    ]  # fmt: skip
    if broken:
        traces.append(
            {
                "type": "scatter", "mode": "markers", "name": "broken by the policy", "showlegend": True,
                "x": [times[across] for _, across in broken], "y": [rows[down] for down, _ in broken],
                "text": [texts[down][across] for down, across in broken], "hovertemplate": "%{text}<extra></extra>",
                "marker": {"symbol": "x-thin", "size": 8, "line": {"width": 2, "color": theme.colour(2)}},
            }
        )  # fmt: skip
    return go.Figure(
        traces,
        theme.layout(
            max(LEAST, FRAME + ROW * len(rows)),
            showlegend=bool(broken),
            hovermode="closest",
            xaxis={"type": "category", "showgrid": False, "nticks": 10, "tickangle": 0},
            yaxis={"type": "category", "autorange": "reversed", "showgrid": False, "automargin": True, "dtick": 1,
                   "tickfont": {"size": 11}},
        ),
    )  # fmt: skip
