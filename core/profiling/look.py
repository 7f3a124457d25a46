"""A look at a log's first rows: what columns it has and what is in them. Reads at most 100,000 rows."""

import importlib
import re
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from math import isfinite
from pathlib import Path
from typing import Any

import duckdb

from core.errors import NotFound, SourceError
from core.monitors.near import show
from core.monitors.seen import Column, Columns
from core.profiling.engines import object_storage

MOST_ROWS = 100_000
MOST_FILES = 8
_ROWS_FOR_EXAMPLES = 1_000
_EXAMPLES = 5
_LONGEST = 80
_CSV = (".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz", ".csv.zst", ".tsv.zst")


def look(path_or_glob: str) -> Columns:
    """The columns of a log of Parquet or CSV files, or of a Delta table's folder.

    Where a glob fits many files, rows of up to eight, spread evenly from the first to the last, are read.
    Raises NotFound when nothing fits, SourceError when a file cannot be read.
    """
    with closing(_connection()) as connection:
        try:
            delta = (Path(path_or_glob) / "_delta_log").is_dir()
        except (OSError, ValueError):
            delta = False
        try:
            if delta:
                _take_delta(connection, path_or_glob)
            else:
                _take_files(connection, path_or_glob)
            return Columns(
                columns=tuple(_columns(connection)), rows=_count(connection), place="delta" if delta else "files"
            )
        except duckdb.Error as error:
            raise unreadable(path_or_glob, error) from error


def look_at(files: Sequence[str]) -> Columns:
    """The same of these files, of which some are read; a path stands for itself. Raises NotFound, SourceError."""
    with readable(files) as connection:
        return Columns(columns=tuple(_columns(connection)), rows=_count(connection))


@contextmanager
def readable(files: Sequence[str]) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with rows of some of these files as the table `looked`. Raises NotFound, SourceError."""
    if not files:
        raise NotFound("There is no file to look at.", hint="Choose another log.")
    with closing(_connection()) as connection:
        try:
            if "://" in files[0]:
                connection.register_filesystem(object_storage(files[0].partition("://")[0]))
            _take(connection, list(files))
            yield connection
        except duckdb.Error as error:
            raise unreadable(Path(files[0]).name, error) from error


def literal(path: str) -> str:
    """A path as a pattern of DuckDB's that fits it alone."""
    return re.sub(r"([*?\[])", r"[\1]", path)


def unreadable(what: str, error: Exception) -> SourceError:
    """An engine's error for a person."""
    first = str(error).splitlines()[0][:300] if str(error) else type(error).__name__
    return SourceError(
        f"{show(what)} cannot be read: {first}",
        hint="Is every file whole, and Parquet or CSV in UTF-8? Object storage needs its DuckDB extension.",
    )


def _connection() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(":memory:")
    connection.execute("SET autoinstall_known_extensions = false")  # never fetches anything
    connection.execute("SET memory_limit = '1GB'")
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def _take_delta(connection: duckdb.DuckDBPyConnection, folder: str) -> None:
    try:
        deltalake: Any = importlib.import_module("deltalake")
    except ImportError as error:
        hint = "Install the package deltalake, or name Parquet or CSV files."
        raise SourceError(f"{show(folder)} is a Delta table, which cannot be read here.", hint=hint) from error
    try:
        table = deltalake.DeltaTable(folder).to_pyarrow_dataset()
        connection.register("delta_table", table)
        connection.execute(f"CREATE TEMP TABLE looked AS FROM delta_table LIMIT {MOST_ROWS}")
    except Exception as error:  # deltalake raises its own, and plain ones
        message = f"The Delta table {show(folder)} cannot be read: {str(error)[:300]}"
        raise SourceError(message, hint="Is its log whole? Tables with deletion vectors cannot be read.") from error


def _take_files(connection: duckdb.DuckDBPyConnection, path_or_glob: str) -> None:
    pattern = path_or_glob
    try:
        folder = Path(pattern).is_dir()
    except (OSError, ValueError):
        folder = False
    if folder:
        inside = [f"{pattern.rstrip('/')}/**/*{suffix}" for suffix in (".parquet", *_CSV)]
        pattern = next((each for each in inside if _fitting(connection, each)), inside[0])
    files = _fitting(connection, pattern)
    if not files:
        hint = "Check the path; ** stands for any folders. A folder is read when it holds Parquet or CSV."
        raise NotFound(f"No file fits {show(path_or_glob)}.", hint=hint)
    _take(connection, files, path_or_glob)


