"""A search put right by its error's suggestion."""

import re
from collections.abc import Sequence

from core.errors import QueryError
from core.query.parser import parse

_WORD_AT = re.compile(r"[^\s()',<>=!]+")


def mended(text: str, error: QueryError) -> str | None:
    """The search with the suggestion in place, if that makes it understood; None otherwise."""
    at = error.position
    if not error.suggestion:
        return _understood([text[:at] + text[at + 1 :]])  # one letter too many, such as >>
    word = _WORD_AT.match(text, at)
    tries = [text[:at] + error.suggestion + text[word.end() :]] if word else []
    if error.suggestion.startswith(text[at:].strip()[:1] or "\0"):
        tries.append(text[:at] + error.suggestion)
    tries += [f"{text[:at].rstrip()} {error.suggestion} {text[at:].lstrip()}".strip(), text + error.suggestion]
    return _understood(tries)


def _understood(tries: Sequence[str]) -> str | None:
    for attempt in tries:
        try:
            parse(attempt)
        except QueryError:
            continue
        return attempt
    return None
