"""Processes that write to a ledger, for tests of what several do at once and of what a kill leaves."""

import multiprocessing
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

import sqlalchemy as sa

from core.ledger.schema import outbox
from core.ledger.store import Ledger, Transaction

COUNTER = {
    "id": "o_counter", "key": "counter", "kind": "counter", "subject": "counter:1", "payload": "{}", "event": 0,
    "state": "done", "attempts": 0, "due_ms": 0,
}  # fmt: skip
"""A row of state to count in: nobody takes it out of the outbox."""
_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["pytest", "psycopg", "core.ledger.migrating", "tests.ledger.deciders"])


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


def process(work: Callable[..., None], *arguments: Any) -> tuple[BaseProcess, Connection]:
    """Starts work(pipe, *arguments), a function of a module, in a process; with this end of the pipe.

    It is forked from one that has imported everything: a process of its own start would take longer than its work.
    """
    here, there = _context.Pipe()
    child = _context.Process(target=work, args=(there, *arguments))
    child.start()
    there.close()
    return child, here


def together(work: Callable[..., None], arguments: list[tuple[Any, ...]]) -> list[Any]:
    """Runs work in as many processes, let go at once: each sends "ready", waits for a message, sends its result."""
    children = [process(work, *each) for each in arguments]
    for _, pipe in children:
        assert pipe.recv() == "ready"
    for _, pipe in children:
        pipe.send("go")
    results = [pipe.recv() for _, pipe in children]
    for child, _ in children:
        child.join()
    return results
