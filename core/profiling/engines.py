"""Where a pass runs: DuckDB here, or Spark on a cluster. All that differs between them stands in this file.

The one primitive that matters is "count into edges": how many values fall into each bin (see core/profiles.py).
"""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import duckdb
import ibis
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import sqlglot as sg
from ibis.backends.sql.compilers.duckdb import DuckDBCompiler

from core.errors import GatehouseError, SettingsError
from core.profiles import Counts, Floats
from core.profiling import spark
from core.profiling.spark_sql import Dialect, array_position, bin_of, dense_counts, histogram_numeric, unix_micros

MEMORY = "350MB"


class Engine(Protocol):
    """What a pass needs of an engine. Expressions are Ibis's; `x` are finite doubles or null."""

    name: str

    def parquet(self, paths: Sequence[str]) -> Any:
        """A table of Parquet files of one schema, with a column `gh_file` (or `filename`) that names the file."""
        ...

    def count_into(self, x: Any, edges: Floats) -> Any:
        """Aggregate: counts in bins, in the form that `counted` understands."""
        ...

    def counted(self, column: pa.ChunkedArray, bins: int) -> Counts:
        """(rows, bins) from a result column of `count_into`."""
        ...

    def count_values(self, text: Any, values: Sequence[str]) -> Any:
        """Aggregate: how often each of the values stands there, in the form that `valued` understands."""
        ...

    def valued(self, column: pa.ChunkedArray, values: Sequence[str]) -> Counts:
        """(rows, values) from a result column of `count_values`."""
        ...

    def epoch_us(self, moment: Any) -> Any:
        """Microseconds since 1970 UTC of a timestamp."""
        ...

    def finite(self, x: Any) -> Any:
        """Whether a double is neither NaN nor infinite."""
        ...

    def run(self, expression: Any) -> pa.Table:
        """Computes it."""
        ...

    def close(self) -> None: ...


@ibis.udf.agg.builtin(name="histogram", signature=((float, "array<float64>"), "map<float64, uint64>"))
def _histogram(x, edges):  # type: ignore[no-untyped-def]
    """DuckDB's own. Its overflow key appears only when it was hit; without any value it is null."""


@ibis.udf.agg.builtin(name="histogram_exact", signature=((str, "array<string>"), "map<string, uint64>"))
def _histogram_exact(x, values):  # type: ignore[no-untyped-def]
    """DuckDB's own. Other values are counted under the key ''."""


@ibis.udf.scalar.builtin(name="epoch_us", signature=(("timestamp",), "int64"))
def _epoch_us(moment):  # type: ignore[no-untyped-def]
    """DuckDB's own."""


@ibis.udf.scalar.builtin(name="isfinite", signature=((float,), bool))
def _isfinite(x):  # type: ignore[no-untyped-def]
    """DuckDB's own."""


class _DuckDbSql(DuckDBCompiler):  # type: ignore[misc]
    """DuckDB 2.0 takes isnan() for false where the extremes in a Parquet file are finite: they leave NaN out."""

    __slots__ = ()

    def visit_IsNan(self, op: Any, *, arg: Any) -> Any:  # noqa: N802, ARG002 - named by Ibis
        return sg.and_(sg.not_(self.f.isfinite(arg)), sg.not_(self.f.isinf(arg)))


class DuckDb:
    """DuckDB in memory; what does not fit goes to `spill`."""

    name = "duckdb"

    def __init__(self, spill: Path) -> None:
        self._connection = duckdb.connect(
            config={"memory_limit": MEMORY, "temp_directory": str(spill), "preserve_insertion_order": False}
        )
        self._connection.execute("SET TimeZone = 'UTC'")
        self._ibis = ibis.duckdb.from_connection(self._connection)
        self._ibis.compiler = _DuckDbSql()

    def parquet(self, paths: Sequence[str]) -> Any:
        for path in paths:
            if "://" in path:
                self._connect_object_storage(path)
        table = self._ibis.read_parquet(list(paths), filename="gh_file", hive_partitioning=False)
        strange = [name for name, kind in table.schema().items() if kind.is_unknown()]
        return self._known(table.get_name(), strange) if strange else table

    def _known(self, view: str, strange: Sequence[str]) -> Any:
        """The table with types that Ibis has no name for as near ones: times with a zone in ns as in us, else texts."""
        quoted = ['"' + name.replace('"', '""') + '"' for name in strange]
        kinds = {row[0]: row[1] for row in self._connection.execute(f'DESCRIBE "{view}"').fetchall()}
        told = ["TIMESTAMPTZ" if kinds[name] == "TIMESTAMPTZ_NS" else "VARCHAR" for name in strange]
        casts = ", ".join(f"CAST({name} AS {kind}) AS {name}" for name, kind in zip(quoted, told, strict=True))
        self._connection.execute(f'CREATE TEMP VIEW "{view}_known" AS SELECT * REPLACE ({casts}) FROM "{view}"')  # nosec B608: names are quoted
        return self._ibis.table(f"{view}_known")

    def raw(self) -> duckdb.DuckDBPyConnection:
        """The connection itself, for staging."""
        return self._connection

    def count_into(self, x: Any, edges: Floats) -> Any:
        return _histogram(x, ibis.literal([float(edge) for edge in edges], "array<float64>"))

    def counted(self, column: pa.ChunkedArray, bins: int) -> Counts:
        dense = np.zeros((len(column), bins), np.int64)
        at = 0
        for chunk in column.chunks:
            items, offsets = chunk.items.to_numpy(zero_copy_only=False), chunk.offsets.to_numpy()
            for row in range(len(chunk)):
                found = items[offsets[row] : offsets[row + 1]]
                dense[at + row, : len(found)] = found
            at += len(chunk)
        return dense

    def count_values(self, text: Any, values: Sequence[str]) -> Any:
        return _histogram_exact(text, ibis.literal(list(values), "array<string>"))

    def valued(self, column: pa.ChunkedArray, values: Sequence[str]) -> Counts:
        place = {value: at for at, value in enumerate(values)}
        dense = np.zeros((len(column), len(values)), np.int64)
        for row, found in enumerate(column.to_pylist()):
            for value, count in found or ():
                if (at := place.get(value)) is not None:
                    dense[row, at] = count
        return dense

    def epoch_us(self, moment: Any) -> Any:
        return _epoch_us(moment)

    def finite(self, x: Any) -> Any:
        return _isfinite(x)

    def run(self, expression: Any) -> pa.Table:
        return self._connection.sql(self._ibis.compile(expression)).to_arrow_table()  # Ibis would go through pandas

    def close(self) -> None:
        self._connection.close()

    def _connect_object_storage(self, path: str) -> None:
        scheme = path.partition("://")[0]
        if not self._connection.filesystem_is_registered(scheme):
            self._connection.register_filesystem(object_storage(scheme))


