"""Every path of the whole application, Streamlit's own included, before somebody without a session."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from core.api.gate import OPEN, OPEN_BELOW
from tests.knocking import Knocker
from tests.serving import ROOT, Served, served

LIST = """
import json, app
from streamlit.web.server.starlette.starlette_app import create_streamlit_routes
streamlit = create_streamlit_routes(app.app._create_runtime())
def walk(routes, prefix=""):
    for route in routes:
        path = prefix + (getattr(route, "path", None) or "")
        if getattr(route, "original_router", None) is not None:  # FastAPI's way to include one
            yield from walk(route.original_router.routes, prefix)
        elif getattr(route, "app", None) is not None and getattr(route, "routes", None):
            yield from walk(route.routes, path)
        else:
            yield path, sorted(getattr(route, "methods", None) or ["GET"])
print(json.dumps(list(walk([*app.app._user_routes, *streamlit]))))
"""
ANSWERED = {  # what is open answers these to a stranger; everything else open is a form or a redirect
    "/signin", "/healthz", "/readyz", "/_stcore/health", "/api/v1/openapi.json",
}  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("paths")) as running:
        yield running


@pytest.fixture(scope="module")
def listed() -> list[tuple[str, list[str]]]:
    """Path and methods of every route."""
    ended = subprocess.run(
        [sys.executable, "-c", LIST], cwd=ROOT, capture_output=True, text=True, timeout=120, check=True
    )
    found = [(path, methods) for path, methods in json.loads(ended.stdout.splitlines()[-1])]
    assert {"/login", "/_stcore/upload_file/{session_id}/{file_id}", "/api/v1/runs", "/_stcore/stream"} <= {
        path for path, _ in found
    }
    return found


def concrete(path: str) -> str:
    for part in ("session_id", "file_id", "file_id:path", "path:path", "run_id", "job_id", "model", "model:path"):
        path = path.replace(f"{{{part}}}", "x")
    return path.replace("{", "").replace("}", "") or "/"


def test_no_route_answers_a_stranger_but_those_on_the_list(server: Served, listed: list[tuple[str, list[str]]]) -> None:
    paths = [(concrete(path), methods) for path, methods in listed]
    paths += [(f"/{file.stem}", ["GET"]) for file in Path(ROOT / "pages").glob("*.py")]
    paths += [(path, ["GET"]) for path in ("/", "/_stcore/metrics", "/_stcore/host-config", "/media/x.png", "/app.py")]
    answered = set()
    for path, methods in paths:
        for method in methods:
            for accept in ("text/html", "*/*"):
                answer = httpx.request(method, server.url + path, headers={"Accept": accept}, trust_env=False)
                if answer.status_code == 303:
                    assert answer.headers["location"].startswith(("/signin", "/oidc")) or path in OPEN, path
                elif answer.status_code < 400:
                    answered.add(path)
                    assert path in OPEN or path.startswith(OPEN_BELOW), (method, path, answer.status_code)
    assert {path for path in answered if not path.startswith(("/static/", "/app/static/"))} <= ANSWERED


def test_no_route_that_changes_something_takes_a_request_without_its_token(
    server: Served, listed: list[tuple[str, list[str]]]
) -> None:
    browser = Knocker(server.url)
    browser.enter("j.baumann")
    asked = [
        (concrete(path), method)
        for path, methods in listed for method in methods if method in ("POST", "PUT", "PATCH", "DELETE")
    ]  # fmt: skip
    assert ("/login", "POST") in asked
    assert ("/_stcore/upload_file/x/x", "PUT") in asked
    for path, method in asked:
        for headers in ({}, {"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
            for body in ({"data": {"x": "y"}}, {"json": {}}, {"files": {"file": b"x"}}):
                answer = browser.client.request(method, path, headers=headers, **body)
                assert 400 <= answer.status_code < 500, (method, path, headers, answer.status_code)
    assert browser.page().status_code == 200, "still signed in"


TRAVERSALS = [
    "/app/static/..%2f..%2fpyproject.toml", "/app/static/%2e%2e/pyproject.toml", "/static/..%2fapp.py",
    "/static/../app.py", "/static/%2e%2e/%2e%2e/app.py", "/app/static/%252e%252e%252fpyproject.toml",
    "/app/static//etc/passwd", "/app/static/%2fetc%2fpasswd", "/media/..%2f..%2fpyproject.toml",
    "/app/static/..%5c..%5cpyproject.toml", "/%2e%2e/pyproject.toml", "/component/x/..%2f..%2fpyproject.toml",
    "/_stcore/bidi-components/x/..%2f..%2fapp.py", "/api/v1/..%2f..%2foverview",
    "/static/..%2f_stcore/metrics", "//overview", "/signin/..%2foverview", "/signin%2f..%2foverview", "/app/static/%00",
]  # fmt: skip


@pytest.mark.parametrize("signed_in", [False, True])
def test_no_path_leads_out_of_its_folder(server: Served, signed_in: bool) -> None:
    browser = Knocker(server.url)
    if signed_in:
        browser.enter()
    shell = browser.page("/").text if signed_in else "none"
    for path in TRAVERSALS:
        answer = browser.client.request("GET", httpx.URL(server.url).copy_with(raw_path=path.encode()))
        text = answer.text
        assert not any(secret in text for secret in ("[project]", "root:x:", "st.App(", "process_cpu")), path
        assert signed_in or answer.status_code in (303, 400, 401, 404), (path, answer.status_code)
        assert answer.status_code >= 300 or text == shell, path


def test_a_websocket_needs_a_session(server: Served) -> None:
    stranger, browser = Knocker(server.url), Knocker(server.url)
    assert stranger.websocket() == 403
    browser.enter()
    assert browser.websocket() == 101
    stranger.secret = browser.secret
    browser.post("/logout")
    assert stranger.websocket() == 403


def test_what_says_forwarded_is_not_believed_without_a_proxy(server: Served) -> None:
    told = {"X-Forwarded-Host": "evil.example", "X-Forwarded-For": "10.9.8.7", "X-Forwarded-Proto": "https"}
    browser = Knocker(server.url, **told)
    turned = browser.page("/models")
    assert "evil.example" not in turned.headers["location"]
    assert not turned.headers["location"].startswith("https")
    said = browser.enter().headers
    assert "evil.example" not in said["location"]
    assert "Secure" not in said["set-cookie"]
