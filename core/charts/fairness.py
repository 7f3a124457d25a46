"""Groups against each other: rates and gaps with intervals and limits, their course, every threshold's effect."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from core.charts import theme
from core.profiles import Floats

BAND, EDGE = "rgba(107,122,144,0.16)", "rgba(107,122,144,0.75)"
MARKS: dict[str, tuple[str, int, str]] = {
    "pass": ("Pass", 1, "circle"),
    "fail": ("Fail", 5, "x"),
    "not enough data": ("Not enough data", 4, "circle-open"),
    "reference": ("Compared with", 0, "diamond"),
    "no limit": ("No limit in the policy", 0, "circle"),
}
"""Outcome -> (word, place of its colour, symbol): the symbol tells as much as the colour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One group. low, high: ends of the interval.  outcome: a key of MARKS.  allowed: its own limits on this axis.

    told: what hovering says beside the name. Names are untrusted.
    """

    name: str
    value: float | None
    low: float | None
    high: float | None
    outcome: str
    told: str
    allowed: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """One group in one period. at: its middle, as ISO text.  complete: whether its labels are."""

    at: str
    value: float | None
    low: float
    high: float
    complete: bool
    told: str


def groups(
    marks: Sequence[Mark], *, title: str, percent: bool, zone: tuple[float | None, float | None] | None = None,
    equal: float | None = None,
) -> go.Figure:  # fmt: skip
    """One row a group: its estimate, its interval, and the limits: one zone for all, or each group's own.

    equal: where equal treatment lies, None for no line.
    """
    names = [theme.said(mark.name, 34) for mark in marks]
    shown = theme.apart(names)
    reach = _reach(marks, zone)
    traces: list[dict[str, Any]] = []
    if any(mark.allowed for mark in marks):
        traces.append(
            {
                "type": "bar", "orientation": "h", "name": "Within the limit", "hoverinfo": "skip", "width": 0.5,
                "y": [name for name, mark in zip(shown, marks, strict=True) if mark.allowed],
                "base": [mark.allowed[0] for mark in marks if mark.allowed],
                "x": [mark.allowed[1] - mark.allowed[0] for mark in marks if mark.allowed],
                "marker": {"color": "rgba(107,122,144,0.22)"},
            }
        )  # fmt: skip
    for outcome, (word, place, symbol) in MARKS.items():
        mine = [(name, mark) for name, mark in zip(shown, marks, strict=True) if mark.outcome == outcome]
        if not mine:
            continue
        middles = [_middle(mark, reach) for _, mark in mine]
        traces.append(
            {
                "type": "scatter", "mode": "markers", "name": word, "y": [name for name, _ in mine], "x": middles,
                "marker": {"color": theme.colour(place), "symbol": symbol, "size": 11,
                           "line": {"width": 2, "color": theme.colour(place)}},
                "error_x": {
                    "type": "data", "symmetric": False, "color": theme.colour(place), "thickness": 2, "width": 5,
                    "array": [_arm(mark.high, at, reach) for (_, mark), at in zip(mine, middles, strict=True)],
                    "arrayminus": [_arm(at, mark.low, reach) for (_, mark), at in zip(mine, middles, strict=True)],
                },
                "text": [theme.said(mark.told, 300) for _, mark in mine],
                "customdata": [theme.said(mark.name) for _, mark in mine],
                "hovertemplate": "<b>%{customdata}</b><br>%{text}<extra></extra>",
            }
        )  # fmt: skip
    return go.Figure(
        traces,
        theme.layout(
            46 * len(marks) + 96,
            xaxis={"title": {"text": title, "font": {"size": 12}}, "tickformat": ".0%" if percent else ".2f",
                   "zeroline": False, "automargin": True},
            yaxis={"categoryorder": "array", "categoryarray": shown[::-1], "automargin": True, "showgrid": False},
            shapes=[*_zone(zone, "x"), *_line(equal, "x")],
            hovermode="closest",
        ),
    )  # fmt: skip


def course(
    lines: Sequence[tuple[str, Sequence[Dot]]], checks: Sequence[tuple[str, str, str]], *, title: str, percent: bool,
    zone: tuple[float | None, float | None] | None, equal: float,
) -> go.Figure:  # fmt: skip
    """Gaps by time, a line a group with its interval; dashed while labels are not complete.

    checks: (time, outcome, what hovering says), drawn below as what was judged up to then.
    """
    traces: list[dict[str, Any]] = []
    for place, (name, dots) in enumerate(lines):
        short, colour = theme.said(name, 26), theme.colour(place)
        told = [dot for dot in dots if dot.value is not None]
        for complete in (True, False):
            mine = [dot if dot.complete == complete else None for dot in told]
            if not any(mine):
                continue
            if not complete:  # joined to the last complete point, so that the line does not break
                first = next(at for at, dot in enumerate(mine) if dot)
                joined = [told[first - 1], *told[first:]] if first else told
            else:
                joined = [dot for dot in told if dot.complete]
            drawn = [dot for dot in joined if dot.complete == complete]
            traces.append(
                {
                    "type": "scatter", "mode": "lines", "x": [dot.at for dot in joined],
                    "y": [dot.value for dot in joined], "legendgroup": str(place), "showlegend": False,
                    "line": {"color": colour, "width": 1.6, "dash": theme.dash(place) if complete else "dot"},
                    "hoverinfo": "skip",
                }
            )  # fmt: skip
            traces.append(
                {
                    "type": "scatter", "mode": "markers", "x": [dot.at for dot in drawn],
                    "y": [dot.value for dot in drawn], "name": short + ("" if complete else " (labels incomplete)"),
                    "legendgroup": str(place),
                    "marker": {"color": colour, "size": 6, "symbol": "circle" if complete else "circle-open"},
                    "error_y": {
                        "type": "data", "symmetric": False, "color": colour, "thickness": 1, "width": 0,
                        "array": [_capped(dot.high) - (dot.value or 0) for dot in drawn],
                        "arrayminus": [(dot.value or 0) - dot.low for dot in drawn],
                    },
                    "text": [theme.said(dot.told, 200) for dot in drawn],
                    "hovertemplate": f"<b>{theme.said(name)}</b><br>%{{text}}<extra></extra>",
                }
            )  # fmt: skip
    for outcome, (word, place, symbol) in MARKS.items():
        found = [check for check in checks if check[1] == outcome]
        if found:
            traces.append(
                {
                    "type": "scatter", "mode": "markers", "name": f"Judged: {word}", "yaxis": "y2",
                    "x": [at for at, _, _ in found], "y": [0.5] * len(found),
                    "marker": {"color": theme.colour(place), "symbol": symbol, "size": 11,
                           "line": {"width": 2, "color": theme.colour(place)}},
                    "text": [theme.said(said, 300) for _, _, said in found],
                    "hovertemplate": "%{text}<extra></extra>",
                }
            )  # fmt: skip
    return go.Figure(
        traces,
        theme.layout(
            380,
            xaxis={"showgrid": False, "anchor": "y2" if checks else "y", "type": "date"},
            yaxis={"title": {"text": title, "font": {"size": 12}}, "domain": [0.13 if checks else 0, 1],
                   "tickformat": ".0%" if percent else ".2f", "zeroline": False, "automargin": True},
            yaxis2={"domain": [0, 0.09], "range": [0, 1], "visible": False, "fixedrange": True},
            shapes=[*_zone(zone, "y"), *_line(equal, "y")],
            hovermode="closest",
        ),
    )  # fmt: skip


def thresholds(
    lines: Sequence[tuple[str, Floats]], at: Floats, *, title: str, percent: bool, deployed: float,
    explored: float, zone: tuple[float | None, float | None] | None = None,
) -> go.Figure:  # fmt: skip
    """One line a group over the threshold, with the deployed and the explored one marked."""
    form = ".1%" if percent else ".3f"
    traces = [
        {
            "type": "scatter", "mode": "lines", "name": theme.said(name, 26), "x": at, "y": values,
            "line": {"color": theme.colour(place), "width": 1.8, "dash": theme.dash(place), "shape": "hv"},
            "hovertemplate": f"<b>{theme.said(name)}</b><br>%{{y:{form}}} at %{{x:.4g}}<extra></extra>",
        }
        for place, (name, values) in enumerate(lines)
    ]  # fmt: skip
    same = math.isclose(deployed, explored)
    notes = [_note(explored, "explored and deployed" if same else "explored", explored < deployed)]
    notes += [] if same else [_note(deployed, "deployed", deployed < explored)]
    return go.Figure(
        traces,
        theme.layout(
            350,
            xaxis={"title": {"text": "Threshold", "font": {"size": 12}}, "showgrid": False},
            yaxis={"title": {"text": title, "font": {"size": 12}}, "tickformat": ".0%" if percent else ".2f",
                   "automargin": True, "zeroline": False},
            legend={"orientation": "h", "y": 1.09, "yanchor": "bottom", "x": 0, "title": None},
            shapes=[
                *_zone(zone, "y"), _upright(deployed, "dash"), *([] if same else [_upright(explored, "solid")])
            ],
            annotations=notes,
            hovermode="closest",
        ),
    )  # fmt: skip


def trade_off(
    impact: Floats, accuracy: Floats, at: Floats, *, explored: int, deployed: int,
    least: float | None,
) -> go.Figure:  # fmt: skip
    """Accuracy against the lowest ratio of any group, a point a threshold. least: the policy's limit on the ratio."""
    line = {
        "type": "scatter", "mode": "lines", "x": impact, "y": accuracy, "name": "Every threshold",
        "line": {"color": EDGE, "width": 1.6}, "text": [f"{value:.4g}" for value in at],
        "hovertemplate": "threshold %{text}<br>lowest ratio %{x:.2f}, accuracy %{y:.1%}<extra></extra>",
    }  # fmt: skip
    spots = [
        {
            "type": "scatter", "mode": "markers", "name": name,
            "x": [float(impact[place])], "y": [float(accuracy[place])],
            "marker": {"color": theme.colour(colour), "symbol": symbol, "size": 12,
                       "line": {"width": 2, "color": theme.colour(colour)}},
            "text": [f"{at[place]:.4g}"],
            "hovertemplate": f"{name}: %{{text}}<br>lowest ratio %{{x:.2f}}, accuracy %{{y:.1%}}<extra></extra>",
        }
        for name, place, colour, symbol in (
            ("Deployed", deployed, 0, "diamond-open"), ("Explored", explored, 2, "circle")
        )
    ]  # fmt: skip
    return go.Figure(
        [line, *spots],
        theme.layout(
            330,
            xaxis={"title": {"text": "Lowest ratio of selection rates (disparate impact)", "font": {"size": 12}},
                   "tickformat": ".2f", "zeroline": False},
            yaxis={"title": {"text": "Accuracy", "font": {"size": 12}}, "tickformat": ".0%", "automargin": True},
            shapes=_line(least, "x"),
            hovermode="closest",
        ),
    )  # fmt: skip


