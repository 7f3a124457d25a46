"""A real `mlflow server` on loopback, started once a session."""

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from mlflow import MlflowClient

START_S = 180


@dataclass(frozen=True, slots=True)
class Server:
    """url: of the server.  store: its SQLite file."""

    url: str
    store: Path

    @property
    def client(self) -> MlflowClient:
        return MlflowClient(tracking_uri=self.url)


@contextmanager
def running(store: Path, python: str = sys.executable) -> Iterator[Server]:
    """Serves that SQLite file; ends the server's process group."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = tempfile.mkdtemp(prefix="mlflow-server")
    with Path(folder, "log").open("w") as log:
        process = subprocess.Popen(
            [python, "-m", "mlflow", "server", "--backend-store-uri", f"sqlite:///{store}", "--host", "127.0.0.1",
             "--port", str(port), "--workers", "1", "--artifacts-destination", f"{folder}/artifacts"],
            stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
            env={**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"},
        )  # fmt: skip
        try:
            _wait(process, f"http://127.0.0.1:{port}/health", Path(folder, "log"))
            yield Server(f"http://127.0.0.1:{port}", store)
        finally:
            os.killpg(process.pid, 15)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, 9)
                process.wait()


def _wait(process: subprocess.Popen, url: str, log: Path) -> None:
    for _ in range(START_S * 2):
        try:
            if httpx.get(url, timeout=5, trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            pass
        try:
            process.wait(0.5)
        except subprocess.TimeoutExpired:
            continue
        raise RuntimeError(f"mlflow server ended: {log.read_text()[-2000:]}")
    raise RuntimeError(f"mlflow server was not up within {START_S} s: {log.read_text()[-2000:]}")


@pytest.fixture(scope="session")
def mlflow_server(tmp_path_factory: pytest.TempPathFactory, empty_mlflow: Path) -> Iterator[Server]:
    """An MLflow 3 server over an empty store; tests share it and make experiments of their own."""
    store = tmp_path_factory.mktemp("server") / "mlflow.db"
    store.write_bytes(empty_mlflow.read_bytes())
    with running(store) as server:
        yield server
