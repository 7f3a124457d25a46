"""A house of 5,000 models and 300 people: the page Inventory, its filters, and Excel out and in."""

import io
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import openpyxl
from streamlit.testing.v1 import AppTest

from core.services import inventory, inventory_edits, inventory_excel, inventory_import
from core.services.house import House
from core.services.inventory import Query
from tests.bench.report import Measured, below
from tests.bench.rerun import rerun_ms
from tests.fleet import fleet
from tests.pages.app import page, shown

MODELS, PERSONS, CHANGES, MISTAKES = 5_000, 300, 500, 20
LIMIT_MS = 300


def measure(_: object) -> list[Measured]:
    """All figures of this area."""
    with TemporaryDirectory() as folder:
        house = fleet(Path(folder), models=MODELS, persons=PERSONS)
        try:
            with shown(house):
                return [*_page(house), *_files(house)]
        finally:
            house.close()


def _page(house: House) -> list[Measured]:
    app = page("inventory")
    entries = inventory.entries(house, day=inventory.today())
    opened = page("inventory", entry=entries[0].key)
    figures = [
        ("Inventory, rerun", rerun_ms(app, lambda _, n: None)),
        ("Inventory, another search", rerun_ms(app, lambda app, n: app.text_input("q").set_value(f"loan {n}"))),
        ("Inventory, another gap", rerun_ms(app, _gap)),
        ("Inventory, after somebody's edit", rerun_ms(page("inventory"), lambda _, n: _edit(house, n))),
        ("Inventory, another entry", rerun_ms(opened, lambda app, n: app.query_params.update(entry=entries[n].key))),
    ]
    return [below("fleet", f"{name}, {MODELS:,} models", ms, LIMIT_MS, "ms") for name, ms in figures]


def _files(house: House) -> list[Measured]:
    day = inventory.today()
    with _clock() as exporting:
        content = inventory_excel.export(house, Query(), day=day)
    with _clock() as reading:
        nothing = inventory_import.preview(house, content)
    if nothing.changes or nothing.mistakes or nothing.unchanged != MODELS:
        raise RuntimeError("An unchanged file says that it changes something: nothing was measured.")
    wrong = inventory_import.preview(house, _changed(content, mistakes=MISTAKES))
    if len(wrong.mistakes) != MISTAKES:
        raise RuntimeError(f"{len(wrong.mistakes)} mistakes were named, {MISTAKES} are in the file.")
    right = inventory_import.preview(house, _changed(content, mistakes=0))
    if len(right.changes) != CHANGES or right.mistakes:
        raise RuntimeError("The corrected file does not hold its changes.")
    with _clock() as applying:
        inventory_import.apply(house, right)
    return [
        below("fleet", f"Excel, export of {MODELS:,} entries", exporting[0], 10, "s"),
        below("fleet", f"Excel, {MODELS:,} rows read and compared", reading[0], 15, "s"),
        below("fleet", f"Excel, {CHANGES} changes written in one go", applying[0], 10, "s"),
    ]


def _changed(content: bytes, *, mistakes: int) -> bytes:
    """The file with another purpose in 500 rows, and an owner who does not exist in some of them."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    sheet = book[inventory_excel.SHEET]
    at = {cell.value: cell.column for cell in sheet[1]}
    for row in range(2, 2 + CHANGES):
        sheet.cell(row, at["Purpose"]).value = f"Another purpose {row}"
    for row in range(2, 2 + mistakes):
        sheet.cell(row, at["Owner"]).value = "Persn Number 7"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _gap(app: AppTest, n: int) -> None:
    app.button_group("inventory_gap").set_value(("owner", "validator", "purpose", "deputy")[n % 4])


def _edit(house: House, n: int) -> None:
    one = inventory.entries(house, day=inventory.today())[n]
    inventory_edits.edit(house, one.key, one.revision, {"users": f"Team {n} {time.time_ns()}"})


@contextmanager
def _clock() -> Iterator[list[float]]:
    """Seconds of what is done inside."""
    taken: list[float] = []
    began = time.perf_counter()
    yield taken
    taken.append(time.perf_counter() - began)