def _middle(mark: Mark, reach: float) -> float:
    """Where the mark stands: without an estimate in the middle of what is possible."""
    if mark.value is not None:
        return min(mark.value, reach)
    low, high = mark.low if mark.low is not None else 0.0, mark.high if mark.high is not None else reach
    return (low + min(high, reach)) / 2


def _arm(end: float | None, start: float | None, reach: float) -> float:
    if end is None or start is None:
        return 0.0
    return max(min(end, reach) - min(start, reach), 0.0)


def _reach(marks: Sequence[Mark], zone: tuple[float | None, float | None] | None) -> float:
    """The furthest that is drawn: a ratio's interval may have no end."""
    ends = [end for mark in marks for end in (mark.value, mark.high) if end is not None and math.isfinite(end)]
    return max([*ends, *(end for end in zone or () if end is not None)], default=1.0) * 1.05


def _capped(end: float) -> float:
    return end if math.isfinite(end) else 3.0


def _zone(zone: tuple[float | None, float | None] | None, axis: str) -> list[dict[str, Any]]:
    """The space within the limits, shaded, with a line at each limit."""
    if zone is None:
        return []
    low, high = zone
    found = [] if low is None or high is None else [_rectangle(low, high, axis)]
    return found + [edge for end in zone for edge in _line(end, axis, EDGE, "dash")]


