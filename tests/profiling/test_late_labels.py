"""Labels that arrive later than the rows they belong to."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.profiling.logs import Place, key, serving
from tests.profiling.oracle import Oracle, differences, plain

DAY0 = datetime(2026, 5, 1, tzinfo=UTC)
DAYS, ROWS = 4, 60


def log(day: int) -> list[dict[str, Any]]:
    return [
        {"id": f"{day}-{i}", "at": DAY0 + timedelta(days=day, minutes=i), "score": i % 7 / 7, "sex": "mf"[i % 2]}
        for i in range(ROWS)
    ]


def labels(day: int, share: int = 1) -> list[dict[str, Any]]:
    return [{"key": f"{day}-{i}", "y": int(i % 3 == 0)} for i in range(0, ROWS, share)]


def monitored(base: Path, suffix: str = "parquet") -> Place:
    place = Place(base)
    place.monitor(
        id="id", label={"column": "y", "id": "key", "table": {"files": f"labels/*.{suffix}"}},
        protected={"sex": {"column": "sex"}}, segments={"sex": {"column": "sex"}},
    )  # fmt: skip
    place.put("reference.parquet", [{**row, "y": 1} for row in log(0)])
    for day in range(DAYS):
        place.put(f"logs/{day}.parquet", log(day))
    return place


def start(day: int) -> int:
    return int((DAY0 + timedelta(days=day)).timestamp() * 1000)


def test_labels_of_one_day_change_that_day_only_and_end_as_if_known_from_the_start(tmp_path: Path) -> None:
    late = monitored(tmp_path / "late")
    for day in (0, 2, 3):
        late.put(f"labels/{day}.parquet", labels(day))
    late.run()
    before = late.rows()
    late.now_ms += 30 * 86_400_000
    late.put("labels/later.parquet", labels(1))
    done = late.run()
    assert (done.windows, done.late, done.partitions, done.rows) == (1, 1, 0, ROWS)
    after = late.rows()
    changed = {where for where in after if plain(after[where]) != plain(before.get(where))}
    assert after.keys() == before.keys()
    assert {where[2] for where in changed} == {start(1)}
    assert {where[4] for where in changed} == {"output", "rows"}
    assert len(changed) == 7 + 3  # outputs: whole and 2 groups, of all rows and 2 segments (1 group is empty in each)
    known = monitored(tmp_path / "known")
    for day in range(DAYS):
        known.put(f"labels/{day}.parquet", labels(day))
    known.run()
    assert {k: plain(v) for k, v in known.rows().items()} == {k: plain(v) for k, v in after.items()}
    assert late.run().file == ""


def test_labels_that_come_before_their_rows_are_joined(tmp_path: Path) -> None:
    place = monitored(tmp_path)
    place.put("labels/all.parquet", [row for day in range(9) for row in labels(day)])
    place.run()
    place.put("logs/7.parquet", log(7))
    assert (place.run().windows, place.rows()[key("rows", window=start(7))].labelled) == (1, ROWS)


def test_a_changed_label_file_changes_its_days(tmp_path: Path) -> None:
    place = monitored(tmp_path)
    place.put("labels/a.parquet", labels(0, 2) + labels(1, 2))
    place.run()
    place.put("labels/a.parquet", labels(1) + labels(2, 5))
    assert place.run().late == 3  # day 0 lost its labels
    found = {day: place.rows()[key("rows", window=start(day))].labelled for day in range(DAYS)}
    assert found == {0: 0, 1: ROWS, 2: ROWS // 5, 3: 0}


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_of_labels_that_contradict_the_one_of_the_last_file_counts(tmp_path: Path, suffix: str) -> None:
    place = monitored(tmp_path, suffix)
    parts = [
        [{"key": "0-0", "y": 1}, {"key": "0-0", "y": 1}, {"key": "0-1", "y": 0}, {"key": "0-2", "y": 1}],
        [{"key": "0-0", "y": 0}, {"key": "0-1", "y": 0}, {"key": "0-3", "y": 1}],
        [{"key": "0-2", "y": None}, {"key": None, "y": 1}, {"key": "unknown", "y": 1}, {"key": "0-3", "y": 1}],
    ]
    for at, part in enumerate(parts):
        if suffix == "csv":
            lines = [f"{row['key'] or ''},{'' if row['y'] is None else row['y']}" for row in part]
            place.text(f"labels/{at}.csv", "\n".join(["key,y", *lines]) + "\n")
        else:
            place.put(f"labels/{at}.parquet", part)
    assert place.run().contradictions == 1
    truth = {"0-0": 0, "0-1": 0, "0-2": 1, "0-3": 1}
    rows = [row for day in range(DAYS) for row in log(day)]
    wanted = Oracle(place.resolved.monitor, place.edges(), place.now_ms, truth).profile(rows)
    assert not differences(serving(place.rows()), wanted)


def test_ids_and_labels_of_other_types_are_the_same_ones(tmp_path: Path) -> None:
    place = monitored(tmp_path)
    place.put("logs/0.parquet", [{**row, "id": at} for at, row in enumerate(log(0))])
    place.put("labels/a.parquet", [{"key": 0.0, "y": 1.0}, {"key": 1.0, "y": None}, {"key": float("nan"), "y": 1.0}])
    place.put("labels/b.parquet", [{"key": "2", "y": True}, {"key": "0", "y": True}])
    place.put("labels/c.parquet", [{"key": "0", "y": 1}])
    done = place.run()
    assert (place.rows()[key("rows", window=start(0))].labelled, done.unreadable) == (2, {})


def test_a_label_file_that_cannot_be_read_stops_nothing_else(tmp_path: Path) -> None:
    place = monitored(tmp_path)
    good = place.put("labels/0.parquet", labels(0)).read_bytes()
    place.run()
    before = place.rows()[key("rows", window=start(0))]
    place.text("labels/0.parquet", good[:-9])
    place.put("labels/1.parquet", labels(1))
    place.put("logs/more.parquet", [{**row, "id": f"more {row['id']}"} for row in log(0)])
    done = place.run()
    assert (done.windows, done.kept, list(done.unreadable)) == (1, 1, ["labels/0.parquet"])
    assert place.rows()[key("rows", window=start(1))].labelled == ROWS
    assert place.rows()[key("rows", window=start(0))] == before
    place.text("labels/0.parquet", good)
    done = place.run()
    assert (done.kept, place.rows()[key("rows", window=start(0))].rows) == (0, 2 * ROWS)
    assert place.rows()[key("rows", window=start(0))].labelled == ROWS
    assert place.run().file == ""


def test_late_labels_of_days_before_since_are_not_forgotten(tmp_path: Path) -> None:
    place = monitored(tmp_path)
    place.run()
    place.put("labels/0.parquet", labels(0))
    assert place.run(since="2026-05-03").windows == 2
    assert place.rows()[key("rows", window=start(0))].labelled == 0
    assert place.run().late == 1
    assert place.rows()[key("rows", window=start(0))].labelled == ROWS
    assert place.run().file == ""
