"""The first monitor file that a look at a log proposes."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import MonitorError
from core.monitors.columns import check
from core.monitors.files import load_one
from core.monitors.first import propose
from core.monitors.monitor import Monitor
from core.monitors.seen import Column, Columns
from core.profiling.look import look

DEMO = Path(__file__).parents[2] / "data" / "demo" / "source"
START = datetime(2026, 1, 1, tzinfo=UTC)


def _log(rows: int = 500) -> pa.Table:
    chance = np.random.default_rng(7)
    return pa.table(
        {
            "request_id": [f"r{n}" for n in range(rows)],
            "scored_at": pa.array([START + timedelta(hours=3 * n) for n in range(rows)]),
            "label_time": pa.array([START + timedelta(days=n) for n in range(rows)]),
            "model_version": ["3", "4"] * (rows // 2),
            "p_default": chance.random(rows),
            "default": chance.integers(0, 2, rows),
            "customer_id": chance.integers(0, 400, rows),
            "gender": chance.choice(["f", "m"], rows),
            "age": chance.integers(18, 90, rows),
            "car_age": chance.integers(0, 20, rows),
            "income": chance.normal(3_000, 500, rows),
            "purpose": chance.choice(["car", "home"], rows),
            "remarks": [f"text {n}" for n in range(rows)],
            "tags": [["a"]] * rows,
            "latency_ms": chance.random(rows) * 100,
            "status_code": chance.choice([200, 500], rows),
        }
    )


def _loaded(tmp_path: Path, text: str) -> Monitor:
    path = tmp_path / "proposed.yaml"
    path.write_bytes(text.encode())
    return load_one(path).monitor


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_a_telling_log_is_understood(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"log.{suffix}"
    table = _log() if suffix == "parquet" else _log().drop_columns(["tags"])
    if suffix == "parquet":
        pq.write_table(table, path)
    else:
        table.to_pandas().to_csv(path, index=False)
    seen = look(str(path))
    text = propose(seen, "credit", str(path))
    monitor = _loaded(tmp_path, text)
    assert monitor.log.files == str(path)
    assert (monitor.timestamp.column, monitor.id, monitor.version) == ("scored_at", "request_id", "model_version")
    assert (monitor.task, monitor.score, monitor.positive) == ("binary", "p_default", 1)
    assert monitor.label is not None
    assert monitor.label.column == "default"
    assert {name: each.bands for name, each in monitor.protected.items()} == {"gender": (), "age": (25, 40, 60)}
    assert monitor.intersections == (("gender", "age"),)
    assert monitor.latency == "latency_ms"
    assert monitor.status is not None
    assert monitor.status.errors[0] == 500
    assert monitor.features.numeric == ("car_age", "income")
    assert monitor.features.categorical == ("purpose",)
    assert (monitor.reference.since, monitor.reference.until) == ("2026-01-01", "2026-01-29")
    assert "could also be label_time" in text
    assert "customer_id, an identifier" in text
    assert "remarks, 500 different texts" in text
    path_of_file = tmp_path / "proposed.yaml"
    assert not check(load_one(path_of_file), seen.types)


@pytest.mark.parametrize("name", ["adult_income", "car_price", "german_credit", "ma_employment", "taiwan_credit"])
def test_the_demos_extracts_lack_only_what_they_do_not_hold(tmp_path: Path, name: str) -> None:
    """They are data sets without predictions: the text says what to write, and loads once that is written."""
    path = str(DEMO / f"{name}.parquet")
    seen = look(path)
    text = propose(seen, name, path)
    with pytest.raises(MonitorError):
        _loaded(tmp_path, text)
    scored = (*seen.columns, Column(name="score", type="DOUBLE", distinct=99, low=0.0, high=1.0))
    scored += (Column(name="at", type="TIMESTAMP", distinct=9, low="2026-01-01 00:00:00", high="2026-03-01 00:00:00"),)
    monitor = _loaded(tmp_path, propose(Columns(columns=scored, rows=seen.rows), name, path))
    assert (monitor.score, monitor.id) == ("score", "id")
    assert monitor.timestamp.column == ("timestamp" if name == "car_price" else "at")
    known = {"german_credit": "outcome", "taiwan_credit": "default"}
    assert (monitor.label.column if monitor.label else None) == known.get(name)
    people = {
        "adult_income": {"age", "race", "sex", "native_country", "marital_status"},
        "german_credit": {"status_sex", "age", "foreign_worker"},
        "ma_employment": {"AGEP", "SEX", "RAC1P"},
        "taiwan_credit": {"SEX", "MARRIAGE", "AGE"},
        "car_price": set(),
    }
    assert {attribute.column for attribute in monitor.protected.values()} == people[name]
    assert monitor.features.numeric


def _seen(*columns: Column, rows: int = 1_000) -> Columns:
    return Columns(columns=columns, rows=rows)


TIME = Column(name="ts", type="TIMESTAMP", distinct=900, low="2026-01-01 00:00:00", high="2026-03-01 00:00:00")
SCORE = Column(name="score", type="DOUBLE", distinct=900, low=0.01, high=0.99)


def test_what_is_not_found_is_said(tmp_path: Path) -> None:
    text = propose(_seen(Column(name="x", type="DOUBLE", distinct=5, low=0.0, high=9.0)), "m", "log.csv")
    for key in ("timestamp:", "id:", "version:", "score:", "label:", "protected:", "reference:", "latency:", "status:"):
        assert f"\n# {key}" in text
    assert set(yaml.safe_load(text)) == {"model", "log", "task", "features"}
    monitor = _loaded(tmp_path, propose(_seen(TIME, SCORE), "m", "log.csv"))
    assert monitor.features == monitor.features.model_copy(update={"all": False, "numeric": (), "categorical": ()})


@pytest.mark.parametrize(
    ("low", "high", "unit"), [(1.7e9, 1.76e9, "s"), (1.7e12, 1.76e12, "ms"), (1.7e15, 1.76e15, "us"), (1.0, 2e3, None)]
)
def test_numbers_since_1970_are_times(tmp_path: Path, low: float, high: float, unit: str | None) -> None:
    column = Column(name="event_time", type="BIGINT", distinct=900, low=low, high=high)
    text = propose(_seen(column, SCORE), "m", "log.csv")
    if unit is None:
        assert "# timestamp:" in text
        return
    monitor = _loaded(tmp_path, text)
    assert (monitor.timestamp.column, monitor.timestamp.unit) == ("event_time", unit)
    assert monitor.reference.since == "2023-11-14"


def test_texts_of_days_are_times_and_births_are_not(tmp_path: Path) -> None:
    days = ("2026-01-01T10:00:00Z", "2026-01-02")
    born = Column(name="date_of_birth", type="DATE", distinct=900, low="1950-01-01", high="2001-01-01")
    text = Column(name="created_at", type="VARCHAR", distinct=9, low=days[0], high="2026-01-21T", examples=days)
    monitor = _loaded(tmp_path, propose(_seen(born, text, SCORE), "m", "log.csv"))
    assert monitor.timestamp.column == "created_at"
    assert monitor.reference.until == "2026-01-11"


def test_a_regression_and_many_classes_are_told_apart(tmp_path: Path) -> None:
    price = Column(name="prediction", type="DOUBLE", distinct=900, low=10.0, high=9e4)
    actual = Column(name="target", type="DOUBLE", distinct=800, low=10.0, high=9e4)
    monitor = _loaded(tmp_path, propose(_seen(TIME, price, actual), "m", "log.csv"))
    assert (monitor.task, monitor.prediction, monitor.score) == ("regression", "prediction", None)
    assert monitor.label is not None
    shares = [Column(name=f"p_{n}", type="DOUBLE", distinct=900, low=0.0, high=1.0) for n in ("cat", "dog", "cow")]
    monitor = _loaded(tmp_path, propose(_seen(TIME, *shares), "m", "log.csv"))
    assert (monitor.task, monitor.classes) == ("multiclass", ("cat", "dog", "cow"))
    assert monitor.probabilities == {"cat": "p_cat", "dog": "p_dog", "cow": "p_cow"}
    kinds = Column(name="prediction", type="VARCHAR", distinct=3, low="a", high="c", examples=("b", "a", "c"))
    monitor = _loaded(tmp_path, propose(_seen(TIME, kinds), "m", "log.csv"))
    assert (monitor.task, monitor.classes, monitor.prediction) == ("multiclass", ("a", "b", "c"), "prediction")


@pytest.mark.parametrize(
    ("label", "positive"),
    [
        (Column(name="y", type="BOOLEAN", distinct=2, low="false", high="true"), True),
        (Column(name="y", type="INTEGER", distinct=2, low=1.0, high=2.0, examples=("1", "2")), 2),
        (Column(name="y", type="VARCHAR", distinct=2, low="No", high="Yes", examples=("Yes", "No")), "Yes"),
        (Column(name="y", type="VARCHAR", distinct=2, low="bad", high="good", examples=("good", "bad")), "bad"),
        (Column(name="y", type="VARCHAR", distinct=2, low="<=5", high=">5", examples=(">5", "<=5")), ">5"),
    ],
)
def test_the_positive_label_keeps_its_type(tmp_path: Path, label: Column, positive: object) -> None:
    monitor = _loaded(tmp_path, propose(_seen(TIME, SCORE, label), "m", "log.csv"))
    assert monitor.positive == positive
    assert type(monitor.positive) is type(positive)


HOSTILE = [
    'a"b',
    "a'b",
    "a: b",
    "a #b",
    "- a",
    "{model}",
    "a\nb",
    "a\r\nb",
    "a\tb",
    "a\x85b",
    "a\u2028b",
    "\ufeffa",
    "no",
]
HOSTILE += [
    "1",
    "1:30",
    "~",
    "*",
    "&x",
    "!t",
    "😀",
    "größe",
    "a\\nb",
    "%",
    " lead",
    "trail ",
    "]",
    "\x00",
    "x" * 300,
    "y",
]


def test_columns_of_any_name_survive_a_file(tmp_path: Path) -> None:
    names = [name for name in HOSTILE if "\x00" not in name]
    table = _log().append_column("n", pa.array([1] * 500))
    for name in names:
        table = table.append_column(name, pa.array(np.arange(500.0)))
    path = tmp_path / "a 'log'.parquet"
    pq.write_table(table, path)
    seen = look(str(path))
    (tmp_path / "m.yaml").write_bytes(propose(seen, "m: 'x' #", str(path)).encode())
    resolved = load_one(tmp_path / "m.yaml")
    assert resolved.monitor.model == "m: 'x' #"
    assert set(names) <= set(resolved.monitor.features.numeric)
    assert not check(resolved, seen.types)


names = st.one_of(
    st.text(st.characters(blacklist_categories=["Cs"]), min_size=1, max_size=20),
    st.sampled_from(HOSTILE),
    st.sampled_from(["sex", "Sex", "age", "label", "y", "p_1", "p_0", "prediction", "id", "status", "latency", "race"]),
    st.tuples(st.sampled_from(HOSTILE), st.sampled_from(["_id", "_label", "_sex", "_version", "_time"])).map("".join),
)
types = st.sampled_from(["DOUBLE", "INTEGER", "VARCHAR", "BOOLEAN", "DATE", "TIMESTAMP", "VARCHAR[]", "UUID"])
anything = st.text(st.characters(blacklist_categories=["Cs"]), max_size=20) | st.sampled_from(HOSTILE)


@st.composite
def columns(draw: st.DrawFn) -> Column:
    type_text = draw(types)
    number = type_text in ("DOUBLE", "INTEGER")
    ends = sorted(draw(st.tuples(*[st.floats(0, 1) | st.floats(-1e17, 1e17)] * 2)))
    texts = sorted(draw(st.tuples(anything, anything)))
    low, high = (ends[0], ends[1]) if number else (texts[0], texts[1])
    nothing = draw(st.integers(0, 5)) == 0
    return Column(
        name=draw(names),
        type=type_text,
        distinct=0 if nothing else draw(st.sampled_from([1, 2, 3, 50, 1_000])),
        low=None if nothing else low,
        high=None if nothing else high,
        examples=() if nothing else tuple(draw(st.lists(anything, max_size=5, unique=True))),
    )


@given(
    st.lists(columns(), max_size=12, unique_by=lambda column: column.name), names.map(lambda name: name[:250]), names
)
@settings(max_examples=300, deadline=None)
def test_a_proposal_always_loads(
    tmp_path_factory: pytest.TempPathFactory, others: list[Column], model: str, log: str
) -> None:
    """Whatever the columns: with a timestamp and a score the text loads, names real columns, and keeps every name."""
    kept = [column for column in others if column.name not in ("ts", "score")]
    seen = _seen(TIME, SCORE, *kept)
    path = tmp_path_factory.getbasetemp() / "proposed.yaml"
    path.write_bytes(propose(seen, model, log).encode())
    resolved = load_one(path)
    assert resolved.monitor.model == model
    assert resolved.monitor.log.files == log
    assert not check(resolved, seen.types)
