"""Understanding a search: recursive descent, `or` under `and` under `not`."""

import math
from datetime import UTC, datetime

from core.errors import QueryError
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
    Operator,
    Or,
    Order,
    Presence,
    Text,
    Value,
    Word,
)
from core.query.fields import PREFIXES, field_named, nearest, type_of
from core.query.tokens import Token, tokenize

MAX_DEPTH = 60
OPERATORS: dict[str, Operator] = {
    "=": "=", "==": "=", "!=": "!=", "<>": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">=",
}  # fmt: skip
KEYWORDS = ("and", "or", "not", "in", "between", "like", "ilike", "is", "null", "asc", "desc")
WORD_OPERATORS = ("like", "ilike", "in", "between", "is", "not")


def parse(text: str) -> Node | None:
    """What the search says; None when it says nothing. Raises QueryError with the position and a suggestion."""
    parser = _Parser(text)
    if parser.here.kind == "end":
        return None
    node = parser.disjunction(0)
    parser.expect_end()
    return node


def parse_order(text: str) -> tuple[Order, ...]:
    """An ordering like "metrics.auc DESC, start_time". Raises QueryError."""
    parser, parts = _Parser(text), []
    while not parser.ended:
        field = parser.field()
        descending = parser.takes("desc")
        if not descending:
            parser.takes("asc")
        parts.append(Order(field, descending))
        if not parser.ended and not parser.takes_mark(","):
            raise QueryError(
                f"Expected a comma, asc or desc before {parser.here.text[:40]!r}.", position=parser.here.start,
                suggestion=nearest(parser.here.text.lower(), ("asc", "desc")),
            )  # fmt: skip
    return tuple(parts)


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = tokenize(text)
        self._at = 0

    @property
    def here(self) -> Token:
        return self._tokens[self._at]

    @property
    def ended(self) -> bool:
        return self.here.kind == "end"

    def takes(self, keyword: str) -> bool:
        """Steps over a keyword if it is next."""
        if self._is(keyword):
            self._at += 1
            return True
        return False

    def takes_mark(self, mark: str) -> bool:
        if self.here.kind == "punctuation" and self.here.text == mark:
            self._at += 1
            return True
        return False

    def expect_end(self) -> None:
        if self.here.kind == "end":
            return
        if self.here.text == ")":
            raise QueryError("This parenthesis was never opened.", position=self.here.start)
        raise QueryError(f"Expected and, or, or the end before {self.here.text[:40]!r}.", position=self.here.start)

    # -- and, or, not ---------------------------------------------------------------------------------------------

    def disjunction(self, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise QueryError(
                f"The search is nested more than {MAX_DEPTH} deep.",
                position=self.here.start,
                hint="Use fewer parentheses.",
            )
        children = [self._conjunction(depth)]
        while self.takes("or"):
            children.append(self._conjunction(depth))
        return children[0] if len(children) == 1 else Or(tuple(children))

    def _conjunction(self, depth: int) -> Node:
        children = [self._negation(depth)]
        while self.takes("and") or self._starts_a_term():
            children.append(self._negation(depth))
        return children[0] if len(children) == 1 else And(tuple(children))

    def _starts_a_term(self) -> bool:
        """Terms that stand side by side mean and."""
        here = self.here
        if here.kind in ("quoted", "backquoted", "date", "number", "duration") or here.text == "(":
            return True
        return here.kind == "word" and (here.text.lower() not in KEYWORDS or self._is("not"))

    def _negation(self, depth: int) -> Node:
        if self.takes("not"):
            if depth > MAX_DEPTH:
                raise QueryError(f"The search is nested more than {MAX_DEPTH} deep.", position=self.here.start)
            return Not(self._negation(depth + 1))
        return self._term(depth)

    def _term(self, depth: int) -> Node:
        start = self.here
        if self.takes_mark("("):
            inside = self.disjunction(depth + 1)
            if not self.takes_mark(")"):
                raise QueryError("This parenthesis is never closed.", position=start.start, suggestion=")")
            return inside
        if start.kind == "end":
            raise QueryError(
                "Something is missing at the end.", position=start.start, hint="For example: metrics.auc > 0.8"
            )
        if start.kind in ("operator", "punctuation") or (start.text.lower() in KEYWORDS and start.kind == "word"):
            raise QueryError(
                f"Expected a name such as metrics.auc before {start.text[:40]!r}.", position=start.start,
                hint="A comparison reads NAME OPERATOR VALUE, as in params.depth = 6.",
            )  # fmt: skip
        if self._is_compared():
            return self._predicate()
        return self._word()

    def _is_compared(self) -> bool:
        """Whether a name (maybe with its quoted key) is followed by an operator."""
        ahead = self._at + 1
        if self.here.kind == "word" and self.here.text.endswith("."):
            return True
        following = self._tokens[ahead]
        if following.kind == "operator":
            return following.text in OPERATORS
        if following.kind != "word" or following.text.lower() not in WORD_OPERATORS:
            return False
        if following.text.lower() != "not":
            return True
        beyond = self._tokens[ahead + 1]
        return beyond.kind == "word" and beyond.text.lower() in ("like", "ilike", "in", "between")

    def _word(self) -> Node:
        token = self.here
        prefix, dot, _ = token.text.partition(".")
        if token.kind == "word" and dot and prefix.lower() in PREFIXES:
            raise QueryError(
                f"{token.text[:60]} is compared with nothing.", position=token.end, suggestion=f"{token.text[:60]} > 0",
                hint="Add an operator and a value, or `is not null`.",
            )  # fmt: skip
        self._at += 1
        return Word(token.text)

    # -- names and comparisons ------------------------------------------------------------------------------------

    def field(self) -> Field:
        token = self.here
        if token.kind in ("backquoted", "quoted"):
            self._at += 1
            return field_named(None, token.text, token.start)
        if token.kind != "word" or token.text.lower() in KEYWORDS:
            raise QueryError(
                f"Expected a name, got {token.text[:40]!r}." if token.text else "Expected a name.",
                position=token.start, hint="For example metrics.auc or start_time.",
            )  # fmt: skip
        self._at += 1
        prefix, dot, key = token.text.partition(".")
        if not dot:
            return field_named(None, token.text, token.start)
        if key:
            return field_named(prefix, key, token.start)
        quoted = self.here
        if quoted.kind not in ("quoted", "backquoted") or quoted.start != token.end or not quoted.text:
            raise QueryError(
                f"{token.text} needs a name after the dot.", position=token.end, suggestion=f"{token.text}NAME"
            )
        self._at += 1
        return field_named(prefix, quoted.text, token.start)

    def _predicate(self) -> Node:
        field = self.field()
        token = self.here
        if token.kind == "operator" and token.text in OPERATORS:
            self._at += 1
            return Comparison(field, OPERATORS[token.text], self._value(field, OPERATORS[token.text]))
        if self.takes("is"):
            present = self.takes("not")
            if not self.takes("null"):
                raise QueryError("After `is` comes `null` or `not null`.", position=self.here.start, suggestion="null")
            return Presence(field, present)
        negated = self.takes("not")
        if self.takes("in"):
            return Membership(field, self._values(field), negated)
        if self.takes("between"):
            low = self._value(field, "between")
            if not self.takes("and"):
                raise QueryError("`between` needs two values with `and`.", position=self.here.start, suggestion="and")
            return Between(field, low, self._value(field, "between"), negated)
        for name in ("like", "ilike"):
            if self.takes(name):
                operator: Operator = f"not {name}" if negated else name  # type: ignore[assignment]
                if type_of(field) not in ("free", "text"):
                    raise QueryError(
                        f"`{name}` looks into texts, and {field.key[:40]} is none.", position=token.start,
                        hint="Compare numbers and times with <, >, between.",
                    )  # fmt: skip
                return Comparison(field, operator, self._value(field, operator))
        raise QueryError(
            f"Expected an operator before {token.text[:40]!r}." if token.text else "Expected an operator.",
            position=token.start, suggestion="=", hint="Operators: = != < <= > >= like ilike in between is null.",
        )  # fmt: skip

    def _values(self, field: Field) -> tuple[Value, ...]:
        opened = self.here
        if not self.takes_mark("("):
            raise QueryError("`in` needs a list in parentheses.", position=opened.start, suggestion="('a', 'b')")
        values = [self._value(field, "in")]
        while self.takes_mark(","):
            values.append(self._value(field, "in"))
        if not self.takes_mark(")"):
            raise QueryError("This list is never closed.", position=opened.start, suggestion=")")
        return tuple(values)

    # -- values ---------------------------------------------------------------------------------------------------

    def _value(self, field: Field, operator: str) -> Value:
        token = self.here
        value = self._literal(field, operator)
        wanted = type_of(field)
        if operator.endswith("like") and not isinstance(value, Text):
            raise QueryError(
                "A pattern is a text in quotes.", position=token.start, suggestion=f"'%{token.text[:40]}%'"
            )
        if wanted == "number" and not isinstance(value, Number):
            raise QueryError(f"A metric is compared with a number, got {token.text[:40]!r}.", position=token.start)
        if wanted == "time" and isinstance(value, Text):
            return _moment(value.value, token.start)
        if wanted == "time" and not isinstance(value, Moment | Number):
            raise QueryError(
                f"{field.key} is compared with a time, got {token.text[:40]!r}.",
                position=token.start,
                suggestion=f"now - {token.text[:20]}",
                hint="For example 2026-11-01, 'now - 7d' without quotes, or today.",
            )
        if wanted == "time" and isinstance(value, Number) and not math.isfinite(value.value):
            raise QueryError("A time cannot be NaN or infinite.", position=token.start)
        if wanted == "duration" and not isinstance(value, Duration | Number):
            raise QueryError(
                f"duration is compared with a length of time, got {token.text[:40]!r}.", position=token.start,
                suggestion="10m", hint="For example 500ms, 30s, 10m, 2h, 1h30m, 1d.",
            )  # fmt: skip
        if wanted in ("text", "free") and isinstance(value, Moment | Duration):
            return Text(token.text)
        if wanted == "text" and isinstance(value, Number):
            return Text(token.text)
        return value

    def _literal(self, field: Field, operator: str) -> Value:
        token = self.here
        word = token.text.lower()
        if token.kind == "end" or (token.kind == "punctuation" and token.text in (")", ",")):
            raise QueryError(
                f"A value is missing after {operator}.", position=token.start, hint="For example 0.8, 'FINISHED', 10m."
            )  # fmt: skip
        self._at += 1
        if token.kind == "number" and token.value is not None:
            return Number(token.value)
        if token.kind == "duration" and token.value is not None:
            return Duration(int(token.value))
        if token.kind == "quoted":
            return Text(token.text)
        if token.kind == "date":
            return _moment(token.text, token.start) if type_of(field) == "time" else Text(token.text)
        if token.kind == "operator" and token.text in "+-":
            follows = self.here
            if follows.kind == "word" and follows.text.lower() in ("inf", "infinity") and follows.start == token.end:
                self._at += 1
                return Number(-math.inf if token.text == "-" else math.inf)
        if token.kind != "word" or (word in KEYWORDS and word != "null"):
            raise QueryError(
                f"Expected a value, got {token.text[:40]!r}.", position=token.start, hint="Put texts into quotes."
            )
        if type_of(field) == "time" and (word in ("now", "today") or word.startswith(("now-", "today-"))):
            return self._relative(token)
        if type_of(field) == "number" and word in ("nan", "inf", "infinity"):
            return Number(float(word))
        if word == "null":
            raise QueryError(
                "Compare with null by `is null` or `is not null`.", position=token.start, suggestion="is null"
            )
        if word.partition(".")[0] in PREFIXES and "." in word:
            raise QueryError("A name is compared with a value, not with another name.", position=token.start)
        return Text(token.text)

    def _relative(self, token: Token) -> Moment:
        base, _, rest = token.text.partition("-")
        offset = 0
        if rest:  # now-7d, written without spaces
            inner = tokenize(rest)
            if inner[0].kind != "duration" or inner[0].value is None or inner[1].kind != "end":
                raise QueryError("After now comes a length of time.", position=token.start, suggestion="now - 7d")
            offset = -int(inner[0].value)
        elif self.here.kind == "operator" and self.here.text in "+-":
            sign = -1 if self.here.text == "-" else 1
            self._at += 1
            length: Token = self._tokens[self._at]
            if length.kind != "duration" or length.value is None:
                raise QueryError("Here a length of time is due.", position=length.start, suggestion="7d")
            offset = sign * int(length.value)
            self._at += 1
        elif self.here.kind == "duration" and self.here.text[0] in "+-" and self.here.value is not None:
            offset = int(self.here.value)
            self._at += 1
        return Moment(offset, "now" if base.lower() == "now" else "today")

    def _is(self, keyword: str) -> bool:
        return self.here.kind == "word" and self.here.text.lower() == keyword


def _moment(text: str, position: int) -> Moment:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise QueryError(
            f"{text[:40]!r} is no date.", position=position, suggestion="2026-11-01",
            hint="Write 2026-11-01 or 2026-11-01T10:00; times are UTC unless they say otherwise.",
        ) from None  # fmt: skip
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    seconds = (moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()
    return Moment(round(seconds * 1000))
