"""Reading an Excel file back: every change shown first, every mistake named by its cell, and all or nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from core.errors import Conflict, Invalid
from core.governance.inventory_fields import BY_NAME, FIELDS
from core.monitors.near import choice, near, show
from core.services import inventory, inventory_edits, inventory_excel, inventory_values, workbook
from core.services.guard import needs
from core.services.house import House
from core.services.inventory import Entry
from core.services.inventory_edits import Edit
from core.services.inventory_excel import COLUMNS, SHEET
from core.services.inventory_values import Known
from core.services.workbook import Cell, Row, unescaped

ROWS = 20_000
FORMULA = "This cell holds a formula or an error."
EDITABLE = {column.title: column.field for column in COLUMNS if column.field is not None}
IDENTITY = ("Id", "Revision", "Registered model")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """Something that cannot be taken. cell: such as Inventory!E17.  message: what is wrong.  hint: what is allowed."""

    cell: str
    message: str
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One cell that changes an entry, before and after as people read them. new: the entry is new."""

    cell: str
    key: str
    name: str
    field: str
    before: str
    after: str
    new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a file would do. Nothing of it can be applied while there is a mistake.

    edited, added, unchanged: numbers of entries.  absent: columns that the file lacks; they stay as they are.
    """

    changes: tuple[Change, ...]
    mistakes: tuple[Mistake, ...]
    edited: int
    added: int
    unchanged: int
    absent: tuple[str, ...]
    edits: tuple[Edit, ...]


@needs("inventory")
def preview(house: House, content: bytes) -> Preview:
    """What an Excel file would change. Raises Invalid for a file that is no such workbook at all."""
    rows = workbook.rows(content, SHEET, most_rows=ROWS, most_columns=3 * len(COLUMNS))
    header = next(rows, None)
    mistakes: list[Mistake] = []
    at = _columns(header, mistakes)
    day = inventory.today()
    reading = _Reading(
        known=inventory_values.known(house, day=day), by_key=inventory.by_key(house, day=day), at=at, day=day, seen={}
    )
    changes: list[Change] = []
    edits: list[Edit] = []
    counts = {"edited": 0, "added": 0, "unchanged": 0}
    if at:
        for row in rows:
            try:
                outcome = _row(reading, row, changes, edits)
            except _Wrong as wrong:
                mistakes += wrong.mistakes
            else:
                if outcome:
                    counts[outcome] += 1
    return Preview(
        changes=tuple(changes), mistakes=tuple(mistakes), edits=tuple(edits), edited=counts["edited"],
        added=counts["added"], unchanged=counts["unchanged"], absent=tuple(t for t in EDITABLE if at and t not in at),
    )  # fmt: skip


@needs("inventory")
def apply(house: House, previewed: Preview) -> int:
    """Writes all changes of a preview in one transaction; returns the number of entries written.

    Raises Invalid while there are mistakes, Conflict naming the cells of entries that were changed meanwhile.
    """
    if previewed.mistakes:
        raise Invalid(
            f"The file has {len(previewed.mistakes):,} mistakes, so nothing of it is taken.",
            hint="Correct them in the file and read it again.",
        )
    inventory_edits.write(house, previewed.edits)
    return len(previewed.edits)


class _Wrong(Exception):
    """The mistakes of one row."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        super().__init__()
        self.mistakes = mistakes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """What rows are read with. at: title -> index of its column.  seen: key -> cell that named it first."""

    known: Known
    by_key: Mapping[str, Entry]
    at: Mapping[str, int]
    day: date
    seen: dict[str, str]


def _columns(header: Row | None, mistakes: list[Mistake]) -> dict[str, int]:
    """Where each column stands; empty when rows cannot be told apart."""
    titles = {column.title.casefold(): column.title for column in COLUMNS}
    found: dict[str, int] = {}
    for number, cell in enumerate(header.cells if header else ()):
        said = cell.text.strip()
        if not said:
            continue
        title = titles.get(said.casefold())
        if title is None:
            close = near(said, titles.values())
            meant = f"Did you mean {close[0]}? " if close else ""
            known = choice(column.title for column in COLUMNS)
            mistakes.append(
                Mistake(cell=cell.at, message=f"There is no column {show(said)}.", hint=f"{meant}Columns: {known}.")
            )
        elif title in found:
            mistakes.append(Mistake(cell=cell.at, message=f"The column {title} is there twice.", hint="Delete one."))
        else:
            found[title] = number
    missing = [title for title in IDENTITY if title not in found]
    mistakes += [
        Mistake(
            cell=f"{SHEET}!1:1", message=f"The column {title} is missing.",
            hint="Its cells say which entry a row is of. Begin with an export and leave that column in it.",
        )
        for title in missing
    ]  # fmt: skip
    return {} if missing else found


