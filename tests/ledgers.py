"""Fresh ledgers on both databases, for every test that decides something.

`ledger` and `ledger_url` run a test twice: on SQLite and on PostgreSQL, each time over a database of its own.
"""

import secrets
import shutil
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


@pytest.fixture(scope="session")
def made_ledgers(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """A migrated ledger of each kind that is only copied: its file, or the name of its database."""
    made: dict[str, str] = {}

    def template(kind: str) -> str:
        if kind not in made:
            if kind == "sqlite":
                made[kind] = str(tmp_path_factory.mktemp("ledger") / "made.db")
                url = f"sqlite:///{made[kind]}"
            else:
                place, made[kind] = request.getfixturevalue("postgres"), "made_ledger"
                with psycopg.connect(f"{place}/postgres", autocommit=True) as connection:
                    connection.execute(f"CREATE DATABASE {made[kind]}")
                url = f"{place}/{made[kind]}"
            open_ledger(url).close()
        return made[kind]

    return template


@pytest.fixture(params=BOTH)
def ledger(request: pytest.FixtureRequest, made_ledgers: Callable[[str], str], tmp_path: Path) -> Iterator[Ledger]:
    """A new ledger with its first event, on each database in turn. (All are copies, with one id.)"""
    made, name = made_ledgers(request.param), f"ledger_{secrets.token_hex(6)}"
    if request.param == "sqlite":
        shutil.copy(made, tmp_path / f"{name}.db")
        url = f"sqlite:///{tmp_path / name}.db"
    else:
        place = request.getfixturevalue("postgres")
        with psycopg.connect(f"{place}/postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {made}")
        url = f"{place}/{name}"
    opened = open_ledger(url)
    yield opened
    opened.close()
