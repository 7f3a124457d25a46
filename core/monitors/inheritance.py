"""`extends`: a monitor file laid over another one of the folder."""

from dataclasses import dataclass, field
from pathlib import Path

from core.errors import MonitorError
from core.monitors.near import choice, near, show
from core.monitors.syntax import decoded
from core.monitors.tree import Entry, Node, Place, parse

LARGEST = 1_000_000
MOST_EXTENDED = 8
SUFFIXES = (".yaml", ".yml")


@dataclass(slots=True)
class Folder:
    """The monitor files below one folder, each read once. root: resolved."""

    root: Path
    _read: dict[Path, Node | MonitorError] = field(default_factory=dict)

    def merged(self, path: Path) -> tuple[Node, bool]:
        """A file over all that it extends, without `extends` and `abstract`; whether it is abstract.

        Raises MonitorError.
        """
        layers: list[dict[str, Entry]] = []
        chain: list[Path] = []
        place, abstract = Place("", 0), False
        at: Path | None = self.within(path, Place(self.shown(path), 0))
        while at is not None:
            node = self.read(at)
            if not isinstance(node.value, dict):
                message, hint = "The file is no mapping of keys to values.", "Write keys such as `model: credit`."
                raise MonitorError(message, file=node.place.file, line=node.place.line, hint=hint)
            if not chain:
                place, abstract = node.place, _abstract(node.value)
            chain.append(at)
            layers.append({key: entry for key, entry in node.value.items() if key not in ("extends", "abstract")})
            at = self._next(at, node.value.get("extends"), chain)
        result = layers.pop()
        for layer in reversed(layers):
            result = _over(layer, result)
        return Node(result, place), abstract

    def read(self, path: Path) -> Node:
        """One file alone. Raises MonitorError."""
        known = self._read.get(path)
        if known is None:
            try:
                known = parse(_text(path, self.shown(path)), self.shown(path))
            except MonitorError as error:
                known = error
            self._read[path] = known
        if isinstance(known, MonitorError):
            raise known
        return known

    def within(self, path: Path, blame: Place) -> Path:
        """The path without links; it must stay inside the folder. Raises MonitorError."""
        try:
            resolved = path.resolve()
        except (OSError, ValueError, RuntimeError) as error:
            raise MonitorError("The path cannot be read.", file=blame.file, line=blame.line or None) from error
        if not resolved.is_relative_to(self.root):
            message, hint = "It leads out of the folder of the monitor files.", "Copy the other file into the folder."
            raise MonitorError(message, file=blame.file, line=blame.line or None, hint=hint)
        return resolved

    def shown(self, path: Path) -> str:
        """A file's name in messages: relative to the folder."""
        try:
            name = path.relative_to(self.root).as_posix()
        except ValueError:
            name = path.name
        return name if name.isprintable() else name.encode("unicode_escape", "backslashreplace").decode("ascii")

    def _next(self, path: Path, entry: Entry | None, chain: list[Path]) -> Path | None:
        if entry is None:
            return None
        name, where = entry.node.value, entry.node.place
        if not isinstance(name, str):
            message, hint = "extends must be the name of one file.", "Write extends: base.yaml."
            raise MonitorError(message, file=where.file, line=where.line, hint=hint)
        if Path(name).is_absolute() or "\0" in name or not name.endswith(SUFFIXES):
            message = f"extends cannot be {show(name)}."
            hint = "Name a .yaml file relative to this one."
            raise MonitorError(message, file=where.file, line=where.line, hint=hint)
        resolved = self.within(path.parent / name, where)
        if resolved in chain:
            round_trip = " -> ".join(self.shown(each) for each in [*chain[chain.index(resolved) :], resolved])
            message, hint = f"extends goes in a circle: {round_trip}.", "Take one of the extends out."
            raise MonitorError(message, file=where.file, line=where.line, hint=hint)
        if len(chain) > MOST_EXTENDED:
            message, hint = f"extends is more than {MOST_EXTENDED} files deep.", "Extend a file nearer to the top."
            raise MonitorError(message, file=where.file, line=where.line, hint=hint)
        if not resolved.is_file():
            others = sorted(each.name for suffix in SUFFIXES for each in path.parent.glob(f"*{suffix}"))
            close = near(name, [each for each in others if each != path.name])
            meant = f"Did you mean {close[0]}? " if close else ""
            hint = f"{meant}Files beside it: {choice(others)}."
            message = f"extends names {show(name)}, which is no file."
            raise MonitorError(message, file=where.file, line=where.line, near=close, hint=hint)
        return resolved


def _text(path: Path, shown: str) -> str:
    try:
        if not path.is_file():  # a pipe or a device would block
            raise MonitorError("It is no file.", file=shown, hint="Take it out of the folder.")
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
    except OSError as error:
        message, hint = f"The file cannot be read: {error.strerror}.", "Check who owns it."
        raise MonitorError(message, file=shown, hint=hint) from error
    if len(raw) > LARGEST:
        raise MonitorError(f"The file is larger than {LARGEST:,} bytes.", file=shown, hint="Is it a monitor file?")
    return decoded(raw, shown)


def _abstract(entries: dict[str, Entry]) -> bool:
    entry = entries.get("abstract")
    if entry is None:
        return False
    if not isinstance(entry.node.value, bool):
        where = entry.node.place
        message, hint = "abstract must be true or false.", "Write abstract: true."
        raise MonitorError(message, file=where.file, line=where.line, hint=hint)
    return entry.node.value


def _over(child: dict[str, Entry], parent: dict[str, Entry]) -> dict[str, Entry]:
    """Child over parent: mappings are merged, all else is replaced; null takes the parent's value back."""
    result = dict(parent)
    for key, entry in child.items():
        below = parent.get(key)
        if below is not None and entry.node.value is None:
            del result[key]
        elif below is not None and isinstance(entry.node.value, dict) and isinstance(below.node.value, dict):
            result[key] = Entry(entry.place, Node(_over(entry.node.value, below.node.value), entry.node.place))
        else:
            result[key] = entry
    return result
