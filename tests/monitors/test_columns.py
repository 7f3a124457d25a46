"""A monitor held against the columns of its log."""

from pathlib import Path

import pytest

from core.monitors.columns import check, features, named
from core.monitors.files import load_one
from core.monitors.monitor import Features, Monitor
from core.monitors.seen import kind_of
from tests.monitors.texts import FULL, SHORT, folder

LOG = ["scored_at", "request_id", "model_version", "p_default", "income", "debt", "purpose", "sex", "age", "region"]
LOG += ["latency_ms", "http_status", "memory_mb", "revenue", "variant", "has_reason"]


def test_a_log_that_has_all_columns_fits(tmp_path: Path) -> None:
    resolved = load_one(folder(tmp_path, {"a.yaml": FULL}) / "a.yaml")
    assert not check(resolved, dict.fromkeys(LOG, "DOUBLE"))
    assert not check(resolved, {"defaulted": "BIGINT", "request_id": "BIGINT"}, "label")
    reference = [name for name in LOG if name in ("p_default", "income", "debt", "purpose", "sex", "age", "region")]
    assert not check(resolved, dict.fromkeys(reference, "DOUBLE"), "reference")
    assert sorted(column for _, column in named(resolved.monitor)) == sorted(LOG)


@pytest.mark.parametrize("column", LOG)
def test_a_missing_column_is_told_with_its_line_and_the_nearest(tmp_path: Path, column: str) -> None:
    resolved = load_one(folder(tmp_path, {"a.yaml": FULL}) / "a.yaml")
    seen = {name.upper() if name == column else name: "DOUBLE" for name in LOG}
    (problem,) = check(resolved, seen)
    assert problem.file == "a.yaml"
    assert column in FULL.split("\n")[(problem.line or 0) - 1]
    assert problem.suggestion == column.upper()
    assert repr(column) in problem.message
    assert column.upper() in problem.hint


def test_the_near_ones_are_listed(tmp_path: Path) -> None:
    resolved = load_one(folder(tmp_path, {"a.yaml": SHORT}) / "a.yaml")
    (problem,) = check(resolved, {"ts": "TIMESTAMP", "score_v2": "DOUBLE", "scores": "DOUBLE", "other": "DOUBLE"})
    assert problem.near == ("scores", "score_v2")
    assert problem.line == 6
    (problem,) = check(resolved, {"ts": "TIMESTAMP", "zzz": "DOUBLE"})
    assert problem.near == ()
    assert "Columns: ts, zzz." in problem.hint


def test_missing_columns_of_the_labels_own_table_are_told(tmp_path: Path) -> None:
    resolved = load_one(folder(tmp_path, {"a.yaml": FULL}) / "a.yaml")
    problems = check(resolved, {"default": "BIGINT"}, "label")
    lines = FULL.split("\n")
    assert [lines[(p.line or 0) - 1].strip() for p in problems] == ["column: defaulted", "id: request_id"]


def test_an_inherited_column_is_told_where_it_was_written(tmp_path: Path) -> None:
    place = folder(tmp_path, {"base.yaml": SHORT, "a.yaml": "extends: base.yaml\nmodel: b\nid: nr\n"})
    problems = check(load_one(place / "a.yaml"), {"ts": "DATE"})
    assert {(p.file, p.line) for p in problems} == {("base.yaml", 6), ("a.yaml", 3)}


def _monitor(stated: Features) -> Monitor:
    monitor = Monitor.model_validate(
        {
            "model": "m",
            "log": {"files": "x"},
            "timestamp": {"column": "ts"},
            "score": "score",
            "id": "id",
            "label": {"column": "y", "table": {"files": "y"}},
            "protected": {"sex": {"column": "sex"}},
            "reference": {"since": "2026-01-01", "until": "2026-02-01"},
        }
    )
    return monitor.model_copy(update={"features": stated})


def test_all_features_are_told_apart_by_type() -> None:
    seen = {"ts": "TIMESTAMP", "score": "DOUBLE", "id": "BIGINT", "y": "INTEGER", "sex": "VARCHAR", "n": "INTEGER"}
    seen |= {"price": "DECIMAL(10,2)", "city": "VARCHAR", "flag": "BOOLEAN", "code": "TINYINT", "junk": "DOUBLE"}
    seen |= {"born": "DATE", "tags": "VARCHAR[]", "at": "TIMESTAMP WITH TIME ZONE", "kind": "ENUM('a', 'b')"}
    found = features(_monitor(Features(all=True, categorical=("code",), without=("junk",))), seen)
    assert found.numeric == ("n", "price")
    assert found.categorical == ("code", "city", "flag", "kind")
    assert list(found.left_out) == ["born", "tags", "at"]
    assert "DATE" in found.left_out["born"]


def test_named_features_stay_as_named() -> None:
    stated = Features(numeric=("b", "a"), categorical=("sex",))
    found = features(_monitor(stated), {"a": "VARCHAR", "b": "DOUBLE", "sex": "VARCHAR", "c": "DOUBLE"})
    assert (found.numeric, found.categorical, dict(found.left_out)) == (("b", "a"), ("sex",), {})


@pytest.mark.parametrize(
    ("kind", "types"),
    [
        ("number", ["TINYINT", "UBIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL(18,3)", "int64", "uint8", "float32"]),
        ("number", ["double", "bigint", "smallint", "!int32", "decimal128(10, 2)", "long", "halffloat"]),
        ("text", ["VARCHAR", "ENUM('a[]', 'b')", "string", "large_string", "utf8", "dictionary<values=string>"]),
        ("yes_no", ["BOOLEAN", "bool"]),
        ("time", ["DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "TIMESTAMP_NS", "timestamp[us, tz=UTC]", "date32"]),
        (
            "time",
            ["TIME", "timestamp('UTC')", "timestamp(6)", "date32[day]", "TIMESTAMPTZ_NS", "TIMESTAMPTZ"],
        ),
        ("other", ["INTEGER[]", "STRUCT(a INTEGER)", "MAP(VARCHAR, INTEGER)", "BLOB", "UUID", "INTERVAL", "JSON"]),
        ("other", ["array<int64>", "struct<a: int64>", "list<item: double>", "BIT", "INTEGER[3]"]),
    ],
)
def test_types_of_any_engine_are_known(kind: str, types: list[str]) -> None:
    assert {name: kind_of(name) for name in types} == dict.fromkeys(types, kind)
