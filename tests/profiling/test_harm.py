"""What can go wrong while a job runs: it says so clearly, earlier profiles stay, and the next run completes."""

import json
import os
import random
import resource
import shutil
import signal
import stat
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from core.errors import Busy, GatehouseError, MonitorError, SourceError, StoreError
from core.profiling import manifest
from core.profiling.job import profile
from tests.profiling.logs import Place, serving
from tests.profiling.oracle import Oracle, differences

DAY0 = datetime(2026, 5, 1, tzinfo=UTC)
KILLS = 10


def rows(day: int, n: int = 40) -> list[dict[str, Any]]:
    return [
        {"at": DAY0 + timedelta(days=day, minutes=i), "score": i / n, "x": float(i), "c": "ab"[i % 2]} for i in range(n)
    ]


def started(base: Path, days: int = 3, suffix: str = "parquet") -> Place:
    place = Place(base)
    place.monitor(features={"numeric": ["x"], "categorical": ["c"]}, log={"files": f"logs/*.{suffix}*"})
    place.put("reference.parquet", rows(0))
    for day in range(days):
        place.put(f"logs/{day}.parquet", rows(day))
    return place


def as_it_should(place: Place, log: list[dict[str, Any]]) -> None:
    wanted = Oracle(place.resolved.monitor, place.edges(), place.now_ms).profile(log)
    found = differences(serving(place.rows()), wanted)
    assert not found, "\n".join(found[:3])


def clean(place: Place) -> bool:
    """Whether nothing but whole files lies there."""
    names = {path.name for path in place.folder.iterdir()}
    return not (names & {"work"}) and not any(name.endswith(".part") for name in names)


def test_killed_at_any_moment(tmp_path: Path) -> None:
    place = started(tmp_path)
    place.run()
    draw, log = random.Random(7), [row for day in range(3) for row in rows(day)]
    hit = 0
    for kill in range(KILLS):
        day = 3 + kill
        place.put(f"logs/{day}.parquet", rows(day))
        log += rows(day)
        before = place.snapshot()
        process = place.apart(stderr=None)
        assert process.stdout is not None
        told = [process.stdout.readline() for _ in range(draw.randint(1, 4))]
        killed_after = draw.random() * 0.3
        try:
            process.wait(killed_after)
        except Exception:  # noqa: BLE001 - it still runs, as it should
            hit += 1
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        assert told[0].startswith('{"progress"')
        assert before.items() <= place.snapshot().items()
        for path in place.files():
            manifest.read_manifest(path)
    assert hit >= KILLS // 2
    place.run()
    assert clean(place)
    as_it_should(place, log)
    assert place.run().file == ""


def test_left_over_files_of_a_killed_job_are_cleaned_up(tmp_path: Path) -> None:
    place = started(tmp_path)
    place.run()
    (place.folder / "work/spill").mkdir(parents=True)
    (place.folder / "work/spill/x.tmp").write_bytes(b"x" * 99)
    (place.folder / "000-dead.parquet.part").write_bytes(b"PAR1")
    (place.folder / "edges-dead.part").write_bytes(b"{")
    place.put("logs/9.parquet", rows(9))
    assert place.run().windows == 1
    assert clean(place)


@pytest.mark.parametrize("where", ["new", "known"])
def test_a_corrupt_page_costs_only_its_own_part(tmp_path: Path, where: str) -> None:
    place = started(tmp_path)
    draw = np.random.default_rng(1)
    n = 20_000
    many = pa.table(
        {
            "at": pa.array([DAY0 + timedelta(days=7, seconds=i) for i in range(n)], pa.timestamp("us", "UTC")),
            "score": draw.random(n), "x": draw.random(n), "c": ["a"] * n,
        }
    )  # fmt: skip
    if where == "known":
        place.put("logs/7.parquet", many, compression="zstd")
    place.run()
    before = place.snapshot()
    whole = place.put("logs/7.parquet", many, compression="zstd").read_bytes()
    at = int(len(whole) * 0.75)  # inside the pages of x
    place.text("logs/7.parquet", whole[:at] + bytes(300) + whole[at + 300 :])
    place.put("logs/8.parquet", rows(8))
    done = place.run()
    assert (done.windows, done.kept) == (1, 1 if where == "known" else 0)
    assert list(done.unreadable) == ["logs/7.parquet"]
    assert before.items() <= place.snapshot().items()
    place.text("logs/7.parquet", whole)
    done = place.run()
    assert (done.windows, done.rows, done.unreadable) == (1, n, {})
    as_it_should(place, many.to_pylist() + [row for day in (0, 1, 2, 8) for row in rows(day)])


def test_a_reference_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    place = started(tmp_path)
    place.text("reference.parquet", (tmp_path / "reference.parquet").read_bytes()[:-30])
    with pytest.raises(SourceError, match=r"reference\.parquet cannot be read"):
        place.run()
    assert place.files() == []
    place.put("reference.parquet", rows(0))
    assert place.run().windows == 3


CSVS = {
    "columns added": "at,score,x,c,more\n2026-05-09 01:00:00,0.5,3,a,9\n",
    "other order": "c,x,score,at\na,3,0.5,2026-05-09 01:00:00\n",
    "columns lost": "at,score\n2026-05-09 01:00:00,0.5\n",
    "other types": "at,score,x,c\n1778288400000,half,three,7.5\n",
    "other delimiter": "at;score;x;c\n2026-05-09 01:00:00;0.5;3;a\n",
    "ragged lines": "at,score,x,c\n" + "".join(f"2026-05-09 01:00:00,0.5{end}\n" for end in (",3,a", "", ",3,a,9")),
}


