"""The table of projects comes and goes on both databases as it is described, and keeps live names unique."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from core.ledger import projects as stored
from core.ledger.migrating import current, migrate
from core.ledger.store import Ledger, open_ledger
from tests import postgres


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    if request.param == "sqlite":
        opened = open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
        yield opened
        opened.close()
        return
    with postgres.server() as url:
        opened = open_ledger(f"{url}/postgres")
        yield opened
        opened.close()


def test_the_table_comes_and_goes(ledger: Ledger) -> None:
    row = {
        "id": "pr_1", "name": "A", "name_key": "a", "description": "", "rule": "{}", "owner": None, "created_ms": 1,
    }  # fmt: skip
    with ledger.transaction(actor="system", now_ms=1) as tx:
        stored.add(tx.connection, row)
    assert ledger.rows(sa.select(stored.projects))[0]["revision"] == 1
    with pytest.raises(sa.exc.IntegrityError), ledger.transaction(actor="system", now_ms=1) as tx:
        stored.add(tx.connection, row | {"id": "pr_2"})
    with ledger.transaction(actor="system", now_ms=1) as tx:
        assert stored.change(tx.connection, "pr_1", 1, {"archived_ms": 5})
        assert not stored.change(tx.connection, "pr_1", 1, {"archived_ms": None})
        stored.add(tx.connection, row | {"id": "pr_2"})  # an archived name is free
    migrate(ledger, "0001")
    assert not sa.inspect(ledger.engine).has_table("projects")
    migrate(ledger)
    assert current(ledger) is not None
    described = {column.name: column.nullable for column in stored.projects.columns}
    assert {c["name"]: c["nullable"] for c in sa.inspect(ledger.engine).get_columns("projects")} == described
