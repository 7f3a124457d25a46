"""Spark's SQL with DuckDB's meaning: where the two read or write a value differently, Spark is told to do as DuckDB."""

# ruff: noqa: N802, ARG002 - Ibis names the methods and their arguments

from __future__ import annotations

from typing import Any

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import sqlglot as sg
import sqlglot.expressions as sge
from ibis.backends.sql.compilers.pyspark import PySparkCompiler

from core.profiles import Counts, Floats

_SPACE = "[\t\n\x0b\x0c\r ]*"
_DIGITS = "[0-9](_?[0-9])*"
_NUMBER = f"^{_SPACE}[+-]?({_DIGITS}[.]?({_DIGITS})?|[.]{_DIGITS})([eE][+-]?{_DIGITS})?{_SPACE}$"
_WORD = f"^{_SPACE}[+-]?(?i:inf|infinity){_SPACE}$"
_NAN = f"^{_SPACE}[+-]?(?i:nan){_SPACE}$"

_DATE = "[0-9]{4}(-[0-9]{1,2}-|/[0-9]{1,2}/)[0-9]{1,2}"
_ZONE = "(Z|[+-][0-9]{2}(:?[0-9]{2})?| +[A-Z][A-Za-z_]+(/[A-Za-z_+-]+)*)"
_CLOCK = "[0-9]{1,2}:[0-9]{1,2}(:[0-9]{1,2}([.][0-9]*)?)?"
_MOMENT = f"^({_DATE}|{_SPACE}{_DATE}(T| +){_CLOCK}{_ZONE}?{_SPACE})$"


class Dialect(PySparkCompiler):  # type: ignore[misc]
    """What Ibis lets Spark compute.

    Left different: as texts, floats of more than 7 digits in 32 bits, and rare ones in 64, may get other last digits
    from Java before 19; times of 24:00 and dates parted by spaces or backslashes cannot be read.
    """

    __slots__ = ()

    def visit_IsNull(self, op: Any, *, arg: Any) -> Any:
        """NaN is a value."""
        return arg.is_(sge.null())

    def visit_NotNull(self, op: Any, *, arg: Any) -> Any:
        return arg.is_(sg.not_(sge.null()))

    def visit_IsInf(self, op: Any, *, arg: Any) -> Any:
        """Ibis's own falls apart under NOT and AND."""
        return self.f.abs(arg).eq(self.POS_INF)

    def visit_TryCast(self, op: Any, *, arg: Any, to: Any) -> Any:
        kind = op.arg.dtype
        if kind.is_string() and to.is_floating():
            return self._number(arg, to)
        if kind.is_string() and to.is_timestamp():
            return self._moment(arg)
        if kind.is_floating() and to.is_integer():  # Spark would cut the fraction off
            arg = self.f.rint(arg)
        return super().visit_TryCast(op, arg=arg, to=to)

    def visit_Cast(self, op: Any, *, arg: Any, to: Any) -> Any:
        if op.arg.dtype.is_floating() and to.is_string():
            return self._text(arg)
        if op.arg.dtype.is_timestamp() and op.arg.dtype.timezone and to.is_string():
            return self.f.concat(super().visit_Cast(op, arg=arg, to=to), "+00")
        return super().visit_Cast(op, arg=arg, to=to)

    def visit_StringFind(self, op: Any, *, arg: Any, substr: Any, start: Any, end: Any) -> Any:
        """Ibis takes Spark's 32 bits for 64, and leaves out the cast that would keep products from overflowing."""
        return self.cast(super().visit_StringFind(op, arg=arg, substr=substr, start=start, end=end), op.dtype)

    # -- texts ----------------------------------------------------------------------------------------------------

    def _number(self, text: Any, to: Any) -> Any:
        """Spark alone would take "1d", but neither "1_000" nor "+nan"."""
        plain = self.f.replace(text, "_", "")
        return self._cases(
            (self._like(text, _NUMBER), self._try(plain, to)),
            (self._like(text, _WORD), self._try(text, to)),
            (self._like(text, _NAN), self._try(sge.convert("NaN"), to)),
        )

    def _moment(self, text: Any) -> Any:
        """Spark alone would take "2026", but not "2026/1/5"."""
        dashes = self.f.regexp_replace(text, "^([^0-9]*[0-9]{4})/([0-9]+)/", "$1-$2-")
        spaced = self.f.regexp_replace(dashes, "([0-9]) +([0-9])", "$1 $2")
        timed = self.f.regexp_replace(spaced, "([T ][0-9]+:[0-9]+)( *[A-Z+-])", "$1:00$2")
        plain = self.f.regexp_replace(timed, "[.]([^0-9]|$)", "$1")
        return self._cases((self._like(text, _MOMENT), sge.TryCast(this=plain, to=sge.DataType.build("timestamp"))))

    def _text(self, number: Any) -> Any:
        """As Python and DuckDB write a float, from what Java writes: 12345678.5 for 1.23456785E7, 1e-05 for 1.0E-5."""
        text = sg.cast(number, "string", dialect=self.dialect)
        size = self.f.abs(number)
        power = sg.cast(self.f.substring_index(text, "E", -1), "int")
        sign = self.if_(power < 0, sge.convert("e-"), sge.convert("e+"))
        digits = sg.cast(self.f.abs(power), "string", dialect=self.dialect)
        mantissa = self.f.regexp_replace(self.f.substring_index(text, "E", 1), "[.]0$", "")
        spread = self.f.concat(mantissa, sign, self.if_(self.f.length(digits) < 2, self.f.concat("0", digits), digits))
        exact = sg.cast(sg.cast(text, "decimal(38, 22)"), "string", dialect=self.dialect)
        return self._cases(
            (number.is_(sge.null()), sge.null()),
            (self.f.isnan(number), sge.convert("nan")),
            (size.eq(self.POS_INF), self.if_(number > 0, sge.convert("inf"), sge.convert("-inf"))),
            ((size >= 1e16) | ((size < 1e-4) & (size > 0)), spread),
            (self.f.contains(text, "E"), self.f.regexp_replace(exact, "([.][0-9]+?)0+$", "$1")),
            otherwise=text,
        )

    # -- small --------------------------------------------------------------------------------------------------------

    def _like(self, text: Any, pattern: str) -> Any:
        return self.f.anon.regexp_like(text, sge.convert(pattern))

    def _try(self, value: Any, to: Any) -> Any:
        return sge.TryCast(this=value, to=self.type_mapper.from_ibis(to))

    def _cases(self, *cases: tuple[Any, Any], otherwise: Any = None) -> Any:
        chosen = sge.Case(default=otherwise if otherwise is not None else sge.null())
        for condition, value in cases:
            chosen = chosen.when(condition, value)
        return chosen


