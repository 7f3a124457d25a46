"""Windows: local hours, days and weeks, whatever way a log writes its times."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

from core.errors import GatehouseError, MonitorError
from core.profiles import Rows
from core.profiling.windows import Windows
from tests.profiling.logs import Place, serving, table
from tests.profiling.oracle import moment, window_of

SPRING, AUTUMN = datetime(2026, 3, 27, tzinfo=UTC), datetime(2025, 10, 24, tzinfo=UTC)
BRAZIL = (datetime(2018, 11, 2, tzinfo=UTC), datetime(2018, 2, 16, tzinfo=UTC))  # clocks change at midnight
EVERY = timedelta(minutes=15)


def counted(place: Place) -> dict[int, int]:
    return {where[2]: part.rows for where, part in serving(place.rows()).items() if isinstance(part, Rows)}


def wanted(place: Place, values: list[Any]) -> dict[int, int]:
    found: dict[int, int] = {}
    for value in values:
        window = window_of(moment(value, place.resolved.monitor, place.now_ms), place.resolved.monitor)
        found[window] = found.get(window, 0) + 1
    return {window: rows for window, rows in found.items() if window != -1}


def profiled(base: Path, values: Any, kind: pa.DataType | None = None, stamp: Any = None, **keys: Any) -> Place:
    place = Place(base)
    place.monitor(timestamp={"column": "at", **(stamp or {})}, **keys)
    place.put("logs/a.parquet", [{"at": value, "score": 0.5} for value in values], {"at": kind} if kind else None)
    place.put("reference.parquet", [{"score": 0.5}])
    place.run()
    return place


@pytest.mark.parametrize(
    ("zone", "window"),
    [
        ("Europe/Vienna", "hour"), ("Europe/Vienna", "day"), ("Europe/Vienna", "week"), ("Asia/Kolkata", "hour"),
        ("Asia/Kolkata", "day"), ("America/Sao_Paulo", "hour"), ("America/Sao_Paulo", "day"),
        ("America/Sao_Paulo", "week"), ("Australia/Lord_Howe", "hour"),
    ],
)  # fmt: skip
def test_local_windows_over_changes_of_clocks(tmp_path: Path, zone: str, window: str) -> None:
    begins = [SPRING, AUTUMN, *BRAZIL] if zone != "Australia/Lord_Howe" else [datetime(2026, 1, 1, 0, 7, tzinfo=UTC)]
    values = [begin + at * EVERY for begin in begins for at in range(4 * 24 * 5)]
    place = profiled(tmp_path, values, pa.timestamp("us", "UTC"), zone=zone, window=window)
    assert counted(place) == wanted(place, values)


def test_days_of_23_and_25_hours(tmp_path: Path) -> None:
    values = [begin + timedelta(hours=at) for begin in (SPRING, AUTUMN) for at in range(96)]
    place = profiled(tmp_path, values, pa.timestamp("us", "UTC"), zone="Europe/Vienna")
    vienna = ZoneInfo("Europe/Vienna")
    told = {datetime.fromtimestamp(ms / 1000, vienna).date(): rows for ms, rows in counted(place).items()}
    assert (told[date(2026, 3, 29)], told[date(2025, 10, 26)], told[date(2026, 3, 28)]) == (23, 25, 24)


MOMENTS = [SPRING + at * timedelta(minutes=97, milliseconds=1, microseconds=7) for at in range(70)]
EPOCH = [(value - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) for value in MOMENTS]


PLAIN = datetime(1970, 1, 1)
WAYS: list[tuple[pa.DataType, str, Any]] = [
    (pa.timestamp("ns", "Asia/Tokyo"), "ms", lambda us: datetime.fromtimestamp(us / 1e6, UTC)),
    (pa.timestamp("ns"), "ms", lambda us: PLAIN + timedelta(microseconds=us)),
    (pa.timestamp("s"), "ms", lambda us: PLAIN + timedelta(seconds=us // 10**6)),
    (pa.date32(), "ms", lambda us: (PLAIN + timedelta(microseconds=us)).date()),
    (pa.int64(), "us", lambda us: us),
    (pa.int64(), "ms", lambda us: us // 1000),
    (pa.int32(), "s", lambda us: us // 10**6),
    (pa.float64(), "s", lambda us: us / 10**6),
    (pa.decimal128(20, 3), "ms", lambda us: us // 1000),
    (pa.string(), "ms", lambda us: str(us // 1000)),
    (pa.string(), "s", lambda us: datetime.fromtimestamp(us // 10**6, UTC).isoformat()),
    (pa.string(), "s", lambda us: datetime.fromtimestamp(us / 1e6, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")),
    (pa.string(), "s", lambda us: (PLAIN + timedelta(microseconds=us)).isoformat(" ")),
    (pa.string(), "s", lambda us: datetime.fromtimestamp(us / 1e6, ZoneInfo("Asia/Kolkata")).isoformat()),
    (pa.string(), "s", lambda us: (PLAIN + timedelta(microseconds=us)).date().isoformat()),
]


@pytest.mark.parametrize("naive", ["utc", "local"])
@pytest.mark.parametrize("unit", ["s", "ms", "us"])
def test_every_way_to_write_a_time(tmp_path: Path, unit: str, naive: str) -> None:
    place = Place(tmp_path)
    place.monitor(timestamp={"column": "at", "naive": naive, "unit": unit}, zone="Europe/Vienna", version="way")
    place.put("reference.parquet", [{"score": 0.5}])
    hoped: dict[tuple[str, int], int] = {}
    for at, (kind, _, write) in enumerate(way for way in WAYS if way[1] == unit):
        told = table([{"at": write(us), "score": 0.5, "way": str(at)} for us in EPOCH], {"at": kind})
        place.put(f"logs/{at}.parquet", told)
        hoped |= {(str(at), window): n for window, n in wanted(place, told["at"].to_pylist()).items()}
    done = place.run()
    found = {(k[0], k[2]): part.rows for k, part in serving(place.rows()).items() if isinstance(part, Rows)}
    assert (found, done.undated, done.unreadable) == (hoped, 0, {})
    assert sum(found.values()) == len(MOMENTS) * sum(way[1] == unit for way in WAYS)


def test_times_that_cannot_be_meant_are_counted_and_in_no_window(tmp_path: Path) -> None:
    values = ["2026-05-01 10:00:00", "yesterday", "", None, "1889-01-01", "2999-01-01", "0", "2026-02-30", "NaN"]
    place = profiled(tmp_path, values)
    assert (place.runs[0].undated, sum(counted(place).values())) == (8, 1)
    assert place.run().file == ""


@pytest.mark.parametrize("kind", [pa.bool_(), pa.list_(pa.int64()), pa.string(), pa.float64(), pa.null()])
def test_a_log_whose_every_time_is_unreadable(tmp_path: Path, kind: pa.DataType) -> None:
    value = {"bool": True, "list<item: int64>": [1], "string": "soon", "double": float("inf")}.get(str(kind))
    place = profiled(tmp_path, [value] * 5, kind)
    assert (place.runs[0].undated, place.runs[0].windows, counted(place)) == (5, 0, {})
    assert place.run().file == ""
    place.monitor(reference={"since": "2026-05-01", "until": "2026-05-03"})
    with pytest.raises(GatehouseError, match="no row from 2026-05-01"):
        place.run()


def test_a_time_column_that_is_not_there_is_a_mistake_of_the_monitor(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.monitor(timestamp={"column": "att"})
    place.put("logs/a.parquet", [{"at": SPRING, "score": 0.5}])
    place.put("reference.parquet", [{"score": 0.5}])
    with pytest.raises(MonitorError, match="att"):
        place.run()


@pytest.mark.parametrize("length", ["hour", "day", "week"])
@pytest.mark.parametrize("local", [True, False])
@pytest.mark.parametrize("zone", ["UTC", "Europe/Vienna", "Asia/Kathmandu", "America/Sao_Paulo", "Pacific/Apia"])
def test_windows_follow_each_other_and_dates_begin_one(zone: str, local: bool, length: Any) -> None:
    windows = Windows(zone=zone, length=length, local=local)
    for text in ("2018-11-03", "2018-11-04", "2026-03-29", "2026-10-25", "2011-12-29", "2026-07-15"):
        day = datetime.fromisoformat(text)
        start = windows.start_ms(windows.index_of_date(text))
        midnight = int(day.replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)
        assert start == midnight if length != "week" else midnight - 8 * 86_400_000 < start <= midnight
        assert windows.end_ms(windows.index_of_date(text)) > start
