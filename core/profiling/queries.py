"""Logs in a database: ranges of a query above a watermark, copied to Parquet in bounded memory."""

from __future__ import annotations

import importlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from core.errors import GatehouseError, SettingsError, SourceError, SourceUnavailable
from core.monitors.monitor import Sql
from core.profiling.parts import Partition, line

BATCH = 50_000
RANGE = "rows "
ONCE = "read once"


def ranges(sql: Sql, base: Path, known: Mapping[str, str], model: str) -> list[Partition]:
    """What was read before, and one range of what came since. model: bound to :model in the query."""
    before = [_range_of(key) for key in known if key.startswith(RANGE)]
    last = before[-1].upto if before else None
    with _connection(sql, base) as (connection, text):
        quoted = connection.dialect.identifier_preparer.quote(sql.watermark)
        # The query is the monitor file's own, and the name is quoted.
        query = f"SELECT max({quoted}) FROM ({sql.query}) AS gh_log"  # nosec B608
        told = connection.execute(text(query), _bound(sql, model)).scalar()
    highest = _plain(told)
    try:
        grown = highest is not None and (last is None or highest > last)
    except TypeError as error:
        raise SourceError(
            f"The watermark {sql.watermark!r} was {last!r} and is {highest!r} now: these cannot be compared.",
            hint="Use a column of one type that only grows.",
        ) from error
    if grown:
        key = RANGE + json.dumps([last, highest], ensure_ascii=False)
        before.append(Partition(key=key, stamp=ONCE, above=last, upto=highest))
    return before


def copy_range(sql: Sql, base: Path, part: Partition, target: Path, model: str) -> None:
    """Writes the rows of one range. Rows whose watermark is null are in none."""
    with _connection(sql, base) as (connection, text):
        quoted = connection.dialect.identifier_preparer.quote(sql.watermark)
        query = f"SELECT * FROM ({sql.query}) AS gh_log WHERE {quoted} <= :upto"  # nosec B608
        values = {**_bound(sql, model), "upto": part.upto}
        if part.above is not None:
            query, values = f"{query} AND {quoted} > :above", {**values, "above": part.above}
        result = connection.execution_options(yield_per=BATCH).execute(text(query), values)
        names = list(result.keys())
        chunks = ({name: [row[at] for row in rows] for at, name in enumerate(names)} for rows in result.partitions())
        write_chunks(chunks, names, target)


def _bound(sql: Sql, model: str) -> dict[str, Any]:
    return {"model": model} if ":model" in sql.query else {}


def _range_of(key: str) -> Partition:
    above, upto = json.loads(key.removeprefix(RANGE))
    return Partition(key=key, stamp=ONCE, above=above, upto=upto)


def _plain(value: Any) -> Any:
    """A watermark as JSON knows it, in an order that holds: dates as ISO texts."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value if value is None or isinstance(value, int | float | str) else str(value)


@contextmanager
def _connection(sql: Sql, base: Path) -> Iterator[tuple[Any, Callable[[str], Any]]]:
    """An open connection, and what makes a statement of a text. Whatever the database says becomes a SourceError."""
    try:
        alchemy = importlib.import_module("sqlalchemy")
    except ImportError as error:
        raise SettingsError(
            "Logs in a database need the package sqlalchemy.", hint="Install it with the driver of your database."
        ) from error
    host = urlsplit(sql.url).hostname or sql.url.partition(":")[0]
    if sql.password_env and sql.password_env not in os.environ:
        raise SettingsError(f"The variable {sql.password_env} is not set.", hint="It holds the log's password.")
    try:
        url = alchemy.make_url(sql.url)
        if url.drivername.startswith("sqlite") and url.database and not os.path.isabs(url.database):
            url = url.set(database=str(base / url.database))
        if url.drivername.startswith("sqlite") and url.database and not os.path.exists(url.database):
            raise FileNotFoundError(f"there is no file {url.database}")  # SQLite would make an empty one
        if sql.password_env:
            url = url.set(password=os.environ[sql.password_env])
        engine = alchemy.create_engine(url)
        connection = engine.connect()
    except Exception as error:  # noqa: BLE001 - a missing driver, a refused password, an unreachable host
        raise SourceUnavailable(
            f"The log's database ({host}) cannot be opened: {line(error)}", hint="Check the address and the driver."
        ) from None
    try:
        yield connection, alchemy.text
    except (GatehouseError, OSError, pa.ArrowException):
        raise
    except Exception as error:  # noqa: BLE001 - every driver has errors of its own
        raise SourceError(
            f"The log's query cannot be read ({host}): {line(error)}",
            hint="Check `query` and `watermark` in the monitor file.",
        ) from None
    finally:
        connection.close()
        engine.dispose()


# -- writing ----------------------------------------------------------------------------------------------------------


def write_chunks(chunks: Iterator[dict[str, list[Any]]], names: Sequence[str], target: Path) -> None:
    """Writes columns chunk by chunk. One that changes its type on the way is rewritten in a type that holds all."""
    schema: pa.Schema | None = None
    writer: pq.ParquetWriter | None = None
    try:
        for chunk in chunks:
            table = pa.table({name: _column(chunk[name]) for name in names})
            wider = table.schema if schema is None else _holding(schema, table.schema)
            if writer is None:
                writer = pq.ParquetWriter(target, wider, compression="zstd")
            elif wider != schema:
                writer.close()
                writer = _rewritten(target, wider)
            schema = wider
            writer.write_table(_cast(table, schema))
        if writer is None:
            pq.write_table(pa.table({name: pa.array([], pa.string()) for name in names}), target)
    finally:
        if writer is not None:
            writer.close()


def _column(values: list[Any]) -> pa.Array:
    try:
        return pa.array(values)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):  # numbers and texts in one, as SQLite allows
        return pa.array([None if value is None else str(value) for value in values], pa.string())


def _holding(one: pa.Schema, other: pa.Schema) -> pa.Schema:
    return pa.schema([(a.name, _wider(a.type, b.type)) for a, b in zip(one, other, strict=True)])


def _wider(one: pa.DataType, other: pa.DataType) -> pa.DataType:
    if one == other or pa.types.is_null(other):
        return one
    if pa.types.is_null(one):
        return other
    numbers = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal)
    both = all(any(is_one(kind) for is_one in numbers) for kind in (one, other))
    return pa.float64() if both else pa.string()


def _rewritten(target: Path, schema: pa.Schema) -> pq.ParquetWriter:
    """A writer on the target that holds its rows so far already."""
    old = target.with_suffix(".old")
    target.rename(old)
    writer = pq.ParquetWriter(target, schema, compression="zstd")
    try:
        for batch in pq.ParquetFile(old).iter_batches(BATCH):
            writer.write_table(_cast(pa.Table.from_batches([batch]), schema))
    except BaseException:
        writer.close()
        raise
    old.unlink()
    return writer


def _cast(table: pa.Table, schema: pa.Schema) -> pa.Table:
    return pa.table([_as(table[column.name], column.type) for column in schema], schema=schema)


def _as(values: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    try:
        return pc.cast(values, kind, safe=not pa.types.is_floating(kind))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):  # only texts are left: they hold whatever can be printed
        return pa.chunked_array([pa.array([None if v is None else str(v) for v in values.to_pylist()], kind)])
