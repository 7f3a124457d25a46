"""Windows of a monitor: hours, days or weeks of its own time zone, as arithmetic that every engine knows."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, Literal
from zoneinfo import ZoneInfo

import ibis

from core.monitors.monitor import Monitor

HOUR, DAY = 3_600_000, 86_400_000
EARLIEST = int(datetime(1990, 1, 1, tzinfo=UTC).timestamp() * 1000)
AHEAD = 366 * DAY  # times further ahead of now than that are mistakes
_EPOCH = datetime(1970, 1, 1)
_MONDAY = 3  # days from a Monday to 1970-01-01


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """Numbers windows: index 0 is the window of 1970-01-01.

    local: times are already those of the zone's clocks, not UTC.
    """

    zone: str
    length: Literal["hour", "day", "week"]
    local: bool = False

    @classmethod
    def of(cls, rule: Monitor) -> "Windows":
        """Those that a monitor's log is cut into."""
        return cls(zone=rule.zone, length=rule.window, local=rule.timestamp.naive == "local")

    def index(self, ms: Any, low: int, high: int) -> Any:
        """Ibis expression of the window's index. ms: integer expression, all within [low, high]."""
        if self.length == "hour":
            return (self._past_gaps(ms, low, high) if self.local else ms + self.offset(ms, low, high, HOUR)) // HOUR
        day = (ms + (0 if self.local else self.offset(ms, low, high))) // DAY
        return day if self.length == "day" else (day + _MONDAY) // 7

    def start_ms(self, index: int) -> int:
        """When the window begins, in ms since 1970 UTC."""
        zone = ZoneInfo(self.zone)
        if self.length == "hour" and not self.local:
            return index * HOUR - _offset_ms(zone, index * HOUR) % HOUR
        if self.length == "hour":
            wall = _EPOCH + timedelta(hours=index)
        else:
            wall = _EPOCH + timedelta(days=index if self.length == "day" else index * 7 - _MONDAY)
        return int(wall.replace(tzinfo=zone).timestamp() * 1000)

    def end_ms(self, index: int) -> int:
        """When the next one begins."""
        return self.start_ms(index + 1)

    def at(self, ms: int) -> int:
        """The window that holds a moment of UTC."""
        near = ms // {"hour": HOUR, "day": DAY, "week": 7 * DAY}[self.length]
        return next(at for at in range(near + 2, near - 4, -1) if self.start_ms(at) <= ms)

    def index_of_date(self, date: str) -> int:
        """The window that the local day YYYY-MM-DD begins in."""
        day = (datetime.fromisoformat(date) - _EPOCH).days
        if self.length == "hour":
            start = int(datetime.fromisoformat(date).replace(tzinfo=ZoneInfo(self.zone)).timestamp() * 1000)
            offset = _offset_ms(ZoneInfo(self.zone), start)
            return (start + (offset if self.local else offset % HOUR)) // HOUR
        return day if self.length == "day" else (day + _MONDAY) // 7

    def _past_gaps(self, ms: Any, low: int, high: int) -> Any:
        """Local times that no clock ever shows, since it was put forward there, as those that it shows instead."""
        steps = offsets(self.zone, low - 2 * DAY, high + 2 * DAY)
        gaps = [(at, before, after) for (_, before), (at, after) in pairwise(steps) if after > before]
        cases = [((ms >= at + before) & (ms < at + after), ms + (after - before)) for at, before, after in gaps]
        return ibis.cases(*cases, else_=ms) if cases else ms

    def offset(self, ms: Any, low: int, high: int, modulo: int | None = None) -> Any:
        """The zone's offset from UTC in ms at each time, as cases between its changes of clocks."""
        steps = [(start, off % modulo if modulo else off) for start, off in offsets(self.zone, low, high)]
        kept = [step for step, after in zip(steps, [None, *steps], strict=False) if not after or step[1] != after[1]]
        if len(kept) == 1:
            return ibis.literal(kept[0][1], "int64")
        cases = [(ms < after[0], ibis.literal(before[1], "int64")) for before, after in pairwise(kept)]
        return ibis.cases(*cases, else_=ibis.literal(kept[-1][1], "int64"))


def offsets(zone: str, low: int, high: int) -> list[tuple[int, int]]:
    """(from when, offset), both in ms, for all of [low, high]; the first one holds from `low` on."""
    rules = ZoneInfo(zone)
    steps = [(low, _offset_ms(rules, low))]
    at = low
    while at < high:
        later = min(at + 7 * DAY, high)
        if _offset_ms(rules, later) != steps[-1][1] or _offset_ms(rules, (at + later) // 2) != steps[-1][1]:
            later = min(at + DAY // 2, high)  # one change at a time
            if (found := _offset_ms(rules, later)) != steps[-1][1]:
                steps.append((_change(rules, at, later), found))
        at = later
    return steps


def _change(rules: ZoneInfo, before: int, after: int) -> int:
    """The first ms in (before, after] with the offset of `after`."""
    aim = _offset_ms(rules, after)
    while after - before > 1:
        middle = (before + after) // 2
        before, after = (before, middle) if _offset_ms(rules, middle) == aim else (middle, after)
    return after


def _offset_ms(rules: ZoneInfo, ms: int) -> int:
    offset = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)).astimezone(rules).utcoffset()
    return int((offset or timedelta()).total_seconds() * 1000)
