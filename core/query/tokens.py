"""Cutting a search into words, with the place of each."""

import re
from dataclasses import dataclass
from typing import Literal

from core.errors import QueryError

MAX_LENGTH = 20_000
TokenKind = Literal["word", "quoted", "backquoted", "number", "duration", "date", "operator", "punctuation", "end"]
_UNITS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 7 * 86_400_000}
_SPACE = re.compile(r"\s+")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?)?(?:Z|[+-]\d{2}:\d{2})?(?![\w-])")
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?![\w.])")
_DURATION = re.compile(r"[+-]?(?:\d+(?:\.\d+)?(?:ms|[smhdw]))+(?!\w)", re.IGNORECASE)
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|[smhdw])", re.IGNORECASE)
_WORD = re.compile(r"[^\W]+(?:[./:@-]+\w+)*\.?")
_OPERATOR = re.compile(r"<=|>=|!=|<>|==|=|<|>|\+|-")
_QUOTES = {"'": "quoted", '"': "quoted", "`": "backquoted"}


@dataclass(frozen=True, slots=True)
class Token:
    """text: as understood (quotes and escapes undone).  value: of a number or duration (milliseconds).

    quote: the quotation mark of a quoted token.  start, end: offsets into the search.
    """

    kind: TokenKind
    text: str
    start: int
    end: int
    value: int | float | None = None
    quote: str = ""


def tokenize(search: str) -> list[Token]:
    """All tokens, the last one of kind "end". Raises QueryError."""
    if len(search) > MAX_LENGTH:
        raise QueryError(
            f"The search has {len(search):,} characters; at most {MAX_LENGTH:,} are read.",
            position=MAX_LENGTH,
            hint="Use `in (...)` with fewer values, or a `like` pattern.",
        )
    tokens, at = [], 0
    while at < len(search):
        if space := _SPACE.match(search, at):
            at = space.end()
            continue
        token = _next(search, at)
        tokens.append(token)
        at = token.end
    tokens.append(Token("end", "", len(search), len(search)))
    return tokens


def _next(search: str, at: int) -> Token:
    first = search[at]
    if first in _QUOTES:
        return _quoted(search, at)
    if first in "(),":
        return Token("punctuation", first, at, at + 1)
    if found := _DATE.match(search, at):
        return Token("date", found[0], at, found.end())
    if found := _DURATION.match(search, at):
        return Token("duration", found[0], at, found.end(), _milliseconds(found[0]))
    if found := _NUMBER.match(search, at):
        return Token("number", found[0], at, found.end(), _number(found[0], at))
    if found := _WORD.match(search, at):
        return Token("word", found[0], at, found.end())
    if found := _OPERATOR.match(search, at):
        return Token("operator", found[0], at, found.end())
    raise QueryError(
        f"The character {first!r} has no meaning here.", position=at, hint="Put texts into quotes: 'like this'."
    )


def _quoted(search: str, at: int) -> Token:
    mark, out, i = search[at], [], at + 1
    while i < len(search):
        char = search[i]
        if char == "\\" and i + 1 < len(search) and search[i + 1] in (mark, "\\"):
            out.append(search[i + 1])
            i += 2
        elif char == mark and search[i + 1 : i + 2] == mark:
            out.append(mark)
            i += 2
        elif char == mark:
            kind: TokenKind = "backquoted" if mark == "`" else "quoted"
            return Token(kind, "".join(out), at, i + 1, quote=mark)
        else:
            out.append(char)
            i += 1
    raise QueryError("This quotation mark is never closed.", position=at, suggestion=search[at:][:60] + mark)


def _number(text: str, at: int) -> int | float:
    if re.fullmatch(r"[+-]?\d+", text):
        if len(text) > 40:
            raise QueryError("This number has too many digits.", position=at, hint="Write it as 1e40.")
        return int(text)
    return float(text)


def _milliseconds(text: str) -> int:
    sign = -1 if text[0] == "-" else 1
    total = sum(float(amount) * _UNITS[unit.lower()] for amount, unit in _DURATION_PART.findall(text))
    return sign * int(min(round(total), 10**18)) if total < 1e18 else sign * 10**18
