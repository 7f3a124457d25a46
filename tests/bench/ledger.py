"""The ledger: decisions per second on SQLite and PostgreSQL (both durable), and how fast a chain is verified."""

import multiprocessing
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

import psycopg
import sqlalchemy as sa

from core.ledger.schema import outbox
from core.ledger.store import Ledger, open_ledger
from core.ledger.verify import verify
from tests.bench.report import Measured
from tests.postgres import server

ALONE_S = 3.0
PROCESSES, THREADS, TOGETHER_S = 4, 12, 5.0
EVENTS, TEXTS_EVERY = 15_000, 10
LEAST_ALONE, LEAST_TOGETHER, LEAST_VERIFIED = 50, 50, 5_000
"""Far below what a quiet machine does: a decision is a person's, and a verdict on a million events takes minutes."""


def measure(_: None) -> list[Measured]:
    """Decisions that change a row of state and append an event, and a walk over EVENTS events."""
    lines = []
    for kind in ("sqlite", "postgresql"):
        with _place(kind) as url:
            ledger = open_ledger(url)
            _prepare(ledger)
            lines += [
                _least(f"{kind}: one writer", _alone(ledger), "decisions/s", LEAST_ALONE),
                _least(f"{kind}: {PROCESSES} x {THREADS} writers", _together(url), "decisions/s", LEAST_TOGETHER),
            ]
            assert verify(ledger).intact
            _fill(ledger)
            began = time.perf_counter()
            found = verify(ledger)
            assert found.intact
            per_second = found.events / (time.perf_counter() - began)
            lines.append(_least(f"{kind}: verified", per_second, "events/s", LEAST_VERIFIED))
            ledger.close()
    return lines


def _least(name: str, ours: float, unit: str, least: float) -> Measured:
    return Measured(
        area="ledger", name=name, ours=ours, unit=unit, bar=f">= {least:,} {unit}", holds=ours >= least
    )  # fmt: skip


@contextmanager
def _place(kind: str) -> Iterator[str]:
    if kind == "sqlite":
        with tempfile.TemporaryDirectory() as folder:
            yield f"sqlite:///{Path(folder) / 'ledger.db'}"
        return
    with server(durable=True) as url:
        with psycopg.connect(f"{url}/postgres", autocommit=True) as connection:
            connection.execute("CREATE DATABASE bench")
        yield f"{url}/bench"


def _prepare(ledger: Ledger) -> None:
    row = {"id": "o_1", "key": "k", "kind": "k", "subject": "s", "payload": "{}", "event": 0, "state": "done"}
    with ledger.transaction(actor="system", now_ms=1) as tx:
        tx.connection.execute(sa.insert(outbox).values(**row, attempts=0, due_ms=0))


def _decide(ledger: Ledger) -> None:
    with ledger.transaction(actor="p_1", now_ms=1) as tx:
        done = tx.connection.execute(sa.select(outbox.c.attempts)).scalar_one()
        tx.connection.execute(sa.update(outbox).values(attempts=done + 1))
        tx.append("model.promoted", "model:1", {"before": {"n": done}, "after": {"n": done + 1}})


def _alone(ledger: Ledger) -> float:
    return _for(ledger, ALONE_S) / ALONE_S


def _for(ledger: Ledger, seconds: float) -> int:
    until, made = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        _decide(ledger)
        made += 1
    return made


def _together(url: str) -> float:
    context = multiprocessing.get_context("spawn")
    pipes = []
    for _ in range(PROCESSES):
        here, there = context.Pipe()
        context.Process(target=_writer, args=(there, url), daemon=True).start()
        pipes.append(here)
    for pipe in pipes:
        pipe.recv()
    began = time.monotonic()
    for pipe in pipes:
        pipe.send("go")
    made = sum(pipe.recv() for pipe in pipes)
    return made / (time.monotonic() - began)


def _writer(pipe: Connection, url: str) -> None:
    ledger = open_ledger(url)
    counts: list[int] = []
    threads = [threading.Thread(target=lambda: counts.append(_for(ledger, TOGETHER_S))) for _ in range(THREADS)]
    pipe.send("ready")
    pipe.recv()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pipe.send(sum(counts))
    ledger.close()


def _fill(ledger: Ledger) -> None:
    """Appends events, many in a transaction: what is measured is reading them."""
    for _ in range(EVENTS // 5_000):
        with ledger.transaction(actor="p_1", now_ms=1) as tx:
            for n in range(5_000):
                said = {"before": {"stage": "staging", "n": n}, "after": {"stage": "production", "n": n + 1}}
                if n % TEXTS_EVERY == 0:
                    said["reason"] = tx.seal("Better in every segment.", "p_1")
                tx.append("model.promoted", f"model:{n % 500}", said)
