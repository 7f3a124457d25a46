"""The file of a backup: a ZIP with a manifest that knows the SHA-256 of everything in it. What is read is hostile."""

import base64
import hashlib
import json
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from core.errors import Invalid
from core.ledger import chain

KIND = "gatehouse backup 1"
MANIFEST = "manifest.json"
LARGEST_MANIFEST = 64 << 20
PIECE = 1 << 20
_TABLE = re.compile(r"ledger/([a-z][a-z0-9_]{0,62})\.jsonl")
_OBSERVED = re.compile(r"observed(/[^/\x00]{1,255})+")
_HEX = re.compile(r"[0-9a-f]{64}")
_UNREADABLE = (OSError, zipfile.BadZipFile, zlib.error, EOFError, ValueError, KeyError, RecursionError,
               NotImplementedError, RuntimeError)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One file in the archive. bytes: its size before it was packed."""

    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a backup holds.

    version: of the Gatehouse that wrote it.  schema: revision of the ledger's tables.  ledger: its id.
    created_ms: when.  seq, hash: the chain's last event.  tables: name -> rows.  members: path in the archive -> file.
    """

    version: str
    schema: str
    ledger: str
    created_ms: int
    seq: int
    hash: str
    tables: Mapping[str, int]
    members: Mapping[str, Member]


class Writer:
    """Packs files and remembers what they were."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self.members: dict[str, Member] = {}

    def add(self, name: str, pieces: Iterable[bytes], *, packed: bool) -> None:
        """packed: False for what is compressed already."""
        info = zipfile.ZipInfo(name)
        info.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
        digest, size = hashlib.sha256(), 0
        with self._archive.open(info, "w", force_zip64=True) as out:
            for piece in pieces:
                digest.update(piece)
                size += len(piece)
                out.write(piece)
        self.members[name] = Member(sha256=digest.hexdigest(), bytes=size)

    def close(self, manifest: Manifest) -> None:
        said = {"kind": KIND, **asdict(manifest)}
        self._archive.writestr(MANIFEST, json.dumps(said, indent=1), zipfile.ZIP_DEFLATED)


class Reader:
    """An archive whose manifest and names have been checked."""

    def __init__(self, archive: zipfile.ZipFile, manifest: Manifest) -> None:
        self._archive = archive
        self.manifest = manifest

    def check(self) -> None:
        """Reads everything once: every file is the one that was packed, and the chain holds. Raises Invalid."""
        with _damage_told():
            for name, member in self.manifest.members.items():
                digest = hashlib.sha256()
                for piece in self.pieces(name):
                    digest.update(piece)
                if digest.hexdigest() != member.sha256:
                    raise damaged(f"{name} is not what was packed")
            events = (chain.Event(**row) for row in self.rows("audit_events"))
            seq, last, broken = chain.walk(events)
            heads = [(row["seq"], row["hash"]) for row in self.rows("ledger_head")]
        if broken:
            raise damaged(f"event {broken.seq}: {broken.reason}")
        if [(seq, last)] != heads or (seq, last) != (self.manifest.seq, self.manifest.hash):
            raise damaged("its events do not end where its head says")

    def observed(self) -> list[str]:
        """Paths of the observed files."""
        return sorted(name for name in self.manifest.members if name.startswith("observed/"))

    def pieces(self, name: str) -> Iterator[bytes]:
        """The content of one file, no more of it than the manifest says."""
        left = self.manifest.members[name].bytes
        with self._archive.open(name) as file:
            while piece := file.read(min(PIECE, left + 1)):
                left -= len(piece)
                if left < 0:
                    raise damaged(f"{name} is longer than it was")
                yield piece

    def rows(self, table: str) -> Iterator[dict[str, Any]]:
        """The rows of one table, a dict a row."""
        with self._archive.open(f"ledger/{table}.jsonl") as file:
            columns = [str(name) for name in json.loads(file.readline())]
            for line in file:
                yield dict(zip(columns, (value_of(item) for item in json.loads(line)), strict=True))


@contextmanager
def opened(path: Path) -> Iterator[Reader]:
    """Opens an archive and checks its manifest and the names in it. Raises Invalid."""
    with _damage_told():
        file: IO[bytes] = path.open("rb")
    with file:
        with _damage_told():
            archive = zipfile.ZipFile(file)
            infos = archive.infolist()
            size = archive.getinfo(MANIFEST).file_size
            if size > LARGEST_MANIFEST:
                raise damaged("its manifest is too large")
            manifest = _manifest(json.loads(archive.read(MANIFEST)))
            sizes = {info.filename: info.file_size for info in infos if info.filename != MANIFEST}
            if len(sizes) + 1 != len(infos):
                raise damaged("a name stands in it twice")
            if sizes != {name: member.bytes for name, member in manifest.members.items()}:
                raise damaged("it does not hold the files that its manifest names")
        with archive:
            yield Reader(archive, manifest)


def lines(columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> Iterator[bytes]:
    """Rows as JSON Lines, the names of the columns first."""
    yield json.dumps(list(columns)).encode() + b"\n"
    for row in rows:
        yield json.dumps([_told(value) for value in row], ensure_ascii=False).encode() + b"\n"


def digest_of(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def damaged(what: str) -> Invalid:
    return Invalid(f"The backup is damaged: {what}.", hint="Nothing was changed. Take another backup.")


def _manifest(said: Any) -> Manifest:
    if not isinstance(said, dict) or said.pop("kind", None) != KIND:
        raise damaged("it is no backup of Gatehouse")
    members = said.pop("members")
    manifest = Manifest(**said, members={name: Member(**member) for name, member in members.items()})
    texts = (manifest.version, manifest.schema, manifest.ledger, manifest.hash)
    numbers = (manifest.created_ms, manifest.seq, *manifest.tables.values())
    numbers += tuple(member.bytes for member in manifest.members.values())
    if not all(type(n) is int and n >= 0 for n in numbers) or not all(type(t) is str for t in texts):
        raise damaged("its manifest is of another form")
    tables = set()
    for name, member in manifest.members.items():
        table = _TABLE.fullmatch(name)
        if table:
            tables.add(table[1])
        elif not _OBSERVED.fullmatch(name) or {".", ".."} & set(name.split("/")):
            raise damaged(f"a file in it would land in the wrong place: {name[:80]!r}")
        if type(member.sha256) is not str or not _HEX.fullmatch(member.sha256):
            raise damaged("its manifest is of another form")
    if tables != set(manifest.tables) or not {"audit_events", "ledger_head"} <= tables:
        raise damaged("tables are missing in it")
    return manifest


@contextmanager
def _damage_told() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise Invalid(f"There is no backup {error.filename}.", hint="Check the path.") from error
    except _UNREADABLE as error:
        raise damaged(f"it cannot be read ({type(error).__name__})") from error
    except (TypeError, AttributeError) as error:  # a manifest or a row of another form
        raise damaged("what is in it is of another form") from error


def _told(value: Any) -> Any:
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, bytes):
        return {"bytes": base64.b64encode(value).decode()}
    if isinstance(value, dict | list):
        return {"json": value}
    raise ValueError(f"A backup holds texts, numbers, bytes and JSON, got {type(value).__name__}.")


def value_of(item: Any) -> Any:
    """A value as `lines` packed it."""
    if not isinstance(item, dict):
        return item
    return base64.b64decode(item["bytes"]) if "bytes" in item else item["json"]
