"""Moments in words, in the reader's own time zone."""

from collections.abc import Sequence
from datetime import date as calendar_day
from datetime import datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pandas as pd
import streamlit as st

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000


def ago(ms: int | None, now: int) -> str:
    """How long ago, in words; a date when that is more than a month. ms, now: milliseconds since 1970 UTC."""
    if ms is None:
        return "never"
    passed = now - ms
    if passed < MINUTE:
        return "just now"
    if passed < HOUR:
        return f"{passed // MINUTE} min ago"
    if passed < 2 * DAY:
        return f"{passed // HOUR} h ago"
    if passed < 31 * DAY:
        return f"{passed // DAY} days ago"
    return f"on {date(ms)}"


def date(ms: int | None) -> str:
    """Such as 18 Nov 2026; "" for None."""
    return "" if ms is None else _at(ms).strftime("%-d %b %Y")


def minute(ms: int | None) -> str:
    """Such as 18 Nov 2026, 14:03; "" for None."""
    return "" if ms is None else _at(ms).strftime("%-d %b %Y, %H:%M")


def clock(ms: int) -> str:
    """Such as 14:03."""
    return _at(ms).strftime("%H:%M")


def day(ms: int, now: int) -> str:
    """A heading for a day: Today, Yesterday, or such as Wed 18 Nov 2026."""
    at, today = _at(ms).date(), _at(now).date()
    if at == today:
        return "Today"
    return "Yesterday" if at == today - timedelta(days=1) else at.strftime("%a %-d %b %Y")


def today(now: int) -> calendar_day:
    """The reader's day. now: milliseconds since 1970 UTC."""
    return _at(now).date()


def day_ms(day: calendar_day) -> int:
    """When a day begins for the reader, in milliseconds since 1970 UTC."""
    return int(datetime.combine(day, time(), _zone()).timestamp() * 1000)


def lasting(seconds: float) -> str:
    """Such as 45 s, 3 min, 2 h."""
    if seconds < 90:
        return f"{max(seconds, 1):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.0f} h"


def _at(ms: int) -> datetime:
    return datetime.fromtimestamp(min(max(ms, 0), 253_370_764_800_000) / 1000, _zone())


def _zone() -> tzinfo:
    try:
        return ZoneInfo(st.context.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def column(times: Sequence[int | None]) -> "pd.Series[pd.Timestamp]":
    """Milliseconds since 1970 UTC as a column of times, for a table."""
    return pd.to_datetime(pd.Series(list(times), dtype="Int64"), unit="ms", utc=True)
