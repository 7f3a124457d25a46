"""Reading the audit trail: filtered, newest first, page by page; the whole of it in order; sealed texts."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from core.ledger.chain import Event
from core.ledger.schema import audit_events as events
from core.ledger.schema import sealed_texts

CHUNK = 1_000
_COLUMNS = tuple(events.c[name] for name in Event.__dataclass_fields__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What events are asked for; "" and None: no such limit.

    actor: an id.  action: a family such as role, or a whole action such as role.given.
    subject: kind:id whole, or a kind alone, such as person.
    from_ms, to_ms: milliseconds since 1970 UTC, from inclusive, to exclusive.
    """

    actor: str = ""
    action: str = ""
    subject: str = ""
    from_ms: int | None = None
    to_ms: int | None = None

    @property
    def dated(self) -> bool:
        return self.from_ms is not None or self.to_ms is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A sealed text that is still there. person: id of whom it speaks of."""

    text: str
    person: str


def newest(
    connection: sa.Connection, wanted: Wanted, *, limit: int, offset: int = 0, before: int | None = None
) -> list[Event]:
    """Matching events, newest first. before: only those with a smaller seq."""
    # Inner queries are answered from an index alone; whole events are read for one page only.
    parts = []
    for one in _single_actions(connection, wanted):
        inner = sa.select(events.c.seq).where(*_conditions(connection, one), *_before(before))
        parts.append(sa.select(inner.order_by(events.c.seq.desc()).limit(limit + offset).subquery().c.seq))
    if not parts:
        return []
    found = sa.union_all(*parts).subquery()
    page = sa.select(found.c.seq).order_by(found.c.seq.desc()).limit(limit).offset(offset).subquery()
    query = sa.select(*_COLUMNS).where(events.c.seq.in_(sa.select(page.c.seq))).order_by(events.c.seq.desc())
    return _events(connection, query)


def count(connection: sa.Connection, wanted: Wanted) -> int:
    """How many events match. Without any limit that is the last seq: the chain has no gap."""
    if wanted == Wanted():
        return int(connection.execute(sa.select(sa.func.coalesce(sa.func.max(events.c.seq), 0))).scalar_one())
    query = sa.select(sa.func.count()).select_from(events).where(
        *(_days(wanted) if wanted == Wanted(from_ms=wanted.from_ms, to_ms=wanted.to_ms) else
          _conditions(connection, wanted))
    )  # fmt: skip
    return int(connection.execute(query).scalar_one())


def in_order(connection: sa.Connection, wanted: Wanted, *, after: int = 0, to: int | None = None) -> Iterator[Event]:
    """Matching events, oldest first, read chunk by chunk: those with after < seq <= to."""
    conditions = _conditions(connection, wanted)
    while True:
        query = sa.select(*_COLUMNS).where(*conditions, events.c.seq > after)
        if to is not None:
            query = query.where(events.c.seq <= to)
        chunk = _events(connection, query.order_by(events.c.seq).limit(CHUNK))
        yield from chunk
        if len(chunk) < CHUNK:
            return
        after = chunk[-1].seq


def event(connection: sa.Connection, seq: int) -> Event | None:
    """One event."""
    return next(iter(_events(connection, sa.select(*_COLUMNS).where(events.c.seq == seq))), None)


def texts(connection: sa.Connection, seals: Iterable[str]) -> dict[str, Text]:
    """Texts by their seals; those that were erased are missing."""
    asked, found = sorted(set(seals)), {}
    for start in range(0, len(asked), CHUNK):
        query = sa.select(sealed_texts).where(sealed_texts.c.seal.in_(asked[start : start + CHUNK]))
        for row in connection.execute(query):
            found[row.seal] = Text(text=row.text, person=row.person)
    return found


def actions(connection: sa.Connection) -> list[str]:
    """Every action there is, by name: found by jumps through the index, not by reading all events."""
    found: list[str] = []
    least = sa.select(sa.func.min(events.c.action))
    name = connection.execute(least).scalar()
    while name is not None:
        found.append(name)
        name = connection.execute(least.where(events.c.action > name)).scalar()
    return found


def _conditions(connection: sa.Connection, wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    if wanted.actor:
        found.append(events.c.actor == wanted.actor)
    if wanted.action:
        found.append(_named(events.c.action, wanted.action, "."))
    if wanted.subject:
        found.append(_named(events.c.subject, wanted.subject, ":"))
    if wanted.dated:
        # Every index holds seq, so these bounds spare most events from being read for their time.
        days = _days(wanted)
        ends = connection.execute(sa.select(sa.func.min(events.c.seq), sa.func.max(events.c.seq)).where(*days)).one()
        found += [*days, events.c.seq.between(ends[0] or 0, ends[1] or 0)]
    return found


def _days(wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    days: list[sa.ColumnElement[bool]] = []
    if wanted.from_ms is not None:
        days.append(events.c.time_ms >= wanted.from_ms)
    if wanted.to_ms is not None:
        days.append(events.c.time_ms < wanted.to_ms)
    return days


def _single_actions(connection: sa.Connection, wanted: Wanted) -> list[Wanted]:
    """A family as one question for each of its actions: the index then has each one's newest events at its end."""
    if not wanted.action or "." in wanted.action or wanted.subject or wanted.actor:
        return [wanted]
    return [replace(wanted, action=name) for name in actions(connection) if name.startswith(f"{wanted.action}.")]


def _before(seq: int | None) -> list[sa.ColumnElement[bool]]:
    return [] if seq is None else [events.c.seq < seq]


def _named(column: sa.ColumnElement[str], text: str, mark: str) -> sa.ColumnElement[bool]:
    """The whole name, or everything that begins with it and the mark: a range, which an index serves."""
    if mark in text:
        return column == text
    return sa.and_(column >= text + mark, column < text + chr(ord(mark) + 1))


def _events(connection: sa.Connection, query: sa.Select[Any]) -> list[Event]:
    return [
        Event(
            seq=seq, time_ms=time_ms, actor=actor, action=action, subject=subject, payload=payload, previous=previous,
            hash=own,
        )
        for seq, time_ms, actor, action, subject, payload, previous, own in connection.execute(query).all()
    ]  # fmt: skip
