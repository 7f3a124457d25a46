"""What a search says, once it is understood."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["metric", "param", "tag", "attribute", "dataset", "experiment"]
Operator = Literal["=", "!=", "<", "<=", ">", ">=", "like", "ilike", "not like", "not ilike"]


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that a run has. key: of a metric, param or tag as logged; otherwise one of the known names."""

    kind: Kind
    key: str


@dataclass(frozen=True, slots=True)
class Number:
    """A number; NaN and infinities included. An int stays an int."""

    value: int | float


@dataclass(frozen=True, slots=True)
class Text:
    """A text in quotes, or a bare word where a value is due."""

    value: str


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time, in milliseconds."""

    ms: int


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time. ms: since 1970 UTC; or, relative to "now" or "today" (midnight UTC), an offset."""

    ms: int
    base: Literal["", "now", "today"] = ""


Value = Number | Text | Duration | Moment


@dataclass(frozen=True, slots=True)
class Comparison:
    """A missing key makes every comparison false, != and "not like" too."""

    field: Field
    operator: Operator
    value: Value


@dataclass(frozen=True, slots=True)
class Membership:
    field: Field
    values: tuple[Value, ...]
    negated: bool


@dataclass(frozen=True, slots=True)
class Between:
    """Both ends belong to it."""

    field: Field
    low: Value
    high: Value
    negated: bool


@dataclass(frozen=True, slots=True)
class Presence:
    """present: "is not null"."""

    field: Field
    present: bool


@dataclass(frozen=True, slots=True)
class Word:
    """A bare word: part of the run's name or user, or the beginning of its id; case does not matter."""

    text: str


@dataclass(frozen=True, slots=True)
class Not:
    child: "Node"


@dataclass(frozen=True, slots=True)
class And:
    """children: at least two."""

    children: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """children: at least two."""

    children: tuple["Node", ...]


Node = Comparison | Membership | Between | Presence | Word | Not | And | Or


@dataclass(frozen=True, slots=True)
class Order:
    """One part of an ordering. Runs without a value, and NaN, come last either way."""

    field: Field
    descending: bool
