"""The fields of an inventory entry that people fill: one list for forms, the bulk table, Excel and the history."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

FieldKind = Literal["line", "text", "person", "choice", "choices", "day", "entries", "project"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """name: of the column.  title: as people read it.  longest: characters; 0 where that means nothing.

    kind: line and text are words, person an id, choice and choices ids of closed lists, day an ISO date,
    entries keys of other entries.
    """

    name: str
    title: str
    kind: FieldKind
    about: str
    longest: int = 0


FIELDS: tuple[Field, ...] = (
    Field(name="name", title="Name", kind="line", longest=200, about="What people call it. Required."),
    Field(
        name="kind", title="Kind", kind="choice",
        about="Own: built here. Vendor: bought or used as a service. Language: a language model, whoever built it.",
    ),
    Field(name="description", title="Description", kind="text", longest=4_000, about="What it is, in a few sentences."),
    Field(name="owner", title="Owner", kind="person", about="The one who answers for the model."),
    Field(name="deputy", title="Deputy", kind="person", about="Stands in when the owner is away."),
    Field(
        name="validator", title="Validator", kind="person",
        about="Checks it independently: somebody who neither owns nor built it.",
    ),
    Field(
        name="project", title="Project", kind="project",
        about="Scopes rights and policy. Registered models get theirs by the projects' rules.",
    ),
    Field(
        name="purpose", title="Purpose", kind="text", longest=4_000,
        about="Intended use: what is decided with it, for whom, and what it must not be used for.",
    ),
    Field(
        name="users", title="Users", kind="line", longest=500,
        about="Who uses its results: teams, systems, customers.",
    ),
    Field(name="data_categories", title="Data categories", kind="choices", about="What kinds of data it is fed with."),
    Field(name="vendor", title="Vendor", kind="line", longest=200, about="Who supplies it. Vendor models need one."),
    Field(name="exposure", title="Exposure", kind="choice", about="What is touched when it errs."),
    Field(name="purpose_class", title="Purpose class", kind="choice", about="How its results are acted on."),
    Field(
        name="dependencies", title="Depends on", kind="entries",
        about="Other entries whose results it takes in: one a line in Excel, by id, registered model or name.",
    ),
    Field(
        name="backup", title="Backup", kind="line", longest=300,
        about="Which version or model takes over when it fails, or what is done by hand.",
    ),
    Field(name="last_review", title="Last review", kind="day", about="The day of the last completed review."),
    Field(
        name="next_review", title="Next review", kind="day",
        about="Only where another day is agreed: left empty, it follows from the tier and the last review.",
    ),
    Field(name="regimes", title="Regimes", kind="choices", about="Laws and standards that apply."),
)  # fmt: skip
BY_NAME = {field.name: field for field in FIELDS}
PEOPLE = tuple(field.name for field in FIELDS if field.kind == "person")
BULK = ("owner", "deputy", "validator", "purpose_class", "exposure", "backup", "vendor", "last_review", "next_review")
"""Fields that the bulk table edits."""
EMPTY: Mapping[str, Any] = {
    field.name: () if field.kind in ("choices", "entries") else "" if field.kind in ("line", "text") else None
    for field in FIELDS
} | {"kind": "own"}
"""What an entry says before anybody described it."""
