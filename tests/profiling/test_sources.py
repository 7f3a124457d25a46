"""Where logs lie: files of every kind, Delta tables, databases, object storage."""

import gzip
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import deltalake
import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.errors import GatehouseError, SourceError, SourceUnavailable
from core.profiles import Rows
from core.profiling.queries import write_chunks
from tests.profiling.logs import Place, key, serving, table
from tests.profiling.oracle import Oracle, differences

DAY0 = datetime(2026, 5, 1, tzinfo=UTC)


def rows(day: int, n: int = 10, **more: Any) -> list[dict[str, Any]]:
    return [
        {"id": 100 * day + i, "at": DAY0 + timedelta(days=day, minutes=i), "score": i / n, "x": float(i), **more}
        for i in range(n)
    ]


def start(day: int) -> int:
    return int((DAY0 + timedelta(days=day)).timestamp() * 1000)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    made = Place(tmp_path)
    made.put("reference.parquet", rows(0))
    return made


def counted(place: Place) -> dict[int, int]:
    return {
        (where[2] - start(0)) // 86_400_000: part.rows
        for where, part in serving(place.rows()).items()
        if isinstance(part, Rows)
    }


def csv(told: list[dict[str, Any]], between: str = ",") -> str:
    lines = [between.join(told[0])]
    return "\n".join([*lines, *(between.join(str(value) for value in row.values()) for row in told)]) + "\n"


# -- files ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "days"),
    [
        ("logs", {0, 1, 2, 3}), ("logs/", {0, 1, 2, 3}), ("logs/*.parquet", {0}), ("logs/**/*.parquet", {0, 1, 3}),
        ("logs/deep/1.parquet", {1}), ("logs/*/", set()), ("logs/[!a]*/*", {1, 2, 3}),
        ("logs/day=3/odd [1]*.parquet", {3}),
    ],
)  # fmt: skip
def test_globs_folders_and_single_files(tmp_path: Path, pattern: str, days: set[int]) -> None:
    place = Place(tmp_path / "a [b] * 'c'")
    place.put("reference.parquet", rows(0))
    place.put("logs/0.parquet", rows(0))
    place.put("logs/deep/1.parquet", rows(1))
    place.text("logs/deep/2.csv", csv(rows(2)))
    place.put("logs/day=3/odd [1]*.parquet", rows(3))
    for name in ("_SUCCESS", ".hidden.parquet", "_temporary/9.parquet", "writing.parquet.tmp"):
        place.text(f"logs/{name}", "no part of the log")
    place.monitor(log={"files": pattern}, features={"numeric": ["x"]})
    if not days:
        with pytest.raises(GatehouseError, match="holds nothing"):
            place.run()
        return
    assert place.run().unreadable == {}
    assert counted(place).keys() == days
    assert place.run().file == ""


def test_an_absolute_pattern(place: Place) -> None:
    place.put("elsewhere/0.parquet", rows(0))
    place.monitor(log={"files": str(place.base / "elsewhere/*")})
    assert (place.run().windows, place.run().windows) == (1, 0)


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("a.csv", lambda text: text.encode()), ("a.csv.gz", lambda text: gzip.compress(text.encode())),
        ("a.tsv", lambda text: text.replace(",", "\t").encode()),
        ("a.txt", lambda text: text.replace(",", ";").encode()),
        ("a.CSV", lambda text: b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()),
    ],
)  # fmt: skip
def test_csv_of_every_kind(place: Place, name: str, write: Any) -> None:
    place.monitor(features={"numeric": ["x"]}, id="id")
    place.text(f"logs/{name}", write(csv(rows(1) + rows(2))))
    assert place.run().rejected == 0
    wanted = Oracle(place.resolved.monitor, place.edges(), place.now_ms).profile(rows(1) + rows(2))
    assert not differences(serving(place.rows()), wanted)


def test_texts_of_csv_are_read_as_what_they_stand_for(place: Place) -> None:
    written = 'at,score,x,label,flag,c\n1777600000,0.5,true,True,FALSE,"a\nb"\n1777600001,0.1,1e3,0,1,"q""z"\n'
    place.text("logs/a.csv", written + "1777600002.0,,abc,,,\n")
    told = [
        {"at": 1777600000, "score": 0.5, "x": 1.0, "label": 1, "flag": 0.0, "c": "a\nb"},
        {"at": 1777600001, "score": 0.1, "x": 1000.0, "label": 0, "flag": 1.0, "c": 'q"z'},
        {"at": 1777600002, "score": None, "x": "abc", "label": None, "flag": None, "c": None},
    ]
    place.put("reference.parquet", [{"score": 0.5, "x": 1.0, "label": 1, "flag": 0.0, "c": "a\nb"}])
    place.monitor(
        timestamp={"column": "at", "unit": "s"}, label={"column": "label"},
        features={"numeric": ["x"], "categorical": ["c"]},
        measurements={"flag": {"column": "flag", "kind": "yes_no"}}, kpis={"k": {"figure": "flag"}},
    )  # fmt: skip
    place.run()
    wanted = Oracle(place.resolved.monitor, place.edges(), place.now_ms).profile(told)
    assert not differences(serving(place.rows()), wanted)


