"""What a log consists of: files, Delta fragments or ranges of a query. Each is read once, and again when it changed."""

from __future__ import annotations

import glob
import hashlib
import importlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from core.errors import GatehouseError, SettingsError, SourceError, SourceUnavailable
from core.monitors.monitor import Sql, Table
from core.profiling.engines import object_storage

BATCH = 50_000
CSV = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".txt", ".csv.zst")


@dataclass(frozen=True, slots=True, kw_only=True)
class Partition:
    """One part of a log. key: names it for good.  stamp: changes when its content may have.

    path: of the file, "" for a range of a query.  above, upto: ends of that range, above excluded; above None: from
    the beginning.
    """

    key: str
    stamp: str
    path: str = ""
    above: Any = None
    upto: Any = None


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
        return _files(table.files, base)
    if table.delta is not None:
        return _delta(base / table.delta if "://" not in table.delta else table.delta)
    if table.sql is None:
        raise SettingsError("The table names no files, no Delta table and no query.")
    return _ranges(table.sql, base, known, model)


def stage(
    table: Table, base: Path, parts: Sequence[Partition], folder: Path, model: str, report: Callable[[int], None]
) -> Staging:
    """Makes parts readable as Parquet: Parquet stays where it is, all else is copied to `folder` in bounded memory."""
    made = Staging()
    for done, part in enumerate(parts):
        report(done)
        target = folder / f"{hashlib.sha256(part.key.encode('utf-8', 'surrogatepass')).hexdigest()[:24]}.parquet"
        try:
            made.files.append(_staged(table, base, part, target, model))
        except GatehouseError as error:
            made.unreadable[part.key] = error
        except OSError as error:
            if _is_full(error):
                raise
            made.unreadable[part.key] = SourceError(
                f"{part.key} cannot be read: {_line(error)}", hint="Write it again; the next run takes it up."
            )
        except (pa.ArrowException, duckdb.Error) as error:
            if "No space left" in str(error):
                raise
            made.unreadable[part.key] = SourceError(
                f"{part.key} cannot be read: {_line(error)}", hint="Write it again; the next run takes it up."
            )
    return made


def _staged(table: Table, base: Path, part: Partition, target: Path, model: str) -> Staged:
    if table.sql is not None:
        _copy_query(table.sql, base, part, target, model)
        return Staged(partition=part, path=str(target), schema=_schema(str(target)))
    if table.delta is not None:
        _copy_fragment(base / table.delta if "://" not in table.delta else table.delta, part, target)
        return Staged(partition=part, path=str(target), schema=_schema(str(target)))
    if part.path.lower().endswith(CSV):
        rejected = _copy_csv(part.path, target)
        return Staged(partition=part, path=str(target), schema=_schema(str(target)), rejected=rejected)
    return Staged(partition=part, path=part.path, schema=_schema(part.path))


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
    full = os.path.expanduser(pattern) if pattern.startswith("~") else str(base / pattern)
    if os.path.isdir(full):
        full = os.path.join(full, "**", "*")
    found = []
    for path in sorted(glob.glob(full, recursive=True)):
        try:
            stat = os.stat(path)
        except OSError:  # gone between listing and looking
            continue
        if not os.path.isfile(path) or path.endswith((".part", ".tmp", ".crc")) or os.path.basename(path)[0] in "._":
            continue
        key = os.path.relpath(path, base) if not os.path.isabs(pattern) else path
        found.append(Partition(key=key, stamp=f"{stat.st_size}:{stat.st_mtime_ns}", path=os.path.abspath(path)))
    return found


def _objects(pattern: str) -> list[Partition]:
    scheme = pattern.partition("://")[0]
    storage = object_storage(scheme)
    try:
        found = storage.glob(pattern, detail=True)
    except Exception as error:  # noqa: BLE001 - every storage has errors of its own
        raise SourceUnavailable(
            f"{pattern} cannot be listed: {_line(error)}", hint="Check address and rights."
        ) from error
    listed = []
    for path, about in sorted(found.items()):
        if about.get("type") != "directory":
            mark = about.get("ETag") or about.get("etag") or about.get("md5Hash") or about.get("mtime")
            mark = mark or about.get("LastModified") or about.get("created")
            full = f"{scheme}://{path.lstrip('/')}" if scheme != "memory" else f"memory:///{path.lstrip('/')}"
            listed.append(Partition(key=full, stamp=f"{about.get('size')}:{mark}", path=full))
    return listed


