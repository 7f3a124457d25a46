"""Series of numbers drawn over time in the frame that every chart of monitoring has."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from core.charts.over_time import Level, Line, over_time
from core.facts.judged import Health
from core.governance.attention import plural
from core.services import health, monitoring
from core.services.house import House
from core.services.judgement import percent
from core.services.monitoring_series import Series
from core.ui.chart_frame import Explained, framed
from core.ui.monitoring_chosen import Chosen
from core.ui.numbers import short


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How a number is written. d3: on the chart.  unit: after it.  say: in a sentence."""

    d3: str = ",.4~r"
    unit: str = ""
    say: Callable[[float], str] = short


SHARE = Form(d3=".2~%", say=percent)
MILLISECONDS = Form(d3=",.3~r", unit=" ms", say=lambda value: f"{value:,.3g} ms")
PLAIN = Form()


def of_version(house: House, chosen: Chosen, category: str) -> Health | None:
    """The stored verdict on a category, if it is of the version shown."""
    found = health.of_model(house, chosen.model).get(category)
    return found if found is not None and found.version == chosen.version else None


def nothing(sentence: str) -> None:
    """Says why a section has nothing to show, and what to do. Text of our own."""
    st.info(sentence, icon=":material/hourglass_empty:")


def draw_lines(
    chosen: Chosen, title: str, found: Sequence[Series], *, key: str, sentence: str, explained: Explained,
    names: Sequence[str] = (), faint: Sequence[bool] = (), levels: Sequence[Level] = (), form: Form = PLAIN,
    zero: bool = False, log: bool = False, each: str = "window", more: str = "",
) -> None:  # fmt: skip
    """Each series as a line with its interval. names: of the series, their metric when left out.

    faint: which are estimates.  each: what a point is.  more: a sentence after what the chart rests on.
    """
    starts = sorted({point.window_ms for one in found for point in one.points})
    labels = [monitoring.label(chosen.monitor, start) for start in starts]
    names = names or [one.metric for one in found]
    lines = [
        _line(one, name, starts, place, faint[place] if faint else False)
        for place, (one, name) in enumerate(zip(found, names, strict=True))
    ]
    figure = over_time(labels, lines, levels=levels, form=form.d3, unit=form.unit, zero=zero, log=log)
    basis = " · ".join(filter(None, [_basis(found, labels, each), more]))
    framed(title, figure, key=key, sentence=sentence, basis=basis, data=_table(found, names, chosen),
           explained=explained)  # fmt: skip


def reference_level(one: Series, name: str = "Reference") -> list[Level]:
    """The reference's number as a line, where there is one."""
    known = one.reference is not None and one.reference.value is not None
    return [Level(name=name, value=one.reference.value, kind="reference")] if known else []  # type: ignore[union-attr,arg-type]


def last_of(one: Series, form: Form, chosen: Chosen) -> str:
    """The newest number that can be told, in words: "0.71 (0.69 to 0.73, n = 1,200) on 2026-11-12"."""
    point = one.last
    if point is None or point.measured.value is None:
        return ""
    found = point.measured
    between = ""
    if found.low is not None and found.high is not None:
        between = f"{form.say(found.low)} to {form.say(found.high)}, "
    on = monitoring.label(chosen.monitor, point.window_ms)
    return f"{form.say(found.value or 0.0)} ({between}n = {found.n:,}) on {on}"


def waiting(found: Sequence[Series]) -> int:
    """Windows whose labels are not complete."""
    return len({point.window_ms for one in found for point in one.points if point.mature is False})


def why_not(found: Sequence[Series]) -> str:
    """The newest reason why no number can be told."""
    reasons = [point.measured.why for one in found for point in one.points if point.measured.value is None]
    return reasons[-1].rstrip(".") + "." if reasons else "There are no windows."


def _line(one: Series, name: str, starts: Sequence[int], place: int, faint: bool) -> Line:
    at = {point.window_ms: point for point in one.points}
    points = [at.get(start) for start in starts]
    measured = [point.measured if point else None for point in points]
    return Line(
        name=name, place=place, faint=faint,
        values=[each.value if each else None for each in measured],
        low=[each.low if each else None for each in measured],
        high=[each.high if each else None for each in measured],
        hollow=[point is not None and point.mature is False for point in points],
        texts=[_text(each) for each in measured],
    )  # fmt: skip


def _text(measured: Any) -> str:
    if measured is None or measured.value is None:
        return ""
    interval = "no interval"
    if measured.low is not None and measured.high is not None:
        interval = f"95 % interval {measured.low:.4g} to {measured.high:.4g}"
    return f"n = {measured.n:,}, {interval}"


def _basis(found: Sequence[Series], labels: Sequence[str], each: str) -> str:
    sizes = sorted(point.measured.n for one in found for point in one.points if point.measured.value is not None)
    told = [f"{plural(len(labels), each)}, {labels[0]} to {labels[-1]}" if labels else f"no {each}"]
    if sizes:
        told.insert(0, f"n = {sizes[len(sizes) // 2]:,} rows in a usual {each}")
    before = next((one.reference for one in found if one.reference and one.reference.value is not None), None)
    if before is not None:
        told.append(f"reference n = {before.n:,}")
    known = [point.measured for one in found for point in one.points if point.measured.value is not None]
    if any(measured.low is not None for measured in known):
        some = any(measured.low is None for measured in known)
        told.append("bands are 95 % intervals" + (", where rows are enough for one" if some else ""))
    if count := waiting(found):
        told.append(f"hollow: labels of {plural(count, each)} are not complete yet")
    return " · ".join(told)


def _table(found: Sequence[Series], names: Sequence[str], chosen: Chosen) -> pd.DataFrame:
    rows = [
        {
            "window": monitoring.label(chosen.monitor, point.window_ms), "number": name, "value": point.measured.value,
            "low": point.measured.low, "high": point.measured.high, "n": point.measured.n,
            "labels_complete": point.mature, "why_not_told": point.measured.why,
        }
        for one, name in zip(found, names, strict=True) for point in one.points
    ]  # fmt: skip
    return pd.DataFrame(rows)
