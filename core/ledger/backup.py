"""Backup of the ledger and of observed files into one archive, while others write."""

import os
import secrets
import zipfile
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

import core
from core.errors import Conflict, StoreError
from core.ledger import archive
from core.ledger.archive import Manifest, Writer
from core.ledger.founding import ledger_id
from core.ledger.store import Ledger

PAGE = 500
VERSION_TABLE = "alembic_version"


def backup(ledger: Ledger, folder: Path, target: Path, *, now_ms: int) -> Manifest:
    """Writes a ledger as of one moment, and all files under folder/observed, into a new archive.

    The archive holds names and hashes of passwords: only its owner may read it. It appears when it is whole. Raises
    Conflict for a file that is there already, StoreError where it cannot be written.
    """
    if target.exists():
        raise Conflict(f"{target} is there already.", hint="Choose another name; backups are never written over.")
    aside = target.with_name(f"{target.name}.{secrets.token_hex(6)}.part")
    try:
        with os.fdopen(os.open(aside, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as file:
            with zipfile.ZipFile(file, "w") as packed:
                manifest = _write(ledger, folder, Writer(packed), now_ms)
            file.flush()
            os.fsync(file.fileno())
        os.link(aside, target)  # unlike a rename, refuses what has come there meanwhile
    except FileExistsError as error:
        raise Conflict(f"{target} is there already.", hint="Choose another name.") from error
    except OSError as error:
        raise StoreError(
            f"The backup {target} cannot be written: {error.strerror}.", hint="Check the folder and its disk."
        ) from error
    finally:
        aside.unlink(missing_ok=True)
    return manifest


def _write(ledger: Ledger, folder: Path, out: Writer, now_ms: int) -> Manifest:
    counts: dict[str, int] = {}
    with ledger.reading() as connection:
        tables = sa.MetaData()
        tables.reflect(connection)
        schema = str(connection.execute(sa.select(tables.tables[VERSION_TABLE])).scalar_one())
        head = connection.execute(sa.select(tables.tables["ledger_head"])).mappings().one()
        for table in tables.sorted_tables:
            if table.name != VERSION_TABLE:
                counts[table.name] = 0
                names = [column.name for column in table.columns]
                out.add(
                    f"ledger/{table.name}.jsonl", archive.lines(names, _rows(connection, table, counts)), packed=True
                )
        name = ledger_id(connection)
    for path in sorted((folder / "observed").rglob("*")):
        if path.suffix != ".part" and path.is_file():
            _add(out, path, path.relative_to(folder).as_posix())
    manifest = Manifest(
        version=core.__version__, schema=schema, ledger=name, created_ms=now_ms, seq=head["seq"], hash=head["hash"],
        tables=counts, members=out.members,
    )  # fmt: skip
    out.close(manifest)
    return manifest


def _rows(connection: sa.Connection, table: sa.Table, counts: dict[str, int]) -> Iterator[sa.Row[tuple[object, ...]]]:
    query = sa.select(table).order_by(*table.primary_key.columns)
    for page in connection.execute(query, execution_options={"yield_per": PAGE}).partitions():
        counts[table.name] += len(page)
        yield from page


def _add(out: Writer, path: Path, name: str) -> None:
    try:
        file = path.open("rb")
    except FileNotFoundError:  # replaced by a newer one since the folder was listed
        return
    with file:
        out.add(name, iter(lambda: file.read(archive.PIECE), b""), packed=False)