def _rectangle(low: float, high: float, axis: str) -> dict[str, Any]:
    other = "y" if axis == "x" else "x"
    return {
        "type": "rect", "layer": "below", "line": {"width": 0}, "fillcolor": BAND, f"{axis}0": low, f"{axis}1": high,
        f"{axis}ref": axis, f"{other}0": 0, f"{other}1": 1, f"{other}ref": f"{other} domain",
    }  # fmt: skip


def _line(at: float | None, axis: str, colour: str = EDGE, dash: str = "solid") -> list[dict[str, Any]]:
    if at is None:
        return []
    other = "y" if axis == "x" else "x"
    return [
        {
            "type": "line", "layer": "below", "line": {"width": 1, "color": colour, "dash": dash}, f"{axis}0": at,
            f"{axis}1": at, f"{axis}ref": axis, f"{other}0": 0, f"{other}1": 1, f"{other}ref": f"{other} domain",
        }
    ]  # fmt: skip


def _upright(at: float, dash: str) -> dict[str, Any]:
    return {
        "type": "line", "x0": at, "x1": at, "y0": 0, "y1": 1, "yref": "y domain",
        "line": {"width": 1.5, "color": EDGE, "dash": dash},
    }  # fmt: skip


def _note(at: float, text: str, left: bool) -> dict[str, Any]:
    """A word above an upright; of two they turn away from each other."""
    return {
        "x": at, "y": 1.0, "yref": "y domain", "text": text, "showarrow": False, "xanchor": "right" if left else "left",
        "yanchor": "bottom", "font": {"size": 11},
    }  # fmt: skip
