"""Writing sources to gatehouse.toml: comments kept, written aside and renamed, never a secret."""

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Table

from core.errors import SettingsError
from core.settings import Source, read_file

HEADER = (
    "Sources that Gatehouse reads. Written by the page Sources; may be edited by hand.",
    "It never holds a secret: name the environment variable (token_env, password_env) or file (token_file,",
    "password_file) that does.",
)
_lock = threading.Lock()
_Sources = dict[str, Source]


def write_source(path: Path, name: str, source: Source) -> None:
    """Adds a source, or changes the one of that name. Raises SettingsError and leaves the file as it was."""

    def change(sources: Any) -> None:
        stated = source.model_dump(mode="json", exclude_defaults=True)
        known = sources.get(name)
        if known is None:
            sources[name] = _table(stated)
            return
        for key in [key for key in known if key not in stated]:
            del known[key]
        for key, value in stated.items():
            if known.get(key) != value:
                known[key] = _item(value)

    _edit(path, change, lambda before: {**before, name: source})


def remove_source(path: Path, name: str) -> None:
    """Takes a source out, if the file has it. Raises SettingsError and leaves the file as it was."""
    _edit(path, lambda sources: sources.pop(name, None), lambda before: {k: v for k, v in before.items() if k != name})


def _edit(path: Path, change: Callable[[Any], object], outcome: Callable[[_Sources], _Sources]) -> None:
    """Changes the table of sources in place; what the file then says must be the outcome, or it is not kept."""
    path = path.resolve()  # a file that is a link stays one
    with _lock:
        wanted = outcome(read_file(path).sources)  # says what is wrong with it before anything is touched
        aside = path.with_name(f".{path.name}.part")
        try:
            # Inline tables and dotted keys cannot take every change: then the sources are written anew.
            if not _written(aside, _changed(path, change), wanted) and not _written(aside, _anew(path, wanted), wanted):
                raise SettingsError(f"{path.name} cannot take this change.", hint="Write the source into it by hand.")
            if path.exists():
                aside.chmod(path.stat().st_mode)
            with aside.open("rb") as file:
                os.fsync(file.fileno())
            aside.replace(path)
        except OSError as error:
            raise SettingsError(
                f"{path.name} cannot be written: {error.strerror}.", hint="Check who owns the file and its folder."
            ) from error
        finally:
            with suppress(OSError):
                aside.unlink(missing_ok=True)


def _changed(path: Path, change: Callable[[Any], object]) -> str:
    """The file's text with the change; "" where tomlkit cannot make it."""
    document = _read(path)
    try:
        if document.get("sources") is None:
            document["sources"] = tomlkit.table(is_super_table=True)
        change(document["sources"])
        return tomlkit.dumps(document)
    except (TOMLKitError, ValueError, TypeError, AttributeError):
        return ""


def _anew(path: Path, wanted: _Sources) -> str:
    document = _read(path)
    with suppress(TOMLKitError):
        document.remove("sources")
    fresh = tomlkit.table(is_super_table=True)
    for name, source in wanted.items():
        fresh[name] = _table(source.model_dump(mode="json", exclude_defaults=True))
    document["sources"] = fresh
    return tomlkit.dumps(document)


def _written(aside: Path, text: str, wanted: _Sources) -> bool:
    """Writes the text aside, and tells whether it says what is wanted."""
    aside.write_text(text, encoding="utf-8")
    try:
        return read_file(aside).sources == wanted
    except SettingsError:
        return False


def _read(path: Path) -> tomlkit.TOMLDocument:
    if path.exists():
        return tomlkit.parse(path.read_text(encoding="utf-8"))
    document = tomlkit.document()
    for line in HEADER:
        document.add(tomlkit.comment(line))
    document.add(tomlkit.nl())
    return document


def _table(values: dict[str, Any]) -> Table:
    table = tomlkit.table()
    for key, value in values.items():
        table[key] = _item(value)
    return table


def _item(value: Any) -> Any:
    return _table(value) if isinstance(value, dict) else tomlkit.item(value)
