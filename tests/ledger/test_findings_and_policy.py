"""Migration 0006 on both databases: up, down, up; revisions of answers; modes; versions of policies."""

import pytest
import sqlalchemy as sa

from core.ledger import findings, migrating, policies
from core.ledger.store import Ledger

TABLES = (findings.finding_answers, policies.policy_modes, policies.policies_published)
ANSWER = {"state": "acknowledged", "owner": None, "snoozed_until_ms": None, "at_ms": 5, "person": "p_1"}


def declared(ledger: Ledger) -> None:
    inspector = sa.inspect(ledger.engine)
    for table in TABLES:
        columns = {column["name"]: column["nullable"] for column in inspector.get_columns(table.name)}
        assert columns == {column.name: column.nullable for column in table.columns}
        indexes = {index["name"]: index["column_names"] for index in inspector.get_indexes(table.name)}
        assert indexes == {index.name: [column.name for column in index.columns] for index in table.indexes}
        assert inspector.get_pk_constraint(table.name)["constrained_columns"] == [c.name for c in table.primary_key]


def test_the_tables_come_and_go(ledger: Ledger) -> None:
    declared(ledger)
    with ledger.transaction(actor="p_1", now_ms=5) as tx:
        tx.append("finding.acknowledged", "finding:f_1", {"reason": tx.seal("Zoë", "p_1")})
    head = ledger.head()
    migrating.migrate(ledger, "0005")
    assert not set(sa.inspect(ledger.engine).get_table_names()) & {table.name for table in TABLES}
    migrating.migrate(ledger)
    declared(ledger)
    assert ledger.head() == head


def test_an_answer_is_written_over_the_revision_that_was_read_alone(ledger: Ledger) -> None:
    with ledger.transaction(actor="p_1", now_ms=5) as tx:
        assert findings.write(tx.connection, "f_1", 0, ANSWER)
        assert not findings.write(tx.connection, "f_1", 0, ANSWER | {"state": "resolved"})
        assert findings.write(tx.connection, "f_1", 1, ANSWER | {"owner": "p_2"})
        assert not findings.write(tx.connection, "f_1", 1, ANSWER)
        assert not findings.write(tx.connection, "f_2", 3, ANSWER)
    with ledger.reading() as connection:
        found = findings.by_ids(connection, ["f_1", "f_2", *(f"x_{n}" for n in range(1_100))])
        assert found == findings.all_rows(connection)
    assert found == {"f_1": {"finding_id": "f_1", "revision": 2, **ANSWER, "owner": "p_2"}}


def test_a_mode_for_all_takes_the_place_of_single_ones(ledger: Ledger) -> None:
    with ledger.transaction(actor="p_1", now_ms=5) as tx:
        for model, category, mode in (
            ("a", "fairness", "enforce"), ("a", "all", "warn"), ("a", "business", "observe"), ("b\x00", "all", "warn"),
        ):  # fmt: skip
            policies.set_mode(tx.connection, model, category, mode, at_ms=5, person="p_1")
    with ledger.reading() as connection:
        assert policies.modes(connection)["a"] == {"all": "warn", "business": "observe"}
        assert policies.modes(connection, "a") == {"a": {"all": "warn", "business": "observe"}}
        assert len(policies.modes(connection)) == 2


def test_a_version_is_kept_once(ledger: Ledger) -> None:
    row = {"name": "default", "version": 1, "content_hash": "0" * 64, "content": "{}", "at_ms": 1}
    with ledger.transaction(actor="system", now_ms=5) as tx:
        tx.connection.execute(sa.insert(policies.policies_published).values(**row))
        tx.connection.execute(sa.insert(policies.policies_published).values(**row | {"version": 2, "at_ms": 2}))
    with pytest.raises(sa.exc.IntegrityError), ledger.transaction(actor="system", now_ms=5) as tx:
        tx.connection.execute(sa.insert(policies.policies_published).values(**row))
    with ledger.reading() as connection:
        assert policies.published(connection, "default", 1) == row
        assert policies.published(connection, "other", 1) is None
        assert [one["version"] for one in policies.all_published(connection)] == [2, 1]
