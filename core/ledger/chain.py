"""The hash chain of audit events, and what is found when it is walked. Pure: rows in, breaks out."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import rfc8785

START = "0" * 64
SEALED = "$sealed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One audit event as it is stored.

    seq: 1 for the first, without gaps.  time_ms: milliseconds since 1970 UTC.  actor: id of a person, or system, local.
    action: such as person.added.  subject: such as person:p_1.  payload: canonical JSON (RFC 8785).
    previous: hash of the event before it, START for the first.  hash: its own, SHA-256 in hex.
    """

    seq: int
    time_ms: int
    actor: str
    action: str
    subject: str
    payload: str
    previous: str
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """The first place at which the chain does not hold. seq: of the event.  reason: in words."""

    seq: int
    reason: str


def canonical(value: Any) -> str:
    """The value as canonical JSON (RFC 8785). Raises ValueError for what JSON has no one form for."""
    return rfc8785.dumps(value).decode("utf-8")


def digest(*, seq: int, time_ms: int, actor: str, action: str, subject: str, payload: str, previous: str) -> str:
    """SHA-256, in hex, over the canonical JSON (RFC 8785) of everything an event says.

    payload: canonical JSON. It is taken as it is stored: read and written anew, 1e16 would become an integer that
    JSON cannot hold exactly. Raises ValueError for text that is no Unicode.
    """
    body = (
        f'{{"action":{_text(action)},"actor":{_text(actor)},"payload":{payload},"previous":{_text(previous)},'
        f'"seq":{seq},"subject":{_text(subject)},"time_ms":{time_ms}}}'
    )
    return hashlib.sha256(body.encode()).hexdigest()


def seal(text: str, salt: str) -> str:
    """What stands in a payload for a text that may be erased one day: SHA-256, in hex, of salt and text."""
    return hashlib.sha256(f"{salt}\n{text}".encode()).hexdigest()


def sealed(value: Any) -> set[str]:
    """Every seal that a payload holds."""
    if isinstance(value, Mapping):
        own = {value[SEALED]} if set(value) == {SEALED} and isinstance(value[SEALED], str) else set()
        return own.union(*(sealed(item) for item in value.values()))
    if isinstance(value, list):
        return set().union(*(sealed(item) for item in value))
    return set()


def walk(events: Iterable[Event], *, seq: int = 0, last: str = START) -> tuple[int, str, Break | None]:
    """Follows events in their order from just after (seq, last): the last good seq and hash, and the first break."""
    for event in events:
        broken = _wrong(event, seq, last)
        if broken:
            return seq, last, broken
        seq, last = event.seq, event.hash
    return seq, last, None


def _wrong(event: Event, seq: int, last: str) -> Break | None:
    if not _formed(event):
        return Break(seq=seq + 1, reason="what stands there is no event")
    if event.seq > seq + 1:
        before = f"after event {seq}" if seq else "first"
        return Break(seq=seq + 1, reason=f"it is missing: {before} comes event {event.seq}")
    if event.seq <= seq:
        return Break(seq=event.seq, reason=f"it stands after event {seq}")
    if event.previous != last:
        return Break(
            seq=event.seq,
            reason=f"it does not follow from event {seq}: one of the two was changed"
            if seq
            else "it does not begin the chain",
        )
    try:
        own = digest(
            seq=event.seq, time_ms=event.time_ms, actor=event.actor, action=event.action, subject=event.subject,
            payload=event.payload, previous=event.previous,
        )  # fmt: skip
    except ValueError:
        own = ""
    return None if own == event.hash else Break(seq=event.seq, reason="its content is not what was recorded")


def _formed(event: Event) -> bool:
    """Whether all values are of their types: SQLite takes any value in any column."""
    texts = (event.actor, event.action, event.subject, event.payload, event.previous, event.hash)
    return type(event.seq) is int and type(event.time_ms) is int and all(type(text) is str for text in texts)


_text = json.JSONEncoder(ensure_ascii=False).encode  # for a text, what RFC 8785 prescribes
