"""A monitor held against the columns that its log really has."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from core.errors import MonitorError
from core.monitors.files import Resolved
from core.monitors.monitor import Monitor
from core.monitors.near import choice, near, show
from core.monitors.seen import kind_of
from core.monitors.tree import Keys, Place

Which = Literal["log", "label", "reference"]
Named = Iterator[tuple[Keys, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureColumns:
    """Which columns are features.

    left_out: column -> why it is none, of those that no other key names; empty unless features.all.
    """

    numeric: tuple[str, ...]
    categorical: tuple[str, ...]
    left_out: Mapping[str, str]


def check(resolved: Resolved, seen: Mapping[str, str], which: Which = "log") -> Sequence[MonitorError]:
    """One error for every named column that is missing.

    seen: column -> type.  which: the table that has them: the log, the labels' own, or the reference data set.
    """
    return [
        _missing(resolved, keys, column, seen) for keys, column in named(resolved.monitor, which) if column not in seen
    ]


def features(monitor: Monitor, seen: Mapping[str, str]) -> FeatureColumns:
    """The features, with `all` resolved by type: numbers are numeric, texts and yes/no categorical.

    Columns that another key names and those of `without` are no features. seen: column -> type.
    """
    stated = monitor.features
    numeric, categorical = list(stated.numeric), list(stated.categorical)
    left_out: dict[str, str] = {}
    if stated.all:
        taken = {column for which in ("log", "label") for _, column in named(monitor, which)}
        for column, type_text in seen.items():
            kind = kind_of(type_text)
            if column in taken:
                continue
            if kind == "number":
                numeric.append(column)
            elif kind in ("text", "yes_no"):
                categorical.append(column)
            else:
                left_out[column] = f"{type_text[:80]} is neither a number nor a text"
    return FeatureColumns(
        numeric=tuple(dict.fromkeys(numeric)), categorical=tuple(dict.fromkeys(categorical)), left_out=left_out
    )


def named(monitor: Monitor, which: Which = "log") -> Named:
    """Every column that a monitor names in one of its tables, with the path of keys to it."""
    label = monitor.label
    if which == "label":
        if label and label.table:
            yield ("label", "column"), label.column
            if join := label.id or monitor.id:
                yield (("label", "id") if label.id else ("id",)), join
            if label.table.sql:
                yield ("label", "table", "sql", "watermark"), label.table.sql.watermark
        return
    yield from _outputs(monitor)
    if label and not label.table:
        yield ("label", "column"), label.column
    for key, columns in (("numeric", monitor.features.numeric), ("categorical", monitor.features.categorical)):
        yield from ((("features", key, at), column) for at, column in enumerate(columns))
    for key, attributes in (("protected", monitor.protected), ("segments", monitor.segments)):
        yield from (((key, name, "column"), attribute.column) for name, attribute in attributes.items())
    if which == "log":
        yield from _of_the_log_alone(monitor)


def _outputs(monitor: Monitor) -> Named:
    for key, column in (("score", monitor.score), ("prediction", monitor.prediction)):
        if column:
            yield (key,), column
    yield from ((("probabilities", name), column) for name, column in monitor.probabilities.items())


def _of_the_log_alone(monitor: Monitor) -> Named:
    yield ("timestamp", "column"), monitor.timestamp.column
    for key, column in (("id", monitor.id), ("version", monitor.version), ("latency", monitor.latency)):
        if column:
            yield (key,), column
    if monitor.log.sql:
        yield ("log", "sql", "watermark"), monitor.log.sql.watermark
    yield from ((("features", "without", at), column) for at, column in enumerate(monitor.features.without))
    if monitor.status:
        yield ("status", "column"), monitor.status.column
    yield from ((("resources", name), column) for name, column in monitor.resources.items())
    for name, kpi in monitor.kpis.items():
        parts = (("figure", kpi.figure), ("arm", kpi.arm), ("cost", kpi.cost), ("value", kpi.value))
        yield from ((("kpis", name, part), column) for part, column in parts if column)
    for name, rule in monitor.measurements.items():
        yield ("measurements", name, "column"), rule.column
        if rule.per:
            yield ("measurements", name, "per"), rule.per


def _missing(resolved: Resolved, keys: Keys, column: str, seen: Mapping[str, str]) -> MonitorError:
    place = resolved.places.get(keys, Place(resolved.file, 0))
    close = near(column, seen, most=5)
    name = ".".join(str(part) for part in keys if isinstance(part, str))
    meant = f"Did you mean {show(close[0])}? " if close else ""
    others = f"Spelt alike: {choice(close)}." if len(close) > 1 else f"Columns: {choice(seen)}."
    return MonitorError(
        f"{name} names the column {show(column)}, which is not there.",
        file=place.file,
        line=place.line or None,
        near=close,
        hint=meant + others,
    )
