"""Forms that browsers post outside Streamlit: each bears a token that only a page of this server could give."""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request
from starlette.responses import Response

from core.errors import Invalid

COOKIE = "gatehouse_form"
FIELD = "form_token"
LARGEST = 20_000
FIELDS_MOST = 20
_KEY = secrets.token_bytes(32)


def token_for(request: Request) -> tuple[str, str]:
    """The browser's form cookie (its own, or a fresh one), and the token that goes into the form."""
    cookie = request.cookies.get(COOKIE, "")
    if len(cookie) != 43:
        cookie = secrets.token_urlsafe(32)
    return cookie, _token(cookie)


def set_cookie(response: Response, name: str, value: str, *, secure: bool, max_age: int | None = None) -> None:
    """A cookie that scripts cannot read and other sites cannot have sent with a post."""
    response.set_cookie(name, value, max_age=max_age, httponly=True, samesite="lax", secure=secure, path="/")


async def read(request: Request) -> Mapping[str, str]:
    """The fields of a posted form. Raises Invalid unless it came from a page of this server."""
    if not _same_site(request):
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
    cookie = request.cookies.get(COOKIE, "")
    if not cookie or not hmac.compare_digest(fields.get(FIELD, "").encode(), _token(cookie).encode()):
        raise Invalid("This form has waited too long.", hint="Send it again.")
    return fields


def _token(cookie: str) -> str:
    return hmac.new(_KEY, cookie.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def _same_site(request: Request) -> bool:
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = request.headers.get("origin")
    if origin is None or origin == "null":
        return origin is None
    return urlsplit(origin).netloc == request.headers.get("host", "")
