"""An ID token proves something only when everything about it fits; whatever else a provider says proves nothing."""

import base64
import hmac
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from core.connectors.oidc import FAILED_S, KEPT_S, Provider, ProviderFailed
from core.settings import Oidc

ISSUER = "https://id.example"
KEY = RSAKey.generate_key(2048, {"kid": "a", "use": "sig"})
OTHER = RSAKey.generate_key(2048, {"kid": "a", "use": "sig"})


class Idp:
    """A provider behind httpx. Every answer may be replaced; asked: paths in the order in which they were."""

    def __init__(self) -> None:
        self.key: Any = KEY
        self.shown = [KEY.as_dict(private=False)]
        self.header: dict[str, Any] = {"alg": "RS256", "kid": "a"}
        self.claims: dict[str, Any] = {}
        self.left_out: set[str] = set()
        self.replaced: dict[str, Callable[[httpx.Request], httpx.Response]] = {}
        self.userinfo: dict[str, Any] = {"sub": "lea", "groups": ["leads"]}
        self.asked: list[str] = []
        self.now = 1_000.0
        self.last: httpx.Request | None = None
        oidc = Oidc(issuer=ISSUER, client_id="gatehouse")
        self.provider = Provider(oidc, transport=httpx.MockTransport(self.answer), clock=lambda: self.now)

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.path)
        if request.url.path in self.replaced:
            return self.replaced[request.url.path](request)
        if request.url.path == "/.well-known/openid-configuration":
            return httpx.Response(200, json=METADATA)
        if request.url.path == "/keys":
            return httpx.Response(200, json={"keys": self.shown})
        if request.url.path == "/userinfo":
            return httpx.Response(200, json=self.userinfo)
        self.last = request
        return httpx.Response(200, json={"id_token": self.token(), "access_token": "at", "token_type": "Bearer"})

    def token(self) -> str:
        now = int(time.time())
        claims = {"iss": ISSUER, "aud": "gatehouse", "sub": "lea", "nonce": "n", "iat": now, "exp": now + 300,
                  "name": "Lea", "email": "lea@x.example", "groups": ["leads"], **self.claims}  # fmt: skip
        kept = {name: value for name, value in claims.items() if name not in self.left_out}
        return jwt.encode(self.header, kept, self.key, algorithms=[self.header["alg"]])

    def vouched(self) -> dict[str, Any]:
        return dict(self.provider.vouched("c", back="https://us/cb", nonce="n", verifier="v").claims)


METADATA = {
    "issuer": ISSUER, "authorization_endpoint": f"{ISSUER}/authorize?tenant=1", "token_endpoint": f"{ISSUER}/token",
    "userinfo_endpoint": f"{ISSUER}/userinfo", "jwks_uri": f"{ISSUER}/keys", "end_session_endpoint": f"{ISSUER}/end",
}  # fmt: skip


@pytest.fixture
def idp() -> Idp:
    return Idp()


def test_a_browser_is_sent_with_state_nonce_and_pkce(idp: Idp) -> None:
    url = idp.provider.sign_in_url(back="https://us/cb", state="s", nonce="n", verifier="v" * 43)
    query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    assert url.startswith(f"{ISSUER}/authorize?tenant=1&")
    assert (query["state"], query["nonce"], query["code_challenge_method"]) == ("s", "n", "S256")
    assert query["redirect_uri"] == "https://us/cb"
    assert "v" * 43 not in url


def test_a_good_token_is_believed_and_what_is_kept_is_asked_once_an_hour(idp: Idp) -> None:
    assert idp.vouched()["name"] == "Lea"
    assert idp.vouched()["groups"] == ["leads"]
    assert idp.asked.count("/keys") == idp.asked.count("/.well-known/openid-configuration") == 1
    idp.now += KEPT_S + 1
    idp.vouched()
    assert idp.asked.count("/keys") == 2
    assert b"code_verifier=v" in idp.last.content


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://evil.example"}, {"iss": ISSUER + "/"}, {"aud": "another"}, {"aud": []}, {"nonce": "other"},
        {"aud": ["gatehouse", "another"]}, {"aud": ["gatehouse", "another"], "azp": "another"}, {"nonce": ""},
        {"exp": int(time.time()) - 61}, {"exp": "never"}, {"exp": float("nan")}, {"iat": int(time.time()) + 600},
        {"nbf": int(time.time()) + 600}, {"sub": ""}, {"sub": 5}, {"at_hash": "wrong"}, {"nonce": ["n"]},
    ],
)  # fmt: skip
def test_a_token_for_somebody_or_some_time_else_is_not(idp: Idp, claims: dict[str, Any]) -> None:
    idp.claims = claims
    with pytest.raises(ProviderFailed):
        idp.vouched()


