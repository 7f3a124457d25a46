"""Simulated requests: when they came, how long they took, whether they failed.

Only two things are measured: the seconds a version's predictions took and the moment it was registered, both from
`mlflow.db`. Everything is drawn with the seed of the log.
"""

import math
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from data.demo.served import LAST, ZONE, Served

DATABASE = Path(__file__).parent / "mlflow.db"
WEEKDAYS = (1.10, 1.15, 1.10, 1.05, 1.00, 0.55, 0.35)  # Monday first
HOURS = (1, 1, 1, 1, 1, 2, 5, 14, 34, 52, 58, 54, 42, 46, 54, 52, 44, 34, 24, 16, 11, 7, 4, 2)
SPREAD = 0.3  # least spread of a request's log latency: a server's calls vary more than a loop's
FAILURES = {500: 0.0025, 504: 0.0015}
TIMEOUT_MS = 1_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What MLflow holds of a version. p50_ms, p95_ms: of its single-row predictions.  registered: UTC."""

    p50_ms: float
    p95_ms: float
    registered: pd.Timestamp


def measured(model: str, version: str) -> Measured:
    """Read from the demo's store."""
    query = (
        "SELECT m.key, m.value, v.creation_time FROM model_versions AS v"
        " JOIN latest_metrics AS m ON m.run_uuid = v.run_id"
        " WHERE v.name = ? AND v.version = ? AND m.key IN ('predict p50 ms', 'predict p95 ms') ORDER BY m.key"
    )
    with closing(sqlite3.connect(f"{DATABASE.resolve().as_uri()}?mode=ro", uri=True)) as database:
        (_, middle, moment), (_, high, _) = database.execute(query, (model, int(version))).fetchall()
    return Measured(p50_ms=middle, p95_ms=high, registered=pd.Timestamp(moment, unit="ms", tz="UTC"))


def moments(served: Served, sizes: tuple[int, ...], rng: np.random.Generator) -> pd.DatetimeIndex:
    """A time for each row, UTC, increasing, ms; `sizes`: rows of each stretch of days. Follows weekday and hour."""
    found = []
    ends = [day - timedelta(days=1) for day in served.days[1:]] + [LAST]
    for first, last, rows in zip(served.days, ends, sizes, strict=True):
        days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
        found += [_within(day, count, rng) for day, count in zip(days, _shared(rows, days, rng), strict=True)]
    times = found[0].append(found[1:])
    return times.as_unit("ms")


def _shared(rows: int, days: list[date], rng: np.random.Generator) -> np.ndarray:
    """Rows a day, summing to `rows`."""
    weights = np.array([WEEKDAYS[day.weekday()] for day in days]) * rng.lognormal(0, 0.06, len(days))
    ends = np.rint(np.cumsum(weights) / weights.sum() * rows).astype(int)
    return np.diff(ends, prepend=0)


def _within(day: date, count: int, rng: np.random.Generator) -> pd.DatetimeIndex:
    """Times of one local day. On the day the clocks go back, the doubled hour is the first of the two."""
    hours = rng.choice(24, size=count, p=np.array(HOURS) / sum(HOURS))
    ms = np.sort(hours * 3_600_000 + rng.integers(0, 3_600_000, count))
    wall = pd.DatetimeIndex(pd.Timestamp(day) + pd.to_timedelta(ms, unit="ms"))
    return wall.tz_localize(ZONE, ambiguous=np.ones(count, dtype=bool)).tz_convert("UTC")


def handled(rows: int, facts: Measured, rng: np.random.Generator) -> pd.DataFrame:
    """http_status and latency_ms of each request: log-normal around the measured median; timeouts take their time."""
    spread = max(math.log(facts.p95_ms / facts.p50_ms) / 1.645, SPREAD)
    latency = rng.lognormal(math.log(facts.p50_ms), spread, rows)
    shares = [1 - sum(FAILURES.values()), *FAILURES.values()]
    status = rng.choice([200, *FAILURES], size=rows, p=shares)
    latency = np.where(status == 504, TIMEOUT_MS + latency, latency)
    return pd.DataFrame({"http_status": status.astype("int16"), "latency_ms": latency.round(3)})
