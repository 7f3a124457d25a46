"""The server as a process: who may talk to it, what it leaves behind, what it refuses."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.knocking import Knocker
from tests.serving import ROOT, Served, command, follow, served, wait_for_syncs


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
    browser = Knocker(demo_server.url)
    browser.enter()
    assert browser.websocket() == 101
    assert browser.websocket(Origin="http://evil.example") == 403
    assert browser.websocket(Origin="null") == 403


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


@pytest.mark.parametrize("address", ["0.0.0.0", "192.168.1.2", "::", "127.0.0.2"])
def test_elsewhere_it_listens_only_where_it_knows_its_name(tmp_path: Path, address: str) -> None:
    ended = command(tmp_path, "serve", "--port", "1", env={"GATEHOUSE_ADDRESS": address})
    assert ended.returncode == 2
    assert "public_url is missing" in ended.stderr
    assert not (tmp_path / "data").exists()


def test_streamlit_alone_cannot_open_it_to_others(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py"), "--server.address", "0.0.0.0",
         "--server.port", "0"],
        cwd=ROOT, env={**os.environ, "GATEHOUSE_HOME": str(tmp_path / "home")}, capture_output=True, text=True,
        timeout=90,
    )  # fmt: skip
    assert ended.returncode != 0
    assert "public_url is missing" in ended.stderr
    assert not (tmp_path / "home" / "server.json").exists()


@pytest.mark.parametrize("address", ["127.0.0.2", "0.0.0.0"])
def test_with_a_public_url_it_answers_to_that_name_and_loopback_alone(tmp_path: Path, address: str) -> None:
    env = {"GATEHOUSE_ADDRESS": address, "GATEHOUSE_PUBLIC_URL": "https://gatehouse.example"}
    with served(tmp_path, env, reached_at="127.0.0.2") as server:

        def status(path: str, **headers: str) -> int:
            return httpx.get(f"{server.url}{path}", headers=headers, trust_env=False).status_code

        assert status("/healthz", Host="gatehouse.example") == 200
        assert status("/healthz", Host="localhost") == 200
        assert status("/healthz") == 400, "the bare address is no name of it"
        assert status("/healthz", Host="evil.example") == 400
        browser = Knocker(server.url, Host="gatehouse.example", Origin="https://gatehouse.example")
        said = browser.enter().headers["set-cookie"]
        assert said.startswith("__Host-gatehouse_session=")
        assert all(part in said for part in ("HttpOnly", "Secure", "SameSite=lax", "Path=/"))
        assert browser.page().status_code == 200
        assert "max-age=31536000" in browser.page().headers["strict-transport-security"]
        assert browser.websocket(Host="gatehouse.example", Origin="https://gatehouse.example") == 101
        assert browser.websocket(Host="127.0.0.1", Origin="https://gatehouse.example") == 101, "a proxy may rename it"
        for origin in ("http://gatehouse.example", "https://gatehouse.example.evil", "https://evil.example"):
            assert browser.websocket(Host="gatehouse.example", Origin=origin) == 403
        assert command(tmp_path, "sync", env=env).returncode == 0, "commands on this machine still reach it"


def test_a_second_server_over_the_same_stores_is_refused(tmp_path: Path) -> None:
    with served(tmp_path) as server:
        ended = command(tmp_path, "serve", "--port", "1")
        assert (ended.returncode, server.url in ended.stderr) == (2, True)
        (server.home / "server.json").unlink()  # as if it belonged to somebody else
        hidden = command(tmp_path, "serve")
        assert hidden.returncode == 2
        assert "The store is in use" in hidden.stderr
        assert "Traceback" not in hidden.stderr
