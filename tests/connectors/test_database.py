"""The database connector against real MLflow stores: what we hold equals what MLflow's client says."""

import gzip
import json
import sqlite3
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities import Metric

from core.errors import SourceError, SourceUnavailable
from core.facts.store import Facts, open_facts
from core.records import SyncReport
from core.services.house import silent
from core.services.sync import sync_source
from core.settings import Source
from tests.mlflow_population import T0, Population, populate
from tests.mlflow_truth import told_by_client, told_by_facts

FIXTURES = Path(__file__).parents[1] / "fixtures"
DAY_MS = 24 * 3_600_000


class Setting:
    """A populated MLflow database beside empty facts."""

    def __init__(self, folder: Path, url: str, client: MlflowClient, source: Source) -> None:
        self.folder = folder / "home"
        self.facts: Facts = open_facts(self.folder)
        self.url, self.client, self.source = url, client, source
        self.now = T0 + 10_000
        self.made: Population = populate(client)

    def sync(self) -> SyncReport:
        self.now += 60_000
        return sync_source(self.facts, self.folder, "house", self.source, report=silent, now_ms=lambda: self.now)

    def observed(self, kind: str) -> list[tuple[str, str | None, str | None]]:
        rows = self.facts.rows(
            "SELECT subject, before, after FROM observations WHERE kind = $kind AND NOT baseline ORDER BY ALL",
            {"kind": kind},
        )
        return [(row["subject"], row["before"], row["after"]) for row in rows]


@pytest.fixture
def sqlite_setting(tmp_path: Path, empty_mlflow: Path) -> Setting:
    path = tmp_path / "mlflow.db"
    path.write_bytes(empty_mlflow.read_bytes())
    url = f"sqlite:///{path}"
    return Setting(tmp_path, url, MlflowClient(tracking_uri=url), Source(url=url))


@pytest.fixture
def postgres_setting(tmp_path: Path, postgres_database: str) -> Setting:
    source = Source(url=postgres_database)
    client = MlflowClient(tracking_uri=postgres_database.replace("postgresql://", "postgresql+psycopg://"))
    return Setting(tmp_path, postgres_database, client, source)


@pytest.fixture(params=["sqlite", "postgres"])
def setting(request: pytest.FixtureRequest) -> Setting:
    return request.getfixturevalue(f"{request.param}_setting")


def test_holds_all_that_the_client_tells(setting: Setting) -> None:
    setting.sync()
    told, held = told_by_client(setting.client), told_by_facts(setting.facts, "house")
    assert len(told["runs"]) > 20
    assert told == held


def test_a_store_of_mlflow_2_is_read_as_well(tmp_path: Path) -> None:
    """Written by MLflow 2.22, beside what its client told of it (tests/fixtures/record_mlflow2.py)."""
    (tmp_path / "old.db").write_bytes(gzip.decompress((FIXTURES / "mlflow2.db.gz").read_bytes()))
    facts = open_facts(tmp_path / "home")
    source = Source(url=f"sqlite:///{tmp_path}/old.db")
    sync_source(facts, tmp_path / "home", "old", source, report=silent, now_ms=lambda: T0)
    told = json.loads((FIXTURES / "mlflow2.json").read_text(encoding="utf-8"))["told"]
    assert json.loads(json.dumps(told_by_facts(facts, "old"))) == told
    facts.close()


def test_reads_only_what_changed(setting: Setting) -> None:
    first = setting.sync()
    assert first.read == len(told_by_client(setting.client)["runs"])
    again = setting.sync()
    assert (again.read, again.removed, again.observations) == (0, 0, 0)

    setting.client.log_metric(setting.made.running, "loss", 2.0, timestamp=T0 + 400, step=1)
    setting.client.set_tag(setting.made.finished, "note", "changed later")
    assert setting.sync().read == 2
    setting.client.set_terminated(setting.made.running, "FINISHED", end_time=T0 + 500)
    assert setting.sync().read == 1
    new = setting.client.create_run(setting.made.experiment, start_time=T0 - DAY_MS)
    assert setting.sync().read == 1
    assert new.info.run_id in told_by_facts(setting.facts, "house")["runs"]
    assert told_by_client(setting.client) == told_by_facts(setting.facts, "house")


def test_a_point_below_the_last_step_is_found_within_a_day(setting: Setting) -> None:
    setting.sync()
    setting.client.log_batch(setting.made.finished, metrics=[Metric("loss", 9.0, T0, -1)])
    setting.now += DAY_MS
    setting.sync()
    assert told_by_client(setting.client) == told_by_facts(setting.facts, "house")