def _take(connection: duckdb.DuckDBPyConnection, files: list[str], named: str = "") -> None:
    """Rows of up to eight files, spread evenly, as the table `looked`."""
    kinds = {reader_of(name) for name in files}
    if len(kinds) > 1:
        hint = "Name those of one kind: *.parquet or *.csv."
        raise SourceError(f"{show(named) if named else 'This'} fits Parquet and other files.", hint=hint)
    (reader,) = kinds
    step = max(1, len(files) - 1) / max(1, min(MOST_FILES, len(files)) - 1)
    chosen = sorted({files[min(len(files) - 1, round(at * step))] for at in range(min(MOST_FILES, len(files)))})
    share = MOST_ROWS // len(chosen)
    chosen = [literal(path) for path in chosen]
    _keep(connection, reader, chosen, share)
    if not _count(connection):  # nothing, or nothing but bad rows: then this says what is wrong with them
        _keep(connection, reader.replace(", ignore_errors = true", ""), chosen, share)


def _keep(connection: duckdb.DuckDBPyConnection, reader: str, files: list[str], share: int) -> None:
    parts = [f"(FROM {reader} LIMIT {share})" for _ in files]  # nosec B608: our own words and numbers
    connection.execute("CREATE OR REPLACE TEMP TABLE looked AS " + " UNION ALL BY NAME ".join(parts), files)


def _fitting(connection: duckdb.DuckDBPyConnection, pattern: str) -> list[str]:
    rows = connection.execute("SELECT file FROM glob(?) ORDER BY file", [pattern]).fetchall()
    return [str(row[0]) for row in rows]


def reader_of(name: str) -> str:
    """The table function that reads a file, its name bound."""
    if name.casefold().endswith(_CSV):
        return f"read_csv(?, sample_size = {MOST_ROWS}, ignore_errors = true)"
    return "read_parquet(?)"


def _count(connection: duckdb.DuckDBPyConnection) -> int:
    row = connection.execute("SELECT count(*) FROM looked").fetchone()
    return int(row[0]) if row else 0


def _columns(connection: duckdb.DuckDBPyConnection) -> list[Column]:
    described = connection.execute("DESCRIBE looked").fetchall()
    samples = connection.execute(f"SELECT COLUMNS(*)::VARCHAR FROM looked LIMIT {_ROWS_FOR_EXAMPLES}").fetchall()  # nosec B608: our own number
    return [
        _column(connection, str(name), str(type_text), [row[at] for row in samples])
        for at, (name, type_text, *_) in enumerate(described)
    ]


def _column(connection: duckdb.DuckDBPyConnection, name: str, type_text: str, sample: list[str | None]) -> Column:
    column = '"' + name.replace('"', '""') + '"'
    seen = Column(name=name, type=type_text)
    real = type_text in ("FLOAT", "DOUBLE")
    kept = f"CASE WHEN isfinite({column}) THEN {column} END" if real else column
    ordered = seen.kind != "other"
    row = connection.execute(
        f"SELECT count(*), count({column}), count(DISTINCT {column}), "
        + (f"min({kept})::VARCHAR, max({kept})::VARCHAR FROM looked" if ordered else "NULL, NULL FROM looked")
    ).fetchone()
    rows, told, distinct, low, high = row or (0, 0, 0, None, None)
    return Column(
        name=name,
        type=type_text,
        nulls=1 - told / rows if rows else 0.0,
        distinct=distinct,
        low=_limit(low, seen),
        high=_limit(high, seen),
        examples=tuple(dict.fromkeys(_cut(value) for value in sample if value is not None))[:_EXAMPLES],
    )


def _limit(value: str | None, column: Column) -> float | str | None:
    if value is None or column.kind != "number":
        return _cut(value) if value is not None else None
    number = float(value)
    return number if isfinite(number) else None


def _cut(value: str) -> str:
    return value if len(value) <= _LONGEST else value[: _LONGEST - 1] + "…"
