"""Syncs that go wrong lose nothing, and what is observed outlives the facts."""

import shutil
from pathlib import Path

import pytest
from mlflow import MlflowClient

from core.errors import SourceError, SourceUnavailable
from core.facts import observed
from core.facts.copies import forget_source
from core.facts.store import FILE_NAME, Facts, open_facts
from core.facts.syncs import sync_state
from core.records import Progress
from core.services import sync as sync_module
from core.services.house import silent
from core.services.sync import sync_source
from core.settings import Source, StageMap, StageRules
from tests.mlflow_population import T0, populate
from tests.mlflow_truth import told_by_facts


@pytest.fixture
def store(tmp_path: Path, empty_mlflow: Path) -> Path:
    path = tmp_path / "mlflow.db"
    shutil.copy(empty_mlflow, path)
    populate(MlflowClient(tracking_uri=f"sqlite:///{path}"))
    return path


@pytest.fixture
def facts(tmp_path: Path) -> Facts:
    facts = open_facts(tmp_path / "home")
    yield facts
    facts.close()


def _sync(facts: Facts, store: Path, now_ms: int = T0, **more):
    source = Source(url=f"sqlite:///{store}", **more)
    return sync_source(facts, facts.path.parent, "s", source, report=silent, now_ms=lambda: now_ms)


def test_a_source_that_is_down_is_told_and_loses_nothing(facts: Facts, store: Path) -> None:
    _sync(facts, store)
    before = told_by_facts(facts, "s")
    aside = store.rename(store.with_suffix(".away"))
    with pytest.raises(SourceUnavailable):
        _sync(facts, store, T0 + 1)
    state = sync_state(facts, "s")
    assert (state.outcome, state.complete_ms) == ("failed", T0)
    assert "no file" in state.error
    assert state.hint
    assert told_by_facts(facts, "s") == before
    aside.rename(store)
    _sync(facts, store, T0 + 2)
    seen = facts.rows("SELECT before, after FROM observations WHERE kind = 'source' ORDER BY seen_ms")
    assert seen == [{"before": None, "after": "down"}, {"before": "down", "after": "up"}]


def test_batches_before_a_failure_are_kept_and_not_read_again(
    facts: Facts, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.connectors.mlflow import database

    monkeypatch.setattr(database, "BATCH", 5)
    real = database.MlflowDatabase._batch
    calls = []

    def failing(self, *arguments):
        calls.append(1)
        if len(calls) == 3:
            raise SourceUnavailable("The disk went away.")
        return real(self, *arguments)

    monkeypatch.setattr(database.MlflowDatabase, "_batch", failing)
    with pytest.raises(SourceError):
        _sync(facts, store)
    kept = facts.rows("SELECT count(*) AS n FROM runs")[0]["n"]
    assert kept == 10
    report = _sync(facts, store, T0 + 1)
    assert report.read == facts.rows("SELECT count(*) AS n FROM runs")[0]["n"] - kept


def test_progress_counts_runs(facts: Facts, store: Path) -> None:
    told: list[Progress] = []
    sync_source(
        facts, facts.path.parent, "s", Source(url=f"sqlite:///{store}"), report=told.append, now_ms=lambda: T0
    )  # fmt: skip
    last = told[-1]
    assert last.done == last.total == facts.rows("SELECT count(*) AS n FROM runs")[0]["n"]


def test_observations_outlive_the_facts(facts: Facts, store: Path, tmp_path: Path) -> None:
    _sync(facts, store)
    client = MlflowClient(tracking_uri=f"sqlite:///{store}")
    client.set_registered_model_alias("credit_risk", "champion", "3")
    _sync(facts, store, T0 + 1)
    everything = facts.rows("SELECT * FROM observations ORDER BY observation_id")
    facts.close()
    (tmp_path / "home" / FILE_NAME).unlink()
    fresh = open_facts(tmp_path / "home")
    assert observed.index(fresh, tmp_path / "home") == []
    assert fresh.rows("SELECT * FROM observations ORDER BY observation_id") == everything
    _sync(fresh, store, T0 + 2)
    assert fresh.rows("SELECT * FROM observations ORDER BY observation_id") == everything
    fresh.close()


def test_an_unreadable_observed_file_is_named_and_the_rest_is_used(facts: Facts, store: Path, tmp_path: Path) -> None:
    _sync(facts, store)
    bad = tmp_path / "home" / "observed" / "changes" / "2026-01" / "bad.parquet"
    bad.parent.mkdir(parents=True)
    bad.write_bytes(b"no parquet")
    assert observed.index(facts, tmp_path / "home") == ["observed/changes/2026-01/bad.parquet"]


def test_stages_follow_the_map_and_change_with_it(facts: Facts, store: Path) -> None:
    _sync(facts, store)
    assert _stages(facts) == {
        "credit_risk/1": "development",
        "credit_risk/2": "production",
        "credit_risk/3": "staging",
        "prod.price/1": "production",
    }
    house_rule = StageMap(
        production=StageRules(tags=("n=0",)), staging=StageRules(), archived=StageRules(names=("prod.*",))
    )
    sync_module.copies.restage(facts, "s", sync_module.staged_by(house_rule))
    assert _stages(facts) == {
        "credit_risk/1": "production",
        "credit_risk/2": "development",
        "credit_risk/3": "development",
        "prod.price/1": "archived",
    }


def test_forgetting_a_source_keeps_what_was_observed(facts: Facts, store: Path) -> None:
    _sync(facts, store)
    seen = facts.rows("SELECT count(*) AS n FROM observations")
    forget_source(facts, "s")
    held = told_by_facts(facts, "s")
    assert not any(held.values())
    assert facts.rows("SELECT count(*) AS n FROM points") == [{"n": 0}]
    assert facts.rows("SELECT count(*) AS n FROM observations") == seen


def _stages(facts: Facts) -> dict[str, str]:
    return {
        f"{row['model']}/{row['version']}": row["stage"]
        for row in facts.rows("SELECT model, version, stage FROM versions")
    }