def test_notices_deletions(setting: Setting) -> None:
    setting.sync()
    setting.client.delete_run(setting.made.finished)
    assert setting.sync().read == 1
    assert setting.observed("run") == [(setting.made.finished, "active", "deleted")]
    setting.client.restore_run(setting.made.finished)
    setting.sync()
    assert told_by_client(setting.client) == told_by_facts(setting.facts, "house")


def test_notices_runs_removed_for_good(sqlite_setting: Setting) -> None:
    sqlite_setting.sync()
    gone = sqlite_setting.made.finished
    _remove_for_good(sqlite_setting.url, gone)
    report = sqlite_setting.sync()
    assert report.removed == 1
    assert sqlite_setting.observed("run") == [(gone, "active", None)]
    assert told_by_client(sqlite_setting.client) == told_by_facts(sqlite_setting.facts, "house")


def test_rows_that_take_the_place_of_removed_ones_are_read(sqlite_setting: Setting) -> None:
    """SQLite gives the rowids at the end of a table out again after a permanent deletion."""
    sqlite_setting.sync()
    _remove_for_good(sqlite_setting.url, sqlite_setting.made.running)
    for step in range(5):
        sqlite_setting.client.log_metric(sqlite_setting.made.finished, "loss", 7.0, timestamp=T0 + 900, step=50 + step)
    sqlite_setting.sync()
    assert told_by_client(sqlite_setting.client) == told_by_facts(sqlite_setting.facts, "house")


def test_survives_a_vacuum(sqlite_setting: Setting) -> None:
    sqlite_setting.sync()
    _remove_for_good(sqlite_setting.url, sqlite_setting.made.finished)
    with sqlite3.connect(sqlite_setting.url.removeprefix("sqlite:///")) as con:
        con.execute("VACUUM")
    sqlite_setting.client.log_metric(sqlite_setting.made.running, "loss", 7.0, timestamp=T0 + 900, step=50)
    sqlite_setting.sync()
    assert told_by_client(sqlite_setting.client) == told_by_facts(sqlite_setting.facts, "house")


def test_observes_registry_changes_once_and_not_those_found_at_first(setting: Setting) -> None:
    setting.sync()
    assert setting.observed("alias") == []
    setting.client.set_registered_model_alias("credit_risk", "champion", "3")
    setting.client.delete_registered_model_alias("credit_risk", "challenger")
    setting.client.transition_model_version_stage("prod.price", "1", "Archived")
    setting.client.delete_model_version("credit_risk", "1")
    setting.sync()
    setting.sync()
    assert setting.observed("alias") == [
        ("credit_risk@challenger", "3", None),
        ("credit_risk@champion", "2", "3"),
    ]
    assert setting.observed("stage") == [("prod.price/1", "Production", "Archived")]
    assert setting.observed("version") == [("credit_risk/1", "registered", None)]


def test_probe_counts(setting: Setting) -> None:
    from core.connectors import connect

    origin = connect(setting.source)
    info = origin.probe()
    origin.close()
    told = told_by_client(setting.client)
    assert (info.experiments, info.runs) == (len(told["experiments"]), len(told["runs"]))


def test_a_missing_file_and_a_foreign_file_are_named(tmp_path: Path) -> None:
    from core.connectors import connect

    with pytest.raises(SourceUnavailable, match="no file"):
        connect(Source(url=f"sqlite:///{tmp_path}/none.db"))
    foreign = tmp_path / "foreign.db"
    with sqlite3.connect(foreign) as con:
        con.execute("CREATE TABLE t (a)")
    with pytest.raises(SourceError, match="no MLflow"):
        connect(Source(url=f"sqlite:///{foreign}"))
    (tmp_path / "text.db").write_text("no database at all, but long enough to be taken for one" * 50)
    with pytest.raises(SourceError):
        connect(Source(url=f"sqlite:///{tmp_path}/text.db"))


def test_an_unreachable_postgres_is_named_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    from core.connectors import connect

    monkeypatch.setenv("HOUSE_PASSWORD", "s3cret-word")
    source = Source(url="postgresql://ada@127.0.0.1:9/mlflow", password_env="HOUSE_PASSWORD")
    with pytest.raises(SourceUnavailable) as caught:
        connect(source)
    assert "s3cret-word" not in f"{caught.value} {caught.value.hint} {caught.value.__cause__}"


def _remove_for_good(url: str, run_id: str) -> None:
    """What `mlflow gc` does to one run."""
    with sqlite3.connect(url.removeprefix("sqlite:///")) as con:
        for table in ("metrics", "latest_metrics", "params", "tags"):
            con.execute(f"DELETE FROM {table} WHERE run_uuid = ?", (run_id,))
        con.execute("DELETE FROM inputs WHERE destination_id = ?", (run_id,))
        con.execute("DELETE FROM runs WHERE run_uuid = ?", (run_id,))
