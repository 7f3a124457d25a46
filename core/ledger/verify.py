"""Whether a ledger is what was once written: its chain, its head, its sealed texts, its checkpoints."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

import sqlalchemy as sa

from core.ledger import chain
from core.ledger.chain import Break, Event
from core.ledger.checkpoints import Checkpoint, Stated
from core.ledger.failures import reason
from core.ledger.founding import ledger_id
from core.ledger.schema import audit_events, ledger_head, sealed_texts
from core.ledger.store import Ledger

Passed = Callable[[int], object]
PAGE = 500
TOLD = 50
"""How many problems are told; more of the same say nothing new."""
GUARDS = {
    "sqlite": frozenset({"audit_events_no_update", "audit_events_no_delete", "audit_events_in_order"}),
    "postgresql": frozenset({"audit_events_no_change", "audit_events_no_truncate", "audit_events_in_order"}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something that is not what was once written.

    kind: the chain itself; its end; a sealed text; a checkpoint; the guards by which the database refuses changes.
    seq: of the event concerned, None where none is.  told: in words, a sentence.
    """

    kind: Literal["chain", "end", "text", "checkpoint", "guard"]
    seq: int | None
    told: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What a walk over the whole ledger found.

    ledger: its id.  events: how many hold, from the first on without a break.  hash: of the last of them.
    broken: the first event that does not hold.  problems: everything found, broken included; at most TOLD.
    sealed: texts kept outside the chain that are as they were.  erased: those that are gone, as erasing a person leaves
    them.  checkpoints: signed ones that the chain agrees with.
    """

    ledger: str
    events: int
    hash: str
    broken: Break | None
    problems: tuple[Problem, ...]
    sealed: int
    erased: int
    checkpoints: int

    @property
    def intact(self) -> bool:
        return not self.problems


@dataclass(slots=True)
class _Walk:
    """What is known so far.

    after: whether there are events behind a break.  marks: hashes, as they stand, of events that checkpoints speak of.
    """

    wanted: frozenset[int]
    seq: int = 0
    hash: str = chain.START
    broken: Break | None = None
    after: bool = False
    sealed: int = 0
    erased: int = 0
    marks: dict[int, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def tell(self, kind: Literal["chain", "end", "text", "checkpoint", "guard"], seq: int | None, told: str) -> None:
        if len(self.problems) < TOLD:
            self.problems.append(Problem(kind=kind, seq=seq, told=told))


def verify(ledger: Ledger, stated: Sequence[Stated] = (), passed: Passed = lambda _: None) -> Verification:
    """Reads the whole ledger as of one moment, a page at a time. stated: checkpoints to hold it against.

    passed: told after each page how many events hold so far.
    Raises StoreError where it cannot be read at all.
    """
    with ledger.reading() as connection:
        return verify_in(connection, stated, passed)


def verify_in(
    connection: sa.Connection, stated: Sequence[Stated] = (), passed: Passed = lambda _: None
) -> Verification:
    """The same within a transaction under way."""
    walk = _Walk(wanted=frozenset(item.checkpoint.seq for item in stated if item.checkpoint))
    name = ledger_id(connection)
    for page in _pages(connection):
        if isinstance(page, Break):
            walk.broken = page
        else:
            good = _follow(walk, page)
            _texts(walk, connection, good)
            passed(walk.seq)
        if walk.broken:
            walk.after = True
            walk.tell("chain", walk.broken.seq, f"Event {walk.broken.seq}: {walk.broken.reason}.")
            break
    else:
        _end(walk, connection)
    _guards(walk, connection)
    if not name:
        walk.tell("chain", None, "The event that gave the ledger its id is gone.")
    agreed = sum(_agrees(walk, name, item) for item in stated)
    return Verification(
        ledger=name, events=walk.seq, hash=walk.hash, broken=walk.broken, problems=tuple(walk.problems),
        sealed=walk.sealed, erased=walk.erased, checkpoints=agreed,
    )  # fmt: skip


def _pages(connection: sa.Connection) -> Iterator[list[Event] | Break]:
    """Events in the order of their seq, all of them, whatever it is; ends with a Break at one that cannot be read."""
    query = sa.select(audit_events).order_by(audit_events.c.seq)
    read = 0
    try:
        for rows in connection.execute(query, execution_options={"yield_per": PAGE}).mappings().partitions():
            yield [Event(**row) for row in rows]
            read += len(rows)
    except sa.exc.DatabaseError:
        if connection.dialect.name != "sqlite":
            raise
        while True:  # such as text that is no UTF-8: which event is it?
            try:
                row = connection.execute(query.limit(1).offset(read)).mappings().first()
            except sa.exc.DatabaseError as error:
                yield Break(seq=read + 1, reason=f"it cannot be read: {reason(error)}")
                return
            if row is None:
                return
            yield [Event(**row)]
            read += 1


def _follow(walk: _Walk, page: Sequence[Event]) -> Sequence[Event]:
    """Follows the chain over a page; returns those events of it that hold."""
    before = walk.seq
    walk.seq, walk.hash, walk.broken = chain.walk(page, seq=walk.seq, last=walk.hash)
    good = page[: walk.seq - before]
    if walk.wanted:
        walk.marks.update((event.seq, event.hash) for event in good if event.seq in walk.wanted)
    return good


def _texts(walk: _Walk, connection: sa.Connection, page: Iterable[Event]) -> None:
    """Compares the texts that these (good) events hold as seals."""
    held = {seal: event.seq for event in page if chain.SEALED in event.payload for seal in _seals(event.payload)}
    if not held:
        return
    seals, found = list(held), 0
    for at in range(0, len(seals), PAGE):
        for seal, sound in _kept(connection, seals[at : at + PAGE]):
            found += 1
            walk.sealed += sound
            if not sound:
                walk.tell("text", held[seal], f"Event {held[seal]}: a text that it seals was changed.")
    walk.erased += len(held) - found


def _kept(connection: sa.Connection, seals: Sequence[str]) -> Iterator[tuple[str, bool]]:
    """Those seals whose texts are there, and whether each text is the one that was sealed."""
    query = sa.select(sealed_texts.c.seal, sealed_texts.c.salt, sealed_texts.c.text)
    try:
        rows = connection.execute(query.where(sealed_texts.c.seal.in_(seals))).all()
    except sa.exc.DatabaseError:
        if connection.dialect.name != "sqlite":
            raise
        if len(seals) == 1:  # text that is no UTF-8
            yield seals[0], False
            return
        for seal in seals:
            yield from _kept(connection, [seal])
        return
    for row in rows:
        yield row.seal, chain.seal(str(row.text), str(row.salt)) == row.seal


def _seals(payload: str) -> set[str]:
    try:
        return chain.sealed(json.loads(payload))
    except (ValueError, RecursionError):  # it is what was recorded; that it can be read is not for us to say
        return set()


def _end(walk: _Walk, connection: sa.Connection) -> None:
    heads = connection.execute(sa.select(ledger_head.c.seq, ledger_head.c.hash)).all()
    if len(heads) != 1:
        walk.tell("end", walk.seq, "The ledger's head is missing.")
        return
    seq, own = heads[0]
    if type(seq) is int and seq > walk.seq:
        lost = f"Event {seq} is" if seq == walk.seq + 1 else f"Events {walk.seq + 1} to {seq} are"
        walk.broken = Break(seq=walk.seq + 1, reason="it is missing: the chain was cut off before it")
        walk.tell("end", walk.seq + 1, f"{lost} missing: the ledger's head says that the chain was longer.")
    elif (seq, own) != (walk.seq, walk.hash):
        walk.broken = Break(seq=walk.seq, reason="it is not the one that the ledger's head says was last")
        walk.tell("end", walk.seq, f"Event {walk.seq} is not the one that the ledger's head says was last.")


def _guards(walk: _Walk, connection: sa.Connection) -> None:
    kind = connection.dialect.name
    if kind == "sqlite":
        query = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_events'"
    else:
        query = (
            "SELECT tgname FROM pg_trigger WHERE tgrelid = 'audit_events'::regclass AND NOT tgisinternal"
            " AND tgenabled IN ('O', 'A')"
        )
    present = set(connection.execute(sa.text(query.replace("::", "\\:\\:"))).scalars())
    for missing in sorted(GUARDS[kind] - present):
        walk.tell("guard", None, f"The database does not refuse changes of events any more: {missing} is off.")


def _agrees(walk: _Walk, name: str, item: Stated) -> bool:
    """Whether the chain agrees with a checkpoint; tells what does not."""
    told, seq = item.problem, None
    if not told and item.checkpoint:
        told = _against(walk, name, item.checkpoint)
        seq = item.checkpoint.seq
    if told:
        walk.tell("checkpoint", seq, f"Checkpoint {item.name[:100]}: {told}.")
    return not told


def _against(walk: _Walk, name: str, checkpoint: Checkpoint) -> str:
    day = datetime.fromtimestamp(min(checkpoint.time_ms, 253_402_300_799_000) / 1000, UTC)
    if checkpoint.ledger != name:
        return f"it is of another ledger, {checkpoint.ledger[:40]}"
    if checkpoint.seq > walk.seq:
        lost = "lies behind the break" if walk.after else "is missing"
        return f"its event {checkpoint.seq}, there on {day:%Y-%m-%d %H:%M} UTC, {lost}"
    if walk.marks.get(checkpoint.seq, chain.START) != checkpoint.hash:
        return f"event {checkpoint.seq} is not the one of {day:%Y-%m-%d %H:%M} UTC: the chain was written anew"
    return ""
