"""Signing in by the OpenID Connect provider: out to it, and back."""

from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from core.api import forms, pages, visitor
from core.api.door import entered, go
from core.api.gate import safe_next
from core.api.turnstile import Turnstile
from core.errors import GatehouseError
from core.services import identity, oidc_sign_in
from core.services.house import House
from core.services.oidc_sign_in import Returned

LONGEST = 4_000


def routes(house: Callable[[], House]) -> list[BaseRoute]:
    """/oidc/start, /oidc/callback, /oidc/end. house: the open one, asked at each request."""
    begun = Turnstile(burst=60, per_s=1)

    async def start(request: Request) -> Response:
        asked = safe_next(request.query_params.get("next", "/"))
        try:
            begun.knock(visitor.where(request).address)
            sent = await run_in_threadpool(lambda: oidc_sign_in.begin(house(), asked))
        except GatehouseError as error:
            return pages.sign_in(request, house(), asked, error=error)
        response = go(sent.url)
        forms.set_cookie(response, house().settings, "oidc", sent.state, max_age=oidc_sign_in.REQUEST_MS // 1_000)
        return response

    async def callback(request: Request) -> Response:
        settings = house().settings
        told = {name: request.query_params.get(name, "")[:LONGEST] for name in ("state", "code", "error", "iss")}
        back = Returned(
            cookie=request.cookies.get(identity.cookie(settings, "oidc"), ""), state=told["state"], code=told["code"],
            error=told["error"], issuer=told["iss"],
        )  # fmt: skip
        try:
            done, asked = await run_in_threadpool(lambda: oidc_sign_in.finish(house(), back, visitor.where(request)))
        except GatehouseError as error:
            response = pages.sign_in(request, house(), "/", error=error)
        else:
            response = await entered(request, house(), done, safe_next(asked))
        forms.drop_cookie(response, settings, "oidc")
        return response

    async def end(_: Request) -> Response:
        return go(oidc_sign_in.SIGNED_OUT)

    return [
        Route("/oidc/start", start, methods=["GET"]),
        Route("/oidc/callback", callback, methods=["GET"]),
        Route(oidc_sign_in.AFTER, end, methods=["GET"]),
    ]
