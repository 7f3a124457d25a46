"""A place with logs, a monitor file and what was profiled of them, in a folder of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from core.monitors.files import Resolved, load_one
from core.profile_rows import decode
from core.profiles import Part
from core.profiling import manifest
from core.profiling.edges import Edges
from core.profiling.job import profile
from core.profiling.task import Done, Task

NOW = 1_790_000_000_000  # 2026-09-21
Where = tuple[str, str, int, str, str, str, str]  # version, role, window, segment, part, name, group
ROOT = Path(__file__).resolve().parents[2]


def key(
    part: str, *, window: int = -1, role: str = "serving", version: str = "", segment: str = "", name: str = "",
    grp: str = "",
) -> Where:  # fmt: skip
    """Where one part is found among `Place.rows`."""
    return version, role, window, segment, part, name, grp


def table(rows: Sequence[Mapping[str, Any]], types: Mapping[str, pa.DataType] | None = None) -> pa.Table:
    """Rows of the same keys as an Arrow table."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    told = types or {}
    return pa.table({name: pa.array([row.get(name) for row in rows], told.get(name)) for name in names})


@dataclass
class Place:
    """base: folder of everything.  now_ms: what the jobs take for the present."""

    base: Path
    model: str = "m"
    now_ms: int = NOW
    runs: list[Done] = field(default_factory=list)

    def put(self, path: str, rows: Sequence[Mapping[str, Any]] | pa.Table, types: Any = None, **options: Any) -> Path:
        """Writes one Parquet file."""
        file = self.base / path
        file.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(rows if isinstance(rows, pa.Table) else table(rows, types), file, **options)
        return file

    def text(self, path: str, content: str | bytes) -> Path:
        file = self.base / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return file

    def monitor(self, **keys: Any) -> None:
        """Writes the monitor file: these keys over a plain one of a binary task."""
        told: dict[str, Any] = {
            "model": self.model, "log": {"files": "logs/*"}, "task": "binary", "timestamp": {"column": "at"},
            "score": "score", "features": {"numeric": []}, "reference": {"table": {"files": "reference.parquet"}},
        } | keys  # fmt: skip
        told = {name: value for name, value in told.items() if value is not None}
        self.text("monitors/m.yaml", json.dumps(told, ensure_ascii=False))

    @property
    def resolved(self) -> Resolved:
        return load_one(self.base / "monitors/m.yaml")

    def task(self, since: str | None = None) -> Task:
        return Task(
            model=self.model, resolved=self.resolved, base=self.base, observed=self.base / "observed",
            now_ms=self.now_ms, since=since,
        )  # fmt: skip

    def run(self, since: str | None = None) -> Done:
        """One job in this process."""
        self.now_ms += 1
        done = profile(self.task(since), lambda _: None)
        self.runs.append(done)
        return done

    def apart(self, **options: Any) -> subprocess.Popen[str]:
        """The same in a process of its own, as the server starts it."""
        self.now_ms += 1
        told = {
            "model": self.model, "monitors": str(self.base / "monitors"), "base": str(self.base),
            "observed": str(self.base / "observed"), "now_ms": self.now_ms, "engine": "duckdb", "since": None,
        }  # fmt: skip
        process = subprocess.Popen(
            [sys.executable, "-m", "core.profiling"], cwd=ROOT, text=True,
            **{"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options,
        )  # fmt: skip
        assert process.stdin is not None
        process.stdin.write(json.dumps(told) + "\n")
        process.stdin.flush()
        return process

    # -- what was profiled ----------------------------------------------------------------------------------------

    @property
    def folder(self) -> Path:
        return manifest.folder_of(self.base / "observed", self.model)

    def files(self) -> list[Path]:
        return manifest.files(self.folder)

    def rows(self) -> dict[Where, Part]:
        """What holds now: files folded as the store does it, newer ones over older ones."""
        found: dict[Where, Part] = {}
        for path in self.files():
            told = manifest.read_manifest(path)
            for role, windows in told.windows.items():
                gone = [k for k in found if k[1] == role and (windows is None or k[2] in windows)]
                for each in gone:
                    del found[each]
            for row in pq.read_table(path).to_pylist():
                where = (
                    row["version"], row["role"], row["window_ms"], row["segment"], row["part"], row["name"], row["grp"],
                )  # fmt: skip
                assert where not in found, f"twice in {path.name}: {where}"
                found[where] = decode(row["part"], row["whole"], row["reals"], row["counts"], row["texts"])
        return found

    def edges(self) -> Edges:
        edges = manifest.read_state(self.folder).edges
        assert edges is not None
        return edges

    def snapshot(self) -> dict[str, bytes]:
        """Every profile file as it lies there."""
        return {path.name: path.read_bytes() for path in self.files()}


def serving(rows: Mapping[Where, Part]) -> dict[Where, Part]:
    return {where: part for where, part in rows.items() if where[1] == "serving"}


@contextmanager
def in_folder(path: Path):  # type: ignore[no-untyped-def]
    before = Path.cwd()
    os.chdir(path)
    try:
        yield
    finally:
        os.chdir(before)
