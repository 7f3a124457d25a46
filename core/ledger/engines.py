"""Connections to the ledger's database, set up as it needs them."""

import os
import sqlite3
import time
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url

from core.errors import StoreError

BUSY_S = 60
POOL = 10
"""Connections a process keeps; as many again when it is busy. PostgreSQL admits 100 to all processes by default."""


def engine_of(url: str, *, password: str | None = None) -> sa.Engine:
    """An engine that begins as the ledger needs it. Raises StoreError for a URL or driver that cannot be used.

    Transactions are for reading only, unless their connection has the execution option "writes".
    """
    try:
        parsed = make_url(url)
    except sa.exc.ArgumentError as error:
        raise StoreError(
            "The ledger's URL cannot be read.", hint="sqlite:///file or postgresql://user@host/database."
        ) from error
    dialect = parsed.get_backend_name()
    if dialect == "sqlite":
        return _sqlite(parsed)
    if dialect != "postgresql":
        raise StoreError(f"The ledger cannot be kept in {dialect}.", hint="Use sqlite:///file or postgresql://.")
    return _postgresql(parsed, password)


def _postgresql(url: URL, password: str | None) -> sa.Engine:
    try:
        engine = sa.create_engine(
            url.set(drivername="postgresql+psycopg", password=password or url.password),
            pool_size=POOL, max_overflow=POOL, pool_timeout=BUSY_S, pool_pre_ping=True, hide_parameters=True,
            connect_args={"connect_timeout": 10, "application_name": "gatehouse"},
        )  # fmt: skip
    except ModuleNotFoundError as error:
        raise StoreError("PostgreSQL's driver is not installed.", hint="pip install -e .[postgresql]") from error

    @sa.event.listens_for(engine, "connect")
    def _set_up(connection: sa.engine.interfaces.DBAPIConnection, _: object) -> None:
        cursor = connection.cursor()  # a process that hangs in a decision must not hang all others for ever
        cursor.execute(f"SET lock_timeout = '{BUSY_S}s'")
        cursor.execute(f"SET idle_in_transaction_session_timeout = '{10 * BUSY_S}s'")
        cursor.close()
        connection.commit()

    return engine


def _sqlite(url: URL) -> sa.Engine:
    if not url.database or url.database == ":memory:":
        raise StoreError("The ledger needs a file.", hint="Such as sqlite:////var/lib/gatehouse/ledger.db.")
    _make_private(Path(url.database))
    engine = sa.create_engine(
        url, pool_size=POOL, max_overflow=POOL, pool_timeout=BUSY_S, poolclass=sa.pool.QueuePool,
        hide_parameters=True, connect_args={"timeout": BUSY_S},
    )  # fmt: skip

    @sa.event.listens_for(engine, "connect")
    def _set_up(connection: sqlite3.Connection, _: object) -> None:
        connection.isolation_level = None  # the driver begins nothing by itself
        _to_wal(connection)
        for pragma in (
            "synchronous = FULL", "foreign_keys = ON", "recursive_triggers = ON",
            "secure_delete = ON",  # what was erased is not to be read from free pages either
        ):  # fmt: skip
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        writes = connection.get_execution_options().get("writes")
        connection.exec_driver_sql(f"PRAGMA query_only = {'OFF' if writes else 'ON'}")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _make_private(path: Path) -> None:
    """The file holds names, and hashes of passwords: nobody else may read it. SQLite's side files follow its mode."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise StoreError(
            f"The ledger at {path} cannot be opened: {error.strerror}.", hint="Check the folder and its permissions."
        ) from error


def _to_wal(connection: sqlite3.Connection) -> None:
    """SQLite does not wait for its own lock when the first connection turns a new file to WAL: this does."""
    until = time.monotonic() + BUSY_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL").fetchone()
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(0.02)
