"""State and audit event in one transaction, on both databases."""

import json
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from core.errors import StoreDamaged, StoreError
from core.ledger import chain
from core.ledger.people import people
from core.ledger.schema import audit_events, sealed_texts
from core.ledger.store import Ledger, open_ledger
from core.ledger.verify import verify
from tests.ledger.deciders import count, counted, start_counter


def test_an_event_follows_the_one_before(ledger: Ledger) -> None:
    seq, last = ledger.head()
    with ledger.transaction(actor="p_1", now_ms=7, on_behalf_of="p_2") as tx:
        assert tx.append("thing.changed", "thing:1", {"after": {"x": 1}}) == seq + 1
        assert tx.append("thing.changed", "thing:1") == seq + 2
    rows = ledger.rows(sa.select(audit_events).where(audit_events.c.seq > seq).order_by(audit_events.c.seq))
    assert chain.walk((chain.Event(**row) for row in rows), seq=seq, last=last)[2] is None
    assert ledger.head() == (seq + 2, rows[-1]["hash"])
    assert {(row["actor"], row["time_ms"]) for row in rows} == {("p_1", 7)}
    assert json.loads(rows[0]["payload"]) == {"after": {"x": 1}, "on_behalf_of": "p_2"}


def test_what_fails_leaves_nothing(ledger: Ledger) -> None:
    start_counter(ledger)
    before = ledger.head()
    with pytest.raises(ZeroDivisionError), ledger.transaction(actor="p_1", now_ms=1) as tx:
        count(tx, "x")
        tx.seal("A name", "p_1")
        _ = 1 / 0
    assert ledger.head() == before
    assert ledger.rows(sa.select(sealed_texts)) == []
    with ledger.reading() as connection:
        assert counted(connection) == 0


HOSTILE = ["", "\x00", "a\x00b", "\ud800", "\udfff\ud800", "\U0001f600", "\u202e\u2028", "'; DROP TABLE people; --",
           "%s %(x)s {x} :x ?", "é" * 1_000_000, "\\u0000", "\x01\x1f\x7f", "<script>alert(1)</script>"]  # fmt: skip


def test_hostile_text_is_kept_and_verifies(ledger: Ledger) -> None:
    with ledger.transaction(actor="p_1", now_ms=1) as tx:
        for text in HOSTILE:
            sealed = tx.seal(text, "p_1")
            tx.append(
                f"thing.{text[:100]}", f"thing:{text[:100]}", {"text": text, text[:1000]: [text], "sealed": sealed}
            )
    found = verify(ledger)
    assert found.problems == ()
    assert (found.sealed, found.erased) == (len(HOSTILE), 0)
    rows = ledger.rows(sa.select(audit_events).where(audit_events.c.seq > 1).order_by(audit_events.c.seq))
    kept = [json.loads(row["payload"])["text"] for row in rows]
    for text, held in zip(HOSTILE, kept, strict=True):
        assert held == text.replace("\x00", "\ufffd") or not text.isprintable()
        assert "\x00" not in held
        held.encode()


def test_numbers_come_back_as_they_were(ledger: Ledger) -> None:
    numbers = [0, -0.0, 1e16, 1e21, 1e-7, 2**53 - 1, -(2**53) + 1, 0.1, 1.7976931348623157e308, 5e-324, True, None]
    with ledger.transaction(actor="p_1", now_ms=1) as tx:
        tx.append("thing.measured", "thing:1", {"numbers": numbers})
    assert verify(ledger).intact
    (row,) = ledger.rows(sa.select(audit_events.c.payload).where(audit_events.c.action == "thing.measured"))
    assert json.loads(row["payload"])["numbers"] == numbers


@pytest.mark.parametrize("bad", [{"x": float("nan")}, {"x": 2**53}, {"x": object()}])
def test_what_is_no_json_is_refused(ledger: Ledger, bad: dict) -> None:
    before = ledger.head()
    with pytest.raises(ValueError, match=r"."), ledger.transaction(actor="p_1", now_ms=1) as tx:
        tx.append("thing.changed", "thing:1", bad)
    with pytest.raises(ValueError, match="subject"), ledger.transaction(actor="p_1", now_ms=1) as tx:
        tx.append("thing.changed", "é" * 1_001)
    assert ledger.head() == before


