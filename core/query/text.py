"""Writing a search down again: parse(to_text(node)) == node."""

import math
import re
from datetime import UTC, datetime, timedelta

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
from core.query.fields import OWN_PREFIX

_PLAIN_KEY = re.compile(r"\w+(?:[./:@-]+\w+)*")


def to_text(node: Node | None) -> str:
    """The search that says this."""
    if node is None:
        return ""
    match node:
        case Or(children):
            return " or ".join(_inside(child, Or) for child in children)
        case And(children):
            return " and ".join(_inside(child, And, Or) for child in children)
        case Not(child):
            return f"not {_inside(child, And, Or)}"
        case Word(text):
            return _quote(text)
        case Comparison(field, operator, value):
            return f"{field_text(field)} {operator} {_value(value)}"
        case Membership(field, values, negated):
            return f"{field_text(field)} {'not ' if negated else ''}in ({', '.join(map(_value, values))})"
        case Between(field, low, high, negated):
            return f"{field_text(field)} {'not ' if negated else ''}between {_value(low)} and {_value(high)}"
        case Presence(field, present):
            return f"{field_text(field)} is {'not ' if present else ''}null"


def order_text(parts: tuple[Order, ...]) -> str:
    """The ordering that says this."""
    return ", ".join(f"{field_text(part.field)}{' desc' if part.descending else ''}" for part in parts)


def field_text(field: Field) -> str:
    """The name of a field as a search writes it."""
    if field.kind == "attribute":
        return field.key
    plain = _PLAIN_KEY.fullmatch(field.key) is not None
    return f"{OWN_PREFIX[field.kind]}.{field.key if plain else _quote(field.key, '`')}"


def _inside(node: Node, *kinds: type) -> str:
    return f"({to_text(node)})" if isinstance(node, kinds) else to_text(node)


def _value(value: Value) -> str:
    match value:
        case Text(text):
            return _quote(text)
        case Duration(ms):
            return f"{ms}ms"
        case Moment(ms, ""):
            moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
            return f"'{moment.isoformat(timespec='milliseconds')}'"
        case Moment(ms, base):
            return base if ms == 0 else f"{base} {'-' if ms < 0 else '+'} {abs(ms)}ms"
        case Number(number):
            if isinstance(number, float) and not math.isfinite(number):
                return "nan" if math.isnan(number) else "1e999" if number > 0 else "-1e999"  # what reads as such
            return repr(number)


def _quote(text: str, mark: str = "'") -> str:
    return mark + text.replace("\\", "\\\\").replace(mark, mark * 2) + mark
