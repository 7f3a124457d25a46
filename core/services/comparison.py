"""Runs side by side: what they share, what differs, and by how much from a baseline."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.errors import NotFound
from core.facts import runs as facts_runs
from core.services.cache import cached
from core.services.guard import needs
from core.services.house import House

MOST = 200
ABOUT = {
    "experiment": "experiment", "status": "status", "user": "user_name", "source type": "source_type",
    "source name": "source_name", "git commit": "git_commit",
}  # fmt: skip
Cell = str | float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One run of a comparison; number counts from 1 in the order of the selection."""

    number: int
    ref: str
    run_no: int
    name: str
    experiment: str
    status: str
    user: str
    started_ms: int | None
    histories: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing about every run. kind: run, metric, param, tag or data.

    cells: one a run, None where it has none.  differs: not all cells are equal.
    """

    kind: str
    key: str
    cells: tuple[Cell, ...]
    differs: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Runs side by side. missing: refs that no store has (any more)."""

    runs: tuple[Compared, ...]
    lines: tuple[Line, ...]
    missing: tuple[str, ...]

    def numbers(self) -> dict[str, tuple[Cell, ...]]:
        """What can stand on an axis, by name: metrics, and params that hold numbers or a few words."""
        return {
            f"{line.kind}s.{line.key}": _as_numbers(line.cells)
            for line in self.lines
            if line.kind in ("metric", "param")
        }


@needs("view")
@cached(maxsize=32)
def compare(house: House, refs: tuple[str, ...]) -> Comparison:
    """Compares up to 200 runs. Raises NotFound when none of them is here."""
    wanted = list(dict.fromkeys(refs))[:MOST]
    rows = facts_runs.named(house.facts, wanted)
    if not rows:
        raise NotFound("None of these runs is here.", hint="They may have been deleted, or belong to the other data.")
    found = [f"{row['source']}:{row['run_id']}" for row in rows]
    runs = tuple(
        Compared(
            number=number,
            ref=ref,
            run_no=row["run_no"],
            name=row["name"] or row["run_id"],
            experiment=row["experiment"],
            status=row["status"] or "",
            user=row["user_name"] or "",
            started_ms=row["started_ms"],
            histories=row["histories"],
        )
        for number, (ref, row) in enumerate(zip(found, rows, strict=True), 1)
    )
    lines = []
    for kind, column in (("metric", "metrics"), ("param", "params")):
        lines += [_line(kind, key, [row[column].get(key) for row in rows]) for key in _most_shared(rows, column)]
    lines += [_line("run", said, [row[column] for row in rows]) for said, column in ABOUT.items()]
    lines.append(_line("run", "duration (s)", [_duration(row) for row in rows]))
    lines.append(_line("data", "data sets", [_data(row) for row in rows]))
    tags = [key for key in _most_shared(rows, "tags") if not key.startswith("mlflow.")]
    lines += [_line("tag", key, [row["tags"].get(key) for row in rows]) for key in tags]
    return Comparison(runs=runs, lines=tuple(lines), missing=tuple(ref for ref in wanted if ref not in set(found)))


def difference(value: Cell, baseline: Cell) -> tuple[float, float | None] | None:
    """How far a number is from the baseline's, and as a share of it (None at a baseline of 0); None for no numbers."""
    if not isinstance(value, float | int) or not isinstance(baseline, float | int):
        return None
    if not (math.isfinite(value) and math.isfinite(baseline)):
        return None
    return value - baseline, (value - baseline) / abs(baseline) if baseline else None


def _line(kind: str, key: str, cells: Sequence[Cell]) -> Line:
    return Line(kind=kind, key=key, cells=tuple(cells), differs=any(not _same(cells[0], other) for other in cells[1:]))


def _same(one: Cell, other: Cell) -> bool:
    both_nan = isinstance(one, float) and isinstance(other, float) and math.isnan(one) and math.isnan(other)
    return both_nan or one == other


def _most_shared(rows: Sequence[Mapping[str, Any]], column: str) -> list[str]:
    """Keys that most runs have come first."""
    held = Counter(key for row in rows for key in row[column])
    return sorted(held, key=lambda key: (-held[key], key))


def _duration(row: Mapping[str, Any]) -> float | None:
    if row["started_ms"] is None or row["ended_ms"] is None:
        return None
    return float(row["ended_ms"] - row["started_ms"]) / 1000


def _data(row: Mapping[str, Any]) -> str | None:
    return ", ".join(sorted({f"{i['name']} ({i['digest']})" for i in row["inputs"]})) or None


def _as_numbers(cells: tuple[Cell, ...]) -> tuple[Cell, ...]:
    """Texts that are all numbers become numbers; other cells stay."""
    numbers: list[Cell] = []
    for cell in cells:
        if isinstance(cell, str):
            try:
                numbers.append(float(cell))
            except ValueError:
                return cells
        else:
            numbers.append(cell)
    return tuple(numbers)
