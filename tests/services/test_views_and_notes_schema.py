"""Migration 0004, on both databases: up, down, up again, without a loss in the trail; the tables are those declared."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from core.ledger import chain, migrating, trail
from core.ledger import notes as notes_store
from core.ledger import views as views_store
from core.ledger.store import Ledger, open_ledger
from core.ledger.trail import Wanted
from tests import postgres

TABLES = (views_store.saved_views, views_store.view_defaults, notes_store.notes, notes_store.house_tags)


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    with postgres.server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path, cluster: str) -> Iterator[Ledger]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'ledger.db'}"
    else:
        with psycopg.connect(f"{cluster}/postgres", autocommit=True) as connection:
            connection.execute("DROP DATABASE IF EXISTS views_and_notes")
            connection.execute("CREATE DATABASE views_and_notes")
        url = f"{cluster}/views_and_notes"
    opened = open_ledger(url)
    yield opened
    opened.close()


def declared(ledger: Ledger) -> None:
    inspector = sa.inspect(ledger.engine)
    for table in TABLES:
        columns = {column["name"]: column["nullable"] for column in inspector.get_columns(table.name)}
        assert columns == {column.name: column.nullable for column in table.columns}
        indexes = {index["name"]: index["column_names"] for index in inspector.get_indexes(table.name)}
        assert indexes == {index.name: [column.name for column in index.columns] for index in table.indexes}
        assert inspector.get_pk_constraint(table.name)["constrained_columns"] == [c.name for c in table.primary_key]


def test_it_goes_up_down_and_up_and_the_chain_holds(ledger: Ledger) -> None:
    declared(ledger)
    for number in range(5):
        with ledger.transaction(actor="system", now_ms=number) as tx:
            tx.append("thing.happened", f"thing:{number}", {"text": tx.seal("Zoë", "p_1")})
    migrating.migrate(ledger, "0003")
    assert not set(sa.inspect(ledger.engine).get_table_names()) & {table.name for table in TABLES}
    migrating.migrate(ledger)
    declared(ledger)
    with ledger.reading() as connection:
        events = list(trail.in_order(connection, Wanted()))
        assert chain.walk(events) == (*ledger.head(), None)
        assert [event.seq for event in trail.newest(connection, Wanted(action="thing", to_ms=3), limit=2)] == [4, 3]
        assert trail.actions(connection) == ["ledger.created", "thing.happened"]
        assert trail.count(connection, Wanted(subject="thing", from_ms=1)) == 4


def test_what_is_not_the_read_revision_is_not_changed(ledger: Ledger) -> None:
    row = {
        "id": "v_1", "page": "experiments", "name": "W\x00eekly 🜁", "owner": "p_1", "audience": "private",
        "project": None, "params": "[]", "created_ms": 1, "changed_ms": 1, "deleted_ms": None, "revision": 1,
    }  # fmt: skip
    with ledger.transaction(actor="p_1", now_ms=1) as tx:
        tx.connection.execute(sa.insert(views_store.saved_views).values(**row))
        assert views_store.change(tx.connection, "v_1", 1, {"name": "Daily"})
        assert not views_store.change(tx.connection, "v_1", 1, {"name": "Late"})
        assert views_store.by_id(tx.connection, "v_1")["name"] == "Daily"
        assert views_store.set_default(tx.connection, "p_1", "experiments", "v_1") is None
        assert views_store.set_default(tx.connection, "p_1", "experiments", None) == "v_1"
