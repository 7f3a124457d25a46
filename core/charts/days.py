"""Rows of a log by day, with the days of its reference set apart."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import plotly.graph_objects as go

from core.charts import theme


def rows_by_day(days: Sequence[tuple[date, int]], since: str, until: str) -> go.Figure:
    """One bar a day. since, until: ISO days of the reference, until excluded; "" where there is none in the log."""
    parts: list[dict[str, Any]] = []
    for place, (name, inside) in enumerate((("Watched", False), ("Reference", True))):
        mine = [(day, rows) for day, rows in days if (bool(since) and since <= day.isoformat() < until) == inside]
        if mine:
            parts.append({
                "type": "bar", "name": name, "x": [day.isoformat() for day, _ in mine], "y": [rows for _, rows in mine],
                "marker": {"color": theme.colour(place), "pattern": {"shape": "/" if inside else "", "solidity": 0.25}},
                "hovertemplate": f"%{{x}}<br>%{{y:,}} rows<extra>{name}</extra>",
            })  # fmt: skip
    return go.Figure(
        parts,
        theme.layout(
            220, showlegend=True, barmode="overlay", bargap=0.15,
            xaxis={"type": "date", "showgrid": False, "automargin": True},
            yaxis={"title": {"text": "Rows", "font": {"size": 12}}, "automargin": True, "rangemode": "tozero"},
        ),
    )  # fmt: skip
