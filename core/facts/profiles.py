"""Profiles in the facts: an index of the Parquet files that profiling jobs write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from core.facts.statements import statement
from core.facts.store import Facts
from core.profile_rows import decode
from core.profiles import Part

FOREVER = 2**62


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileFile:
    """One file as it is to be indexed. windows: role -> starts that it says everything about, None: all of them."""

    path: str
    model: str
    created_ms: int
    monitor_id: str
    edges: str
    engine: str
    parts_read: int
    undated: int
    rejected: int
    contradictions: int
    windows: Mapping[str, Sequence[int] | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One part of one window. Fields as in profile_rows.SCHEMA; edges: id of the edges it is aligned to."""

    version: str
    role: str
    window_ms: int
    segment: str
    part: str
    name: str
    grp: str
    data: Part
    edges: str
    created_ms: int


def known_files(facts: Facts) -> list[dict[str, Any]]:
    """Files already indexed, oldest first."""
    return facts.read("profile_files")


def index(facts: Facts, file: ProfileFile, rows: pa.Table) -> None:
    """Takes up one file, which must be the newest of its model: its windows replace what older files say of them."""
    with facts.transaction() as tx:
        for role, windows in file.windows.items():
            values: dict[str, Any] = {"model": file.model, "role": role}
            if windows is None:
                tx.execute(statement("supersede_role"), values)
            else:
                tx.execute(statement("supersede_windows"), {**values, "windows": list(windows)})
        tx.register("s_profiles", rows)
        tx.execute(statement("insert_profiles"), {"edges": file.edges, "created_ms": file.created_ms})
        tx.unregister("s_profiles")
        names = ("path", "model", "created_ms", "monitor_id", "edges", "engine", "parts_read", "undated", "rejected")
        values = {name: getattr(file, name) for name in (*names, "contradictions")}
        tx.execute(statement("insert_profile_file"), values)


def forget(facts: Facts, model: str) -> None:
    """Drops everything of one model, to be indexed again from its files."""
    with facts.transaction() as tx:
        tx.execute(statement("forget_profiles"), {"model": model})
        tx.execute(statement("forget_profile_files"), {"model": model})


def profiles(
    facts: Facts, model: str, *, role: str = "", versions: Sequence[str] = (), parts: Sequence[str] = (),
    names: Sequence[str] = (), segment: str = "", groups: bool = False, from_ms: int = -1, to_ms: int = FOREVER,
) -> list[Profile]:  # fmt: skip
    """Parts of one model, by window. from_ms, to_ms: of windows of serving, the end excluded; groups: also by group."""
    rows = facts.read(
        "profiles_of",
        {
            "model": model, "role": role, "versions": list(versions), "parts": list(parts), "names": list(names),
            "segment": segment, "groups": groups, "from_ms": from_ms, "to_ms": to_ms,
        },
    )  # fmt: skip
    return [
        Profile(
            version=row["version"], role=row["role"], window_ms=row["window_ms"], segment=row["segment"],
            part=row["part"], name=row["name"], grp=row["grp"], edges=row["edges"], created_ms=row["created_ms"],
            data=decode(row["part"], row["whole"], row["reals"], row["counts"], row["texts"]),
        )
        for row in rows
    ]  # fmt: skip


def profiled(facts: Facts) -> list[dict[str, Any]]:
    """What is profiled: (model, role, version) with its first and last window."""
    return facts.read("profiled_models")


def keys(facts: Facts, model: str) -> list[dict[str, Any]]:
    """(role, version, window, segment) of one model."""
    return facts.read("profile_keys", {"model": model})


def serving_windows(facts: Facts, versions: Sequence[tuple[str, str]]) -> dict[tuple[str, str], tuple[int, ...]]:
    """(model, version) -> starts of its windows in ms, increasing; those without any are left out."""
    values = {"models": [model for model, _ in versions], "versions": [version for _, version in versions]}
    rows = facts.read("serving_windows", values)
    return {(row["model"], row["version"]): tuple(row["starts"]) for row in rows}


def references_named(facts: Facts, name: str) -> list[tuple[str, str, Part]]:
    """(model, edges, part) of one feature in every model's reference, by model, oldest first."""
    return [
        (row["model"], row["edges"], decode(row["part"], row["whole"], row["reals"], row["counts"], row["texts"]))
        for row in facts.read("reference_columns", {"name": name})
    ]
