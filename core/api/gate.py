"""Nobody who is not signed in gets past this to Streamlit: no page, no websocket, no file, no agent route."""

from collections.abc import Callable
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from core.api import visitor
from core.errors import GatehouseError
from core.governance.rights import Actor
from core.services.house import House

OPEN = frozenset(
    {"/signin", "/login", "/enter", "/logout", "/healthz", "/readyz", "/_stcore/health", "/favicon.png", "/favicon.ico",
     "/oidc/start", "/oidc/callback"}
)  # fmt: skip
OPEN_BELOW = ("/app/static/", "/static/", "/api/v1/")  # pictures, Streamlit's own files; the API has a door of its own
PASSWORD = "/password"


class Gate:
    """Sends browsers without a session to the sign-in page, and refuses everything else of theirs."""

    def __init__(self, app: ASGIApp, house: Callable[[], House]) -> None:
        self._app = app
        self._house = house

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or is_open(scope["path"]):
            await self._app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        try:
            actor = await run_in_threadpool(lambda: visitor.by_cookie(self._house(), connection))
        except GatehouseError as error:
            await _refuse(scope, receive, send, error.message, 503)
            return
        if actor.kind == "nobody" or (actor.must_change and scope["path"] != PASSWORD):
            await _turn_away(scope, receive, send, actor)
            return
        await self._app(scope, receive, send)


def is_open(path: str) -> bool:
    """Whether a path is answered without a session."""
    return path in OPEN or (path.startswith(OPEN_BELOW) and ".." not in path)


def safe_next(asked: str) -> str:
    """A place on this server to go to after signing in; "/" for anything that could lead elsewhere."""
    if not asked.startswith("/") or asked.startswith(("//", "/\\")) or any(ord(letter) < 33 for letter in asked):
        return "/"
    return asked[:2_000]


async def _turn_away(scope: Scope, receive: Receive, send: Send, actor: Actor) -> None:
    page = scope["type"] == "http" and scope["method"] == "GET" and _wants_page(HTTPConnection(scope))
    if not page:
        await _refuse(scope, receive, send, "Please sign in.", 401)
        return
    if actor.must_change:
        await RedirectResponse(PASSWORD, status_code=303)(scope, receive, send)
        return
    query = scope["query_string"].decode("latin-1")
    asked = scope["path"] + (f"?{query}" if query else "")
    target = "/signin" if asked == "/" else f"/signin?next={quote(asked, safe='')}"
    await RedirectResponse(target, status_code=303)(scope, receive, send)


async def _refuse(scope: Scope, receive: Receive, send: Send, message: str, status: int) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 4401, "reason": message})
        return
    answer: Response = JSONResponse({"error": {"title": "Please sign in", "message": message, "hint": ""}}, status)
    await answer(scope, receive, send)


def _wants_page(connection: HTTPConnection) -> bool:
    return "text/html" in connection.headers.get("accept", "")
