"""Runs as lines across parallel axes."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from core.charts import theme

Cell = str | float | None
NONE = "none"
ROOM = 0.12
WORDS_MOST, LABEL = 40, 20


def parallel(axes: Mapping[str, Sequence[Cell]], colour_by: str | None = None) -> go.Figure:
    """One axis a name, one line a run. Numbers keep their scale, words stand in alphabetical order.

    A run without a (finite) value passes below the axis, at "none".
    axes: values by name, one a run.  colour_by: the name of an axis of numbers; the first when None.
    """
    dimensions, numbers = [], {}
    for name, cells in axes.items():
        dimension, values = _dimension(name, cells)
        dimensions.append(dimension)
        numbers[name] = values
    chosen = colour_by if colour_by in numbers else next(iter(numbers), None)
    line: dict[str, Any] = {"color": theme.colour(0)}
    if chosen is not None and len(set(numbers[chosen])) > 1:
        line = {
            "color": numbers[chosen], "colorscale": SCALE, "showscale": True,
            "colorbar": {"thickness": 8, "outlinewidth": 0},
        }  # fmt: skip
    trace = {"type": "parcoords", "dimensions": dimensions, "line": line, "labelangle": -12, "labelside": "top"}
    return go.Figure([trace], theme.layout(380, margin={"l": 64, "r": 24, "t": 76, "b": 24}))


SCALE = [[0.0, "#14A38B"], [0.5, "#4F6BED"], [1.0, "#E8963E"]]
"""Told apart on a light and on a dark ground, and by people who see red and green alike."""


def _dimension(name: str, cells: Sequence[Cell]) -> tuple[dict[str, Any], list[float]]:
    if any(isinstance(cell, str) for cell in cells):
        return _words(name, ["" if cell is None else str(cell) for cell in cells])
    finite = [cell for cell in cells if isinstance(cell, int | float) and math.isfinite(cell)]
    if not finite:
        return _words(name, ["" for _ in cells])
    low, high = min(finite), max(finite)
    room = (high - low or abs(high) or 1.0) * ROOM
    below = low - room
    values = [float(c) if isinstance(c, int | float) and math.isfinite(c) else below for c in cells]
    dimension: dict[str, Any] = {"label": _short(name), "values": values}
    if len(finite) < len(cells):
        ticks = [low + (high - low) * part / 4 for part in range(5)] if high > low else [low]
        dimension |= {
            "range": [below, high if high > low else high + room],
            "tickvals": [below, *ticks],
            "ticktext": [NONE, *(f"{tick:.4g}" for tick in ticks)],
        }
    return dimension, values


def _short(name: str) -> str:
    """The end of a name tells more than its beginning."""
    bare = name.partition(".")[2] or name
    return theme.said(bare if len(bare) <= LABEL else "…" + bare[1 - LABEL :], LABEL)


def _words(name: str, words: Sequence[str]) -> tuple[dict[str, Any], list[float]]:
    order = sorted(set(words))
    place = {word: float(number) for number, word in enumerate(order)}
    values = [place[word] for word in words]
    every = -(-len(order) // WORDS_MOST)
    shown = order[::every]
    return {
        "label": _short(name),
        "values": values,
        "tickvals": [place[word] for word in shown],
        "ticktext": [theme.said(word, 18) if word else NONE for word in shown],
        "range": [-0.5, len(order) - 0.5],
    }, values
