"""The process around the pages: what opens and closes with it, its extra routes, and who may talk to it."""

import gc
import json
import logging
import os
import secrets
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.config import get_option
from streamlit.runtime.pages_manager import PagesManager

from core import settings
from core.api import door, oidc
from core.api.app import build
from core.api.gate import Gate
from core.errors import GatehouseError
from core.services import (
    accounts,
    demo_findings,
    demo_inventory,
    demo_notes,
    demo_people,
    demo_projects,
    erasing,
    evaluation,
    histories,
    profiling,
)  # fmt: skip
from core.services.house import House, current, open_house

HOSTS = ["localhost", "127.0.0.1", "[::1]"]
SERVER_FILE = "server.json"
HEADERS = {
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"SAMEORIGIN",
    b"referrer-policy": b"same-origin",
    # Nothing is fetched from, or sent to, another host, whatever a name or a note contains.
    b"content-security-policy": b"default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; frame-ancestors 'self'",
}
HTTPS_ONLY = {b"strict-transport-security": b"max-age=31536000"}

# Without this, a direct URL to a file of pages/ runs it without app.py until st.navigation has run once.
PagesManager.uses_pages_directory = False


def lifespan(warm: Callable[[], None]) -> Callable[[Any], AbstractAsyncContextManager[dict[str, Any]]]:
    """What opens and closes with the process. warm: imports what the first page would otherwise wait for."""
    return asynccontextmanager(partial(_lifespan, warm))


async def _lifespan(warm: Callable[[], None], _: Any) -> AsyncIterator[dict[str, Any]]:
    """Opens the house, fills an empty demo, starts the scheduler; undoes all that at the end."""
    try:
        stated = settings.load()
        for address in (stated.address, get_option("server.address") or "every address"):
            settings.check_address(stated, address)
        house = await run_in_threadpool(_open, stated)
    except GatehouseError as error:
        # Raised, it would end the process too, but under a traceback that hides what to do.
        sys.stderr.write(f"{error.title}: {error.message}\n{error.hint}\n")
        sys.stderr.flush()
        os._exit(error.exit_code)
    if not stated.on_loopback and not stated.is_https:
        logging.getLogger("gatehouse").warning("Passwords travel in the clear: public_url is no https.")
    if house.facts.notice:
        logging.getLogger("gatehouse").warning("%s %s", house.facts.notice.message, house.facts.notice.hint)
    await run_in_threadpool(_warm, warm)
    if house.active == "demo":
        await run_in_threadpool(_fill_demo, house)
    await run_in_threadpool(_judge_unjudged, house)
    house.start_scheduler(histories.load_idle)
    told = await run_in_threadpool(_announce, house)
    try:
        yield {}
    finally:
        told.unlink(missing_ok=True)
        await run_in_threadpool(house.close)


def routes() -> list[BaseRoute]:
    """Everything beside the pages."""
    return [
        Route("/healthz", _healthz),
        Route("/overview", _home),  # Streamlit knows its default page by "/" alone
        Route("/readyz", _readyz),
        *door.routes(current),
        *oidc.routes(current),
        Mount("/api/v1", app=build(current, token)),
    ]


def middleware() -> list[Middleware]:
    """Only names of this server are answered (a page elsewhere could point its own name here), with safe headers."""
    stated = settings.load()
    public = urlsplit(stated.public_url).hostname
    return [
        Middleware(TrustedHostMiddleware, allowed_hosts=[*HOSTS, public] if public else HOSTS, www_redirect=False),
        Middleware(SafeHeaders, headers=HEADERS | (HTTPS_ONLY if stated.is_https else {})),
        Middleware(Gate, house=current),
    ]


def token() -> str:
    """The secret that commands on this machine show when they ask the server to do something."""
    return _TOKEN


class SafeHeaders:
    """Adds headers to every answer that does not bear them already."""

    def __init__(self, app: ASGIApp, headers: Mapping[bytes, bytes]) -> None:
        self._app = app
        self._headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def safe(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(h for h in self._headers.items() if h[0] not in present)]
            await send(message)

        await self._app(scope, receive, safe if scope["type"] == "http" else send)


_TOKEN = secrets.token_urlsafe(32)


def _announce(house: House) -> Path:
    """Writes who serves and how to ask it, readable by this user only."""
    path = house.settings.home / SERVER_FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    content: Mapping[str, Any] = {
        "pid": os.getpid(), "url": house.settings.local_url, "token": _TOKEN,
    }  # fmt: skip
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(content, file)
    return path


def _open(stated: settings.Settings) -> House:
    """Opens the stores with their ledgers; a ledger without people gets its first ones."""
    house = open_house(stated)
    password = accounts.first_administrator(house.ledger_of("own"))
    if password:
        sys.stdout.write(
            f"\nFirst start: sign in as {accounts.FIRST} with the password {password}\n"
            "It is told once, and changed at the first sign-in.\n\n"
        )
        sys.stdout.flush()
    if house.shows_demo:
        demo_people.furnish(house.ledger_of("demo"))
        demo_projects.furnish(house.ledger_of("demo"))
        demo_inventory.furnish(house.ledger_of("demo"))
        demo_notes.furnish(house.ledger_of("demo"))
        demo_findings.furnish(house.ledger_of("demo"))
        demo_findings.furnish_answers(house.ledger_of("demo"), house.stores("demo").facts)
    erasing.remove_overdue(house.ledger_of("own"))
    return house


def _fill_demo(house: House) -> None:
    """Starts to read the demo and its logs, where that has not been done."""
    if not house.facts.read("syncs"):
        for name in house.sources:
            house.start_sync(name)
    for model in profiling.unprofiled(house):
        profiling.start(house, model, patient=True)


def _judge_unjudged(house: House) -> None:
    """Starts to judge models whose profiles are newer than what was judged of them, as after an update."""
    for model in evaluation.unevaluated(house):
        evaluation.start(house, model, patient=True)


def _warm(warm: Callable[[], None]) -> None:
    """Imports early, and spares the garbage collector all of it."""
    warm()
    gc.collect()
    gc.freeze()


async def _home(request: Request) -> Response:
    return RedirectResponse(f"/?{request.url.query}" if request.url.query else "/", status_code=307)


async def _healthz(_: Request) -> Response:
    return JSONResponse({"status": "ok"})


async def _readyz(_: Request) -> Response:
    try:
        await run_in_threadpool(lambda: current().facts.rows("SELECT 1"))
    except GatehouseError as error:
        return JSONResponse({"status": "not ready", "reason": error.message, "hint": error.hint}, status_code=503)
    return JSONResponse({"status": "ready"})
