"""Spark against DuckDB: the same logs, the same profiles. One Spark session for all of it."""

import importlib
import json
import math
import socket
import time
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.errors import SettingsError, SourceError, SourceUnavailable
from core.profiling import manifest, spark
from core.profiling.engines import Engine, engine
from core.profiling.job import profile
from core.profiling.task import Done
from core.profiling.values import as_text
from tests.profiling.logs import Place
from tests.profiling.rich_logs import binary, multiclass, regression

KEYS = ("model", "version", "role", "window_ms", "segment", "part", "name", "grp")
NUMBERS = [
    "1", "1.5", " 1.5 ", "1e5", "1d", "1f", "1.5D", "0x1p3", "0x10", "1_000", "nan", "NaN", "inf", "-inf", "Infinity",
    "+Infinity", "-INFINITY", "+1", "++1", ".5", "5.", "1,5", "", "  ", "1e", "e5", "1e400", "-1e400", "1e-400", "١",
    "1\t", "\n1", "\u00a01", "--1", "1L", "+nan", "-nan", "infinit", "+inf", "1__0", "_1", "1_", "1e1_0", "1.5_5",
    "1 2", "0b11", "-.5e-3", "- 1", "+.5", ".", "-", "1E+5", "1e+", "\x0b1", "\x0c1\r", "true", None,
]  # fmt: skip
TIMES = [
    "2026-01-05", "2026-1-5", "2026", "2026-01", "2026-01-05 10:11:12", "2026-01-05T10:11:12", "2026-01-05T10:11:12Z",
    "2026-01-05 10:11:12+02", "2026-01-05 10:11:12+02:00", "2026-01-05 10:11:12 +02:00", "2026-01-05T10:11:12+0200",
    "2026-01-05T10:11:12.123456789Z", "2026-01-05 10:11:12.1", "2026-01-05 10:11", "2026-01-05 10", "2026/01/05",
    "20260105", "now", "today", "2026-02-30", "2026-01-05 25:00:00", "2026-01-05 10:11:60", "2026-01-05 10:11:12 UTC",
    "2026-01-05 10:11:12 Europe/Vienna", "2026-01-05T", "T10:11", "2026-01-05 10:11:12.", "2026-01-05 1:2:3",
    "05.01.2026", "2026-01-05 10:11:12-05:30", "2026-01-05 10:11:12z", "2026-01-05t10:11:12", " 2026-01-05 ",
    " 2026-01-05 10:11:12 ", "2026-01-05  10:11:12", "2026-01-05 10:11:12,5", "2026-01-05 10:11Z", "1767607872",
    "2026/1/5 1:2:3", "2026-01-05 10:11:12.9999999", "2026-001", "", None,
]  # fmt: skip


@pytest.fixture(scope="module")
def session() -> Iterator[Any]:
    """Spark in this process. Engines named "spark" find and use it, and leave it running."""
    quick = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"  # many small queries: compiling costs more than it gains
    with pytest.MonkeyPatch.context() as patched, warnings.catch_warnings():
        patched.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        patched.setenv("JDK_JAVA_OPTIONS", quick)
        warnings.simplefilter("ignore")
        started, owned = spark.session("local[2]")
    assert owned
    yield started
    started.stop()


@pytest.fixture
def both(session: Any, tmp_path: Path) -> Iterator[tuple[Engine, Engine]]:
    engines = engine("duckdb", tmp_path), engine("spark", tmp_path)
    yield engines
    for each in engines:
        each.close()


# -- whole profiles ---------------------------------------------------------------------------------------------------


def run(place: Place, name: str) -> tuple[Done, list[dict[str, Any]], manifest.Manifest]:
    """One job on that engine, into a folder of its own; what it did and wrote."""
    place.now_ms += 1
    observed = place.base / f"by-{name}"
    done = profile(replace(place.task(), engine=name, observed=observed), lambda _: None)
    file = manifest.files(manifest.folder_of(observed, place.model))[-1]
    return done, pq.read_table(file).to_pylist(), manifest.read_manifest(file)


