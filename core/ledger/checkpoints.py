"""Signed checkpoints: where the chain stood at a moment, kept elsewhere, so that no rewritten chain fits them."""

import base64
import binascii
import json
import os
import re
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)  # fmt: skip

from core.errors import Invalid, NotFound, StoreError
from core.ledger.chain import canonical

KIND = "gatehouse checkpoint 1"
KEY_FILE, PUBLIC_FILE, FOLDER = "checkpoint.key", "checkpoint.pub", "checkpoints"
LARGEST = 10_000
"""Bytes of a checkpoint's or key's file; real ones have a few hundred."""
_HEX = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """Where the chain of one ledger stood.

    ledger: its id.  seq, hash: of its last event.  time_ms: when it was signed.  public_key: of Ed25519, in base64.
    signature: over everything else, in base64.
    """

    ledger: str
    seq: int
    hash: str
    time_ms: int
    public_key: str
    signature: str = ""

    def signed(self) -> bytes:
        """The bytes that the signature is over."""
        said = {name: value for name, value in asdict(self).items() if name != "signature"}
        return canonical({"kind": KIND, **said}).encode()

    def to_json(self) -> str:
        return json.dumps({"kind": KIND, **asdict(self)}, indent=1) + "\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """A checkpoint's file as it was found. problem: why it proves nothing; "" for one that is signed as it must be."""

    name: str
    checkpoint: Checkpoint | None
    problem: str = ""


def private_key(path: Path) -> Ed25519PrivateKey:
    """The key that signs, made on first use, readable by its owner only; its public part stands beside it (.pub).

    Raises StoreError for a key that cannot be read, or that others may read.
    """
    try:
        if not path.exists():
            _make_key(path)
        if path.stat().st_mode & 0o077:
            raise StoreError(f"{path.name} may be read by others.", hint=f"chmod 600 {path}")
        key = load_pem_private_key(_bytes(path), None)
    except (OSError, ValueError, TypeError) as error:
        raise StoreError(f"The key {path} cannot be used: {error}.", hint="Check it, or name another one.") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise StoreError(f"{path.name} is no Ed25519 key.", hint="Name another one.")
    public = path.with_suffix(".pub")
    if not public.exists():
        _write(public, key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return key


def public_key(path: Path) -> str:
    """A public key's file (PEM) as checkpoints hold it. Raises Invalid."""
    try:
        key = load_pem_public_key(_bytes(path))
    except (OSError, ValueError) as error:
        raise Invalid(f"{path} is no public key.", field="key", hint=f"It is the file {PUBLIC_FILE}.") from error
    if not isinstance(key, Ed25519PublicKey):
        raise Invalid(f"{path} is no Ed25519 key.", field="key", hint=f"It is the file {PUBLIC_FILE}.")
    return _told(key)


def sign(key: Ed25519PrivateKey, *, ledger: str, seq: int, hash: str, time_ms: int) -> Checkpoint:
    bare = Checkpoint(ledger=ledger, seq=seq, hash=hash, time_ms=time_ms, public_key=_told(key.public_key()))
    signature = base64.b64encode(key.sign(bare.signed())).decode()
    return Checkpoint(**{**asdict(bare), "signature": signature})


def write(checkpoint: Checkpoint, path: Path) -> Path:
    """Writes a checkpoint: to that file, or, where it is a folder, into one named after it. Raises StoreError."""
    file = path / f"{checkpoint.seq:012d}-{checkpoint.time_ms}.json" if path.is_dir() else path
    try:
        _write(file, checkpoint.to_json().encode())
    except OSError as error:
        raise StoreError(f"{file} cannot be written: {error.strerror}.", hint="Choose another place.") from error
    return file


def gather(paths: Sequence[Path], trusted: str | None) -> tuple[Stated, ...]:
    """The checkpoints in files and folders, by seq; forged ones with their problem. trusted: the key that signs.

    Without a trusted key, a signature shows only that nobody changed the file. Raises NotFound for a path that is not
    there, and for a folder without a checkpoint.
    """
    found = [_stated(file, trusted) for path in paths for file in _files(path)]
    return tuple(sorted(found, key=lambda stated: (stated.checkpoint.seq if stated.checkpoint else 0, stated.name)))


def parse(text: str) -> Checkpoint:
    """A checkpoint from its file's text. Raises ValueError."""
    said: Any = json.loads(text)
    names = ("ledger", "seq", "hash", "time_ms", "public_key", "signature")
    if not isinstance(said, dict) or said.get("kind") != KIND or set(said) != {"kind", *names}:
        raise ValueError("it is no checkpoint")
    checkpoint = Checkpoint(**{name: said[name] for name in names})
    numbers = (checkpoint.seq, checkpoint.time_ms)
    texts = (checkpoint.ledger, checkpoint.hash, checkpoint.public_key, checkpoint.signature)
    if not all(type(n) is int and 0 <= n < 2**53 for n in numbers) or not all(type(t) is str for t in texts):
        raise ValueError("it is no checkpoint")
    if not _HEX.fullmatch(checkpoint.hash):
        raise ValueError("it is no checkpoint")
    return checkpoint


def _stated(file: Path, trusted: str | None) -> Stated:
    try:
        checkpoint = parse(_bytes(file).decode())
    except (OSError, ValueError, RecursionError):
        return Stated(name=file.name, checkpoint=None, problem="it is no checkpoint that can be read")
    problem = ""
    if trusted is not None and checkpoint.public_key != trusted:
        problem = "it is signed with another key"
    else:
        try:
            key = Ed25519PublicKey.from_public_bytes(base64.b64decode(checkpoint.public_key, validate=True))
            key.verify(base64.b64decode(checkpoint.signature, validate=True), checkpoint.signed())
        except (InvalidSignature, binascii.Error, ValueError):
            problem = "its content is not what was signed"
    return Stated(name=file.name, checkpoint=checkpoint, problem=problem)


def _files(path: Path) -> Iterator[Path]:
    if not path.exists():
        raise NotFound(f"There is no checkpoint at {path}.", hint="Name a checkpoint's file, or a folder of them.")
    files = sorted(path.glob("*.json")) if path.is_dir() else [path]
    if not files:
        raise NotFound(f"There is no checkpoint in {path}.", hint="They are files whose names end with .json.")
    yield from files


def _make_key(path: Path) -> None:
    """Makes a key, unless another process does so at the same moment: then that one is the key."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    aside = path.with_name(f"{path.name}.{secrets.token_hex(6)}.part")
    with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(aside, path)
    except FileExistsError:
        pass
    finally:
        aside.unlink()


def _write(path: Path, content: bytes) -> None:
    aside = path.with_name(f"{path.name}.{secrets.token_hex(6)}.part")
    with aside.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    aside.rename(path)


def _bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise ValueError("too large")
    return content


def _told(key: Ed25519PublicKey) -> str:
    return base64.b64encode(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()
