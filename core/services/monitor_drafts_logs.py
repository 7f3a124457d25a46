"""Where the log of a monitor in the making may be: found below the working folder, or typed.

Relative paths start at the working folder, that of gatehouse.toml (of the demo: its own folder). Somebody behind a
browser or a token names nothing outside of it, by no absolute path, no step upwards and no link, and nothing hidden or
of the stores; object storage may be named. A command of the user who owns the files ("local") may name any path.
"""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

from core.errors import Invalid, NotAllowed
from core.monitors.monitor import Table
from core.profiling.partitions import partitions
from core.services.guard import needs
from core.services.house import DEMO, House

SCHEMES = ("s3", "s3a", "gs", "gcs", "abfs", "abfss", "az")
ENDINGS = (".parquet", ".csv", ".csv.gz", ".tsv")
MOST_COLUMNS = 2_000
DEEPEST, MOST_VISITED, MOST_FOUND = 8, 20_000, 300
MOST_NAMED = 12  # so many files of a folder are also offered one by one
_LONGEST = 1_000
_SKIPPED = frozenset(("node_modules", "__pycache__", "site-packages", "venv"))
Place = Literal["files", "delta"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundLog:
    """A file, several of one folder, or a Delta table. address: as a monitor file names it.  newest_ms: last change."""

    address: str
    place: Place
    files: int
    size: int
    newest_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundLogs:
    """logs: of most files first, then the most recently changed.  whole: whether all of the folder was walked."""

    logs: tuple[FoundLog, ...]
    whole: bool


@needs("operate", everywhere=True)
def base_of(house: House) -> Path:
    """Where relative paths of monitor files start."""
    return DEMO if house.active == "demo" else house.settings.file.parent.absolute()


@needs("operate", everywhere=True)
def found(house: House) -> FoundLogs:
    """Parquet and CSV files, folders of them and Delta tables below the working folder; the walk is bounded."""
    base = base_of(house)
    grouped: dict[tuple[str, str], dict[str, os.stat_result]] = {}
    tables: list[FoundLog] = []
    visited = 0
    for place, folders, names in _walk(base, house.settings.home.resolve()):
        visited += len(names) + 1
        if visited > MOST_VISITED:
            break
        relative = os.path.relpath(place, base)
        if "_delta_log" in folders:
            folders.clear()
            tables.append(FoundLog(address=relative, place="delta", files=1, size=0, newest_ms=_changed(place)))
            continue
        for name in sorted(names):
            ending = ending_of(name)
            path = os.path.join(place, name)
            if not ending or name[:1] in "._" or os.path.islink(path):
                continue
            grouped.setdefault(_group(relative, ending), {})[os.path.relpath(path, base)] = os.stat(path)
    logs = tables
    for (pattern, _), stats in grouped.items():
        if len(stats) > 1:
            logs.append(_files(pattern, list(stats.values())))
        if len(stats) <= MOST_NAMED:
            logs += [_files(path, [stat]) for path, stat in stats.items()]
    logs.sort(key=lambda log: (-log.files, -log.newest_ms, log.address))
    return FoundLogs(logs=tuple(logs[:MOST_FOUND]), whole=visited <= MOST_VISITED and len(logs) <= MOST_FOUND)


@needs("operate", everywhere=True)
def checked_address(house: House, address: str) -> str:
    """An address as a monitor file names it, one that the actor may name. Raises Invalid, NotAllowed."""
    said = address.strip()
    if not said:
        raise Invalid("No log is named.", field="address", hint="Name files, such as logs/credit/*.parquet.")
    if len(said) > _LONGEST or not said.isprintable():
        raise Invalid(
            f"An address is one line of at most {_LONGEST:,} characters.", field="address", hint="Shorten it."
        )
    if "://" in said:
        return _object_address(house, said)
    if house.actor.kind == "local":
        return said
    base = base_of(house).resolve()
    path = Path(said)
    if path.is_absolute() and path.is_relative_to(base):
        said = path.relative_to(base).as_posix()
    steps = [step for step in said.split("/") if step not in ("", ".")]
    if said.startswith(("/", "~")) or ".." in steps or "\\" in said or not steps:
        raise _outside(address)
    if any(step.startswith((".", "~")) for step in steps):
        raise Invalid(
            "Hidden files and folders are no logs.", field="address", hint="Move the log to a folder of its own."
        )
    fixed = base
    for step in steps:
        if glob.has_magic(step) and not os.path.lexists(fixed / step):
            break
        fixed = fixed / step
    must_be_inside(house, fixed, address)
    return "/".join(steps)


@needs("operate", everywhere=True)
def files_of(house: House, address: str, place: Place = "files") -> list[str]:
    """Every file of a log that may be named, as the profiling job would read them. Raises Invalid, SourceError."""
    named = checked_address(house, address)
    base = base_of(house)
    try:
        parts = partitions(Table(files=named) if place == "files" else Table(delta=named), base, {}, "")
    except (OSError, ValueError, re.error) as error:
        raise Invalid(f"The address cannot be read: {error}", field="address", hint="Check its letters.") from error
    if place == "delta":
        paths = [os.path.join(base, named, unquote(part.path)) for part in parts]
    else:
        paths = [part.path for part in parts]
    if not paths:
        raise Invalid(
            "No file fits this address.", field="address",
            hint="Paths start at the working folder; * stands for any letters, ** for any folders.",
        )  # fmt: skip
    if "://" not in named and house.actor.kind != "local":
        for path in paths:
            must_be_inside(house, Path(path), address)
    return paths


def safe_name(text: str) -> str:
    """A text as one harmless part of a path."""
    return re.sub(r"[^A-Za-z0-9_-]+", "_", text).strip("_-")[:80] or "model"


def _files(address: str, stats: list[os.stat_result]) -> FoundLog:
    newest = max(stat.st_mtime for stat in stats)
    size = sum(stat.st_size for stat in stats)
    return FoundLog(address=address, place="files", files=len(stats), size=size, newest_ms=int(newest * 1000))


def _walk(base: Path, home: Path) -> Iterator[tuple[str, list[str], list[str]]]:
    """Folders below, hidden ones, those of programs and the stores left out; links are not followed."""
    for place, folders, names in os.walk(base, followlinks=False):
        deep = len(Path(place).relative_to(base).parts)
        folders[:] = sorted(
            name for name in folders
            if not name.startswith(".") and name not in _SKIPPED and deep < DEEPEST
            and not os.path.islink(os.path.join(place, name)) and Path(place, name).resolve() != home
        )  # fmt: skip
        yield place, folders, names


def _group(folder: str, ending: str) -> tuple[str, str]:
    """The address of all files of a folder; of folders such as day=2026-01-31, of all of them together."""
    steps = folder.split("/") if folder != "." else []
    split = next((at for at, step in enumerate(steps) if "=" in step), None)
    kept = [glob.escape(step) for step in steps[:split]]
    return "/".join([*kept, *(["**"] if split is not None else []), f"*{ending}"]), ending


def ending_of(name: str) -> str:
    """The ending by which a file is a log, "" of others."""
    return next((ending for ending in ENDINGS if name.endswith(ending)), "")


def _changed(path: str) -> int:
    return int(os.stat(path).st_mtime * 1000)


def _object_address(house: House, address: str) -> str:
    scheme, _, rest = address.partition("://")
    if scheme not in SCHEMES:
        raise Invalid(
            f"{scheme[:20]}:// is no storage that can be named here.", field="address",
            hint=f"Known: {', '.join(SCHEMES)}; or a path below the working folder.",
        )  # fmt: skip
    if "@" in (urlsplit(address).netloc or rest.partition("/")[0]) and not scheme.startswith("abfs"):
        raise Invalid(
            "An address holds no user and no secret.", field="address", hint="Set them where the server runs."
        )
    if house.active == "demo":
        raise NotAllowed("The demo reads its own logs alone.", hint="Sign in to your own stores to name other places.")
    return address


@needs("operate", everywhere=True)
def must_be_inside(house: House, path: Path, address: str) -> None:
    """Raises Invalid for what is, links followed, outside of the working folder or in the stores."""
    real = path.resolve()
    home = house.settings.home.resolve()
    if not real.is_relative_to(base_of(house).resolve()) or real.is_relative_to(home):
        raise _outside(address)


def _outside(address: str) -> Invalid:
    return Invalid(
        f"{address[:100]!r} leads out of the working folder, or into the stores.", field="address",
        hint="Name a path below the working folder, such as logs/credit/*.parquet, or an address such as s3://bucket/logs.",
    )  # fmt: skip
