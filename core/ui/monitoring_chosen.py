"""What the page Monitoring shows: one version of one model over some windows."""

from dataclasses import dataclass

from core.facts.profiles import FOREVER
from core.monitors.monitor import Monitor


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """from_ms: start of the first window shown, -1 for all.  as_of_ms: now, which decides whose labels are complete.

    live: the version that the policy judges; "" before that.
    """

    model: str
    version: str
    live: str
    monitor: Monitor
    from_ms: int
    as_of_ms: int
    to_ms: int = FOREVER
