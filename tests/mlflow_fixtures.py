"""Fixtures of MLflow's databases."""

import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests import postgres

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ["DO_NOT_TRACK"] = "true"
_numbers = itertools.count()


@pytest.fixture(scope="session")
def empty_mlflow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with MLflow's tables and nothing in them; copy it, do not write to it."""
    path = tmp_path_factory.mktemp("mlflow") / "empty.db"
    _create_tables(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A PostgreSQL server with a database "empty_mlflow" to copy."""
    with postgres.server() as url:
        _execute(url, "CREATE DATABASE empty_mlflow")
        _create_tables(f"{url.replace('postgresql:', 'postgresql+psycopg:')}/empty_mlflow")
        yield url


@pytest.fixture
def postgres_database(postgres_server: str) -> str:
    """URL of a fresh database with MLflow's tables."""
    name = f"mlflow_{next(_numbers)}"
    _execute(postgres_server, f"CREATE DATABASE {name} TEMPLATE empty_mlflow")
    return f"{postgres_server}/{name}"


def _create_tables(url: str) -> None:
    from mlflow.store.db.utils import _initialize_tables, create_sqlalchemy_engine

    engine = create_sqlalchemy_engine(url)
    _initialize_tables(engine)
    engine.dispose()


def _execute(url: str, statement: str) -> None:
    with psycopg.connect(f"{url}/postgres", autocommit=True) as connection:
        connection.execute(statement)
