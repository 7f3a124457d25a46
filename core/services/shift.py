"""Which of several servers over one ledger does what only one may do, such as syncing by the clock."""

import os
import secrets
import socket
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from core.errors import GatehouseError

if TYPE_CHECKING:
    from core.ledger.store import Ledger

LASTS_MS = 30_000
RENEW_MS = 10_000
"""The ledger is written to once in that time, not at every look."""
NAME = "scheduler"


class Shift:
    """A server's part in this. Used by one thread."""

    def __init__(self) -> None:
        self.holder = f"{socket.gethostname()[:40]}:{os.getpid()}:{secrets.token_hex(6)}"
        self._asked: dict[str, tuple[Ledger, float, bool]] = {}

    def on(self, which: str, ledger: "Ledger", now_ms: Callable[[], int]) -> bool:
        """Whether this server is the one. which: the stores concerned.  Raises StoreError."""
        from core.ledger import leases

        now = time.monotonic() * 1000
        _, asked, mine = self._asked.get(which, (ledger, -RENEW_MS, False))
        if now - asked >= RENEW_MS:
            self._asked.pop(which, None)
            mine = leases.take(ledger, NAME, self.holder, now_ms=now_ms(), for_ms=LASTS_MS)
            self._asked[which] = (ledger, now, mine)
        return mine

    def end(self, now_ms: Callable[[], int]) -> None:
        """Lets another server take over at once."""
        from core.ledger import leases

        for ledger, _, mine in self._asked.values():
            try:
                if mine:
                    leases.release(ledger, NAME, self.holder, now_ms=now_ms())
            except GatehouseError:
                continue  # it lapses by itself
        self._asked.clear()
