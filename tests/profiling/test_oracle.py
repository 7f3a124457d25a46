"""Profiles against the same numbers made row by row in plain Python."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tests.profiling.logs import Place, serving
from tests.profiling.oracle import Oracle, differences

DAY = datetime(2026, 3, 27, tzinfo=UTC)


def plausible(n: int, seed: int, days: int = 4) -> list[dict[str, Any]]:
    """Rows of everything that a log may hold, good and bad."""
    draw = np.random.default_rng(seed)

    def one_of(*values: Any) -> Any:
        return values[draw.integers(len(values))]

    rows = []
    for at in range(n):
        rows.append(
            {
                "id": at, "at": DAY + timedelta(seconds=float(draw.integers(0, days * 86_400))),
                "version": one_of("1", "2", None), "score": one_of(0.0, 0.3, 0.5, 1.0, float(draw.random()), None),
                "label": one_of(0, 1, None), "x": float(draw.normal()) * 3, "whole": int(draw.integers(-5, 5)),
                "gaps": one_of(None, float("nan"), float("inf"), float("-inf"), float(draw.normal())),
                "written": one_of("1.5", " 2 ", "n/a", "", None, "NaN", "-inf", "1e3", "true"),
                "flag": one_of(True, False, None), "paid": one_of(True, False, None),
                "money": one_of(Decimal("12.50"), Decimal("-3.00"), None),
                "big": 1e9 + float(draw.normal()), "constant": 7.0,
                "colour": one_of("red", "blue", "", None, f"odd {draw.integers(4)}"),
                "level": one_of(1.0, 2.0, 2.5, float("nan"), None), "code": int(draw.integers(3)),
                "sex": one_of("f", "m", None, "x y", ""), "age": one_of(17, 18, 30, 64, 65, None),
                "country": one_of("AT", "BR", None), "income": one_of(float("nan"), float("inf"), 0.0, 99.9, 100.0),
                "ms": one_of(None, float("nan"), 0.05, 0.1, float(draw.exponential(80)), 2e6),
                "status": one_of(200, 500, 504, None), "memory": one_of(float(draw.random()), None),
                "spent": one_of(1.5, None), "earned": float(draw.normal()), "bought": one_of(True, False),
                "arm": one_of("a", "b", None), "query": f"q{at // 3}", "ndcg": one_of(float(draw.random()), None),
                "refused": one_of(True, False, None),
            }
        )  # fmt: skip
    return rows


TYPES = {"money": pa.decimal128(9, 2), "at": pa.timestamp("us", "UTC")}
EVERYTHING: dict[str, Any] = {
    "id": "id", "version": "version", "label": {"column": "label"}, "thresholds": [0.5, 0.3],
    "features": {
        "numeric": ["x", "whole", "gaps", "written", "paid", "money", "big", "constant"],
        "categorical": ["colour", "level", "code", "flag"],
    },
    "protected": {
        "sex": {"column": "sex", "names": {"f": "female"}}, "age": {"column": "age", "bands": [18, 30.5, 65]},
    },
    "intersections": [["sex", "age"], ["age", "sex"]],
    "segments": {"country": {"column": "country"}, "income": {"column": "income", "bands": [0, 100]}},
    "latency": "ms", "status": {"column": "status", "errors": [500, "504"]}, "resources": {"memory": "memory"},
    "kpis": {
        "profit": {"figure": "earned", "cost": "spent", "value": "bought", "arm": "arm"}, "sales": {"figure": "bought"},
    },
    "measurements": {
        "ndcg": {"column": "ndcg"}, "by_query": {"column": "ndcg", "per": "query"},
        "refused": {"column": "refused", "kind": "yes_no"}, "text": {"column": "written"},
    },
}  # fmt: skip


def compare(place: Place, log: list[dict[str, Any]], reference: list[dict[str, Any]], labels: Any = None) -> None:
    monitor, edges = place.resolved.monitor, place.edges()
    wanted = Oracle(monitor, edges, place.now_ms, labels).profile(log)
    wanted |= Oracle(monitor, edges, place.now_ms).profile(reference, "reference")
    found = differences(place.rows(), wanted)
    assert not found, f"{len(found)} of {len(wanted)} differ:\n" + "\n".join(found[:4])


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.mark.parametrize("task", ["binary", "decided", "regression", "multiclass", "other"])
def test_every_part_of_every_task_is_as_counted_by_hand(place: Place, task: str) -> None:
    keys: dict[str, Any] = {**EVERYTHING, "zone": "Europe/Vienna"}
    log, reference = plausible(600, 1), plausible(200, 2)
    if task != "binary":
        keys |= {"kpis": {}, "segments": {"country": {"column": "country"}}, "intersections": [["sex", "age"]]}
        keys |= {"measurements": {}, "version": None}
    if task == "decided":
        keys |= {"score": None, "prediction": "flag", "positive": True}
    if task == "regression":
        keys |= {"task": "regression", "score": None, "prediction": "gaps", "label": {"column": "level"}}
    if task == "other":
        keys |= {"task": "other", "score": "gaps", "label": None}
    if task == "multiclass":
        keys |= {
            "task": "multiclass", "classes": [1, 2, "2.5"], "probabilities": {"1": "x", "2": "score"}, "score": None,
            "prediction": "code", "label": {"column": "level"},
        }  # fmt: skip
    place.monitor(**keys)
    place.put("logs/a.parquet", log[:250], TYPES)
    place.put("logs/b.parquet", log[250:], TYPES)
    place.put("reference.parquet", reference, TYPES)
    done = place.run()
    assert (done.rows, done.undated, done.unreadable) == (600, 0, {})
    compare(place, log, reference)


def test_without_a_prediction_the_largest_score_decides(place: Place) -> None:
    draw = np.random.default_rng(4)
    rows: list[dict[str, Any]] = [
        {
            "at": DAY,
            "truth": str(draw.choice(["a", "b", "c"])),
            **dict(zip(("p1", "p2", "p3"), map(float, p), strict=True)),
        }
        for p in draw.dirichlet((1, 1, 1), 300)
    ]
    rows += [{"at": DAY, "truth": "new", "p1": 0.5, "p2": 0.5, "p3": 0.0}, {"at": DAY, "truth": None}]
    place.monitor(
        task="multiclass", classes=["a", "b", "c"], probabilities={"a": "p1", "b": "p2", "c": "p3"}, score="p1",
        label={"column": "truth"},
    )  # fmt: skip
    place.put("logs/a.parquet", rows)
    place.put("reference.parquet", rows)
    place.run()
    compare(place, rows, rows)


def test_scores_outside_of_0_to_1_are_no_probabilities(place: Place) -> None:
    rows = [{"at": DAY + timedelta(days=d), "score": s, "label": 1} for d, s in ((0, 3.0), (0, -1.0), (1, 0.4))]
    place.monitor(label={"column": "label"})
    place.put("logs/a.parquet", rows)
    place.put("reference.parquet", rows)
    place.run()
    compare(place, rows, rows)


def test_the_reference_may_be_a_window_of_the_log(place: Place) -> None:
    log = plausible(400, 5, days=6)
    place.monitor(
        **{**EVERYTHING, "segments": {}, "kpis": {}, "reference": {"since": "2026-03-28", "until": "2026-03-30"}}
    )
    place.put("logs/a.parquet", log, TYPES)
    place.run()
    chosen = [row for row in log if DAY + timedelta(days=1) <= row["at"] < DAY + timedelta(days=3)]
    compare(place, log, chosen)


def test_the_sample_is_the_same_few_rows_every_time(place: Place) -> None:
    log = [{"id": at, "at": DAY, "score": 0.5, "x": float(at)} for at in range(5_000)]
    place.monitor(id="id", features={"numeric": ["x"]})
    place.put("reference.parquet", log)
    place.put("logs/a.parquet", log)
    place.run()
    (sample,) = [part for where, part in serving(place.rows()).items() if where[4] == "sample"]
    hashed = sorted((row["id"] % 2_147_483_647 * 48_271 % 2_147_483_647, row["x"]) for row in log)
    assert [told for told, _ in sample.rows] == [told for told, _ in hashed[: len(sample.rows)]]
    assert sample.most == 1000 // 7 == len(sample.rows)
    assert len({text for _, text in sample.rows}) == len(sample.rows)
