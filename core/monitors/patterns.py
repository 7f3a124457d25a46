"""Which file speaks for which model, and `{model}` in its texts.

A model's name comes from outside and may hold anything: it stands in a path only when it is harmless there, and never
in a query or an address. `{{model}}` is the text {model} itself.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import translate

from core.errors import MonitorError
from core.monitors.near import near, show
from core.monitors.tree import Entry, Keys, Node

_PLACEHOLDER = re.compile(r"\{\{+model\}\}+|\{model\}")
_BRACED = re.compile(r"\{+model\}+")
_OTHER = re.compile(r"\{(\w{1,40})\}")
_TABLES = (("log",), ("label", "table"), ("reference", "table"))
_PATHS = frozenset((*table, key) for table in _TABLES for key in ("files", "delta"))
_SAFE = re.compile(r"\w(?:[\w \-]|\.(?!\.))*")


@dataclass(frozen=True, slots=True)
class Draft:
    """A monitor file before its model is put in. model: a name or a pattern.

    node: over all that it extends; None when the file is broken: its models then have no monitor, not a broader one's.
    """

    file: str
    line: int
    node: Node | None
    model: str

    @property
    def exactness(self) -> tuple[bool, int]:
        """Concrete before pattern, a longer literal part before a shorter."""
        return not is_pattern(self.model), sum(letter not in "*?" for letter in self.model)


def is_pattern(model: str) -> bool:
    return "*" in model or "?" in model


def matcher(pattern: str) -> Callable[[str], object]:
    """Whether a name fits: * stands for any text, ? for one character, all else for itself."""
    return re.compile(translate(pattern.replace("[", "[[]"))).match


def assigned(drafts: Iterable[Draft], models: Sequence[str]) -> tuple[dict[str, Draft], list[MonitorError]]:
    """Model -> its most exact file; and the ties, whose models have none."""
    drafts = list(drafts)
    rivals: dict[str, list[Draft]] = {}
    for draft in drafts:
        if not is_pattern(draft.model):
            rivals.setdefault(draft.model, []).append(draft)
    patterns = sorted((d for d in drafts if is_pattern(d.model)), key=lambda d: d.exactness, reverse=True)
    fits = [(draft, matcher(draft.model)) for draft in patterns]
    for model in dict.fromkeys(models):
        if model not in rivals:
            found = [draft for draft, fit in fits if fit(model)]
            if found:
                rivals[model] = [draft for draft in found if draft.exactness == found[0].exactness]
    result: dict[str, Draft] = {}
    problems: dict[tuple[str, str], MonitorError] = {}
    for model, found in rivals.items():
        first, *others = sorted(found, key=lambda draft: draft.file)
        if not others:
            result[model] = first
        elif (first.file, others[0].file) not in problems:
            problems[first.file, others[0].file] = MonitorError(
                f"{others[0].file} and {first.file} speak for {show(model)} with equal right.",
                file=others[0].file,
                line=others[0].line,
                hint=f"Name the model in one of them alone, or make one pattern longer (the other: line {first.line}).",
            )
    return result, list(problems.values())


def filled(node: Node, model: str | None, path: Keys = ()) -> Node:
    """The tree with the model's name for {model}, in every text but `model` itself. None leaves {model} as it is.

    Raises MonitorError.
    """
    if path == ("model",):
        return node if model is None else Node(model, node.place)
    if isinstance(node.value, str):
        text = _text(node, model, path)
        return node if text == node.value else Node(text, node.place)
    if isinstance(node.value, tuple):
        items = tuple(filled(item, model, (*path, at)) for at, item in enumerate(node.value))
        return Node(items, node.place)
    if isinstance(node.value, dict):
        entries = {
            key: Entry(entry.place, filled(entry.node, model, (*path, key))) for key, entry in node.value.items()
        }
        return Node(entries, node.place)
    return node


def escaped(text: str) -> str:
    """The text such that it is read back as itself whatever the model."""
    return _BRACED.sub(lambda found: f"{{{found[0]}}}", text)


def _text(node: Node, model: str | None, path: Keys) -> str:
    text = str(node.value)
    if "{" not in text:
        return text
    inside = next((table for table in _TABLES if path[: len(table) + 1] == (*table, "sql")), None)
    named = any(found[0] == "{model}" for found in _PLACEHOLDER.finditer(text))
    if named and inside:
        key = str(path[-1])
        message = f"{'.'.join(map(str, path))} cannot hold {{model}}: a name from outside could change the query."
        hint = f"Write {key} out." if key != "query" else "Write :model, without quotes: the name is bound to it."
        raise MonitorError(message, file=node.place.file, line=node.place.line, hint=hint)
    if path in _PATHS:
        wrong = [found[1] for found in _OTHER.finditer(text) if found[1] != "model" and near(found[1], ["model"])]
        if wrong:
            message = f"There is no {{{wrong[0]}}}; {{model}} is the only name that is put in."
            hint = "Did you mean {model}?"
            raise MonitorError(message, file=node.place.file, line=node.place.line, near=("{model}",), hint=hint)
        if named and model is not None and not safe_in_path(model):
            message = f"The model's name {show(model)} cannot stand in a path."
            hint = "Write a monitor file for this model alone, with its path written out."
            raise MonitorError(message, file=node.place.file, line=node.place.line, hint=hint)
    name = "{model}" if model is None else model
    return _PLACEHOLDER.sub(lambda found: name if found[0] == "{model}" else found[0][1:-1], text)


def safe_in_path(model: str) -> bool:
    """Whether a name is one harmless part of a path: letters, digits, _, -, single dots and blanks inside."""
    return _SAFE.fullmatch(model) is not None and model[-1] not in " ."
