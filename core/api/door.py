"""The door: signing in and out, and the first password of one's own. Plain pages, no script needed."""

from collections.abc import Callable
from typing import TypeVar

import anyio
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from core.api import forms, pages, proxied, visitor
from core.api.gate import PASSWORD, onward, safe_next
from core.api.turnstile import Turnstile
from core.errors import GatehouseError, Invalid
from core.services import demo_people, oidc_sign_in, signing_in
from core.services.house import House
from core.services.signing_in import SignedIn

T = TypeVar("T")


def routes(house: Callable[[], House]) -> list[BaseRoute]:
    """/signin, /login, /enter, /logout, /password. house: the open one, asked at each request."""
    passwords = Turnstile(burst=30, per_s=0.5)
    entries = Turnstile(burst=120, per_s=2)
    hashing = _Apart(4)

    async def sign_in_page(request: Request) -> Response:
        asked = safe_next(request.query_params.get("next", "/"))
        told = request.query_params.get("told", "")
        try:
            actor = await run_in_threadpool(lambda: visitor.by_cookie(house(), request))
            named = proxied.arrival(house().settings, request)
        except GatehouseError as error:
            return pages.sign_in(request, house(), asked, error=error)
        asks = "change" not in request.query_params and not told
        if asks and (named is not None or actor.kind != "nobody"):
            return go(asked)
        return pages.sign_in(request, house(), asked, told=told)

    async def login(request: Request) -> Response:
        asked, name = "/", ""
        try:
            fields = await forms.read(request, house().settings)
            asked, name = safe_next(fields.get("next", "/")), fields.get("login", "")
            where = visitor.where(request)
            passwords.knock(where.address)
            done = await hashing.run(
                lambda: signing_in.by_password(house(), "own", name, fields.get("password", ""), where)
            )
        except GatehouseError as error:
            return pages.sign_in(request, house(), asked, login=name, error=error)
        return await entered(request, house(), done, asked)

    async def enter(request: Request) -> Response:
        asked = "/"
        try:
            fields = await forms.read(request, house().settings)
            asked = safe_next(fields.get("next", "/"))
            where = visitor.where(request)
            entries.knock(where.address)
            done = await run_in_threadpool(lambda: demo_people.enter(house(), fields.get("who", ""), where))
        except GatehouseError as error:
            return pages.sign_in(request, house(), asked, error=error)
        return await entered(request, house(), done, asked)

    async def logout(request: Request) -> Response:
        to = oidc_sign_in.SIGNED_OUT
        try:
            await forms.read(request, house().settings)
            actor = await run_in_threadpool(lambda: visitor.by_cookie(house(), request))
            if actor.kind != "nobody":
                to = await run_in_threadpool(lambda: oidc_sign_in.sign_out(house().by(actor)))
        except GatehouseError as error:
            return pages.sign_in(request, house(), "/", error=error)
        response = go(to)
        forms.drop_cookie(response, house().settings, "session")
        return response

    async def password_page(request: Request) -> Response:
        actor = await run_in_threadpool(lambda: visitor.by_cookie(house(), request))
        asked = safe_next(request.query_params.get("next", "/"))
        return pages.password(request, house(), asked, login=actor.login, forced=actor.must_change)

    async def change_password(request: Request) -> Response:
        actor = await run_in_threadpool(lambda: visitor.by_cookie(house(), request))
        asked = "/"
        try:
            fields = await forms.read(request, house().settings)
            asked = safe_next(fields.get("next", "/"))
            passwords.knock(visitor.where(request).address)
            old, new = fields.get("old", ""), fields.get("new", "")
            if new != fields.get("again", ""):
                raise Invalid("The two new passwords differ.", field="again", hint="Type the same one twice.")
            await hashing.run(lambda: signing_in.change_password(house().by(actor), old, new))
        except GatehouseError as error:
            return pages.password(request, house(), asked, login=actor.login, forced=actor.must_change, error=error)
        return go(asked)

    return [
        Route("/signin", sign_in_page, methods=["GET"]),
        Route("/login", login, methods=["POST"]),
        Route("/enter", enter, methods=["POST"]),
        Route("/logout", logout, methods=["POST"]),
        Route(PASSWORD, password_page, methods=["GET"]),
        Route(PASSWORD, change_password, methods=["POST"]),
    ]


def go(to: str) -> Response:
    """Sends the browser on; nothing on the way keeps the answer."""
    return RedirectResponse(to, status_code=303, headers={"cache-control": "no-store"})


async def entered(request: Request, house: House, done: SignedIn, asked: str) -> Response:
    """Goes on into the house with a secret that nobody had before; a session that the browser had ends."""
    before = visitor.secret_of(house, request)
    await run_in_threadpool(lambda: signing_in.end_replaced(house, before))
    response = go(onward(PASSWORD, asked) if done.must_change else asked)
    forms.set_cookie(response, house.settings, "session", done.secret)
    return response


class _Apart:
    """Threads of their own for work that takes a core for a moment: those who wait for it hold up nobody else."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._limiter: anyio.CapacityLimiter | None = None  # made where an event loop runs

    async def run(self, work: Callable[[], T]) -> T:
        self._limiter = self._limiter or anyio.CapacityLimiter(self._most)
        return await anyio.to_thread.run_sync(work, limiter=self._limiter)
