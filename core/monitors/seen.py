"""What a log's columns are, as somebody saw them."""

import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal["number", "text", "yes_no", "time", "other"]
_NUMBERS = re.compile(r"u?(tiny|small|big|huge)?int(eger)?\d*|byte|short|long|float\d*|double|real|halffloat|number")
_DECIMAL = re.compile(r"(decimal|numeric)\d*(\(.*\))?")
_TEXTS = re.compile(r"(var)?char(\(.*\))?|(large_)?(string|utf8)(_view)?|text|str|enum.*|category|dictionary<.*")
_TIMES = re.compile(r"(timestamp|datetime|date|time)(\b|\d).*|timestamp(tz)?_.*|timestamptz")
_YES_NO = frozenset(("boolean", "bool", "logical"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column, from the rows that were looked at.

    type: as the engine calls it.  nulls: share of rows without a value, 0..1.  distinct: different values.
    low, high: the smallest and largest value, numbers as numbers; None when there is none, or no order.
    examples: up to five values as texts, in the order met.
    """

    name: str
    type: str
    nulls: float = 0.0
    distinct: int = 0
    low: float | str | None = None
    high: float | str | None = None
    examples: tuple[str, ...] = ()

    @property
    def kind(self) -> Kind:
        return kind_of(self.type)


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """A log's columns in its own order. rows: how many rows were looked at.  place: what kind of log it is."""

    columns: tuple[Column, ...]
    rows: int
    place: Literal["files", "delta"] = "files"

    @property
    def types(self) -> dict[str, str]:
        """Name -> type."""
        return {column.name: column.type for column in self.columns}


def kind_of(type_text: str) -> Kind:
    """What a type's values are, whether DuckDB, Arrow, Spark or Ibis names it."""
    name = type_text.strip().casefold().removeprefix("!")
    if re.search(r"\[\d*\]$", name):  # a list or an array of any type
        return "other"
    if _NUMBERS.fullmatch(name) or _DECIMAL.fullmatch(name):
        return "number"
    if name in _YES_NO:
        return "yes_no"
    if _TEXTS.fullmatch(name):
        return "text"
    return "time" if _TIMES.fullmatch(name) else "other"
