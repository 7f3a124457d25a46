"""The server as a process: who may talk to it, what it leaves behind, what it refuses."""

import os
import stat
from pathlib import Path

import httpx
import pytest

from tests.serving import Served, command, follow, served, wait_for_syncs


def test_it_says_that_it_is_up_and_ready(demo_server: Served) -> None:
    assert demo_server.get("/healthz").json() == {"status": "ok"}
    assert demo_server.get("/readyz").json() == {"status": "ready"}


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8501", "127.0.0.1.evil.example"])
@pytest.mark.parametrize("path", ["/", "/api/v1/runs", "/_stcore/health", "/healthz"])
def test_other_names_for_this_machine_are_refused(demo_server: Served, host: str, path: str) -> None:
    answer = httpx.get(f"{demo_server.url}{path}", headers={"Host": host}, trust_env=False)
    assert answer.status_code == 400
    assert "Gatehouse" not in answer.text


def test_a_websocket_from_another_site_is_refused(demo_server: Served) -> None:
    headers = {
        "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }  # fmt: skip
    path = f"{demo_server.url}/_stcore/stream"
    welcome = httpx.get(path, headers=headers | {"Origin": demo_server.url}, trust_env=False)
    assert welcome.status_code == 101
    foreign = httpx.get(path, headers=headers | {"Origin": "http://evil.example"}, trust_env=False)
    assert foreign.status_code == 403


def test_every_answer_forbids_other_hosts(demo_server: Served) -> None:
    for path in ("/", "/api/v1/runs", "/app/static/logo.svg"):
        headers = demo_server.get(path).headers
        assert "default-src 'self'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


def test_the_token_file_is_for_this_user_and_goes_with_the_server(tmp_path: Path) -> None:
    with served(tmp_path) as server:
        wait_for_syncs(server)
        file = server.home / "server.json"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert file.stat().st_uid == os.getuid()
        assert server.post("/api/v1/sync", {}).status_code == 401
        answer = server.post("/api/v1/sync", {}, token=server.token)
        assert answer.status_code == 202
        (job,) = answer.json()["items"]
        assert follow(server, job)["result"]["unchanged"] is True
        server.end()
        assert not file.exists()
        assert (server.home / "demo" / "facts.duckdb").exists()


@pytest.mark.parametrize("address", ["0.0.0.0", "192.168.1.2", "::"])
def test_it_listens_nowhere_but_here(tmp_path: Path, address: str) -> None:
    ended = command(tmp_path, "serve", "--port", "1", env={"GATEHOUSE_ADDRESS": address})
    assert ended.returncode == 2
    assert "127.0.0.1" in ended.stderr
    assert not (tmp_path / "data").exists()


def test_streamlit_alone_cannot_open_it_to_others(tmp_path: Path) -> None:
    import subprocess
    import sys

    from tests.serving import ROOT

    ended = subprocess.run(
        [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py"), "--server.address", "0.0.0.0",
         "--server.port", "0"],
        cwd=ROOT, env={**os.environ, "GATEHOUSE_HOME": str(tmp_path / "home")}, capture_output=True, text=True,
        timeout=90,
    )  # fmt: skip
    assert ended.returncode != 0
    assert "may only listen on 127.0.0.1" in ended.stderr
    assert not (tmp_path / "home" / "server.json").exists()


def test_a_second_server_over_the_same_stores_is_refused(tmp_path: Path) -> None:
    with served(tmp_path) as server:
        ended = command(tmp_path, "serve", "--port", "1")
        assert (ended.returncode, server.url in ended.stderr) == (2, True)
        (server.home / "server.json").unlink()  # as if it belonged to somebody else
        hidden = command(tmp_path, "serve")
        assert hidden.returncode == 2
        assert "The store is in use" in hidden.stderr
        assert "Traceback" not in hidden.stderr
