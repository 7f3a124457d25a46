"""Only what is new is read: parts that appeared, changed, vanished or cannot be read, and edges learned anew."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from core.errors import NotFound
from core.profiles import Rows
from tests.profiling.logs import Place, key, serving

DAY0 = datetime(2026, 5, 1, tzinfo=UTC)


def start(day: int) -> int:
    return int((DAY0 + timedelta(days=day)).timestamp() * 1000)


def day(number: int, n: int = 20, x: float = 0.0, hours: float = 0.0) -> list[dict[str, Any]]:
    at = DAY0 + timedelta(days=number, hours=hours)
    return [{"at": at + timedelta(minutes=i), "score": i / n, "x": x + i} for i in range(n)]


def counted(place: Place) -> dict[int, int]:
    """Rows by day."""
    return {
        (where[2] - start(0)) // 86_400_000: part.rows
        for where, part in serving(place.rows()).items()
        if isinstance(part, Rows)
    }


@pytest.fixture
def place(tmp_path: Path) -> Place:
    made = Place(tmp_path)
    made.monitor(features={"numeric": ["x"]})
    made.put("reference.parquet", day(0, 50))
    for number in range(3):
        made.put(f"logs/{number}.parquet", day(number))
    done = made.run()
    assert (done.windows, done.rows, done.partitions, done.learned) == (3, 60, 3, True)
    return made


def test_a_second_run_writes_nothing(place: Place) -> None:
    before = place.snapshot()
    done = place.run()
    assert (done.windows, done.partitions, done.file, done.learned) == (0, 0, "", False)
    assert done.edges == place.runs[0].edges
    assert place.snapshot() == before


def test_a_new_day_profiles_its_windows_only(place: Place) -> None:
    before, files = place.rows(), place.snapshot()
    place.put("logs/3.parquet", day(3, 7))
    done = place.run()
    assert (done.windows, done.rows, done.partitions, done.learned) == (1, 7, 1, False)
    after = place.rows()
    assert {where[2] for where in after if where not in before} == {start(3)}
    assert {where: after[where] for where in before}.keys() == before.keys()
    assert files.items() <= place.snapshot().items()
    assert counted(place) == {0: 20, 1: 20, 2: 20, 3: 7}


def test_a_part_that_adds_to_a_known_day_profiles_that_day_whole(place: Place) -> None:
    place.put("logs/more.parquet", day(1, 5, hours=12))
    done = place.run()
    assert (done.windows, done.rows, done.partitions) == (1, 25, 1)
    assert counted(place) == {0: 20, 1: 25, 2: 20}


def test_a_changed_file_profiles_its_windows(place: Place) -> None:
    place.put("logs/1.parquet", day(1, 9, x=100.0))
    done = place.run()
    assert (done.windows, done.rows) == (1, 9)
    assert counted(place) == {0: 20, 1: 9, 2: 20}
    assert place.rows()[key("numeric", window=start(1), name="x")].moments.low == 100.0


def test_a_removed_file_keeps_its_windows(place: Place) -> None:
    before = place.rows()
    (place.base / "logs/0.parquet").unlink()
    done = place.run()
    assert (done.windows, done.file) == (0, "")
    assert place.rows().keys() == before.keys()
    place.put("logs/5.parquet", day(5))
    assert place.run().windows == 1
    assert counted(place) == {0: 20, 1: 20, 2: 20, 5: 20}


def test_since_profiles_from_that_day_on_and_the_rest_stays_to_be_done(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.monitor(features={"numeric": ["x"]})
    place.put("reference.parquet", day(0, 50))
    place.put("logs/all.parquet", day(0) + day(1) + day(2))
    assert place.run(since="2026-05-02").windows == 2
    assert counted(place) == {1: 20, 2: 20}
    assert place.run().windows == 1
    assert counted(place) == {0: 20, 1: 20, 2: 20}
    assert (place.run().windows, place.run(since="2026-05-03").windows) == (0, 1)
    assert counted(place) == {0: 20, 1: 20, 2: 20}


@pytest.mark.parametrize("change", ["monitor", "reference", "edges"])
def test_new_edges_profile_everything_again(place: Place, change: str) -> None:
    if change == "monitor":
        place.monitor(features={"numeric": ["x"]}, thresholds=[0.25])
    elif change == "reference":
        place.put("reference.parquet", day(0, 60))
    else:
        next(place.folder.glob("edges-*.json")).unlink()
    done = place.run()
    assert (done.windows, done.rows, done.partitions, done.learned) == (3, 60, 3, True)
    assert (done.edges == place.runs[0].edges) == (change == "edges")
    assert counted(place) == {0: 20, 1: 20, 2: 20}
    assert place.rows()[key("rows", role="reference", window=start(0))].rows == (60 if change == "reference" else 50)


def test_names_that_do_not_change_how_rows_are_read_learn_nothing(place: Place) -> None:
    place.monitor(features={"numeric": ["x"]}, favourable="negative")
    assert (place.run().learned, place.run().file) == (False, "")


@pytest.mark.parametrize("harm", ["vanished", "truncated"])
def test_a_window_with_a_lost_part_stays_as_it_was_until_the_part_is_back(place: Place, harm: str) -> None:
    lost = place.base / "logs/1.parquet"
    whole, stat = lost.read_bytes(), lost.stat()
    if harm == "vanished":
        lost.unlink()
    else:
        lost.write_bytes(whole[:-50])
    place.put("logs/more.parquet", day(1, 5, hours=12) + day(4, 4))
    done = place.run()
    assert (done.windows, done.kept, list(done.unreadable)) == (1, 1, ["logs/1.parquet"] if harm != "vanished" else [])
    assert counted(place) == {0: 20, 1: 20, 2: 20, 4: 4}
    again = place.run()
    assert (again.windows, again.kept, again.file) == (0, 1, "")
    lost.write_bytes(whole)
    os.utime(lost, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    back = place.run()
    assert (back.windows, back.kept, back.rows) == (1, 0, 25)
    assert counted(place) == {0: 20, 1: 25, 2: 20, 4: 4}
    assert place.run().file == ""


def test_an_unchanged_part_that_cannot_be_read_any_more_costs_no_rows(place: Place) -> None:
    shared = place.base / "logs/1.parquet"
    content, stat = shared.read_bytes(), shared.stat()
    shared.write_bytes(b"x" * len(content))  # same size and time, so that it counts as unchanged
    os.utime(shared, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    place.put("logs/more.parquet", day(1, 5, hours=12))
    done = place.run()
    assert (done.windows, done.kept, list(done.unreadable)) == (0, 1, ["logs/1.parquet"])
    assert counted(place)[1] == 20


def test_a_log_that_never_was_is_told(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.monitor()
    place.put("reference.parquet", day(0))
    with pytest.raises(NotFound, match="holds nothing"):
        place.run()


def test_two_versions_are_profiles_of_their_own(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.monitor(version="v")
    place.put("reference.parquet", day(0))
    place.put("logs/a.parquet", [{**row, "v": at % 3 or None} for at, row in enumerate(day(0, 30))])  # 1.0, 2.0, null
    place.put("logs/b.parquet", [{**row, "v": "1"} for row in day(0, 30)])
    place.run()
    told = {where[0]: part.rows for where, part in serving(place.rows()).items() if isinstance(part, Rows)}
    assert told == {"": 10, "1": 40, "2": 10}
