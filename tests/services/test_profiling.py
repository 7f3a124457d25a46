"""Profiling as people ask for it: by command and by server, one or all, and what the facts make of the files."""

import json
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.errors import Busy, MonitorError, NotFound, SettingsError
from core.facts import profiles as stored
from core.services import logs, profile_rows, profiling
from core.services.house import House, silent
from core.services.profile_files import take_up
from core.settings import load
from tests.serving import command, follow, served

MONITOR = """model: {model}
log: {{files: "{log}/*.parquet"}}
timestamp: {{column: ts}}
id: id
score: score
label: {{column: label}}
features: {{numeric: [x], categorical: [c]}}
protected: {{sex: {{column: sex}}}}
reference: {{table: {{files: reference.parquet}}}}
"""


def rows(day: int, n: int = 300) -> pa.Table:
    """A small log of one day of November 2026, UTC."""
    at = [1_793_491_200_000 + (day - 1) * 86_400_000 + 60_000 * i for i in range(n)]
    return pa.table(
        {
            "ts": pa.array(at, pa.timestamp("ms", "UTC")),
            "id": list(range(day * n, day * n + n)),
            "x": [float(i % 17) for i in range(n)],
            "c": ["ab"[i % 2] for i in range(n)],
            "sex": ["fm"[i % 2] for i in range(n)],
            "score": [(i % 100) / 100 for i in range(n)],
            "label": [int(i % 100 > 40 + i % 7) for i in range(n)],
        }
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A working folder with the logs and monitor files of two models."""
    for model in ("one", "two"):
        (tmp_path / model).mkdir()
        for day in (1, 2):
            pq.write_table(rows(day), tmp_path / model / f"{day:02d}.parquet")
    pq.write_table(rows(20, 3_000), tmp_path / "reference.parquet")
    (tmp_path / "monitors").mkdir()
    for model in ("one", "two"):
        (tmp_path / "monitors" / f"{model}.yaml").write_text(MONITOR.format(model=model, log=model))
    return tmp_path


def content(house: House, model: str) -> list[tuple]:
    found = stored.profiles(house.facts, model, groups=True)
    return sorted((p.role, p.window_ms, p.version, p.part, p.name, p.grp, repr(p.data)) for p in found)


def test_all_models_one_broken(folder: Path) -> None:
    (folder / "monitors" / "three.yaml").write_text("model: three\nlogg: {}\n")
    ended = command(folder, "profile", "--json")
    assert ended.returncode == 2, ended.stderr
    items = {item["model"]: item for item in json.loads(ended.stdout)["items"]}
    assert [items[model]["windows"] for model in ("one", "two")] == [2, 2]
    assert "three.yaml, line 2" in items["three.yaml"]["error"]["message"]
    again = command(folder, "profile", "one")
    assert (again.returncode, again.stdout) == (0, "one: nothing new\n")


def test_mistakes_of_usage(folder: Path) -> None:
    unknown = command(folder, "profile", "none")
    assert (unknown.returncode, "one, two" in unknown.stderr) == (2, True)
    assert "2026-01-31" in command(folder, "profile", "one", "--since", "yesterday").stderr
    assert "duckdb" in command(folder, "profile", "one", "--engine", "pandas").stderr


def test_a_part_that_cannot_be_read_stops_only_itself(folder: Path) -> None:
    whole = (folder / "one" / "02.parquet").read_bytes()
    (folder / "one" / "02.parquet").write_bytes(whole[:-200])
    ended = command(folder, "profile", "one", "--json")
    assert ended.returncode == 2
    (done,) = json.loads(ended.stdout)["items"]
    assert (done["windows"], list(done["unreadable"])) == (1, ["one/02.parquet"])
    assert "one/02.parquet" in done["error"]["message"]
    (folder / "one" / "02.parquet").write_bytes(whole)
    (done,) = json.loads(command(folder, "profile", "one", "--json").stdout)["items"]
    assert (done["windows"], done["error"]) == (1, None)


def test_a_first_monitor_file_is_written_and_works(folder: Path) -> None:
    shutil.rmtree(folder / "monitors")
    ended = command(folder, "profile", "first", "--init", "one/*.parquet")
    assert ended.returncode == 0, ended.stderr
    text = (folder / "monitors" / "first.yaml").read_text()
    assert "column: ts" in text
    again = command(folder, "profile", "first", "--init", "one/*.parquet")
    assert (again.returncode, "there already" in again.stderr) == (2, True)
    assert command(folder, "profile", "first").returncode == 0


def test_the_facts_can_be_lost(folder: Path) -> None:
    house = House(load({}, folder))
    profiling.profile_all(house, None, silent, engine="duckdb", since=None)
    pq.write_table(rows(2, 350), folder / "one" / "02.parquet")
    profiling.profile_here(house, "one", silent, engine="duckdb", since=None)
    before = {model: content(house, model) for model in ("one", "two")}
    house.close()
    (folder / "data" / "var" / "facts.duckdb").unlink()
    house = House(load({}, folder))
    assert {model: content(house, model) for model in ("one", "two")} == before
    keys = [key[:6] for key in before["one"]]
    assert len(keys) == len(set(keys)), "one part a key"
    house.close()


def test_an_older_file_that_comes_back_replaces_nothing_newer(folder: Path) -> None:
    house = House(load({}, folder))
    profiling.profile_here(house, "one", silent, engine="duckdb", since=None)
    (first,) = (house.folder / "observed" / "profiles").glob("one-*/*/*.parquet")
    kept = first.read_bytes()
    pq.write_table(rows(2, 350), folder / "one" / "02.parquet")
    profiling.profile_here(house, "one", silent, engine="duckdb", since=None)
    before = content(house, "one")
    first.unlink()
    stored.forget(house.facts, "one")
    take_up(house.facts, house.folder)
    assert content(house, "one") != before  # the first day and the reference are missing now
    first.write_bytes(kept)
    assert take_up(house.facts, house.folder) == []
    assert content(house, "one") == before
    house.close()


def test_a_damaged_profile_file_is_told_and_the_rest_is_shown(folder: Path) -> None:
    house = House(load({}, folder))
    profiling.profile_all(house, None, silent, engine="duckdb", since=None)
    house.close()
    (file,) = (folder / "data" / "var" / "observed" / "profiles").glob("one-*/*/*.parquet")
    file.write_bytes(b"PAR1 nothing PAR1")
    (folder / "data" / "var" / "facts.duckdb").unlink()
    house = House(load({}, folder))
    assert file.name in house.facts.notice.message
    assert content(house, "two")
    assert content(house, "one") == []
    house.close()


def test_as_a_job_in_a_process_of_its_own(folder: Path) -> None:
    house = House(load({}, folder))
    job = profiling.start(house, "one")
    with pytest.raises(Busy):
        profiling.start(house, "one")
    done = house.jobs.wait(job.id, 60)
    assert (done.state, done.result["windows"], done.result["error"]) == ("done", 2, None)
    assert len(content(house, "one")) > 10
    (folder / "monitors" / "one.yaml").write_text(MONITOR.format(model="one", log="one").replace("[x]", "[xx]"))
    failed = house.jobs.wait(profiling.start(house, "one").id, 60)
    assert failed.state == "failed"
    assert "xx" in failed.error.message
    for engine, since in (("duckdb", "x"), ("duckdb", "2026-02-30")):
        with pytest.raises(SettingsError):
            profiling.start(house, "two", engine=engine, since=since)
    (folder / "monitors" / "one.yaml").write_text("model: one\n")
    with pytest.raises((MonitorError, NotFound)):
        profiling.start(house, "one")
    house.close()


def test_the_command_asks_the_server_that_holds_the_stores(folder: Path) -> None:
    with served(folder) as server:
        ended = command(folder, "profile", "--json")
        assert ended.returncode == 0, ended.stderr
        assert [item["windows"] for item in json.loads(ended.stdout)["items"]] == [2, 2]
        told = server.get("/api/v1/monitors").json()
        assert [item["model"] for item in told["items"]] == ["one", "two"]
        assert server.post("/api/v1/jobs", {"kind": "profile", "model": "one"}).status_code == 401
        unknown = server.post("/api/v1/jobs", {"kind": "profile", "model": "none"}, token=server.token)
        assert unknown.status_code == 404
        job = server.post("/api/v1/jobs", {"kind": "profile", "model": "one"}, token=server.token).json()
        assert follow(server, job)["result"]["windows"] == 0
        parts = server.get("/api/v1/profiles", model="one", part="output", role="serving").json()
        assert parts["total"] == 2
        counts = parts["items"][0]["data"]["counts"]
        assert sum(map(sum, counts)) == 300
        assert len(parts["edges"][parts["items"][0]["edges"]]["score"][""]) + 1 == len(counts[0])
        assert {item["model"] for item in server.get("/api/v1/profiles").json()["items"]} == {"one", "two"}
        assert server.get("/api/v1/profiles", model="none").status_code == 404
        told = server.get("/api/v1/measurements", model="one", metric="accuracy").json()
        assert [item["n"] for item in told["items"]] == [300, 300]
        assert all(item["low"] < item["value"] < item["high"] for item in told["items"])
        wrong = server.get("/api/v1/measurements", model="one", metric="acuracy")
        assert (wrong.status_code, "accuracy" in wrong.json()["error"]["hint"]) == (404, True)
        assert server.get("/api/v1/measurements").status_code == 422


def test_profiles_by_page(folder: Path) -> None:
    house = House(load({}, folder))
    profiling.profile_here(house, "one", silent, engine="duckdb", since=None)
    everything = {"version": "", "role": "", "part": "", "name": "", "segment": "", "groups": True,
                  "from_ms": -1, "to_ms": stored.FOREVER}  # fmt: skip
    whole = profile_rows.page(house, "one", **everything, offset=0, limit=1_000)
    parts = []
    for offset in range(0, whole["total"], 7):
        parts += profile_rows.page(house, "one", **everything, offset=offset, limit=7)["items"]
    assert parts == whole["items"]
    house.close()


def test_columns_that_come_go_and_change_are_told(folder: Path) -> None:
    changed = rows(3).drop_columns(["c"]).append_column("new", pa.array(["n"] * 300))
    at = changed.schema.get_field_index("x")
    changed = changed.set_column(at, "x", changed["x"].cast(pa.string()))
    pq.write_table(changed, folder / "one" / "03.parquet")
    house = House(load({}, folder))
    profiling.profile_here(house, "one", silent, engine="duckdb", since=None)
    (told,) = logs.schema_changes(house, "one")
    assert (told.part, told.window_ms) == ("one/03.parquet", 1_793_491_200_000 + 2 * 86_400_000)
    assert (told.changes.added, told.changes.lost) == (("new",), ("c",))
    assert told.changes.retyped == (("x", "double", "string"),)
    last = [p for p in stored.profiles(house.facts, "one", role="serving") if p.window_ms == told.window_ms]
    found = {(p.part, p.name): p.data for p in last}
    assert (found["numeric", "x"].moments.count, found["numeric", "x"].bad) == (300, 0)
    assert found["categorical", "c"].nulls == 300
    with pytest.raises(NotFound):
        logs.schema_changes(house, "none")
    house.close()
