"""What lies outside of a scope, read by hand from whole facts, and looking for traces of it in anything."""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa

from core.services.house import House

TABLES = ("experiments", "runs", "models", "versions", "logged_models", "profiles", "profile_files", "findings")
SHORTEST = 5
"""Shorter texts say nothing: they stand in others by chance."""


@dataclass(frozen=True, slots=True)
class Split:
    """Rows of the tables inside and outside, each a dict; words: texts that only the outside holds."""

    inside: dict[str, list[dict[str, Any]]]
    outside: dict[str, list[dict[str, Any]]]
    words: frozenset[str]

    def traces(self, told: Any) -> set[str]:
        """Texts of the outside that something holds."""
        text = spoken(told)
        return {word for word in self.words if word in text}


def split(house: House, experiment: Callable[[dict], bool], model: Callable[[dict], bool]) -> Split:
    """Parts a house's whole facts by two conditions on experiments and models, without any rule."""
    whole = house.stores(house.active).facts
    rows = {table: whole.rows(f"SELECT * FROM {table}") for table in TABLES}
    mine = {(e["source"], e["experiment_id"]) for e in rows["experiments"] if experiment(e)}
    models = {(m["source"], m["name"]) for m in rows["models"] if model(m)}
    names = {name for _, name in models}
    belongs: dict[str, Callable[[dict], bool]] = {
        "experiments": lambda r: (r["source"], r["experiment_id"]) in mine,
        "runs": lambda r: (r["source"], r["experiment_id"]) in mine,
        "logged_models": lambda r: (r["source"], r["experiment_id"]) in mine,
        "models": lambda r: (r["source"], r["name"]) in models,
        "versions": lambda r: (r["source"], r["model"]) in models,
        "profiles": lambda r: r["model"] in names,
        "profile_files": lambda r: r["model"] in names,
        "findings": lambda r: r["model"] in names,
    }
    inside = {table: [r for r in rows[table] if belongs[table](r)] for table in TABLES}
    outside = {table: [r for r in rows[table] if not belongs[table](r)] for table in TABLES}
    linked = {r["run_id"] for r in outside["runs"]} | {m["model_id"] for m in outside["logged_models"]}
    # A version's link to a run outside is hidden; whatever else a record inside says is its own.
    own = [{k: v for k, v in r.items() if not (isinstance(v, str) and v in linked)} if t == "versions" else r
           for t, found in inside.items() for r in found]  # fmt: skip
    points = whole.rows("SELECT * FROM points")
    numbers = {r["run_no"] for r in inside["runs"]}
    said = spoken([[list(row.values()) for row in own], [p for p in points if p["run_no"] in numbers]])
    names = {row["name"] for table in ("experiments", "models", "runs") for row in outside[table]}
    words = {
        word
        for found in outside.values()
        for row in found
        for word in _texts([v for k, v in row.items() if k != "read_ms"])
    }  # the sync's time
    return Split(
        inside,
        outside,
        frozenset(w for w in words if _telling(w) and w not in said and (w in names or not _ours(w))),
    )


def _telling(word: str) -> bool:
    """Numbers tell nothing by themselves: shares of small counts come twice by chance. Totals are counted by hand."""
    try:
        float(word)
    except ValueError:
        return len(word) >= SHORTEST
    return False


def _ours(word: str) -> bool:
    """Whether a word is one that Gatehouse itself says, as a name of a field."""
    return word.isidentifier() and word in _program()


@cache
def _program() -> str:
    root = Path(__file__).resolve().parents[1] / "core"
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(root.rglob("*.py")))


def spoken(told: Any) -> str:
    """Anything as one text, in which every string stands as it is."""
    return "\n".join(_texts(told))


def _texts(told: Any) -> Iterable[str]:
    if isinstance(told, str):
        yield told
    elif isinstance(told, bytes):
        yield told.decode("utf-8", "replace")
    elif isinstance(told, dict) or callable(getattr(told, "items", None)):
        for key, value in told.items():
            yield from _texts(key)
            yield from _texts(value)
    elif isinstance(told, pa.Table):
        yield from _texts(told.column_names)
        yield from _texts(told.to_pylist())
    elif is_dataclass(told) and not isinstance(told, type):
        for field in fields(told):
            yield from _texts(getattr(told, field.name))
    elif isinstance(told, list | tuple | set | frozenset):
        for item in told:
            yield from _texts(item)
    elif told is not None:
        yield str(told)


def without(text: str, *asked: str) -> str:
    """A message without what was asked for, to be compared with that for something that is nowhere."""
    for word in sorted(asked, key=len, reverse=True):
        text = text.replace(word, "…").replace(json.dumps(word)[1:-1], "…")
    return re.sub(r"'[^']*…[^']*'", "…", text)
