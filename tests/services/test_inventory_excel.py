"""The inventory to Excel and back: unchanged it changes nothing, mistakes are named by cell, hostile files refused."""

import io
import zipfile
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import Conflict, Invalid, NotAllowed
from core.services import accounts, inventory, inventory_edits, inventory_excel, inventory_import, workbook
from core.services.house import House
from core.services.inventory import Query
from core.services.inventory_edits import Edit
from core.services.inventory_excel import COLUMNS, LISTS, SHEET
from core.services.inventory_import import Preview
from tests.inventories import MODELS, house_of, seen_by

TODAY = inventory.today()
AT = {column.title: number for number, column in enumerate(COLUMNS, start=1)}
Made = tuple[House, dict[str, str]]


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Made]:
    house, ids = house_of(tmp_path)
    yield house, ids
    house.close()


def export(house: House) -> bytes:
    return inventory_excel.export(house, Query(shown="all"), day=TODAY)


def changed(content: bytes, change: Callable[[Any], object]) -> bytes:
    """The file after somebody worked on its sheet."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    change(book[SHEET])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def row_of(sheet: Any, name: str) -> int:
    return next(cell.row for cell in sheet["D"] if cell.value == name)


def set_cell(name: str, title: str, value: object) -> Callable[[Any], None]:
    def change(sheet: Any) -> None:
        sheet.cell(row_of(sheet, name), AT[title]).value = value

    return change


def tried(house: House, change: Callable[[Any], object]) -> Preview:
    return inventory_import.preview(house, changed(export(house), change))


# -- out ------------------------------------------------------------------------------------------------------------


def test_the_sheet_has_drop_downs_locked_columns_and_an_explanation(made: Made) -> None:
    inventory_edits.edit_many(made[0], {f"s:{name}": 0 for name in MODELS}, {"purpose": "Decides."})
    book = openpyxl.load_workbook(io.BytesIO(export(made[0])))
    sheet = book[SHEET]
    assert [cell.value for cell in sheet[1]] == [column.title for column in COLUMNS]
    assert sheet.protection.sheet
    assert sheet["A2"].protection.locked
    assert sheet["B2"].protection.locked
    assert not sheet.cell(2, AT["Purpose"]).protection.locked
    kinds = {(str(rule.sqref).rstrip("0123456789"), rule.type) for rule in sheet.data_validations.dataValidation}
    assert {kind for _, kind in kinds} == {"list", "date"}
    assert len(sheet.data_validations.dataValidation) == 8
    assert [row[0].value for row in book["Columns"].iter_rows(min_row=2, max_row=1 + len(COLUMNS))] == list(AT)
    assert "Critical" in {cell.value for column in book[LISTS].columns for cell in column}


def test_days_are_days_and_texts_never_run(made: Made) -> None:
    house, _ = made
    inventory_edits.edit(house, "s:credit", 0, {"purpose": "=1+1", "users": '@SUM("x")', "last_review": "2026-01-31"})
    sheet = openpyxl.load_workbook(io.BytesIO(export(house)))[SHEET]
    row = row_of(sheet, "credit")
    assert sheet.cell(row, AT["Last review"]).value == datetime(2026, 1, 31)
    assert (sheet.cell(row, AT["Purpose"]).value, sheet.cell(row, AT["Purpose"]).data_type) == ("=1+1", "s")
    assert sheet.cell(row, AT["Users"]).data_type == "s"


def test_a_viewer_may_export_but_not_import(made: Made) -> None:
    house, ids = made
    content = export(seen_by(house, ids, "dan"))
    with pytest.raises(NotAllowed):
        inventory_import.preview(seen_by(house, ids, "dan"), content)
    with pytest.raises(NotAllowed):
        inventory_import.apply(seen_by(house, ids, "eve"), inventory_import.preview(house, content))


# -- unchanged ------------------------------------------------------------------------------------------------------

ANY = st.text(st.characters(codec="utf-8"), max_size=60)
HARSH = st.sampled_from(["=1+1", "_x0041_", "_x000D_", "'quoted", "a\nb", "  spaced  ", "true", "12", "1e5", "+", ""])
WORDS = ANY | HARSH


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=12)
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "name": (ANY | HARSH).filter(lambda text: any(c.isalnum() for c in text)), "purpose": WORDS,
                "users": WORDS, "description": WORDS, "backup": WORDS, "vendor": WORDS,
                "kind": st.sampled_from(["own", "vendor", "language"]),
                "exposure": st.sampled_from([None, "internal", "critical"]),
                "last_review": st.dates(date(1970, 1, 1), date(2026, 1, 1)).map(date.isoformat) | st.none(),
                "owner": st.sampled_from([None, "ada", "ada2", "gone"]),
                "regimes": st.lists(st.sampled_from(["sr_26_2", "reg_b", "gdpr_22"])).map(tuple),
                "dependencies": st.lists(st.sampled_from([f"s:{name}" for name in MODELS])).map(tuple),
            }
        ),
        max_size=8,
    )
)  # fmt: skip
def test_a_file_that_is_imported_unchanged_changes_nothing(made: Made, entries: list[dict[str, Any]]) -> None:
    house, ids = made
    fitting = []
    for values in entries:
        owner = values["owner"] and ids.get(values["owner"])
        try:
            inventory_edits.plan(house, [Edit(key="", revision=0, values={**values, "owner": owner})])
        except Invalid:
            continue  # a name that is nothing but blanks after all
        fitting.append(Edit(key="", revision=0, values={**values, "owner": owner}))
    inventory_edits.write(house, fitting)
    content = export(house)
    found = inventory_import.preview(house, content)
    assert (found.changes, found.mistakes, found.edits, found.absent) == ((), (), (), ())
    assert found.unchanged == len(inventory.entries(house, day=TODAY))
    again = inventory_import.preview(house, changed(content, lambda sheet: None))
    assert (again.changes, again.mistakes) == ((), ()), "also after another program saved it"


def test_people_who_left_and_entries_that_retired_stand_unchanged(made: Made) -> None:
    house, ids = made
    key = inventory_edits.edit(house, "s:credit", 0, {"owner": ids["ada"], "dependencies": ("s:fraud",)})
    fraud = inventory_edits.edit(house, "s:fraud", 0, {"purpose": "a"})
    accounts.disable(house, "ada")
    inventory_edits.retire(house, fraud, 1)
    found = inventory_import.preview(house, export(house))
    assert (found.changes, found.mistakes) == ((), ())
    assert key


# -- changes and mistakes -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("said", ["ben", "BEN", "ben@bank.example", "Ben Okri", " ben  okri "])
def test_people_are_named_by_login_mail_or_name(made: Made, said: str) -> None:
    house, ids = made
    found = tried(house, set_cell("credit", "Owner", said))
    (change,) = found.changes
    assert (change.name, change.field, change.before, change.after, change.new) == ("credit", "Owner", "", "ben", False)
    assert inventory_import.apply(house, found) == 1
    assert inventory.entry(house, "s:credit", day=TODAY).values["owner"] == ids["ben"]


MISTAKES: Mapping[str, tuple[str, object, str, str]] = {
    "unknown person": ("Owner", "Ben Okrri", "nobody active is called", "Did you mean Ben Okri"),
    "namesakes": ("Deputy", "Ada Lovelace", "2 people are called", "ada, ada2"),
    "not listed": ("Exposure", "Critcal", "Exposure cannot be 'Critcal'", "Did you mean Critical?"),
    "one of several": ("Regimes", "SR 26-2 model risk management; GDPR 22", "Regimes cannot be", "Allowed"),
    "day as another text": ("Last review", "31.1.2026", "no day", "2026-11-30"),
    "day as a number": ("Last review", 45_000, "no day", "Format the cell as a date"),
    "day with a time": ("Last review", datetime(2026, 1, 31, 10, 30), "no day", "2026-11-30"),
    "day to come": ("Last review", datetime(2190, 1, 1), "to come", ""),
    "no day of anybody": ("Next review", datetime(1950, 1, 1), "cannot be meant", ""),
    "formula": ("Purpose", "=1+1", "formula", "Write the value itself"),
    "error": ("Purpose", "#REF!", "formula or an error", ""),
    "truth": ("Purpose", True, "must be a text", ""),
    "too long": ("Vendor", "x" * 201, "201 characters", ""),
    "no name": ("Name", "", "name is empty", ""),
    "itself": ("Depends on", "s:credit", "depend on itself", ""),
    "unknown entry": ("Depends on", "s:fraut", "Depends on cannot be", "Did you mean s:fraud?"),
    "no kind": ("Kind", "", "Kind is empty", "Own model"),
    "revision no number": ("Revision", "one", "revision is no number", ""),
    "id of nobody": ("Id", "i_other", "no entry", ""),
    "another model": ("Registered model", "s:creditt", "no entry", "Did you mean s:credit?"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_named_by_its_cell_with_what_is_allowed(made: Made, name: str) -> None:
    house, _ = made
    title, value, message, hint = MISTAKES[name]
    place: list[str] = []

    def change(sheet: Any) -> None:
        cell = sheet.cell(row_of(sheet, "credit"), AT[title])
        cell.value = value
        place.append(f"{SHEET}!{cell.coordinate}")

    found = tried(house, change)
    (mistake,) = found.mistakes
    assert mistake.cell == place[0]
    assert message in mistake.message
    assert hint in mistake.hint
    assert not found.edits
    before = house.ledger.head()
    with pytest.raises(Invalid, match="1 mistakes"):
        inventory_import.apply(house, found)
    assert house.ledger.head() == before


def test_new_entries_are_written_below(made: Made) -> None:
    house, ids = made

    def add(sheet: Any) -> None:
        below = sheet.max_row + 1
        for title, value in {"Name": "Score X", "Kind": "vendor model", "Owner": "ada", "Vendor": "X"}.items():
            sheet.cell(below, AT[title]).value = value
        sheet.cell(below + 1, AT["Name"]).value = "Without a kind"

    found = tried(house, add)
    (mistake,) = found.mistakes
    assert (found.added, mistake.message) == (1, "Kind is empty.")
    found = tried(house, lambda sheet: (add(sheet), sheet.delete_rows(sheet.max_row)))
    assert (found.added, found.mistakes) == (1, ())
    inventory_import.apply(house, found)
    (one,) = inventory.listing(house, Query(kind="vendor"), day=TODAY).entries
    assert (one.name, one.values["owner"]) == ("Score X", ids["ada"])


def test_columns_may_be_missing_moved_but_not_unknown_or_doubled(made: Made) -> None:
    house, _ = made
    found = tried(house, lambda sheet: sheet.delete_cols(AT["Owner"]))
    assert (found.absent, found.mistakes, found.changes) == (("Owner",), (), ())
    found = tried(house, lambda sheet: sheet.cell(1, AT["Owner"], "Ownr"))
    assert [(each.cell, "Did you mean Owner?" in each.hint) for each in found.mistakes] == [("Inventory!G1", True)]
    found = tried(house, lambda sheet: sheet.cell(1, AT["Owner"], "Deputy"))
    assert "twice" in found.mistakes[0].message
    found = tried(house, lambda sheet: sheet.delete_cols(AT["Id"]))
    assert [each.message for each in found.mistakes] == ["The column Id is missing."]
    assert not found.edits


def test_an_entry_stands_in_the_file_once(made: Made) -> None:
    house, _ = made

    def twice(sheet: Any) -> None:
        below = sheet.max_row + 1
        for column, cell in enumerate(sheet[2], start=1):
            sheet.cell(below, column).value = cell.value

    (mistake,) = tried(house, twice).mistakes
    assert (mistake.cell, "twice, first in Inventory!C2" in mistake.message) == (f"Inventory!C{len(MODELS) + 2}", True)


def test_somebody_elses_change_is_a_mistake_before_and_a_conflict_after_the_preview(made: Made) -> None:
    house, _ = made
    content = changed(export(house), set_cell("credit", "Purpose", "Mine."))
    found = inventory_import.preview(house, content)
    key = inventory_edits.edit(house, "s:credit", 0, {"purpose": "Somebody else's."})
    before = house.ledger.head()
    with pytest.raises(Conflict, match=r"Inventory!A\d+: credit"):
        inventory_import.apply(house, found)
    assert house.ledger.head() == before
    again = inventory_import.preview(house, content)
    assert ("changed since" in again.mistakes[0].message, again.edits) == (True, ())
    stale = changed(export(house), set_cell("credit", "Purpose", "Mine."))
    inventory_edits.edit(house, key, 1, {"users": "Others"})
    (mistake,) = inventory_import.preview(house, stale).mistakes
    assert mistake.cell.startswith("Inventory!B")
    assert "revision 2" in mistake.message


def test_500_changes_and_20_mistakes(made: Made) -> None:
    house, _ = made
    news = [Edit(key="", revision=0, values={"name": f"model {n:03d}", "kind": "vendor"}) for n in range(520)]
    inventory_edits.write(house, news)
    wrong: list[str] = []

    def work(sheet: Any) -> None:
        for n in range(500):
            sheet.cell(row_of_number[n], AT["Purpose"]).value = f"Purpose {n}"
        for n in range(20):
            cell = sheet.cell(row_of_number[500 + n], AT["Owner"])
            cell.value = "nobody of ours"
            wrong.append(f"{SHEET}!{cell.coordinate}")

    content = export(house)
    sheet = openpyxl.load_workbook(io.BytesIO(content))[SHEET]
    at = {cell.value: cell.row for cell in sheet["D"]}
    row_of_number = [at[f"model {n:03d}"] for n in range(520)]
    found = inventory_import.preview(house, changed(content, work))
    assert [each.cell for each in found.mistakes] == wrong
    before = house.ledger.head()
    with pytest.raises(Invalid):
        inventory_import.apply(house, found)
    assert house.ledger.head() == before

    def corrected(sheet: Any) -> None:
        work(sheet)
        for n in range(20):
            sheet.cell(row_of_number[500 + n], AT["Owner"]).value = None

    found = inventory_import.preview(house, changed(content, corrected))
    assert (len(found.changes), found.mistakes) == (500, ())
    assert inventory_import.apply(house, found) == 500
    assert house.ledger.head()[0] == before[0] + 500
    assert sum(one.values["purpose"].startswith("Purpose ") for one in inventory.entries(house, day=TODAY)) == 500


# -- hostile --------------------------------------------------------------------------------------------------------


def packed(parts: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return out.getvalue()


def repacked(content: bytes, part: str, change: Callable[[bytes], bytes]) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        return packed({name: change(file.read(name)) if name == part else file.read(name) for name in file.namelist()})


HOSTILE: Mapping[str, bytes] = {
    "nothing": b"",
    "text": b"Id,Revision\n",
    "old Excel": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
    "empty zip": packed({}),
    "zip of something else": packed({"a.txt": b"b"}),
    "too many parts": packed({f"xl/{n}.xml": b"<a/>" for n in range(400)}),
    "bomb": packed({"xl/worksheets/sheet1.xml": b"\0" * 90_000_000}),
    "too big": b"PK" + b"0" * 5_000_001,
    "truncated": packed({"xl/workbook.xml": b"<a/>" * 1_000})[:-30],
    "paths": packed({"../../etc/passwd": b"x", "xl/workbook.xml": b"<a/>"}),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_that_is_no_workbook_is_refused(made: Made, name: str) -> None:
    with pytest.raises(Invalid) as caught:
        inventory_import.preview(made[0], HOSTILE[name])
    assert caught.value.hint


def test_entities_are_refused_before_anything_expands_them(made: Made) -> None:
    bomb = b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
    content = repacked(export(made[0]), "xl/sharedStrings.xml", lambda xml: bomb + xml.partition(b"?>")[2])
    with pytest.raises(Invalid, match="entities"):
        inventory_import.preview(made[0], content)


def test_a_size_that_the_file_lies_about_is_not_believed(made: Made) -> None:
    content = repacked(
        export(made[0]), "xl/worksheets/sheet1.xml",
        lambda xml: xml.replace(b"<sheetData>", b'<sheetData><row r="1048576"><c r="A1048576"><v>1</v></c></row>', 1),
    )  # fmt: skip
    with pytest.raises(Invalid):
        inventory_import.preview(made[0], content)


def test_more_rows_than_can_be_are_refused(made: Made) -> None:
    house, _ = made
    with pytest.raises(Invalid, match="beyond row"):
        list(workbook.rows(export(house), SHEET, most_rows=3, most_columns=30))


def test_another_sheet_is_no_inventory(made: Made) -> None:
    def rename(sheet: Any) -> None:
        sheet.title = "Models"

    with pytest.raises(Invalid, match="no sheet 'Inventory'"):
        tried(made[0], rename)


def test_links_to_elsewhere_are_never_followed(made: Made) -> None:
    found = tried(made[0], set_cell("credit", "Purpose", "='[evil.xlsx]Sheet1'!A1"))
    assert "formula" in found.mistakes[0].message


def test_columns_are_named_as_excel_names_them() -> None:
    assert [workbook._letters(n) for n in (0, 25, 26, 51, 52, 701, 702)] == ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]
