"""A house with its door in this process, and browsers that knock at it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket

from core.api import door, oidc
from core.api.app import build
from core.api.gate import Gate
from core.api.server import HEADERS, SafeHeaders
from core.governance.rights import LOCAL, NOBODY
from core.services import accounts, demo_people, identity, signing_in
from core.services.house import House
from core.services.signing_in import Where
from core.settings import load
from tests.security.knocking import Here

PASSWORD = "seven brown otters"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A house with the demo's people and an administrator whose password is PASSWORD."""
    made = furnished(tmp_path)
    yield made
    made.close()


def furnished(folder: Path, settings: str = "") -> House:
    """settings: the text of gatehouse.toml."""
    folder.mkdir(exist_ok=True)
    (folder / "gatehouse.toml").write_text(settings)
    made = House(load({}, folder))
    first = accounts.first_administrator(made.ledger_of("own"))
    assert first is not None
    demo_people.furnish(made.ledger_of("demo"))
    done = signing_in.by_password(made, "own", "admin", first, Where())
    signing_in.change_password(made.by(identity.actor_of_session(made, done.secret)), first, PASSWORD)
    return made


@pytest.fixture
def knock(house: House) -> Iterator[Callable[..., Here]]:
    """Makes a browser of its own before the door of the house."""
    with AtTheDoor(house) as make:
        yield make


def own(house: House) -> House:
    """The house as a command on this machine sees its own stores."""
    return house.by(replace(LOCAL, premises="own"))


class AtTheDoor:
    """Makes browsers before a house, whose pages and websocket only say that somebody got in."""

    def __init__(self, house: House) -> None:
        seen = house.by(NOBODY)
        self._app = Starlette(
            routes=[
                *door.routes(lambda: seen), *oidc.routes(lambda: seen),
                Mount("/api/v1", app=build(lambda: seen, lambda: "command line")),
                WebSocketRoute("/_stcore/stream", _stream), Route("/{path:path}", _inside, methods=["GET", "POST"]),
            ],
            middleware=[Middleware(SafeHeaders, headers=HEADERS), Middleware(Gate, house=lambda: seen)],
        )  # fmt: skip
        self._open: list[TestClient] = []

    def __enter__(self) -> Callable[..., Here]:
        return self._make

    def __exit__(self, *_: object) -> None:
        for client in self._open:
            client.close()

    def _make(self, url: str = "http://127.0.0.1:8501", **headers: str) -> Here:
        client = TestClient(
            self._app, base_url=url, headers={name: value.encode("latin-1") for name, value in headers.items()},
            follow_redirects=False, client=("127.0.0.1", 4_000),
            raise_server_exceptions=True,
        )  # fmt: skip
        self._open.append(client)
        return Here(url, client)


async def _inside(request: Request) -> Response:
    return PlainTextResponse(f"inside {request.url.path}")


async def _stream(socket: WebSocket) -> None:
    await socket.accept()
    await socket.send_text("inside")
    await socket.close()
