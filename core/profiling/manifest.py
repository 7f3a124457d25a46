"""What one profiling job wrote and what it had read: in the metadata of the one file that it writes, or not at all."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from core import profile_rows
from core.errors import Busy, StoreError
from core.profiling.edges import Edges, edges_from_json

KEY = b"gatehouse"
NAMED = ["model", "version", "role", "segment", "part", "name", "grp"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """One part of the log as it was read.

    stamp: of its content.  rows: in all.  undated: rows whose time cannot be read; they are in no window.
    rejected: lines that are no rows.  windows: index -> rows.  columns: name -> type, as stored.
    left: windows that were not profiled then, so that they are taken up as soon as they can be.
    """

    stamp: str
    rows: int = 0
    undated: int = 0
    rejected: int = 0
    windows: Mapping[str, int] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    left: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What one file of profiles is.

    windows: role -> starts (ms) of the windows that this file says everything about, None: all of that role; what older
    files say of them is superseded.

    log, labels: key of a part -> what was read of it.  contradictions: ids whose labels contradict each other.
    """

    model: str
    created_ms: int
    monitor_id: str
    edges: str
    engine: str
    windows: Mapping[str, Sequence[int] | None]
    log: Mapping[str, Read] = field(default_factory=dict)
    labels: Mapping[str, Read] = field(default_factory=dict)
    contradictions: int = 0

    def to_json(self) -> bytes:
        return json.dumps(asdict(self), ensure_ascii=False).encode("utf-8", "surrogatepass")


@dataclass(slots=True, kw_only=True)
class State:
    """All manifests of a model, folded. log, labels: as last read.  edges: of the newest file, None before it."""

    log: dict[str, Read] = field(default_factory=dict)
    labels: dict[str, Read] = field(default_factory=dict)
    edges: Edges | None = None
    monitor_id: str = ""
    created_ms: int = 0
    damaged: list[str] = field(default_factory=list)


def folder_of(observed: Path, model: str) -> Path:
    """Where the profiles of a model lie: readable, and safe whatever the model is called."""
    readable = re.sub(r"[^A-Za-z0-9_-]+", "_", model)[:60]
    mark = hashlib.sha256(model.encode("utf-8", "surrogatepass")).hexdigest()[:10]
    return observed / "profiles" / f"{readable}-{mark}"


@contextmanager
def alone(folder: Path, model: str) -> Iterator[None]:
    """Nobody else profiles this model meanwhile. Raises Busy at once when somebody does."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "lock").open("w")
    except OSError as error:
        raise StoreError(
            f"The folder of profiles cannot be written to: {error.strerror or error}.",
            hint="Check its rights and whether the disk is full; nothing was changed.",
        ) from error
    with lock as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Busy(
                f"{model} is being profiled already.", hint="Wait for it to end; nothing was changed."
            ) from error
        for left in folder.glob("*.part"):  # of a process that was killed
            left.unlink(missing_ok=True)
        yield


def files(folder: Path) -> list[Path]:
    """Profile files, oldest first."""
    return sorted(folder.glob("*/*.parquet"))


def read_manifest(path: Path) -> Manifest:
    """Raises StoreError for a file that is none of ours or was damaged."""
    try:
        metadata = pq.read_schema(path).metadata or {}
        told = json.loads(metadata[KEY])
        for part in ("log", "labels"):
            told[part] = {key: Read(**read) for key, read in told[part].items()}
        return Manifest(**told)
    except (OSError, pa.ArrowException, KeyError, ValueError, TypeError) as error:
        raise StoreError(
            f"The profile {path.name} cannot be read ({type(error).__name__}).",
            hint="Restore it from a backup, or remove it: what its log still holds is profiled again.",
        ) from error


def read_state(folder: Path) -> State:
    """Everything known of what was read before."""
    state = State()
    edges_id = ""
    for path in files(folder):
        try:
            manifest = read_manifest(path)
        except StoreError:
            state.damaged.append(path.name)
            continue
        state.log |= manifest.log
        state.labels |= manifest.labels
        state.monitor_id, state.created_ms, edges_id = manifest.monitor_id, manifest.created_ms, manifest.edges
    if edges_id:
        state.edges = load_edges(folder, edges_id)
    return state


def load_edges(folder: Path, edges_id: str) -> Edges | None:
    """The kept edges of that id; None when they are gone."""
    try:
        return edges_from_json((folder / f"edges-{edges_id}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def keep_edges(folder: Path, edges: Edges) -> None:
    """Writes them once; they are never changed."""
    final = folder / f"edges-{edges.id}.json"
    if not final.exists():
        _durable(final, edges.to_json().encode("utf-8"))


def keep(folder: Path, manifest: Manifest, batches: Iterable[Sequence[Mapping[str, Any]]]) -> Path:
    """Writes one new profile file aside, makes it durable, renames it. Raises OSError when the disk is full."""
    month = folder / _month(manifest.created_ms)
    month.mkdir(parents=True, exist_ok=True)
    final = month / f"{manifest.created_ms:015d}-{uuid.uuid4().hex[:12]}.parquet"
    aside = folder / f"{final.name}.part"
    schema = profile_rows.SCHEMA.with_metadata({KEY: manifest.to_json()})
    try:
        with pq.ParquetWriter(aside, schema, compression="zstd", use_dictionary=NAMED) as writer:
            for rows in batches:
                if rows:
                    writer.write_table(profile_rows.table(rows, schema))
        with aside.open("rb") as file:
            os.fsync(file.fileno())
        aside.rename(final)
        _durable_names(month)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    return final


def _durable_names(folder: Path) -> None:
    """A renamed file keeps its name over a power cut only when its folder was written too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _durable(final: Path, content: bytes) -> None:
    aside = final.with_suffix(".part")
    try:
        with aside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        aside.rename(final)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise


def _month(ms: int) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m")
