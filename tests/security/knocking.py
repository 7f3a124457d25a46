"""A browser without a screen, before a door in this process."""

from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from tests.knocking import Knocker


class Here(Knocker):
    """Speaks to the application itself, without a network."""

    def __init__(self, url: str, client: TestClient) -> None:
        super().__init__(url, client)
        self._test = client

    def gets_in(self) -> bool:
        """Whether a page is shown."""
        answer = self.page("/overview")
        assert answer.status_code in (200, 303, 401, 403), answer.text
        return answer.text == "inside /overview"

    def streams(self, **headers: str) -> bool:
        """Whether the websocket of the pages opens."""
        place = self.url.replace("http", "ws", 1) + "/_stcore/stream"
        try:
            with self._test.websocket_connect(place, headers={"Origin": self.url} | headers) as socket:
                return socket.receive_text() == "inside"
        except WebSocketDisconnect:
            return False
