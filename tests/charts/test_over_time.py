"""Lines over time: bands hold the intervals, incomplete windows are hollow, limits and alarms are marked."""

import pytest

from core.charts.over_time import Level, Line, over_time
from core.charts.unusable import unusable

DAYS = ["2026-11-01", "2026-11-02", "2026-11-03", "2026-11-04", "2026-11-05"]


def by_name(figure: object, name: str) -> list:
    return [trace for trace in figure.data if trace.name == name]


def test_a_band_is_a_closed_polygon_and_breaks_where_nothing_is_told() -> None:
    line = Line(name="AUC", values=[0.7, 0.8, None, 0.6, 0.7], low=[0.6, 0.7, None, 0.5, 0.6],
                high=[0.8, 0.9, None, 0.7, 0.8])  # fmt: skip
    bands = by_name(over_time(DAYS, [line]), "AUC, 95 % interval")
    assert [list(band.x) for band in bands] == [
        [*DAYS[:2], *DAYS[1::-1], DAYS[0]],
        [*DAYS[3:], DAYS[4], DAYS[3], DAYS[3]],
    ]
    assert list(bands[0].y) == [0.8, 0.9, 0.7, 0.6, 0.8]
    assert all(band.fill == "toself" and band.opacity == 0.15 and band.x[0] == band.x[-1] for band in bands)


def test_a_window_alone_has_an_upright_line_as_its_interval() -> None:
    line = Line(name="AUC", values=[None, 0.8, None, None, None], low=[None, 0.7, None, None, None],
                high=[None, 0.9, None, None, None])  # fmt: skip
    (alone,) = by_name(over_time(DAYS, [line]), "AUC, 95 % interval")
    assert alone.fill is None
    assert set(alone.x) == {DAYS[1]}
    assert (min(alone.y), max(alone.y)) == (0.7, 0.9)


def test_incomplete_windows_are_hollow_and_joined_by_a_dotted_line() -> None:
    line = Line(name="AUC", values=[0.7, 0.8, 0.9, 0.6, 0.5], hollow=[False, False, False, True, True])
    figure = over_time(DAYS, [line])
    dotted, solid = by_name(figure, "AUC")
    (hollow,) = by_name(figure, "AUC, labels incomplete")
    assert list(solid.y) == [0.7, 0.8, 0.9, None, None]
    assert list(dotted.y) == [None, None, 0.9, 0.6, 0.5]
    assert dotted.line.dash == "dot"
    assert list(hollow.y) == [None, None, None, 0.6, 0.5]
    assert hollow.marker.symbol == "circle-open"


def test_limits_references_and_alarms_are_told_apart_without_colour() -> None:
    line = Line(name="PSI0", values=[0.1, 0.2, 0.3, 0.4, 0.5], alarm=[False, True, False, False, True])
    figure = over_time(
        DAYS, [line], levels=[Level(name="Limit", value=0.3), Level(name="Before", value=0.1, kind="reference")]
    )
    (limit,), (before,), (alarm,) = (by_name(figure, name) for name in ("Limit", "Before", "Alarm"))
    assert (list(limit.y), limit.line.dash) == ([0.3, 0.3], "dash")
    assert (list(before.y), before.line.dash) == ([0.1, 0.1], "dot")
    assert (list(limit.x), list(alarm.y)) == ([DAYS[0], DAYS[-1]], [None, 0.2, None, None, 0.5])
    assert alarm.marker.symbol == "triangle-up"


def test_estimates_are_dashed_and_names_stay_text() -> None:
    found = over_time(DAYS[:1], [Line(name="<i>x</i>", values=[1.0], texts=["<b>n</b>"], faint=True)])
    (line,) = found.data
    assert (line.name, line.line.dash, line.customdata[0]) == ("&lt;i&gt;x&lt;/i&gt;", "dash", "&lt;b&gt;n&lt;/b&gt;")
    assert not found.layout.showlegend


def test_lengths_must_fit_and_nothing_draws_nothing() -> None:
    with pytest.raises(ValueError, match="5 windows need as many numbers, got 1"):
        over_time(DAYS, [Line(name="x", values=[1.0])])
    assert len(over_time([], [], levels=[Level(name="Limit", value=1.0)]).data) == 0


def test_broken_cells_have_a_cross() -> None:
    figure = unusable(DAYS[:2], ["a", "<b>"], [[0.0, 0.5], [None, 0.1]], [["1", "2"], ["3", "4"]], [(0, 1)])
    heat, crosses = figure.data
    assert [list(row) for row in heat.z] == [[0.0, 0.5], [None, 0.1]]
    assert list(heat.y) == ["a", "&lt;b&gt;"]
    assert (list(crosses.x), list(crosses.y), list(crosses.text)) == ([DAYS[1]], ["a"], ["2"])
    assert len(unusable(DAYS[:2], ["a"], [[0.0, 0.1]], [["1", "2"]], []).data) == 1
