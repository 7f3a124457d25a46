"""What differs between the databases that MLflow writes to: how to open them, bind lists and notice changes."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import adbc_driver_manager
import pyarrow as pa

from core.errors import SourceError, SourceRefused, SourceUnavailable

APPEND_ONLY = ("params", "metrics", "inputs")
"""Tables to which MLflow only ever adds rows."""


class Database(Protocol):
    """One open database of MLflow, read only."""

    ids: str
    """SQL that turns the one bound JSON array of ids into rows (n, id), in its order: ids that lie together stay so."""
    marks: str
    """Name of the statement that gives (run_uuid, mark text) of every run."""

    def read(self, sql: str, argument: str | None = None) -> pa.Table: ...

    def signature(self) -> str | None:
        """Equal for two moments between which nothing was written; None when it cannot be told."""
        ...

    def watermarks(self) -> Mapping[str, Any]:
        """How far the append-only tables reach; JSON values."""
        ...

    def appended(self, since: Mapping[str, Any]) -> set[str] | None:
        """Runs with rows added to the append-only tables since those watermarks; None when it cannot be told."""
        ...

    def close(self) -> None: ...


class Sqlite:
    """An SQLite file, opened read only.

    Rows are found by their rowid, which only grows while nothing is deleted at the end. So a watermark keeps the row
    it stands on as well: when that row has changed (a permanent deletion, a VACUUM), nothing is taken for known.
    """

    ids = "SELECT key AS n, value AS id FROM json_each(?)"
    marks = "marks_sqlite"

    def __init__(self, path: Path) -> None:
        import adbc_driver_sqlite.dbapi as driver

        if not path.is_file():
            raise SourceUnavailable(f"There is no file {path}.", hint="Check the path after sqlite:///.")
        self._path = path
        try:
            self._connection = driver.connect(f"file:{quote(str(path))}?mode=ro")
            self._execute("PRAGMA busy_timeout = 30000")
        except adbc_driver_manager.Error as error:
            raise SourceUnavailable(f"{path.name} cannot be opened: {_words(error)}.", hint=_SQLITE_HINT) from error

    def read(self, sql: str, argument: str | None = None) -> pa.Table:
        return self._execute(sql, argument)

    def signature(self) -> str | None:
        # Bytes 24-27 of the file count its transactions; with a write-ahead log that log's header and size do.
        parts: list[Any] = []
        for path, head in ((self._path, 28), (self._path.with_name(self._path.name + "-wal"), 32)):
            try:
                with path.open("rb") as file:
                    start = file.read(head)
                state = path.stat()
            except FileNotFoundError:
                parts.append(None)
                continue
            except OSError as error:
                raise SourceUnavailable(f"{path.name} cannot be read: {error.strerror}.", hint=_SQLITE_HINT) from error
            parts.append([start[-32:].hex() if head == 32 else start[24:28].hex(), state.st_size, state.st_mtime_ns])
        return json.dumps(parts)

    def watermarks(self) -> Mapping[str, Any]:
        return {table: self._last_row(table) for table in APPEND_ONLY}

    def _last_row(self, table: str) -> list[Any] | None:
        rows = self.read(_LAST_ROW[table]).to_pylist()
        return list(rows[0].values()) if rows else None

    def appended(self, since: Mapping[str, Any]) -> set[str] | None:
        ids: set[str] = set()
        for table in APPEND_ONLY:
            mark = since.get(table)
            rowid = mark[0] if mark else 0
            if mark and [list(row.values()) for row in self.read(_ROW_AT[table], json.dumps([rowid])).to_pylist()] != [
                mark
            ]:
                return None
            ids.update(self.read(_APPENDED[table], json.dumps([rowid])).column(0).to_pylist())
        return ids

    def close(self) -> None:
        self._connection.close()

    def _execute(self, sql: str, argument: str | None = None) -> pa.Table:
        try:
            with self._connection.cursor() as cursor:
                # Types are told from the first rows read: as many as possible, so that a late text is no surprise.
                cursor.adbc_statement.set_options(**{"adbc.sqlite.query.batch_rows": 131_072})
                cursor.execute(sql, None if argument is None else (argument,))
                return cursor.fetch_arrow_table()
        except adbc_driver_manager.Error as error:
            message = _words(error)
            if "no such" in message:
                raise SourceError(
                    f"{self._path.name} is no MLflow database: {message}.",
                    hint="Give the file that MLflow's backend store URI names (often mlflow.db).",
                ) from error
            raise SourceUnavailable(f"{self._path.name} cannot be read: {message}.", hint=_SQLITE_HINT) from error


class Postgres:
    """A PostgreSQL database, in a read-only session."""

    ids = "SELECT place - 1 AS n, id FROM jsonb_array_elements_text($1::jsonb) WITH ORDINALITY AS given (id, place)"
    marks = "marks_postgresql"

    def __init__(self, url: str, password: str | None) -> None:
        import adbc_driver_postgresql.dbapi as driver

        self._name = _without_password(url)
        try:
            self._connection = driver.connect(_with_password(url, password), autocommit=True)
            self._execute("SET default_transaction_read_only = on")
        except adbc_driver_manager.Error as error:
            raise self._translate(error) from None

    def read(self, sql: str, argument: str | None = None) -> pa.Table:
        return self._execute(sql, argument)

    def signature(self) -> str | None:
        return None

    def watermarks(self) -> Mapping[str, Any]:
        return {}

    def appended(self, since: Mapping[str, Any]) -> set[str] | None:  # noqa: ARG002  the marks say it all
        return set()

    def close(self) -> None:
        self._connection.close()

    def _execute(self, sql: str, argument: str | None = None) -> pa.Table:
        try:
            with self._connection.cursor() as cursor:
                cursor.execute(sql, None if argument is None else (argument,))
                return cursor.fetch_arrow_table() if cursor.description else pa.table({})
        except adbc_driver_manager.Error as error:
            # The driver's chain is dropped on purpose: its text may hold the connection string.
            raise self._translate(error) from None

    def _translate(self, error: Exception) -> SourceError:
        message = _words(error)
        if "password" in message or "authentication" in message or "permission denied" in message:
            return SourceRefused(
                f"{self._name} refused the credentials.", hint="Check username, password_env and the user's rights."
            )
        if "does not exist" in message and "relation" in message:
            return SourceError(
                f"{self._name} is no MLflow database.", hint="Give the database that MLflow's backend store URI names."
            )
        return SourceUnavailable(f"{self._name} cannot be read: {message}.", hint="Is the server up and the URL right?")


def open_database(url: str, password: str | None) -> Database:
    """Opens sqlite:///path or postgresql://user@host/name. Raises SourceError."""
    parts = urlsplit(url)
    if parts.scheme.startswith("sqlite"):
        return Sqlite(Path(unquote(parts.path.removeprefix("/"))))
    return Postgres(url, password)


