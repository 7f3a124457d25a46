"""kill -9 at random moments of a write: state and audit agree, and nothing that was acknowledged is lost."""

import os
import random
import subprocess

from core.ledger.store import open_ledger
from core.ledger.verify import verify
from tests.ledger.deciders import counted, process, start_counter

KILLS = int(os.environ.get("GATEHOUSE_KILLS", "10"))
LONGEST_S = 0.15
WRITER = """
import sys
from core.ledger.store import open_ledger
from tests.ledger.deciders import count
ledger = open_ledger(sys.argv[1])
print("ready", flush=True)
while True:
    with ledger.transaction(actor="system", now_ms=1) as tx:
        n = count(tx, "x" * 2000)
    print(n, flush=True)
"""


def test_a_killed_writer_leaves_whole_decisions(ledger_url: str) -> None:
    ledger = open_ledger(ledger_url)
    start_counter(ledger)
    before, _ = ledger.head()
    rng = random.Random(20261125)
    writing = [process(WRITER, ledger_url) for _ in range(2)]  # the next one starts up while this one writes
    acknowledged = 0
    try:
        for kill in range(KILLS):
            child = writing.pop(0)
            writing.append(process(WRITER, ledger_url)) if kill < KILLS - 2 else None
            assert child.stdout is not None
            assert child.stdout.readline() == "ready\n"
            try:
                child.wait(rng.uniform(0, LONGEST_S))
            except subprocess.TimeoutExpired:
                child.kill()
            told = [int(line) for line in child.stdout.read().split("\n")[:-1]]
            child.wait()
            acknowledged = max([acknowledged, *told])
            with ledger.reading() as connection:
                held = counted(connection)
            found = verify(ledger)
            assert found.problems == ()
            assert held >= acknowledged, "a decision that was acknowledged is gone"
            assert found.events - before >= held, "state without its event"
    finally:
        for child in writing:
            child.kill()
            child.wait()
    with ledger.reading() as connection:
        assert verify(ledger).events - before == counted(connection)
    assert acknowledged > 0, "no kill fell after a write: the test shows nothing"
    ledger.close()
