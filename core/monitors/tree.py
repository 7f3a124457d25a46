"""YAML read into a tree that remembers the line of everything. Nothing but text, numbers, true, false and null.

The core rules of YAML 1.2, stricter: `no`, `on`, `1:30`, `2026-01-31`, `007` and `1_000` are text; a key is text as
written; no key twice, no tags, no merge keys, one document. Size, depth and aliases are bounded.
"""

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from core.errors import MonitorError
from core.monitors.near import show
from core.monitors.syntax import tab_line, translated

MOST_NODES_BY_ALIAS = 1_000
DEEPEST = 30
LONGEST_INTEGER = 400
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NULLS = frozenset(("", "~", "null", "Null", "NULL"))
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?")

Plain = str | int | float | bool | None
Keys = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was written. file: relative to the monitors' folder.  line: 1-based."""

    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Node:
    """A value and where it begins. size: nodes in it, those reached by aliases counted each time."""

    value: "Plain | tuple[Node, ...] | dict[str, Entry]"
    place: Place
    size: int = 1


@dataclass(frozen=True, slots=True)
class Entry:
    """A key of a mapping. place: of the key."""

    place: Place
    node: Node


def parse(text: str, file: str) -> Node:
    """The one document of a text. Raises MonitorError."""
    builder = _Builder(file)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            builder.take(event)
    except yaml.YAMLError as error:
        raise translated(error, text, file, builder.quoted_lines) from error
    if line := tab_line(text, builder.quoted_lines):
        raise MonitorError("A line is indented with a tab.", file=file, line=line, hint="Indent with spaces.")
    if builder.root is None or builder.root.value is None:
        raise MonitorError(
            "The file is empty.", file=file, line=1, hint="Write at least model, log, timestamp, score and reference."
        )
    return builder.root


def plain(node: Node) -> Any:
    """The bare values: dicts, lists and scalars."""
    if isinstance(node.value, dict):
        return {key: plain(entry.node) for key, entry in node.value.items()}
    if isinstance(node.value, tuple):
        return [plain(item) for item in node.value]
    return node.value


def places(node: Node, path: Keys = ()) -> dict[Keys, Place]:
    """Keys -> where it was written: a mapping or list by its key, a scalar by itself."""
    found = {path: node.place} if not path else {}
    children: list[tuple[str | int, Place, Node]] = []
    if isinstance(node.value, dict):
        children = [(key, entry.place, entry.node) for key, entry in node.value.items()]
    elif isinstance(node.value, tuple):
        children = [(at, item.place, item) for at, item in enumerate(node.value)]
    for key, place, child in children:
        scalar = not isinstance(child.value, dict | tuple)
        found[(*path, key)] = child.place if scalar and child.value is not None else place
        found |= places(child, (*path, key))
    return found


def scalar(text: str) -> Plain:
    """What an unquoted text means."""
    if text in _NULLS:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if len(text) <= LONGEST_INTEGER and _INTEGER.fullmatch(text):
        return int(text)
    if len(text) <= LONGEST_INTEGER and _FLOAT.fullmatch(text):
        number = float(text)
        return number if abs(number) != float("inf") else text
    return text


@dataclass(slots=True)
class _Open:
    """A mapping or list whose end has not come. key: the mapping's key that waits for its value."""

    place: Place
    anchor: str | None
    items: list[Node] | None = None
    entries: dict[str, Entry] | None = None
    key: tuple[str, Place] | None = None
    size: int = 1

    def closed(self) -> Node:
        return Node(self.entries if self.entries is not None else tuple(self.items or ()), self.place, self.size)


@dataclass(slots=True)
class _Builder:
    """Takes the parser's events one by one; never recurses."""

    file: str
    root: Node | None = None
    quoted_lines: set[int] = field(default_factory=set)
    _open: list[_Open] = field(default_factory=list)
    _anchors: dict[str, Node] = field(default_factory=dict)
    _by_alias: int = 0
    _documents: int = 0

    def take(self, event: Any) -> None:
        line = event.start_mark.line + 1
        if isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                raise self._mistake("A second document begins here.", line, "Write one monitor a file, without ---.")
        elif isinstance(event, yaml.AliasEvent):
            self._put(self._aliased(event.anchor, line), line)
        elif isinstance(event, yaml.ScalarEvent):
            self._scalar(event, line)
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            self._refuse_tag(event.tag, line)
            if len(self._open) >= DEEPEST:
                raise self._mistake(f"It is nested more than {DEEPEST} deep.", line, "A monitor needs five levels.")
            mapping = isinstance(event, yaml.MappingStartEvent)
            opened = _Open(Place(self.file, line), event.anchor)
            opened.entries, opened.items = ({}, None) if mapping else (None, [])
            self._open.append(opened)
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            done = self._open.pop()
            node = done.closed()
            if done.anchor:
                self._anchors[done.anchor] = node
            self._put(node, node.place.line)

    def _scalar(self, event: Any, line: int) -> None:
        self._refuse_tag(event.tag, line)
        if event.style in ("'", '"', "|", ">"):
            self.quoted_lines |= set(range(line + 1, event.end_mark.line + (1 if event.end_mark.column == 0 else 2)))
        top = self._open[-1] if self._open else None
        if top and top.entries is not None and top.key is None:
            if event.style not in ("'", '"') and event.value == "<<":
                raise self._mistake("A merge key (<<) is not read.", line, "Use extends: other.yaml.")
            if event.anchor:
                self._anchors[event.anchor] = Node(event.value, Place(self.file, line))
            if event.value in top.entries:
                first = top.entries[event.value].place.line
                raise self._mistake(
                    f"The key {show(event.value)} is written twice.", line, f"It stands in line {first} already."
                )
            top.key = (event.value, Place(self.file, line))
            return
        value = event.value if event.style in ("'", '"', "|", ">") else scalar(event.value)
        node = Node(value, Place(self.file, line))
        if event.anchor:
            self._anchors[event.anchor] = node
        self._put(node, line)

    def _put(self, node: Node, line: int) -> None:
        if not self._open:
            self.root = node
            return
        top = self._open[-1]
        top.size += node.size
        if top.items is not None:
            top.items.append(node)
        elif top.key is None:
            raise self._mistake("A key is not a plain text.", line, "Write the key as one word or a quoted text.")
        elif top.entries is not None:
            key, place = top.key
            top.entries[key] = Entry(place, node)
            top.key = None

    def _aliased(self, anchor: str, line: int) -> Node:
        node = self._anchors.get(anchor)
        if node is None:
            inside = any(opened.anchor == anchor for opened in self._open)
            what = f"*{anchor} refers to itself." if inside else f"*{anchor} refers to nothing."
            raise self._mistake(what, line, "A text that begins with * must stand in quotes.")
        self._by_alias += node.size
        if self._by_alias > MOST_NODES_BY_ALIAS:
            raise self._mistake(
                f"Aliases repeat more than {MOST_NODES_BY_ALIAS:,} values.", line, "Use extends: other.yaml."
            )
        return node

    def _refuse_tag(self, tag: str | None, line: int) -> None:
        if tag is not None:
            raise self._mistake(f"The tag {show(tag)} is not read.", line, "Write the value alone; texts in quotes.")

    def _mistake(self, message: str, line: int, hint: str) -> MonitorError:
        return MonitorError(message, file=self.file, line=line, hint=hint)
