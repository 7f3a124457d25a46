"""Two open houses to read from, one of the demo and one of an MLflow with hostile names; tests never change them."""

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from mlflow import MlflowClient

from core.services.house import DEMO, House, silent
from core.services.profiling import profile_all
from core.settings import load
from tests.mlflow_population import Population, populate

SCRIPTS = ["ΟΔΟΣ", "İstanbul", "STRASSE ẞ", "ЖУРНАЛ", "ÉTÉ", "東京"]


@dataclass(frozen=True, slots=True)
class Bank:
    """house: shows the source "s".  client: MLflow's own, over the same file.  made: ids of what is in it."""

    house: House
    client: MlflowClient
    made: Population


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    house = House(load({}, tmp_path_factory.mktemp("demo")))
    house.sync("demo", silent)
    yield house
    house.close()


@pytest.fixture(scope="session")
def profiled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house of the demo whose logs have been profiled."""
    house = House(load({}, tmp_path_factory.mktemp("profiled")))
    assert [done["error"] for done in profile_all(house, None, silent, engine="duckdb", since=None)] == [None] * 5
    yield house
    house.close()


@pytest.fixture(scope="session")
def raw() -> Iterator[sqlite3.Connection]:
    """The demo's SQLite file itself, read only."""
    connection = sqlite3.connect(f"file:{DEMO / 'mlflow.db'}?mode=ro&immutable=1", uri=True)
    connection.row_factory = sqlite3.Row
    yield connection
    connection.close()


@pytest.fixture(scope="session")
def bank(tmp_path_factory: pytest.TempPathFactory, empty_mlflow: Path) -> Iterator[Bank]:
    folder = tmp_path_factory.mktemp("bank")
    store = folder / "mlflow.db"
    store.write_bytes(empty_mlflow.read_bytes())
    client = MlflowClient(tracking_uri=f"sqlite:///{store}")
    made = populate(client)
    for name in SCRIPTS:
        client.create_registered_model(name)
    (folder / "gatehouse.toml").write_text(f'[sources.s]\nurl = "sqlite:///{store}"\ninterval_s = 0\n')
    house = House(load({}, folder))
    house.sync("s", silent)
    yield Bank(house, client, made)
    house.close()


@pytest.fixture
def own(tmp_path: Path, empty_mlflow: Path) -> Iterator[Callable[..., tuple[House, MlflowClient]]]:
    """Makes a house with the one source "s", not synced, and MLflow's client of the empty store behind it."""
    houses = []

    def make(interval_s: int = 0) -> tuple[House, MlflowClient]:
        store = tmp_path / "mlflow.db"
        store.write_bytes(empty_mlflow.read_bytes())
        (tmp_path / "gatehouse.toml").write_text(f'[sources.s]\nurl = "sqlite:///{store}"\ninterval_s = {interval_s}\n')
        houses.append(House(load({}, tmp_path)))
        return houses[-1], MlflowClient(tracking_uri=f"sqlite:///{store}")

    yield make
    for house in houses:
        house.close()


@pytest.fixture(scope="session")
def glimpsed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The demo synced, the last days of two models' logs profiled: of one inside and one outside of Retail credit."""
    house = House(load({}, tmp_path_factory.mktemp("glimpsed")))
    house.sync("demo", silent)
    for model in ("credit_risk", "car_price"):
        profile_all(house, model, silent, engine="duckdb", since="2026-11-20")
    yield house
    house.close()
