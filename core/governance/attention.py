"""What needs a person, judged from records alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

Urgency = Literal["now", "soon", "note"]
URGENCIES: tuple[Urgency, ...] = get_args(Urgency)
DAY_MS = 86_400_000
LATE_INTERVALS = 3
"""A source counts as stale when it has missed this many syncs in a row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One thing that a person should look at.

    urgency: now (something is broken), soon (a gap in the records of what is in production), note (worth a look).
    title: what, with its number.  detail: which, may hold untrusted names.  hint: what to do.
    page, params: where it is seen.
    """

    urgency: Urgency
    title: str
    detail: str
    hint: str
    page: str
    params: tuple[tuple[str, str], ...] = ()


def is_stale(*, complete_ms: int | None, interval_s: int, now_ms: int) -> bool:
    """Whether a source that syncs by itself has missed its syncs. complete_ms: end of the last that went through."""
    if not interval_s or complete_ms is None:
        return False
    return now_ms - complete_ms > LATE_INTERVALS * interval_s * 1000


def named(names: Sequence[str], *, of: int, most: int = 3) -> str:
    """The first few names, and how many there are besides."""
    shown = ", ".join(names[:most])
    rest = of - min(len(names), most)
    return f"{shown} and {rest:,} more" if rest > 0 else shown


def plural(number: int, noun: str, nouns: str = "") -> str:
    """ "1 model", "2 models"."""
    return f"{number:,} {noun if number == 1 else nouns or noun + 's'}"
