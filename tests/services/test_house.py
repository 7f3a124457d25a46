"""The house: two sets of stores that never mix, jobs, and when a source is due."""

from pathlib import Path

import pytest

from core.errors import Busy, NotFound
from core.records import Progress
from core.services import house as house_module
from core.services.house import House, demo_sources, due_sources
from core.services.jobs import Jobs
from core.settings import Source, load


@pytest.fixture
def house(tmp_path: Path) -> House:
    house = House(load({}, tmp_path))
    yield house
    house.close()


def test_starts_with_the_demo_and_remembers_a_switch(tmp_path: Path) -> None:
    house = House(load({}, tmp_path))
    assert house.active == "demo"
    house.switch("own")
    assert (house.active, dict(house.sources)) == ("own", {})
    house.close()
    again = House(load({}, tmp_path))
    assert again.active == "own"
    again.close()


def test_a_house_with_sources_starts_with_them(tmp_path: Path, empty_mlflow: Path) -> None:
    (tmp_path / "gatehouse.toml").write_text(f'[sources.mine]\nurl = "sqlite:///{empty_mlflow}"\n')
    house = House(load({}, tmp_path))
    assert house.active == "own"
    assert list(house.sources) == ["mine"]
    house.close()


def test_the_demo_never_mixes_with_own_stores(house: House) -> None:
    house.sync("demo", house_module.silent)
    runs = house.facts.rows("SELECT count(*) AS n FROM runs")[0]["n"]
    assert runs > 0
    house.switch("own")
    assert house.facts.rows("SELECT count(*) AS n FROM runs") == [{"n": 0}]
    assert house.stores("demo").facts.path.parent != house.facts.path.parent
    with pytest.raises(NotFound):
        house.sync("demo", house_module.silent)


def test_the_demo_is_read_by_the_same_connector(house: House) -> None:
    source = demo_sources()["demo"]
    assert source.url.startswith("sqlite:///")
    assert source.interval_s == 0, "the demo does not change by itself"


def test_a_sync_that_died_with_its_process_is_told(tmp_path: Path) -> None:
    house = House(load({}, tmp_path))
    with house.facts.transaction() as tx:
        tx.execute("INSERT INTO syncs (source, outcome, started_ms) VALUES ('demo', 'running', 1)")
    house.close()
    again = House(load({}, tmp_path))
    row = again.facts.rows("SELECT outcome, error FROM syncs")[0]
    assert row["outcome"] == "failed"
    assert "ended during the sync" in row["error"]
    again.close()


def test_jobs_of_one_key_never_run_at_once() -> None:
    import threading

    jobs, go = Jobs(), threading.Event()
    first = jobs.start("k", "First", lambda report: {"waited": go.wait(30)})
    with pytest.raises(Busy, match="First"):
        jobs.start("k", "Second", lambda report: {})
    go.set()
    assert jobs.wait(first.id, 30).result == {"waited": True}
    assert jobs.running("k") is None
    jobs.close()


def test_patient_jobs_keep_nobody_waiting() -> None:
    import threading

    jobs, go = Jobs(workers=1), threading.Event()
    patient = [jobs.start(f"p{at}", "Patient", lambda report: {"waited": go.wait(30)}, patient=True) for at in range(3)]
    asked = jobs.wait(jobs.start("k", "Asked for", lambda report: {"done": True}).id, 30)
    assert asked.state == "done"
    assert [jobs.get(job.id).state for job in patient[1:]] == ["waiting", "waiting"]
    go.set()
    assert [jobs.wait(job.id, 30).state for job in patient] == ["done"] * 3
    jobs.close()


def test_a_job_tells_progress_and_its_error() -> None:
    def work(report):
        report(Progress(phase="Half", done=1, total=2))
        raise NotFound("gone", hint="look elsewhere")

    jobs = Jobs()
    ended = jobs.wait(jobs.start("k", "Work", work).id, 30)
    assert (ended.state, ended.error.message, ended.progress.phase) == ("failed", "gone", "Half")
    with pytest.raises(NotFound):
        jobs.get("none")
    jobs.close()


def test_sources_are_due_by_their_interval() -> None:
    url = "sqlite:///x"
    sources = {
        "never": Source(url=url, interval_s=0),
        "fresh": Source(url=url, interval_s=60),
        "stale": Source(url=url, interval_s=60),
        "new": Source(url=url, interval_s=60),
    }
    assert due_sources(sources, {"fresh": 90_000, "stale": 40_000, "never": 1}, 100_000) == ["stale", "new"]


def test_the_scheduler_syncs_a_due_source(tmp_path: Path, empty_mlflow: Path) -> None:
    (tmp_path / "gatehouse.toml").write_text(f'[sources.mine]\nurl = "sqlite:///{empty_mlflow}"\n')
    house = House(load({}, tmp_path))
    house.start_scheduler(lambda _: None)
    for _ in range(100):
        found = house.jobs.all()
        if found:
            break
        house._shared.scheduler.join(0.1)  # waits without sleeping
    assert house.jobs.wait(found[0].id, 30).state == "done"
    house.close()
