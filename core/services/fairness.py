"""The policy's fairness limits, judged on one version's windows of a book: each attribute, each intersection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from zoneinfo import ZoneInfo

from core.analysis.fairness_verdict import FairnessVerdict, GapVerdict, Limit, judge
from core.analysis.group_gaps import gaps
from core.analysis.group_rates import Cut, Decided, share
from core.analysis.labels import DAY_MS
from core.analysis.parity import CRITERIA
from core.governance.policy import FairnessLimit, FairnessRule
from core.services.fairness_pool import pool
from core.services.profile_book import Book

WITHOUT_LABELS = frozenset({"demographic_parity"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One limit of the policy on one attribute or intersection.

    family: its attributes.  title: as people read it, such as "sex x age".
    against: the group that others are compared with; "" for all others together.
    cut: the threshold judged at.  None where nothing could be decided on: no window is used.
    from_ms, end_ms: start of the first and end of the last window used; None without any.
    n: rows that the criterion's rates count, over all groups: those decided on for demographic parity, labelled
    positive ones for equal opportunity, and so on.
    windows: used.  immature: left out as their labels are not complete; 0 for a criterion without labels.
    other_edges: left out as their bins are older than the newest used, so that counts cannot be added.
    complete_ms: when the labels of the first window left out as immature will be complete; None without any.
    """

    family: tuple[str, ...]
    title: str
    limit: FairnessLimit
    verdict: FairnessVerdict
    against: str
    cut: Cut | None
    from_ms: int | None
    end_ms: int | None
    n: int
    windows: int
    immature: int
    other_edges: int
    complete_ms: int | None
    zone: str

    @property
    def notes(self) -> tuple[str, ...]:
        """What to know about the windows and the threshold, a sentence each."""
        told = []
        if self.immature:
            told.append(f"{_windows(self.immature)} left out: labels are not complete yet.")
        if self.other_edges:
            told.append(f"{_windows(self.other_edges)} left out: profiled with older bins, which do not add up.")
        if self.cut and not self.cut.exact:
            told.append(f"Judged at {self.cut.at:.6g}, the nearest to {self.cut.asked:.6g} that the bins can tell.")
        return tuple(told)

    def days_lacking(self, part: GapVerdict) -> float | None:
        """Days of traffic like that of the windows used until the smaller side has the rows needed.

        None where the rows needed are not told, are there already, or none came so far.
        """
        if part.needed is None or part.rows >= part.needed or not part.rows:
            return None
        if self.from_ms is None or self.end_ms is None:
            return None
        return (part.needed - part.rows) / part.rows * (self.end_ms - self.from_ms) / DAY_MS


def judged(
    kept: Book, rule: FairnessRule, version: str, starts: Sequence[int], *, as_of_ms: int,
    families: Sequence[tuple[str, ...]] | None = None,
) -> tuple[Judged, ...]:  # fmt: skip
    """Every limit on every attribute and intersection that the version has scores of, over these windows together.

    families: the attributes and intersections looked at; all of the monitor's when left out.
    kept: read with the part "output" and with groups.  starts: of windows, ms; those without this version are passed
    over. Criteria that need labels use only windows whose labels are complete at as_of_ms; where there are none, the
    verdict is not enough data and says from when on. Decisions are those at the deployed threshold, the first one.
    Empty for monitors without groups, scores of two classes or a threshold.  Raises NotFound when edges are gone.
    """
    if not kept.monitor.thresholds:
        return ()
    present = [start for start in sorted(set(starts)) if (version, start) in kept.current]
    mature = [start for start in present if kept.is_complete(start, as_of_ms)]
    found = []
    for family in kept.families() if families is None else families:
        whole = _pool(kept, version, present, family)
        if not whole.groups:
            continue
        complete = _pool(kept, version, mature, family)
        for limit in rule.limits:
            unlabelled = limit.criterion in WITHOUT_LABELS
            waiting = [] if unlabelled else [start for start in present if start not in set(mature)]
            found.append(_judged(kept, rule, family, limit, whole if unlabelled else complete, waiting))
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pool:
    """Windows of one family added up. groups: group -> decisions.  starts: of the windows used."""

    groups: Mapping[str, Decided]
    cut: Cut | None = None
    starts: Sequence[int] = ()
    other_edges: int = 0


def _pool(kept: Book, version: str, starts: Sequence[int], family: tuple[str, ...]) -> _Pool:
    found = pool(kept, version, starts, family)
    if found is None:
        return _Pool(groups={})
    return _Pool(groups=found.decided(), cut=found.cut, starts=found.starts, other_edges=found.other_edges)


def _judged(
    kept: Book, rule: FairnessRule, family: tuple[str, ...], limit: FairnessLimit, pool: _Pool, waiting: Sequence[int]
) -> Judged:
    against = against_of(rule, family)
    rates = CRITERIA[limit.criterion][kept.monitor.favourable]
    compared = [gaps(pool.groups, rate, against=against) for rate in rates]
    asked = Limit(of=limit.of, low=limit.low, high=limit.high)
    verdict = judge(tuple(chain.from_iterable(zip(*compared, strict=True))), asked)
    first = kept.complete_ms(waiting[0]) if waiting else None
    if not pool.groups:
        verdict = FairnessVerdict(
            outcome="not enough data", limit=asked, parts=(), why=_no_labels(first, kept.monitor.zone)
        )
    return Judged(
        family=family,
        title=" x ".join(family),
        limit=limit,
        verdict=verdict,
        against=against or "",
        cut=pool.cut,
        from_ms=pool.starts[0] if pool.starts else None,
        end_ms=kept.end_ms(pool.starts[-1]) if pool.starts else None,
        n=sum(share(decided, rate).rows for decided in pool.groups.values() for rate in rates),
        windows=len(pool.starts),
        immature=len(waiting),
        other_edges=pool.other_edges,
        complete_ms=first,
        zone=kept.monitor.zone,
    )


def against_of(rule: FairnessRule, family: tuple[str, ...]) -> str | None:
    """The named group; of an intersection only where every attribute of it names one."""
    if not all(name in rule.against for name in family):
        return None
    return " & ".join(f"{name}={rule.against[name]}" for name in family)


def _no_labels(first_ms: int | None, zone: str) -> str:
    if first_ms is None:
        return "the monitor names no label, which this criterion needs"
    day = datetime.fromtimestamp(first_ms / 1000, UTC).astimezone(ZoneInfo(zone))
    return f"the labels of no window are complete yet; those of the first one are on {day:%Y-%m-%d}"


def _windows(count: int) -> str:
    return "1 window is" if count == 1 else f"{count} windows are"
