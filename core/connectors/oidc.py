"""An OpenID Connect provider: where it signs people in, and who it says has signed in there."""

import json
import logging
import secrets
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import httpx
from authlib.oauth2.rfc7636 import create_s256_code_challenge  # type: ignore[import-untyped]
from authlib.oidc.core import CodeIDToken  # type: ignore[import-untyped]
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from core.errors import GatehouseError, SettingsError
from core.settings import Oidc, is_safe_url, secret_of

# Signatures by a private key of the provider. Never none, nor HS*, where who can check can also forge.
ALGORITHMS = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519",
)  # fmt: skip
KEPT_S = 3_600.0  # discovery document, keys
FAILED_S = 5.0  # so long nobody waits for a provider that has just failed to answer
LEEWAY_S = 60
TIMEOUT_S = 10.0
LONGEST_S = 20.0
MAX_BYTES = 2**20
ID_TOKEN_LONGEST = 32_000

log = logging.getLogger("gatehouse.oidc")


class ProviderFailed(GatehouseError):
    """The provider could not be asked, or gave an answer that proves nothing. Why stands in the server's log."""

    title = "Not signed in"
    http_status = 502

    def __init__(self, message: str) -> None:
        super().__init__(message, hint="Try again in a minute, or sign in with a local account.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Vouched:
    """Somebody whom the provider vouches for. claims: of the ID token, completed by userinfo.  id_token: as it came."""

    claims: Mapping[str, Any]
    id_token: str


@dataclass(frozen=True, slots=True)
class _Kept:
    value: dict[str, Any]
    until: float


class Provider:
    """One provider. Safe to use from many threads.

    Nothing is taken from the environment and no redirect is followed; what it says is checked before it is used.
    """

    def __init__(
        self, oidc: Oidc, *, transport: httpx.BaseTransport | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.oidc = oidc
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[str, _Kept] = {}
        self._failed_until = 0.0
        try:
            verify = ssl.create_default_context(cafile=oidc.ca_file) if oidc.ca_file else True
            self._client = httpx.Client(
                verify=verify, proxy=oidc.proxy, timeout=TIMEOUT_S, trust_env=False, transport=transport,
                follow_redirects=False, headers={"Accept": "application/json", "User-Agent": "gatehouse"},
            )  # fmt: skip
        except (OSError, ValueError, httpx.InvalidURL) as error:  # ssl.SSLError is an OSError
            raise SettingsError(
                "oidc: ca_file or proxy cannot be used.", hint="PEM file; http://proxy:3128."
            ) from error

    def sign_in_url(self, *, back: str, state: str, nonce: str, verifier: str) -> str:
        """Where a browser is sent to sign in. Raises ProviderFailed.

        back: our callback.  verifier: of PKCE; it stays here until the code comes back.
        """
        asked = {
            "response_type": "code", "client_id": self.oidc.client_id, "redirect_uri": back,
            "scope": " ".join(self.oidc.scopes), "state": state, "nonce": nonce,
            "code_challenge": create_s256_code_challenge(verifier), "code_challenge_method": "S256",
        }  # fmt: skip
        return _with_query(self._endpoint("authorization_endpoint"), asked)

    def vouched(self, code: str, *, back: str, nonce: str, verifier: str) -> Vouched:
        """Who has signed in, for the code that the browser brought back. Raises ProviderFailed."""
        told = self._exchange(code, back=back, verifier=verifier)
        id_token, access_token = told.get("id_token"), told.get("access_token")
        if not isinstance(id_token, str) or len(id_token) > ID_TOKEN_LONGEST:
            raise self._unusable("its token answer holds no ID token")
        claims = self._checked(id_token, nonce=nonce, access_token=access_token)
        if isinstance(access_token, str) and self._lacks_something(claims):
            claims = {**self._userinfo(access_token, claims["sub"]), **claims}
        return Vouched(claims=claims, id_token=id_token)

    def sign_out_url(self, *, id_token: str, back: str) -> str | None:
        """Where a browser is sent to sign out there too; None where the provider has no such place or is down."""
        try:
            place = self._metadata().get("end_session_endpoint")
        except ProviderFailed:
            return None
        if not isinstance(place, str) or not is_safe_url(place):
            return None
        asked = {"id_token_hint": id_token, "post_logout_redirect_uri": back, "client_id": self.oidc.client_id}
        return _with_query(place, asked)

    # -- asking ---------------------------------------------------------------------------------------------------

    def _metadata(self) -> dict[str, Any]:
        return self._kept_or("metadata", self._discover)

    def _discover(self) -> dict[str, Any]:
        told = self._ask("GET", f"{self.oidc.issuer.rstrip('/')}/.well-known/openid-configuration")
        if told.get("issuer") != self.oidc.issuer:
            raise self._unusable(f"it calls itself {str(told.get('issuer'))[:200]!r}: is that the issuer to be stated?")
        return told

    def _keys(self) -> dict[str, Any]:
        told = self._ask("GET", self._endpoint("jwks_uri"))
        if not isinstance(told.get("keys"), list):
            raise self._unusable("its keys are no list")
        return told

    def _endpoint(self, name: str) -> str:
        url = self._metadata().get(name)
        if not isinstance(url, str) or not is_safe_url(url):
            raise self._unusable(f"{name} is missing or not https")
        return url

    def _exchange(self, code: str, *, back: str, verifier: str) -> dict[str, Any]:
        fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": back, "code_verifier": verifier}
        client = self.oidc.client_id
        try:
            secret = secret_of("oidc", self.oidc.client_secret_env, self.oidc.client_secret_file)
        except SettingsError as error:
            raise self._unusable(error.message) from error
        ways = self._metadata().get("token_endpoint_auth_methods_supported")
        posted = isinstance(ways, list) and "client_secret_post" in ways and "client_secret_basic" not in ways
        if not secret or posted:
            fields |= {"client_id": client} | ({"client_secret": secret} if secret else {})
            return self._ask("POST", self._endpoint("token_endpoint"), data=fields)
        basic = httpx.BasicAuth(quote(client, safe=""), quote(secret, safe=""))
        return self._ask("POST", self._endpoint("token_endpoint"), data=fields, auth=basic)

    def _userinfo(self, access_token: str, subject: str) -> dict[str, Any]:
        if not self._metadata().get("userinfo_endpoint"):
            return {}
        shown = {"Authorization": f"Bearer {access_token}"}
        told = self._ask("GET", self._endpoint("userinfo_endpoint"), headers=shown)
        if told.get("sub") != subject:
            raise self._unusable("its userinfo speaks of somebody else")
        return told

    def _lacks_something(self, claims: Mapping[str, Any]) -> bool:
        named = claims.get("name") and (claims.get("preferred_username") or claims.get("email"))
        return not named or self.oidc.groups_claim.partition(".")[0] not in claims

    # -- checking -------------------------------------------------------------------------------------------------

    def _checked(self, id_token: str, *, nonce: str, access_token: Any) -> dict[str, Any]:
        """The claims of an ID token that is signed by the provider, for us, for this sign-in, and in force."""
        options: Any = {
            "iss": {"essential": True, "value": self.oidc.issuer},
            "aud": {"essential": True, "value": self.oidc.client_id},
            "sub": {"essential": True}, "exp": {"essential": True}, "iat": {"essential": True},
        }  # fmt: skip
        about = {"nonce": nonce, "client_id": self.oidc.client_id, "access_token": access_token}
        try:
            token = self._verified(id_token)
            claims = CodeIDToken(token.claims, token.header, options, about)
            claims.validate(leeway=LEEWAY_S)
            if not secrets.compare_digest(str(claims["nonce"]).encode(), nonce.encode()):
                raise self._unusable("the nonce of its ID token is another")
        except (JoseError, ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
            raise self._unusable(f"its ID token does not hold: {type(error).__name__} {str(error)[:200]}") from error
        return dict(claims)

    def _verified(self, id_token: str) -> jwt.Token:
        try:
            return jwt.decode(id_token, self._key_set(), algorithms=ALGORITHMS)
        except InvalidKeyIdError:  # the provider has new keys since we looked
            if self._kept["keys"].until - KEPT_S > self._clock() - FAILED_S:
                raise
            with self._lock:
                self._kept.pop("keys", None)
            return jwt.decode(id_token, self._key_set(), algorithms=ALGORITHMS)

    def _key_set(self) -> KeySet:
        """The provider's public signing keys. One that is of another kind cannot be chosen by a token's header."""
        told = self._kept_or("keys", self._keys)["keys"]
        usable = [
            key for key in told
            if isinstance(key, dict) and key.get("kty") in ("RSA", "EC", "OKP") and key.get("use", "sig") == "sig"
        ]  # fmt: skip
        return KeySet.import_key_set({"keys": usable})

    # -- HTTP -----------------------------------------------------------------------------------------------------

    def _kept_or(self, what: str, ask: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        kept = self._kept.get(what)
        if kept is not None and kept.until > self._clock():
            return kept.value
        if self._failed_until > self._clock():
            raise ProviderFailed("The sign-in provider does not answer.")
        try:
            value = ask()
        except ProviderFailed:
            self._failed_until = self._clock() + FAILED_S
            raise
        with self._lock:
            self._kept[what] = _Kept(value, self._clock() + KEPT_S)
        return value

    def _ask(self, method: str, url: str, **given: Any) -> dict[str, Any]:
        """The JSON object that answers a request. Raises ProviderFailed."""
        try:
            status, content = self._sent(method, url, **given)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            log.warning("OIDC: %s cannot be reached: %s", url[:200], error)
            raise ProviderFailed("The sign-in provider cannot be reached.") from error
        try:
            told = json.loads(content)
        except (ValueError, RecursionError):
            told = None
        if status != 200 or not isinstance(told, dict):
            code = str(told.get("error"))[:80] if isinstance(told, dict) else "no JSON object"
            raise self._unusable(f"{url[:200]} answered {status} ({code})")
        return told

    def _sent(self, method: str, url: str, **given: Any) -> tuple[int, bytes]:
        content, end = b"", time.monotonic() + LONGEST_S
        with self._client.stream(method, url, **given) as response:
            for part in response.iter_bytes():
                content += part
                if len(content) > MAX_BYTES or time.monotonic() > end:
                    raise httpx.ReadTimeout("too long an answer")
            return response.status_code, content

    def _unusable(self, why: str) -> ProviderFailed:
        log.warning("OIDC: %s cannot be used: %s", self.oidc.issuer, why)
        return ProviderFailed("The sign-in provider gave an answer that proves nothing.")


def _with_query(url: str, query: Mapping[str, str]) -> str:
    return f"{url}{'&' if '?' in url else '?'}{urlencode(query)}"