def same_profiles(place: Place) -> set[str]:
    """Runs both and compares all that they did. Answers the parts that were seen."""
    (done, ours, told), (other, theirs, repeated) = run(place, "duckdb"), run(place, "spark")
    assert replace(done, seconds=0.0, file="") == replace(other, seconds=0.0, file="")
    assert told.log == repeated.log
    assert told.labels == repeated.labels
    mine = {tuple(row[key] for key in KEYS): row for row in ours}
    found = {tuple(row[key] for key in KEYS): row for row in theirs}
    assert len(mine) == len(ours)
    assert len(found) == len(theirs)
    assert mine.keys() == found.keys()
    for key, row in mine.items():
        for name in ("whole", "counts", "texts"):
            assert row[name] == found[key][name], (key, name)
        assert len(row["reals"]) == len(found[key]["reals"])
        for a, b in zip(row["reals"], found[key]["reals"], strict=True):
            assert a == b or math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12) or (math.isnan(a) and math.isnan(b)), key
    return {row["part"] for row in ours}


def test_binary_profiles_are_equal_also_when_labels_arrive(session: Any, tmp_path: Path) -> None:
    place = binary(tmp_path)
    seen = same_profiles(place)
    assert seen == {
        "numeric", "categorical", "output", "service", "resource", "measurement", "kpi", "rows", "sample",
    }  # fmt: skip
    ids, truth = json.loads((tmp_path / "late.json").read_text())
    place.put("labels/2.parquet", pa.table({"id": ids, "truth": truth}))
    assert "output" in same_profiles(place)


@pytest.mark.parametrize(("make", "part"), [(multiclass, "confusion"), (regression, "errors")])
def test_other_tasks_are_equal(session: Any, tmp_path: Path, make: Any, part: str) -> None:
    assert part in same_profiles(make(tmp_path))


# -- primitives -------------------------------------------------------------------------------------------------------


