"""The inventory as an Excel file: what is listed, with drop-downs for closed lists and what each column means.

A file that is imported unchanged changes nothing: a cell that says what was exported is never read anew.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from core.governance.inventory import GAP
from core.governance.inventory_fields import FIELDS, Field
from core.services import inventory, inventory_values
from core.services.guard import needs
from core.services.house import House
from core.services.inventory import Entry, Query
from core.services.inventory_values import Known

SHEET, HELP, LISTS = "Inventory", "Columns", "Allowed values"
SPARE_ROWS = 500
"""Rows below the last entry that already have drop-downs, for new entries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of the sheet. locked: told only, an import does not take it.  field: what it edits; None if locked."""

    title: str
    about: str
    width: int
    field: Field | None = None

    @property
    def locked(self) -> bool:
        return self.field is None


_WIDTHS = {"line": 24, "text": 44, "person": 18, "choice": 20, "choices": 30, "day": 13, "entries": 30}
COLUMNS: tuple[Column, ...] = (
    Column(title="Id", width=21, about="Of the entry. Empty: not described yet, or a new entry. Do not change it."),
    Column(title="Revision", width=9, about="Tells whether somebody else changed the entry since. Do not change it."),
    Column(title="Registered model", width=28, about="Source and name in the registry. Empty for a new entry."),
    *(
        Column(title=field.title, about=field.about, width=_WIDTHS[field.kind], field=field)
        for field in FIELDS if field.kind != "project"
    ),
    Column(title="Tier", width=7, about="From exposure and purpose class, or overridden over a signature. Told only."),
    Column(title="Stage", width=13, about="Of the registered model. Told only."),
    Column(title="Gaps", width=50, about="What is missing. Told only."),
)  # fmt: skip


@needs("view")
def export(house: House, query: Query, *, day: date) -> bytes:
    """All entries that match, as an Excel file. day: today. Raises Invalid for a filter that means nothing."""
    return written(inventory.matching(house, query, day=day), inventory_values.known(house, day=day))


def written(entries: Sequence[Entry], known: Known) -> bytes:
    """Entries as an Excel file."""
    import xlsxwriter

    out = io.BytesIO()
    options = {"strings_to_formulas": False, "strings_to_urls": False,
               "strings_to_numbers": False}  # fmt: skip
    with xlsxwriter.Workbook(out, options) as book:
        styles = {
            "head": book.add_format({"bold": True, "bottom": 1, "locked": True, "valign": "top"}),
            "open": book.add_format({"locked": False, "valign": "top"}),
            "day": book.add_format({"locked": False, "valign": "top", "num_format": "yyyy-mm-dd"}),
            "told": book.add_format({"locked": True, "valign": "top", "font_color": "#64748B", "bg_color": "#F1F5F9"}),
        }
        sheet, about, lists = (book.add_worksheet(name) for name in (SHEET, HELP, LISTS))
        _entries(sheet, styles, entries, known)
        ranges = _lists(lists, styles, known)
        _validate(sheet, ranges, len(entries) + SPARE_ROWS)
        _explain(about, styles)
        # Without a password: it keeps from slips, whoever wants to may take it off.
        sheet.protect(
            "", {"sort": True, "autofilter": True, "format_columns": True, "format_rows": True, "format_cells": True,
                 "insert_rows": True}
        )  # fmt: skip
    return out.getvalue()


def cells(entry: Entry, known: Known) -> dict[str, str]:
    """What each cell of an entry says, by column title; days as ISO texts."""
    said = {"Id": entry.id or "", "Revision": str(entry.revision), "Registered model": entry.ref or ""}
    for field in FIELDS:
        if field.kind != "project":
            said[field.title] = inventory_values.say(known, field.name, entry.values[field.name])
    told = str(entry.tier or "") + (" (overridden)" if entry.override else "")
    return said | {
        "Tier": told, "Stage": entry.stage, "Gaps": "\n".join(GAP[code].sentence for code in entry.gaps)
    }  # fmt: skip


def _entries(sheet: Any, styles: Mapping[str, Any], entries: Sequence[Entry], known: Known) -> None:
    for number, column in enumerate(COLUMNS):
        kind = "told" if column.locked else "day" if column.field and column.field.kind == "day" else "open"
        sheet.set_column(number, number, column.width, styles[kind])
    sheet.freeze_panes(1, 4)
    sheet.autofilter(0, 0, len(entries), len(COLUMNS) - 1)
    for number, column in enumerate(COLUMNS):
        sheet.write_string(0, number, column.title, styles["head"])
    for row, entry in enumerate(entries, start=1):
        said = cells(entry, known)
        for number, column in enumerate(COLUMNS):
            text = said[column.title]
            if not text:
                continue
            if column.title == "Revision":
                sheet.write_number(row, number, entry.revision, styles["told"])
            elif column.field is not None and column.field.kind == "day":
                sheet.write_datetime(row, number, datetime.fromisoformat(text), styles["day"])
            else:
                sheet.write_string(row, number, text, styles["told" if column.locked else "open"])


def _lists(sheet: Any, styles: Mapping[str, Any], known: Known) -> dict[str, str]:
    """Writes the closed lists, a column each; returns the range of each by field name."""
    sheet.set_column(0, 20, 30)
    people = sorted(one.login for one in known.people.values() if one.active and one.login)
    columns: dict[str, list[str]] = {"people": people}
    columns |= {name: list(options.values()) for name, options in known.choices.items()}
    titles = {field.name: field.title for field in FIELDS} | {"people": "People (login)"}
    for number, name in enumerate(columns):
        sheet.write_string(0, number, titles[name], styles["head"])
    for row in range(max(len(values) for values in columns.values())):
        for number, values in enumerate(columns.values()):
            if row < len(values):
                sheet.write_string(row + 1, number, values[row])
    names = {name: chr(ord("A") + number) for number, name in enumerate(columns)}
    return {
        name: f"='{LISTS}'!${names[name]}$2:${names[name]}${len(values) + 1}"
        for name, values in columns.items() if values
    }  # fmt: skip


def _validate(sheet: Any, ranges: Mapping[str, str], last: int) -> None:
    for number, column in enumerate(COLUMNS):
        field = column.field
        if field is None:
            continue
        source = ranges.get("people" if field.kind == "person" else field.name) if field.kind != "choices" else None
        if source:
            # People may also be named by mail or full name, so theirs only warns.
            kind = "warning" if field.kind == "person" else "stop"
            sheet.data_validation(
                1, number, last, number,
                {"validate": "list", "source": source, "error_type": kind, "error_title": field.title,
                 "error_message": f"See the sheet {LISTS}."},
            )  # fmt: skip
        elif field.kind == "day":
            sheet.data_validation(
                1, number, last, number,
                {"validate": "date", "criteria": "between", "minimum": inventory_values.FIRST_DAY,
                 "maximum": inventory_values.LAST_DAY, "error_title": field.title, "error_message": "This is no day."},
            )  # fmt: skip


def _explain(sheet: Any, styles: Mapping[str, Any]) -> None:
    sheet.set_column(0, 0, 20)
    sheet.set_column(1, 1, 14)
    sheet.set_column(2, 2, 110)
    for number, title in enumerate(("Column", "May be edited", "What it means")):
        sheet.write_string(0, number, title, styles["head"])
    for row, column in enumerate(COLUMNS, start=1):
        field = column.field
        more = {
            "person": f" A login; a mail address or the full name is taken too. See {LISTS}.",
            "choice": f" One of {LISTS}.", "choices": f" Any of {LISTS}, parted by ;.",
            "day": " A date.",
        }.get(field.kind, "") if field else ""  # fmt: skip
        limit = f" At most {field.longest:,} characters." if field and field.longest else ""
        sheet.write_string(row, 0, column.title)
        sheet.write_string(row, 1, "no" if column.locked else "yes")
        sheet.write_string(row, 2, f"{column.about}{more}{limit}")
    end = len(COLUMNS) + 2
    sheet.write_string(end, 0, "New entries")
    sheet.write_string(end, 2, "Write them below the last row, without Id, Revision and Registered model.")
