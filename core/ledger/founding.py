"""The event a ledger begins with. It gives the ledger an id of its own, by which its checkpoints know it."""

import json

import sqlalchemy as sa

from core.ledger.people import new_id
from core.ledger.schema import audit_events
from core.ledger.store import Transaction

FOUNDED = "ledger.created"


def found(tx: Transaction) -> str:
    """Writes the first event of a new ledger; returns the ledger's id."""
    name = new_id("l")
    tx.append(FOUNDED, f"ledger:{name}", {"ledger": name})
    return name


def ledger_id(connection: sa.Connection) -> str:
    """The ledger's id; "" where somebody took away the event that gave it."""
    query = (
        sa.select(audit_events.c.payload).where(audit_events.c.action == FOUNDED).order_by(audit_events.c.seq).limit(1)
    )
    try:
        said = json.loads(connection.execute(query).scalar() or "{}")
    except (ValueError, TypeError, RecursionError, sa.exc.OperationalError):  # whatever somebody put in its place
        return ""
    return str(said.get("ledger", "")) if isinstance(said, dict) else ""
