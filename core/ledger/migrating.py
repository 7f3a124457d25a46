"""Bringing a ledger's tables to the form this program knows, and back."""

import logging
import os
import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from core.errors import StoreNewer
from core.ledger.failures import explained
from core.ledger.founding import found
from core.ledger.store import Ledger, Transaction

if TYPE_CHECKING:
    from alembic.config import Config

FOLDER = Path(__file__).parent / "migrations"
LOCK = 720_915_331  # any number of our own: PostgreSQL's advisory lock while tables change
_alembic = threading.Lock()  # it keeps what it migrates in module globals


def migrate(ledger: Ledger, revision: str = "head") -> None:
    """Makes or migrates the tables; nothing happens when they are as they should be. A new ledger gets its first event.

    A SQLite file is copied beside itself before its tables change. Raises StoreNewer, StoreDamaged, StoreError.
    """
    wanted = revisions()[-1] if revision == "head" else revision
    with explained(ledger.engine.url):
        before = current(ledger)
        if before == wanted:
            return
        _known(before)
        if before is not None:
            _keep_copy(ledger, before)
        with ledger.engine.connect().execution_options(writes=True) as connection, connection.begin():
            if move(connection, wanted) is None:
                found(Transaction(connection=connection, actor="system", now_ms=int(time.time() * 1000)))


def revisions() -> list[str]:
    """All known revisions, oldest first: the numbers their files begin with."""
    return sorted(path.stem.partition("_")[0] for path in (FOLDER / "versions").glob("[0-9]*.py"))


def current(ledger: Ledger) -> str | None:
    """The revision of the tables; None for an empty database."""
    with ledger.engine.connect() as connection:
        return _revision(connection)


def move(connection: sa.Connection, wanted: str) -> str | None:
    """Makes or migrates the tables in a transaction under way; returns the revision they had.

    Another process may have been faster: what counts is the revision found once no other can change it.
    """
    from alembic import command

    if connection.dialect.name != "sqlite":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))
    before = _known(_revision(connection))
    down = before is not None and before > wanted
    with _alembic:
        (command.downgrade if down else command.upgrade)(_config(connection), wanted)
    return before


def _known(revision: str | None) -> str | None:
    known = revisions()
    if revision is not None and revision not in known:
        raise StoreNewer(
            f"The ledger has schema {revision}; this Gatehouse knows up to {known[-1]}.",
            hint="Start the newer Gatehouse. An older one never touches a newer ledger.",
        )
    return revision


def _revision(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    row = connection.execute(sa.text("SELECT version_num FROM alembic_version")).first()
    return str(row[0]) if row else None


def _config(connection: sa.Connection) -> "Config":
    from alembic.config import Config

    logging.getLogger("alembic").setLevel(logging.WARNING)
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _keep_copy(ledger: Ledger, revision: str) -> None:
    """A copy of an SQLite file as of its last commit, other processes writing or not."""
    database = ledger.engine.url.database if ledger.is_sqlite else None
    if not database:
        return
    copy = f"{database}.schema-{revision}-{time.time_ns()}"
    os.close(os.open(copy, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    with closing(sqlite3.connect(database)) as here, closing(sqlite3.connect(copy)) as there:
        here.backup(there)
