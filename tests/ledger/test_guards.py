"""The database itself refuses to change the past, whoever asks and however it is connected."""

import sqlite3
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from core.ledger.store import Ledger
from core.ledger.verify import verify

ROW = "(seq, time_ms, actor, action, subject, payload, previous, hash)"
SEQ = "(SELECT max(seq) FROM audit_events)"
LAST = "(SELECT hash FROM audit_events ORDER BY seq DESC LIMIT 1)"
FIRST = "(SELECT hash FROM audit_events ORDER BY seq LIMIT 1)"
REST = "1, 'a', 'a', 'a', '{}'"
BOTH = {
    "update": "UPDATE audit_events SET actor = 'x' WHERE seq = 2",
    "update all": "UPDATE audit_events SET seq = seq + 1",
    "delete": "DELETE FROM audit_events WHERE seq = 2",
    "delete last": f"DELETE FROM audit_events WHERE seq = {SEQ}",
    "delete all": "DELETE FROM audit_events",
    "insert again": f"INSERT INTO audit_events VALUES ({SEQ}, {REST}, {LAST}, 'h')",
    "insert before": f"INSERT INTO audit_events VALUES (0, {REST}, {LAST}, 'h')",
    "insert a gap": f"INSERT INTO audit_events VALUES ({SEQ} + 2, {REST}, {LAST}, 'h')",
    "insert what does not follow": f"INSERT INTO audit_events VALUES ({SEQ} + 1, {REST}, {FIRST}, 'h')",
}
SQLITE = {
    "replace": f"INSERT OR REPLACE INTO audit_events VALUES (2, {REST}, {LAST}, 'h')",
    "replace last": f"INSERT OR REPLACE INTO audit_events VALUES ({SEQ}, {REST}, {LAST}, 'h')",
    "replace by hash": f"INSERT OR REPLACE INTO audit_events VALUES ({SEQ} + 1, {REST}, {LAST}, {FIRST})",
    "replace into": f"REPLACE INTO audit_events VALUES ({SEQ}, {REST}, {LAST}, 'h')",
    "update or replace": "UPDATE OR REPLACE audit_events SET seq = 3 WHERE seq = 2",
    "upsert": f"INSERT INTO audit_events VALUES (2, {REST}, {LAST}, 'h') ON CONFLICT (seq) DO UPDATE SET actor = 'x'",
    "ignore": f"INSERT OR IGNORE INTO audit_events VALUES (9, {REST}, {LAST}, 'h')",
}
POSTGRESQL = {
    "truncate": "TRUNCATE audit_events",
    "truncate cascade": "TRUNCATE audit_events RESTART IDENTITY CASCADE",
    "upsert": f"INSERT INTO audit_events VALUES (2, {REST}, {LAST}, 'h') ON CONFLICT (seq) DO UPDATE SET actor = 'x'",
    "upsert by hash": (
        f"INSERT INTO audit_events VALUES ({SEQ} + 2, {REST}, {LAST}, {FIRST})"
        " ON CONFLICT (hash) DO UPDATE SET actor = 'x'"
    ),
    "merge": "MERGE INTO audit_events a USING (VALUES (2)) v(seq) ON a.seq = v.seq WHEN MATCHED THEN DELETE",
}


def _stranger(ledger: Ledger) -> Callable[[str], Any]:
    """Statements over a connection that knows nothing of how the ledger sets up its own."""
    url = ledger.engine.url
    if ledger.is_sqlite:
        connection = sqlite3.connect(str(url.database), isolation_level=None)
        return lambda statement: connection.execute(statement)
    client = psycopg.connect(url.set(drivername="postgresql").render_as_string(), autocommit=True)
    return lambda statement: client.execute(statement)


def test_the_past_is_refused_by_the_database_itself(ledger: Ledger) -> None:
    for n in range(2, 6):
        with ledger.transaction(actor="p_1", now_ms=n) as tx:
            tx.append("thing.changed", f"thing:{n}", {"n": n})
    execute = _stranger(ledger)
    before = execute("SELECT * FROM audit_events ORDER BY seq").fetchall()
    assert len(before) == 5
    for name, statement in (BOTH | (SQLITE if ledger.is_sqlite else POSTGRESQL)).items():
        with pytest.raises((sqlite3.IntegrityError, psycopg.errors.RaiseException), match="audit_events"):
            execute(statement)
            pytest.fail(f"{name} was not refused")
        assert execute("SELECT * FROM audit_events ORDER BY seq").fetchall() == before, name
    assert verify(ledger).intact
