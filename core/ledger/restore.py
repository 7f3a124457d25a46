"""Restoring a backup: everything is checked and made ready before anything is replaced, and what was there is kept."""

import os
import secrets
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath

import sqlalchemy as sa

from core.errors import Busy, StoreError, StoreNewer
from core.ledger import archive
from core.ledger.archive import Manifest, Reader
from core.ledger.engines import engine_of
from core.ledger.failures import explained, reason
from core.ledger.migrating import move, revisions
from core.ledger.sessions import sessions
from core.ledger.store import Ledger, Transaction
from core.ledger.verify import verify_in

PAGE = 500
LEFT_OUT = frozenset({"leases"})
"""Tables that say what runs right now: nothing of it is true any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What was restored. kept: where the ledger that was there is now; "" when there was none.

    files: observed files that were missing or damaged here and are back.
    """

    manifest: Manifest
    kept: str
    files: int


def restore(url: str, folder: Path, path: Path, *, now_ms: int, password: str | None = None) -> Restored:
    """Puts a backup in the place of the ledger at `url`, and its observed files back into `folder`.

    Sessions that were open end, and an event says what happened. Raises Invalid for a damaged backup, StoreNewer for
    one of a newer schema, Busy while somebody uses the ledger; then nothing has changed.
    """
    with archive.opened(path) as reader:
        if reader.manifest.schema not in revisions():
            raise StoreNewer(
                f"The backup has schema {reader.manifest.schema}; this Gatehouse knows up to {revisions()[-1]}.",
                hint="Nothing was changed. Restore it with the Gatehouse that wrote it, or a newer one.",
            )
        reader.check()
        for name in reader.observed():
            _no_link(folder, name)
        engine = engine_of(url, password=password)
        try:
            stamp = f"{now_ms}_{secrets.token_hex(3)}"
            kept = (_into_sqlite if engine.dialect.name == "sqlite" else _into_postgresql)(
                engine, reader, now_ms, stamp
            )
        finally:
            engine.dispose()
        files = sum(_bring_back(reader, folder, name, stamp) for name in reader.observed())
        return Restored(manifest=reader.manifest, kept=kept, files=files)


def _into_sqlite(engine: sa.Engine, reader: Reader, now_ms: int, stamp: str) -> str:
    place = Path(str(engine.url.database))
    ready = place.with_name(f"{place.name}.restoring-{stamp}")
    try:
        fresh = Ledger(engine_of(f"sqlite:///{ready}"))
        with _failures_told(fresh), fresh.engine.connect().execution_options(writes=True) as connection:
            with connection.begin():
                _fill(connection, reader, now_ms, replaced=_head_of_file(place))
        fresh.close()
        _to_one_file(ready)
        kept = place.with_name(f"{place.name}.before-restore-{stamp}")
        was_empty = place.stat().st_size == 0  # nothing was there: the engine made it
        _end_use(place, kept)
        if not was_empty:
            _keep(place, kept)
        ready.replace(place)  # at no moment is there no ledger
        _sync_folder(place.parent)
        return "" if was_empty else str(kept)
    finally:
        for left in (ready, Path(f"{ready}-wal"), Path(f"{ready}-shm")):
            left.unlink(missing_ok=True)


def _into_postgresql(engine: sa.Engine, reader: Reader, now_ms: int, stamp: str) -> str:
    ledger = Ledger(engine)
    with _failures_told(ledger), engine.connect().execution_options(writes=True) as connection, connection.begin():
        others = connection.execute(
            sa.text(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND application_name = 'gatehouse' AND pid <> pg_backend_pid()"
            )
        ).scalar_one()
        if others:
            raise _busy()
        kept, replaced = _move_aside(connection, f"before_restore_{stamp}")
        _fill(connection, reader, now_ms, replaced=replaced)
    return f"schema {kept}" if kept else ""


def _fill(connection: sa.Connection, reader: Reader, now_ms: int, *, replaced: tuple[int, str] | None) -> None:
    """Makes a ledger of the backup's schema, loads it, verifies it, brings it to today's schema."""
    manifest = reader.manifest
    move(connection, manifest.schema)
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
    tables = sa.MetaData()
    tables.reflect(connection)
    if set(manifest.tables) - set(tables.tables):
        raise archive.damaged("it holds tables that its schema does not have")
    for table in reversed(tables.sorted_tables):
        if table.name in manifest.tables and table.name != "audit_events":
            connection.execute(sa.delete(table))  # what the migrations put there
    for table in tables.sorted_tables:
        if table.name in manifest.tables and table.name not in LEFT_OUT:
            _load(connection, reader, table)
    found = verify_in(connection)
    if not found.intact or (found.events, found.hash) != (manifest.seq, manifest.hash):
        told = found.problems[0].told if found.problems else "its events are not those that its manifest names."
        raise archive.damaged(told.rstrip("."))
    move(connection, revisions()[-1])
    opened = sa.update(sessions).where(sessions.c.ended_ms.is_(None))
    connection.execute(opened.values(ended_ms=now_ms, ended_why="restored"))
    said = {
        "backup": {"seq": manifest.seq, "hash": manifest.hash, "created_ms": manifest.created_ms},
        "replaced": {"seq": replaced[0], "hash": replaced[1]} if replaced else None,
    }
    Transaction(connection=connection, actor="local", now_ms=now_ms).append(
        "ledger.restored", f"ledger:{manifest.ledger}", said
    )


