"""A file holds exactly what is shown: all rows, the columns in order, numbers unrounded, and no formula."""

import csv
import io
import math
from datetime import UTC, datetime

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.services import export, runs
from core.services.export import as_file, groups_table, runs_table
from core.services.house import House
from core.services.runs import RunQuery
from tests.mlflow_truth import HOSTILE

QUERY = RunQuery(
    experiments=("demo:3",), order="metrics.`valid.auc` desc", columns=("metrics.`valid.auc`", "params.learning_rate")
)
FORMULAS = ["=1+1", "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://evil","x")']
FIRST = ["run", "run_id", "source", "experiment", "status", "user", "started", "ended"]


def _table(**columns: list) -> pa.Table:
    return pa.table(columns)


def _sheet(content: bytes) -> list[tuple]:
    return list(openpyxl.load_workbook(io.BytesIO(content)).active.iter_rows(values_only=True))


def _csv(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8"), newline="")))


# -- what is in it --------------------------------------------------------------------------------------------------


def test_all_rows_of_the_search_are_there_in_their_order(demo: House) -> None:
    shown = [runs.search(demo, QUERY, page=page, size=10).table["run_id"].to_pylist() for page in range(1, 12)]
    whole = [run for page in shown for run in page]
    assert runs_table(demo, QUERY, now_ms=0)["run_id"].to_pylist() == whole
    assert len(whole) > 10


def test_columns_are_those_shown_in_their_order(demo: House) -> None:
    assert runs_table(demo, QUERY, now_ms=0).column_names == [*FIRST, "metrics.valid.auc", "params.learning_rate"]


def test_without_a_choice_the_default_columns_are_written(demo: House) -> None:
    shown = runs.search(demo, RunQuery()).columns
    assert len(runs_table(demo, RunQuery(), now_ms=0).column_names) == len(FIRST) + len(shown)


def test_numbers_are_the_files_to_the_last_digit(demo: House, raw) -> None:
    rows = raw.execute("SELECT run_uuid, value FROM latest_metrics WHERE key = 'valid.auc' AND NOT is_nan").fetchall()
    told = {row["run_uuid"]: row["value"] for row in rows}
    table = runs_table(demo, QUERY, now_ms=0).to_pylist()
    assert [row["metrics.valid.auc"] for row in table] == [told.get(row["run_id"]) for row in table]


def test_times_are_utc(bank) -> None:
    told = bank.client.get_run(bank.made.finished).info
    query = RunQuery(text=f"run_id = '{bank.made.finished}'")
    (row,) = runs_table(bank.house, query, now_ms=0).to_pylist()
    assert row["started"] == datetime.fromtimestamp(told.start_time / 1000, UTC)
    assert row["ended"] == datetime.fromtimestamp(told.end_time / 1000, UTC)


def test_a_running_run_has_no_end(bank) -> None:
    (row,) = runs_table(bank.house, RunQuery(text=f"run_id = '{bank.made.running}'"), now_ms=0).to_pylist()
    assert row["ended"] is None


def test_a_time_beyond_every_calendar_is_left_empty() -> None:
    times = export._times(pa.chunked_array([[0, None, 2**62, -(2**62)]])).to_pylist()
    assert times == [datetime(1970, 1, 1, tzinfo=UTC), None, None, None]


@pytest.mark.parametrize("kind", ["csv", "parquet", "xlsx"])
def test_a_search_that_finds_nothing_is_a_file_with_a_header(demo: House, kind: str) -> None:
    content = as_file(runs_table(demo, RunQuery(text="name = 'nobody'"), now_ms=0), kind)
    header = {
        "csv": lambda: _csv(content)[0], "xlsx": lambda: list(_sheet(content)[0]),
        "parquet": lambda: pq.read_table(io.BytesIO(content)).column_names,
    }[kind]()  # fmt: skip
    assert header[: len(FIRST)] == FIRST


def test_groups_are_written_with_n_mean_and_deviation(demo: House, raw) -> None:
    query = RunQuery(experiments=("demo:4",), columns=("metrics.`test.auc`",), text="metrics.`test.auc` is not null")
    rows = raw.execute(
        "SELECT t.value AS g, m.value FROM runs r JOIN tags t ON t.run_uuid = r.run_uuid AND t.key = 'seed_group'"
        " JOIN latest_metrics m ON m.run_uuid = r.run_uuid AND m.key = 'test.auc'"
        " WHERE r.experiment_id = 4 AND r.lifecycle_stage = 'active'"
    )
    expected = pd.DataFrame([dict(row) for row in rows]).groupby("g")["value"].agg(["count", "mean", "std"])
    table = groups_table(demo, query, ("tags.seed_group",), now_ms=0)
    assert table.column_names == [
        "tags.seed_group",
        "runs",
        *(f"metrics.test.auc {part}" for part in ("n", "mean", "sd")),
    ]
    for row in table.to_pylist():
        told = expected.loc[row["tags.seed_group"]]
        assert row["metrics.test.auc n"] == told["count"]
        assert row["metrics.test.auc mean"] == pytest.approx(told["mean"], rel=1e-12)
        assert row["metrics.test.auc sd"] == pytest.approx(told["std"], rel=1e-9)
    assert table.num_rows == len(expected) > 0


# -- the formats ----------------------------------------------------------------------------------------------------


def test_parquet_keeps_everything_as_it_is(demo: House) -> None:
    table = runs_table(demo, QUERY, now_ms=0)
    assert pq.read_table(io.BytesIO(as_file(table, "parquet"))).equals(table)


@settings(max_examples=50)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=5))
def test_csv_numbers_read_back_as_the_same_numbers(values: list[float]) -> None:
    rows = _csv(as_file(_table(x=values), "csv"))
    assert [float(row[0]) for row in rows[1:]] == values


