"""Spark itself: reaching a master, a session that reads as DuckDB does, Parquet files as a table, failures in words."""

from __future__ import annotations

import importlib
import os
import re
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import pyarrow as pa

from core.errors import SettingsError, SourceError, SourceUnavailable

LOCAL = "local[2]"
REACHED_WITHIN = 10.0  # seconds
SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "false",  # what cannot be computed is null, not fatal
    "spark.sql.caseSensitive": "true",
    "spark.sql.legacy.parquet.nanosAsLong": "true",  # otherwise such files cannot be read at all
    "spark.sql.timeType.enabled": "true",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.objectHashAggregate.sortBased.fallbackThreshold": "4096",  # keys; a histogram takes some KB
}


def module(name: str) -> Any:
    """A module of pyspark. Raises SettingsError where it is not installed."""
    try:
        return importlib.import_module(f"pyspark.{name}")
    except ImportError as error:
        raise SettingsError(
            "Spark is not installed here.", hint="Install it with `pip install 'gatehouse[spark]'`, and Java 17."
        ) from error


def session(master: str) -> tuple[Any, bool]:
    """A session, and whether it was started for us and is ours to stop.

    master: "" takes the session that runs in this process, else a local one.
    Raises SourceUnavailable when no master answers, SettingsError when Spark cannot be started.
    """
    sessions = module("sql").SparkSession
    _reach(master)
    running = sessions.getActiveSession()
    if running is None:
        return _start(sessions, master or LOCAL), True
    if master not in ("", running.sparkContext.master):
        raise SettingsError(
            f"Spark runs in this process already, with the master {running.sparkContext.master}.",
            hint="Stop it first, or name that one.",
        )
    return running.newSession(), False


def configure(own: Any) -> None:
    """Makes a session read as DuckDB does."""
    for key, value in SETTINGS.items():
        own.conf.set(key, value)


def stop(own: Any) -> None:
    """Ends a session of ours; one that has died is at its end already."""
    with suppress(OSError, *_failures()):
        own.stop()


@contextmanager
def told() -> Iterator[None]:
    """Turns Spark's failures into SourceError."""
    try:
        yield
    except _failures() as error:
        raise SourceError(
            f"Spark cannot read the log: {_line(error)}",
            hint="Earlier profiles are as they were. Is every file whole, and does every worker find it at this path?",
        ) from error


def table(own: Any, paths: Sequence[str], schema: pa.Schema) -> Any:
    """Parquet files of one schema as a data frame whose types Ibis knows, with the path of each row in `gh_file`."""
    functions, kinds = module("sql.functions"), module("sql.types")
    reader = own.read.option("recursiveFileLookup", "true")  # takes no columns from names of folders
    frame = reader.parquet(*(re.sub(r"([*?\[\]{}\\])", r"\\\1", path) for path in paths))
    chosen = []
    for field in frame.schema:
        column = frame[_quoted(field.name)]
        if isinstance(field.dataType, kinds.LongType) and pa.types.is_timestamp(schema.field(field.name).type):
            column = functions.timestamp_micros(functions.floor(column / 1000))  # nanoseconds
        elif isinstance(field.dataType, kinds.TimestampNTZType):
            column = column.cast("timestamp")
        elif not isinstance(field.dataType, _known(kinds)):
            column = column.cast("string")
        chosen.append(column.alias(field.name))
    address = functions.replace(functions.col("_metadata.file_path"), functions.lit("+"), functions.lit("%2B"))
    path = functions.regexp_replace(functions.url_decode(address), "^file:/+", "/")
    return frame.select(*chosen, path.alias("gh_file"))


def _start(sessions: Any, master: str) -> Any:
    builder = sessions.builder.master(master).appName("gatehouse")
    builder = builder.config("spark.ui.enabled", "false").config("spark.ui.showConsoleProgress", "false")
    if master.startswith("local"):
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
        builder = builder.config("spark.sql.shuffle.partitions", "2")
    try:
        started = builder.getOrCreate()
        started.sparkContext.setLogLevel("ERROR")
    except _failures() as error:
        raise SettingsError(
            f"Spark cannot be started with the master {master[:80]}: {_line(error)}",
            hint="It needs Java 17, a master that answers, and there the same version of Spark.",
        ) from error
    return started


def _reach(master: str) -> None:
    """Knocks at a standalone master: Spark itself would try for minutes, and then not say why."""
    problems = []
    for place in master.removeprefix("spark://").split(",") if master.startswith("spark://") else ():
        host, _, port = place.rpartition(":")
        try:
            socket.create_connection((host.strip("[]"), int(port)), timeout=REACHED_WITHIN).close()
        except (OSError, ValueError, OverflowError) as error:
            problems.append(f"{place[:80]} ({error})")
        else:
            return
    if problems:
        raise SourceUnavailable(
            f"No Spark master answers at {', '.join(problems)}.", hint="Is it up? It is named as spark://host:7077."
        )


def _failures() -> tuple[type[Exception], ...]:
    return module("errors").PySparkException, importlib.import_module("py4j.protocol").Py4JError


def _known(kinds: Any) -> tuple[type, ...]:
    return (
        kinds.BinaryType, kinds.BooleanType, kinds.DateType, kinds.NumericType, kinds.StringType, kinds.TimestampType,
        kinds.ArrayType, kinds.MapType, kinds.StructType, kinds.NullType,
    )  # fmt: skip


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _line(error: Exception) -> str:
    """What is wrong, without the call that failed over it."""
    lines = [line.strip(": ") for line in str(error).splitlines() if line.strip()]
    told = [line for line in lines if not line.startswith("An error occurred while calling")]
    return told[0][:300] if told else type(error).__name__
