"""kill -9 at random moments of a write: state and audit agree, and nothing that was acknowledged is lost."""

import os
import random
from multiprocessing.connection import Connection

from core.ledger.store import open_ledger
from core.ledger.verify import verify
from tests.ledger.deciders import count, counted, process, start_counter

KILLS = int(os.environ.get("GATEHOUSE_KILLS", "10"))
LONGEST_S = 0.2


def _write_for_ever(pipe: Connection, url: str) -> None:
    ledger = open_ledger(url)
    while True:
        with ledger.transaction(actor="system", now_ms=1) as tx:
            done = count(tx, "x" * 2000)
        pipe.send(done)


def test_a_killed_writer_leaves_whole_decisions(ledger_url: str) -> None:
    ledger = open_ledger(ledger_url)
    start_counter(ledger)
    before, _ = ledger.head()
    rng = random.Random(20261125)
    acknowledged = 0
    for _ in range(KILLS):
        child, pipe = process(_write_for_ever, ledger_url)
        acknowledged = max(acknowledged, pipe.recv())
        child.join(rng.uniform(0, LONGEST_S))
        child.kill()
        child.join()
        while pipe.poll():
            try:
                acknowledged = pipe.recv()
            except (EOFError, OSError):  # the end, or a message torn by the kill
                break
        # A decision of its own first: a client's last one may still be being rolled back by the server.
        with ledger.transaction(actor="system", now_ms=1) as tx:
            held = count(tx, "after the kill") - 1
        assert held >= acknowledged, "a decision that was acknowledged is gone"
        found = verify(ledger)
        assert found.problems == ()
        assert found.events - before == held + 1, "state and audit differ"
    assert acknowledged > KILLS
    with ledger.reading() as connection:
        assert counted(connection) == ledger.head()[0] - before
    ledger.close()
