"""Four processes with fifty threads each write at once: nothing fails, nothing is lost, nothing is torn."""

import json
from collections import Counter

import sqlalchemy as sa

from core.ledger.schema import audit_events
from core.ledger.store import open_ledger
from core.ledger.verify import verify
from tests.ledger.deciders import counted, process, said, start_counter

PROCESSES, THREADS, EACH = 4, 50, 2
WRITER = """
import sys, threading
from core.ledger.store import open_ledger
from tests.ledger.deciders import count
url, name, threads, each = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
ledger = open_ledger(url)
failed = []
begin = threading.Barrier(threads)
def write(number):
    begin.wait()
    for _ in range(each):
        try:
            with ledger.transaction(actor="system", now_ms=1) as tx:
                count(tx, f"{name}.{number}")
        except Exception as error:
            failed.append(repr(error))
workers = [threading.Thread(target=write, args=(n,)) for n in range(threads)]
print("ready", flush=True)
sys.stdin.readline()
for worker in workers: worker.start()
for worker in workers: worker.join()
print(*failed, sep="\\n")
"""


def test_writers_of_four_processes_lose_nothing(ledger_url: str) -> None:
    ledger = open_ledger(ledger_url)
    start_counter(ledger)
    before, _ = ledger.head()
    children = [process(WRITER, ledger_url, str(n), str(THREADS), str(EACH)) for n in range(PROCESSES)]
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    assert [line for child in children for line in said(child) if line] == [], "a write failed"

    writes = PROCESSES * THREADS * EACH
    events = ledger.rows(sa.select(audit_events).where(audit_events.c.seq > before).order_by(audit_events.c.seq))
    payloads = [json.loads(row["payload"]) for row in events]
    assert [row["seq"] for row in events] == list(range(before + 1, before + writes + 1)), "a gap"
    assert [said["after"]["n"] for said in payloads] == list(range(1, writes + 1)), "a lost update"
    assert set(Counter(said["by"] for said in payloads).values()) == {EACH}
    with ledger.reading() as connection:
        assert counted(connection) == writes
    assert verify(ledger).problems == ()
    ledger.close()


def test_two_processes_open_an_empty_ledger_at_once(ledger_url: str) -> None:
    opener = (
        "import sys\nfrom core.ledger.store import open_ledger\nprint('ready', flush=True)\nsys.stdin.readline()\n"
        "print(open_ledger(sys.argv[1]).head())"
    )
    children = [process(opener, ledger_url) for _ in range(2)]
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    first, second = (said(child) for child in children)
    assert first == second
    ledger = open_ledger(ledger_url)
    assert [row["action"] for row in ledger.rows(sa.select(audit_events.c.action))] == ["ledger.created"]
    assert verify(ledger).intact
    ledger.close()