def _load(connection: sa.Connection, reader: Reader, table: sa.Table) -> None:
    rows, loaded = reader.rows(table.name), 0
    while page := list(islice(rows, PAGE)):
        connection.execute(sa.insert(table), page)
        loaded += len(page)
    if loaded != reader.manifest.tables[table.name]:
        raise archive.damaged(f"it holds {loaded} rows of {table.name}, not {reader.manifest.tables[table.name]}")


def _head_of_file(place: Path) -> tuple[int, str] | None:
    """The head of an SQLite ledger about to be replaced; None where there is none that can be read."""
    try:
        with closing(sqlite3.connect(place)) as connection:
            row = connection.execute("SELECT seq, hash FROM ledger_head").fetchone()
    except sqlite3.Error:
        return None
    return (row[0], row[1]) if row else None


def _keep(place: Path, kept: Path) -> None:
    try:
        os.link(place, kept)
    except OSError:  # a file system without links
        shutil.copy2(place, kept)


def _end_use(place: Path, kept: Path) -> None:
    """Makes sure that nobody has the file open, and that it is one file. Raises Busy."""
    try:
        _to_one_file(place)
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise _busy() from error
        raise StoreError(f"The ledger cannot be replaced: {error}.", hint="Nothing was changed.") from error
    except sqlite3.DatabaseError:  # damaged: it is kept as it is, with its side files
        for side in ("-wal", "-shm"):
            if Path(f"{place}{side}").exists():
                Path(f"{place}{side}").rename(f"{kept}{side}")


def _to_one_file(path: Path) -> None:
    """Takes a file out of WAL mode, which SQLite does for the only one that has it open."""
    with closing(sqlite3.connect(path, timeout=2)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE").fetchone()


def _move_aside(connection: sa.Connection, schema: str) -> tuple[str, tuple[int, str] | None]:
    """Moves all tables and functions of the ledger's database to a schema of their own: its name, and the old head."""
    names = sa.inspect(connection).get_table_names()
    if not names:
        return "", None
    head = None
    if "ledger_head" in names:
        row = connection.execute(sa.text("SELECT seq, hash FROM ledger_head")).first()
        head = (row[0], row[1]) if row else None
    quoted = connection.dialect.identifier_preparer.quote
    connection.exec_driver_sql(f"CREATE SCHEMA {quoted(schema)}")
    for name in names:
        connection.exec_driver_sql(f"ALTER TABLE {quoted(name)} SET SCHEMA {quoted(schema)}")
    functions = connection.exec_driver_sql(
        "SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = current_schema()::regnamespace"
        " AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')"
    ).scalars()
    for function in functions.all():
        connection.exec_driver_sql(f"ALTER FUNCTION {function} SET SCHEMA {quoted(schema)}")
    return schema, head


def _no_link(folder: Path, name: str) -> None:
    for part in (folder / name, *(folder / parent for parent in PurePosixPath(name).parents[:-1])):
        if part.is_symlink():
            raise StoreError(f"{part} leads elsewhere.", hint="Nothing was changed. Remove the link, then try again.")


def _bring_back(reader: Reader, folder: Path, name: str, stamp: str) -> bool:
    """Writes an observed file that is not here as it was; a different one of that name is kept. Whether it wrote it."""
    path = folder / name
    content_is_here = path.is_file() and archive.digest_of(path) == reader.manifest.members[name].sha256
    if content_is_here:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f"{path.name}.{stamp}.part")
    with aside.open("xb") as file:
        for piece in reader.pieces(name):
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    if path.exists():
        path.rename(path.with_name(f"{path.name}.before-restore-{stamp}"))
    aside.rename(path)
    return True


@contextmanager
def _failures_told(ledger: Ledger) -> Iterator[None]:
    """Whatever the database refuses to take was no sound backup."""
    with explained(ledger.engine.url):
        try:
            yield
        except sa.exc.ProgrammingError as error:
            raise StoreError(
                f"The database refuses: {reason(error)}.", hint="Nothing was changed. Check the account's privileges."
            ) from error
        except (sa.exc.IntegrityError, sa.exc.DataError, sa.exc.StatementError) as error:
            if isinstance(error, sa.exc.OperationalError):
                raise
            raise archive.damaged(f"the database does not take it ({reason(error)})") from error


def _busy() -> Busy:
    return Busy("The ledger is in use.", hint="Nothing was changed. End the server (and other commands) first.")


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
