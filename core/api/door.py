"""The door: signing in and out, and the first password of one's own. Plain pages, no script needed."""

import html
from collections.abc import Callable
from functools import cache
from pathlib import Path
from string import Template
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from core.api import forms, visitor
from core.api.gate import PASSWORD, safe_next
from core.errors import GatehouseError
from core.governance.rights import ROLE
from core.services import demo_people, signing_in
from core.services.house import House, Premises
from core.services.signing_in import SignedIn

_FOLDER = Path(__file__).parent / "html"


def routes(house: Callable[[], House]) -> list[BaseRoute]:
    """/signin, /login, /enter, /logout, /password. house: the open one, asked at each request."""

    async def sign_in_page(request: Request) -> Response:
        actor = await run_in_threadpool(lambda: visitor.by_cookie(house(), request))
        asked = safe_next(request.query_params.get("next", "/"))
        if actor.kind != "nobody" and "change" not in request.query_params:
            return RedirectResponse(asked, status_code=303)
        return _sign_in_page(request, house(), asked, told=request.query_params.get("told", ""))

    async def login(request: Request) -> Response:
        asked = "/"
        try:
            fields = await forms.read(request)
            asked = safe_next(fields.get("next", "/"))
            login, password = fields.get("login", ""), fields.get("password", "")
            done = await run_in_threadpool(
                lambda: signing_in.by_password(house(), "own", login, password, visitor.where(request))
            )
        except GatehouseError as error:
            return _sign_in_page(request, house(), asked, error=error)
        return await _entered(request, house(), done, asked)

    async def enter(request: Request) -> Response:
        asked = "/"
        try:
            fields = await forms.read(request)
            asked = safe_next(fields.get("next", "/"))
            who = fields.get("who", "")
            done = await run_in_threadpool(lambda: demo_people.enter(house(), who, visitor.where(request)))
        except GatehouseError as error:
            return _sign_in_page(request, house(), asked, error=error)
        return await _entered(request, house(), done, asked)

    async def logout(request: Request) -> Response:
        try:
            await forms.read(request)
            actor = await run_in_threadpool(lambda: visitor.by_cookie(house(), request))
            if actor.kind != "nobody":
                await run_in_threadpool(lambda: signing_in.sign_out(house().by(actor)))
        except GatehouseError as error:
            return _sign_in_page(request, house(), "/", error=error)
        response = RedirectResponse("/signin?told=out", status_code=303)
        response.delete_cookie(visitor.COOKIE, path="/")
        return response

    async def password_page(request: Request) -> Response:
        actor = await run_in_threadpool(lambda: visitor.by_cookie(house(), request))
        return _password_page(request, house(), actor.login, forced=actor.must_change)

    async def change_password(request: Request) -> Response:
        actor = await run_in_threadpool(lambda: visitor.by_cookie(house(), request))
        try:
            fields = await forms.read(request)
            old, new = fields.get("old", ""), fields.get("new", "")
            if new != fields.get("again", ""):
                return _password_page(
                    request, house(), actor.login, forced=actor.must_change,
                    error=GatehouseError("The two new passwords differ.", hint="Type the same one twice."),
                )  # fmt: skip
            await run_in_threadpool(lambda: signing_in.change_password(house().by(actor), old, new))
        except GatehouseError as error:
            return _password_page(request, house(), actor.login, forced=actor.must_change, error=error)
        return RedirectResponse("/", status_code=303)

    return [
        Route("/signin", sign_in_page, methods=["GET"]),
        Route("/login", login, methods=["POST"]),
        Route("/enter", enter, methods=["POST"]),
        Route("/logout", logout, methods=["POST"]),
        Route(PASSWORD, password_page, methods=["GET"]),
        Route(PASSWORD, change_password, methods=["POST"]),
    ]


def is_secure(house: House) -> bool:
    """Whether browsers reach this server by https alone."""
    return house.settings.public_url.startswith("https://")


