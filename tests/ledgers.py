"""Fresh ledgers on both databases, for every test that decides something.

`ledger` and `ledger_url` run a test twice: on SQLite and on PostgreSQL, each time over a database of its own.
"""

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from core.ledger.store import Ledger, open_ledger
from tests.postgres import server

BOTH = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """URL of a PostgreSQL server without a database name; it runs as long as the tests."""
    with server() as url:
        yield url


@pytest.fixture
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], str]:
    """Makes the URL of an empty place for a ledger, in "sqlite" or "postgresql"."""

    def make(kind: str) -> str:
        name = f"ledger_{secrets.token_hex(6)}"
        if kind == "sqlite":
            return f"sqlite:///{tmp_path / name}.db"
        place = request.getfixturevalue("postgres")
        with psycopg.connect(f"{place}/postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return f"{place}/{name}"

    return make


@pytest.fixture(params=BOTH)
def ledger_url(request: pytest.FixtureRequest, new_url: Callable[[str], str]) -> str:
    """An empty place for a ledger, on each database in turn."""
    return new_url(request.param)


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    """A new ledger, on each database in turn."""
    opened = open_ledger(ledger_url)
    yield opened
    opened.close()