def _copy_csv(path: str, target: Path) -> int:
    """Rewrites a CSV file as Parquet, every column as text. Answers how many lines were no rows."""
    connection = duckdb.connect(config={"memory_limit": "200MB", "preserve_insertion_order": False})
    try:
        if "://" in path:
            connection.register_filesystem(object_storage(path.partition("://")[0]))
        options = "all_varchar = true, header = true, ignore_errors = true, store_rejects = true"
        connection.execute(
            f"CREATE VIEW lines AS SELECT * FROM read_csv($path, {options})".replace("$path", _quoted(path))
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
    except Exception as error:  # noqa: BLE001 - the package raises its own and the storage's errors
        raise SourceError(
            f"{where} cannot be read as a Delta table: {_line(error)}", hint="Check the folder."
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
    except Exception as error:  # noqa: BLE001 - such as deletion vectors
        raise SourceError(f"The Delta table cannot be read: {_line(error)}", hint="Rewrite it without them.") from error
    for fragment in dataset.get_fragments():
        if fragment.path.endswith(part.path) or part.path.endswith(fragment.path):
            scan = type(dataset)([fragment], dataset.schema, dataset.format, dataset.filesystem).scanner(
                batch_size=BATCH
            )
            _write(scan.to_batches(), scan.projected_schema, target)
            return
    raise SourceError(f"{part.key} is no longer part of the Delta table.", hint="Run again.")


# -- SQL --------------------------------------------------------------------------------------------------------------


def _ranges(sql: Sql, base: Path, known: Mapping[str, str], model: str) -> list[Partition]:
    """What was read before, and one range of what came since."""
    before = [_range_of(key) for key in known if key.startswith("rows ")]
    last = max((part.upto for part in before), default=None)
    alchemy = _alchemy()
    with _connection(sql, base) as connection:
        quoted = connection.dialect.identifier_preparer.quote(sql.watermark)
        query = alchemy.text(f"SELECT max({quoted}) FROM ({sql.query}) AS gh_log")
        highest = connection.execute(query, _bound(sql, model)).scalar()
    if highest is not None and (last is None or _plain(highest) > last):
        upto = _plain(highest)
        before.append(Partition(key=f"rows {last!r} to {upto!r}", stamp="read once", above=last, upto=upto))
    return before


def _range_of(key: str) -> Partition:
    import ast

    above, _, upto = key.removeprefix("rows ").partition(" to ")
    return Partition(key=key, stamp="read once", above=ast.literal_eval(above), upto=ast.literal_eval(upto))


def _plain(value: Any) -> Any:
    return value if isinstance(value, int | float | str) else str(value)


def _copy_query(sql: Sql, base: Path, part: Partition, target: Path, model: str) -> None:
    alchemy = _alchemy()
    with _connection(sql, base) as connection:
        quoted = connection.dialect.identifier_preparer.quote(sql.watermark)
        text = f"SELECT * FROM ({sql.query}) AS gh_log WHERE {quoted} <= :upto"
        values = {**_bound(sql, model), "upto": part.upto}
        if part.above is not None:
            text, values = f"{text} AND {quoted} > :above", {**values, "above": part.above}
        result = connection.execution_options(yield_per=BATCH).execute(alchemy.text(text), values)
        names = list(result.keys())
        chunks = (
            {name: [row[at] for row in rows] for at, name in enumerate(names)} for rows in result.partitions(BATCH)
        )
        _write_chunks(chunks, names, target)


def _bound(sql: Sql, model: str) -> dict[str, Any]:
    return {"model": model} if ":model" in sql.query else {}


def _connection(sql: Sql, base: Path) -> Any:
    alchemy = _alchemy()
    url = alchemy.make_url(sql.url)
    if url.drivername.startswith("sqlite") and url.database and not os.path.isabs(url.database):
        url = url.set(database=str(base / url.database))
    if sql.password_env:
        if sql.password_env not in os.environ:
            raise SettingsError(f"The variable {sql.password_env} is not set.", hint="It holds the log's password.")
        url = url.set(password=os.environ[sql.password_env])
    try:
        return alchemy.create_engine(url).connect()
    except Exception as error:  # noqa: BLE001 - a missing driver, a refused password, an unreachable host
        host = urlsplit(sql.url).hostname or sql.url.partition(":")[0]
        raise SourceUnavailable(
            f"The log's database ({host}) cannot be opened: {_line(error)}", hint="Check the address and the driver."
        ) from None


def _alchemy() -> Any:
    try:
        return importlib.import_module("sqlalchemy")
    except ImportError as error:
        raise SettingsError(
            "Logs in a database need the package sqlalchemy.", hint="Install it with the driver of your database."
        ) from error


# -- writing ----------------------------------------------------------------------------------------------------------


def _write(batches: Iterable[pa.RecordBatch], schema: pa.Schema, target: Path) -> None:
    with pq.ParquetWriter(target, schema, compression="zstd") as writer:
        for batch in batches:
            writer.write_batch(batch)


def _write_chunks(chunks: Iterable[dict[str, list[Any]]], names: Sequence[str], target: Path) -> None:
    writer: pq.ParquetWriter | None = None
    try:
        for chunk in chunks:
            table = pa.table({name: _column(values) for name, values in chunk.items()})
            if writer is None:
                schema = pa.schema(
                    [(f.name, pa.string() if pa.types.is_null(f.type) else f.type) for f in table.schema]
                )
                writer = pq.ParquetWriter(target, schema, compression="zstd")
            writer.write_table(_cast(table, writer.schema))
        if writer is None:
            pq.write_table(pa.table({name: pa.array([], pa.string()) for name in names}), target)
    finally:
        if writer is not None:
            writer.close()


def _column(values: list[Any]) -> pa.Array:
    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError):  # numbers and texts in one column, as SQLite allows
        return pa.array([None if value is None else str(value) for value in values], pa.string())


def _cast(table: pa.Table, schema: pa.Schema) -> pa.Table:
    columns = []
    for column in schema:
        values = table[column.name]
        try:
            columns.append(values.cast(column.type))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            if not pa.types.is_string(column.type):
                values = pa.chunked_array([pa.nulls(len(values), column.type)])
            columns.append(values.cast(pa.string()) if pa.types.is_string(column.type) else values)
    return pa.table(columns, schema=schema)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _is_full(error: OSError) -> bool:
    import errno

    return error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def _line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:300]
