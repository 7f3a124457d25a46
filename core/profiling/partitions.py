"""What a log consists of: files, Delta fragments or ranges of a query. Each is read once, and again when it changed."""

from __future__ import annotations

import glob
import hashlib
import importlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from core.errors import GatehouseError, SettingsError, SourceError, SourceUnavailable
from core.monitors.monitor import Table
from core.profiling.engines import object_storage
from core.profiling.parts import FULL, Partition, is_full, line
from core.profiling.queries import copy_range, ranges

BATCH = 50_000
CSV = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".txt", ".csv.zst")


@dataclass(slots=True, kw_only=True)
class Staged:
    """A partition as a Parquet file. schema: column -> Arrow type.  rejected: lines that are no rows."""

    partition: Partition
    path: str
    schema: Mapping[str, str]
    rejected: int = 0


@dataclass(slots=True, kw_only=True)
class Staging:
    """What could be made ready to read, and what not: key -> error."""

    files: list[Staged] = field(default_factory=list)
    unreadable: dict[str, GatehouseError] = field(default_factory=dict)

    def by_schema(self) -> Iterator[list[Staged]]:
        """Files that can be read together."""
        groups: dict[tuple[tuple[str, str], ...], list[Staged]] = {}
        for file in self.files:
            groups.setdefault(tuple(sorted(file.schema.items())), []).append(file)
        yield from groups.values()


def partitions(table: Table, base: Path, known: Mapping[str, str], model: str) -> list[Partition]:
    """All parts of a table as it stands now, in a stable order.

    base: what relative paths start from.  model: bound to :model in a query.  known: key -> stamp of what was read
    before (a query is asked only for what is new).  Raises SourceError or SourceUnavailable.
    """
    if table.files is not None:
        found = _files(table.files, base)
    elif table.delta is not None:
        found = _delta(base / table.delta if "://" not in table.delta else table.delta)
    elif table.sql is not None:
        found = ranges(table.sql, base, known, model)
    else:
        raise SettingsError("The table names no files, no Delta table and no query.")
    return [replace(part, place=at) for at, part in enumerate(found)]


def stage(
    table: Table, base: Path, parts: Sequence[Partition], folder: Path, model: str, report: Callable[[int], None]
) -> Staging:
    """Makes parts readable as Parquet: Parquet stays where it is, all else is copied to `folder` in bounded memory."""
    made = Staging()
    for done, part in enumerate(parts):
        report(done)
        mark = hashlib.sha256(part.key.encode("utf-8", "surrogatepass")).hexdigest()[:24]
        target = folder / f"{part.place:08d}-{mark}.parquet"  # in the order of the parts
        try:
            made.files.append(_staged(table, base, part, target, model))
        except GatehouseError as error:
            made.unreadable[part.key] = error
        except OSError as error:
            if error.errno in FULL or is_full(str(error)):
                raise
            made.unreadable[part.key] = SourceError(
                f"{part.key} cannot be read: {line(error)}", hint="Write it again; the next run takes it up."
            )
        except (pa.ArrowException, duckdb.Error) as error:
            if is_full(str(error)):
                raise
            made.unreadable[part.key] = SourceError(
                f"{part.key} cannot be read: {line(error)}", hint="Write it again; the next run takes it up."
            )
    return made


def damage(path: str) -> str | None:
    """What is wrong with the content of a Parquet file whose end is whole; None when all of it can be read."""
    connection = duckdb.connect(config={"memory_limit": "200MB"})
    try:
        _connect(connection, path)
        connection.execute("SELECT bit_xor(hash(*COLUMNS(*))) FROM read_parquet(?)", [[path]]).fetchall()
    except (duckdb.Error, OSError) as error:
        return line(error)
    finally:
        connection.close()
    return None


def _staged(table: Table, base: Path, part: Partition, target: Path, model: str) -> Staged:
    path, rejected = str(target), 0
    if table.sql is not None:
        copy_range(table.sql, base, part, target, model)
    elif table.delta is not None:
        _copy_fragment(base / table.delta if "://" not in table.delta else table.delta, part, target)
    elif part.path.lower().endswith(CSV):
        rejected = _copy_csv(part.path, target)
    else:
        path = part.path
    schema = _schema(path)
    spelt: dict[str, str] = {}
    for name in schema:
        if (other := spelt.setdefault(name.casefold(), name)) != name:
            raise SourceError(
                f"{part.key} cannot be read: its columns {other!r} and {name!r} differ only in capitals.",
                hint="Rename one of them.",
            )
    return Staged(partition=part, path=path, schema=schema, rejected=rejected)


def _schema(path: str) -> dict[str, str]:
    if "://" in path:
        with object_storage(path.partition("://")[0]).open(path) as file:
            found = pq.read_schema(file)
    else:
        found = pq.read_schema(path)
    return {column.name: str(column.type) for column in found}


# -- files ------------------------------------------------------------------------------------------------------------


