"""What a profiling job is asked to do, and what it did."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from core.monitors.files import Resolved


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What to profile.

    base: folder that relative paths of the monitor start from.  observed: where profiles are kept.
    engine: see engines.engine.  since: local day from which on windows are profiled, and again when already known.
    """

    model: str
    resolved: Resolved
    base: Path
    observed: Path
    now_ms: int
    engine: str = "duckdb"
    since: str | None = None


@dataclass(slots=True, kw_only=True)
class Done:
    """What a job did.

    rows: read into profiles.  windows: profiled anew.  late: of these, only because labels arrived.
    partitions: of the log, read.  undated, rejected: rows without a time, lines that are no rows, in what was read.
    contradictions: ids with labels that contradict each other; the one of the last file counts.
    unreadable: part of the log -> why.  kept: windows that stay as they are since a part of theirs is gone or broken.
    """

    model: str
    rows: int = 0
    windows: int = 0
    late: int = 0
    partitions: int = 0
    undated: int = 0
    rejected: int = 0
    contradictions: int = 0
    unreadable: dict[str, str] = field(default_factory=dict)
    kept: int = 0
    edges: str = ""
    learned: bool = False
    file: str = ""
    seconds: float = 0.0
