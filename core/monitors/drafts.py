"""A monitor in the making: which column is what, and the rest, before it is a file. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from core.errors import MonitorError
from core.monitors.columns import check
from core.monitors.files import Resolved, of_text
from core.monitors.first import name_for
from core.monitors.monitor import Scalar
from core.monitors.near import show
from core.monitors.seen import kind_of
from core.monitors.written import text_of, written

MARK = "# Written by the page Monitor a model. A comment added by hand makes the page show this file to read only.\n"
Role = Literal[
    "time", "id", "version", "score", "prediction", "probability", "label", "number", "category", "protected",
    "segment", "latency", "status", "kpi", "out",
]  # fmt: skip
ROLES: Mapping[Role, str] = {
    "time": "Time of the prediction", "id": "Row id", "version": "Model version", "score": "Score",
    "prediction": "Prediction", "probability": "Probability of a class", "label": "Label (what came true)",
    "number": "Numeric feature", "category": "Categorical feature", "protected": "Protected attribute",
    "segment": "Segment", "latency": "Latency (ms)", "status": "Status of the request", "kpi": "Business figure (KPI)",
    "out": "Leave out",
}  # fmt: skip
ONCE: tuple[Role, ...] = ("time", "id", "version", "score", "prediction", "label", "latency", "status")
_NUMBERS: tuple[Role, ...] = ("score", "probability", "number", "latency", "kpi")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """All that a person chose.

    place, address: where the log is.  types: column of the log -> type.  roles: column -> what it is.
    also: columns of protected attributes and segments that are features too.  bands: column -> inner edges.
    crossed: columns of protected attributes whose intersections are looked at.  errors: values of the status column.
    label_files: another table's address, "" where the label is in the log; label_column, label_id: columns there.
    since, until: local days of the log that are the reference, until excluded; reference_files: another file instead.
    """

    model: str
    place: Literal["files", "delta"] = "files"
    address: str = ""
    types: Mapping[str, str] = field(default_factory=dict)
    roles: Mapping[str, Role] = field(default_factory=dict)
    also: frozenset[str] = frozenset()
    bands: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    crossed: tuple[tuple[str, ...], ...] = ()
    errors: tuple[Scalar, ...] = ()
    task: str = "binary"
    positive: Scalar = 1
    favourable: str = "positive"
    thresholds: tuple[float, ...] = (0.5,)
    classes: tuple[Scalar, ...] = ()
    class_of: Mapping[str, str] = field(default_factory=dict)
    fixed_version: str = ""
    zone: str = "UTC"
    window: str = "day"
    naive: str = "utc"
    unit: str = "ms"
    label_files: str = ""
    label_column: str = ""
    label_id: str = ""
    complete_after_days: int = 0
    since: str = ""
    until: str = ""
    reference_files: str = ""

    def having(self, role: Role) -> list[str]:
        """Columns of a role, in the log's order."""
        return [column for column, own in self.roles.items() if own == role]

    def one(self, role: Role) -> str:
        """The column of a role, "" where there is none."""
        return next(iter(self.having(role)), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """text: the file as it would be.  resolved: None while there are problems."""

    text: str
    resolved: Resolved | None
    problems: Sequence[MonitorError]


def checked(draft: Draft, file: str = "") -> Checked:
    """The draft as the text of a file, with all that is wrong with it: by the checks that monitor files pass."""
    text = text_of(values(draft))
    if problems := _of_roles(draft):
        return Checked(text=MARK + text, resolved=None, problems=problems)
    resolved, wrong = of_text(text, file)
    if resolved is None:
        return Checked(text=MARK + text, resolved=None, problems=wrong)
    missing = check(resolved, draft.types) if draft.types else ()
    text = MARK + written(resolved.monitor)
    return Checked(text=text, resolved=None if missing else resolved, problems=missing)


def values(draft: Draft) -> dict[str, Any]:
    """The keys of the monitor file."""
    told: dict[str, Any] = {
        "model": draft.model, "log": {draft.place: draft.address}, "task": draft.task, "zone": draft.zone,
        "window": draft.window, "positive": draft.positive, "favourable": draft.favourable,
        "thresholds": list(draft.thresholds),
    }  # fmt: skip
    if time := draft.one("time"):
        told["timestamp"] = {"column": time, "naive": draft.naive, "unit": draft.unit}
    single: tuple[Role, ...] = ("id", "version", "score", "prediction", "latency")
    told |= {role: draft.one(role) for role in single if draft.one(role)}
    if draft.fixed_version and "version" not in told:
        told["fixed_version"] = draft.fixed_version
    if label := _label(draft):
        told["label"] = label
    if draft.task == "multiclass":
        told["classes"] = list(draft.classes)
        if shares := draft.having("probability"):
            told["probabilities"] = {draft.class_of.get(column, column): column for column in shares}
    told["features"] = _features(draft)
    protected = _attributes(draft, "protected")
    told |= {"protected": protected} if protected else {}
    by_column = {rule["column"]: name for name, rule in protected.items()}
    crossed = [[by_column[c] for c in pair] for pair in draft.crossed if all(c in by_column for c in pair)]
    told |= {"intersections": crossed} if crossed else {}
    if segments := _attributes(draft, "segment"):
        told["segments"] = segments
    told["reference"] = (
        {"table": {"files": draft.reference_files}}
        if draft.reference_files
        else {key: day for key, day in (("since", draft.since), ("until", draft.until)) if day}
    )
    if status := draft.one("status"):
        told["status"] = {"column": status, "errors": list(draft.errors)}
    if kpis := draft.having("kpi"):
        told["kpis"] = {name: {"figure": column} for name, column in _named(kpis)}
    return told


def _label(draft: Draft) -> dict[str, Any]:
    days = {"complete_after_days": draft.complete_after_days}
    if draft.label_files:
        told = {"column": draft.label_column, "table": {"files": draft.label_files}, **days}
        return {**told, "id": draft.label_id} if draft.label_id else told
    column = draft.one("label")
    return {"column": column, **days} if column else {}


def _features(draft: Draft) -> dict[str, Any]:
    numeric, categorical = [], []
    for column, role in draft.roles.items():
        too = column in draft.also and role in ("protected", "segment")
        if role == "number" or (too and kind_of(draft.types.get(column, "")) == "number"):
            numeric.append(column)
        elif role == "category" or too:
            categorical.append(column)
    told = {"numeric": numeric, "categorical": categorical}
    return {key: columns for key, columns in told.items() if columns} or {"all": False}


def _attributes(draft: Draft, role: Role) -> dict[str, Any]:
    found = {}
    for name, column in _named(draft.having(role)):
        bands = draft.bands.get(column, ())
        found[name] = {"column": column, "bands": list(bands)} if bands else {"column": column}
    return found


def _named(columns: Iterable[str]) -> list[tuple[str, str]]:
    """Each column with a name of its own that a monitor file can hold."""
    names: dict[str, str] = {}
    for column in columns:
        names[name_for(column, names)] = column
    return list(names.items())


def _of_roles(draft: Draft) -> list[MonitorError]:
    """What is wrong with the choice of columns, in the words of the table in which they are chosen."""
    found = []
    for role in ONCE:
        if len(columns := draft.having(role)) > 1:
            names = " and ".join(show(column) for column in columns[:4])
            found.append(MonitorError(
                f"{len(columns)} columns are “{ROLES[role]}”: {names}.",
                hint="A monitor has one. Give the others another role, or leave them out.",
            ))  # fmt: skip
    if not draft.having("time"):
        found.append(MonitorError(
            "No column is “Time of the prediction”.", hint="Every row needs a time: it decides which day it counts in."
        ))  # fmt: skip
    if not (draft.having("score") or draft.having("prediction")) and draft.task != "other":
        found.append(MonitorError(
            "No column is “Score” or “Prediction”.",
            hint="Choose the column that holds what the model answered.",
        ))  # fmt: skip
    for column, role in draft.roles.items():
        kind = kind_of(draft.types[column]) if column in draft.types else "number"
        if role == "time" and kind not in ("time", "number", "text"):
            found.append(MonitorError(f"{show(column)} is of type {draft.types[column][:60]}, which is no time.",
                                      hint="Choose times, numbers since 1970, or texts."))  # fmt: skip
        if role in _NUMBERS and kind not in ("number", "yes_no"):
            found.append(MonitorError(
                f"{show(column)} is of type {draft.types[column][:60]}, and “{ROLES[role]}” needs numbers.",
                hint="Give it another role: a text can be a categorical feature.",
            ))  # fmt: skip
        if role == "category" and kind in ("time", "other"):
            found.append(MonitorError(f"{show(column)} is of type {draft.types[column][:60]}: it has no categories.",
                                      hint="Leave it out."))  # fmt: skip
    if not draft.reference_files and not (draft.since and draft.until):
        found.append(MonitorError(
            "No reference is chosen.", hint="In the step Reference, choose days of the log or another file."
        ))  # fmt: skip
    if draft.label_files and draft.having("label"):
        found.append(MonitorError(
            f"{show(draft.one('label'))} is a label in the log, and labels are read from another file too.",
            hint="Choose one of them.",
        ))  # fmt: skip
    return found
