"""The ledger: writing state and audit event in one transaction, reading."""

import json
import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from core.errors import StoreError
from core.ledger import chain
from core.ledger.engines import BUSY_S, engine_of
from core.ledger.failures import explained
from core.ledger.schema import audit_events, ledger_head, sealed_texts
from core.ledger.texts import clean, cleaned

WORD_LONGEST = 2_000
"""Bytes of an actor, action or subject: they are indexed, and PostgreSQL indexes no more than 2,704."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """One decision being written: its state and its audit events become durable together, or not at all.

    actor: id of the person who decides, or system, local.  on_behalf_of: id of the person for whom a deputy decides.
    now_ms: the moment of the decision.
    """

    connection: sa.Connection
    actor: str
    now_ms: int
    on_behalf_of: str | None = None

    def append(self, action: str, subject: str, payload: Mapping[str, Any] | None = None) -> int:
        """Appends an audit event and returns its seq.

        payload: JSON values; what changed goes under "before" and "after", each with the changed fields alone.
        Personal data goes in as seals only (`seal`). Raises ValueError for what is no JSON (dates, NaN, integers beyond
        2**53 - 1) and for an action or subject that is too long.
        """
        said = cleaned(dict(payload or {}))
        if self.on_behalf_of:
            said["on_behalf_of"] = self.on_behalf_of
        head = self.connection.execute(sa.select(ledger_head.c.seq, ledger_head.c.hash)).one()
        event = {
            "seq": head.seq + 1, "time_ms": self.now_ms, "actor": clean(self.actor), "action": clean(action),
            "subject": clean(subject), "payload": chain.canonical(said), "previous": head.hash,
        }  # fmt: skip
        for name in ("actor", "action", "subject"):
            if len(event[name].encode()) > WORD_LONGEST:
                raise ValueError(f"{name} must have at most {WORD_LONGEST} bytes, got {event[name][:60]!r}...")
        own = chain.digest(**event)
        self.connection.execute(sa.insert(audit_events).values(**event, hash=own))
        self.connection.execute(sa.update(ledger_head).values(seq=event["seq"], hash=own))
        return int(event["seq"])

    def seal(self, text: str, person: str, *, retain_until_ms: int | None = None) -> dict[str, str]:
        """Keeps a text that speaks of a person outside the chain, and returns what stands for it in a payload.

        retain_until_ms: of a signature: erasing the person leaves the text until then.
        """
        text, salt = clean(text), secrets.token_hex(16)
        seal = chain.seal(text, salt)
        self.connection.execute(
            sa.insert(sealed_texts).values(
                seal=seal, salt=salt, text=text, person=person, retain_until_ms=retain_until_ms
            )
        )
        return {chain.SEALED: seal}


class Ledger:
    """One open ledger. Safe to use from many threads, and by many processes at once."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        self.writes = 0  # by this process: what it has read before holds while this stays (others may write too)
        # Writers take turns anyway. Queued here they wait in order, where SQLite's would poll and PostgreSQL's would
        # each hold a connection; on PostgreSQL one more may already stand in line at the database.
        self._turns = threading.BoundedSemaphore(1 if self.is_sqlite else 2)
        self._thread = threading.local()

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def transaction(self, *, actor: str, now_ms: int, on_behalf_of: str | None = None) -> Iterator[Transaction]:
        """A write. Writers take turns, over all processes: what is read inside it cannot change before it commits.

        Raises StoreError; RuntimeError inside another one of the same thread, which would wait for itself.
        """
        with self._turn(), explained(self.engine.url):
            with self.engine.connect().execution_options(writes=True) as connection:
                with connection.begin() as begun:  # rolled back unless the commit below is reached
                    if not self.is_sqlite:
                        connection.execute(sa.select(ledger_head.c.id).with_for_update())
                    yield Transaction(connection=connection, actor=actor, now_ms=now_ms, on_behalf_of=on_behalf_of)
                    with explained(self.engine.url, committing=not self.is_sqlite):
                        begun.commit()
            self.writes += 1

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A connection for reads, which all see the same moment. It refuses to write."""
        with explained(self.engine.url), self.engine.connect() as connection:
            if not self.is_sqlite:
                connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            with connection.begin():
                yield connection

    def rows(self, query: sa.Executable) -> list[dict[str, Any]]:
        """The result of one read, a dict a row."""
        with self.reading() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def head(self) -> tuple[int, str]:
        """seq and hash of the last event."""
        with self.reading() as connection:
            row = connection.execute(sa.select(ledger_head.c.seq, ledger_head.c.hash)).one()
        return int(row.seq), str(row.hash)

    def close(self) -> None:
        self.engine.dispose()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if getattr(self._thread, "decides", False):
            raise RuntimeError("A decision cannot be made inside another one: write into its transaction.")
        if not self._turns.acquire(timeout=BUSY_S):
            raise StoreError(
                "The ledger is busy: a decision takes too long.",
                hint="Nothing was written. Try again.",
            )
        self._thread.decides = True
        try:
            yield
        finally:
            self._thread.decides = False
            self._turns.release()


def open_ledger(url: str, *, password: str | None = None) -> Ledger:
    """Opens a ledger, making or migrating its tables first.

    url: sqlite:///file or postgresql://user@host/database.  password: of PostgreSQL, where its own means
    (.pgpass, PGPASSWORD) do not know it. Raises StoreError, StoreNewer or StoreDamaged; nothing is ever set aside:
    decisions cannot be had again.
    """
    from core.ledger.migrating import migrate

    ledger = Ledger(engine_of(url, password=password))
    try:
        migrate(ledger)
    except BaseException:
        ledger.close()
        raise
    return ledger


def payload_of(text: str) -> dict[str, Any]:
    """A stored payload as JSON values."""
    said: dict[str, Any] = json.loads(text)
    return said
