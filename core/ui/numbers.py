"""Numbers as people read them; exports keep every digit."""

import math
from collections.abc import Sequence

NOT_FINITE = {"nan": "NaN", "inf": "∞", "-inf": "−∞"}


def short(value: float | None, digits: int = 4) -> str:
    """A number in about four significant digits; NaN and infinities by name; "" for None."""
    if value is None:
        return ""
    if not math.isfinite(value):
        return NOT_FINITE[str(float(value))]
    if value == int(value) and abs(value) < 1e7:
        return f"{int(value):,}"
    if 10**digits <= abs(value) < 1e7:
        return f"{value:,.0f}"
    return f"{value:,.{digits}g}" if 1e-4 <= abs(value) < 10**digits else f"{value:.{digits - 1}e}"


def signed(value: float) -> str:
    """A difference, with its sign."""
    return ("+" if value > 0 else "−" if value < 0 else "±") + short(abs(value), 3)


def cell_column(values: Sequence[float | None]) -> list[float | None] | list[str]:
    """A table's column: numbers, or texts when some are not finite (a grid would show those as empty)."""
    if any(value is not None and not math.isfinite(value) for value in values):
        return [short(value) for value in values]
    return list(values)


def duration(started_ms: int | None, ended_ms: int | None) -> str:
    """Such as 850 ms, 12 s, 3 min 20 s, 2 h 5 min, 3 d 4 h; "" when it is not over."""
    if started_ms is None or ended_ms is None:
        return ""
    ms = max(ended_ms - started_ms, 0)
    if ms < 1_000:
        return f"{ms} ms"
    seconds = ms // 1_000
    for big, small, size, step in (("d", "h", 86_400, 3_600), ("h", "min", 3_600, 60), ("min", "s", 60, 1)):
        if seconds >= size:
            rest = seconds % size // step
            return f"{seconds // size} {big}" + (f" {rest} {small}" if rest else "")
    return f"{seconds} s"
