"""What judging one category of a model answers with: a verdict, and causes whose states become findings."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from core.analysis.measured import Measured
from core.facts.profiles import Profile
from core.governance.attention import plural
from core.governance.episodes import Episode, State
from core.governance.policy import Category, Outcome
from core.services.profile_book import Book

WORST: tuple[Outcome, ...] = ("fail", "not enough data", "pass", "not applicable")
Detail = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A finding in words. severity: high, medium, low.  names: features, groups or metrics concerned."""

    title: str
    reason: str
    severity: str
    names: tuple[str, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One thing that may be wrong. cause: its key.  states: by time, one a window.  tell: an episode in words."""

    cause: str
    states: Sequence[State]
    tell: Callable[[Episode], Said]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The verdict on one category. reason: one sentence.  from_ms, end_ms: of what was judged; None for nothing.

    n: rows judged.  details: what was measured, see `detail`.
    """

    category: Category
    outcome: Outcome
    reason: str
    from_ms: int | None = None
    end_ms: int | None = None
    n: int = 0
    details: tuple[Detail, ...] = ()
    causes: tuple[Cause, ...] = ()


def detail(
    metric: str, found: Measured, outcome: str, *, name: str = "", group: str = "", limit: float | None = None,
    why: str = "", **more: Any,
) -> Detail:  # fmt: skip
    """One number of a verdict, as it is stored and told."""
    return {
        "name": name, "metric": metric, "group": group, "value": found.value, "low": _finite(found.low),
        "high": _finite(found.high), "n": found.n, "limit": limit, "outcome": outcome, "why": why or found.why, **more,
    }  # fmt: skip


def worst(outcomes: Sequence[str]) -> Outcome:
    """fail before not enough data before pass; nothing at all is not applicable."""
    return next((one for one in WORST if one in outcomes), "not applicable")


def against(found: Measured, limit: float, *, higher_is_bad: bool) -> Outcome:
    """The interval on the good side of a limit passes, on the bad side fails, else there is not enough data."""
    good, bad = (found.high, found.low) if higher_is_bad else (found.low, found.high)

    def beyond(end: float) -> bool:
        return end > limit if higher_is_bad else end < limit

    if bad is not None and beyond(bad):
        return "fail"
    return "pass" if good is not None and not beyond(good) else "not enough data"


def rows_for(found: Measured, limit: float) -> int | None:
    """About how many rows it takes until the interval no longer holds the limit, if the value stays; None: unknown.

    An interval narrows with the root of its rows.
    """
    if found.value is None or not found.n or found.value == limit:
        return None
    end = found.low if limit < found.value else found.high
    if end is None or not math.isfinite(end):
        return None
    return max(found.n + 1, math.ceil(found.n * ((end - found.value) / (limit - found.value)) ** 2))


def lacking(n: int, needed: int | None, days: float) -> str:
    """How many rows are missing and how long they take. n: rows of so many days."""
    if needed is None or needed <= n:
        return "More rows are needed."
    more = needed - n
    if not n or days <= 0:
        return f"About {plural(more, 'row')} more are needed."
    wait = math.ceil(more / (n / days))
    return f"About {plural(more, 'row')} more are needed, {plural(wait, 'day')} at the present traffic."


def day(kept: Book, ms: int) -> str:
    """The local day (with hours for hourly windows) that a moment lies in, such as 12 Nov 2026."""
    local = datetime.fromtimestamp(ms / 1000, UTC).astimezone(ZoneInfo(kept.monitor.zone))
    hours = f", {local:%H:%M}" if kept.monitor.window == "hour" else ""
    return f"{local.day} {local:%b %Y}{hours}"


def span(kept: Book, episode: Episode) -> str:
    """An episode's days in words."""
    first, last = day(kept, episode.first_ms), day(kept, episode.last_ms)
    when = f"on {first}" if first == last else f"from {first} to {last}"
    if kept.monitor.window == "week":
        when = f"in the week of {first}" if first == last else f"in the weeks of {first} to {last}"
    return when


def percent(share: float) -> str:
    """A share in words, with the digits that it needs."""
    return f"{share:.1%}" if abs(share) >= 0.1 else f"{share:.2%}"


def states(kept: Book, told: Sequence[tuple[int, bool | None]]) -> tuple[State, ...]:
    """(start of a window, whether it broke the rule) as states."""
    return tuple(State(start_ms=start, end_ms=kept.end_ms(start), broken=broken) for start, broken in told)


def same_edges(rows: Sequence[tuple[int, Profile]]) -> list[tuple[int, Profile]]:
    """(start, part) of windows that are counted into the same bins as the last one, and so add up with it."""
    return [(start, row) for start, row in rows if row.edges == rows[-1][1].edges]


def days_of(kept: Book, starts: Sequence[int]) -> float:
    """Days from the start of the first window to the end of the last."""
    return (kept.end_ms(starts[-1]) - starts[0]) / 86_400_000 if starts else 0.0


def _finite(value: float | None) -> float | None:
    return value if value is None or math.isfinite(value) else None
