"""What the page Fairness shows of one model: its verdicts, the rates of groups, and every threshold's effect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.analysis.fairness_verdict import GapVerdict, Limit
from core.analysis.group_calibration import GroupCalibration, calibration_by_group
from core.analysis.group_gaps import ALL_OTHERS, Gap, gaps
from core.analysis.group_rates import Favourable, Rate, rate_of
from core.analysis.group_spread import Spread, spread
from core.analysis.measured import Measured
from core.analysis.parity import CRITERIA
from core.analysis.threshold_sweep import Sweep, ranges, sweep
from core.errors import NotFound
from core.facts.profiles import FOREVER
from core.governance.policy import FairnessLimit, FairnessRule
from core.monitors.monitor import Monitor
from core.services import health, policy_files, profiling
from core.services.cache import cached
from core.services.fairness import WITHOUT_LABELS, Judged, against_of
from core.services.fairness_pool import Pool, pool
from core.services.guard import needs
from core.services.house import House
from core.services.judge_fairness import PARTS, over
from core.services.profile_book import Book, book

Family = tuple[str, ...]
UNLABELLED: frozenset[Rate] = frozenset({"positive_rate", "negative_rate"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """One monitored model. families: attributes and intersections.  why: what stands in the way; "" for nothing."""

    model: str
    families: tuple[Family, ...]
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A version with scores by group. rows: decided on, ever.  windows: that it has.  first_ms, end_ms: of these."""

    name: str
    rows: int
    windows: int
    first_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What can be looked at. why: as in Watched.  versions: the newest first.  live: the one looked at first.

    windows: as many are judged together by the policy.  length: of a window: hour, day, week.
    """

    model: str
    why: str
    versions: tuple[Version, ...]
    live: str
    families: tuple[Family, ...]
    windows: int
    length: str


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One family of groups of one version.

    judged: the limits on this family; elsewhere: on the others.  against: the group compared with, "" for all others.
    everyone: the last windows added up; complete: the last ones whose labels are complete. None without any.
    first_complete_ms: when the labels of the first window will be, where none are yet; None else and without labels.
    has_label: whether the monitor names one.  criterion -> spread of highest and lowest group in `spreads`.
    """

    model: str
    version: str
    family: Family
    title: str
    rule: FairnessRule
    favourable: Favourable
    threshold: float
    zone: str
    length: str
    judged: tuple[Judged, ...]
    elsewhere: tuple[Judged, ...]
    against: str
    everyone: Pool
    complete: Pool | None
    everyone_span: tuple[int, int]
    complete_span: tuple[int, int] | None
    first_complete_ms: int | None
    has_label: bool
    spreads: Mapping[str, Spread]
    calibration: tuple[GroupCalibration, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupFigure:
    """One group's rate. other: the rate compared with, None where there is none.  gap: None for the reference.

    verdict: by the limit of the table; None without a limit.
    """

    group: str
    measured: Measured
    gap: Gap | None
    other: float | None
    verdict: GapVerdict | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """One rate of every group. limit: the policy's on it, None without.  span: of the windows, ms; None without any."""

    rate: Rate
    rows: tuple[GroupFigure, ...]
    limit: FairnessLimit | None
    judged: Judged | None
    n: int
    windows: int
    span: tuple[int, int] | None
    against: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Where a limit holds, by point estimates. stretches: (first, last) threshold; None without complete labels.

    deployed: whether it holds at the deployed threshold.
    """

    limit: FairnessLimit
    stretches: tuple[tuple[float, float], ...] | None
    deployed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Explorer:
    """Every threshold's decisions. everyone: of all rows; complete: of those with complete labels, None without.

    deployed: place of the deployed threshold (or the nearest).  reaches: where each limit of the policy holds.
    """

    everyone: Sweep
    complete: Sweep | None
    deployed: int
    exact: bool
    threshold: float
    favourable: Favourable
    against: str | None
    reaches: tuple[Reach, ...]
    windows: int
    span: tuple[int, int]
    complete_windows: int
    complete_span: tuple[int, int] | None


@needs("view")
def models(house: House) -> tuple[Watched, ...]:
    """Every monitored model that is seen, by name."""
    return tuple(
        Watched(model=name, families=_families(found.monitor), why=_why_not(found.monitor))
        for name, found in sorted(profiling.monitors(house).monitors.items())
    )


@needs("view")
def choices(house: House, model: str) -> Choices:
    """Raises NotFound for a model without a monitor, or that is not seen."""
    rule, monitor = policy_files.policy(house).fairness, profiling.monitor_of(house, model).monitor
    versions: tuple[Version, ...] = ()
    why, live = _why_not(monitor), ""
    if not why:
        versions = _versions(house, model)
        stored = health.of_model(house, model).get("fairness")
        live = _live(versions, stored.version if stored else "")
        why = "" if versions else "No window holds scores by group yet: profile the log first."
    return Choices(
        model=model, why=why, versions=versions, live=live, families=_families(monitor), windows=rule.windows,
        length=monitor.window,
    )  # fmt: skip


@needs("view")
def view(house: House, model: str, version: str, family: Family, windows: int, *, now_ms: int) -> View:
    """One family of one version over its last `windows` windows.

    Raises NotFound for a model, version or family that is not there, is not seen or has no scores by group.
    """
    return _view(house, model, version, family, windows, last_change(house, model, version, family, now_ms))


@needs("view")
def explorer(house: House, model: str, version: str, family: Family, windows: int, *, now_ms: int) -> Explorer:
    """The same rows at every threshold; cumulative counts, made once. Raises NotFound as `view` does."""
    return _explorer(house, model, version, family, windows, last_change(house, model, version, family, now_ms))


def rates(seen: View, rate: Rate, of: str) -> Rates:
    """One rate of every group as looked at, judged by the policy's limit on it that is of "difference" or "ratio"."""
    found = seen.everyone if rate in UNLABELLED else seen.complete
    judged = next(
        (
            one for one in seen.judged
            if one.limit.of == of and rate in CRITERIA[one.limit.criterion][seen.favourable]
        ), None,
    )  # fmt: skip
    if found is None:
        return Rates(
            rate=rate, rows=(), limit=judged.limit if judged else None, judged=judged, n=0, windows=0, span=None,
            against=seen.against or ALL_OTHERS,
        )  # fmt: skip
    decided = found.decided()
    compared = {gap.group: gap for gap in gaps(decided, rate, against=seen.against or None)}
    parts = {part.gap.group: part for part in judged.verdict.parts if part.gap.rate == rate} if judged else {}
    rows = tuple(
        _figure(name, rate_of(one, rate), compared.get(name), parts.get(name)) for name, one in decided.items()
    )
    return Rates(
        rate=rate, rows=rows, limit=judged.limit if judged else None, judged=judged,
        n=sum(row.measured.n for row in rows), windows=len(found.starts),
        span=seen.everyone_span if rate in UNLABELLED else seen.complete_span, against=seen.against or ALL_OTHERS,
    )  # fmt: skip


def selection(favourable: Favourable) -> Rate:
    """The share with the decision that is good for the person."""
    return "positive_rate" if favourable == "positive" else "negative_rate"


@needs("view")
def seen_book(house: House, model: str, version: str, family: Family) -> tuple[Book, list[int]]:
    """The model's book, and the starts of the version's windows. Raises NotFound as `view` does."""
    known = choices(house, model)
    if known.why:
        raise NotFound(f"Fairness of {model[:80]!r} cannot be shown. {known.why}")
    if version not in {one.name for one in known.versions}:
        raise NotFound(f"Version {version[:80]!r} of {model[:80]!r} has no scores by group.", hint="Choose another.")
    if family not in known.families:
        raise NotFound(
            f"{' x '.join(family)[:80]!r} is no protected attribute of {model[:80]!r}.", hint="Choose another."
        )
    kept = _book(house, model)
    return kept, kept.starts(version)


@needs("view")
def last_change(house: House, model: str, version: str, family: Family, now_ms: int) -> int:
    """When labels of a window last became complete, 0 for never: what is kept stays right until the next such moment.

    Raises NotFound as `view` does.
    """
    kept, starts = seen_book(house, model, version, family)
    times = (kept.complete_ms(start) for start in starts)
    return max((at for at in times if at is not None and at <= now_ms), default=0)


@cached(maxsize=64)
def _view(house: House, model: str, version: str, family: Family, windows: int, as_of_ms: int) -> View:
    kept, starts = seen_book(house, model, version, family)
    rule = policy_files.policy(house).fairness.model_copy(update={"windows": windows})
    everyone, complete = _pools(kept, version, starts, family, windows, as_of_ms)
    every = _judged(house, model, version, windows, as_of_ms)
    mature = any(kept.is_complete(start, as_of_ms) for start in starts)
    against = against_of(rule, family)
    favourable = kept.monitor.favourable
    decided = {"demographic_parity": everyone.decided()} | (
        {"equal_opportunity": complete.decided()} if complete else {}
    )
    return View(
        model=model, version=version, family=family, title=" x ".join(family), rule=rule, favourable=favourable,
        threshold=kept.monitor.thresholds[0], zone=kept.monitor.zone, length=kept.windows.length,
        judged=tuple(one for one in every if one.family == family),
        elsewhere=tuple(one for one in every if one.family != family),
        against=against or "", everyone=everyone, complete=complete, everyone_span=_span(kept, everyone),
        complete_span=_span(kept, complete) if complete else None,
        first_complete_ms=None if mature else kept.complete_ms(starts[0]), has_label=kept.monitor.label is not None,
        spreads={name: spread(groups, CRITERIA[name][favourable]) for name, groups in decided.items()},  # type: ignore[index]
        calibration=calibration_by_group(complete.groups, complete.edges, against=against) if complete else (),
    )  # fmt: skip


@cached(maxsize=32)
def _explorer(house: House, model: str, version: str, family: Family, windows: int, as_of_ms: int) -> Explorer:
    kept, starts = seen_book(house, model, version, family)
    rule = policy_files.policy(house).fairness
    everyone, complete = _pools(kept, version, starts, family, windows, as_of_ms)
    if complete and complete.edges_id != everyone.edges_id:
        mature = [start for start in starts if kept.is_complete(start, as_of_ms)]
        complete = pool(kept, version, mature[-windows:], family, edges_id=everyone.edges_id)
    whole = sweep(everyone.groups, everyone.edges)
    labelled = sweep(complete.groups, complete.edges) if complete else None
    deployed, against, favourable = everyone.cut.first - 1, against_of(rule, family), kept.monitor.favourable
    reaches = tuple(
        _reach(one, whole if one.criterion in WITHOUT_LABELS else labelled, favourable, against, deployed)
        for one in rule.limits
    )
    return Explorer(
        everyone=whole, complete=labelled, deployed=deployed, exact=everyone.cut.exact,
        threshold=kept.monitor.thresholds[0], favourable=favourable, against=against, reaches=reaches,
        windows=len(everyone.starts), span=_span(kept, everyone),
        complete_windows=len(complete.starts) if complete else 0,
        complete_span=_span(kept, complete) if complete else None,
    )  # fmt: skip


def _reach(
    limit: FairnessLimit, swept: Sweep | None, favourable: Favourable, against: str | None, deployed: int
) -> Reach:
    if swept is None:
        return Reach(limit=limit, stretches=None, deployed=False)
    asked = Limit(of=limit.of, low=limit.low, high=limit.high)
    inside = swept.holds(asked, CRITERIA[limit.criterion][favourable], against=against)
    return Reach(limit=limit, stretches=tuple(ranges(inside, swept.thresholds)), deployed=bool(inside[deployed]))


@cached(maxsize=32)
def _judged(house: House, model: str, version: str, windows: int, as_of_ms: int) -> tuple[Judged, ...]:
    kept = _book(house, model)
    rule = policy_files.policy(house).fairness.model_copy(update={"windows": windows})
    return over(kept, rule, version, kept.starts(version), as_of_ms=as_of_ms)


def _book(house: House, model: str) -> Book:
    return book(house, model, "", -1, FOREVER, PARTS, True)


def _pools(
    kept: Book, version: str, starts: list[int], family: Family, windows: int, as_of_ms: int
) -> tuple[Pool, Pool | None]:
    everyone = pool(kept, version, starts[-windows:], family)
    if everyone is None:
        raise NotFound(
            f"The last {windows} windows of version {version[:80]!r} hold no scores by {' x '.join(family)[:80]}.",
            hint="Look at more windows, or at another attribute.",
        )
    mature = [start for start in starts if kept.is_complete(start, as_of_ms)]
    return everyone, pool(kept, version, mature[-windows:], family) if mature else None


def _span(kept: Book, found: Pool) -> tuple[int, int]:
    return found.starts[0], kept.end_ms(found.starts[-1])


def _figure(name: str, measured: Measured, gap: Gap | None, verdict: GapVerdict | None) -> GroupFigure:
    other = gap.other_hits / gap.other_rows if gap and gap.other_rows else None
    return GroupFigure(group=name, measured=measured, gap=gap, other=other, verdict=verdict)


def _families(monitor: Monitor) -> tuple[Family, ...]:
    return (*((name,) for name in monitor.protected), *monitor.intersections)


def _why_not(monitor: Monitor) -> str:
    if monitor.task != "binary":
        return f"Fairness is judged for decisions between two classes; this model's task is {monitor.task}."
    if not monitor.protected:
        return "The monitor names no protected attribute."
    if monitor.score is None:
        return "The monitor names no score, so that no threshold can be looked at."
    if not monitor.thresholds:
        return "The monitor names no threshold, so that it is not known what was decided."
    return ""


@cached(maxsize=32)
def _versions(house: House, model: str) -> tuple[Version, ...]:
    """With scores by group, the one with the newest window first, then by rows."""
    kept = _book(house, model)
    found = []
    for name in sorted({version for version, _ in kept.current}):
        starts, rows = [], 0
        for start in kept.starts(name):
            groups = kept.groups(name, start, kept.families()[0])
            if groups:
                starts.append(start)
                rows += sum(int(output.counts.sum()) for output, _ in groups.values())
        if starts:
            end_ms = kept.end_ms(starts[-1])
            found.append(
                Version(name=name, rows=rows, windows=len(starts), first_ms=starts[0], end_ms=end_ms)
            )  # fmt: skip
    return tuple(sorted(found, key=lambda one: (-one.end_ms, -one.rows, one.name)))


def _live(versions: tuple[Version, ...], judged: str) -> str:
    """The version judged last by evaluation, else the newest one with most rows; "" without any."""
    names = [one.name for one in versions]
    return judged if judged in names else names[0] if names else ""