def test_counts_into_edges_are_equal(both: tuple[Engine, Engine], tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    edges = np.unique(rng.normal(size=512))
    few = np.array([0.0])
    x = np.concatenate([edges, np.nextafter(edges, -np.inf), np.nextafter(edges, np.inf), [-1e300, 1e300, 0.0, -0.0]])
    group = rng.integers(0, 3, x.size)
    rows = pa.table({"g": [*group, 3, 3], "x": pa.array([*x, None, None], pa.float64())})
    pq.write_table(rows, tmp_path / "x.parquet")
    for each in both:
        table = each.parquet([str(tmp_path / "x.parquet")])
        aims = {"many": each.count_into(table.x, edges), "few": each.count_into(table.x, few)}
        found = each.run(table.group_by("g").aggregate(**aims).order_by("g"))
        for name, cuts in (("many", edges), ("few", few)):
            counts = each.counted(found[name], len(cuts) + 1)
            assert counts.dtype == np.int64
            for g in range(3):
                expected = np.bincount(np.searchsorted(cuts, x[group == g], side="left"), minlength=len(cuts) + 1)
                assert counts[g].tolist() == expected.tolist(), (each.name, name, g)
            assert not counts[3].any()


def test_counts_of_values_are_equal(both: tuple[Engine, Engine], tmp_path: Path) -> None:
    values = ["b", "it's", "(empty)", "grün", "a\\b", 'say "x"', "a\nb", "B", *(f"v{at}" for at in range(300))]
    told = ["b", "it's", "it's", "(empty)", "grün", "a\\b", 'say "x"', "a\nb", "b ", "other", "v299", "v299", None]
    pq.write_table(pa.table({"g": [0] * len(told) + [1], "t": [*told, None]}), tmp_path / "t.parquet")
    for each in both:
        table = each.parquet([str(tmp_path / "t.parquet")])
        found = each.run(table.group_by("g").aggregate(n=each.count_values(table.t, values)).order_by("g"))
        counts = each.valued(found["n"], values)
        assert counts[0].tolist() == [told.count(value) for value in values], each.name
        assert not counts[1].any()


def test_texts_are_read_alike(both: tuple[Engine, Engine], tmp_path: Path) -> None:
    """Numbers and times in texts: one engine must not read what the other one takes for a mistake."""
    pq.write_table(pa.table({"t": NUMBERS}), tmp_path / "numbers.parquet")
    pq.write_table(pa.table({"t": TIMES}), tmp_path / "times.parquet")
    answers = []
    for each in both:
        numbers = each.parquet([str(tmp_path / "numbers.parquet")])
        read = numbers.t.try_cast("float64")
        found = each.run(numbers.select("t", x=read, bad=read.isnull(), nan=read.isnan())).to_pylist()
        times = each.parquet([str(tmp_path / "times.parquet")])
        at = each.run(times.select("t", us=each.epoch_us(times.t.try_cast("timestamp('UTC')")))).to_pylist()
        as_number = {row["t"]: "nan" if row["nan"] else (row["x"], row["bad"]) for row in found}
        answers.append((as_number, {row["t"]: row["us"] for row in at}))
    ours, theirs = answers
    assert ours == theirs
    assert ours[0]["1d"] == (None, True)
    assert ours[1]["2026-01-05 10:11:12+02:00"] == 1_767_600_672_000_000


def test_columns_of_every_type_are_read_alike(both: tuple[Engine, Engine], tmp_path: Path) -> None:
    """Times in ns and without a zone, floats as texts, names that need quoting, a path that does."""
    us = [1_767_607_872_123_456, None]
    floats = [0.1, 1e-7, 9.9e-5, 1e-4, 12345678.5, 1e15 + 0.5, 1e16, 1e22, 1.7976931348623157e308, -0.0, 2.0, -1 / 3,
              float("inf"), float("-inf"), float("nan"), None]  # fmt: skip
    rows = len(floats)
    micros = pa.array(us * (rows // 2), pa.timestamp("us"))
    table = pa.table(
        {
            "i": range(rows),
            "f": floats,
            "dot. `tick`": range(rows),
            "day": pa.array([20_000 + at for at in range(rows)], pa.date32()),
            "clock": pa.array([3_600_000_000] * rows, pa.time64("us")),
            "u": pa.array(range(rows), pa.uint64()),
            "kind": pa.array(["a", "b"] * (rows // 2)).dictionary_encode(),
            **{
                f"{unit}{zone or ''}": micros.cast(pa.timestamp(unit, zone), safe=False)
                for unit in ("s", "ms", "us", "ns")
                for zone in (None, "UTC", "Europe/Vienna")
            },
        }
    )  # fmt: skip
    path = tmp_path / "day=5" / "ä +%20 [1]{x}#?*'q.parquet"
    path.parent.mkdir()
    pq.write_table(table, path)
    answers = []
    for each in both:
        raw = each.parquet([str(path)])
        assert set(raw.columns) == {*table.column_names, "gh_file"}  # "day" is the file's, not the folder's
        moments = [name for name in table.column_names if name[0] in "smun" and name != "u"]
        zones = {name: raw[name].type().timezone is None for name in moments}
        found = raw.select(
            "i", "dot. `tick`", "kind", "gh_file", f=as_text(raw.f), day=raw.day.cast("string"),
            clock=raw.clock.cast("string"), u=raw.u.cast("string"), text=raw.usUTC.cast("string"),
            **{name: each.epoch_us(raw[name]) for name in moments},
        )  # fmt: skip
        answers.append((zones, each.run(found.order_by("i")).to_pylist()))
    assert answers[0] == answers[1]
    assert answers[1][1][0]["gh_file"] == str(path)


# -- failures ---------------------------------------------------------------------------------------------------------


def test_without_pyspark_the_extra_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    real = importlib.import_module

    def missing(name: str, package: str | None = None) -> Any:
        if name.startswith("pyspark"):
            raise ModuleNotFoundError(f"No module named {name!r}")
        return real(name, package)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(SettingsError) as told:
        engine("spark", tmp_path)
    assert "gatehouse[spark]" in told.value.hint


def test_a_master_that_does_not_answer_is_told_at_once(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    began = time.monotonic()
    with pytest.raises(SourceUnavailable) as told:
        engine(f"spark://127.0.0.1:{port}", tmp_path)
    assert time.monotonic() - began < 2 * spark.REACHED_WITHIN
    assert f"127.0.0.1:{port}" in told.value.message


def test_another_master_than_the_running_one_is_refused(session: Any, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"local\[2\]"):
        engine("spark:local[1]", tmp_path)


def test_a_file_broken_inside_is_told_and_nothing_is_written(session: Any, tmp_path: Path) -> None:
    place = regression(tmp_path)
    file = tmp_path / "logs/1.parquet"
    pq.write_table(pq.read_table(file), file, compression="zstd")
    content = bytearray(file.read_bytes())
    content[200:2_000] = bytes(1_800)
    file.write_bytes(content)
    with pytest.raises(SourceError) as told:
        run(place, "spark")
    assert "Traceback" not in told.value.message
    assert not list((tmp_path / "by-spark").rglob("*.parquet"))
