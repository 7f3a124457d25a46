"""One part of a log, and what can go wrong while it is read."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from typing import Any

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True, slots=True, kw_only=True)
class Partition:
    """One part of a log. key: names it for good.  stamp: changes when its content may have.

    path: of the file, "" for a range of a query.  above, upto: ends of that range, above excluded; above None: from
    the beginning.  place: its number among the parts, oldest first.
    """

    key: str
    stamp: str
    path: str = ""
    above: Any = None
    upto: Any = None
    place: int = 0


def is_full(text: str) -> bool:
    """Whether an error's text says that nothing more can be written."""
    return any(told in text for told in ("No space left", "File too large", "Disk quota exceeded"))


def line(error: BaseException) -> str:
    """The first line of an error's text."""
    return (str(error).splitlines() or [type(error).__name__])[0][:300]
