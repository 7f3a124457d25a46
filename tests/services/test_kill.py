"""kill -9 at random moments of a sync: afterwards the store opens and a sync leads to the same content."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from core.connectors.mlflow import database
from core.facts.store import open_facts
from core.services.house import silent
from core.services.sync import sync_source
from core.settings import Source
from tests.bench.mlflow_store import write
from tests.mlflow_truth import told_by_facts

RUNS = 3_000
SMALL_BATCH = 200
KILLS = int(os.environ.get("GATEHOUSE_KILLS", "10"))
KILLS_EACH = 3
CHILD = """
import sys, time
from pathlib import Path
from core.connectors.mlflow import database
from core.facts.store import open_facts
from core.services.house import silent
from core.services.sync import sync_source
from core.settings import Source
database.BATCH = int(sys.argv[3])
facts = open_facts(Path(sys.argv[1]))
print("ready", flush=True)
sync_source(facts, Path(sys.argv[1]), "s", Source(url=sys.argv[2]), report=silent,
            now_ms=lambda: int(time.time() * 1000))
print("done", flush=True)
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("store") / "mlflow.db"
    write(path, RUNS)
    return path


def test_a_killed_sync_resumes_to_the_same_content(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BATCH", SMALL_BATCH)
    began = time.monotonic()
    undisturbed = _synced(tmp_path / "undisturbed", store)
    whole = time.monotonic() - began
    rng = random.Random(20261123)
    partial = 0
    for n in range(-(-KILLS // KILLS_EACH)):
        home = tmp_path / f"killed-{n}"
        kept = 0
        for _ in range(KILLS_EACH):  # the same store is killed more than once
            _kill_a_sync(home, store, after=rng.uniform(0, whole))
            facts = open_facts(home)
            assert facts.notice is None
            held = facts.rows("SELECT count(*) AS n FROM runs")[0]["n"]
            assert held >= kept, "a batch that was committed is gone"
            kept = held
            partial += 0 < held < RUNS
            facts.close()
        assert _synced(home, store) == undisturbed
    assert partial, "no kill fell into the middle of a sync: the test shows nothing"


def _kill_a_sync(home: Path, store: Path, *, after: float) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(home), f"sqlite:///{store}", str(SMALL_BATCH)],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    try:
        child.wait(after)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
    child.stdout.close()


def _synced(home: Path, store: Path) -> dict[str, Any]:
    facts = open_facts(home)
    sync_source(
        facts, home, "s", Source(url=f"sqlite:///{store}"), report=silent, now_ms=lambda: int(time.time() * 1000)
    )  # fmt: skip
    held = told_by_facts(facts, "s")
    assert facts.rows("SELECT count(*) - count(DISTINCT (source, run_id)) AS twice FROM runs") == [{"twice": 0}]
    assert facts.rows("SELECT count(*) - count(DISTINCT (run_no, key, step, time_ms)) AS twice FROM points") == [
        {"twice": 0}
    ]
    facts.close()
    return held
