"""Every revision, up and down, on both databases, with data in between."""

import importlib
import pkgutil
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

import core.ledger
from core.errors import StoreNewer
from core.ledger import migrating
from core.ledger.engines import engine_of
from core.ledger.people import people
from core.ledger.schema import metadata
from core.ledger.store import Ledger, open_ledger
from core.ledger.verify import verify

for _, name, _ in pkgutil.walk_packages(core.ledger.__path__, "core.ledger."):
    if ".migrations" not in name:
        importlib.import_module(name)  # every module's tables are known now, whoever wrote it

VALUE: dict[type, Any] = {
    sa.Text: "text", sa.String: "text", sa.VARCHAR: "text", sa.BigInteger: 7, sa.Integer: 7, sa.Boolean: True,
    sa.Float: 0.5, sa.LargeBinary: b"bytes",
}  # fmt: skip


def _fill(ledger: Ledger, number: int) -> None:
    """A row in every table there is, and an event."""
    tables = sa.MetaData()
    with ledger.transaction(actor="p_1", now_ms=number) as tx:
        tables.reflect(tx.connection)
        for table in tables.sorted_tables:
            if table.name in ("alembic_version", "audit_events", "ledger_head"):
                continue
            row = {
                column.name: _value(column, number)
                for column in table.columns
                if not column.nullable or column.primary_key
            }
            tx.connection.execute(sa.insert(table).values(**row))
        tx.append("thing.changed", f"thing:{number}", {"name": tx.seal(f"Name {number}", "p_1")})


def _value(column: sa.Column[Any], number: int) -> Any:
    kind = column.type
    if isinstance(kind, sa.Boolean):
        return True
    if isinstance(kind, sa.Integer):
        return number
    if isinstance(kind, sa.Float):
        return number / 2
    if isinstance(kind, sa.LargeBinary):
        return b"bytes"
    text = f"{column.name[:10]}{number}"
    return text[: kind.length] if isinstance(kind, sa.String) and kind.length else text


def _rows(ledger: Ledger, names: set[str]) -> dict[str, list[dict[str, Any]]]:
    tables = sa.MetaData()
    with ledger.reading() as connection:
        tables.reflect(connection)
        return {
            name: [dict(row) for row in connection.execute(sa.select(tables.tables[name])).mappings()] for name in names
        }


def test_every_revision_goes_up_and_down_without_loss(ledger_url: str) -> None:
    known = migrating.revisions()
    ledger = Ledger(engine_of(ledger_url))
    migrating.migrate(ledger, known[0])
    with ledger.reading() as connection:
        first = set(sa.inspect(connection).get_table_names()) - {"alembic_version", "audit_events", "ledger_head"}
    _fill(ledger, 1)
    held = _rows(ledger, first)
    number = 1
    for revision in [*known[1:], *known[-2::-1], *known[1:]]:  # up, down to the first, up again
        migrating.migrate(ledger, revision)
        assert migrating.current(ledger) == revision
        after = _rows(ledger, first)
        for name, rows in held.items():
            for row in rows:
                assert any(row.items() <= kept.items() for kept in after[name]), f"{revision} lost a row of {name}"
        assert verify(ledger).problems == (), "a migration must not take the guards away"
        number += 1
        _fill(ledger, number)
        held = _rows(ledger, first)
    assert ledger.head()[0] == 1 + number
    ledger.close()


def test_migrated_tables_are_those_the_code_knows(ledger: Ledger) -> None:
    with ledger.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_a_newer_ledger_is_refused_and_left_as_it_is(ledger: Ledger) -> None:
    with ledger.engine.connect().execution_options(writes=True) as connection, connection.begin():
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    before = ledger.head()
    url = ledger.engine.url.set(drivername=ledger.engine.url.get_backend_name()).render_as_string()
    with pytest.raises(StoreNewer, match="9999"):
        open_ledger(url)
    assert ledger.head() == before


def test_a_migration_that_fails_changes_nothing(ledger_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    known = migrating.revisions()
    ledger = Ledger(engine_of(ledger_url))
    migrating.migrate(ledger, known[0])
    with ledger.engine.connect().execution_options(writes=True) as connection, connection.begin():
        tables = sorted(sa.inspect(connection).get_table_names())
    monkeypatch.setattr(migrating, "found", lambda tx: 1 / 0)
    monkeypatch.setattr(migrating, "move", _broken(migrating.move))
    with pytest.raises(ZeroDivisionError):
        migrating.migrate(ledger)
    assert migrating.current(ledger) == known[0]
    with ledger.reading() as connection:
        assert sorted(sa.inspect(connection).get_table_names()) == tables
    ledger.close()


def _broken(move: Any) -> Any:
    def moved(connection: sa.Connection, wanted: str) -> None:
        move(connection, wanted)
        _ = 1 / 0

    return moved


def test_an_sqlite_file_is_copied_before_its_tables_change(tmp_path: Path) -> None:
    ledger = Ledger(engine_of(f"sqlite:///{tmp_path / 'ledger.db'}"))
    known = migrating.revisions()
    migrating.migrate(ledger, known[0])
    with ledger.transaction(actor="p_1", now_ms=1) as tx:  # still in the side file, not in the database's own
        tx.append("thing.changed", "thing:1")
    migrating.migrate(ledger)
    (copy,) = tmp_path.glob(f"ledger.db.schema-{known[0]}-*")
    assert copy.stat().st_mode & 0o777 == 0o600
    kept = Ledger(engine_of(f"sqlite:///{copy}"))
    assert migrating.current(kept) == known[0]
    assert kept.head() == ledger.head()
    assert kept.rows(sa.select(people)) == []
    kept.close()
    ledger.close()
