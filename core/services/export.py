"""Exactly what is shown, as a file: all rows of the search, its columns in their order, numbers unrounded.

A row here is a run: what a training job was given and how it came out, which is no record of a person. So exports need
the right to see runs ("view") and no more. Rows of people's data are parts of profiles (profile_rows.py): they need the
right "rows", every look is audited, and nothing exports them.
"""

import io
from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal

import pyarrow as pa
import pyarrow.csv as pcsv
import pyarrow.parquet as pq

from core.query.text import field_text
from core.services.guard import needs
from core.services.house import House
from core.services.runs import EXPORT_LIMIT, RunQuery, grouped, search

Format = Literal["csv", "parquet", "xlsx"]
EXCEL_ROWS = 1_048_575
EXCEL_CELL = 32_767
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@needs("view")
def runs_table(house: House, query: RunQuery, *, now_ms: int) -> pa.Table:
    """All rows that a query finds, with readable column names. Times are UTC."""
    found = search(house, query, page=1, size=EXPORT_LIMIT, now_ms=now_ms)
    table = found.table
    named: dict[str, Any] = {
        "run": table["name"], "run_id": table["run_id"], "source": table["source"], "experiment": table["experiment"],
        "status": table["status"], "user": table["user_name"], "started": _times(table["started_ms"]),
        "ended": _times(table["ended_ms"]),
    }  # fmt: skip
    for number, field in enumerate(found.columns):
        named[field_text(field)] = table[f"c{number}"]
    return pa.table(named)


@needs("view")
def groups_table(house: House, query: RunQuery, by: tuple[str, ...], *, now_ms: int) -> pa.Table:
    """All groups that are shown, with n, mean and standard deviation of each metric."""
    found = grouped(house, query, by, size=EXPORT_LIMIT, now_ms=now_ms)
    named: dict[str, Any] = {field_text(field): found.table[f"by{number}"] for number, field in enumerate(found.by)}
    named["runs"] = found.table["runs"]
    for number, field in enumerate(found.metrics):
        for part in ("n", "mean", "sd"):
            named[f"{field_text(field)} {part}"] = found.table[f"{part}{number}"]
    return pa.table(named)


def as_file(table: pa.Table, kind: Format) -> bytes:
    """The table as a file. Where a spreadsheet would run a text as a formula, an apostrophe stands before it."""
    return _WRITERS[kind](table)


def _csv(table: pa.Table) -> bytes:
    out = io.BytesIO()
    pcsv.write_csv(_harmless(table), out)
    return out.getvalue()


def _parquet(table: pa.Table) -> bytes:
    out = io.BytesIO()
    pq.write_table(table, out, compression="zstd")
    return out.getvalue()


def _excel(table: pa.Table) -> bytes:
    import xlsxwriter

    out = io.BytesIO()
    with xlsxwriter.Workbook(
        out,
        {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False},
    ) as book:
        sheet, bold = book.add_worksheet("Runs"), book.add_format({"bold": True})
        when = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        names = _harmless_names(table)
        for column, name in enumerate(names):
            sheet.write_string(0, column, name[:EXCEL_CELL], bold)
        row_number = 0
        for batch in _harmless(table).slice(0, EXCEL_ROWS).to_batches(max_chunksize=10_000):
            for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                row_number += 1
                for column, value in enumerate(row):
                    _cell(sheet, row_number, column, value, when)
        sheet.freeze_panes(1, 1)
    return out.getvalue()


def _cell(sheet: Any, row: int, column: int, value: Any, when: Any) -> None:
    if value is None:
        return
    if isinstance(value, datetime):
        sheet.write_datetime(row, column, value.replace(tzinfo=None), when)
    elif isinstance(value, bool) or not isinstance(value, int | float):
        sheet.write_string(row, column, str(value)[:EXCEL_CELL])
    elif value != value or value in (float("inf"), float("-inf")):
        sheet.write_string(row, column, str(value))  # Excel has no such numbers
    else:
        sheet.write_number(row, column, value)


def _harmless(table: pa.Table) -> pa.Table:
    columns = []
    for column in table.columns:
        if pa.types.is_string(column.type):
            texts = [
                f"'{t}" if t is not None and t.startswith(_FORMULA) and not _is_number(t) else t
                for t in column.to_pylist()
            ]
            columns.append(pa.array(texts, pa.string()))
        else:
            columns.append(column)
    return pa.table(columns, names=_harmless_names(table))


def _harmless_names(table: pa.Table) -> list[str]:
    return [f"'{name}" if name.startswith(_FORMULA) else name for name in table.column_names]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _times(milliseconds: pa.ChunkedArray) -> pa.Array:
    safe = [ms if ms is None or abs(ms) < 250_000_000_000_000 else None for ms in milliseconds.to_pylist()]
    return pa.array(safe, pa.int64()).cast(pa.timestamp("ms", tz="UTC"))


_WRITERS: dict[Format, Callable[[pa.Table], bytes]] = {"csv": _csv, "parquet": _parquet, "xlsx": _excel}