def _row(reading: _Reading, row: Row, changes: list[Change], edits: list[Edit]) -> str | None:
    """Takes up one row: "edited", "added", "unchanged"; None for an empty one. Raises _Wrong."""
    said = {title: row.cell(number) for title, number in reading.at.items()}
    if not any(cell.text.strip() for cell in said.values()):
        return None
    one = _found(reading, said)
    exported = inventory_excel.cells(one, reading.known) if one else {}
    values: dict[str, object] = {}
    wrong: list[Mistake] = []
    for title, field in EDITABLE.items():
        cell = said.get(title)
        if cell is None or (cell.same(exported.get(title, "")) and not cell.formula):
            continue
        try:
            values[field.name] = _value(reading, cell, field.name)
        except Invalid as error:
            wrong.append(Mistake(cell=cell.at, message=error.message, hint=error.hint))
    kind = _at(said, row, "Kind")
    if one is None and "kind" not in values and not any(mistake.cell == kind for mistake in wrong):
        allowed = choice(reading.known.choices["kind"].values())
        wrong.append(Mistake(cell=kind, message="Kind is empty.", hint=f"Allowed: {allowed}."))
    if wrong:
        raise _Wrong(wrong)
    if one is not None and not values:
        return "unchanged"
    where = {"": row.cells[0].at} | {field.name: _at(said, row, title) for title, field in EDITABLE.items()}
    edit = Edit(key=one.key if one else "", revision=one.revision if one else 0, values=values, cells=where)
    return _planned(reading, edit, one, said, row, changes, edits)


def _planned(
    reading: _Reading, edit: Edit, one: Entry | None, said: Mapping[str, Cell], row: Row, changes: list[Change],
    edits: list[Edit],
) -> str:  # fmt: skip
    bare = Edit(key=edit.key, revision=edit.revision, values=edit.values)  # what it says bears the cell already
    try:
        step = inventory_edits.step(reading.known, bare, one, day=reading.day)
    except (Invalid, Conflict) as error:
        title = BY_NAME[error.field].title if isinstance(error, Invalid) and error.field in BY_NAME else ""
        raise _wrong(_at(said, row, title), error.message, error.hint) from error
    if not step.changed:
        return "unchanged"
    if one is not None and _whole_number(said["Revision"]) != one.revision:
        raise _stale(said["Revision"], one)
    edits.append(edit)
    changes += [
        Change(
            cell=_at(said, row, field.title), key=edit.key, name=step.name, field=field.title,
            before=inventory_values.say(reading.known, field.name, step.before[field.name]) if one else "",
            after=inventory_values.say(reading.known, field.name, step.after[field.name]), new=one is None,
        )
        for field in FIELDS if field.name in step.changed
    ]  # fmt: skip
    return "edited" if one else "added"


def _found(reading: _Reading, said: Mapping[str, Cell]) -> Entry | None:
    """The entry that a row is of; None for a new one. Raises _Wrong."""
    entry_id, ref, revision = (said[title] for title in ("Id", "Registered model", "Revision"))
    for cell in (entry_id, ref, revision):
        if cell.formula:
            raise _wrong(cell.at, FORMULA, "Write the value itself.")
    cell = entry_id if entry_id.text.strip() else ref
    key = cell.text.strip()
    if not key:
        return None
    one = reading.by_key.get(cell.text) or reading.by_key.get(key) or reading.by_key.get(unescaped(key))
    if one is None or (cell is entry_id and one.id != key):
        close = near(key, reading.by_key)
        meant = f"Did you mean {close[0]}?" if close else "Leave Id and Registered model empty for a new entry."
        raise _wrong(cell.at, f"There is no entry {show(key)}.", meant)
    if cell is entry_id and not ref.same(one.ref or ""):
        hint = f"It is {one.ref}." if one.ref else "This entry has none: leave the cell empty."
        raise _wrong(ref.at, "The registered model of an entry cannot be changed here.", hint)
    if one.key in reading.seen:
        told = f"{one.name[:80]} stands in the file twice, first in {reading.seen[one.key]}."
        raise _wrong(cell.at, told, "Keep one of the rows.")
    reading.seen[one.key] = cell.at
    if cell is ref and one.id is not None:
        raise _stale(revision, one)
    if _whole_number(revision) is None:
        told = f"The revision is no number: {show(revision.text)}."
        raise _wrong(revision.at, told, f"It is {one.revision}; begin with a fresh export.")
    return one


def _value(reading: _Reading, cell: Cell, name: str) -> object:
    field = BY_NAME[name]
    if cell.formula:
        raise Invalid(FORMULA, hint="Write the value itself.")
    if field.kind == "day":
        if cell.text.strip() and not isinstance(cell.value, str | datetime | date):
            raise Invalid(f"{field.title} is no day: {show(cell.text)}.", hint="Format the cell as a date: 2026-11-30.")
        return inventory_values.fit(reading.known, name, cell.text.strip(), None)
    if isinstance(cell.value, bool | datetime | date):
        raise Invalid(f"{field.title} must be a text, got {show(cell.text)}.", hint="Format the cell as text.")
    return inventory_values.read(reading.known, name, cell.text)


def _wrong(cell: str, message: str, hint: str) -> _Wrong:
    return _Wrong([Mistake(cell=cell, message=message, hint=hint)])


def _stale(cell: Cell, one: Entry) -> _Wrong:
    told = f"{one.name[:80]} was changed since this file was exported (it has revision {one.revision} now)."
    return _wrong(cell.at, told, "Export it again and make your changes there.")


def _at(said: Mapping[str, Cell], row: Row, title: str) -> str:
    cell = said.get(title)
    return cell.at if cell else row.cells[0].at


def _whole_number(cell: Cell) -> int | None:
    if isinstance(cell.value, bool):
        return None
    try:
        return int(cell.text.strip() or "0")
    except ValueError:
        return None
