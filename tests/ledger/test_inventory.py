"""The inventory's tables, on both databases: the migration up and down, and the rules the database itself keeps."""

from collections.abc import Iterator

import psycopg
import pytest
import sqlalchemy as sa

from core.governance.inventory_fields import EMPTY
from core.ledger import inventory as table
from core.ledger import signatures
from core.ledger.migrating import migrate
from core.ledger.store import Ledger, open_ledger
from core.services.inventory_edits import blank_row
from tests import postgres


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgres.server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger(request: pytest.FixtureRequest, tmp_path) -> Iterator[Ledger]:
    if request.param == "sqlite":
        opened = open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    else:
        url = request.getfixturevalue("server")
        with psycopg.connect(f"{url}/postgres", autocommit=True) as admin:
            admin.execute("DROP DATABASE IF EXISTS inventory")
            admin.execute("CREATE DATABASE inventory")
        opened = open_ledger(f"{url}/inventory")
    yield opened
    opened.close()


def row(entry: str, ref: str | None, **values: object) -> table.Row:
    return blank_row(entry, ref, {**EMPTY, "name": entry, **values}, now_ms=1)


@pytest.mark.parametrize("made", [table.inventory, signatures.signatures], ids=lambda made: made.name)
def test_the_migration_makes_the_tables_that_the_code_knows(ledger: Ledger, made: sa.Table) -> None:
    found = sa.inspect(ledger.engine)
    columns = {column["name"]: column["nullable"] for column in found.get_columns(made.name)}
    assert columns == {column.name: bool(column.nullable) for column in made.columns}
    indexes = {index["name"]: bool(index["unique"]) for index in found.get_indexes(made.name)}
    assert indexes == {index.name: index.unique for index in made.indexes}


def test_the_migration_goes_down_and_up(ledger: Ledger) -> None:
    migrate(ledger, "0002")
    assert not sa.inspect(ledger.engine).has_table("inventory")
    assert not sa.inspect(ledger.engine).has_table("signatures")
    migrate(ledger)
    assert sa.inspect(ledger.engine).has_table("inventory")


def test_two_live_entries_never_speak_of_one_registered_model(ledger: Ledger) -> None:
    with ledger.transaction(actor="system", now_ms=1) as tx:
        table.add(tx.connection, [row("i_1", "s:m"), row("i_2", None), row("i_3", None)])
    with pytest.raises(sa.exc.IntegrityError), ledger.transaction(actor="system", now_ms=1) as tx:
        table.add(tx.connection, [row("i_4", "s:m")])
    with ledger.transaction(actor="system", now_ms=2) as tx:
        assert table.change(tx.connection, "i_1", 1, {"retired_ms": 2})
        table.add(tx.connection, [row("i_4", "s:m")])
        assert set(table.live_by_refs(tx.connection, {"s:m"})) == {"s:m"}


def test_an_update_of_another_revision_changes_nothing(ledger: Ledger) -> None:
    with ledger.transaction(actor="system", now_ms=1) as tx:
        table.add(tx.connection, [row("i_1", None)])
        assert table.change(tx.connection, "i_1", 1, {"purpose": "a"})
        assert not table.change(tx.connection, "i_1", 1, {"purpose": "b"})
        found = table.by_ids(tx.connection, ["i_1"])["i_1"]
    assert (found["purpose"], found["revision"]) == ("a", 2)


def test_rows_that_did_not_change_are_not_read_again(ledger: Ledger) -> None:
    with ledger.transaction(actor="system", now_ms=1) as tx:
        table.add(tx.connection, [row(f"i_{n}", None) for n in range(10)])
        before = table.all_rows(tx.connection, {})
        table.change(tx.connection, "i_3", 1, {"regimes": ("a", "b")})
        after = table.all_rows(tx.connection, before)
    assert after["i_3"]["regimes"] == ("a", "b")
    assert all(after[key] is before[key] for key in before if key != "i_3")


def test_a_signature_outlives_the_erasure_of_its_seal_only_as_an_id(ledger: Ledger) -> None:
    with ledger.transaction(actor="p_1", now_ms=5) as tx:
        made = signatures.sign(
            tx, action="thing.signed", subject="thing:1", payload={"a": 1}, person="p_1", printed="Åsa 'Ö' Q",
            meaning="approval",
        )  # fmt: skip
        found = signatures.by_ids(tx.connection, [made])[made]
        assert (found.printed, found.meaning, found.time_ms, found.event) == ("Åsa 'Ö' Q", "approval", 5, 2)
        from core.ledger.schema import sealed_texts

        kept = tx.connection.execute(sa.select(sealed_texts.c.retain_until_ms)).scalar_one()
        assert kept - 5 > 10 * 365 * 86_400_000
        tx.connection.execute(sa.delete(sealed_texts))
        assert signatures.by_ids(tx.connection, [made])[made].printed == ""
