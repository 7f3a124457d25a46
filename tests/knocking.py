"""A browser without a screen: keeps cookies, fills in the forms of the door."""

import re
from typing import Any

import httpx

PAGE = {"Accept": "text/html"}
SESSION = "gatehouse_session"
UPGRADE = {
    "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}  # fmt: skip


class Knocker:
    """client: may be asked directly; it follows no redirect."""

    def __init__(self, url: str, client: httpx.Client | None = None, **headers: str) -> None:
        self.url = url
        if client is not None:
            self.client = client
            return
        self.client = httpx.Client(base_url=url, headers=headers, trust_env=False, timeout=60)
        self.client.event_hooks = {"request": [self._as_behind_https]}

    def token(self, path: str = "/signin?change=1") -> str:
        """The form token of a page of the door."""
        return token_in(self.client.get(path, headers=PAGE).text)

    def post(
        self, path: str, *, form: str = "/signin?change=1", headers: dict[str, str] | None = None, **fields: Any
    ) -> httpx.Response:
        return self.client.post(path, data={"form_token": self.token(form), **fields}, headers=headers)

    def enter(self, who: str = "a.lindqvist", **fields: Any) -> httpx.Response:
        return self.post("/enter", who=who, **fields)

    def login(self, login: str, password: str, **fields: Any) -> httpx.Response:
        return self.post("/login", login=login, password=password, **fields)

    def change_password(self, old: str, new: str, **fields: Any) -> httpx.Response:
        return self.post("/password", form="/password", old=old, new=new, again=new, **fields)

    def _as_behind_https(self, request: httpx.Request) -> None:
        """What is Secure is sent to this server all the same."""
        secure = [f"{cookie.name}={cookie.value}" for cookie in self.client.cookies.jar if cookie.secure]
        if secure:
            request.headers["cookie"] = "; ".join(secure)

    def page(self, path: str = "/", **headers: str) -> httpx.Response:
        return self.client.get(path, headers=PAGE | headers)

    def websocket(self, **headers: str) -> int:
        """The status that answers a handshake: 101, or why not."""
        with self.client.stream("GET", "/_stcore/stream", headers=UPGRADE | {"Origin": self.url} | headers) as answer:
            return answer.status_code

    @property
    def secret(self) -> str:
        """Of the session cookie; "" without one."""
        return self.client.cookies.get(SESSION) or ""

    @secret.setter
    def secret(self, value: str) -> None:
        for cookie in list(self.client.cookies.jar):
            if cookie.name == SESSION:
                self.client.cookies.jar.clear(cookie.domain, cookie.path, cookie.name)
        self.client.cookies.set(SESSION, value, domain="127.0.0.1", path="/")


def token_in(page: str) -> str:
    found = re.search(r'name="form_token" value="([0-9a-f]{64})"', page)
    assert found is not None, page[:500]
    return found[1]
