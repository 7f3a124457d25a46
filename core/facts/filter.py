"""A search as SQL on `runs AS r` joined with `experiments AS e`. Every key and value is bound, never written in."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.query.ast import (
    And,
    Between,
    Comparison,
    Duration,
    Field,
    Membership,
    Moment,
    Node,
    Not,
    Number,
    Or,
    Order,
    Presence,
    Text,
    Value,
    Word,
)  # fmt: skip
from core.query.fields import type_of

DAY_MS = 86_400_000
_INT64 = 2**63 - 1
_ATTRIBUTES: Mapping[str, str] = {
    "run_id": "r.run_id",
    "name": "r.name",
    "status": "r.status",
    "user": "r.user_name",
    "lifecycle": "r.lifecycle_stage",
    "experiment_id": "r.experiment_id",
    "source": "r.source",
    "source_type": "r.source_type",
    "source_name": "r.source_name",
    "git_commit": "r.git_commit",
    "parent": "r.parent_run_id",
    "artifact_uri": "r.artifact_uri",
    "start_time": "r.started_ms",
    "end_time": "r.ended_ms",
    "duration": "(r.ended_ms - r.started_ms)",
}
_OF_EXPERIMENT: Mapping[str, str] = {"name": "e.name", "id": "e.experiment_id"}
_OF_DATASET: Mapping[str, str] = {"name": "i.name", "digest": "i.digest", "context": "i.context"}
_OPERATORS: Mapping[str, str] = {
    "=": "=",
    "!=": "<>",
    "<": "<",
    "<=": "<=",
    ">": ">",
    ">=": ">=",
    "like": "LIKE",
    "ilike": "ILIKE",
    "not like": "NOT LIKE",
    "not ilike": "NOT ILIKE",
}
_FLIPPED = {"!=": "=", "not like": "like", "not ilike": "ilike"}


@dataclass(frozen=True, slots=True)
class Fragment:
    """A piece of SQL with the values of its named parameters."""

    sql: str
    values: Mapping[str, Any]


def where(node: Node | None, *, now_ms: int, prefix: str = "q") -> Fragment:
    """A condition that is true or false, never NULL. prefix: of its parameters' names."""
    writer = _Writer(prefix, now_ms)
    return Fragment("true" if node is None else writer.condition(node), writer.values)


def order_by(parts: Sequence[Order], *, prefix: str = "o") -> Fragment:
    """An ordering without the words ORDER BY; runs without a value, and NaN, last. Ends in a fixed order of runs."""
    writer = _Writer(prefix, 0)
    terms = []
    for part in parts:
        way = "DESC" if part.descending else "ASC"
        terms += [f"{term} {way} NULLS LAST" for term in writer.sort_terms(part.field)]
    return Fragment(", ".join([*terms, "r.started_ms DESC NULLS LAST", "r.source", "r.run_id"]), writer.values)


def select(columns: Sequence[Field], *, prefix: str = "c") -> Fragment:
    """The values of some fields, named c0, c1, ..., each after a comma."""
    values: dict[str, Any] = {}
    sql = ""
    for number, field in enumerate(columns):
        value = where_value(field, f"{prefix}{number}v")
        sql += f", {value.sql} AS {prefix}{number}"
        values |= value.values
    return Fragment(sql, values)


def where_value(field: Field, prefix: str) -> Fragment:
    """The value of one field of a run; NULL where it has none."""
    writer = _Writer(prefix, 0)
    return Fragment(writer.value(field), writer.values)


