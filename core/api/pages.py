"""The pages outside Streamlit: signing in, choosing a password. Plain HTML, no script; every text in it is escaped."""

import html
from functools import cache
from pathlib import Path
from string import Template
from urllib.parse import quote

from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse, Response

from core.api import forms
from core.api.turnstile import TooOften
from core.errors import GatehouseError
from core.governance.rights import ROLE
from core.services import demo_people
from core.services.house import House

_FOLDER = Path(__file__).parent / "html"
_POLICY = (
    "default-src 'none'; img-src 'self'; font-src 'self'; style-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
_OUT = '<div class="notice" role="status"><b>You are signed out.</b></div>'


def sign_in(
    connection: HTTPConnection, house: House, asked: str, *, told: str = "", login: str = "",
    error: GatehouseError | None = None,
) -> Response:  # fmt: skip
    """The sign-in page. asked: where to go afterwards.  told: "out" after signing out.  login: as it was typed."""
    cookie, token = forms.token_for(connection, house.settings)
    hidden = _hidden(token, asked)
    demo = house.shows_demo
    notice = _notice(error) if error else _OUT if told == "out" else ""
    page = _template("signin").substitute(
        notice=notice, hidden=hidden, login=html.escape(login[:100]),
        demo=_demo(hidden) if demo else "", oidc=_oidc(house, asked), first=_first(house),
        layout="wide-door" if demo else "", main="" if house.settings.oidc else " primary",
    )  # fmt: skip
    return _page(page, house, cookie, error)


def password(
    connection: HTTPConnection, house: House, asked: str, *, login: str, forced: bool,
    error: GatehouseError | None = None,
) -> Response:  # fmt: skip
    """The page that changes a password. forced: nothing else is possible before."""
    cookie, token = forms.token_for(connection, house.settings)
    page = _template("password").substitute(
        notice=_notice(error) if error else "", login=html.escape(login), hidden=_hidden(token, asked),
        title="Choose a password of your own" if forced else "Change your password",
        why="Somebody else knows the first password of this account. Choose a new one to go on." if forced
        else "All your other sessions end when the password changes.",
        old="First password" if forced else "Present password",
        back="" if forced else f'<a class="wide" href="{html.escape(asked)}">Back</a>',
    )  # fmt: skip
    return _page(page, house, cookie, error)


def _page(text: str, house: House, cookie: str, error: GatehouseError | None) -> Response:
    response = HTMLResponse(text, status_code=error.http_status if error else 200)
    response.headers["cache-control"] = "no-store"
    response.headers["x-frame-options"] = "DENY"
    response.headers["content-security-policy"] = _POLICY
    if isinstance(error, TooOften):
        response.headers["retry-after"] = str(error.wait_s)
    forms.set_cookie(response, house.settings, "form", cookie)
    return response


def _hidden(token: str, asked: str) -> str:
    return (
        f'<input type="hidden" name="{forms.FIELD}" value="{token}">'
        f'<input type="hidden" name="next" value="{html.escape(asked)}">'
    )


def _notice(error: GatehouseError) -> str:
    hint = f"<span>{html.escape(error.hint)}</span>" if error.hint else ""
    return f'<div class="notice bad" role="alert"><b>{html.escape(error.message)}</b>{hint}</div>'


def _demo(hidden: str) -> str:
    people = [_person(*row) for row in demo_people.PEOPLE]
    people += [_person(*row) for row in demo_people.IN_PROJECTS]
    return _template("demo").substitute(hidden=hidden, people="".join(people))


def _person(login: str, name: str, role: str, project: str = "") -> str:
    initials = "".join(word[0] for word in name.split()[:2])
    return (
        f'<button class="person" name="who" value="{html.escape(login)}">'
        f'<i aria-hidden="true">{html.escape(initials)}</i>'
        f"<b>{html.escape(name)}</b><em>{html.escape(ROLE[role].title)}</em>"
        f"<span>{html.escape(f'Sees the project {project} alone.' if project else ROLE[role].about)}</span></button>"
    )


def _oidc(house: House, asked: str) -> str:
    if house.settings.oidc is None:
        return ""
    title = html.escape(house.settings.oidc.title)
    return (
        f'<a class="wide primary" href="/oidc/start?next={quote(asked, safe="")}">Sign in with {title}</a>'
        '<p class="or"><span>or with a local account</span></p>'
    )


def _first(house: House) -> str:
    if house.active == "own":
        return ""
    return (
        '<p class="small">New here? The account <code>admin</code> connects your own MLflow. Its first password was '
        "printed where the server was started; <code>gatehouse user reset admin</code> makes a new one.</p>"
    )


@cache
def _template(name: str) -> Template:
    return Template((_FOLDER / f"{name}.html").read_text(encoding="utf-8"))
