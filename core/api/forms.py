"""Forms that browsers post outside Streamlit: each bears a token that only a page of this server could give."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from core.errors import Invalid
from core.services.identity import cookie
from core.settings import LOOPBACK, Settings

FIELD = "form_token"
LARGEST = 20_000
FIELDS_MOST = 20
_COOKIE = re.compile(r"[A-Za-z0-9_-]{43}")
_KEY = secrets.token_bytes(32)


def token_for(request: HTTPConnection, settings: Settings) -> tuple[str, str]:
    """The browser's form cookie (its own, or a fresh one), and the token that goes into the form."""
    mine = request.cookies.get(cookie(settings, "form"), "")
    if not _COOKIE.fullmatch(mine):
        mine = secrets.token_urlsafe(32)
    return mine, _token(mine, request, settings)


def set_cookie(response: Response, settings: Settings, what: str, value: str, *, max_age: int | None = None) -> None:
    """A cookie that scripts cannot read and other sites cannot have sent with a post."""
    response.set_cookie(
        cookie(settings, what),
        value,
        max_age=max_age,
        httponly=True,
        samesite="lax",
        secure=settings.is_https,
        path="/",
    )


def drop_cookie(response: Response, settings: Settings, what: str) -> None:
    """Takes a cookie from the browser; told as it was set, or a browser keeps one with the prefix."""
    response.delete_cookie(cookie(settings, what), path="/", secure=settings.is_https, httponly=True, samesite="lax")


async def read(request: Request, settings: Settings) -> Mapping[str, str]:
    """The fields of a posted form. Raises Invalid unless it came from a page of this server."""
    fetched = request.headers.get("sec-fetch-site", "same-origin")
    if fetched not in ("same-origin", "none") or not same_origin(request, settings):
        raise Invalid("This form was sent from another site.", hint="Open the page itself and try again.")
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/x-www-form-urlencoded":
        raise Invalid("This is no form.", hint="Open the page itself and try again.")
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LARGEST:
            raise Invalid("This form is too large.")
    try:
        fields = dict(parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=FIELDS_MOST))
    except ValueError:
        raise Invalid("This form cannot be read.", hint="Open the page itself and try again.") from None
    mine = request.cookies.get(cookie(settings, "form"), "")
    right = _token(mine, request, settings)
    if not _COOKIE.fullmatch(mine) or not hmac.compare_digest(fields.get(FIELD, "").encode(), right.encode()):
        raise Invalid("This form has waited too long.", hint="Send it again.")
    return fields


def same_origin(connection: HTTPConnection, settings: Settings) -> bool:
    """Whether a request comes from a page of this server, or from no page at all.

    The public URL counts whatever name a proxy asks us by; other than that, names of this machine alone.
    """
    origins = connection.headers.getlist("origin")
    if not origins:
        return True
    if len(origins) > 1:
        return False
    if settings.public_url and origins[0].lower() == settings.public_url:
        return True
    host = connection.headers.get("host", "")
    try:
        local = urlsplit(f"//{host}").hostname in LOOPBACK
    except ValueError:
        return False
    return local and origins[0] == f"http://{host}"


def _token(mine: str, request: HTTPConnection, settings: Settings) -> str:
    """Bound to the form cookie and to the session: neither a stranger's pair nor an old session's form will do."""
    session = request.cookies.get(cookie(settings), "")
    told = f"{mine}\n{session}".encode("utf-8", "surrogatepass")
    return hmac.new(_KEY, told, hashlib.sha256).hexdigest()