def test_empty_files_and_files_without_rows(place: Place) -> None:
    place.monitor(log={"files": "logs/*"}, features={"numeric": ["x"]})
    place.put("logs/0.parquet", rows(0))
    place.put("logs/none.parquet", table(rows(0)).slice(0, 0))
    place.text("logs/empty.csv", "")
    place.text("logs/head.csv", "id,at,score,x\n")
    place.text("logs/empty.parquet", "")
    done = place.run()
    assert (done.windows, done.rows, list(done.unreadable)) == (1, 10, ["logs/empty.parquet"])
    assert place.run().file == ""


def test_columns_that_differ_only_in_capitals_are_told(place: Place) -> None:
    place.monitor()
    place.put("logs/0.parquet", rows(0))
    place.put("logs/1.parquet", rows(1, X=1.0))
    done = place.run()
    assert "'x' and 'X'" in done.unreadable["logs/1.parquet"]
    assert counted(place) == {0: 10}


# -- Delta ------------------------------------------------------------------------------------------------------------


def written(place: Place, told: list[dict[str, Any]], mode: str, **options: Any) -> None:
    deltalake.write_deltalake(str(place.base / "delta"), table(told), mode=mode, **options)


@pytest.mark.parametrize("by", [[], ["where"]])
def test_a_delta_table_as_it_grows_and_shrinks(place: Place, by: list[str]) -> None:
    place.monitor(log={"delta": "delta"}, segments={"day": {"column": "where"}}, features={"numeric": ["x"]})
    names = ["Mon 1/ä", "Tue=%20"]
    place.put("reference.parquet", [{**row, "where": name} for row in rows(0) for name in names])
    for day in (0, 1):
        written(place, rows(day, where=names[day]), "append", partition_by=by or None)
    assert (place.run().windows, counted(place)) == (2, {0: 10, 1: 10})
    assert place.rows()[key("rows", window=start(1), segment=f"day={names[1]}")].rows == 10
    written(place, rows(2, where=names[0]), "append")
    assert (place.run().windows, counted(place)) == (1, {0: 10, 1: 10, 2: 10})
    deltalake.DeltaTable(str(place.base / "delta")).delete("id = 3")
    assert (place.run().windows, counted(place)) == (1, {0: 9, 1: 10, 2: 10})
    deltalake.DeltaTable(str(place.base / "delta")).optimize.compact()
    place.run()
    assert (counted(place), place.run().file) == ({0: 9, 1: 10, 2: 10}, "")
    deltalake.DeltaTable(str(place.base / "delta")).delete("id >= 200")  # nothing is left of that day
    place.run()
    assert (counted(place), place.run().file) == ({0: 9, 1: 10, 2: 10}, "")
    written(place, rows(1, 4, where=names[1]), "overwrite")
    assert (place.run().kept, counted(place), place.run().file) == (0, {0: 9, 1: 4, 2: 10}, "")


def test_a_delta_table_that_is_none_is_told(place: Place) -> None:
    place.monitor(log={"delta": "nowhere"})
    with pytest.raises(SourceError, match="Delta"):
        place.run()


def test_a_fragment_whose_file_is_gone_is_told(place: Place) -> None:
    place.monitor(log={"delta": "delta"})
    written(place, rows(0), "append")
    written(place, rows(1), "append")
    next(iter((place.base / "delta").glob("*.parquet"))).unlink()
    done = place.run()
    assert (done.windows, len(done.unreadable)) == (1, 1)


# -- databases --------------------------------------------------------------------------------------------------------


@pytest.fixture
def database(place: Place) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(place.base / "log.db")
    connection.execute('CREATE TABLE p (id, at, score, x, "odd: na\'me")')
    yield connection
    connection.close()


def insert(database: sqlite3.Connection, told: list[dict[str, Any]]) -> None:
    values = [(row["id"], row["at"].strftime("%Y-%m-%d %H:%M:%S"), row["score"], row["x"], "z") for row in told]
    database.executemany("INSERT INTO p VALUES (?, ?, ?, ?, ?)", values)
    database.commit()


