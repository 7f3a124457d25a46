"""Numbers over time: lines with their intervals, limits, references, alarms, and what is not complete yet."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from core.charts import theme

LIMIT, REFERENCE, ALARM = 5, 4, 5
FEW, FEW_TICKS = 45, 8
"""Up to so many windows each has a marker; up to so many, a date of its own on the axis."""
Value = float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One number over time; all sequences are as long as the times. None where it cannot be told.

    hollow: which are not complete yet: dotted, with hollow markers.  alarm: which have a mark above them.
    texts: more of each for whoever points at it, untrusted.  place: of the colour.  faint: an estimate: dashed.
    """

    name: str
    values: Sequence[Value]
    low: Sequence[Value] | None = None
    high: Sequence[Value] | None = None
    hollow: Sequence[bool] | None = None
    alarm: Sequence[bool] | None = None
    texts: Sequence[str] | None = None
    place: int = 0
    faint: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """A straight line across. kind: limit or reference."""

    name: str
    value: float
    kind: str = "limit"


def over_time(
    times: Sequence[str], lines: Sequence[Line], *, levels: Sequence[Level] = (), form: str = ",.4~r",
    unit: str = "", zero: bool = False, log: bool = False, height: int = 280,
) -> go.Figure:  # fmt: skip
    """times: start of each window on the monitor's own clock, ISO.  form: of numbers, as d3 writes it.

    unit: after numbers.  zero: the axis begins at 0.  log: it is logarithmic; what is
    not above 0 is left out.  Raises ValueError when lengths differ.
    """
    traces: list[dict[str, Any]] = []
    for line in lines:
        for each in (line.values, line.low, line.high, line.hollow, line.alarm, line.texts):
            if each is not None and len(each) != len(times):
                raise ValueError(f"{len(times)} windows need as many numbers, got {len(each)}.")
        traces += _traces(times, line, form, unit)
    for level in levels if times else ():
        limit = level.kind == "limit"
        traces.append(
            {
                "type": "scatter", "mode": "lines", "x": [times[0], times[-1]] if len(times) > 1 else [times[0]],
                "y": [level.value] * min(len(times), 2), "name": theme.said(level.name),
                "line": {"color": theme.colour(LIMIT if limit else REFERENCE), "dash": "dash" if limit else "dot",
                         "width": 1.6},
                "hovertemplate": f"%{{y:{form}}}{unit}<extra>{theme.said(level.name)}</extra>",
            } | ({} if len(times) > 1 else {"mode": "markers", "marker": {"symbol": "line-ew-open", "size": 40,
                 "color": theme.colour(LIMIT if limit else REFERENCE)}})
        )  # fmt: skip
    return go.Figure(
        traces,
        theme.layout(
            height,
            showlegend=sum(trace.get("showlegend", True) for trace in traces) > 1,
            hovermode="closest",
            xaxis={"type": "date", "showgrid": False, "automargin": True, "tickangle": 0, **_ticks(times)},
            yaxis={
                "type": "log" if log else "linear",
                "tickformat": form, "ticksuffix": unit, "automargin": True,
                "rangemode": "tozero" if zero and not log else "normal",
                **({"dtick": 1} if log else {}),
            },
        ),
    )  # fmt: skip


def _traces(times: Sequence[str], line: Line, form: str, unit: str) -> list[dict[str, Any]]:
    colour, name = theme.colour(line.place), theme.said(line.name)
    hollow = line.hollow or [False] * len(times)
    done: list[Value] = [None if open_ else value for value, open_ in zip(line.values, hollow, strict=True)]
    texts = [theme.said(text, 120) for text in line.texts] if line.texts else [""] * len(times)
    more = "<br>%{customdata}" if line.texts else ""
    few = len(times) <= FEW
    shared: dict[str, Any] = {"type": "scatter", "x": list(times), "legendgroup": name, "connectgaps": False}
    hover = {
        "hovertemplate": f"%{{y:{form}}}{unit} on %{{x|%-d %b %Y}}{more}<extra>{name}</extra>",
        "customdata": texts,
    }
    found = _bands(times, line, colour) if line.low is not None and line.high is not None else []
    if any(hollow):
        tail = [value if _beside(hollow, at) else None for at, value in enumerate(line.values)]
        found.append(
            shared | {"y": tail, "mode": "lines", "name": name, "showlegend": False, "hoverinfo": "skip",
                      "line": {"color": colour, "dash": "dot", "width": 1.6}}
        )  # fmt: skip
    stroke = {"color": colour, "dash": "dash" if line.faint else "solid", "width": 1.6 if line.faint else 2}
    dots = {"color": colour, "size": 6 if few else 3, "symbol": "diamond" if line.faint else "circle"}
    found.append(shared | hover | {"y": done, "mode": "lines+markers", "name": name, "line": stroke, "marker": dots})
    if any(hollow):
        waiting = [value if open_ else None for value, open_ in zip(line.values, hollow, strict=True)]
        found.append(
            shared | hover | {"y": waiting, "mode": "markers", "name": f"{name}, labels incomplete",
                              "marker": {"color": colour, "size": 7, "symbol": "circle-open", "line": {"width": 1.6}}}
        )  # fmt: skip
    if line.alarm and any(line.alarm):
        alarms = [value if alarm else None for value, alarm in zip(line.values, line.alarm, strict=True)]
        found.append(
            shared | hover | {"y": alarms, "mode": "markers", "name": "Alarm",
                              "marker": {"color": theme.colour(ALARM), "size": 10, "symbol": "triangle-up"}}
        )  # fmt: skip
    return found


def _ticks(times: Sequence[str]) -> dict[str, Any]:
    """Each window by its day where there are few."""
    if len(times) > FEW_TICKS:
        return {"nticks": 8}
    return {"tickvals": list(times), "tickformat": "%-d %b\n%H:%M" if any(":" in at for at in times) else "%-d %b"}


def _beside(hollow: Sequence[bool], at: int) -> bool:
    """Whether a window is incomplete or the one after it is."""
    return hollow[at] or (at + 1 < len(hollow) and hollow[at + 1])


def _bands(times: Sequence[str], line: Line, colour: str) -> list[dict[str, Any]]:
    """A closed polygon for each stretch of windows with an interval; a window alone has an upright line."""
    if line.low is None or line.high is None:
        return []
    stretches: list[list[int]] = [[]]
    for at, (low, high, value) in enumerate(zip(line.low, line.high, line.values, strict=True)):
        if low is None or high is None or value is None:
            stretches.append([])
        else:
            stretches[-1].append(at)
    found = []
    for places in filter(None, stretches):
        x = [times[at] for at in places]
        shape: dict[str, Any] = {
            "type": "scatter", "x": [*x, *reversed(x), x[0]], "mode": "lines", "hoverinfo": "skip", "showlegend": False,
            "y": [*(line.high[at] for at in places), *(line.low[at] for at in reversed(places)), line.high[places[0]]],
            "name": f"{theme.said(line.name)}, 95 % interval", "legendgroup": theme.said(line.name),
        }  # fmt: skip
        if len(places) > 1:
            shape |= {"fill": "toself", "fillcolor": colour, "opacity": 0.15, "line": {"width": 0, "color": colour}}
        else:
            shape |= {"opacity": 0.5, "line": {"width": 4, "color": colour}}
        found.append(shape)
    return found
