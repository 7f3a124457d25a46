"""What the page Monitor a model asks on the way to a monitor file; nothing here changes anything but the trail."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass

from core.errors import Invalid, NotFound
from core.monitors.draft_files import not_ours, of_monitor
from core.monitors.draft_guesses import guessed, label_values
from core.monitors.drafts import Draft
from core.monitors.files import load_one
from core.monitors.guesses import Guesser
from core.monitors.monitor import Scalar
from core.monitors.patterns import is_pattern
from core.monitors.seen import Column, Columns
from core.profiling import glance
from core.profiling.glance import Clock, Days, Join
from core.profiling.look import look, look_at
from core.services import profiling
from core.services.guard import needs
from core.services.house import DEMO, House
from core.services.monitor_drafts_logs import MOST_COLUMNS, Place, base_of, files_of

SHOWN_ROWS = 20
_PER_CHOICE = 20  # so many rows a value, or a value could be somebody's


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """Models to choose from. new: registered, without a monitor of their own.  monitored: with one, by its file."""

    new: tuple[str, ...]
    monitored: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A log as it was looked at, without a single value of a row but those that whole groups share.

    rows: looked at.  columns: name, type, share without a value, different values; examples left out.
    draft, why: what was guessed, and why.  choices: column -> all its values, where they are few.
    """

    rows: int
    files: int
    columns: tuple[Column, ...]
    draft: Draft
    why: Mapping[str, str]
    choices: Mapping[str, tuple[Scalar, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """First rows of a log, as texts."""

    names: tuple[str, ...]
    rows: tuple[tuple[str | None, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelTable:
    """Columns of a table of labels, and what they seem to be; "" where none fits. time: when a label arrived."""

    types: Mapping[str, str]
    id: str
    label: str
    time: str
    choices: Mapping[str, tuple[Scalar, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelJoin:
    """How labels fit. complete_after_days: proposed: after so many days 99 of 100 labels had come; None: not known."""

    join: Join
    complete_after_days: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Existing:
    """The monitor file of a model. digest: of its text.  reason: why the page cannot edit it; "" when it can."""

    file: str
    text: str
    digest: str
    reason: str
    draft: Draft | None


@needs("operate", everywhere=True)
def offered(house: House) -> Offered:
    """Models by name."""
    files = {name: found.file for name, found in profiling.monitors(house).monitors.items()}
    names = sorted({row["name"] for row in house.facts.read("model_names")}, key=str.casefold)
    return Offered(new=tuple(name for name in names if name not in files), monitored=files)


def checked_model(name: str) -> str:
    """A model's name that a monitor of its own can have. Raises Invalid."""
    said = name.strip()
    if not said or len(said) > 250 or not said.isprintable():
        raise Invalid("A model's name has 1 to 250 characters, on one line.", field="model", hint="Give it a name.")
    if is_pattern(said):
        raise Invalid(
            "A name with * or ? stands for many models.", field="model",
            hint="Name one model here; a file for many is written by hand.",
        )  # fmt: skip
    return said


@needs("operate", everywhere=True)
def looked(house: House, model: str, address: str, place: Place = "files") -> Look:
    """Looks at up to 100,000 rows of a log and guesses what its columns are. Raises Invalid, SourceError."""
    files = files_of(house, address, place)
    seen = look_at(files) if place == "files" else look(str(base_of(house) / address))
    if not seen.rows or len(seen.columns) > MOST_COLUMNS:
        raise Invalid(
            f"The log has {seen.rows:,} rows and {len(seen.columns):,} columns.", field="address",
            hint=f"It needs a row, and at most {MOST_COLUMNS:,} columns.",
        )  # fmt: skip
    draft, why = guessed(seen, model, address)
    bare = tuple(
        Column(name=column.name, type=column.type, nulls=column.nulls, distinct=column.distinct)
        for column in seen.columns
    )
    return Look(rows=seen.rows, files=len(files), columns=bare, draft=draft, why=why, choices=_choices(seen))


@needs("rows", everywhere=True)
def sample_rows(house: House, model: str, address: str, place: Place = "files") -> Sample:
    """The first rows of a log. Each look is an event: rows.viewed. Raises Invalid, SourceError."""
    house.require("operate")
    files = files_of(house, address, place)
    names, rows = glance.first_rows(files, SHOWN_ROWS)
    with house.deciding("rows") as tx:
        tx.append("rows.viewed", f"log:{model[:250]}", {"address": address[:500], "rows": len(rows)})
    return Sample(names=names, rows=tuple(rows))


@needs("operate", everywhere=True)
def days(house: House, draft: Draft) -> Days:
    """Rows of the log by local day. Raises Invalid where no column is a time, SourceError."""
    clock = _clock(draft)
    if clock is None:
        raise Invalid("No column is the time of the prediction.", field="time", hint="Choose it among the columns.")
    return glance.days(files_of(house, draft.address, draft.place), clock)


@needs("operate", everywhere=True)
def label_table(house: House, address: str) -> LabelTable:
    """Looks at a table of labels. Raises Invalid, SourceError."""
    seen = look_at(files_of(house, address))
    guesser = Guesser(seen)
    by_name = {column.name: column for column in seen.columns}
    time = next((column.name for column in seen.columns if column.kind == "time"), "")
    label = guesser.label(binary=False)
    key = next((name for name in by_name if name.casefold().split("_")[-1] in ("id", "uuid", "guid", "key")), "")
    rest = [name for name in by_name if name not in (key, time)]
    chosen = label.column.name if label else rest[-1] if rest else ""
    return LabelTable(types=seen.types, id=key, label=chosen, time=time, choices=_choices(seen))


@needs("operate", everywhere=True)
def label_join(house: House, draft: Draft, time: str = "") -> LabelJoin | None:
    """How labels fit the log, on some of its rows; None where none are chosen. time: column of the labels' time."""
    files = files_of(house, draft.address, draft.place)
    if not draft.label_files:
        column = draft.one("label")
        return LabelJoin(join=glance.inside(files, column), complete_after_days=None) if column else None
    key = draft.one("id")
    if not key:
        raise Invalid("Labels are joined by an id, and no column is the row id.", field="id",
                      hint="Choose it in the step Columns.")  # fmt: skip
    known = Clock(column=time) if time else None
    found = glance.join(files, key, files_of(house, draft.label_files), draft.label_id or key, draft.label_column,
                        _clock(draft), known)  # fmt: skip
    late = None if found.p99 is None else max(0, math.ceil(found.p99))
    return LabelJoin(join=found, complete_after_days=late)


@needs("operate", everywhere=True)
def existing(house: House, model: str) -> Existing | None:
    """The file that speaks for a model now, None where there is none; a pattern's file counts."""
    loaded = profiling.monitors(house)
    folder = DEMO / "monitors" if house.active == "demo" else house.settings.monitors
    found = loaded.monitors.get(model)
    if found is None:
        return None
    path = folder / found.file
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise NotFound(f"{found.file} cannot be read.", hint="Look at it where the server runs.") from error
    reason = not_ours(text)
    draft = None
    if not reason:
        monitor = load_one(path).monitor
        if monitor.log.files or monitor.log.delta:
            draft = of_monitor(monitor, {})
        else:
            reason = "Its log is a query."
    return Existing(file=found.file, text=text, digest=digest(text), reason=reason, draft=draft)


def digest(text: str) -> str:
    """SHA-256 of a file's text, "" of no file."""
    return hashlib.sha256(text.encode()).hexdigest() if text else ""


def _clock(draft: Draft) -> Clock | None:
    column = draft.one("time")
    return Clock(column=column, naive=draft.naive, unit=draft.unit, zone=draft.zone) if column else None


def _choices(seen: Columns) -> dict[str, tuple[Scalar, ...]]:
    """All values of columns with few, each of which many rows share."""
    found = {
        column.name: tuple(label_values(seen, column.name)) for column in seen.columns
        if 0 < column.distinct * _PER_CHOICE <= seen.rows
    }  # fmt: skip
    return {name: values for name, values in found.items() if values}
