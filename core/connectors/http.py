"""Talking HTTP to one source: one origin, patient with what passes, plain about what does not."""

import json
import random
import ssl
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx

from core.connectors.secrets import Auth
from core.errors import NotFound, SettingsError, SourceError, SourceRefused, SourceUnavailable

MAX_BYTES = 256 * 2**20
MAX_REDIRECTS = 3
LONGEST_WAIT_S = 60.0
RETRIED = (429, 500, 502, 503, 504)
_AGAIN = "Nothing already synced is lost; the next sync tries again."


class HttpClient:
    """JSON over HTTP below one base URL.

    Credentials go to the base URL's scheme, host and port only; a redirect elsewhere is an error. Nothing is taken
    from the environment (no proxy, no .netrc). Time-outs, refused connections, 429 and 5xx are tried again with
    growing pauses; Retry-After is honoured up to a minute.
    """

    def __init__(
        self,
        base_url: str,
        *,
        auth: Auth | None = None,
        ca_file: str | None = None,
        proxy: str | None = None,
        timeout_s: float = 60.0,
        retries: int = 4,
        wait: Callable[[float], None] = time.sleep,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        parts = urlsplit(base_url)
        try:
            port = parts.port
        except ValueError as error:
            raise SettingsError(f"{base_url[:60]} has no valid port.", hint="Check the source's url.") from error
        if not parts.hostname:
            raise SettingsError(f"{base_url[:60]} names no host.", hint="Write it like https://mlflow.example.com.")
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        self._origin = f"{parts.scheme}://{host}{f':{port}' if port else ''}"
        self.name = self._origin + parts.path.rstrip("/")
        self._retries, self._wait = retries, wait
        headers, basic = {"Accept": "application/json", "User-Agent": "gatehouse"}, None
        if auth and auth.token:
            headers["Authorization"] = f"Bearer {auth.token.reveal()}"
        elif auth and auth.username is not None and auth.password:
            basic = httpx.BasicAuth(auth.username, auth.password.reveal())
        self._signed_in = auth is not None
        try:
            verify = ssl.create_default_context(cafile=ca_file) if ca_file else True
            self._client = httpx.Client(
                auth=basic, headers=headers, verify=verify, proxy=proxy, timeout=timeout_s, trust_env=False,
                transport=transport,
            )  # fmt: skip
        except (OSError, ssl.SSLError) as error:
            raise SettingsError(
                f"The CA file {ca_file} cannot be used.", hint="It must hold PEM certificates."
            ) from error
        except (ValueError, httpx.InvalidURL) as error:
            raise SettingsError("The proxy's URL cannot be used.", hint="Write it like http://proxy:3128.") from error

    def close(self) -> None:
        self._client.close()

    def get(self, path: str, query: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The JSON object at a path. Raises SourceError; NotFound for 404."""
        return self._json(self._send("GET", path, query=query))

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """The JSON object that answers a body. Raises SourceError; NotFound for 404."""
        return self._json(self._send("POST", path, body=body))

    def text(self, path: str) -> str:
        """A short plain answer, such as a version."""
        return self._send("GET", path)[:200].decode("utf-8", "replace").strip()

    def _send(
        self, method: str, path: str, *, query: Mapping[str, Any] | None = None, body: Mapping[str, Any] | None = None
    ) -> bytes:
        url, redirects, attempt = f"{self.name}/{path}", 0, 0
        while True:
            try:
                status, headers, content = self._once(method, url, query, body)
            except httpx.TransportError as error:
                if attempt >= self._retries:
                    raise self._unreachable(error) from error
                self._pause(attempt, None)
                attempt += 1
                continue
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                raise SourceError(
                    f"{self.name} answered what is no HTTP.", hint="Is this the right address?"
                ) from error
            if status in RETRIED and attempt < self._retries:
                self._pause(attempt, headers.get("retry-after"))
                attempt += 1
                continue
            if 300 <= status < 400 and "location" in headers:
                url = self._redirected(url, headers["location"], method, status, redirects)
                redirects += 1
                continue
            if status == 200:
                return content
            raise self._refusal(status, content)

    def _once(
        self, method: str, url: str, query: Mapping[str, Any] | None, body: Mapping[str, Any] | None
    ) -> tuple[int, httpx.Headers, bytes]:
        parts, size = [], 0
        with self._client.stream(method, url, params=query, json=body) as response:
            for part in response.iter_bytes():
                size += len(part)
                if size > MAX_BYTES:
                    raise SourceError(
                        f"{self.name} sent more than {MAX_BYTES // 2**20} MB in one answer.",
                        hint="Is this the right address? If so, read its database instead.",
                    )
                parts.append(part)
            return response.status_code, response.headers, b"".join(parts)

    def _redirected(self, url: str, location: str, method: str, status: int, redirects: int) -> str:
        target = urljoin(url, location)
        same = target.startswith(self._origin + "/")
        if not same or redirects >= MAX_REDIRECTS or (method != "GET" and status not in (307, 308)):
            elsewhere = urlsplit(target)
            raise SourceError(
                f"{self.name} redirects to {elsewhere.scheme}://{elsewhere.hostname or ''}{elsewhere.path[:80]}.",
                hint="If that is the server (or its sign-in page says so), set that address as the source's url.",
            )
        return target

    def _pause(self, attempt: int, retry_after: str | None) -> None:
        pause = 0.5 * 2**attempt * random.uniform(0.8, 1.2)  # nosec B311: spreads retries, hides nothing
        if retry_after and retry_after.isdigit():
            pause = max(pause, float(retry_after))
        self._wait(min(pause, LONGEST_WAIT_S))

    def _json(self, content: bytes) -> dict[str, Any]:
        try:
            told = json.loads(content)
        except (ValueError, RecursionError) as error:
            looks = "a web page" if content.lstrip()[:1] == b"<" else "something that is no JSON"
            raise SourceError(
                f"{self.name} answered with {looks}.", hint="Is this the address of an MLflow server (without /#/...)?"
            ) from error
        if not isinstance(told, dict):
            raise SourceError(f"{self.name} answered with JSON that is no object.", hint="Is this an MLflow server?")
        return told

    def _unreachable(self, error: httpx.TransportError) -> SourceUnavailable:
        if isinstance(error, httpx.TimeoutException):
            return SourceUnavailable(f"{self.name} did not answer in time.", hint=f"Is it overloaded? {_AGAIN}")
        if "CERTIFICATE" in str(error).upper():
            return SourceUnavailable(
                f"{self.name} shows a certificate that is not trusted.", hint="Name your authority's file in ca_file."
            )
        if isinstance(error, httpx.ProxyError):
            return SourceUnavailable(f"The proxy on the way to {self.name} refused.", hint="Check proxy and its rules.")
        return SourceUnavailable(
            f"{self.name} cannot be reached.", hint=f"Is the server up and the address right? {_AGAIN}"
        )

    def _refusal(self, status: int, content: bytes) -> SourceError | NotFound:
        if status in (401, 403):
            hint = (
                "Has the token or password expired?" if self._signed_in else "Name a token or password for this source."
            )
            return SourceRefused(f"{self.name} refused the credentials ({status}).", hint=hint)
        reason = _reason(content)
        if status == 404:
            return NotFound(f"{self.name} has no such thing{reason}.", hint="Is this the right address?")
        if status in RETRIED:
            return SourceUnavailable(f"{self.name} keeps answering {status}{reason}.", hint=_AGAIN)
        return SourceError(f"{self.name} answered {status}{reason}.", hint="The server's log says more.")


def _reason(content: bytes) -> str:
    """MLflow's own words for what went wrong, shortened; "" when it gave none."""
    try:
        told = json.loads(content)
        words = f"{told['error_code']}: {told['message']}"
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""
    return f" ({' '.join(words.split())[:200]})"
