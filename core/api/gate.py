"""Nobody who is not signed in gets past this to Streamlit: no page, no websocket, no file, no agent route."""

import re
from collections.abc import Callable
from urllib.parse import quote, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.api import forms, pages, proxied, visitor
from core.errors import GatehouseError
from core.governance.rights import NOBODY, Actor
from core.services import arrivals, identity, signing_in
from core.services.house import House

OPEN = frozenset(
    {"/signin", "/login", "/enter", "/logout", "/healthz", "/readyz", "/_stcore/health", "/favicon.png", "/favicon.ico",
     "/oidc/start", "/oidc/callback", "/oidc/end"}
)  # fmt: skip
OPEN_BELOW = ("/app/static/", "/static/", "/api/v1/")  # pictures, Streamlit's own files; the API has a door of its own
PASSWORD = "/password"
# No space, no control character, and no backslash, which browsers take for a slash.
_PLACE = re.compile(r"/(?!/)[!-\[\]-~]{0,2000}")


class Gate:
    """Sends browsers without a session to the sign-in page, and refuses everything else of theirs."""

    def __init__(self, app: ASGIApp, house: Callable[[], House]) -> None:
        self._app = app
        self._house = house

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        try:
            if scope["type"] == "websocket" and not forms.same_origin(connection, self._house().settings):
                await _refuse(scope, receive, send, "This page is of another site.", 403)
                return
            if is_open(scope["path"]):
                await self._app(scope, receive, send)
                return
            actor, secret = await run_in_threadpool(lambda: self._who(connection, wants_page=_wants_page(scope)))
        except GatehouseError as error:
            if _wants_page(scope):
                await pages.sign_in(connection, self._house(), "/", error=error)(scope, receive, send)
            else:
                await _refuse(scope, receive, send, error.message, error.http_status)
            return
        if actor.kind == "nobody" or (actor.must_change and scope["path"] != PASSWORD):
            await _turn_away(scope, receive, send, actor)
            return
        await self._app(scope, receive, self._giving(secret, send) if secret else send)

    def _who(self, connection: HTTPConnection, *, wants_page: bool) -> tuple[Actor, str]:
        """Who asks; with a fresh secret for the cookie where a trusted proxy has just brought somebody in."""
        house = self._house()
        actor = visitor.by_cookie(house, connection)
        named = proxied.arrival(house.settings, connection) if actor.kind == "nobody" and wants_page else None
        if named is None:
            return actor, ""
        done = arrivals.admit(house, named, visitor.where(connection))
        signing_in.end_replaced(house, visitor.secret_of(house, connection))
        return identity.actor_of_session(house, done.secret), done.secret

    def _giving(self, secret: str, send: Send) -> Send:
        async def with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                carrier = Response()
                forms.set_cookie(carrier, self._house().settings, "session", secret)
                headers = MutableHeaders(scope=message)
                headers.append("set-cookie", carrier.headers["set-cookie"])
                headers["cache-control"] = "no-store"
            await send(message)

        return with_cookie


def is_open(path: str) -> bool:
    """Whether a path is answered without a session."""
    return path in OPEN or (path.startswith(OPEN_BELOW) and ".." not in path and "\\" not in path)


def safe_next(asked: str) -> str:
    """A place on this server to go to after signing in; "/" for anything that could lead elsewhere."""
    if not _PLACE.fullmatch(asked):
        return "/"
    try:
        parts = urlsplit(asked)
    except ValueError:
        return "/"
    at_the_door = parts.path in OPEN or parts.path == PASSWORD
    return "/" if parts.scheme or parts.netloc or at_the_door or parts.path.startswith("//") else asked


def onward(page: str, asked: str) -> str:
    """A page of the door that knows where to go afterwards."""
    return page if asked == "/" else f"{page}?next={quote(asked, safe='')}"


async def _turn_away(scope: Scope, receive: Receive, send: Send, actor: Actor) -> None:
    if not _wants_page(scope):
        await _refuse(scope, receive, send, "Please sign in.", 401)
        return
    query = scope["query_string"].decode("latin-1")
    asked = safe_next(quote(scope["path"], safe="/") + (f"?{query}" if query else ""))
    door = "/signin" if actor is NOBODY else PASSWORD
    response = RedirectResponse(onward(door, asked), status_code=303)
    response.headers["cache-control"] = "no-store"
    await response(scope, receive, send)


async def _refuse(scope: Scope, receive: Receive, send: Send, message: str, status: int) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 4401, "reason": message})
        return
    answer = JSONResponse({"error": {"title": "Please sign in", "message": message, "hint": ""}}, status)
    answer.headers["cache-control"] = "no-store"
    await answer(scope, receive, send)


def _wants_page(scope: Scope) -> bool:
    """Whether a browser is going to show the answer as a page."""
    if scope["type"] != "http" or scope["method"] != "GET":
        return False
    return "text/html" in HTTPConnection(scope).headers.get("accept", "")
