"""Writes a synthetic inference log: 30 days of one model's predictions, a Parquet file a day, and a reference.

Used by the benchmarks only. Seeded by day, so the same rows come out whatever the order; one day is in memory at a
time. 10,000,000 rows take 1.3 GB of disk.
"""

import argparse
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

EDITION = 1  # raise it when the rows change: kept logs of another edition are not used
DAYS = 30
START = datetime(2026, 4, 1, tzinfo=UTC)
REFERENCE_ROWS = 50_000
ROW_GROUP = 122_880  # what DuckDB itself writes
NUMERIC = tuple(f"num_{n:02d}" for n in range(20))
SIZES = (3, 4, 5, 6, 8, 10, 12, 16, 20, 30)
CATEGORICAL = tuple(f"cat_{n}" for n in range(len(SIZES)))
SEXES = {"female": 0.47, "male": 0.53}
RACES = {"white": 0.6, "black": 0.13, "hispanic": 0.17, "asian": 0.07, "other": 0.03}
STATUSES = {200: 0.995, 500: 0.003, 504: 0.002}
CANARY_FROM = 20  # the day on which a second version starts to take a tenth of the requests

Draw = Callable[[np.random.Generator, int], NDArray[np.float64]]
SHAPES: tuple[Draw, ...] = (
    lambda rng, n: np.clip(rng.normal(44, 13, n), 18, 95).round(),
    lambda rng, n: rng.lognormal(10.3, 0.6, n).round(2),
    lambda rng, n: (rng.standard_t(3, n) * 1_000).round(2),
    lambda rng, n: rng.beta(2, 5, n),
    lambda rng, n: rng.exponential(6, n).round(1),
    lambda rng, n: rng.poisson(12, n).astype(np.float64),
    lambda rng, n: np.where(rng.random(n) < 0.7, 0.0, rng.gamma(2, 150, n)).round(2),
    lambda rng, n: rng.normal(0, 1, n) + np.where(rng.random(n) < 0.4, 4.0, 0.0),
    lambda rng, n: rng.random(n),
    lambda rng, n: rng.normal(0, 1, n),
)


def write(folder: Path, rows: int, days: int = DAYS) -> None:
    """Creates folder/log/<date>.parquet for every day and folder/reference.parquet, of the 30 days before."""
    log = folder / "log"
    log.mkdir(parents=True)
    _save([_day(-1, REFERENCE_ROWS, 0)], folder / "reference.parquet")
    first = 0
    for day in range(days):
        count = rows * (day + 1) // days - first
        _save([_day(day, count, first)], log / f"{START + timedelta(days=day):%Y-%m-%d}.parquet")
        first += count


def _save(tables: list[pa.Table], path: Path) -> None:
    with pq.ParquetWriter(path, tables[0].schema, compression="zstd", store_schema=False) as writer:
        for table in tables:
            writer.write_table(table, row_group_size=ROW_GROUP)


def _day(day: int, rows: int, first: int) -> pa.Table:
    """Rows of one day, sorted by time. day: -1 for the reference.  first: number of its first row."""
    rng = np.random.default_rng([7, day + 1])
    columns: dict[str, pa.Array] = {"request_id": pa.array(np.arange(first, first + rows))}
    columns["ts"] = _times(rng, day, rows)
    drift = max(0, day - 19) / 50  # added to three columns, more every day
    numbers = list(_numbers(rng, rows, drift))
    columns |= dict(zip(NUMERIC, (array for array, _ in numbers), strict=True))
    columns |= dict(zip(CATEGORICAL, _categories(rng, rows, day), strict=True))
    sex, race = _coded(rng, SEXES, rows), _coded(rng, RACES, rows)
    known = numbers[9][1] + 0.6 * (numbers[8][1] - 0.5) - 0.3 * (race == 1) - 0.1 * (sex == 0)
    true = 1 / (1 + np.exp(1.6 - 1.1 * known))
    score = 1 / (1 + np.exp(1.6 - 1.1 * known - rng.normal(0, 0.3, rows)))
    canary = (rng.random(rows) < 0.1) & (day >= CANARY_FROM)
    columns["score"] = pa.array(score)
    columns["label"] = pa.array((rng.random(rows) < true).astype(np.int8))
    columns["sex"] = _texts(sex, list(SEXES))
    columns["race"] = _texts(race, list(RACES))
    columns["version"] = _texts(canary.astype(np.int8), ["7", "8"])
    columns["latency_ms"] = pa.array(rng.lognormal(3.2, 0.5, rows).round(2))
    columns["status"] = pa.array(np.array(list(STATUSES), np.int16)[_coded(rng, STATUSES, rows)])
    return pa.table(columns)


def _times(rng: np.random.Generator, day: int, rows: int) -> pa.Array:
    """Sorted; a day's are busiest at noon, the reference's lie in the 30 days before."""
    start = START + timedelta(days=day) if day >= 0 else START - timedelta(days=DAYS)
    share = rng.beta(2, 2, rows) if day >= 0 else rng.random(rows) * DAYS
    since = np.sort((share * 86_400_000_000).astype(np.int64))
    return pa.array(int(start.timestamp()) * 1_000_000 + since, pa.timestamp("us", "UTC"))


def _numbers(rng: np.random.Generator, rows: int, drift: float) -> Iterator[tuple[pa.Array, NDArray[np.float64]]]:
    """Each numeric column and its values. Every fourth one lacks 3 %; three drift."""
    for place in range(len(NUMERIC)):
        values = SHAPES[place % len(SHAPES)](rng, rows)
        if place in (3, 9, 17):
            values = values + drift
        yield pa.array(values, mask=rng.random(rows) < 0.03 if place % 4 == 3 else None), values


def _categories(rng: np.random.Generator, rows: int, day: int) -> Iterator[pa.Array]:
    """Each categorical column; cat_4 has a value in its last three days that the reference does not know."""
    for place, size in enumerate(SIZES):
        shares = 1 / np.arange(1, size + 1) ** (0.8 if place != 6 or day < CANARY_FROM else 0.5)
        codes = _coded(rng, dict(enumerate(shares / shares.sum())), rows)
        names = [f"{place}-{number:02d}" for number in range(size)]
        if place == 4 and day >= DAYS - 3:
            codes[rng.random(rows) < 0.01] = size
            names.append("new")
        yield _texts(codes, names, mask=rng.random(rows) < 0.02 if place % 5 == 3 else None)


def _coded(rng: np.random.Generator, shares: dict, rows: int) -> NDArray[np.int8]:
    """(rows,) numbers of the drawn values."""
    bounds = np.cumsum(list(shares.values()))
    return np.searchsorted(bounds[:-1], rng.random(rows), side="right").astype(np.int8)


def _texts(codes: NDArray[np.int8], names: list[str], mask: NDArray[np.bool_] | None = None) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(codes, mask=mask), pa.array(names)).cast(pa.string())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=1_000_000)
    arguments = parser.parse_args()
    write(arguments.folder, arguments.rows)