_SQLITE_HINT = "Check that the file is readable and not being replaced."
_LAST_ROW = {
    "params": "SELECT rowid, run_uuid, key FROM params ORDER BY rowid DESC LIMIT 1",
    "metrics": "SELECT rowid, run_uuid, key, step, timestamp FROM metrics ORDER BY rowid DESC LIMIT 1",
    "inputs": "SELECT rowid, input_uuid FROM inputs ORDER BY rowid DESC LIMIT 1",
}
_ROW_AT = {
    "params": "SELECT rowid, run_uuid, key FROM params WHERE rowid IN (SELECT value FROM json_each(?))",
    "metrics": "SELECT rowid, run_uuid, key, step, timestamp FROM metrics"
    " WHERE rowid IN (SELECT value FROM json_each(?))",
    "inputs": "SELECT rowid, input_uuid FROM inputs WHERE rowid IN (SELECT value FROM json_each(?))",
}
_APPENDED = {
    "params": "SELECT DISTINCT run_uuid FROM params WHERE rowid > (SELECT value FROM json_each(?))",
    "metrics": "SELECT DISTINCT run_uuid FROM metrics WHERE rowid > (SELECT value FROM json_each(?))",
    "inputs": "SELECT DISTINCT destination_id FROM inputs WHERE rowid > (SELECT value FROM json_each(?))"
    " AND destination_type = 'RUN'",
}


def _with_password(url: str, password: str | None) -> str:
    parts = urlsplit(url)
    if password is None:
        return urlunsplit(parts._replace(scheme="postgresql"))
    host = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(scheme="postgresql", netloc=f"{host[0]}:{quote(password, safe='')}@{host[2]}"))


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    return f"postgresql://{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}{parts.path}"


def _words(error: Exception) -> str:
    return " ".join(str(error).split())[:300].rstrip(".")
