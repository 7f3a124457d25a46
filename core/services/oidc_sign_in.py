"""Signing in by an OpenID Connect provider: one request a redirect, used once, bound to the browser that began it."""

import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from core.connectors.oidc import Provider, ProviderFailed
from core.errors import GatehouseError, NotFound
from core.ledger import sessions
from core.services import signing_in
from core.services.arrivals import EXTERNAL_LONGEST, GROUPS_MOST, Arrival, admit, roles_of
from core.services.guard import needs
from core.services.house import House, now_ms
from core.services.signing_in import SignedIn, Where
from core.settings import Oidc

CALLBACK = "/oidc/callback"
SIGNED_OUT = "/signin?told=out"
AFTER = "/oidc/end"  # where the provider sends browsers after signing out there
REQUEST_MS = 10 * 60_000
REQUESTS_KEPT = 5_000


class NotFinished(GatehouseError):
    """A sign-in by the provider was not begun here, is over, or was refused there."""

    title = "Not signed in"
    http_status = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """url: of the provider, for the browser.  state: for the browser's cookie."""

    url: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """What the browser brought back. All of it from outside. cookie: the state that this browser was given."""

    cookie: str
    state: str
    code: str
    error: str
    issuer: str


def begin(house: House, asked: str) -> Begun:
    """Sends a browser to the provider. asked: where to go afterwards. Raises NotFound, ProviderFailed."""
    provider = _provider(house)
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    url = provider.sign_in_url(back=_back(house), state=state, nonce=nonce, verifier=verifier)
    with house.ledger_of("own").transaction(actor="system", now_ms=now_ms()) as tx:
        sessions.add_request(
            tx.connection, now_ms=tx.now_ms, most=REQUESTS_KEPT,
            values={
                "digest": sessions.digest(state), "nonce": nonce, "verifier": verifier, "next": asked,
                "expires_ms": tx.now_ms + REQUEST_MS,
            },
        )  # fmt: skip
    return Begun(url=url, state=state)


def finish(house: House, back: Returned, where: Where) -> tuple[SignedIn, str]:
    """A session for whom the provider vouches, and where to go. Raises NotFinished, ProviderFailed, TurnedAway."""
    provider = _provider(house)
    bound = bool(back.cookie) and hmac.compare_digest(back.cookie.encode(), back.state.encode())
    request = _taken(house, back.state) if bound else None
    if back.error:  # some providers leave the state out of a refusal
        _note_failure(house, where)
        code = back.error if re.fullmatch(r"[a-z_]{1,40}", back.error) else "error"
        raise NotFinished(f"The sign-in provider refused ({code}).", hint="Begin again, or use a local account.")
    if request is None:
        raise NotFinished("This sign-in was not begun in this browser, or has waited too long.", hint="Begin again.")
    try:
        arrival, id_token = _arrival(house, provider, back, request)
    except GatehouseError:
        _note_failure(house, where)
        raise
    return admit(house, arrival, where, id_token=id_token), request["next"]


@needs(None)
def sign_out(house: House, *, everywhere: bool = False) -> str:
    """Ends the session of the one who acts, or all of them; returns where its browser goes next.

    One that began at the provider ends there too, where that is possible: ours is over whatever happens there.
    """
    with house.ledger.reading() as connection:
        id_token = sessions.id_token_of(connection, house.actor.session)
    if everywhere:
        signing_in.sign_out_everywhere(house)
    else:
        signing_in.sign_out(house)
    if not id_token or house.settings.oidc is None:
        return SIGNED_OUT
    try:
        return _provider(house).sign_out_url(id_token=id_token, back=house.settings.own_url + AFTER) or SIGNED_OUT
    except GatehouseError:
        return SIGNED_OUT


def arrival_of(oidc: Oidc, claims: Mapping[str, Any]) -> Arrival:
    """Who an ID token speaks of. Raises ProviderFailed for one whose subject cannot be kept."""
    subject = _text(claims, "sub")
    external = f"oidc {oidc.issuer} {subject}"
    if not subject or len(external) > EXTERNAL_LONGEST:
        raise ProviderFailed("The sign-in provider gave an answer that proves nothing.")
    mail = "" if claims.get("email_verified") is False else _text(claims, "email")
    return Arrival(
        origin="oidc", external=external, login=_text(claims, "preferred_username") or mail or subject,
        name=_text(claims, "name"), mail=mail,
        roles=roles_of(_groups(claims, oidc.groups_claim), oidc.groups, oidc.default_role),
    )  # fmt: skip


def _arrival(house: House, provider: Provider, back: Returned, request: Mapping[str, Any]) -> tuple[Arrival, str]:
    if not back.code or (back.issuer and back.issuer != provider.oidc.issuer):
        raise NotFinished("The sign-in provider sent back no answer of its own.", hint="Begin again.")
    found = provider.vouched(back.code, back=_back(house), nonce=request["nonce"], verifier=request["verifier"])
    return arrival_of(provider.oidc, found.claims), found.id_token


def _taken(house: House, state: str) -> dict[str, Any] | None:
    """The request of a state, which is gone with that; None for one that is over, used or was never made."""
    with house.ledger_of("own").transaction(actor="system", now_ms=now_ms()) as tx:
        return sessions.take_request(tx.connection, state, now_ms=tx.now_ms)


def _note_failure(house: House, where: Where) -> None:
    with house.ledger_of("own").transaction(actor="system", now_ms=now_ms()) as tx:
        signing_in.note_attempt(tx, None, "oidc", "failed", where)


def _provider(house: House) -> Provider:
    if house.settings.oidc is None:
        raise NotFound("No sign-in provider is set up here.", hint="Sign in with a local account.")
    return _provider_of(house.settings.oidc.model_dump_json())


@lru_cache(maxsize=4)
def _provider_of(settings: str) -> Provider:
    """One for all requests, since it keeps the provider's keys."""
    return Provider(Oidc.model_validate_json(settings))


def _back(house: House) -> str:
    return house.settings.own_url + CALLBACK


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    return value if isinstance(value, str) else ""


def _groups(claims: Mapping[str, Any], claim: str) -> tuple[str, ...]:
    """Group names of a claim; one with dots is looked up whole, then part by part."""
    value: Any = claims.get(claim)
    if value is None:
        value = claims
        for part in claim.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
    if isinstance(value, str):
        value = [value]
    return tuple(group for group in value if isinstance(group, str))[:GROUPS_MOST] if isinstance(value, list) else ()
