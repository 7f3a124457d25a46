"""Asking the server that runs on this machine to do what commands cannot do beside it."""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from core import settings
from core.errors import GatehouseError, SourceError
from core.records import Progress

POLL_S = 0.25
HOST = {"Host": "localhost"}  # a name that the server answers to, whatever address it listens on


def running_server() -> dict[str, Any] | None:
    """url and token of the server over the same stores; None when there is none."""
    path = Path(settings.load().home) / "server.json"
    try:
        told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        os.kill(int(told["pid"]), 0)
        httpx.get(f"{told['url']}/healthz", headers=HOST, timeout=5, trust_env=False).raise_for_status()
    except (OSError, ValueError, KeyError, httpx.HTTPError):
        return None
    return told


def sync_by_server(
    server: dict[str, Any], source: str | None, which: str | None, report: Callable[[Progress], None]
) -> list[dict[str, Any]]:
    """Starts the syncs, follows their progress, returns their results. Raises the first error the server tells."""
    with _client(server) as client:
        wanted = {key: value for key, value in (("source", source), ("stores", which)) if value}
        return [_follow(client, job, report) for job in _ask(client, "POST", "/sync", wanted)["items"]]


def profile_by_server(
    server: dict[str, Any], model: str | None, since: str | None, engine: str, report: Callable[[Progress], None]
) -> list[dict[str, Any]]:
    """Profiles one model or all by the server, one after another. Raises the error when one model was asked for."""
    with _client(server) as client:
        told = _ask(client, "GET", "/monitors")
        models = [model] if model else [item["model"] for item in told["items"]]
        results = [] if model else [{"model": p["file"], "edges": "", "error": p} for p in told["problems"]]
        for name in models:
            wanted = {"kind": "profile", "model": name, "since": since, "engine": engine}
            try:
                results.append(_follow(client, _ask(client, "POST", "/jobs", wanted), report))
            except GatehouseError as error:
                if model:
                    raise
                results.append({"model": name, "edges": "", "error": {"message": error.message, "hint": error.hint}})
        return results


def evaluate_by_server(
    server: dict[str, Any], model: str | None, report: Callable[[Progress], None]
) -> list[dict[str, Any]]:
    """Judges one model, or all that are profiled, by the server. Raises the error when one model was asked for."""
    with _client(server) as client:
        models = [model] if model else sorted({row["model"] for row in _ask(client, "GET", "/profiles")["items"]})
        results = []
        for name in models:
            try:
                wanted = {"kind": "evaluate", "model": name}
                results.append(_follow(client, _ask(client, "POST", "/jobs", wanted), report))
            except GatehouseError as error:
                if model:
                    raise
                results.append({"model": name, "error": {"message": error.message, "hint": error.hint}, "failed": True})
        return results


def _client(server: dict[str, Any]) -> httpx.Client:
    return httpx.Client(
        base_url=f"{server['url']}/api/v1",
        headers=HOST | {"Authorization": f"Bearer {server['token']}"},
        timeout=60,
        trust_env=False,
    )


def _follow(client: httpx.Client, job: dict[str, Any], report: Callable[[Progress], None]) -> dict[str, Any]:
    while job["state"] in ("waiting", "running"):
        if job["progress"]:
            report(Progress(**job["progress"]))
        time.sleep(POLL_S)
        job = _ask(client, "GET", f"/jobs/{job['id']}")
    if job["error"]:
        raise SourceError(job["error"]["message"], hint=job["error"]["hint"])
    result: dict[str, Any] = job["result"]
    return result


def _ask(client: httpx.Client, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    try:
        response = client.request(method, path, json=body)
        told: dict[str, Any] = response.json()
    except (httpx.HTTPError, ValueError) as error:
        raise GatehouseError("The running server gave no answer.", hint="Restart it, then try again.") from error
    if response.is_error:
        raise GatehouseError(told["error"]["message"], hint=told["error"]["hint"])
    return told
