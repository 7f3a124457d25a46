"""The outbox: durable with its decision, in order within a subject, at least once."""

import threading

import pytest
import sqlalchemy as sa

from core.errors import Conflict
from core.ledger import outbox
from core.ledger.schema import outbox as table
from core.ledger.store import Ledger


def _put(ledger: Ledger, key: str, subject: str = "model:1", kind: str = "alias", now: int = 0) -> str:
    with ledger.transaction(actor="p_1", now_ms=now) as tx:
        event = tx.append("model.promoted", subject)
        return outbox.put(tx, key=key, kind=kind, subject=subject, payload={"key": key}, event=event)


def _states(ledger: Ledger) -> dict[str, str]:
    return {row["key"]: row["state"] for row in ledger.rows(sa.select(table))}


def test_work_is_durable_with_its_decision_alone(ledger: Ledger) -> None:
    with pytest.raises(ZeroDivisionError), ledger.transaction(actor="p_1", now_ms=0) as tx:
        outbox.put(tx, key="k", kind="alias", subject="model:1", payload={}, event=tx.append("a.b", "model:1"))
        _ = 1 / 0
    assert outbox.take(ledger, now_ms=10, for_ms=5) == ()
    _put(ledger, "k")
    (task,) = outbox.take(ledger, now_ms=10, for_ms=5)
    assert (task.key, task.payload, task.attempt, task.until_ms) == ("k", {"key": "k"}, 1, 15)


def test_the_same_key_adds_nothing(ledger: Ledger) -> None:
    assert _put(ledger, "k") == _put(ledger, "k", kind="another")
    (task,) = outbox.take(ledger, now_ms=0, for_ms=5)
    outbox.done(ledger, task, now_ms=1, outcome="ok")
    _put(ledger, "k")
    assert outbox.take(ledger, now_ms=10, for_ms=5) == ()
    assert _states(ledger) == {"k": "done"}


def test_newer_work_supersedes_what_nobody_has_taken(ledger: Ledger) -> None:
    for key in ("1", "2", "3"):
        _put(ledger, key)
    _put(ledger, "tag", kind="tag")
    assert _states(ledger) == {"1": "superseded", "2": "superseded", "3": "waiting", "tag": "waiting"}
    (task,) = outbox.take(ledger, now_ms=0, for_ms=5)
    assert task.key == "3"
    _put(ledger, "4")
    assert _states(ledger)["3"] == "taken", "what is under way is not superseded"
    outbox.failed(ledger, task, now_ms=1, outcome="no answer")
    assert _states(ledger)["3"] == "superseded", "but it is not tried again"


def test_order_within_a_subject(ledger: Ledger) -> None:
    for n in range(3):
        for subject in ("model:1", "model:2"):
            _put(ledger, f"{subject} {n}", subject=subject, kind=f"kind {n}")
    seen = []
    for now in range(3):
        tasks = outbox.take(ledger, now_ms=now, for_ms=1_000)
        assert outbox.take(ledger, now_ms=now, for_ms=1_000) == (), "what is under way holds back what follows it"
        seen += [task.key for task in tasks]
        for task in tasks:
            outbox.done(ledger, task, now_ms=now)
    assert seen == [f"model:{m} {n}" for n in range(3) for m in (1, 2)]


def test_work_is_tried_again_later_and_later_and_then_given_up(ledger: Ledger) -> None:
    _put(ledger, "k")
    _put(ledger, "next", kind="tag")
    now, pauses = 0, []
    for attempt in range(1, outbox.ATTEMPTS + 1):
        assert outbox.take(ledger, now_ms=now - 1, for_ms=5) == ()
        (task,) = outbox.take(ledger, now_ms=now, for_ms=5)
        assert (task.key, task.attempt) == ("k", attempt)
        outbox.failed(ledger, task, now_ms=now, outcome="no answer")
        pauses.append(outbox.pause_ms(attempt))
        now += pauses[-1]
    assert pauses == sorted(pauses)
    assert pauses[0] < pauses[-1] == outbox.LONGEST_PAUSE_MS
    assert _states(ledger)["k"] == "failed"
    assert [task.key for task in outbox.take(ledger, now_ms=now, for_ms=5)] == ["next"]


def test_what_was_refused_for_good_is_not_tried_again(ledger: Ledger) -> None:
    _put(ledger, "k")
    (task,) = outbox.take(ledger, now_ms=0, for_ms=5)
    outbox.failed(ledger, task, now_ms=1, outcome="no such model", again=False)
    assert _states(ledger) == {"k": "failed"}


def test_work_of_one_who_died_is_given_out_again(ledger: Ledger) -> None:
    _put(ledger, "k")
    (lost,) = outbox.take(ledger, now_ms=0, for_ms=100)
    assert outbox.take(ledger, now_ms=99, for_ms=100) == ()
    (again,) = outbox.take(ledger, now_ms=100, for_ms=100)
    assert (again.id, again.attempt) == (lost.id, 2)
    with pytest.raises(Conflict):
        outbox.done(ledger, lost, now_ms=101)
    outbox.done(ledger, again, now_ms=102)
    with pytest.raises(Conflict):
        outbox.failed(ledger, again, now_ms=103, outcome="late")
    assert _states(ledger) == {"k": "done"}


def test_many_takers_get_each_piece_once(ledger: Ledger) -> None:
    for n in range(20):
        _put(ledger, str(n), subject=f"model:{n}")
    got: list[str] = []

    def take() -> None:
        while tasks := outbox.take(ledger, now_ms=1, for_ms=1_000, limit=2):
            got.extend(task.key for task in tasks)

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got, key=int) == [str(n) for n in range(20)]
