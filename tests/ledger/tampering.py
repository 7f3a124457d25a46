"""What an administrator of the database can do once it has taken the guards away."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from core.ledger import chain
from core.ledger.schema import audit_events, ledger_head
from core.ledger.store import Ledger


@contextmanager
def unguarded(ledger: Ledger) -> Iterator[sa.Connection]:
    """A connection while the triggers are gone; afterwards they are back, as if nothing had happened."""
    with ledger.engine.connect().execution_options(writes=True) as connection, connection.begin():
        if ledger.is_sqlite:
            query = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
            triggers = connection.exec_driver_sql(query).all()
            for name, _ in triggers:
                connection.exec_driver_sql(f"DROP TRIGGER {name}")
            yield connection
            for _, statement in triggers:
                connection.exec_driver_sql(statement)
        else:
            connection.exec_driver_sql("ALTER TABLE audit_events DISABLE TRIGGER USER")
            yield connection
            connection.exec_driver_sql("ALTER TABLE audit_events ENABLE TRIGGER USER")


def events_of(connection: sa.Connection) -> list[dict[str, Any]]:
    query = sa.select(audit_events).order_by(audit_events.c.seq)
    return [dict(row) for row in connection.execute(query).mappings()]


def rewrite(connection: sa.Connection, events: list[dict[str, Any]]) -> None:
    """Puts these events in the place of all, with hashes and head that fit: nothing within the ledger tells."""
    connection.execute(sa.delete(audit_events))
    last = chain.START
    for seq, event in enumerate(events, 1):
        said = {**event, "seq": seq, "previous": last}
        said.pop("hash", None)
        last = chain.digest(**said)
        connection.execute(sa.insert(audit_events).values(**said, hash=last))
    connection.execute(sa.update(ledger_head).values(seq=len(events), hash=last))