def test_excel_numbers_read_back_as_the_same_numbers() -> None:
    values = [0.1 + 0.2, 1e-300, -1.5, 123456789.123456, 3.0]
    rows = _sheet(as_file(_table(x=values), "xlsx"))
    assert [row[0] for row in rows[1:]] == pytest.approx(values, rel=1e-15)


def test_excel_says_numbers_that_are_not_finite_as_text() -> None:
    rows = _sheet(as_file(_table(x=[math.nan, math.inf, -math.inf, None]), "xlsx"))
    assert [row[0] for row in rows[1:4]] == ["nan", "inf", "-inf"]


def test_excel_writes_times_as_times() -> None:
    table = pa.table({"started": pa.array([0], pa.timestamp("ms", tz="UTC"))})
    assert _sheet(as_file(table, "xlsx"))[1][0] == datetime(1970, 1, 1)


def test_excel_cuts_a_text_that_no_cell_can_hold() -> None:
    assert len(_sheet(as_file(_table(x=["y" * 50_000]), "xlsx"))[1][0]) == export.EXCEL_CELL


def test_excel_ends_at_its_last_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "EXCEL_ROWS", 3)
    assert [row[0] for row in _sheet(as_file(_table(x=[1, 2, 3, 4, 5]), "xlsx"))] == ["x", 1, 2, 3]


@pytest.mark.parametrize("text", FORMULAS)
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_no_text_starts_a_formula(kind: str, text: str) -> None:
    content = as_file(_table(x=[text]), kind)
    cell = _csv(content)[1][0] if kind == "csv" else _sheet(content)[1][0]
    assert cell.startswith("'")


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_no_column_name_starts_a_formula(kind: str) -> None:
    content = as_file(pa.table({"=1+1": ["a"]}), kind)
    assert (_csv(content) if kind == "csv" else _sheet(content))[0][0] == "'=1+1"


def test_excel_holds_no_formula_and_no_link() -> None:
    content = as_file(_table(x=[*FORMULAS, "http://example.com", "mailto:a@b"]), "xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} == {"s"}
    assert not any(cell.hyperlink for row in sheet.iter_rows() for cell in row)


@pytest.mark.parametrize("text", ["-1.5", "+3", "-1e-5", "-inf"])
def test_a_number_written_as_text_is_left_alone(text: str) -> None:
    assert _csv(as_file(_table(x=[text]), "csv"))[1] == [text]


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_hostile_texts_come_out_as_they_are(bank, kind: str) -> None:
    query = RunQuery(text="params.text is not null", columns=("params.text",))
    content = as_file(runs_table(bank.house, query, now_ms=0), kind)
    if kind == "csv":
        rows = _csv(content)
        texts = [row[rows[0].index("params.text")] for row in rows[1:]]
    else:
        texts = pq.read_table(io.BytesIO(content))["params.text"].to_pylist()
    assert sorted(texts) == sorted(HOSTILE)


def test_hostile_texts_come_out_of_excel_as_they_are(bank) -> None:
    query = RunQuery(text="params.text is not null", columns=("params.text",))
    rows = _sheet(as_file(runs_table(bank.house, query, now_ms=0), "xlsx"))
    assert sorted(row[rows[0].index("params.text")] for row in rows[1:]) == sorted(HOSTILE)


@settings(max_examples=60)
@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20))
def test_no_csv_cell_starts_what_a_spreadsheet_runs(text: str) -> None:
    (cell,) = _csv(as_file(_table(x=[text]), "csv"))[1]
    assert not cell.startswith(("=", "@"))
    assert cell == text or (cell == f"'{text}" and text[0] in "=+-@")


@settings(max_examples=60)
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20))
def test_every_text_makes_a_workbook_that_opens(text: str) -> None:
    assert len(_sheet(as_file(_table(x=[text], y=[1.0]), "xlsx"))) == 2
