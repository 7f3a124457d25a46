"""Small logs with everything that a monitor can name: what one engine profiles another one must profile alike."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as csv

from tests.profiling.logs import Place

DAY = datetime(2026, 3, 28, tzinfo=UTC)  # in Vienna, clocks change on the 29th


def served(rng: np.random.Generator, rows: int, first: int, start: datetime, hours: float) -> pa.Table:
    """Rows of a log with everything that a monitor can name, and everything that can be wrong with it."""
    x = rng.normal(100, 15, rows)
    x[rng.random(rows) < 0.05] = np.nan
    x[rng.random(rows) < 0.03] = np.inf
    x[rng.random(rows) < 0.02] = -np.inf
    told = rng.choice(["3.25", "1e2", "1d", "0x10", "1_000", "nan", " 7 ", "-inf", "seven", "", "true"], rows).tolist()
    at = [start + timedelta(seconds=float(s)) for s in rng.uniform(0, hours * 3600, rows)]
    colours = np.array(["red", "green", "blue", "", "grün", "it's"])
    score = np.round(1 / (1 + np.exp(-rng.normal(-1, 2, rows))), 6)
    score[rng.random(rows) < 0.02] = np.nan
    return pa.table(
        {
            "id": [f"r{first + at}" for at in range(rows)],
            "at": pa.array(at, pa.timestamp("us", "UTC")),
            "release": rng.choice(["1.0", "1.1"], rows),
            "score": score,
            "x": pa.array(x, mask=rng.random(rows) < 0.04),
            "told": pa.array(told, mask=rng.random(rows) < 0.05),
            "whole": pa.array(rng.integers(-5, 200, rows), pa.int32()),
            "colour": pa.array(rng.choice(colours, rows), mask=rng.random(rows) < 0.1),
            "level": pa.array(rng.choice([1.0, 2.5, 1e-7, 12345678.5, np.nan], rows), mask=rng.random(rows) < 0.1),
            "sex": pa.array(rng.choice(["f", "m", "x"], rows, p=[0.48, 0.48, 0.04]), mask=rng.random(rows) < 0.03),
            "age": pa.array(rng.integers(18, 90, rows), mask=rng.random(rows) < 0.03),
            "region": rng.choice(["north", "south"], rows),
            "latency": rng.lognormal(3, 1, rows),
            "status": pa.array(rng.choice([200, 404, 500], rows, p=[0.9, 0.05, 0.05]), mask=rng.random(rows) < 0.02),
            "tokens": rng.integers(1, 4000, rows),
            "revenue": np.round(rng.gamma(2, 10, rows), 2),
            "cost": rng.uniform(0, 1, rows),
            "value": pa.array(rng.normal(5, 2, rows), mask=rng.random(rows) < 0.5),
            "arm": pa.array(rng.choice(["a", "b"], rows), mask=rng.random(rows) < 0.05),
            "query": [f"q{at // 3}" for at in range(rows)],
            "ndcg": pa.array(rng.uniform(0, 1, rows), mask=rng.random(rows) < 0.2),
            "refused": rng.random(rows) < 0.1,
        }
    )


def binary(base: Path) -> Place:
    """Two days, one half as CSV; labels in a table of their own, half of them come later."""
    rng = np.random.default_rng(7)
    place = Place(base=base)
    place.monitor(
        zone="Europe/Vienna", id="id", version="release", label={"column": "truth", "table": {"files": "labels/*"}},
        positive="yes", thresholds=[0.5, 0.3],
        features={"numeric": ["x", "told", "whole"], "categorical": ["colour", "level"]},
        protected={"sex": {"column": "sex", "names": {"f": "female"}}, "age": {"column": "age", "bands": [30, 50]}},
        intersections=[["sex", "age"]], segments={"region": {"column": "region"}}, latency="latency",
        status={"column": "status", "errors": [500]}, resources={"tokens": "tokens"},
        kpis={"revenue": {"figure": "revenue", "arm": "arm", "cost": "cost", "value": "value"}},
        measurements={"ndcg": {"column": "ndcg", "per": "query"}, "refused": {"column": "refused", "kind": "yes_no"}},
    )  # fmt: skip
    reference = served(rng, 700, 100_000, DAY - timedelta(days=30), 240)
    truth = rng.choice(["yes", "no"], 700, p=[0.3, 0.7])
    place.put("reference.parquet", reference.append_column("truth", pa.array(truth)))
    place.put("logs/day 1 [a].parquet", served(rng, 250, 0, DAY, 24))
    place.put("logs/day=2.parquet", served(rng, 150, 250, DAY + timedelta(days=1), 24))
    lines = served(rng, 100, 400, DAY + timedelta(days=1), 20).append_column("extra", pa.array(["é,\n"] * 100))
    csv.write_csv(lines, base / "logs/rest.csv")
    ids = [f"r{at}" for at in range(500)]
    truth = rng.choice(["yes", "no", ""], 500, p=[0.3, 0.6, 0.1]).tolist()
    place.put("labels/1.parquet", pa.table({"id": ids[:300:2], "truth": truth[:300:2]}))
    place.text("late.json", json.dumps([ids[1:300:2] + ids[:20], truth[1:300:2] + ["no"] * 20]))
    return place


def multiclass(base: Path) -> Place:
    rng = np.random.default_rng(8)
    place = Place(base=base)
    place.monitor(
        task="multiclass", id="id", score=None, window="hour", timestamp={"column": "at", "unit": "s"},
        classes=[1, 2, 3], probabilities={"1": "p1", "3": "p3"}, label={"column": "truth"},
        protected={"sex": {"column": "sex"}}, features={"numeric": ["p1"]}, prediction="said",
    )  # fmt: skip

    def rows(count: int) -> pa.Table:
        odds = rng.dirichlet([1, 1, 1], count)
        return pa.table(
            {
                "id": pa.array(np.arange(count) * 3_500_003, pa.int32()),
                "at": DAY.timestamp() + rng.uniform(0, 4 * 3600, count),
                "said": rng.choice([1.0, 2.0, 3.0, 4.0, np.nan], count),
                "p1": odds[:, 0],
                "p3": odds[:, 2],
                "truth": pa.array(rng.choice([1, 2, 3], count), mask=rng.random(count) < 0.3),
                "sex": rng.choice(["f", "m"], count),
            }
        )

    place.put("reference.parquet", rows(600))
    place.put("logs/1.parquet", rows(300))
    return place


def regression(base: Path) -> Place:
    """The reference is the log's first day; times are those of the zone's clocks."""
    rng = np.random.default_rng(9)
    place = Place(base=base)
    place.monitor(
        task="regression", score=None, prediction="guess", label={"column": "truth"}, zone="America/New_York",
        timestamp={"column": "at", "naive": "local"}, segments={"region": {"column": "region"}},
        reference={"since": "2026-03-28", "until": "2026-03-29"},
    )  # fmt: skip
    for day in range(2):
        guess = rng.normal(1e6, 10, 200)
        at = [DAY.replace(tzinfo=None) + timedelta(days=day, minutes=7 * at) for at in range(200)]
        truth = guess + rng.normal(0, 3, 200)
        truth[::17] = np.nan
        guess[::23] = np.inf
        at[5], at[7] = datetime(1970, 1, 1), None  # type: ignore[call-overload]
        region = rng.choice(["north", "south"], 200)
        place.put(
            f"logs/{day}.parquet", pa.table({"at": at, "guess": guess, "truth": truth, "region": region, "x": guess})
        )
    return place
