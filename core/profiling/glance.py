"""Short answers about a log before it is profiled: its first rows, its rows by day, how labels would be joined."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from core.monitors.seen import kind_of
from core.profiling.look import literal, readable, reader_of, unreadable

MOST_FILES = 2_000
MOST_LABELS = 5_000_000
_LONGEST = 200
_PER_SECOND = {"s": 1_000_000, "ms": 1_000, "us": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """How a column says when: as in a monitor file."""

    column: str
    naive: str = "utc"
    unit: str = "ms"
    zone: str = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """Rows of a log by local day. undated: rows without a readable time.  files: read, of all there are."""

    days: tuple[tuple[date, int], ...]
    undated: int
    files: int
    all_files: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """How labels fit a log, on some of its rows.

    rows: looked at.  matched: of these, with a label.  labels: rows of labels read.  duplicates: ids with more than one
    label.  contradictions: ids whose labels differ.  median, p90, p99: days from prediction to label, of matched rows;
    None where labels have no time.  dated: matched rows with both times.
    """

    rows: int
    matched: int
    labels: int
    duplicates: int
    contradictions: int
    dated: int = 0
    median: float | None = None
    p90: float | None = None
    p99: float | None = None


def first_rows(files: Sequence[str], most: int) -> tuple[tuple[str, ...], list[tuple[str | None, ...]]]:
    """Names of the columns, and the first rows as texts. Raises NotFound, SourceError."""
    with readable(files) as connection:
        names = [str(column[0]) for column in connection.execute("DESCRIBE looked").fetchall()]
        rows = connection.execute(f"SELECT COLUMNS(*)::VARCHAR FROM looked LIMIT {most}").fetchall()  # nosec B608: our own number
    return tuple(names), [tuple(None if value is None else value[:_LONGEST] for value in row) for row in rows]


def days(files: Sequence[str], clock: Clock) -> Days:
    """Rows by day of the clock's zone, of all rows. Of more than 2,000 files some, spread evenly, are read.

    Raises NotFound, SourceError.
    """
    step = max(1.0, len(files) / MOST_FILES)
    chosen = [files[int(at * step)] for at in range(min(len(files), MOST_FILES))]
    with readable(chosen[:1]) as connection:
        try:
            paths = [literal(path) for path in chosen]
            when = f"({_moment(clock, _types(connection, _all(chosen), paths))} AT TIME ZONE {_text(clock.zone)})::DATE"
            counted = connection.execute(
                f"SELECT CASE WHEN isfinite(day) THEN day::VARCHAR END AS told, count(*) FROM "  # nosec B608: quoted names
                f"(SELECT {when} AS day FROM {_all(chosen)}) GROUP BY told ORDER BY told",
                [paths],
            ).fetchall()
        except duckdb.Error as error:
            raise unreadable(Path(chosen[0]).name, error) from error
    told, undated = [], 0
    for text, rows in counted:
        year = int(text[:4]) if text and text[4:5] == "-" and text[0] != "-" else 0
        if 1990 <= year < 9_000:  # as the job takes times
            told.append((date.fromisoformat(text), int(rows)))
        else:
            undated += int(rows)
    return Days(days=tuple(told), undated=undated, files=len(chosen), all_files=len(files))


def join(
    log: Sequence[str], log_id: str, labels: Sequence[str], label_id: str, label: str,
    made: Clock | None, known: Clock | None,
) -> Join:  # fmt: skip
    """Labels held against up to 100,000 rows of a log, spread over its files.

    made: when a prediction was made.  known: when its label was; None where labels have no time.
    Raises NotFound, SourceError.
    """
    with readable(log) as connection:
        try:
            connection.execute(
                f"CREATE TEMP TABLE wanted AS SELECT DISTINCT {_quoted(log_id)}::VARCHAR AS id FROM looked"  # nosec B608
            )
            paths = [literal(path) for path in labels]
            at = _moment(known, _types(connection, _all(labels), paths)) if labels else "NULL::TIMESTAMPTZ"
            connection.execute(
                f"CREATE TEMP TABLE told AS SELECT {_quoted(label_id)}::VARCHAR AS id, "  # nosec B608
                f"{_quoted(label)}::VARCHAR AS label, {at} AS known FROM {_all(labels)} LIMIT {MOST_LABELS}",
                [paths],
            )
            connection.execute(
                "CREATE TEMP TABLE by_id AS SELECT id, count(*) AS n, min(label) <> max(label) AS split, "
                "min(known) AS known FROM told WHERE id IS NOT NULL AND label IS NOT NULL AND label <> '' GROUP BY id"
            )
            both = f"date_diff('second', {_moment(made, _types(connection, 'looked'))}, known) / 86400.0"
            row = connection.execute(
                f"SELECT count(*), count(by_id.id), count({both}), median({both}), quantile_cont({both}, 0.9), "  # nosec B608
                f"quantile_cont({both}, 0.99) "
                f"FROM looked LEFT JOIN by_id ON looked.{_quoted(log_id)}::VARCHAR = by_id.id"
            ).fetchone()
            about = connection.execute(
                "SELECT (SELECT count(*) FROM told), count(*) FILTER (WHERE n > 1), count(*) FILTER (WHERE split) "
                "FROM by_id SEMI JOIN wanted USING (id)"
            ).fetchone()
        except duckdb.Error as error:
            raise unreadable(Path(labels[0]).name if labels else "The labels", error) from error
    rows, matched, dated, median, p90, p99 = row or (0, 0, 0, None, None, None)
    read, duplicates, split = about or (0, 0, 0)
    return Join(rows=rows, matched=matched, labels=read, duplicates=duplicates, contradictions=split, dated=dated,
                median=_float(median), p90=_float(p90), p99=_float(p99))  # fmt: skip


def inside(log: Sequence[str], label: str) -> Join:
    """The same for labels that stand in the log itself."""
    with readable(log) as connection:
        row = connection.execute(
            f"SELECT count(*), count(nullif({_quoted(label)}::VARCHAR, '')) FROM looked"  # nosec B608: a quoted name
        ).fetchone()
    rows, matched = row or (0, 0)
    return Join(rows=rows, matched=matched, labels=matched, duplicates=0, contradictions=0)


def _all(files: Sequence[str]) -> str:
    reader = reader_of(files[0]) if files else "read_parquet(?)"
    return reader.replace("?", "?, union_by_name = true")


def _types(connection: duckdb.DuckDBPyConnection, table: str, paths: Sequence[str] | None = None) -> dict[str, str]:
    """Column -> type of a table of ours, or of files read together: of files that differ, what holds them all."""
    found = connection.execute(f"DESCRIBE FROM {table}", [list(paths)] if paths else [])
    return {str(name): str(kind) for name, kind, *_ in found.fetchall()}


def _moment(clock: Clock | None, types: Mapping[str, str]) -> str:
    """An expression of a time with zone; NULL where there is no such column."""
    if clock is None or clock.column not in types:
        return "NULL::TIMESTAMPTZ"
    column, kind, name = _quoted(clock.column), kind_of(types[clock.column]), types[clock.column].casefold()
    zone = _text(clock.zone if clock.naive == "local" else "UTC")
    if kind == "number":
        # a number too large for a time is no time: it is counted as undated, and fails nothing
        return f"try_cast(make_timestamp(try_cast({column} * {_PER_SECOND[clock.unit]} AS BIGINT)) AS TIMESTAMPTZ)"
    if kind == "text":
        zoned = f"regexp_matches({column}, '([zZ]|[+-][0-9]{{2}}:?([0-9]{{2}})?)$')"
        naive = f"try_cast({column} AS TIMESTAMP) AT TIME ZONE {zone}"
        return f"CASE WHEN {zoned} THEN try_cast({column} AS TIMESTAMPTZ) ELSE {naive} END"
    if "zone" in name or "tz" in name:
        return f"{column}::TIMESTAMPTZ"
    return f"(try_cast({column} AS TIMESTAMP) AT TIME ZONE {zone})"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _float(value: Any) -> float | None:
    return None if value is None else float(value)
