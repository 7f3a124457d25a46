"""Any two values of some runs against each other."""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from core.charts import theme
from core.charts.parallel import SCALE

Cell = str | float | None


def scatter(
    x: tuple[str, Sequence[Cell]], y: tuple[str, Sequence[Cell]], names: Sequence[str], *,
    colour: tuple[str, Sequence[Cell]] | None = None, baseline: int | None = None,
) -> go.Figure:  # fmt: skip
    """One point a run that has both values. Words make an axis of categories, numbers a linear one.

    x, y, colour: name and one cell a run.  baseline: the place of the run that is ringed.
    """
    both = [i for i in range(len(names)) if x[1][i] is not None and y[1][i] is not None]
    marker: dict[str, Any] = {"size": 10, "opacity": 0.85, "color": theme.colour(0)}
    marker["line"] = {"width": [3 if i == baseline else 0 for i in both], "color": theme.colour(2)}
    told = f"{theme.said(x[0], 40)}: %{{x}}<br>{theme.said(y[0], 40)}: %{{y}}"
    if colour:
        cells = [colour[1][i] for i in both]
        told += f"<br>{theme.said(colour[0], 40)}: %{{customdata}}"
        if any(isinstance(cell, str) for cell in cells):
            order = sorted({str(cell) for cell in cells})
            marker["color"] = [theme.colour(order.index(str(cell))) for cell in cells]
        else:
            marker |= {
                "color": cells,
                "colorscale": SCALE,
                "showscale": True,
                "colorbar": {
                    "thickness": 8,
                    "outlinewidth": 0,
                    "title": {"text": theme.said(colour[0], 30), "side": "right"},
                },
            }
    trace = {
        "type": "scatter", "mode": "markers", "x": [_place(x[1][i]) for i in both],
        "y": [_place(y[1][i]) for i in both],
        "text": [theme.said(names[i]) for i in both], "marker": marker,
        "customdata": ["none" if not colour or colour[1][i] is None else theme.said(str(colour[1][i])) for i in both],
        "hovertemplate": f"<b>%{{text}}</b><br>{told}<extra></extra>",
    }  # fmt: skip
    return go.Figure(
        [trace], theme.layout(380, showlegend=False, xaxis=_axis(*x, grid=False), yaxis=_axis(*y, grid=True))
    )


def _place(cell: Cell) -> Cell:
    return theme.said(cell, 200) if isinstance(cell, str) else cell


def _axis(name: str, cells: Sequence[Cell], *, grid: bool) -> dict[str, Any]:
    words = any(isinstance(cell, str) for cell in cells)
    return {
        "title": {"text": theme.said(name), "font": {"size": 12}}, "type": "category" if words else "linear",
        "showgrid": grid, "automargin": True,
    }  # fmt: skip