@ibis.udf.scalar.builtin(name="unix_micros", signature=(("timestamp",), "int64"))
def unix_micros(moment):  # type: ignore[no-untyped-def]
    """Spark's own."""


@ibis.udf.agg.builtin(
    name="histogram_numeric", signature=(("float64", "int32"), "array<struct<x: float64, y: float64>>")
)
def histogram_numeric(x, most):  # type: ignore[no-untyped-def]
    """Spark's own: (value, count) pairs, null without any value. With at most `most` distinct values counts are exact.

    Equal values are merged by their weighted mean, which moves them in the last digits; a value may come twice.
    """


@ibis.udf.scalar.builtin(name="array_position", signature=(("array<string>", str), "int64"))
def array_position(values, text):  # type: ignore[no-untyped-def]
    """Spark's own: from 1 on, 0 where it is not among them, null for null."""


def bin_of(x: Any, edges: Floats, low: int, high: int) -> Any:
    """The number of x's bin, low to high, by halving: 9 comparisons where there are 512 edges."""
    if low == high:
        return ibis.literal(low, "int32")
    middle = (low + high) // 2
    return (x <= float(edges[middle])).ifelse(bin_of(x, edges, low, middle), bin_of(x, edges, middle + 1, high))


def dense_counts(column: pa.ChunkedArray, places: int) -> Counts:
    """(rows, places) from lists of (place, count); null where there was nothing to count."""
    dense = np.zeros((len(column), places), np.int64)
    lists = column.combine_chunks()
    rows, pairs = pc.list_parent_indices(lists), pc.list_flatten(lists)
    place, count = (
        np.rint(pc.struct_field(pairs, name).to_numpy(zero_copy_only=False)).astype(np.int64) for name in "xy"
    )
    np.add.at(dense, (rows.to_numpy(zero_copy_only=False), place), count)
    return dense
