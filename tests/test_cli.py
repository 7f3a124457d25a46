"""Commands: exit codes, JSON, with a server and without."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.mlflow_population import populate
from tests.mlflow_server import MlflowClient
from tests.serving import ROOT, Served, command, served, wait_for_syncs


@pytest.fixture
def folder(tmp_path: Path, empty_mlflow: Path) -> Path:
    """A working folder with one source, "mine", that holds a few runs."""
    store = tmp_path / "mlflow.db"
    store.write_bytes(empty_mlflow.read_bytes())
    populate(MlflowClient(tracking_uri=f"sqlite:///{store}"))
    (tmp_path / "gatehouse.toml").write_text(f'[sources.mine]\nurl = "sqlite:///{store}"\ninterval_s = 0\n')
    return tmp_path


def test_help_starts_without_the_heavy_packages() -> None:
    script = (
        "import sys; sys.argv = ['gatehouse', '--help']\n"
        "from core.cli import app\n"
        "try: app()\n"
        "except SystemExit: pass\n"
        "print(sorted({'duckdb', 'pandas', 'streamlit', 'pyarrow', 'numpy', 'plotly', 'fastapi'} & set(sys.modules)))"
    )
    told = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert told.splitlines()[-1] == "[]"
    for name in ("serve", "demo", "sync", "doctor"):
        assert name in told


def test_sync_without_a_server(folder: Path) -> None:
    first = command(folder, "sync", "--json")
    assert first.returncode == 0, first.stderr
    (done,) = json.loads(first.stdout)["items"]
    assert done["source"] == "mine"
    assert done["read"] > 10
    (again,) = json.loads(command(folder, "sync", "mine", "--json").stdout)["items"]
    assert (again["unchanged"], again["read"]) == (True, 0)


def test_sync_asks_the_server_that_holds_the_store(folder: Path) -> None:
    with served(folder) as server:
        ended = command(folder, "sync", "--json")
        assert ended.returncode == 0, ended.stderr
        (done,) = json.loads(ended.stdout)["items"]
        assert done["source"] == "mine"
        assert server.get("/api/v1/runs").json()["total"] > 10


def test_the_demo_is_loaded_and_shown(tmp_path: Path) -> None:
    ended = command(tmp_path, "demo")
    assert ended.returncode == 0, ended.stderr
    assert "runs read" in ended.stdout
    with served(tmp_path) as server:
        assert [s["name"] for s in server.get("/api/v1/sources").json()["items"]] == ["demo"]
        wait_for_syncs(server)


def test_the_demo_beside_own_sources_mixes_nothing(folder: Path) -> None:
    with served(folder) as server:
        assert command(folder, "sync").returncode == 0
        own = {run["id"] for run in server.get("/api/v1/runs", limit=1000).json()["items"]}
        assert command(folder, "demo").returncode == 0
        shown = {run["id"] for run in server.get("/api/v1/runs", limit=1000).json()["items"]}
    assert own
    assert all(ref.startswith("mine:") for ref in own)
    assert shown
    assert all(ref.startswith("demo:") for ref in shown)


@pytest.mark.parametrize("arguments", [("sync", "nobody"), ("sync", "--nothing"), ("nothing",)])
def test_bad_usage_ends_with_2(folder: Path, arguments: tuple[str, ...]) -> None:
    ended = command(folder, *arguments)
    assert ended.returncode == 2
    assert ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_source_that_fails_ends_with_2_and_the_next_step(tmp_path: Path) -> None:
    (tmp_path / "gatehouse.toml").write_text('[sources.gone]\nurl = "sqlite:////nowhere/mlflow.db"\n')
    ended = command(tmp_path, "sync", "--json")
    assert ended.returncode == 2
    error = json.loads(ended.stdout)["error"]
    assert error["message"]
    assert error["hint"]


def test_a_misspelt_setting_is_named_with_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "gatehouse.toml").write_text('[sources.mine]\nurl = "http://host"\ntokn_env = "X"\n')
    ended = command(tmp_path, "doctor")
    assert ended.returncode == 2
    assert "tokn_env" in ended.stderr
    assert "token_env" in ended.stderr


def test_doctor_tells_settings_with_their_origin_and_no_secret(folder: Path) -> None:
    (folder / "gatehouse.toml").write_text('[sources.far]\nurl = "http://127.0.0.1:9"\ntoken_env = "FAR_TOKEN"\n')
    ended = command(folder, "doctor", "--json", env={"FAR_TOKEN": "hunter2", "GATEHOUSE_PORT": "8999"})
    assert ended.returncode == 1, "the source does not answer"
    told = json.loads(ended.stdout)
    assert told["settings"]["port"] == {"value": "8999", "from": "GATEHOUSE_PORT"}
    assert told["settings"]["sources.far.token_env"]["value"] == "FAR_TOKEN"
    assert "hunter2" not in ended.stdout + ended.stderr
    assert any(finding["ok"] is False and finding["hint"] for finding in told["findings"])


def test_a_locked_store_is_told_by_name(folder: Path) -> None:
    with served(folder) as server:
        (server.home / "server.json").unlink()  # as if the server belonged to somebody else
        ended = command(folder, "sync")
        assert ended.returncode == 2
        assert "in use" in ended.stderr


def test_a_leftover_server_file_is_no_server(folder: Path) -> None:
    home = folder / "data" / "var"
    home.mkdir(parents=True)
    (home / "server.json").write_text('{"pid": 1, "url": "http://127.0.0.1:9", "token": "x"}')
    assert command(folder, "sync").returncode == 0


def test_the_demo_server_reads_the_demo(demo_server: Served) -> None:
    assert demo_server.get("/api/v1/runs").json()["total"] > 200