def test_a_decision_inside_a_decision_is_a_mistake_not_a_deadlock(ledger: Ledger) -> None:
    with ledger.transaction(actor="p_1", now_ms=1) as tx:
        with pytest.raises(RuntimeError, match="inside another"), ledger.transaction(actor="p_1", now_ms=1):
            pass
        tx.append("thing.changed", "thing:1")
    with ledger.transaction(actor="p_1", now_ms=1) as tx:
        tx.append("thing.changed", "thing:1")
    assert ledger.head()[0] == 3


def test_a_read_sees_one_moment_and_cannot_write(ledger: Ledger) -> None:
    with ledger.reading() as connection:
        query = sa.select(sa.func.count()).select_from(audit_events)
        before = connection.execute(query).scalar_one()

        def decide() -> None:
            with ledger.transaction(actor="p_1", now_ms=1) as tx:
                tx.append("thing.changed", "thing:1")

        thread = threading.Thread(target=decide)
        thread.start()
        thread.join()
        assert connection.execute(query).scalar_one() == before
    assert ledger.head()[0] == before + 1
    with pytest.raises((StoreError, sa.exc.DBAPIError)), ledger.reading() as connection:
        connection.execute(sa.delete(people))


@pytest.mark.parametrize(
    "url", ["mysql://host/x", "no url", "sqlite://", "sqlite:////proc/nowhere/x.db", "postgresql://tests@127.0.0.1:9/x"]
)
def test_a_place_that_cannot_be_used_is_told_with_a_next_step(url: str) -> None:
    with pytest.raises(StoreError) as told:
        open_ledger(url, password="hunter2")
    assert told.value.hint
    assert "hunter2" not in told.value.message


def test_a_damaged_file_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    for name, content in (("text.db", b"this is no database" * 500), ("cut.db", None)):
        path = tmp_path / name
        if content is None:
            ledger = open_ledger(f"sqlite:///{path}")
            ledger.close()
            content = path.read_bytes()
            content = content[:100] + b"\xff" * (len(content) - 100)
        path.write_bytes(content)
        with pytest.raises(StoreDamaged) as told:
            open_ledger(f"sqlite:///{path}")
        assert "restore" in told.value.hint
        assert path.read_bytes() == content


def test_the_file_is_its_owners(tmp_path: Path) -> None:
    ledger = open_ledger(f"sqlite:///{tmp_path / 'deep' / 'ledger.db'}")
    with ledger.transaction(actor="p_1", now_ms=1) as tx:
        tx.append("thing.changed", "thing:1")
        files = list((tmp_path / "deep").iterdir())
        assert len(files) == 3
        assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    ledger.close()


def test_what_an_administrator_wrote_as_no_utf8_is_named(tmp_path: Path) -> None:
    ledger = open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    for n in range(2, 6):
        with ledger.transaction(actor="p_1", now_ms=n) as tx:
            tx.append("thing.changed", "thing:1", {"n": n, "text": tx.seal("A text", "p_1")})
    with ledger.engine.connect().execution_options(writes=True) as connection:
        connection.exec_driver_sql("UPDATE sealed_texts SET text = CAST(x'ff' AS TEXT) WHERE rowid = 2")
        connection.commit()
    (problem,) = verify(ledger).problems
    assert problem.kind == "text"
    with ledger.engine.connect().execution_options(writes=True) as connection:
        connection.exec_driver_sql("DROP TRIGGER audit_events_no_update")
        connection.exec_driver_sql("UPDATE audit_events SET payload = CAST(x'ff' AS TEXT) WHERE seq = 3")
        connection.commit()
    found = verify(ledger)
    assert found.broken is not None
    assert found.broken.seq == 3
    assert "UTF-8" in found.broken.reason
    ledger.close()
