"""Bringing a ledger's tables to the form this program knows, and back."""

import logging
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from core.errors import StoreDamaged, StoreError, StoreNewer
from core.ledger.store import Ledger

if TYPE_CHECKING:
    from alembic.config import Config

FOLDER = Path(__file__).parent / "migrations"
LOCK = 720_915_331  # any number of our own: PostgreSQL's advisory lock while tables change


def migrate(ledger: Ledger, revision: str = "head") -> None:
    """Makes or migrates the tables; nothing happens when they are as they should be.

    A SQLite file is copied beside itself before its tables change. Raises StoreNewer, StoreDamaged, StoreError.
    """
    known = revisions()
    wanted = known[-1] if revision == "head" else revision
    try:
        before = current(ledger)
    except sa.exc.DatabaseError as error:
        if isinstance(error, sa.exc.OperationalError) and not ledger.is_sqlite:
            raise StoreError(
                f"The ledger cannot be reached: {str(error.orig).splitlines()[0][:200]}.",
                hint="Check its address, the account and that PostgreSQL runs.",
            ) from error
        raise StoreDamaged(
            f"The ledger is no database that can be read: {str(error.orig).splitlines()[0][:200]}.",
            hint="It is left as it is. Restore a backup: gatehouse restore FILE.",
        ) from error
    if before == wanted:
        return
    if before is not None and before not in known:
        raise StoreNewer(
            f"The ledger has schema {before}; this Gatehouse knows up to {known[-1]}.",
            hint="Start the newer Gatehouse. An older one never touches a newer ledger.",
        )
    if before is not None:
        _keep_copy(ledger, before)
    _move(ledger, before, wanted, known)


def revisions() -> list[str]:
    """All known revisions, oldest first: the numbers their files begin with."""
    return sorted(path.stem.partition("_")[0] for path in (FOLDER / "versions").glob("[0-9]*.py"))


def current(ledger: Ledger) -> str | None:
    """The revision of the tables; None for an empty database."""
    with ledger.engine.connect() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        row = connection.execute(sa.text("SELECT version_num FROM alembic_version")).first()
    return str(row[0]) if row else None


def _move(ledger: Ledger, before: str | None, wanted: str, known: list[str]) -> None:
    from alembic import command

    with ledger.engine.connect().execution_options(writes=True) as connection, connection.begin():
        if not ledger.is_sqlite:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))
        config = _config(connection)
        down = before is not None and known.index(before) > known.index(wanted)
        (command.downgrade if down else command.upgrade)(config, wanted)


def _config(connection: sa.Connection) -> "Config":
    from alembic.config import Config

    logging.getLogger("alembic").setLevel(logging.WARNING)
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["connection"] = connection
    return config


def _keep_copy(ledger: Ledger, revision: str) -> None:
    database = ledger.engine.url.database if ledger.is_sqlite else None
    if not database or not Path(database).exists():
        return
    with ledger.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy2(database, f"{database}.schema-{revision}-{time.time_ns()}")