def _files(pattern: str, base: Path) -> list[Partition]:
    if "://" in pattern:
        return _objects(pattern)
    full = os.path.expanduser(pattern) if pattern.startswith("~") else os.path.join(base, pattern)
    if os.path.isdir(full):
        names = [os.path.join(where, name) for where, _, inside in os.walk(full) for name in inside]
        names = [path for path in names if not _hidden(os.path.relpath(path, full))]
    elif os.path.exists(full):
        names = [full]
    else:
        free = pattern.startswith("~") or os.path.isabs(pattern)
        root = "" if free else str(base)
        names = glob.glob(os.path.join(glob.escape(root), full if free else pattern), recursive=True)
        fixed = os.path.join(root, _fixed(full if free else pattern))
        names = [path for path in names if not _hidden(os.path.relpath(path, fixed))]
    found = []
    for path in sorted(names):
        try:
            stat = os.stat(path)
        except OSError:  # gone between listing and looking
            continue
        if os.path.isfile(path):
            key = os.path.relpath(path, base) if not os.path.isabs(pattern) else path
            found.append(Partition(key=key, stamp=f"{stat.st_size}:{stat.st_mtime_ns}", path=os.path.abspath(path)))
    return found


def _fixed(pattern: str) -> str:
    """The folder in which a pattern begins to choose."""
    steps = pattern.split("/")
    chooses = [at for at, step in enumerate(steps) if glob.has_magic(step)]
    return "/".join(steps[: chooses[0] if chooses else -1]) or "/" * pattern.startswith("/")


def _hidden(path: str) -> bool:
    """Files that are no part of a log: hidden ones, marks of Spark and Delta, what is still being written."""
    return path.endswith((".part", ".tmp", ".crc")) or any(step[:1] in ("_", ".") for step in path.split("/"))


def _objects(pattern: str) -> list[Partition]:
    scheme = pattern.partition("://")[0]
    storage = object_storage(scheme)
    try:
        inside = f"{pattern.rstrip('/')}/" if storage.isdir(pattern) else ""
        found = storage.glob(f"{inside}**" if inside else pattern, detail=True)
    except Exception as error:
        raise SourceUnavailable(
            f"{pattern} cannot be listed: {line(error)}", hint="Check address and rights."
        ) from error
    listed = []
    for path, about in sorted(found.items()):
        if about.get("type") != "directory" and not _hidden(path.rpartition("/")[2]):
            mark = about.get("ETag") or about.get("etag") or about.get("md5Hash") or about.get("mtime")
            mark = mark or about.get("LastModified") or about.get("created")
            full = f"{scheme}://{path.lstrip('/')}" if scheme != "memory" else f"memory:///{path.lstrip('/')}"
            listed.append(Partition(key=full, stamp=f"{about.get('size')}:{mark}", path=full))
    return listed


def _connect(connection: duckdb.DuckDBPyConnection, path: str) -> None:
    if "://" in path:
        connection.register_filesystem(object_storage(path.partition("://")[0]))


def _copy_csv(path: str, target: Path) -> int:
    """Rewrites a CSV file as Parquet, every column as text. Answers how many lines were no rows."""
    connection = duckdb.connect(config={"memory_limit": "200MB", "preserve_insertion_order": False})
    try:
        _connect(connection, path)
        options = "all_varchar = true, header = true, ignore_errors = true, store_rejects = true"
        connection.execute(
            f"CREATE VIEW lines AS SELECT * FROM read_csv($path, {options})".replace("$path", _quoted(path))  # nosec B608: fixed options, a quoted path
        )
        connection.execute(f"COPY lines TO {_quoted(str(target))} (FORMAT parquet, COMPRESSION zstd)")
        row = connection.execute("SELECT count(DISTINCT line) FROM reject_errors").fetchone()
        return int(row[0]) if row else 0
    finally:
        connection.close()


# -- Delta ------------------------------------------------------------------------------------------------------------


def _open_delta(where: Path | str) -> Any:
    try:
        package = importlib.import_module("deltalake")
    except ImportError as error:
        raise SettingsError(
            "Delta tables need the package deltalake.", hint="Install it with `pip install deltalake`."
        ) from error
    try:
        return package.DeltaTable(str(where))
    except Exception as error:
        raise SourceError(
            f"{where} cannot be read as a Delta table: {line(error)}", hint="Check the folder."
        ) from error


def _delta(where: Path | str) -> list[Partition]:
    opened = _open_delta(where)
    actions = pa.table(opened.get_add_actions())
    rows = actions.select(["path", "size_bytes"]).to_pylist()
    return [
        Partition(key=row["path"], stamp=str(row["size_bytes"]), path=row["path"])
        for row in sorted(rows, key=lambda row: row["path"])
    ]


def _copy_fragment(where: Path | str, part: Partition, target: Path) -> None:
    """Rewrites one file of a Delta table, with the columns that only its folder names."""
    try:
        dataset = _open_delta(where).to_pyarrow_dataset()
    except Exception as error:
        raise SourceError(f"The Delta table cannot be read: {line(error)}", hint="Rewrite it without them.") from error
    for fragment in dataset.get_fragments():
        if fragment.path.endswith(unquote(part.path)):  # the table's own log spells paths as in an address
            scan = type(dataset)([fragment], dataset.schema, dataset.format, dataset.filesystem).scanner(
                batch_size=BATCH
            )
            _write(scan.to_batches(), scan.projected_schema, target)
            return
    raise SourceError(f"{part.key} is no longer part of the Delta table.", hint="Run again.")


# -- writing ----------------------------------------------------------------------------------------------------------


def _write(batches: Iterable[pa.RecordBatch], schema: pa.Schema, target: Path) -> None:
    with pq.ParquetWriter(target, schema, compression="zstd") as writer:
        for batch in batches:
            writer.write_batch(batch)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
