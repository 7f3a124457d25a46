"""Reading a sheet of an Excel file that comes from outside: hostile until it is read.

Nothing in it is run, followed or believed: formulas are named as such, links and macros are never opened, sizes are
those that are read, not those that the file tells.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from core.errors import Invalid

BIGGEST = 5_000_000
UNPACKED = 80_000_000
PARTS = 300
_DOCTYPE = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell. at: such as Inventory!E17.  value: as the file has it.  text: as a person reads it; days in ISO form.

    formula: whether it holds a formula or an error in place of a value.
    """

    at: str
    value: Any
    text: str
    formula: bool

    def same(self, said: str) -> bool:
        """Whether it says that; line ends and blanks at the ends do not count."""
        return self.text == said or _level(self.text) == _level(said)


@dataclass(frozen=True, slots=True)
class Row:
    """A row. number: 1-based.  cells: from column A to the last that is filled."""

    sheet: str
    number: int
    cells: tuple[Cell, ...]

    def cell(self, column: int) -> Cell:
        """The cell of a column, 0 for A; an empty one beyond the last."""
        if column < len(self.cells):
            return self.cells[column]
        return Cell(f"{self.sheet}!{_letters(column)}{self.number}", None, "", False)


def rows(content: bytes, sheet: str, *, most_rows: int, most_columns: int) -> Iterator[Row]:
    """The rows of one sheet, the header included. Raises Invalid for what is no workbook, or too big, at once."""
    _check(content)
    return iter(_read(content, sheet, most_rows, most_columns))


def _check(content: bytes) -> None:
    if len(content) > BIGGEST:
        raise Invalid(f"The file has more than {BIGGEST // 1_000_000} MB.", hint="Import it in parts.")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            parts = packed.infolist()
            if len(parts) > PARTS:
                raise Invalid(f"The file holds {len(parts):,} parts; a workbook has a few.", hint="Save it anew.")
            if any(part.flag_bits & 1 for part in parts):
                raise Invalid("The file is encrypted.", hint="Save it without a password.")
            if sum(part.file_size for part in parts) > UNPACKED:
                raise Invalid("The file unpacks to far more than an inventory holds.", hint="Save it anew.")
            for part in parts:
                # No part is longer than it says: zipfile stops there. So what was summed is what can be unpacked.
                if part.filename.endswith((".xml", ".rels")) and _DOCTYPE.search(packed.read(part)):
                    raise Invalid("The file declares entities, which no workbook does.", hint="Save it in Excel.")
    except Invalid:
        raise
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, ValueError, RuntimeError, KeyError) as error:
        raise Invalid(
            "This is no Excel workbook (.xlsx).", hint="Save it as .xlsx; begin with an export from the page Inventory."
        ) from error


def _read(content: bytes, sheet: str, most_rows: int, most_columns: int) -> list[Row]:
    import openpyxl

    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=False, keep_links=False)
    except Exception as error:
        raise Invalid("The workbook is damaged.", hint="Open it in Excel and save it anew.") from error
    try:
        if sheet not in book.sheetnames:
            there = ", ".join(repr(name[:40]) for name in book.sheetnames[:10])
            raise Invalid(f"There is no sheet {sheet!r}.", hint=f"Sheets in the file: {there}.")
        book[sheet].reset_dimensions()  # what the file says of its size would cut rows off
        found: list[Row] = []
        for number, cells in enumerate(book[sheet].iter_rows(max_col=most_columns), start=1):
            if number > most_rows + 1:
                raise Invalid(f"The sheet goes beyond row {most_rows + 1:,}.", hint="Delete what is below.")
            filled = max((at for at, cell in enumerate(cells, start=1) if cell.value is not None), default=0)
            found.append(Row(sheet, number, tuple(_cell(sheet, number, at, cells[at]) for at in range(filled))))
    except Invalid:
        raise
    except Exception as error:
        raise Invalid("The workbook is damaged.", hint="Open it in Excel and save it anew.") from error
    finally:
        book.close()
    return found


def _cell(sheet: str, row: int, column: int, cell: Any) -> Cell:
    value = cell.value
    formula = cell.data_type in ("f", "e") or not isinstance(
        value, str | int | float | bool | datetime | date | time | timedelta | None
    )
    return Cell(f"{sheet}!{_letters(column)}{row}", value, _text(value), formula)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "seconds")
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


def _letters(column: int) -> str:
    """A to Z, AA, AB, ... for 0, 1, ..."""
    said = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        said = chr(ord("A") + rest) + said
    return said


def _level(text: str) -> str:
    """A text without what workbooks change on their way: escapes of characters, line ends, blanks at the ends."""
    return unescaped(text).replace("\r\n", "\n").replace("\r", "\n").strip()


def unescaped(text: str) -> str:
    """A text in which escapes such as _x000D_ are what they stand for."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
