"""Names that are spelt nearly alike, and texts as messages show them."""

import re
from collections.abc import Iterable
from difflib import get_close_matches

_LONGEST = 100


def near(name: str, known: Iterable[object], *, most: int = 3) -> tuple[str, ...]:
    """The known names that are spelt most alike, the nearest first. Case and separators hardly count."""
    plain: dict[str, list[str]] = {}
    for each in known:
        plain.setdefault(_plain(str(each)), []).append(str(each))
    found = get_close_matches(_plain(name), list(plain), n=most, cutoff=0.6)
    same = [each for key in found for each in plain[key]]
    return tuple(sorted(same, key=lambda each: each != name)[:most])


def show(value: object) -> str:
    """A value for a message: quoted, on one line, not too long."""
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 80 else f"{text[:76]}...{text[-1]}"


def choice(names: Iterable[object], *, most: int = 40) -> str:
    """Names in a row, for a hint."""
    known = [str(name) for name in names]
    more = f" and {len(known) - most} more" if len(known) > most else ""
    return ", ".join(name if name.isprintable() else repr(name) for name in known[:most]) + more


def _plain(name: str) -> str:
    folded = name[:_LONGEST].casefold()
    return re.sub(r"[\s_.\-]+", "_", folded)
