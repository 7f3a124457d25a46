"""The audit trail as people read it: found by words and filters, told in sentences, opened one by one."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from core.errors import Invalid, NotFound
from core.governance import deeds
from core.ledger import chain, trail
from core.ledger.chain import Event
from core.ledger.people import people
from core.ledger.store import payload_of
from core.ledger.trail import Wanted
from core.services import inventory, notes, projects
from core.services.audit_fields import Change, changes, facts, resolved
from core.services.audit_names import ID, namer, names
from core.services.cache import cached
from core.services.guard import needs
from core.services.house import House

PAGE = 100
SCANNED = 10_000
WORDS, LONGEST = 8, 300
FURTHEST = 2**62
OPEN_KINDS = frozenset({"inventory", "project", "model", "version", "run"})
"""Whoever may see one of these also sees who changed what there, and when."""

_SEAL = re.compile(r'"\$sealed":"([0-9a-f]{64})"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What to look for: words, all of which an event must hold, and the limits of `Wanted`."""

    words: str = ""
    wanted: Wanted = Wanted()  # noqa: RUF009 - frozen

    @property
    def parts(self) -> tuple[str, ...]:
        return tuple(self.words.casefold().split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One event in a list. said: the sentence.  on_behalf_of: id of the absent person; ""."""

    seq: int
    time_ms: int
    actor: str
    actor_name: str
    action: str
    subject: str
    said: str
    on_behalf_of: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A page of events, newest first.

    total: how many match; with words: among those that were looked through.
    looked: how many events were looked through for words; None without words.
    further: seq before which nothing was looked at yet; None when all was.
    """

    lines: tuple[Line, ...]
    total: int
    page: int
    looked: int | None = None
    further: int | None = None

    @property
    def pages(self) -> int:
        return max(-(-self.total // PAGE), 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """One event with everything it says. raw: the canonical JSON that is hashed, of which hash is the SHA-256."""

    line: Line
    changes: tuple[Change, ...]
    facts: tuple[tuple[str, str], ...]
    on_behalf_name: str
    raw: str
    hash: str
    previous: str
    last: int


@needs("audit", everywhere=True)
def search(house: House, query: Query, *, page: int = 1, size: int = PAGE, before: int | None = None) -> Found:
    """A page of the events that match; the last one for a page behind it.

    before: with words, only events before that seq are looked through, SCANNED at a time. Raises Invalid.
    """
    check(query)
    size, page = min(max(size, 1), 1_000), min(max(page, 1), FURTHEST // 1_000)
    before = None if before is None else min(max(before, 1), FURTHEST)
    if query.parts:
        hits, looked, further = _hits(house, query, before)
        page = min(page, max(-(-len(hits) // size), 1))
        shown: Sequence[Event] = hits[(page - 1) * size : page * size]
        return Found(lines=lines(house, shown), total=len(hits), page=page, looked=looked, further=further)
    total = _count(house, query.wanted)
    page = min(page, max(-(-total // size), 1))
    with house.ledger.reading() as connection:
        shown = trail.newest(connection, query.wanted, limit=size, offset=(page - 1) * size)
    return Found(lines=lines(house, shown), total=total, page=page)


@needs("audit", everywhere=True)
def event(house: House, seq: int) -> Opened:
    """One event with all it says. Raises NotFound."""
    with house.ledger.reading() as connection:
        found = trail.event(connection, seq) if 0 < seq < FURTHEST else None
        if found is None:
            raise NotFound(f"There is no event {str(seq)[:20]}.", hint="The newest ones are on the page Audit.")
        said = payload_of(found.payload)
        texts = trail.texts(connection, chain.sealed(said))
        last = trail.count(connection, Wanted())
    (line,) = lines(house, [found])
    name = namer(house)
    erased = _erased(house, found)
    return Opened(
        line=line, changes=changes(said, texts, name, erased), facts=facts(said, texts, name, erased),
        on_behalf_name=name(line.on_behalf_of) if line.on_behalf_of else "", raw=hashed_text(found), hash=found.hash,
        previous=found.previous, last=last,
    )  # fmt: skip


@needs("view")
def history(house: House, subject: str, *, limit: int = 20) -> tuple[Line, ...]:
    """The newest events of one subject, for the page that shows the subject.

    Of inventory, projects, models, versions and runs: for whoever is shown the subject; of anything else: for those
    with the right audit. Raises NotFound for what lies outside of the actor's projects.
    """
    if subject.partition(":")[0] not in OPEN_KINDS:
        house.require("audit")
    elif house.sight is not None:
        _see(house, subject)
    with house.ledger.reading() as connection:
        return lines(house, trail.newest(connection, Wanted(subject=subject), limit=min(max(limit, 1), 200)))


def _see(house: House, subject: str) -> None:
    kind, _, ref = subject.partition(":")
    if kind == "inventory":
        inventory.entry(house, ref, day=inventory.today())
    elif kind == "project":
        projects.one(house, ref)
    else:
        notes.see(house, subject)


@needs("audit", everywhere=True)
@cached(maxsize=4, decisions=True)
def actions(house: House) -> tuple[str, ...]:
    """Every action that occurs."""
    with house.ledger.reading() as connection:
        return tuple(trail.actions(connection))


def check(query: Query) -> None:
    """Raises Invalid for what is too long to be meant."""
    for field in ("actor", "action", "subject"):
        if len(getattr(query.wanted, field)) > LONGEST:
            raise Invalid(f"The filter {field} is longer than {LONGEST} characters.", field=field)
    if len(query.words) > LONGEST or len(query.parts) > WORDS:
        raise Invalid(f"A search has at most {WORDS} words and {LONGEST} characters.", field="words")
    for field in ("from_ms", "to_ms"):
        if not -FURTHEST < (getattr(query.wanted, field) or 0) < FURTHEST:
            raise Invalid("This is no day.", field=field)


@needs("view")
def lines(house: House, events: Sequence[Event]) -> tuple[Line, ...]:
    """Events in words."""
    said = [payload_of(event.payload) for event in events]
    with house.ledger.reading() as connection:
        texts = trail.texts(connection, {seal for one in said for seal in chain.sealed(one)})
    name = namer(house)
    return tuple(
        Line(
            seq=event.seq, time_ms=event.time_ms, actor=event.actor, actor_name=name(event.actor), action=event.action,
            subject=event.subject, on_behalf_of=str(one.get("on_behalf_of") or ""),
            said=deeds.sentence(event.action, event.subject, resolved(one, texts), actor=event.actor, name=name),
        )
        for event, one in zip(events, said, strict=True)
    )  # fmt: skip


def matching(
    connection: sa.Connection, events: Sequence[Event], words: Sequence[str], known: Mapping[str, str]
) -> Iterator[Event]:
    """Those events that hold all words, whatever their case: in action, subject, what they say, names, sealed texts."""
    seals = {event.seq: _seals(event) for event in events}
    texts = trail.texts(connection, {seal for found in seals.values() for seal in found})
    for event in events:
        said = event.payload
        for seal in seals[event.seq]:
            said = said.replace(seal, "")  # its digits say nothing
        hay = f"{event.action} {event.subject} {event.actor} {said}"
        parts = [hay, known.get(event.actor, ""), *(known.get(one, "") for one in ID.findall(hay))]
        parts += [texts[seal].text for seal in seals[event.seq] if seal in texts]
        whole = "\n".join(parts).casefold()
        if all(word in whole for word in words):
            yield event


def hashed_text(event: Event) -> str:
    """The canonical JSON whose SHA-256 is the event's hash."""
    return chain.canonical(hashed_body(event))


def hashed_body(event: Event) -> dict[str, Any]:
    """What is hashed of an event, as a JSON value."""
    return {
        "seq": event.seq, "time_ms": event.time_ms, "actor": event.actor, "action": event.action,
        "subject": event.subject, "payload": payload_of(event.payload), "previous": event.previous,
    }  # fmt: skip


@cached(maxsize=32, decisions=True)
def _count(house: House, wanted: Wanted) -> int:
    with house.ledger.reading() as connection:
        return trail.count(connection, wanted)


@cached(maxsize=8, decisions=True)
def _hits(house: House, query: Query, before: int | None) -> tuple[tuple[Event, ...], int, int | None]:
    known = names(house)
    with house.ledger.reading() as connection:
        events = trail.newest(connection, query.wanted, limit=SCANNED, before=before)
        hits = tuple(matching(connection, events, query.parts, known))
    return hits, len(events), events[-1].seq if len(events) == SCANNED and events[-1].seq > 1 else None


def _seals(event: Event) -> set[str]:
    """Found in the canonical text: to parse it takes ten times as long, and what is no seal has no text."""
    return set(_SEAL.findall(event.payload))


def _erased(house: House, found: Event) -> str:
    """With whose erasure its texts went, as far as that is known; "" otherwise."""
    ids = {found.actor, found.subject.partition(":")[2], *ID.findall(found.payload)}
    query = sa.select(people.c.id).where(people.c.id.in_(ids), people.c.erased_ms.is_not(None))
    gone = [str(row["id"]) for row in house.ledger.rows(query)]
    return f"erased with {', '.join(sorted(gone))}" if gone else "erased"