class Spark:
    """A Spark cluster by its master, or Spark in this process: "local[2]", or "" for the session that runs here.

    Files must lie where every worker finds them at the same path.
    """

    name = "spark"

    def __init__(self, master: str) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # of pandas 3, which has no part in this
            self._session, self._owned = spark.session(master)
            self._ibis = ibis.pyspark.connect(self._session)
        self._ibis.compiler = Dialect()
        spark.configure(self._session)
        self._views = 0

    def parquet(self, paths: Sequence[str]) -> Any:
        self._views += 1
        name = f"gh_log_{self._views}"
        schema = parquet_schema(paths[0])
        zoned = {field.name: "timestamp('UTC')" for field in schema if getattr(field.type, "tz", None)}
        with spark.told():
            spark.table(self._session, paths, schema).createOrReplaceTempView(name)
            return self._ibis.table(name).cast(zoned)  # Ibis takes Spark's times for ones without a zone

    def count_into(self, x: Any, edges: Floats) -> Any:
        """Counts the bins' numbers: exactly, since there are no more of them than the histogram may hold."""
        place = bin_of(x, edges, 0, len(edges))
        return histogram_numeric(x.isnull().ifelse(ibis.null("int32"), place).cast("float64"), len(edges) + 1)

    def counted(self, column: pa.ChunkedArray, bins: int) -> Counts:
        return dense_counts(column, bins)

    def count_values(self, text: Any, values: Sequence[str]) -> Any:
        place = array_position(ibis.literal(list(values), "array<string>"), text)  # from 1 on; 0: none of them
        return histogram_numeric(place.cast("float64"), len(values) + 1)

    def valued(self, column: pa.ChunkedArray, values: Sequence[str]) -> Counts:
        return dense_counts(column, len(values) + 1)[:, 1:]

    def epoch_us(self, moment: Any) -> Any:
        return unix_micros(moment.cast("timestamp('UTC')"))

    def finite(self, x: Any) -> Any:
        return x.abs() < float("inf")  # NaN is the largest number there

    def run(self, expression: Any) -> pa.Table:
        with spark.told():
            return self._session.sql(self._ibis.compile(expression)).toArrow()

    def close(self) -> None:
        if self._owned:
            spark.stop(self._session)


def parquet_schema(path: str) -> pa.Schema:
    """The columns of a Parquet file, wherever it lies."""
    if "://" in path:
        with object_storage(path.partition("://")[0]).open(path) as file:
            return pq.read_schema(file)
    return pq.read_schema(path)


def object_storage(scheme: str) -> Any:
    """The file system of s3://, gs://, abfs:// and others, through fsspec."""
    try:
        fsspec = importlib.import_module("fsspec")
        return fsspec.filesystem(scheme)
    except (ImportError, ValueError) as error:
        raise SettingsError(
            f"Files at {scheme}:// cannot be read here: {error}.",
            hint="Install fsspec and the package of that storage, such as s3fs or gcsfs.",
        ) from error


def engine(name: str, spill: Path) -> Engine:
    """An engine by name: duckdb, or spark with its master ("spark", "spark:local[2]", "spark://host:7077")."""
    if name == "duckdb":
        return DuckDb(spill)
    if name == "spark" or name.startswith("spark:"):
        return Spark(name if name.startswith("spark://") else name.partition(":")[2])
    raise GatehouseError(f"There is no engine {name[:40]!r}.", hint="Known: duckdb, spark, spark://host:port.")
