"""One feature across models, window by window."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import plotly.graph_objects as go

from core.charts import theme
from core.facts.judged import DriftCell

ROW = 34
SCALE = [[0.0, "rgba(99, 102, 241, 0.10)"], [0.5, "rgba(99, 102, 241, 0.55)"], [1.0, "rgba(190, 24, 93, 0.95)"]]
GLYPHS = (("drifted", "✗", "Drifted"), ("broken", "!", "Broken"), ("alarm", "▲", "Alarm"))
"""State of a cell, the first that holds: its glyph and its word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The windows of one model. label: untrusted.  cells: oldest first."""

    label: str
    cells: Sequence[DriftCell]


def course(rows: Sequence[Row], *, full: float) -> go.Figure:
    """Effect by model (a row each) and window as coloured cells; alarms as glyphs on them.

    full: the effect, in nats, from which the colour does not grow any more.
    """
    traces = [_cells(at, row) for at, row in enumerate(rows) if row.cells]
    traces += [marks for glyph in GLYPHS if (marks := _marks(rows, *glyph))]
    axis = {
        "tickvals": list(range(len(rows))), "ticktext": [theme.said(row.label, 34) for row in rows],
        "range": [len(rows) - 0.5, -0.5], "showgrid": False, "zeroline": False, "ticks": "", "title": None,
    }  # fmt: skip
    colours = {
        "cmin": 0, "cmax": full, "colorscale": SCALE,
        "colorbar": {
            "title": {"text": "PSI0, nats", "side": "top"}, "orientation": "h", "thickness": 8, "len": 0.22, "x": 1,
            "xanchor": "right", "y": 1.02, "yanchor": "bottom", "outlinewidth": 0, "nticks": 4,
        },
    }  # fmt: skip
    layout = theme.layout(
        ROW * len(rows) + 110, xaxis={"type": "date", "showgrid": False, "title": None}, yaxis=axis, coloraxis=colours,
        hovermode="closest",
    )  # fmt: skip
    return go.Figure(traces, layout)


def state(cell: DriftCell) -> str:
    """The word for a cell's state; "" where it is fine or nothing can be told."""
    return next((word for name, _, word in GLYPHS if getattr(cell, name)), "")


def _cells(at: int, row: Row) -> dict[str, Any]:
    """A model's cells with their own edges in time, so that hours, days and weeks stand side by side."""
    edges: list[int] = []
    values: list[float | None] = []
    said: list[str] = []
    for cell in row.cells:
        if edges and edges[-1] != cell.window_ms:
            edges.append(cell.window_ms)  # no window between the last one and this one
            values.append(None)
            said.append("")
        elif not edges:
            edges.append(cell.window_ms)
        edges.append(cell.end_ms)
        values.append(cell.effect)
        said.append(_said(cell))
    return {
        "type": "heatmap", "x": [_time(ms) for ms in edges], "y": [at - 0.42, at + 0.42], "z": [values],
        "text": [said], "hovertemplate": f"{theme.said(row.label)}<br>%{{text}}<extra></extra>",
        "coloraxis": "coloraxis", "xgap": 1, "name": theme.said(row.label), "hoverongaps": False,
    }  # fmt: skip


def _marks(rows: Sequence[Row], name: str, glyph: str, word: str) -> dict[str, Any] | None:
    before = [other for other, _, _ in GLYPHS[: [each for each, _, _ in GLYPHS].index(name)]]
    found = [
        (at, cell)
        for at, row in enumerate(rows)
        for cell in row.cells
        if getattr(cell, name) and not any(getattr(cell, other) for other in before)
    ]
    if not found:
        return None
    return {
        "type": "scatter", "mode": "text", "x": [_time((cell.window_ms + cell.end_ms) // 2) for _, cell in found],
        "y": [at for at, _ in found], "text": [glyph] * len(found), "textfont": {"size": 11}, "name": f"{glyph} {word}",
        "hoverinfo": "skip", "showlegend": False,
    }  # fmt: skip


def _said(cell: DriftCell) -> str:
    effect = "nothing can be told" if cell.effect is None else f"PSI0 {cell.effect:.3g}"
    sign = state(cell)
    share = f", {cell.unusable / cell.rows:.1%} unusable" if cell.rows else ""
    return f"{_day(cell.window_ms)}: {effect}, n {cell.n:,}{share}{', ' + sign.lower() if sign else ''}"


def _day(ms: int) -> str:
    return f"{datetime.fromtimestamp(ms / 1000, UTC):%d %b %Y, %H:%M} UTC"


def _time(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat()
