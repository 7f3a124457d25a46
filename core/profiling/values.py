"""Values of columns of any type, as every engine computes them: numbers, texts, truth."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import ibis

from core.monitors.monitor import Attribute, Scalar

EMPTY = "(empty)"
MD5_RANGE = 16**7
FITS = 9e18  # doubles below it fit into 64 bits


def md5_number(text: Any) -> Any:
    """A pseudo-random number in [0, MD5_RANGE) of a text, the same on every engine."""
    digest, hexes = text.hexdigest("md5"), ibis.literal("0123456789abcdef")
    return sum((hexes.find(digest.substr(at, 1)).cast("int64") * 16**at for at in range(7)), ibis.literal(0, "int64"))


def band_names(rule: Attribute) -> list[str]:
    """What the bands are called: "< 30", "30 to < 50", ">= 50", or the names given for those."""
    edges = [str(int(edge)) if edge == int(edge) else str(edge) for edge in rule.bands]
    plain = [f"< {edges[0]}", *(f"{a} to < {b}" for a, b in pairwise(edges)), f">= {edges[-1]}"]
    return [rule.names.get(name, name) for name in plain]


def untold(column: Any) -> Any:
    """Where a column of any type holds nothing: null, NaN or an empty text."""
    kind = column.type()
    if kind.is_floating():
        return column.isnull() | column.isnan()
    return column.isnull() | (column == "") if kind.is_string() else column.isnull()


def is_value(column: Any, value: Scalar) -> Any:
    """Where a column of any type holds the value: 1, "1", 1.0 and true are the same one."""
    kind = column.type()
    number = _numeric_of(value)
    if kind.is_boolean():
        return column == bool(number) if number in (0.0, 1.0) else ibis.literal(False)
    if kind.is_numeric():
        return column.cast("float64") == number if number is not None else ibis.literal(False)
    if kind.is_string():
        same = column == str(value)
        if number is None:
            return same
        if number in (0.0, 1.0):
            same = same | (column.lower() == ("true" if number else "false"))
        return same | (column.try_cast("float64") == number).fill_null(False)
    return column.cast("string") == str(value)


def _numeric_of(value: Scalar) -> float | None:
    try:
        return float(value)
    except ValueError:
        return {"true": 1.0, "false": 0.0}.get(str(value).lower())


def as_number(column: Any) -> tuple[Any, Any | None]:
    """A column as doubles, and where it holds something that is no number, or None."""
    kind = column.type()
    if kind.is_boolean():
        return column.cast("int8").cast("float64"), None
    if kind.is_numeric():
        return column.cast("float64"), None
    if kind.is_string():
        lower = column.lower()  # files of text alone, such as CSV, spell out true and false
        words = ibis.cases((lower == "true", 1.0), (lower == "false", 0.0), else_=ibis.null("float64"))
        found = column.try_cast("float64").fill_null(words)
        return found, column.notnull() & found.isnull()
    return ibis.null("float64"), column.notnull()


def as_text(column: Any) -> Any:
    """Values as text; whole numbers without a fraction: 1.0 is the value 1, as where gaps made floats of integers."""
    if column.type().is_floating():
        whole = (column == column.try_cast("int64").cast("float64")) & (column.abs() < FITS)
        return ibis.cases((column.isnan(), ibis.null("string")), (whole, column.try_cast("int64").cast("string")),
                          else_=column.cast("string"))  # fmt: skip
    return column.cast("string")


def without_empty(text: Any) -> Any:
    """An empty text as a missing one."""
    return (text == "").ifelse(ibis.null("string"), text)


def any_of(conditions: Iterable[Any]) -> Any:
    """Where any of the conditions holds."""
    found = None
    for condition in conditions:
        found = condition if found is None else found | condition
    return found
