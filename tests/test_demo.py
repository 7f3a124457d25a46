"""The demo's numbers equal those that MLflow's own client returns for the same file: all of them."""

import shutil
from pathlib import Path

from mlflow import MlflowClient

from core.facts.store import open_facts
from core.services.house import DEMO, demo_sources, silent
from core.services.sync import sync_source
from tests.mlflow_truth import told_by_client, told_by_facts


def test_the_demo_equals_what_mlflow_says(tmp_path: Path) -> None:
    facts = open_facts(tmp_path / "home")
    sync_source(
        facts, tmp_path / "home", "demo", demo_sources()["demo"], report=silent, now_ms=lambda: 1_795_000_000_000
    )
    copy = tmp_path / "mlflow.db"  # the client may migrate what it opens
    shutil.copy(DEMO / "mlflow.db", copy)
    told = told_by_client(MlflowClient(tracking_uri=f"sqlite:///{copy}"))
    held = told_by_facts(facts, "demo")
    assert len(told["runs"]) >= 250
    assert len(told["models"]) >= 3
    for kind in told:
        assert told[kind] == held[kind], kind