@pytest.mark.parametrize("watermark", ["id", "at"])
def test_a_query_is_asked_for_what_is_new(place: Place, database: sqlite3.Connection, watermark: str) -> None:
    sql = {"url": "sqlite:///log.db", "query": "SELECT * FROM p WHERE :model = 'm'", "watermark": watermark}
    place.monitor(log={"sql": sql}, features={"numeric": ["x"]}, id="id")
    insert(database, rows(0) + rows(1))
    assert (place.run().windows, counted(place), place.run().file) == (2, {0: 10, 1: 10}, "")
    insert(database, rows(2))
    insert(database, [{**row, "id": 900 + at, "at": row["at"] + timedelta(hours=9)} for at, row in enumerate(rows(2))])
    assert (place.run().windows, counted(place), place.run().file) == (1, {0: 10, 1: 10, 2: 20}, "")
    insert(database, [{**rows(3, 1)[0], "id": 5_000, "x": "bad"}])
    assert place.run().windows == 1
    assert place.rows()[key("numeric", window=start(3), name="x")].bad == 1


@pytest.mark.parametrize(
    ("url", "query", "error"),
    [
        ("sqlite:///log.db", "SELECT * FROM nowhere", SourceError), ("sqlite:///log.db", "SELEC", SourceError),
        ("sqlite:///missing.db", "SELECT 1", SourceUnavailable), ("sqlite:///log.db", "SELECT 1 AS one", SourceError),
        ("nonsense://x", "SELECT 1", SourceUnavailable), ("no url", "SELECT 1", SourceUnavailable),
    ],
)  # fmt: skip
def test_a_database_that_cannot_answer_is_told(
    place: Place, database: sqlite3.Connection, url: str, query: str, error: type[Exception]
) -> None:
    place.monitor(log={"sql": {"url": url, "query": query, "watermark": "id"}})
    with pytest.raises(error, match=r"database|query"):
        place.run()
    assert place.files() == []


def test_columns_of_a_query_may_change_their_type_on_the_way(tmp_path: Path) -> None:
    chunks = [{"a": [1, 2], "b": [None, None], "c": [1, None], "d": [2**70, 1], "e": [None, 1]},
              {"a": [1.5, None], "b": [3, 4], "c": ["x", 2], "d": [3, 4], "e": [2, 3]},
              {"a": [None, 7], "b": [None, "y"], "c": [None, None], "d": [None, None], "e": [None, None]}]  # fmt: skip
    write_chunks(iter(chunks), list("abcde"), tmp_path / "t.parquet")
    found = pq.read_table(tmp_path / "t.parquet").to_pydict()
    assert found == {
        "a": [1.0, 2.0, 1.5, None, None, 7.0], "b": [None, None, "3", "4", None, "y"],
        "c": ["1", None, "x", "2", None, None], "d": [str(2**70), "1", "3", "4", None, None],
        "e": [None, 1, 2, 3, None, None],
    }  # fmt: skip
    write_chunks(iter([]), ["a"], tmp_path / "none.parquet")
    assert pq.read_table(tmp_path / "none.parquet").num_rows == 0


# -- object storage ---------------------------------------------------------------------------------------------------


def test_object_storage(place: Place) -> None:
    memory = fsspec.filesystem("memory")
    memory.store.clear()

    def put(path: str, content: pa.Table | bytes) -> None:
        with memory.open(f"/bucket/{path}", "wb") as file:
            if isinstance(content, bytes):
                file.write(content)
            else:
                pq.write_table(content, file)

    put("logs/0.parquet", table(rows(0)))
    put("logs/1.csv", csv(rows(1)).encode())
    put("logs/_SUCCESS", b"")
    put("reference.parquet", table(rows(0)))
    place.monitor(
        log={"files": "memory://bucket/logs/*"}, features={"numeric": ["x"]},
        reference={"table": {"files": "memory://bucket/reference.parquet"}},
    )  # fmt: skip
    assert (place.run().windows, place.runs[0].unreadable, place.run().file) == (2, {}, "")
    put("logs/2.parquet", table(rows(2)))
    put("logs/0.parquet", table(rows(0, 7)))
    assert (place.run().windows, counted(place)) == (2, {0: 7, 1: 10, 2: 10})
    place.monitor(log={"files": "memory://bucket/logs"}, features={"numeric": ["x"]})
    assert place.run().windows == 3
    place.monitor(log={"files": "memory://bucket/nothing/*"})
    assert place.run().windows == 0
    place.monitor(log={"files": "nosuch://bucket/*"})
    with pytest.raises(GatehouseError, match="nosuch"):
        place.run()
