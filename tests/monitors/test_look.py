"""A look at a log: Parquet, CSV, Delta, many files, odd columns, broken files."""

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.errors import NotFound, SourceError
from core.monitors.seen import Column, Columns
from core.profiling.look import MOST_ROWS, look

ROWS = """
SELECT i AS id, i % 3 = 0 AS flag, CASE WHEN i % 4 = 0 THEN NULL ELSE i / 100 END AS share,
  CASE WHEN i = 5 THEN 'nan'::DOUBLE WHEN i = 6 THEN 'inf'::DOUBLE ELSE i * 1.0 END AS odd,
  ['a', 'b'][1 + i % 2] AS letter, DATE '2026-01-01' + i::INTEGER AS day FROM range(100) t(i)
"""


def _by_name(columns: Columns) -> dict[str, Column]:
    return {column.name: column for column in columns.columns}


@pytest.mark.parametrize("suffix", ["parquet", "csv", "csv.gz"])
def test_a_look_tells_what_is_in_the_columns(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"it's a log.{suffix}"
    duckdb.sql(ROWS).create("t")
    duckdb.sql("FROM t").write_parquet(str(path)) if suffix == "parquet" else duckdb.sql("FROM t").write_csv(
        str(path), compression="gzip" if suffix.endswith("gz") else None
    )
    duckdb.sql("DROP TABLE t")
    seen = look(str(path))
    assert (seen.rows, seen.place) == (100, "files")
    found = _by_name(seen)
    assert list(found) == ["id", "flag", "share", "odd", "letter", "day"]
    assert (found["id"].distinct, found["id"].low, found["id"].high) == (100, 0.0, 99.0)
    assert (found["flag"].kind, found["flag"].distinct) == ("yes_no", 2)
    assert (found["share"].nulls, found["share"].low, found["share"].high) == (0.25, 0.01, 0.99)
    assert (found["odd"].low, found["odd"].high, found["odd"].distinct) == (0.0, 99.0, 100)
    assert found["letter"].examples == ("a", "b")
    assert (found["day"].type, found["day"].low, found["day"].high) == ("DATE", "2026-01-01", "2026-04-10")


def test_many_files_are_sampled_from_the_first_to_the_last(tmp_path: Path) -> None:
    for day in range(30):
        rows = pa.table({"day": pa.array([day] * 20_000), f"only_{day}": pa.array([1] * 20_000)})
        pq.write_table(rows, tmp_path / f"day={day:02}.parquet")
    seen = look(str(tmp_path / "*.parquet"))
    assert seen.rows == MOST_ROWS
    assert (seen.columns[0].low, seen.columns[0].high, seen.columns[0].distinct) == (0.0, 29.0, 8)
    assert {"only_0", "only_29"} <= set(seen.types)
    assert look(str(tmp_path)).rows == MOST_ROWS


def test_nested_and_binary_columns_do_not_stop_a_look(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    types = "SELECT [1, 2] AS l, {'a': 1} AS s, MAP {'k': 1} AS m, 'x'::BLOB AS b, INTERVAL 1 DAY AS i, NULL AS n"
    duckdb.sql(f"{types}, TIME '10:00' AS t, 1::DECIMAL(10, 2) AS d, '{'y' * 500}' AS long").write_parquet(str(path))
    found = _by_name(look(str(path)))
    assert found["l"].kind == found["s"].kind == found["m"].kind == found["b"].kind == "other"
    assert (found["n"].nulls, found["n"].low, found["n"].examples) == (1.0, None, ())
    assert found["d"].low == 1.0
    assert len(found["long"].examples[0]) == 80


def test_an_empty_log_has_columns_and_no_values(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"x": pa.array([], pa.float64())}), path)
    seen = look(str(path))
    assert (seen.rows, seen.columns[0].name, seen.columns[0].low, seen.columns[0].nulls) == (0, "x", None, 0.0)


@pytest.mark.parametrize(
    "name", ["nothing/*.parquet", "nothing.csv", "", "a\0b", "x" * 5_000, "'; DROP TABLE looked; --"]
)
def test_what_is_not_there_is_told(tmp_path: Path, name: str) -> None:
    with pytest.raises((NotFound, SourceError)) as caught:
        look(f"{tmp_path}/{name}")
    assert caught.value.hint


def test_a_broken_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"x": list(range(10_000))}), path)
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(SourceError, match=r"a\.parquet.* cannot be read"):
        look(str(path))
    (tmp_path / "b.csv").write_text("x\n1\n")
    with pytest.raises(SourceError, match="fits Parquet and other files"):
        look(str(tmp_path / "[ab].*"))


def test_bad_rows_of_a_csv_do_not_stop_a_look(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,score\n" + "".join(f"{n},0.5\n" for n in range(2_000)) + "broken,\n7,0.1,9,9\n")
    seen = look(str(path))
    assert set(seen.types) == {"id", "score"}
    assert seen.rows >= 2_000


def test_a_csv_in_another_encoding_is_told_and_not_read_as_empty(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("id,größe\n1,ä\n2,ö\n".encode("latin-1"))
    with pytest.raises(SourceError) as caught:
        look(str(path))
    assert "UTF-8" in caught.value.hint


def test_a_delta_table_is_read_as_its_log_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import deltalake

    place = str(tmp_path / "table")
    deltalake.write_deltalake(place, pa.table({"x": [1, 2, 3]}))
    deltalake.write_deltalake(place, pa.table({"x": [9]}), mode="overwrite")
    seen = look(place)
    assert (seen.place, seen.rows, seen.columns[0].low) == ("delta", 1, 9.0)
    monkeypatch.setitem(__import__("sys").modules, "deltalake", None)
    with pytest.raises(SourceError) as caught:
        look(place)
    assert "Install the package deltalake" in caught.value.hint
