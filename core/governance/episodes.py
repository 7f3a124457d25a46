"""Episodes: stretches of windows in which a rule was broken, and how they become findings that keep their id."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import count


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What one window says of one cause. broken: None where it cannot tell, which neither opens nor clears."""

    start_ms: int
    end_ms: int
    broken: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """Windows in a row that broke a rule; those between that could not tell belong to it.

    first_ms, last_ms: starts of the first and last window that broke it.  end_ms: end of the last one.
    cleared_ms: end of the first window that kept the rule again; None while it is broken.
    windows: how many broke it.
    """

    first_ms: int
    last_ms: int
    end_ms: int
    cleared_ms: int | None
    windows: int

    def overlaps(self, first_ms: int, end_ms: int) -> bool:
        """Whether the two stretches share any time."""
        return self.first_ms < end_ms and first_ms < self.end_ms


def episodes(states: Iterable[State]) -> tuple[Episode, ...]:
    """In order of time. states: of windows, in order of time."""
    found: list[Episode] = []
    opened: list[State] = []
    for state in states:
        if state.broken:
            opened.append(state)
        elif state.broken is False and opened:
            found.append(_closed(opened, state.end_ms))
            opened = []
    if opened:
        found.append(_closed(opened, None))
    return tuple(found)


def _closed(opened: Sequence[State], cleared_ms: int | None) -> Episode:
    return Episode(
        first_ms=opened[0].start_ms,
        last_ms=opened[-1].start_ms,
        end_ms=opened[-1].end_ms,
        cleared_ms=cleared_ms,
        windows=len(opened),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A finding as it was observed before. first_ms, end_ms: as in `Episode`."""

    finding_id: str
    first_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """ids: of the episodes, in their order.  gone: of known findings that no episode shows any more."""

    ids: tuple[str, ...]
    gone: tuple[str, ...]


def matched(model: str, category: str, cause: str, told: Sequence[Episode], known: Sequence[Known]) -> Matched:
    """Which finding each episode of one cause is.

    An episode that shares time with a known finding is that finding, so that labels or rows which come late neither
    lose an answer nor ask a second time; any other is a new one, whose id follows from its content. Each finding is
    matched once, the oldest first.
    """
    left = sorted(known, key=lambda one: (one.first_ms, one.finding_id))
    taken = {one.finding_id for one in known}
    ids: list[str] = []
    for episode in told:
        same = next((one for one in left if episode.overlaps(one.first_ms, one.end_ms)), None)
        if same is None:
            ids.append(_free(model, category, cause, episode.first_ms, taken))
            taken.add(ids[-1])
        else:
            left.remove(same)
            ids.append(same.finding_id)
    return Matched(ids=tuple(ids), gone=tuple(one.finding_id for one in left))


def finding_id(model: str, category: str, cause: str, first_ms: int, *, again: int = 0) -> str:
    """`f_` and sixteen hexadecimal digits. again: counts on where a finding that began elsewhere has the id already."""
    content = "\x1f".join((model, category, cause, str(first_ms), *([str(again)] if again else [])))
    return f"f_{hashlib.sha256(content.encode()).hexdigest()[:16]}"


def _free(model: str, category: str, cause: str, first_ms: int, taken: set[str]) -> str:
    return next(
        found for again in count() if (found := finding_id(model, category, cause, first_ms, again=again)) not in taken
    )
