"""Four processes with fifty threads each write at once: nothing fails, nothing is lost, nothing is torn."""

import json
import threading
from collections import Counter
from multiprocessing.connection import Connection

import sqlalchemy as sa

from core.ledger.schema import audit_events
from core.ledger.store import open_ledger
from core.ledger.verify import verify
from tests.ledger.deciders import count, counted, start_counter, together

PROCESSES, THREADS, EACH = 4, 50, 2


def _write(pipe: Connection, url: str, name: int) -> None:
    ledger = open_ledger(url)
    failed: list[str] = []

    def decide(number: int) -> None:
        try:
            for _ in range(EACH):
                with ledger.transaction(actor="system", now_ms=1) as tx:
                    count(tx, f"{name}.{number}")
        except Exception as error:  # noqa: BLE001 - every failure is one too many
            failed.append(repr(error))

    workers = [threading.Thread(target=decide, args=(number,)) for number in range(THREADS)]
    pipe.send("ready")
    pipe.recv()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    pipe.send(failed)


def _open(pipe: Connection, url: str) -> None:
    pipe.send("ready")
    pipe.recv()
    ledger = open_ledger(url)
    pipe.send(ledger.head())
    ledger.close()


def test_writers_of_four_processes_lose_nothing(ledger_url: str) -> None:
    ledger = open_ledger(ledger_url)
    start_counter(ledger)
    before, _ = ledger.head()
    assert together(_write, [(ledger_url, n) for n in range(PROCESSES)]) == [[]] * PROCESSES, "a write failed"

    writes = PROCESSES * THREADS * EACH
    events = ledger.rows(sa.select(audit_events).where(audit_events.c.seq > before).order_by(audit_events.c.seq))
    payloads = [json.loads(row["payload"]) for row in events]
    assert [row["seq"] for row in events] == list(range(before + 1, before + writes + 1)), "a gap"
    assert [said["after"]["n"] for said in payloads] == list(range(1, writes + 1)), "a lost update"
    by = Counter(said["by"] for said in payloads)
    assert len(by) == PROCESSES * THREADS
    assert set(by.values()) == {EACH}
    with ledger.reading() as connection:
        assert counted(connection) == writes
    assert verify(ledger).problems == ()
    ledger.close()


def test_two_processes_open_an_empty_ledger_at_once(ledger_url: str) -> None:
    first, second = together(_open, [(ledger_url,)] * 2)
    assert first == second
    ledger = open_ledger(ledger_url)
    assert [row["action"] for row in ledger.rows(sa.select(audit_events.c.action))] == ["ledger.created"]
    assert verify(ledger).intact
    ledger.close()
