"""Which registered models are monitored, how they were judged, and how much of their truth is in."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.analysis.labels import is_mature
from core.facts import profiles as stored
from core.facts.judged import Health
from core.profiling.windows import Windows
from core.services import health, profiling
from core.services.cache import cached
from core.services.guard import needs
from core.services.house import House


@dataclass(frozen=True, slots=True, kw_only=True)
class Maturity:
    """How many windows of the judged version have complete labels.

    windows: all of them, > 0.  days: how long after the end of a window its labels are taken for complete.
    """

    complete: int
    windows: int
    days: int

    @property
    def share(self) -> float:
        """In [0, 1]."""
        return self.complete / self.windows


@needs("view")
def verdicts(house: House, refs: Sequence[str]) -> dict[str, Mapping[str, Health]]:
    """Ref of a registered model ("source:name") -> category -> verdict. Models without a monitor are left out.

    A monitor that names a source stands for that source's model alone. Empty for one that is not judged yet.
    """
    known, rules = health.fleet(house), profiling.monitors(house).monitors
    found = {}
    for ref in refs:
        source, _, name = ref.partition(":")
        resolved = rules.get(name)
        if resolved is None and name not in known:
            continue
        if resolved is None or resolved.monitor.source in (None, source):
            found[ref] = known.get(name, {})
    return found


@needs("view")
def maturity(house: House, models: Sequence[str], *, now_ms: int) -> dict[str, Maturity | None]:
    """Model (of a log) -> how complete the labels of its judged version are; None where its monitor names no label.

    Models that are not judged, and those without windows, are left out. No row and no profile is read, only when the
    windows are.
    """
    known, rules = health.fleet(house), profiling.monitors(house).monitors
    version = {name: next(iter(known[name].values())).version for name in models if known.get(name) and name in rules}
    labels = {name: rules[name].monitor.label for name in version}
    asked = tuple(sorted((name, version[name]) for name, label in labels.items() if label is not None))
    starts = _starts(house, asked)
    found: dict[str, Maturity | None] = {}
    for name, label in labels.items():
        if label is None:
            found[name] = None
        elif windows := starts.get((name, version[name])):
            of = Windows.of(rules[name].monitor)
            days = label.complete_after_days

            def maturing(start: int, of: Windows = of, days: int = days) -> bool:
                return not is_mature(end_ms=of.end_ms(of.at(start)), horizon_days=days, as_of_ms=now_ms)

            complete = bisect_right(windows, False, key=maturing)  # later windows are never complete before earlier
            found[name] = Maturity(complete=complete, windows=len(windows), days=days)
    return found


@cached(maxsize=32)
def _starts(house: House, versions: tuple[tuple[str, str], ...]) -> Mapping[tuple[str, str], tuple[int, ...]]:
    return stored.serving_windows(house.facts, versions) if versions else {}
