"""Measurements: every number that profiles give, with its interval, its n and its window."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from core.analysis import estimation, labels
from core.analysis.measured import Measured
from core.errors import NotFound
from core.facts.profiles import FOREVER, Profile
from core.profiles import Kpi
from core.services.guard import needs
from core.services.house import House
from core.services.metrics import GIVEN, METRICS, PARTS
from core.services.numbers import Domain, Fair, Told, WeeklyTrend, of_row
from core.services.profile_book import Book, book

ESTIMATED = estimation.ASSUMPTIONS


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One number of one window.

    category: data_quality, drift, performance, estimate, fairness, service, business, measurement.
    metric: see METRICS.  name: feature, class, KPI, measurement; "" where there is one only.  group: protected group
    or arm.  against: the group it is compared with.  mature: whether the window's labels are complete by now; None
    where no label is needed.
    """

    model: str
    version: str
    segment: str
    category: str
    metric: str
    name: str
    group: str
    against: str
    window_ms: int
    end_ms: int
    measured: Measured
    mature: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which measurements. Empty means all. from_ms, to_ms: of windows, the end excluded."""

    model: str
    version: str = ""
    segment: str = ""
    categories: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    name: str = ""
    group: str = ""
    from_ms: int = -1
    to_ms: int = FOREVER

    @property
    def asked(self) -> set[str]:
        """Categories to look at."""
        return set(self.categories) or {METRICS[name] for name in self.metrics} or set(METRICS.values())


@needs("view")
def page(house: House, wanted: Wanted, *, offset: int, limit: int, as_of_ms: int) -> tuple[int, list[Measurement]]:
    """How many rows of profiles match, and the measurements of `limit` of them from `offset` on.

    Only what is shown is computed. Raises NotFound for unknown models and metrics.
    """
    unknown = [name for name in wanted.metrics if name not in METRICS]
    unknown += [name for name in wanted.categories if name not in set(METRICS.values())]
    if unknown:
        raise NotFound(f"There is no metric or category {unknown[0][:60]!r}.", hint=f"Known: {', '.join(METRICS)}.")
    asked = wanted.asked
    parts = tuple(sorted({part for category in asked for part in PARTS[category]}))
    kept = book(house, wanted.model, wanted.segment, wanted.from_ms, wanted.to_ms, parts, "fairness" in asked)
    works = list(_works(kept, wanted))
    found = []
    for version, starts, work in works[offset : offset + limit]:
        found += list(_measured(kept, wanted, version, starts, work, as_of_ms))
    return len(works), found


Work = tuple[str, str, Callable[[], Told]]
"""(category, name, what computes it)."""


def _works(kept: Book, wanted: Wanted) -> Iterator[tuple[str, tuple[int, int], Work]]:
    """Everything that could be computed, not computed yet: (version, starts of the first and last window, work)."""
    asked = wanted.asked
    for (version, window_ms), rows in sorted(kept.current.items(), key=lambda item: (item[0][1], item[0][0])):
        if wanted.version and version != wanted.version:
            continue
        for row in rows.values():
            for category, work in of_row(kept, row):
                if category in asked and (not wanted.name or row.name == wanted.name) and _may(wanted, category, row):
                    yield version, (window_ms, window_ms), (category, row.name, work)
        if "fairness" in asked and not wanted.name:
            for family in kept.families():
                if kept.groups(version, window_ms, family):
                    yield version, (window_ms, window_ms), ("fairness", "", Fair(kept, version, window_ms, family))
    if "drift" in asked and not wanted.name and (not wanted.metrics or "domain_auroc" in wanted.metrics):
        for version, samples in _sampled(kept, wanted.version):
            yield version, (samples[0].window_ms, samples[-1].window_ms), ("drift", "", Domain(kept, samples))
    if "business" in asked and (not wanted.metrics or {"kpi_trend", "kpi_trend_p"} & set(wanted.metrics)):
        for (name, arm), figures in _figures(kept, wanted).items():
            yield wanted.version, (min(figures), max(figures)), ("business", name, WeeklyTrend(kept, arm, figures))


def _figures(kept: Book, wanted: Wanted) -> dict[tuple[str, str], dict[int, Kpi]]:
    """(KPI, arm) -> window -> its figures, versions added up."""
    found: dict[tuple[str, str], dict[int, Kpi]] = {}
    for (version, window_ms), rows in kept.current.items():
        for row in rows.values():
            if isinstance(row.data, Kpi) and wanted.version in ("", version) and wanted.name in ("", row.name):
                figures = found.setdefault((row.name, row.grp), {})
                figures[window_ms] = figures[window_ms] + row.data if window_ms in figures else row.data
    return found


def _sampled(kept: Book, version: str) -> Iterator[tuple[str, list[Profile]]]:
    """Samples of each version, week by local week: a day's is too small to learn from."""
    weeks: dict[tuple[str, int], list[Profile]] = {}
    for (found, window_ms), rows in sorted(kept.current.items(), key=lambda item: item[0][1]):
        row = rows.get(("sample", "", ""))
        if row is not None and version in ("", found):
            weeks.setdefault((found, kept.week_of(window_ms)), []).append(row)
    for (found, _), parts in weeks.items():
        yield found, [row for row in parts if row.edges == parts[-1].edges]


def _may(wanted: Wanted, category: str, row: Profile) -> bool:
    """Whether a row can give a number that was asked for."""
    if wanted.group and row.grp != wanted.group:
        return False
    given = GIVEN.get((category, row.part))
    return not wanted.metrics or given is None or bool(given & set(wanted.metrics))


def _measured(
    kept: Book, wanted: Wanted, version: str, starts: tuple[int, int], work: Work, as_of_ms: int
) -> Iterator[Measurement]:
    category, name, compute = work
    end_ms = kept.end_ms(starts[1])
    rule = kept.monitor.label
    mature = None
    if rule and category in ("performance", "fairness"):
        mature = labels.is_mature(end_ms=end_ms, horizon_days=rule.complete_after_days, as_of_ms=as_of_ms)
    for metric, group, against, number in compute():
        if wanted.metrics and metric not in wanted.metrics:
            continue
        if wanted.group and group != wanted.group:
            continue
        yield Measurement(
            model=kept.model, version=version, segment=kept.segment, category=category, metric=metric, name=name,
            group=group, against=against, window_ms=starts[0], end_ms=end_ms, measured=number, mature=mature,
        )  # fmt: skip


def as_dict(found: Measurement) -> dict[str, Any]:
    """As the API tells it: the number's own fields beside the rest."""
    about = {name: getattr(found, name) for name in Measurement.__slots__ if name != "measured"}
    number = found.measured
    return about | {
        "value": number.value, "low": number.low, "high": number.high, "n": number.n, "binning": number.binning,
        "why": number.why, "note": ESTIMATED if found.category == "estimate" else "",
    }  # fmt: skip