@pytest.mark.parametrize("name", ["iss", "aud", "sub", "nonce", "exp", "iat"])
def test_nothing_that_proves_may_be_missing(idp: Idp, name: str) -> None:
    idp.left_out = {name}
    with pytest.raises(ProviderFailed):
        idp.vouched()


def test_only_the_providers_private_key_signs(idp: Idp) -> None:
    idp.key = OTHER
    with pytest.raises(ProviderFailed):
        idp.vouched()


def test_none_and_shared_secrets_are_no_signatures(idp: Idp) -> None:
    good = idp.token().split(".")[1]
    for alg, key in (("none", b""), ("HS256", KEY.as_pem(private=False)), ("HS256", b"gatehouse")):
        signed = f"{_base64(json.dumps({'alg': alg, 'kid': 'a'}).encode())}.{good}"
        signature = _base64(hmac.digest(key, signed.encode(), "sha256")) if key else ""
        forged = {"id_token": f"{signed}.{signature}", "access_token": "at"}
        idp.replaced["/token"] = lambda _, forged=forged: httpx.Response(200, json=forged)
        with pytest.raises(ProviderFailed):
            idp.vouched()
    idp.replaced.clear()
    shared = OctKey.generate_key(256, {"kid": "b"})
    idp.shown.append(shared.as_dict(private=True))
    idp.header, idp.key = {"alg": "HS256", "kid": "b"}, shared
    with pytest.raises(ProviderFailed):
        idp.vouched()


def test_an_elliptic_key_signs_too_and_a_new_one_is_found(idp: Idp) -> None:
    idp.vouched()
    fresh = ECKey.generate_key("P-256", {"kid": "new", "use": "sig"})
    idp.key, idp.header, idp.shown = fresh, {"alg": "ES256", "kid": "new"}, [fresh.as_dict(private=False)]
    idp.now += 60
    assert idp.vouched()["sub"] == "lea"


def test_what_the_token_lacks_comes_from_userinfo_of_the_same_person(idp: Idp) -> None:
    idp.left_out = {"groups"}
    assert idp.vouched()["groups"] == ["leads"]
    idp.userinfo = {"sub": "tom", "groups": ["admins"]}
    with pytest.raises(ProviderFailed):
        idp.vouched()


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


RUBBISH = [
    httpx.Response(200, text="<html>"), httpx.Response(200, json=[1]), httpx.Response(500, json={}),
    httpx.Response(302, headers={"location": "https://evil.example/"}), httpx.Response(200, content=b"{" * 50_000),
    httpx.Response(200, content=b"x" * 2_000_000), httpx.Response(400, json={"error": "invalid_grant"}),
    httpx.Response(200, json={}),
]  # fmt: skip


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/keys", "/token"])
@pytest.mark.parametrize("answer", RUBBISH, ids=range(len(RUBBISH)))
def test_rubbish_proves_nothing(idp: Idp, path: str, answer: httpx.Response) -> None:
    idp.replaced[path] = lambda _: httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)
    with pytest.raises(ProviderFailed) as caught:
        idp.vouched()
    assert "local account" in caught.value.hint


@pytest.mark.parametrize("changed", [
    {"issuer": "https://evil.example"}, {"token_endpoint": "http://id.example/token"}, {"jwks_uri": None},
    {"token_endpoint": "file:///etc/passwd"}, {"token_endpoint": 5},
])  # fmt: skip
def test_a_discovery_document_that_leads_astray_is_refused(idp: Idp, changed: dict[str, Any]) -> None:
    idp.replaced["/.well-known/openid-configuration"] = lambda _: httpx.Response(200, json={**METADATA, **changed})
    with pytest.raises(ProviderFailed):
        idp.vouched()


def test_nobody_waits_for_a_provider_that_just_failed(idp: Idp) -> None:
    def down(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    idp.replaced["/.well-known/openid-configuration"] = down
    for _ in range(5):
        with pytest.raises(ProviderFailed):
            idp.provider.sign_in_url(back="b", state="s", nonce="n", verifier="v")
    assert len(idp.asked) == 1
    assert idp.provider.sign_out_url(id_token="t", back="b") is None
    idp.replaced.clear()
    idp.now += FAILED_S + 1
    assert idp.provider.sign_out_url(id_token="t", back="b").startswith(f"{ISSUER}/end?id_token_hint=t&post_logout")