async def _entered(request: Request, house: House, done: SignedIn, asked: str) -> Response:
    """Goes on into the house; a session that the browser had before ends."""
    before = await run_in_threadpool(lambda: visitor.by_cookie(house, request))
    if before.session:
        await run_in_threadpool(lambda: signing_in.sign_out(house.by(before)))
    response = RedirectResponse(PASSWORD if done.must_change else asked, status_code=303)
    forms.set_cookie(response, visitor.COOKIE, done.secret, secure=is_secure(house))
    return response


def _sign_in_page(
    request: Request, house: House, asked: str, *, told: str = "", error: GatehouseError | None = None
) -> Response:
    cookie, token = forms.token_for(request)
    hidden = f'<input type="hidden" name="{forms.FIELD}" value="{token}">'
    hidden += f'<input type="hidden" name="next" value="{html.escape(asked)}">'
    said = _notice(error) if error else _OUT if told == "out" else ""
    page = _template("signin").substitute(
        notice=said, hidden=hidden, demo=_demo(hidden) if house.shows_demo else "", oidc=_oidc(house, asked),
        first=_first(house.active),
    )  # fmt: skip
    return _page(page, house, cookie, error)


def _password_page(
    request: Request, house: House, login: str, *, forced: bool, error: GatehouseError | None = None
) -> Response:
    cookie, token = forms.token_for(request)
    page = _template("password").substitute(
        notice=_notice(error) if error else "", login=html.escape(login),
        hidden=f'<input type="hidden" name="{forms.FIELD}" value="{token}">',
        why="This account has a first password that somebody else knows. Choose one of your own to go on."
        if forced else "All your other sessions end when the password changes.",
    )  # fmt: skip
    return _page(page, house, cookie, error)


def _page(text: str, house: House, cookie: str, error: GatehouseError | None) -> Response:
    response = HTMLResponse(text, status_code=error.http_status if error else 200)
    response.headers["cache-control"] = "no-store"
    response.headers["x-frame-options"] = "DENY"
    response.headers["content-security-policy"] = (
        "default-src 'none'; img-src 'self'; font-src 'self'; style-src 'self'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    )
    forms.set_cookie(response, forms.COOKIE, cookie, secure=is_secure(house))
    return response


def _notice(error: GatehouseError) -> str:
    hint = f"<span>{html.escape(error.hint)}</span>" if error.hint else ""
    return f'<div class="notice bad" role="alert"><b>{html.escape(error.message)}</b>{hint}</div>'


def _demo(hidden: str) -> str:
    rows = [(login, name, ROLE[role].title) for login, name, role in demo_people.PEOPLE]
    rows += [
        (login, name, f"{ROLE[role].title}, {project} only") for login, name, role, project in demo_people.IN_PROJECTS
    ]
    return _template("demo").substitute(people="".join(_person(row, hidden) for row in rows))


def _person(row: tuple[str, str, str], hidden: str) -> str:
    login, name, about = row
    return (
        f'<form method="post" action="/enter">{hidden}<button class="person" name="who" value="{html.escape(login)}">'
        f"<b>{html.escape(name)}</b><span>{html.escape(about)}</span></button></form>"
    )


def _oidc(house: House, asked: str) -> str:
    if house.settings.oidc is None:
        return ""
    title = html.escape(house.settings.oidc.title)
    return (
        f'<a class="wide" href="/oidc/start?next={quote(asked, safe="")}">Sign in with {title}</a><p class="or">or</p>'
    )


def _first(active: Premises) -> str:
    if active == "own":
        return ""
    return (
        '<p class="small">To connect your own MLflow, sign in as <code>admin</code>: its first password was printed '
        "where the server was started. <code>gatehouse user reset admin</code> makes a new one.</p>"
    )


_OUT = '<div class="notice" role="status"><b>You are signed out.</b></div>'


@cache
def _template(name: str) -> Template:
    return Template((_FOLDER / f"{name}.html").read_text(encoding="utf-8"))
