"""The drift map stays readable with many columns: a row each, marks by shape, names as text."""

import numpy as np

from core.analysis.drift_map import DriftMap
from core.charts.drift_map import ROW, drift_map

COLUMNS, WINDOWS = 60, 90
LABELS = [f"2026-01-01+{at}" for at in range(WINDOWS)]


def _found(names: list[str]) -> DriftMap:
    shape = (len(names), WINDOWS)
    alarm, drifted, broken = (np.zeros(shape, dtype=np.bool_) for _ in range(3))
    alarm[0, 3] = alarm[1, 5] = alarm[2, 7] = True
    drifted[1, 5] = True
    broken[2, 7] = True
    effect = np.full(shape, 0.01)
    effect[3, 9] = np.nan
    effect[4, 9] = 7.0
    return DriftMap(
        keys=tuple(("numeric", name) for name in names), starts=tuple(range(WINDOWS)), effect=effect,
        adjusted=np.full(shape, 0.5), psi=effect, jensen_shannon=effect, n=np.full(shape, 1_000),
        rows=np.full(shape, 1_000), unusable=np.zeros(shape, dtype=np.int64), alarm=alarm, drifted=drifted,
        broken=broken, expected=0.9, alarming=3, smallest=0.1, typical=1_000, why="",
    )  # fmt: skip


def test_each_of_sixty_columns_has_a_row_high_enough_to_read() -> None:
    figure = drift_map(_found([f"column_{at}" for at in range(COLUMNS)]), LABELS, rows=range(COLUMNS))
    cells = figure.data[0]
    assert len(cells.y) == len(set(cells.y)) == COLUMNS
    assert np.asarray(cells.z).shape == (COLUMNS, WINDOWS)
    assert figure.layout.height >= COLUMNS * ROW
    assert figure.layout.yaxis.dtick == 1


def test_a_cell_has_one_mark_and_its_shape_says_which() -> None:
    figure = drift_map(_found([f"column_{at}" for at in range(COLUMNS)]), LABELS, rows=range(COLUMNS))
    marks = {trace.name: trace for trace in figure.data[1:]}
    told = {name: (trace.customdata[0], trace.x[0]) for name, trace in marks.items()}
    assert told == {
        "one alarm": ("column_0", LABELS[3]),
        "drifted": ("column_1", LABELS[5]),
        "unusable values": ("column_2", LABELS[7]),
    }
    assert [len(trace.x) for trace in marks.values()] == [1, 1, 1]
    assert len({trace.marker.symbol for trace in marks.values()}) == len(marks)


def test_only_the_rows_asked_for_are_drawn_in_their_order() -> None:
    figure = drift_map(_found([f"column_{at}" for at in range(COLUMNS)]), LABELS, rows=[4, 0])
    assert list(figure.data[0].y) == ["column_4", "column_0"]
    assert [trace.name for trace in figure.data[1:]] == ["one alarm"]


def test_long_and_hostile_names_stay_apart_and_stay_text() -> None:
    long = "a_name_that_goes_on_and_on_and_says_where_the_number_came_from"
    names = [f"{long}_1", f"{long}_2", "<b>x</b>", *(f"column_{at}" for at in range(3, COLUMNS))]
    figure = drift_map(_found(names), LABELS, rows=range(COLUMNS))
    rows = list(figure.data[0].y)
    assert len(set(rows)) == COLUMNS
    assert rows[2] == "&lt;b&gt;x&lt;/b&gt;"
    assert figure.data[0].text[0][0].startswith(f"<b>{long[:50]}")


def test_an_effect_off_the_scale_takes_the_darkest_colour_and_its_number_is_told() -> None:
    figure = drift_map(_found([f"column_{at}" for at in range(COLUMNS)]), LABELS, rows=range(COLUMNS))
    cells = figure.data[0]
    assert np.asarray(cells.z)[4, 9] == cells.zmax
    assert "PSI0 7.000" in cells.text[4][9]
    assert "no values" in cells.text[3][9]
