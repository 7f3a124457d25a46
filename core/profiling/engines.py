"""Where a pass runs: DuckDB here, or Spark on a cluster. All that differs between them stands in this file.

The one primitive that matters is "count into edges": how many values fall into each bin (see core/profiles.py).
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import duckdb
import ibis
import numpy as np
import pyarrow as pa

from core.errors import GatehouseError, SettingsError
from core.profiles import Counts, Floats

MEMORY = "350MB"


class Engine(Protocol):
    """What a pass needs of an engine. Expressions are Ibis's; `x` are finite doubles or null."""

    name: str

    def parquet(self, paths: Sequence[str]) -> Any:
        """A table of Parquet files of one schema, with a column `filename`."""
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

    def table(self, rows: pa.Table, name: str) -> Any:
        """A small table of our own, to be joined."""
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


@ibis.udf.scalar.builtin(name="unix_micros", signature=(("timestamp",), "int64"))
def _unix_micros(moment):  # type: ignore[no-untyped-def]
    """Spark's own."""


class DuckDb:
    """DuckDB in memory; what does not fit goes to `spill`."""

    name = "duckdb"

    def __init__(self, spill: Path) -> None:
        self._connection = duckdb.connect(
            config={"memory_limit": MEMORY, "temp_directory": str(spill), "preserve_insertion_order": False}
        )
        self._ibis = ibis.duckdb.from_connection(self._connection)

    def parquet(self, paths: Sequence[str]) -> Any:
        for path in paths:
            if "://" in path:
                self._connect_object_storage(path)
        return self._ibis.read_parquet(list(paths), filename=True, hive_partitioning=False)

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
        return self._ibis.to_pyarrow(expression)

    def table(self, rows: pa.Table, name: str) -> Any:
        return self._ibis.create_table(name, rows, temp=True, overwrite=True)

    def close(self) -> None:
        self._connection.close()

    def _connect_object_storage(self, path: str) -> None:
        scheme = path.partition("://")[0]
        if not self._connection.filesystem_is_registered(scheme):
            self._connection.register_filesystem(object_storage(scheme))


class Spark:
    """A Spark cluster, or one in this process ("local[2]")."""

    name = "spark"

    def __init__(self, master: str) -> None:
        try:
            sql = importlib.import_module("pyspark.sql")
        except ImportError as error:
            raise SettingsError(
                "Spark is not installed here.", hint="Install it with `pip install pyspark`, and Java 17."
            ) from error
        self._session = (
            sql.SparkSession.builder.master(master)
            .appName("gatehouse")
            .config("spark.sql.session.timeZone", "UTC")
            .config("spark.sql.ansi.enabled", "false")
            .config("spark.sql.shuffle.partitions", "8")
            .config("spark.ui.enabled", "false")
            .getOrCreate()
        )
        self._session.sparkContext.setLogLevel("ERROR")
        self._ibis = ibis.pyspark.connect(self._session)

    def parquet(self, paths: Sequence[str]) -> Any:
        frame = self._session.read.parquet(*paths)
        functions = importlib.import_module("pyspark.sql.functions")
        name = f"log_{abs(hash(tuple(paths))):x}"
        frame.withColumn("filename", functions.input_file_name()).createOrReplaceTempView(name)
        return self._ibis.table(name)

    def count_into(self, x: Any, edges: Floats) -> Any:
        below = [(x <= float(edge)).sum().fill_null(0) for edge in edges]
        return ibis.array([*below, x.count()])

    def counted(self, column: pa.ChunkedArray, bins: int) -> Counts:
        cumulated = np.array(column.to_pylist(), np.int64).reshape(-1, bins)
        return np.diff(cumulated, axis=1, prepend=0)

    def count_values(self, text: Any, values: Sequence[str]) -> Any:
        return ibis.array([(text == value).sum().fill_null(0) for value in values])

    def valued(self, column: pa.ChunkedArray, values: Sequence[str]) -> Counts:
        return np.array(column.to_pylist(), np.int64).reshape(-1, len(values))

    def epoch_us(self, moment: Any) -> Any:
        return _unix_micros(moment)

    def finite(self, x: Any) -> Any:
        return ~(x.isnan() | x.isinf())

    def run(self, expression: Any) -> pa.Table:
        return self._ibis.to_pyarrow(expression)

    def table(self, rows: pa.Table, name: str) -> Any:
        self._session.createDataFrame(rows.to_pandas()).createOrReplaceTempView(name)
        return self._ibis.table(name)

    def close(self) -> None:
        self._session.stop()


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
        master = name if name.startswith("spark://") else name.partition(":")[2] or "local[2]"
        return Spark(master)
    raise GatehouseError(f"There is no engine {name[:40]!r}.", hint="Known: duckdb, spark, spark://host:port.")
