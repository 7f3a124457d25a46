"""The ledger's database: opening it, writing state and audit event in one transaction, reading."""

import json
import secrets
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url

from core.errors import StoreError
from core.ledger import chain
from core.ledger.schema import audit_events, ledger_head, sealed_texts
from core.ledger.texts import clean, cleaned

BUSY_S = 60.0
POOL = 20


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
        Personal data goes in as seals only (`seal`).
        """
        said = cleaned(dict(payload or {}))
        if self.on_behalf_of:
            said["on_behalf_of"] = self.on_behalf_of
        head = self.connection.execute(sa.select(ledger_head.c.seq, ledger_head.c.hash)).one()
        event = {
            "seq": head.seq + 1, "time_ms": self.now_ms, "actor": clean(self.actor), "action": clean(action),
            "subject": clean(subject), "previous": head.hash,
        }  # fmt: skip
        own = chain.digest(payload=said, **event)
        self.connection.execute(sa.insert(audit_events).values(**event, payload=chain.canonical(said), hash=own))
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
    """One open ledger. Safe to use from many threads."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        self.writes = 0  # by this process: what it has read before holds while this stays (others may write too)
        self._turn = threading.Lock()  # SQLite lets writers wait by polling: within a process they queue here instead

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def transaction(self, *, actor: str, now_ms: int, on_behalf_of: str | None = None) -> Iterator[Transaction]:
        """A write. Writers take turns, over all processes: what is read inside it cannot change before it commits."""
        with self._turn if self.is_sqlite else _no_turn(), _explained(self.engine.url):
            with self.engine.connect().execution_options(writes=True) as connection, connection.begin():
                if not self.is_sqlite:
                    connection.execute(sa.select(ledger_head.c.id).with_for_update())
                yield Transaction(connection=connection, actor=actor, now_ms=now_ms, on_behalf_of=on_behalf_of)
            self.writes += 1

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A connection for reads, which all see the same moment."""
        with _explained(self.engine.url), self.engine.connect() as connection, connection.begin():
            yield connection

    def rows(self, query: sa.Executable) -> list[dict[str, Any]]:
        """The result of one read, a dict a row."""
        with self.reading() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def head(self) -> tuple[int, str]:
        """seq and hash of the last event; 0 and chain.START when there is none."""
        with self.reading() as connection:
            row = connection.execute(sa.select(ledger_head.c.seq, ledger_head.c.hash)).one()
        return int(row.seq), str(row.hash)

    def close(self) -> None:
        self.engine.dispose()


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


def engine_of(url: str, *, password: str | None = None) -> sa.Engine:
    """An engine that begins as the ledger needs it. Raises StoreError for a URL or driver that cannot be used."""
    try:
        parsed = make_url(url)
    except sa.exc.ArgumentError as error:
        raise StoreError(
            "The ledger's URL cannot be read.", hint="sqlite:///file or postgresql://user@host/database."
        ) from error
    dialect = parsed.get_backend_name()
    if dialect == "sqlite":
        return _sqlite(parsed)
    if dialect != "postgresql":
        raise StoreError(f"The ledger cannot be kept in {dialect}.", hint="Use sqlite:///file or postgresql://.")
    try:
        return sa.create_engine(
            parsed.set(drivername="postgresql+psycopg", password=password or parsed.password),
            pool_size=POOL, max_overflow=2 * POOL, pool_timeout=BUSY_S, pool_pre_ping=True,
        )  # fmt: skip
    except ModuleNotFoundError as error:
        raise StoreError("PostgreSQL's driver is not installed.", hint="pip install -e .[postgresql]") from error


def payload_of(text: str) -> dict[str, Any]:
    """A stored payload as JSON values."""
    said: dict[str, Any] = json.loads(text)
    return said


def _sqlite(url: URL) -> sa.Engine:
    if url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(
        url, pool_size=POOL, max_overflow=2 * POOL, pool_timeout=BUSY_S, connect_args={"timeout": BUSY_S},
        poolclass=sa.pool.QueuePool,
    )  # fmt: skip

    @sa.event.listens_for(engine, "connect")
    def _set_up(connection: sqlite3.Connection, _: object) -> None:
        connection.isolation_level = None  # the driver begins nothing by itself
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "recursive_triggers = ON"):
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        writes = connection.get_execution_options().get("writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


@contextmanager
def _no_turn() -> Iterator[None]:
    yield


@contextmanager
def _explained(url: URL) -> Iterator[None]:
    try:
        yield
    except (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.TimeoutError) as error:
        place = url.render_as_string(hide_password=True)
        told = str(getattr(error, "orig", None) or error).splitlines()[0][:200]
        raise StoreError(
            f"The ledger at {place} cannot be used: {told}.",
            hint="Nothing was written. Check that it can be reached, and its disk; then try again.",
        ) from error