class _Writer:
    def __init__(self, prefix: str, now_ms: int) -> None:
        self.values: dict[str, Any] = {}
        self._prefix = prefix
        self._now_ms = now_ms

    def condition(self, node: Node) -> str:
        match node:
            case And(children):
                return "(" + " AND ".join(map(self.condition, children)) + ")"
            case Or(children):
                return "(" + " OR ".join(map(self.condition, children)) + ")"
            case Not(child):
                return f"(NOT {self.condition(child)})"
            case Word(text):
                return self._word(text)
            case Comparison(field, operator, value):
                if field.kind == "dataset" and operator in _FLIPPED:
                    # "no data set of that name", but only for runs that have any, as elsewhere for a missing key
                    same = self.condition(Comparison(field, _FLIPPED[operator], value))  # type: ignore[arg-type]
                    return f"(len(r.inputs) > 0 AND NOT {same})"
                return self._on(field, lambda sql: self._comparison(field, sql, operator, value))
            case Membership(field, values, negated):
                return self._maybe_not(field, negated, lambda sql: self._among(field, sql, values))
            case Between(field, low, high, negated):
                return self._maybe_not(field, negated, lambda sql: self._between(field, sql, low, high))
            case Presence(field, present):
                return self._presence(field, present)

    def sort_terms(self, field: Field) -> list[str]:
        """What to sort by; params and tags first as numbers, then as text."""
        if field.kind == "dataset":
            return ["r.inputs[1].name"]
        sql = self._value_of(field)
        if field.kind == "metric":
            return [_without_nan(sql)]
        if type_of(field) == "free":
            return [_without_nan(f"try_cast({sql} AS DOUBLE)"), sql]
        return [sql]

    def value(self, field: Field) -> str:
        """The plain value; of several data sets the first one's."""
        return f"r.inputs[1].{field.key}" if field.kind == "dataset" else self._value_of(field)

    # -- one field ------------------------------------------------------------------------------------------------

    def _value_of(self, field: Field) -> str:
        if field.kind == "attribute":
            return _ATTRIBUTES[field.key]
        if field.kind == "experiment":
            return _OF_EXPERIMENT[field.key]
        if field.kind == "dataset":
            return _OF_DATASET[field.key]
        table = {"metric": "r.metrics", "param": "r.params", "tag": "r.tags"}[field.kind]
        return f"{table}[{self._bind(field.key)}]"

    def _on(self, field: Field, condition: Callable[[str], str]) -> str:
        """The condition on the field's value; false where there is none. For data sets: on any of them."""
        inner = f"coalesce({condition(self._value_of(field))}, false)"
        if field.kind != "dataset":
            return inner
        return f"(len(list_filter(r.inputs, lambda i: {inner})) > 0)"

    def _maybe_not(self, field: Field, negated: bool, condition: Callable[[str], str]) -> str:
        inside = self._on(field, condition)
        return f"({self._presence(field, True)} AND NOT {inside})" if negated else inside

    def _presence(self, field: Field, present: bool) -> str:
        if field.kind == "dataset":
            return f"(len(r.inputs) {'>' if present else '='} 0)"
        return f"({self._value_of(field)} IS {'NOT ' if present else ''}NULL)"

    def _comparison(self, field: Field, sql: str, operator: str, value: Value) -> str:
        sign = _OPERATORS[operator]
        if field.kind == "metric" and operator not in ("=", "!="):
            return f"{_without_nan(sql)} {sign} {self._plain(value)}"
        if isinstance(value, Number) and type_of(field) == "free":
            number, text = self._plain(value), self._bind(str(value.value))
            cast = f"try_cast({sql} AS DOUBLE)"
            return f"CASE WHEN {cast} IS NOT NULL THEN {cast} {sign} {number} ELSE {sql} {sign} {text} END"
        if isinstance(value, Text) and type_of(field) == "free" and operator in ("<", "<=", ">", ">="):
            text = self._plain(value)
            cast, other = f"try_cast({sql} AS DOUBLE)", f"try_cast({text} AS DOUBLE)"
            both = f"{cast} IS NOT NULL AND {other} IS NOT NULL"
            return f"CASE WHEN {both} THEN {cast} {sign} {other} ELSE {sql} {sign} {text} END"
        if field == Field("attribute", "status") and operator in ("=", "!=") and isinstance(value, Text):
            return f"{sql} {sign} {self._bind(value.value.upper())}"
        return f"{sql} {sign} {self._plain(value)}"

    def _among(self, field: Field, sql: str, values: Sequence[Value]) -> str:
        return (
            "(" + " OR ".join(f"coalesce({self._comparison(field, sql, '=', value)}, false)" for value in values) + ")"
        )

    def _between(self, field: Field, sql: str, low: Value, high: Value) -> str:
        return f"({self._comparison(field, sql, '>=', low)} AND {self._comparison(field, sql, '<=', high)})"

    def _word(self, text: str) -> str:
        part = f"lower({self._bind(text)})"
        return (
            f"(contains(lower(coalesce(r.name, '')), {part}) OR contains(lower(coalesce(r.user_name, '')), {part})"
            f" OR starts_with(r.run_id, {part}))"
        )

    # -- values ---------------------------------------------------------------------------------------------------

    def _plain(self, value: Value) -> str:
        match value:
            case Text(text):
                return self._bind(text)
            case Duration(ms):
                return self._bind(ms)
            case Moment(ms, base):
                start = {"": 0, "now": self._now_ms, "today": self._now_ms // DAY_MS * DAY_MS}[base]
                return self._bind(max(-_INT64, min(_INT64, start + ms)))
            case Number(number):
                return self._bind(float(number))

    def _bind(self, value: Any) -> str:
        name = f"{self._prefix}{len(self.values)}"
        self.values[name] = value
        return f"${name}"


def _without_nan(sql: str) -> str:
    return f"nullif({sql}, 'NaN'::DOUBLE)"
