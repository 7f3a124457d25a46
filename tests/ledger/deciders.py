"""Processes that write to a ledger, for tests of what several do at once and of what a kill leaves."""

import subprocess
import sys
from typing import Any

import sqlalchemy as sa

from core.ledger.schema import outbox
from core.ledger.store import Ledger, Transaction
from tests.serving import ROOT

COUNTER = {
    "id": "o_counter", "key": "counter", "kind": "counter", "subject": "counter:1", "payload": "{}", "event": 0,
    "state": "done", "attempts": 0, "due_ms": 0,
}  # fmt: skip
"""A row of state to count in: nobody takes it out of the outbox."""


def start_counter(ledger: Ledger) -> None:
    with ledger.transaction(actor="system", now_ms=1) as tx:
        tx.connection.execute(sa.insert(outbox).values(**COUNTER))


def count(tx: Transaction, by: str) -> int:
    """Reads the counter, adds one, and appends an event that says so: what two at once would spoil."""
    before = counted(tx.connection)
    tx.connection.execute(sa.update(outbox).where(outbox.c.id == "o_counter").values(attempts=before + 1))
    tx.append("counter.changed", "counter:1", {"before": {"n": before}, "after": {"n": before + 1}, "by": by})
    return before + 1


def counted(connection: sa.Connection) -> int:
    return int(connection.execute(sa.select(outbox.c.attempts).where(outbox.c.id == "o_counter")).scalar_one())


def process(script: str, *arguments: str) -> subprocess.Popen[str]:
    """A Python process that runs a script in the repository's folder and speaks over its stdout."""
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments], cwd=ROOT, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True
    )


def said(child: subprocess.Popen[str]) -> list[str]:
    """What a process said until its end; it must have ended well."""
    out, _ = child.communicate(timeout=120)
    assert child.returncode == 0
    return out.splitlines()


Row = dict[str, Any]
