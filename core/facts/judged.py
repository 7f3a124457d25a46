"""What evaluation found: drift cells and verdicts (made again at will), findings (observations, kept in files)."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from core.facts.profiles import FOREVER
from core.facts.statements import statement
from core.facts.store import Facts

_CELLS = pa.schema(
    {
        "model": pa.string(), "version": pa.string(), "window_ms": pa.int64(), "end_ms": pa.int64(),
        "part": pa.string(), "name": pa.string(), "n": pa.int64(), "rows": pa.int64(), "unusable": pa.int64(),
        "p": pa.float64(), "adjusted": pa.float64(), "effect": pa.float64(), "psi": pa.float64(),
        "jensen_shannon": pa.float64(), "alarm": pa.bool_(), "drifted": pa.bool_(), "broken": pa.bool_(),
    }
)  # fmt: skip
_HEALTH = pa.schema(
    {
        "model": pa.string(), "category": pa.string(), "version": pa.string(), "outcome": pa.string(),
        "reason": pa.string(), "from_ms": pa.int64(), "end_ms": pa.int64(), "n": pa.int64(), "details": pa.string(),
        "policy": pa.string(), "policy_version": pa.int32(), "profiled_ms": pa.int64(), "evaluated_ms": pa.int64(),
    }
)  # fmt: skip
FINDINGS = pa.schema(
    {
        "finding_id": pa.string(), "model": pa.string(), "version": pa.string(), "category": pa.string(),
        "cause": pa.string(), "severity": pa.string(), "first_ms": pa.int64(), "last_ms": pa.int64(),
        "end_ms": pa.int64(), "cleared_ms": pa.int64(), "withdrawn": pa.bool_(), "title": pa.string(),
        "reason": pa.string(), "todo": pa.string(), "names": pa.list_(pa.string()), "source": pa.string(),
        "details": pa.string(), "policy": pa.string(), "policy_version": pa.int32(), "seen_ms": pa.int64(),
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftCell:
    """Drift of one column in one window; fields as in schema.sql, None where nothing can be told."""

    model: str
    version: str
    window_ms: int
    end_ms: int
    part: str
    name: str
    n: int
    rows: int
    unusable: int
    p: float | None
    adjusted: float | None
    effect: float | None
    psi: float | None
    jensen_shannon: float | None
    alarm: bool
    drifted: bool
    broken: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """The verdict on one category of a model's live version; fields as in schema.sql."""

    model: str
    category: str
    version: str
    outcome: str
    reason: str
    from_ms: int | None
    end_ms: int | None
    n: int
    details: tuple[Mapping[str, Any], ...]
    policy: str
    policy_version: int
    profiled_ms: int
    evaluated_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A broken rule as it was observed; fields as in schema.sql."""

    finding_id: str
    model: str
    version: str
    category: str
    cause: str
    severity: str
    first_ms: int
    last_ms: int
    end_ms: int
    cleared_ms: int | None
    withdrawn: bool
    title: str
    reason: str
    todo: str
    names: tuple[str, ...]
    source: str
    details: Mapping[str, Any]
    policy: str
    policy_version: int
    seen_ms: int


def keep(facts: Facts, model: str, cells: Sequence[DriftCell], verdicts: Sequence[Health]) -> None:
    """Puts what was evaluated of one model in the place of what was evaluated before."""
    rows = [{**asdict(one), "details": json.dumps(one.details)} for one in verdicts]
    with facts.transaction() as tx:
        tx.execute(statement("forget_drift_cells"), {"model": model})
        tx.execute(statement("forget_health"), {"model": model})
        tx.register("s_drift_cells", pa.Table.from_pylist([asdict(cell) for cell in cells], _CELLS))
        tx.execute(statement("insert_drift_cells"))
        tx.unregister("s_drift_cells")
        tx.register("s_health", pa.Table.from_pylist(rows, _HEALTH))
        tx.execute(statement("insert_health"))
        tx.unregister("s_health")


def cells(
    facts: Facts, model: str, *, version: str = "", part: str = "", name: str = "", from_ms: int = -1,
    to_ms: int = FOREVER,
) -> list[DriftCell]:  # fmt: skip
    """Drift of one model's columns, by version, window and column. to_ms is excluded."""
    values = {"model": model, "version": version, "part": part, "name": name, "from_ms": from_ms, "to_ms": to_ms}
    return [DriftCell(**row) for row in facts.read("drift_cells_of", values)]


def cells_named(facts: Facts, name: str, *, from_ms: int = -1) -> list[DriftCell]:
    """Drift of one feature in every model that has it, by model, version and window."""
    return [DriftCell(**row) for row in facts.read("drift_cells_named", {"name": name, "from_ms": from_ms})]


def columns(facts: Facts, *, from_ms: int) -> list[dict[str, Any]]:
    """Every feature that is watched, a row a (name, model, version), with its last state (drift_columns.sql)."""
    return facts.read("drift_columns", {"from_ms": from_ms})


def health(facts: Facts, model: str = "") -> list[Health]:
    """Verdicts as evaluated last, by model and category."""
    return [
        Health(**{**row, "details": tuple(json.loads(row["details"]))})
        for row in facts.read("health_all", {"model": model})
    ]


def findings(facts: Facts, *, model: str = "", finding_id: str = "") -> list[Finding]:
    """Findings as last observed, newest first."""
    return [
        Finding(**{**row, "names": tuple(row["names"]), "details": json.loads(row["details"])})
        for row in facts.read("findings_all", {"model": model, "id": finding_id})
    ]


def observe(facts: Facts, folder: Path, found: Sequence[Finding]) -> None:
    """Writes states of findings as one new file under folder/observed/findings, then indexes it.

    The file is durable before the facts know of it.
    """
    if not found:
        return
    rows = [{**asdict(one), "names": list(one.names), "details": json.dumps(one.details)} for one in found]
    day = datetime.fromtimestamp(found[0].seen_ms / 1000, UTC)
    place = folder / "observed" / "findings" / f"{day:%Y-%m}"
    place.mkdir(parents=True, exist_ok=True)
    final = place / f"{found[0].seen_ms}-{uuid.uuid4().hex}.parquet"
    aside = final.with_suffix(".part")
    pq.write_table(pa.Table.from_pylist(rows, FINDINGS), aside, compression="zstd")
    with aside.open("rb") as file:
        os.fsync(file.fileno())
    aside.rename(final)
    index(facts, folder)


def index(facts: Facts, folder: Path) -> list[str]:
    """Brings files of findings that the facts do not know yet into them. Returns names of those that cannot be read."""
    known = {row["path"] for row in facts.read("finding_files")}
    unreadable = []
    for path in sorted((folder / "observed" / "findings").glob("*/*.parquet")):
        name = path.relative_to(folder).as_posix()
        if name in known:
            continue
        try:
            table = pq.read_table(path, schema=FINDINGS)
        except (pa.ArrowInvalid, OSError):
            unreadable.append(name)
            continue
        with facts.transaction() as tx:
            tx.register("s_findings", table)
            tx.execute(statement("merge_findings"))
            tx.execute(statement("insert_finding_file"), {"path": name})
            tx.unregister("s_findings")
    return unreadable
