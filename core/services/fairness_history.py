"""How a rate of groups compared, window by window or week by week, and what was judged on the way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.analysis.group_gaps import ALL_OTHERS
from core.analysis.group_rates import Rate, decide, share
from core.analysis.intervals import mover_ratio_ends, newcombe_ends
from core.analysis.parity import CRITERIA
from core.governance.policy import FairnessLimit
from core.services import policy_files
from core.services.cache import cached
from core.services.fairness import against_of
from core.services.fairness_pool import Pool, pool
from core.services.fairness_view import UNLABELLED, Family, last_change, seen_book
from core.services.guard import needs
from core.services.house import House
from core.services.judge_fairness import STEP, over
from core.services.profile_book import Book

By = Literal["window", "week"]
Of = Literal["difference", "ratio"]
SMALL = 100
MOST_CHECKS = 13


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One group in one period. value: None where it cannot be told.  low, high: ends of the 95 % interval.

    rows: of the group; n: of both sides.  complete: whether all labels needed are in; True for rates without labels.
    """

    group: str
    start_ms: int
    end_ms: int
    value: float | None
    low: float
    high: float
    rows: int
    n: int
    complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What was judged over the windows up to end_ms. windows, n: used."""

    end_ms: int
    outcome: str
    why: str
    windows: int
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """by: what a point is of; usual: whether that was chosen for the sizes of groups.  points: by group and time."""

    rate: Rate
    of: Of
    by: By
    against: str
    limit: FairnessLimit | None
    points: tuple[Point, ...]
    checks: tuple[Check, ...]
    windows: int


@needs("view")
def history(
    house: House, model: str, version: str, family: Family, windows: int, rate: Rate, of: Of, by: By | None = None, *,
    now_ms: int,
) -> History:  # fmt: skip
    """All windows of the version. by: None chooses weeks where a window's smallest sizeable group has few rows.

    windows: that are judged together at a check; there is one every seventh window, as evaluation does.
    Raises NotFound as fairness_view.view does.
    """
    as_of = last_change(house, model, version, family, now_ms)
    return _history(house, model, version, family, windows, rate, of, by, as_of)


@cached(maxsize=64)
def _history(
    house: House, model: str, version: str, family: Family, windows: int, rate: Rate, of: Of, by: By | None,
    as_of_ms: int,
) -> History:  # fmt: skip
    kept, starts = seen_book(house, model, version, family)
    rule = policy_files.policy(house).fairness.model_copy(update={"windows": windows})
    limit = next(
        (one for one in rule.limits if one.of == of and rate in CRITERIA[one.criterion][kept.monitor.favourable]), None
    )
    against = against_of(rule, family)
    each = {start: found for start in starts if (found := pool(kept, version, [start], family))}
    chosen = by or _usual(kept, each, rate)
    periods = _periods(kept, list(each), chosen)
    points: list[Point] = []
    for start, members in periods.items():
        found = each[members[0]] if len(members) == 1 else pool(kept, version, members, family)
        if found is None:
            continue
        complete = rate in UNLABELLED or all(kept.is_complete(one, as_of_ms) for one in members)
        points += _points(found, rate, of, against, start, kept.end_ms(members[-1]), complete)
    checks: list[Check] = []
    if limit is not None:
        alone = rule.model_copy(update={"limits": (limit,)})
        at = [place for place in range(len(starts)) if (place + 1) % STEP == 0 or place == len(starts) - 1]
        for place in at[-MOST_CHECKS:]:
            checks += [
                Check(
                    end_ms=kept.end_ms(starts[place]), outcome=one.verdict.outcome, why=one.verdict.why,
                    windows=one.windows, n=one.n,
                )
                for one in over(kept, alone, version, starts[: place + 1], as_of_ms=as_of_ms, families=[family])
            ]  # fmt: skip
    return History(
        rate=rate, of=of, by=chosen, against=against or ALL_OTHERS, limit=limit,
        points=tuple(sorted(points, key=lambda one: (one.group, one.start_ms))), checks=tuple(checks), windows=windows,
    )  # fmt: skip


def _usual(kept: Book, each: dict[int, Pool], rate: Rate) -> By:
    """Weeks where a window of the usual size has fewer than SMALL rows of some group that is not small itself."""
    if kept.windows.length == "week" or not each:
        return "window"
    sizes = [
        min((one for one in rows if one >= max(rows) / 10), default=0)
        for found in each.values()
        if (rows := [share(one, rate).rows for one in found.decided().values()])
    ]
    return "week" if float(np.median(sizes)) < SMALL else "window"


def _periods(kept: Book, starts: list[int], by: By) -> dict[int, list[int]]:
    if by == "window":
        return {start: [start] for start in starts}
    found: dict[int, list[int]] = {}
    for start in starts:
        found.setdefault(kept.week_of(start), []).append(start)
    return found


def _points(
    found: Pool, rate: Rate, of: Of, against: str | None, start_ms: int, end_ms: int, complete: bool
) -> list[Point]:
    shares = {name: share(decide(output, found.cut), rate) for name, output in found.groups.items()}
    names = [name for name in shares if name != against]
    if not names or (against is None and len(names) < 2):
        return []
    hits = np.array([shares[name].hits for name in names])
    rows = np.array([shares[name].rows for name in names])
    if against is None:
        other_hits, other_rows = hits.sum() - hits, rows.sum() - rows
    else:
        mine = shares.get(against)
        other_hits, other_rows = (
            np.full(hits.shape, mine.hits if mine else 0), np.full(rows.shape, mine.rows if mine else 0),
        )  # fmt: skip
    ends = mover_ratio_ends if of == "ratio" else newcombe_ends
    low, high = ends(hits, rows, other_hits, other_rows)
    points = []
    for at, name in enumerate(names):
        told = rows[at] and other_rows[at] and (of == "difference" or other_hits[at])
        own, other = hits[at] / max(rows[at], 1), other_hits[at] / max(other_rows[at], 1)
        value = None if not told else float(own / other) if of == "ratio" else float(own - other)
        points.append(
            Point(group=name, start_ms=start_ms, end_ms=end_ms, value=value, low=float(low[at]), high=float(high[at]),
                  rows=int(rows[at]), n=int(rows[at] + other_rows[at]), complete=complete)
        )  # fmt: skip
    return points
