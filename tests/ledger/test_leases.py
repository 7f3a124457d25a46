"""Leases: one holder at a time, whoever asks; a dead one loses it after its time."""

import threading
from multiprocessing.connection import Connection
from pathlib import Path

from core.ledger import leases
from core.ledger.store import Ledger, open_ledger
from core.services.house import House
from core.services.shift import LASTS_MS, Shift
from core.settings import load
from tests.ledger.deciders import together


def test_one_holder_until_it_ends_or_gives_it_back(ledger: Ledger) -> None:
    def take(holder: str, now: int, name: str = "sync") -> bool:
        return leases.take(ledger, name, holder, now_ms=now, for_ms=100)

    assert take("a", 0)
    assert not take("b", 99)
    assert take("b", 99, name="other")
    assert take("a", 90), "renewed"
    assert not take("b", 189)
    assert take("b", 190), "taken over"
    assert not take("a", 191)
    leases.release(ledger, "sync", "a", now_ms=192)
    assert leases.holder_of(ledger, "sync", now_ms=192) == "b"
    leases.release(ledger, "sync", "b", now_ms=193)
    assert leases.holder_of(ledger, "sync", now_ms=193) is None
    assert take("a", 193)


def test_one_of_many_threads_gets_it(ledger: Ledger) -> None:
    got: list[bool] = []
    begin = threading.Barrier(20)

    def take(n: int) -> None:
        begin.wait()
        got.append(leases.take(ledger, "sync", f"holder {n}", now_ms=0, for_ms=100))

    threads = [threading.Thread(target=take, args=(n,)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == [False] * 19 + [True]


def _take(pipe: Connection, url: str, holder: str) -> None:
    ledger = open_ledger(url)
    pipe.send("ready")
    pipe.recv()
    pipe.send([leases.take(ledger, "sync", holder, now_ms=100 * turn, for_ms=100) for turn in range(20)])
    ledger.close()


def test_one_of_four_processes_gets_each_term(ledger_url: str) -> None:
    open_ledger(ledger_url).close()
    results = together(_take, [(ledger_url, str(n)) for n in range(4)])
    # Every process asks for terms 0 to 19 in order: the first to ask for a term gets it, and may renew it.
    for term in range(20):
        assert sum(result[term] for result in results) <= 1
    assert any(result[19] for result in results)


def test_a_server_asks_the_ledger_once_in_ten_seconds(ledger: Ledger) -> None:
    now = 1_000_000
    first, second = Shift(), Shift()
    assert first.on("own", ledger, lambda: now)
    assert not second.on("own", ledger, lambda: now)
    assert all(first.on("own", ledger, lambda: 1 // 0) for _ in range(100)), "it is not asked again so soon"
    first.end(lambda: now)
    third = Shift()
    assert third.on("own", ledger, lambda: now), "given back at its end"
    assert Shift().on("own", ledger, lambda: now + LASTS_MS), "a dead one loses it after its time"


def test_of_two_houses_over_one_ledger_one_works_on_schedule(tmp_path: Path, ledger_url: str) -> None:
    env = {"GATEHOUSE_LEDGER": ledger_url, "GATEHOUSE_DEMO": "false"}
    houses = [House(load(env, tmp_path / name)) for name in ("a", "b")]
    for house in houses:
        house.switch("own")
    worked: list[int] = []
    ticks = [threading.Event(), threading.Event()]
    for number, house in enumerate(houses):
        shift = house._shared.shift
        asked = shift.on

        def on(*arguments, asked=asked, tick=ticks[number]):
            answer = asked(*arguments)
            tick.set()
            return answer

        shift.on = on  # type: ignore[method-assign]
        house.start_scheduler(lambda _, number=number: worked.append(number))
    for tick in ticks:
        assert tick.wait(60)
    for house in houses:
        house.close()
    assert len(set(worked)) == 1
