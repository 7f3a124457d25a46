"""A real Gatehouse server in a process and a folder of its own."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.services.accounts import FIRST

ROOT = Path(__file__).resolve().parents[1]
START_S = 90


@dataclass(frozen=True, slots=True)
class Served:
    """url: of the server.  folder: its working folder.  process: the server."""

    url: str
    folder: Path
    process: subprocess.Popen

    @property
    def home(self) -> Path:
        return self.folder / "data" / "var"

    @property
    def first_password(self) -> str:
        """The one of the first administrator, which the server printed when it made the account."""
        found = re.search(rf"sign in as {FIRST} with the password (\S+)", (self.folder / "serve.log").read_text())
        assert found is not None, "The server printed no first password."
        return found[1]

    @property
    def token(self) -> str:
        return json.loads((self.home / "server.json").read_text())["token"]

    def get(self, path: str, **params: Any) -> httpx.Response:
        """As a command on this machine asks."""
        told = {"Authorization": f"Bearer {self.token}"} if (self.home / "server.json").exists() else {}
        headers = {"Host": "localhost", **told}
        return httpx.get(f"{self.url}{path}", params=params, headers=headers, timeout=30, trust_env=False)

    def post(self, path: str, body: Mapping[str, Any], token: str | None = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.post(f"{self.url}{path}", json=body, headers=headers, timeout=30, trust_env=False)

    def end(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)


@contextmanager
def served(
    folder: Path, env: Mapping[str, str] | None = None, *, reached_at: str = "127.0.0.1", port: int = 0
) -> Iterator[Served]:
    """`gatehouse serve` in that folder, ready; ended afterwards. port: a free one unless told."""
    folder.mkdir(parents=True, exist_ok=True)
    port = port or free_port()
    with (folder / "serve.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "core", "serve", "--port", str(port)],
            cwd=folder,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": str(ROOT), **(env or {})},
        )
    server = Served(f"http://{reached_at}:{port}", folder, process)
    try:
        _wait(server, folder / "serve.log")
        yield server
    finally:
        if process.poll() is None:
            server.end()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def command(folder: Path, *arguments: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess:
    """One command in that folder, to its end."""
    folder.mkdir(parents=True, exist_ok=True)
    return subprocess.run(
        [sys.executable, "-m", "core", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **(env or {})},
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture(scope="session")
def demo_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server with the demo read; tests only look at it."""
    with served(tmp_path_factory.mktemp("serve")) as server:
        wait_for_syncs(server)
        yield server


def wait_for_syncs(server: Served) -> None:
    """Returns once every source of a server has been synced."""
    for job in server.get("/api/v1/jobs").json()["items"]:
        follow(server, job)
    states = {source["name"]: source for source in server.get("/api/v1/sources").json()["items"]}
    assert all(source["state"] == "ok" for source in states.values()), states


def follow(server: Served, job: Mapping[str, Any]) -> Mapping[str, Any]:
    """The job once it has ended."""
    for _ in range(600):
        job = server.get(f"/api/v1/jobs/{job['id']}").json()
        if job["state"] in ("done", "failed"):
            return job
        try:
            server.process.wait(0.1)
        except subprocess.TimeoutExpired:
            continue
        raise AssertionError("The server ended while a job was under way.")
    raise AssertionError(f"The job did not end: {job}")


def _wait(server: Served, log: Path) -> None:
    for _ in range(START_S * 5):
        try:
            if server.get("/readyz").status_code == 200:
                return
        except httpx.TransportError:
            pass
        try:
            server.process.wait(0.2)
        except subprocess.TimeoutExpired:
            continue
        raise RuntimeError(f"The server ended: {log.read_text()[-3000:]}")
    raise RuntimeError(f"The server was not ready within {START_S} s: {log.read_text()[-3000:]}")
