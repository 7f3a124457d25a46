"""From a log's own columns to the ones a pass counts: typed, never failing, bad values told apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ibis

from core.monitors.monitor import Attribute, Monitor, Scalar
from core.profiling.edges import Edges
from core.profiling.engines import Engine
from core.profiling.values import (
    EMPTY,
    any_of,
    as_number,
    as_text,
    band_names,
    is_value,
    md5_number,
    untold,
    without_empty,
)
from core.profiling.windows import AHEAD, EARLIEST, Windows

OTHER, MISSING = "(other)", "(missing)"
PRIME = 2_147_483_647
UNKNOWN = 2  # label of a row whose truth has not arrived
WITH_ZONE = r":\d{2}(\.\d+)?\s*(Z|z|UTC|[A-Z][a-z]+/\S+|[+-]\d{2}(:?\d{2})?)\s*$"


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Which columns of the log the features are, resolved against the reference."""

    numeric: tuple[str, ...]
    categorical: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Smallest and largest time of the rows, ms since 1970 (UTC, or the zone's clocks where times are local)."""

    low: int
    high: int


class Reader:
    """Reads one monitor's rows on one engine."""

    def __init__(self, engine: Engine, monitor: Monitor, now_ms: int) -> None:
        self.engine = engine
        self.monitor = monitor
        self._latest = now_ms + AHEAD
        self.windows = Windows.of(monitor)

    # -- time -----------------------------------------------------------------------------------------------------

    def micros(self, raw: Any) -> Any:
        """us since 1970 of each row; null where the time cannot be read or lies outside what can be meant.

        Where the monitor's times are local, of the zone's clocks: times that tell their zone are put on them.
        """
        stamp = self.monitor.timestamp
        if stamp.column not in raw.columns:
            return ibis.null("int64")
        column = raw[stamp.column]
        kind = column.type()
        naive: Any = False
        if kind.is_numeric() and not kind.is_boolean():
            us = self._of_number(column)
        elif kind.is_timestamp() or kind.is_date():
            naive = kind.is_date() or kind.timezone is None
            us = self.engine.epoch_us(column.cast("timestamp") if naive else column)
        elif kind.is_string():
            written = self.engine.epoch_us(column.try_cast("timestamp('UTC')"))
            naive = written.notnull() & ~column.re_search(WITH_ZONE)
            us = written.fill_null(self._of_number(column))
        else:
            return ibis.null("int64")
        if self.windows.local and naive is not True:
            ms = (us / 1000).floor().cast("int64")
            on_clocks = (ms + self.windows.offset(ms, EARLIEST, self._latest)) * 1000 + us % 1000
            us = on_clocks if naive is False else naive.ifelse(us, on_clocks)
        return us.between(EARLIEST * 1000, self._latest * 1000).ifelse(us, ibis.null("int64"))

    def _of_number(self, column: Any) -> Any:
        factor = {"s": 1_000_000, "ms": 1_000, "us": 1}[self.monitor.timestamp.unit]
        return (column.try_cast("float64") * factor).try_cast("int64")

    def window(self, us: Any, span: Span) -> Any:
        """Index of each row's window; null where it has no time."""
        return self.windows.index((us / 1000).floor().cast("int64"), span.low, span.high)

    # -- values ---------------------------------------------------------------------------------------------------

    def number(self, raw: Any, name: str | None) -> tuple[Any, Any | None]:
        """A column as doubles (NaN and infinities kept), and where it holds something that is no number, or None."""
        if name is None or name not in raw.columns:
            return ibis.null("float64"), None
        return as_number(raw[name])

    def text(self, raw: Any, name: str | None) -> Any:
        """A column as text; an empty text is the value "(empty)", no missing one."""
        if name is None or name not in raw.columns:
            return ibis.null("string")
        column = raw[name]
        text = as_text(column)
        return (text == "").ifelse(EMPTY, text) if column.type().is_string() else text

    def plain_text(self, raw: Any, name: str) -> Any:
        """The same with empty texts as they are: where the reference has none, they are unseen and cost nothing."""
        return as_text(raw[name]) if name in raw.columns else ibis.null("string")

    def truth(self, column: Any | None, positive: Scalar) -> Any:
        """Labels 0, 1, or 2 where the truth is not known."""
        if column is None:
            return ibis.literal(UNKNOWN, "int8")
        return ibis.cases((untold(column), UNKNOWN), (is_value(column, positive), 1), else_=0).cast("int8")

    def attribute(self, raw: Any, rule: Attribute, values: Sequence[str] | None) -> Any:
        """A protected attribute or segment as one of its listed values, "(other)" or "(missing)"."""
        if rule.bands:
            number, _ = self.number(raw, rule.column)
            bad = number.isnull() | number.isnan()
            cases = [(number < edge, name) for edge, name in zip(rule.bands, band_names(rule), strict=False)]
            return ibis.cases((bad, MISSING), *cases, else_=band_names(rule)[-1])
        text = self.text(raw, rule.column)
        if rule.names:
            text = ibis.cases(*((text == value, name) for value, name in rule.names.items()), else_=text)
        if values is None:
            return text.fill_null(MISSING)
        listed = [value for value in values if value not in (OTHER, MISSING)]
        return ibis.cases((text.isnull(), MISSING), (text.isin(listed), text), else_=OTHER)

    # -- whole rows -----------------------------------------------------------------------------------------------

    def observed(self, raw: Any, columns: Columns, span: Span, edges: Edges | None) -> Any:
        """What is known at serving time: w (window), v (version), segments, features and all that needs no label."""
        rule = self.monitor
        us = self.micros(raw)
        made: dict[str, Any] = {"w": self.window(us, span), "v": self.version(raw)}
        made |= self._attributes(raw, rule.segments, "z", edges.segments if edges else None)
        for at, name in enumerate(columns.numeric):
            made |= self._number_and_bad(raw, name, f"x{at}")
        for at, name in enumerate(columns.categorical):
            known = edges is None or EMPTY in edges.categories[name]
            made[f"c{at}"] = self.text(raw, name) if known else self.plain_text(raw, name)
        for at, name in enumerate(rule.resources.values()):
            made |= self._number_and_bad(raw, name, f"r{at}")
        for at, measured in enumerate(rule.measurements.values()):
            made |= self._number_and_bad(raw, measured.column, f"m{at}")
            if measured.per:
                made[f"q{at}"] = self.text(raw, measured.per)
                made["us"] = us
        if rule.latency:
            made |= self._number_and_bad(raw, rule.latency, "latency")
        if rule.status:
            made["failed"] = self.failed(raw)
        for at, kpi in enumerate(rule.kpis.values()):
            for letter, column in zip("fua", (kpi.figure, kpi.cost, kpi.value), strict=True):
                made[f"k{at}{letter}"] = self.number(raw, column)[0]
            made[f"k{at}n"] = self.text(raw, kpi.arm).fill_null("") if kpi.arm else ibis.literal("")
        if rule.task in ("regression", "other"):
            made |= self._number_and_bad(raw, rule.score or rule.prediction, "s")
        made["h"] = self.hash(raw, us)
        return raw.select(**made)

    def outcomes(self, raw: Any, span: Span, edges: Edges | None, labels: Any | None) -> Any:
        """Output and truth: w, v, segments, groups, s (score), y (label); by task also class scores, p and t texts.

        labels: table (id text, label) to be joined; None where the label stands in the log.
        """
        rule = self.monitor
        raw, label = self._labelled(raw, labels)
        us = self.micros(raw)
        made: dict[str, Any] = {"w": self.window(us, span), "v": self.version(raw)}
        if edges is None:
            made["h"] = self.hash(raw, us)
        made |= self._attributes(raw, rule.segments, "z", edges.segments if edges else None)
        made |= self._attributes(raw, rule.protected, "g", edges.groups if edges else None)
        if rule.task == "regression":
            made["s"] = self.number(raw, rule.score or rule.prediction)[0]
            truth, _ = (ibis.null("float64"), None) if label is None else as_number(label)
            made["t"] = truth.isnan().ifelse(ibis.null("float64"), truth)
            return raw.select(**made)
        if rule.task == "multiclass":
            made["t"] = ibis.null("string") if label is None else without_empty(as_text(label))
            for at, value in enumerate(rule.classes):
                made[f"s{at}"] = self.number(raw, rule.probabilities.get(str(value)))[0]
            made["p"] = self.predicted(raw, [made[f"s{at}"] for at in range(len(rule.classes))])
            return raw.select(**made)
        made["s"] = self.score(raw)
        made["y"] = self.truth(label, rule.positive)
        return raw.select(**made)

    def score(self, raw: Any) -> Any:
        """The score; where the log holds decisions only, 1.0 for a positive one and 0.0 for another."""
        rule = self.monitor
        if rule.score:
            return self.number(raw, rule.score)[0]
        if rule.prediction not in raw.columns:
            return ibis.null("float64")
        decided = raw[rule.prediction]
        return ibis.cases((untold(decided), ibis.null("float64")), (is_value(decided, rule.positive), 1.0), else_=0.0)

    def predicted(self, raw: Any, scores: Sequence[Any]) -> Any:
        """The predicted class as text: as the log says, else the (first) one with the largest score."""
        if self.monitor.prediction:
            known = self.monitor.prediction in raw.columns
            return as_text(raw[self.monitor.prediction]) if known else ibis.null("string")
        largest = ibis.greatest(*scores)
        names = [str(value) for value in self.monitor.classes]
        cases = [(score == largest, name) for score, name in zip(scores, names, strict=True)]
        return ibis.cases(*cases, else_=ibis.null("string"))

    def version(self, raw: Any) -> Any:
        if self.monitor.version and self.monitor.version in raw.columns:
            return as_text(raw[self.monitor.version]).fill_null("")
        return ibis.literal(self.monitor.fixed_version or "")

    def failed(self, raw: Any) -> Any:
        """1 for a request that failed, 0 for one that was served, null where it is not told."""
        status = self.monitor.status
        if status is None or status.column not in raw.columns:
            return ibis.null("int8")
        column = raw[status.column]
        wrong = is_value(column, True) if not status.errors else any_of(is_value(column, v) for v in status.errors)
        return ibis.cases((untold(column), ibis.null("int8")), (wrong, 1), else_=0).cast("int8")

    def hash(self, raw: Any, us: Any) -> Any:
        """A pseudo-random number in [0, 2^31 - 1) of each row, alike on every engine: by its id, else by its time."""
        rule = self.monitor
        if rule.id and rule.id in raw.columns and raw[rule.id].type().is_integer():
            seed = (raw[rule.id] % PRIME).cast("int64")  # before abs: the smallest integer has none
        elif rule.id and rule.id in raw.columns:
            seed = md5_number(as_text(raw[rule.id]))
        else:
            seed = us
        return (seed.abs() % PRIME) * 48_271 % PRIME

    def id_text(self, raw: Any, name: str | None = None) -> Any:
        """The id by which labels are joined, as text."""
        found = name or self.monitor.id
        return as_text(raw[found]) if found in raw.columns else ibis.null("string")

    def _labelled(self, raw: Any, labels: Any | None) -> tuple[Any, Any | None]:
        rule = self.monitor.label
        if rule is None:
            return raw, None
        if labels is None:
            return raw, raw[rule.column] if rule.column in raw.columns else None
        keyed = raw.mutate(gh_id=self.id_text(raw))
        joined = keyed.left_join(labels, keyed.gh_id == labels.gh_label_id)
        return joined, joined.gh_label

    def _attributes(
        self, raw: Any, rules: Mapping[str, Attribute], letter: str, listed: Mapping[str, tuple[str, ...]] | None
    ) -> dict[str, Any]:
        return {
            f"{letter}{at}": self.attribute(raw, rule, listed[name] if listed is not None else None)
            for at, (name, rule) in enumerate(rules.items())
        }

    def _number_and_bad(self, raw: Any, name: str | None, to: str) -> dict[str, Any]:
        number, bad = self.number(raw, name)
        return {to: number, f"{to}_bad": ibis.literal(0, "int8") if bad is None else bad.cast("int8")}
