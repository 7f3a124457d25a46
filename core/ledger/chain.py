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


def digest(*, seq: int, time_ms: int, actor: str, action: str, subject: str, payload: Any, previous: str) -> str:
    """SHA-256, in hex, over the canonical JSON of everything an event says. payload: the parsed value."""
    body = {
        "seq": seq, "time_ms": time_ms, "actor": actor, "action": action, "subject": subject, "payload": payload,
        "previous": previous,
    }  # fmt: skip
    return hashlib.sha256(rfc8785.dumps(body)).hexdigest()


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
            return seq, last, Break(seq=event.seq, reason=broken)
        seq, last = event.seq, event.hash
    return seq, last, None


def _wrong(event: Event, seq: int, last: str) -> str:
    if event.seq != seq + 1:
        missing = f"{seq + 1}" if event.seq == seq + 2 else f"{seq + 1} to {event.seq - 1}"
        return f"event {missing} is missing" if event.seq > seq + 1 else f"it stands after event {seq}"
    if event.previous != last:
        return (
            f"it does not follow from event {seq}: that one, or their order, was changed"
            if seq
            else ("it does not begin the chain")
        )
    try:
        payload = json.loads(event.payload)
        if canonical(payload) != event.payload:
            return "its payload is not in canonical form"
        own = digest(
            seq=event.seq, time_ms=event.time_ms, actor=event.actor, action=event.action, subject=event.subject,
            payload=payload, previous=event.previous,
        )  # fmt: skip
    except ValueError:
        return "its payload is no JSON"
    return "" if own == event.hash else "its content is not what was recorded"