@pytest.mark.parametrize("change", CSVS)
def test_a_csv_whose_columns_changed(tmp_path: Path, change: str) -> None:
    place = started(tmp_path, 0, "csv")
    place.text("logs/a.csv", "at,score,x,c\n2026-05-01 01:00:00,0.25,1,b\n")
    place.run()
    text = CSVS[change]
    place.text("logs/b.csv", text)
    done = place.run()
    assert (done.windows, done.rows, done.unreadable) == (1, 1, {})
    assert done.rejected == (2 if change == "ragged lines" else 0)
    new: dict[str, Any] = {"at": "2026-05-09 01:00:00", "score": 0.5, "x": 3.0, "c": "a"}
    if change == "columns lost":
        new |= {"x": None, "c": None}
    if change == "other types":
        new |= {"score": "half", "x": "three", "c": "7.5"}
    as_it_should(place, [{"at": "2026-05-01 01:00:00", "score": 0.25, "x": 1.0, "c": "b"}, new])


def test_a_column_that_no_file_ever_had_is_a_mistake_of_the_monitor(tmp_path: Path) -> None:
    place = started(tmp_path, 0)
    place.put("logs/a.parquet", [{"at": DAY0, "score": 0.5, "x": 1.0}])
    with pytest.raises(MonitorError, match="'c'"):
        place.run()
    assert (place.files(), clean(place)) == ([], True)


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_a_full_disk(tmp_path: Path, suffix: str) -> None:
    place = started(tmp_path, 3, suffix)
    if suffix == "csv":
        lines = [f"{row['at']:%Y-%m-%d %H:%M:%S},{row['score']},{row['x']},{row['c']}" for row in rows(0, 50_000)]
        place.text("logs/a.csv", "\n".join(["at,score,x,c", *lines]))
    else:
        place.run()
        place.put("logs/8.parquet", rows(8))
    before = place.snapshot()
    process = place.apart(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, 2_000)))
    answer = process.communicate()[0].splitlines()[-1]
    error = json.loads(answer)["error"]
    assert "disk is full" in error["message"], error
    assert place.snapshot() == before
    assert clean(place)
    assert place.run().windows > 0


def test_two_jobs_at_once(tmp_path: Path) -> None:
    place = started(tmp_path)
    with manifest.alone(place.folder, "m"):
        with pytest.raises(Busy, match="already"):
            place.run()
        process = place.apart()
        assert json.loads(process.communicate()[0].splitlines()[-1])["error"]["busy"] is True
    assert place.run().windows == 3


def test_a_job_that_meets_another_one_on_its_way(tmp_path: Path) -> None:
    place = started(tmp_path)
    seen: list[str] = []

    def second(progress: Any) -> None:
        if not seen:
            seen.append(progress.phase)
            with pytest.raises(Busy):
                profile(place.task(), lambda _: None)

    assert profile(place.task(), second).windows == 3
    assert seen
    assert len(place.files()) == 1


def test_a_damaged_profile_file_is_made_again(tmp_path: Path) -> None:
    place = started(tmp_path)
    place.run()
    place.put("logs/8.parquet", rows(8))
    place.run()
    newest = place.files()[-1]
    newest.write_bytes(newest.read_bytes()[:-20])
    assert place.run().windows == 1
    newest.unlink()
    as_it_should(place, [row for day in (0, 1, 2, 8) for row in rows(day)])


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that other users may go through."""
    made = Path(tempfile.mkdtemp())
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


def test_a_folder_that_cannot_be_written(open_folder: Path) -> None:
    place = started(open_folder)
    place.run()
    before = place.snapshot()
    place.put("logs/8.parquet", rows(8))
    for path in [place.folder, *place.folder.iterdir()]:
        path.chmod(path.stat().st_mode & ~(stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH))
    child = os.fork()
    if not child:
        try:
            os.setuid(65534 if os.geteuid() == 0 else os.geteuid())  # root may write anywhere
            place.run()
        except StoreError as error:
            os._exit(0 if "cannot be written" in error.message else 2)
        except BaseException:  # noqa: BLE001 - told by its number
            os._exit(3)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert place.snapshot() == before
    for path in [place.folder, *place.folder.iterdir()]:
        path.chmod(path.stat().st_mode | stat.S_IWUSR)
    assert place.run().windows == 1


def test_a_file_where_the_folder_should_be(tmp_path: Path) -> None:
    place = started(tmp_path)
    place.text("observed", "x")
    with pytest.raises(StoreError, match="cannot be written"):
        place.run()


def test_a_link_to_nowhere_and_a_folder_named_like_a_log_are_passed_over(tmp_path: Path) -> None:
    place = started(tmp_path)
    (tmp_path / "logs/dead.parquet").symlink_to(tmp_path / "nowhere")
    (tmp_path / "logs/folder.parquet").mkdir()
    assert (place.run().windows, place.runs[0].unreadable) == (3, {})


def test_an_unknown_engine_is_told(tmp_path: Path) -> None:
    place = started(tmp_path)
    task = place.task()
    with pytest.raises(GatehouseError, match="no engine 'flink'"):
        profile(type(task)(**{**{name: getattr(task, name) for name in task.__slots__}, "engine": "flink"}), print)
