"""How often one address may knock at the door: what is spent comes back with time."""

import ipaddress
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from core.errors import GatehouseError

ADDRESSES_KEPT = 4_096


class TooOften(GatehouseError):
    """More attempts from one address than anybody makes by hand.

    wait_s: seconds until the next attempt is looked at.
    """

    title = "Too many attempts"
    http_status = 429

    def __init__(self, wait_s: int) -> None:
        super().__init__("Too many attempts from your address.", hint=f"Try again in {wait_s} seconds.")
        self.wait_s = wait_s


class Turnstile:
    """Lets each address pass so often. Kept in memory: the address that was seen longest ago is forgotten first.

    burst: attempts that are free at first.  per_s: how many come back each second.
    """

    def __init__(self, *, burst: float, per_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._burst, self._per_s, self._clock = burst, per_s, clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def knock(self, address: str) -> None:
        """Notes an attempt. Raises TooOften."""
        key, now = network(address), self._clock()
        with self._lock:
            left, seen = self._left.pop(key, (self._burst, now))
            left = min(self._burst, left + (now - seen) * self._per_s)
            passes = left >= 1
            self._left[key] = (left - 1 if passes else left, now)
            while len(self._left) > ADDRESSES_KEPT:
                self._left.popitem(last=False)
        if not passes:
            raise TooOften(max(1, round((1 - left) / self._per_s)))

    def __len__(self) -> int:
        return len(self._left)


def network(address: str) -> str:
    """What counts as one address: an IPv6 host has a whole /64 to itself."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address[:60]
    if isinstance(found, ipaddress.IPv6Address):
        mapped = found.ipv4_mapped
        return str(mapped) if mapped else str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)
