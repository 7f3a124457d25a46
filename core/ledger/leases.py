"""Leases: what only one server of several may do at a time. Whoever stops renewing loses its lease after its time.

Servers on several machines compare `until_ms` with clocks of their own: leases last long against what these differ by.
"""

import sqlalchemy as sa

from core.ledger.schema import leases
from core.ledger.store import Ledger


def take(ledger: Ledger, name: str, holder: str, *, now_ms: int, for_ms: int) -> bool:
    """Takes or renews a lease; whether it is the holder's now.

    holder: who asks, different for every server.  for_ms: how long it lasts unless it is renewed.
    """
    until = now_ms + for_ms
    with ledger.transaction(actor="system", now_ms=now_ms) as tx:
        row = tx.connection.execute(sa.select(leases).where(leases.c.name == name)).one_or_none()
        if row is None:
            tx.connection.execute(sa.insert(leases).values(name=name, holder=holder, until_ms=until))
            return True
        if row.holder != holder and row.until_ms > now_ms:
            return False
        tx.connection.execute(
            sa.update(leases).where(leases.c.name == name).values(holder=holder, until_ms=until)
        )  # fmt: skip
        return True


def release(ledger: Ledger, name: str, holder: str, *, now_ms: int) -> None:
    """Gives a lease back early; nothing happens when somebody else holds it."""
    with ledger.transaction(actor="system", now_ms=now_ms) as tx:
        tx.connection.execute(sa.delete(leases).where(leases.c.name == name, leases.c.holder == holder))


def holder_of(ledger: Ledger, name: str, *, now_ms: int) -> str | None:
    """Who holds a lease now; None: nobody."""
    rows = ledger.rows(sa.select(leases.c.holder).where(leases.c.name == name, leases.c.until_ms > now_ms))
    return str(rows[0]["holder"]) if rows else None
