"""Reading a folder of monitor files: one monitor for each model, and every mistake with its file and line.

A file's own name means nothing; its key `model` does. A concrete name goes before a pattern, a pattern with more
literal letters before one with fewer. Hidden files and folders are left alone.
"""

import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from core.errors import MonitorError
from core.monitors.inheritance import SUFFIXES, Folder
from core.monitors.mistakes import mistakes
from core.monitors.monitor import Monitor
from core.monitors.patterns import Draft, assigned, filled, is_pattern
from core.monitors.tree import Keys, Node, Place, parse, places, plain

_MODEL_LINE = re.compile(
    r"""^model:[ ]+(?:"([^"\\\n]*)"|'([^'\n]*)'|([^\s"'#&*!|>][^#\n]*?))[ ]*(?:#.*)?$""", re.MULTILINE
)
_NOT_READ: Any = {  # changes what is said about the numbers, not how rows are counted
    "favourable": True,
    "label": {"complete_after_days": True, "table": {"sql": {"password_env"}}},
    "log": {"sql": {"password_env"}},
    "reference": {"table": {"sql": {"password_env"}}},
    "kpis": {"__all__": {"better"}},
    "measurements": {"__all__": {"better"}},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """A monitor and where it comes from.

    file: relative to the folder, with /.  id: 16 hex digits of a SHA-256 over all that decides how rows are read and
    counted; the same for files that mean the same.  places: path of keys -> where it was written.
    """

    monitor: Monitor
    file: str
    id: str
    places: Mapping[Keys, Place]


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What a folder of monitor files says.

    monitors: model -> its monitor; none for the models of broken files.  problems: every mistake, by file and line.
    """

    monitors: Mapping[str, Resolved]
    problems: Sequence[MonitorError]


def load(folder: Path, models: Sequence[str]) -> Loaded:
    """One monitor for each model: for those that a file names, and those of `models` that a pattern fits.

    models: the registered models' names, which may hold any characters. A folder that is not there holds no monitor.
    """
    root = Folder(folder.resolve())
    drafts: list[Draft] = []
    problems: list[MonitorError] = []
    for path in _found(root.root):
        try:
            node, abstract = root.merged(path)
        except MonitorError as error:
            problems.append(error)
            drafts += _broken(path, root.shown(path))
            continue
        if abstract:
            problems += _partial(node)
            continue
        draft, wrong = _draft(node, root.shown(path))
        problems += wrong
        drafts += [draft] if draft else []
    chosen, ties = assigned(drafts, models)
    problems += ties
    written = {id(draft.node): places(draft.node) for draft in drafts if draft.node}
    monitors: dict[str, Resolved] = {}
    for model, draft in chosen.items():
        if draft.node is not None:
            try:
                monitors[model] = _resolved(draft.node, model, draft.file, written[id(draft.node)])
            except ExceptionGroup as group:
                problems += [error for error in group.exceptions if isinstance(error, MonitorError)]
    return Loaded(monitors=monitors, problems=_once(problems))


def load_one(path: Path, *, model: str | None = None, folder: Path | None = None) -> Resolved:
    """The monitor of one file. Raises its first MonitorError.

    model: put in for a pattern; without it a pattern and its {model} stay as they are.
    folder: that of the monitor files, which `extends` may not leave; the file's own when left out.
    """
    root = Folder((folder or path.parent).resolve())
    node, _ = root.merged(path)
    name = node.value["model"].node.value if isinstance(node.value, dict) and "model" in node.value else None
    concrete = name if isinstance(name, str) and not is_pattern(name) else None
    try:
        return _resolved(node, model or concrete, root.shown(path.resolve()), places(node))
    except ExceptionGroup as group:
        raise group.exceptions[0] from None


def of_text(text: str, file: str) -> tuple[Resolved | None, Sequence[MonitorError]]:
    """What the text of a file says by itself, or its mistakes: by the checks that files pass.

    file: what mistakes call it. A text that is to be laid over another file, or is a pattern, is no monitor by itself.
    """
    try:
        node = parse(text, file)
        return _resolved(node, None, file, places(node)), ()
    except MonitorError as error:
        return None, (error,)
    except ExceptionGroup as group:
        return None, [error for error in group.exceptions if isinstance(error, MonitorError)]


def identity(monitor: Monitor) -> str:
    """16 hex digits over all that decides how rows are read and counted."""
    kept: dict[str, Any] = monitor.model_dump(mode="json", exclude_defaults=True, exclude=_NOT_READ)
    kept["positive"] = monitor.positive  # 1, 1.0 and true are equal, and not the same
    for name in ("numeric", "categorical", "without"):
        if name in kept.get("features", {}):
            kept["features"][name].sort()
    return sha256(json.dumps(kept, sort_keys=True, separators=(",", ":")).encode("ascii")).hexdigest()[:16]


def _resolved(node: Node, model: str | None, file: str, written: Mapping[Keys, Place]) -> Resolved:
    """Raises an ExceptionGroup of MonitorErrors."""
    try:
        values = plain(filled(node, model))
    except MonitorError as error:
        raise ExceptionGroup(file, [error]) from error
    try:
        monitor = Monitor.model_validate_json(json.dumps(values), strict=True)
    except ValidationError as error:
        raise ExceptionGroup(file, mistakes(error, written, values)) from error
    return Resolved(monitor=monitor, file=file, id=identity(monitor), places=written)


def _draft(node: Node, file: str) -> tuple[Draft | None, list[MonitorError]]:
    """The file as a draft, checked with a harmless name when it is a pattern; broken when it has mistakes."""
    entry = node.value.get("model") if isinstance(node.value, dict) else None
    name = entry.node.value if entry else None
    known = isinstance(name, str) and name != ""
    stands_for = "model" if known and is_pattern(str(name)) else None
    wrong: list[MonitorError] = []
    if stands_for or not known:
        try:
            _resolved(node, stands_for, file, places(node))
        except ExceptionGroup as group:
            wrong = [error for error in group.exceptions if isinstance(error, MonitorError)]
    if not known or entry is None:
        return None, wrong
    line = entry.node.place.line
    return Draft(file, line, None if wrong else node, str(name)), wrong


def _partial(node: Node) -> list[MonitorError]:
    """The mistakes of a file that is only to be extended: what it lacks is no mistake."""
    values = plain(node)
    try:
        Monitor.model_validate_json(json.dumps(values), strict=True)
    except ValidationError as error:
        return mistakes(error, places(node), values, partial=True)
    return []


def _broken(path: Path, file: str) -> list[Draft]:
    """What a file that cannot be read says of its model, so that no broader file takes the model over."""
    try:
        text = path.read_bytes()[:100_000].decode("utf-8", "replace") if path.is_file() else ""
    except OSError:
        return []
    found = _MODEL_LINE.search(text)
    name = next((part for part in found.groups() if part), "") if found else ""
    return [Draft(file, text.count("\n", 0, found.start()) + 1, None, name)] if found and name else []


def _found(root: Path) -> Iterable[Path]:
    for place, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if name.endswith(SUFFIXES) and not name.startswith("."):
                yield Path(place, name)


def _once(problems: Iterable[MonitorError]) -> list[MonitorError]:
    unique = {(problem.file, problem.line, problem.sentence): problem for problem in problems}
    return sorted(unique.values(), key=lambda problem: (problem.file, problem.line or 0))
