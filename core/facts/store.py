"""The DuckDB file of facts: opening it whatever state it is in, reading and writing it from many threads."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from core.errors import GatehouseError, StoreDamaged, StoreError, StoreLocked, StoreNewer
from core.facts.statements import schema, statement

SCHEMA_VERSION = 3
FILE_NAME = "facts.duckdb"
MEMORY_LIMIT = "2GB"
CHECKPOINT = "256MB"  # of log before it is folded into the file: the default 16MB doubles what a first sync writes

Values = Mapping[str, Any]


class Facts:
    """One open facts file.

    notice: what a person should know about how it was opened (rebuilt, kept aside), or None.
    Reads may come from any thread: each takes a cursor of its own. Writes come one at a time.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, path: Path, notice: GatehouseError | None) -> None:
        self.path = path
        self.notice = notice
        self._connection = connection
        self._write_lock = threading.Lock()

    def close(self) -> None:
        """Waits for a write under way, then lets the file go."""
        with self._write_lock:
            self._connection.close()

    def arrow(self, sql: str, values: Values | None = None) -> pa.Table:
        """The result of one read. sql: a statement's text; values: its named parameters."""
        with self._cursor() as cursor:
            return cursor.sql(sql, params=dict(values or {})).to_arrow_table()

    def rows(self, sql: str, values: Values | None = None) -> list[dict[str, Any]]:
        """The result of one read as plain Python values, a dict a row."""
        with self._cursor() as cursor:
            cursor.execute(sql, dict(values or {}))
            names = [column[0] for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def read(self, name: str, values: Values | None = None) -> list[dict[str, Any]]:
        """`rows` of the statement sql/NAME.sql."""
        return self.rows(statement(name), values)

    @contextmanager
    def transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A cursor whose writes all become visible together, or not at all."""
        with self._write_lock, self._whole() as cursor:
            cursor.begin()
            try:
                yield cursor
            except BaseException:
                cursor.rollback()
                raise
            cursor.commit()

    @contextmanager
    def _cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """What one read works on."""
        with self._whole() as cursor:
            yield cursor

    @contextmanager
    def _whole(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A fresh cursor on all tables, closed afterwards."""
        with self._explained():
            cursor = self._fresh()
            try:
                yield cursor
            finally:
                cursor.close()

    def _fresh(self) -> duckdb.DuckDBPyConnection:
        try:
            return self._connection.cursor()
        except duckdb.Error as error:
            raise StoreError("The store is closed.", hint="Start Gatehouse again.") from error

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (duckdb.FatalException, duckdb.IOException, duckdb.InternalException) as error:
            raise StoreDamaged(
                f"{self.path.name} could not be read or written: {_first_line(error)}",
                hint="Check the disk, then restart: a damaged file is kept aside and the next sync fills a new one.",
            ) from error


def open_facts(folder: Path) -> Facts:
    """Opens (or creates) facts.duckdb in `folder`.

    A file of an older schema, or a damaged one, is kept aside under another name and a fresh one is made: facts are
    copies, the next sync brings them back. Raises StoreLocked, StoreNewer or StoreError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE_NAME
    fresh = not path.exists()
    try:
        connection = _connect(path)
        found = SCHEMA_VERSION if fresh else _version(connection)
    except StoreDamaged as damage:
        aside = _keep_aside(path, "damaged")
        notice: GatehouseError | None = StoreDamaged(
            f"{path.name} was damaged ({damage.message}). It is kept as {aside.name}; a fresh one was made.",
            hint="Sync again: nothing that people decided was in it.",
        )
        return Facts(_create(_connect(path)), path, notice)
    if fresh:
        return Facts(_create(connection), path, None)
    if found > SCHEMA_VERSION:
        connection.close()
        raise StoreNewer(
            f"{path.name} has schema {found}; this Gatehouse knows {SCHEMA_VERSION}.",
            hint="Start the newer Gatehouse, or point GATEHOUSE_HOME at another folder.",
        )
    if found < SCHEMA_VERSION:
        connection.close()
        aside = _keep_aside(path, f"schema-{found}")
        notice = StoreError(
            f"{path.name} was written by an older Gatehouse (schema {found}, now {SCHEMA_VERSION}) and was rebuilt; "
            f"the old one is kept as {aside.name}.",
            hint="Sync again to fill it.",
        )
        return Facts(_create(_connect(path)), path, notice)
    return Facts(connection, path, None)


def _connect(path: Path) -> duckdb.DuckDBPyConnection:
    try:
        connection = duckdb.connect(
            str(path),
            config={
                "memory_limit": MEMORY_LIMIT,
                "temp_directory": str(path.parent / "spill"),
                "checkpoint_threshold": CHECKPOINT,
            },
        )
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
    except duckdb.IOException as error:
        if "lock" in str(error).lower():
            raise StoreLocked(
                f"{path.name} is in use by another process.",
                hint="Use the running Gatehouse, or end it first; only one process may open the store.",
            ) from error
        if isinstance(error.__cause__, PermissionError) or "permission" in str(error).lower():
            raise StoreError(
                f"{path.name} cannot be opened: {_first_line(error)}", hint="Check who owns the file and folder."
            ) from error
        raise StoreDamaged(_first_line(error)) from error
    except duckdb.Error as error:
        raise StoreDamaged(_first_line(error)) from error
    return connection


def _version(connection: duckdb.DuckDBPyConnection) -> int:
    try:
        row = connection.execute(statement("schema_version")).fetchone()
        return int(row[0]) if row else 0
    except (duckdb.Error, ValueError, UnicodeDecodeError) as error:
        connection.close()
        raise StoreDamaged(_first_line(error)) from error


def _create(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    connection.begin()
    connection.execute(schema())
    connection.execute(statement("set_schema_version"), {"version": str(SCHEMA_VERSION)})
    connection.commit()
    return connection


def _keep_aside(path: Path, reason: str) -> Path:
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    aside = path.with_name(f"{path.name}.{reason}-{stamp}")
    path.rename(aside)
    wal = path.with_name(path.name + ".wal")
    if wal.exists():
        wal.rename(aside.with_name(aside.name + ".wal"))
    return aside


def _first_line(error: BaseException) -> str:
    return str(error).splitlines()[0][:300] if str(error) else type(error).__name__
