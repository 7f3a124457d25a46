"""Values and names that nobody expects."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from core.errors import GatehouseError
from core.profiles import Categorical, Output
from tests.profiling.logs import Place, key, serving
from tests.profiling.oracle import Oracle, differences

DAY0 = datetime(2026, 5, 1, tzinfo=UTC)
ODD = [
    "it's", 'say "x"', "two\nlines", "a\0b", "😀", "x" * 10_000, "\\", "{model}", "$1", "%s", "; DROP TABLE log; --",
    "NULL", "(other)", "(missing)", "(empty)", "", " ", "a & b=c", "\u202e", "é", "e\u0301", "-0", "🏳️‍🌈" * 20,
]  # fmt: skip


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def agrees(place: Place, log: list[dict[str, Any]]) -> None:
    wanted = Oracle(place.resolved.monitor, place.edges(), place.now_ms).profile(log)
    found = differences(serving(place.rows()), wanted)
    assert not found, f"{len(found)}:\n" + "\n".join(text[:800] for text in found[:3])


@pytest.mark.parametrize("known", [True, False])
def test_odd_values_everywhere(place: Place, known: bool) -> None:
    log = [
        {"at": DAY0 + timedelta(minutes=i), "score": 0.5, "c": value, "g": value, "v": value[:20], "label": value,
         "arm": value, "n": value, "q": value, "one": 1.0}
        for i, value in enumerate([*ODD, None, *ODD[:5]]) if value is not None
    ]  # fmt: skip
    place.monitor(
        features={"categorical": ["c"], "numeric": ["n"]}, protected={"g": {"column": "g", "names": {"it's": "\"'"}}},
        segments={"g": {"column": "g"}}, version="v", label={"column": "label"}, positive="it's",
        kpis={"k": {"figure": "one", "arm": "arm"}}, measurements={"m": {"column": "one", "per": "q"}},
        status={"column": "c", "errors": ["it's", "a\0b"]},
    )  # fmt: skip
    place.put("logs/a.parquet", log)
    place.put("reference.parquet", log if known else [{**log[0], "c": "k", "g": "k", "v": "k"}])
    place.run()
    agrees(place, log)


NAMES = ['say "x"', "it's", "a.b", "{braces}", "naïve 😀", "select", "filename", "gh_row", "us", "w", " ", "a\nb", "x0",
         "n", "h", "'; --", "y" * 200]  # fmt: skip


def test_odd_names_of_columns(place: Place) -> None:
    draw = np.random.default_rng(3)
    log = [{"at at": DAY0, 'sc"ore': i / 9, **{name: float(draw.normal()) for name in NAMES}} for i in range(9)]
    place.monitor(
        timestamp={"column": "at at"}, score='sc"ore', features={"numeric": NAMES[:-2]},
        protected={"p": {"column": NAMES[-2]}}, segments={"s": {"column": NAMES[-1], "bands": [0, 1_234_567.5]}},
        measurements={"m": {"column": "us"}}, resources={"r": "filename"},
    )  # fmt: skip
    place.put("logs/a.parquet", log)
    place.put("reference.parquet", log)
    place.run()
    agrees(place, log)


def test_every_column_as_a_feature(place: Place) -> None:
    log = [{"at": DAY0, "score": 0.5, **{name: float(i) for name in NAMES}, "text": "a"} for i in range(9)]
    place.monitor(features={"all": True})
    place.put("logs/a.parquet", log)
    place.put("reference.parquet", log)
    place.run()
    assert set(place.edges().numeric) == set(NAMES)
    agrees(place, log)


HUGE = [2**63 - 1, -(2**63), 0, 1, -1]


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (pa.int64(), HUGE), (pa.uint64(), [2**64 - 1, 2**63, 0]), (pa.int8(), [-128, 127]),
        (pa.float64(), [1e308, -1e308, 1e200, 5e-324, -0.0, 1e16]), (pa.float32(), [3e38, 0.1, 16777216.0]),
        (pa.large_string(), ["1e400", "-1e308", " 7", "0x1F", "1,5", "١"]), (pa.binary(), [b"1", b"\xff"]),
        (pa.list_(pa.int64()), [[1], []]), (pa.duration("s"), [timedelta(1)]), (pa.null(), [None, None]),
        (pa.struct([("a", pa.int64())]), [{"a": 1}]), (pa.dictionary(pa.int8(), pa.string()), ["1", "b"]),
        (pa.decimal128(38, 0), [10**37, 1]), (pa.time64("us"), [datetime.min.time()]), (pa.bool_(), [True, False]),
    ],
)  # fmt: skip
def test_no_type_of_column_stops_a_job(place: Place, kind: pa.DataType, values: list[Any]) -> None:
    log = [{"at": DAY0, **dict.fromkeys(("id", "x", "c", "s", "m", "k", "l", "g", "v", "y"), v)} for v in values]
    types = dict.fromkeys(("id", "x", "c", "s", "m", "k", "l", "g", "v", "y"), kind)
    keys: dict[str, Any] = {
        "id": "id", "features": {"numeric": ["x"], "categorical": ["c"]}, "score": "s", "label": {"column": "y"},
        "measurements": {"m": {"column": "m"}}, "kpis": {"k": {"figure": "k", "arm": "v"}}, "latency": "l",
        "protected": {"g": {"column": "g"}}, "segments": {"b": {"column": "g", "bands": [0]}}, "version": "v",
        "status": {"column": "y", "errors": [1, "1", True]},
    }  # fmt: skip
    place.put("reference.parquet", [{"x": 1.0, "c": "a", "s": 0.5, "y": 1, "g": 1.0}])
    place.put("logs/a.parquet", log, types)
    place.put("logs/b.parquet", [{"at": DAY0, "x": 1.0, "c": "a", "s": 0.5, "y": 1}])
    every = ("binary", "regression", "multiclass")
    for task in every if kind in (pa.int64(), pa.binary()) else every[len(str(kind)) % 3 :][:1]:
        place.monitor(**keys, task=task, **({"classes": [0, 1], "prediction": "c"} if task == "multiclass" else {}))
        done = place.run()
        assert (done.windows, done.rows, done.unreadable) == (1, len(values) + 1, {})
        told = [part for where, part in serving(place.rows()).items() if where[4] == "numeric" and not where[3]]
        assert sum(part.rows for part in told) == len(values) + 1
        for part in told:
            kinds = (part.nulls, part.nans, part.neg_inf, part.pos_inf, part.bad)
            assert min(kinds) >= 0
            assert sum(kinds) + part.moments.count == part.rows == sum(kinds) + int(part.counts.sum())


def test_100_000_values_in_a_category_and_a_protected_attribute(place: Place) -> None:
    n = 100_000
    names = pa.array([f"value {i:06}" for i in range(n)])
    day = pa.array([DAY0] * n, pa.timestamp("us", "UTC"))
    log = pa.table({"at": day, "score": np.linspace(0, 1, n), "c": names, "g": names, "late": names})
    place.monitor(
        features={"categorical": ["c", "late"]}, protected={"g": {"column": "g"}}, segments={"c": {"column": "c"}},
        intersections=[["g"]],
    )  # fmt: skip
    place.put("reference.parquet", log.set_column(4, "late", pa.array(["seen"] * n)))
    place.put("logs/a.parquet", log)
    place.run()
    rows = serving(place.rows())
    assert len(rows) < 10_000
    assert sum(path.stat().st_size for path in place.files()) < 5_000_000
    part = rows[key("categorical", window=int(DAY0.timestamp() * 1000), name="c")]
    assert isinstance(part, Categorical)
    assert (len(part.counts), int(part.counts.sum()), part.unseen, len(part.examples)) == (1000, 1000, n - 1000, 20)
    part = rows[key("categorical", window=int(DAY0.timestamp() * 1000), name="late")]
    assert (part.unseen, list(part.examples)) == (n, [f"value {i:06}" for i in range(20)])
    groups = [part for where, part in rows.items() if where[6] and not where[3] and isinstance(part, Output)]
    assert (len(groups), sum(int(part.counts.sum()) for part in groups)) == (51, n)
    assert place.edges().overfull == ("c",)


@pytest.mark.parametrize("what", ["version", "arm"])
def test_a_column_with_1_000_values_is_no_version_and_no_arm(place: Place, what: str) -> None:
    log = [{"at": DAY0, "score": 0.5, "v": f"v{i}"} for i in range(1_000)]
    place.monitor(**({"version": "v"} if what == "version" else {"kpis": {"k": {"figure": "score", "arm": "v"}}}))
    place.put("logs/a.parquet", log)
    place.put("reference.parquet", log)
    with pytest.raises(GatehouseError, match=f"values: that is no {what}"):
        place.run()
    assert place.files() == []


def test_examples_are_the_most_frequent_of_every_window(place: Place) -> None:
    log = [
        {"at": DAY0 + timedelta(days=day), "score": 0.5, "c": f"{value:02}"}
        for day in range(40) for value in range(30) for _ in range(1 + (value + day) % 3)
    ]  # fmt: skip
    place.monitor(features={"categorical": ["c"]})
    place.put("reference.parquet", [{"c": "seen", "score": 0.5}])
    place.put("logs/a.parquet", log)
    place.run()
    agrees(place, log)


def test_a_large_reference_without_id_and_time_still_has_edges(place: Place) -> None:
    n = 210_000
    draw = np.random.default_rng(1)
    reference = pa.table({"score": draw.random(n), "x": draw.normal(size=n), "label": [0, 1] * (n // 2)})
    place.put("reference.parquet", reference)
    place.put("logs/a.parquet", [{"at": DAY0, "score": 0.5, "x": 0.0, "label": 1}])
    place.monitor(features={"numeric": ["x"]}, label={"column": "label"})
    place.run()
    edges = place.edges()
    assert len(edges.numeric["x"]) == 50
    assert np.abs(edges.numeric["x"] - np.quantile(draw.normal(size=n), np.arange(1, 51) / 51)).max() < 0.05
    assert len(edges.score[""]) > 500


def test_the_longest_name_of_a_model_is_a_folder(place: Place) -> None:
    place.model = "../" + "ü/" * 80
    place.monitor()
    place.put("logs/a.parquet", [{"at": DAY0, "score": 0.5}])
    place.put("reference.parquet", [{"score": 0.5}])
    assert place.run().windows == 1
    assert place.folder.parent == place.base / "observed/profiles"
    assert sys.getfilesystemencoding() == "utf-8"
