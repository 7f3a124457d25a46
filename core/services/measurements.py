"""Measurements: every number that profiles give, with its interval, its n and its window."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any

import numpy as np

from core.analysis import (
    business,
    calibration,
    classification,
    distances,
    domain,
    drift,
    estimation,
    labels,
    multiclass,
    quality,
    regression,
    service,
)
from core.analysis.fairness import Fairness, fairness
from core.analysis.group_rates import GroupRates
from core.analysis.measured import Measured, not_told
from core.errors import NotFound
from core.facts.profiles import FOREVER, Profile
from core.profiles import Categorical, Confusion, Errors, Floats, Kpi, Numeric, Output, Rows, Sample, Service
from core.services.house import House
from core.services.profile_book import Book, book

OBJECTIVE = 0.99  # only the share that was served is told here; a policy will name its own objective
COMMON = 0.01  # a category with at least that share of the reference is missed when a window lacks it
NO_REFERENCE = "The reference holds nothing to compare with."
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


Told = Iterator[tuple[str, str, str, Measured]]
"""(metric, group, against, number)."""


def page(house: House, wanted: Wanted, *, offset: int, limit: int, as_of_ms: int) -> tuple[int, list[Measurement]]:
    """How many rows of profiles match, and the measurements of `limit` of them from `offset` on.

    Only what is shown is computed. Raises NotFound for unknown models and metrics.
    """
    unknown = [name for name in wanted.metrics if name not in METRICS]
    unknown += [name for name in wanted.categories if name not in set(METRICS.values())]
    if unknown:
        raise NotFound(f"There is no metric or category {unknown[0][:60]!r}.", hint=f"Known: {', '.join(METRICS)}.")
    asked = wanted.asked
    parts = tuple(sorted({part for category in asked for part in _PARTS[category]}))
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
            for category, work in _of_row(kept, row):
                if category in asked and (not wanted.name or row.name == wanted.name) and _may(wanted, category, row):
                    yield version, (window_ms, window_ms), (category, row.name, work)
        if "fairness" in asked and not wanted.name:
            for family in kept.families():
                if kept.groups(version, window_ms, family):
                    yield version, (window_ms, window_ms), ("fairness", "", _Fair(kept, version, window_ms, family))
    if "drift" in asked and not wanted.name and (not wanted.metrics or "domain_auroc" in wanted.metrics):
        for version, samples in _sampled(kept, wanted.version):
            yield version, (samples[0].window_ms, samples[-1].window_ms), ("drift", "", _Domain(kept, samples))


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
    given = _GIVEN.get((category, row.part))
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


# -- one row of profiles ---------------------------------------------------------------------------------------------


def _of_row(kept: Book, row: Profile) -> Iterator[tuple[str, Callable[[], Told]]]:
    data = row.data
    if isinstance(data, Numeric) and row.part in ("numeric", "prediction", "measurement", "resource"):
        yield "data_quality", lambda: _quality(kept, row)
        yield "drift", lambda: _numeric_drift(kept, row)
        if row.part == "measurement":
            yield "measurement", lambda: _level(data)
        if row.part == "resource":
            yield "service", lambda: _level(data)
    elif isinstance(data, Categorical):
        yield "data_quality", lambda: _quality(kept, row)
        yield "drift", lambda: _category_drift(kept, row)
    elif isinstance(data, Output) and not row.grp:
        yield "performance", lambda: _performance(kept, row, data)
        if not row.name:
            yield "drift", lambda: _prediction_drift(kept, row, data)
            yield "estimate", lambda: _estimate(kept, row, data)
    elif isinstance(data, Confusion) and not row.grp:
        yield "performance", lambda: _multiclass(kept, row, data)
    elif isinstance(data, Errors):
        category = "fairness" if row.grp else "performance"
        yield category, lambda: _regression(row, data)
    elif isinstance(data, Rows):
        yield "performance", lambda: iter([("label_coverage", "", "", labels.coverage(data.labelled, data.rows))])
    elif isinstance(data, Service):
        yield "service", lambda: _service(kept, row, data)
    elif isinstance(data, Kpi):
        yield "business", lambda: _kpi(row, data)


def _quality(kept: Book, row: Profile) -> Told:
    before, now = kept.reference(row), row.data
    if not isinstance(before, Numeric | Categorical) or not isinstance(now, Numeric | Categorical):
        return
    found = quality.gaps(before, now)
    for metric, share in (
        ("missing", found.missing), ("nan", found.nan), ("infinite", found.infinite), ("unreadable", found.unreadable),
    ):  # fmt: skip
        yield f"{metric}_share", "", "", share.current
        yield f"{metric}_change", "", "", share.change
    edges = kept.edges(row.edges)
    if isinstance(before, Numeric) and isinstance(now, Numeric):
        yield "out_of_range_share", "", "", quality.range_break(_bins(kept, row), before, now).outside
    elif isinstance(before, Categorical) and isinstance(now, Categorical) and row.name not in edges.overfull:
        found_categories = quality.categories(edges.categories[row.name], before, now, at_least=COMMON)
        yield "unseen_share", "", "", found_categories.new
        n = found_categories.new.n
        lost = (
            not_told(n, "The window has no values.")
            if not n
            else Measured(value=float(len(found_categories.lost)), n=n)
        )
        yield "lost_categories", "", "", lost


def _numeric_drift(kept: Book, row: Profile) -> Told:
    before, now = kept.reference(row), row.data
    if not isinstance(now, Numeric):
        return
    if not isinstance(before, Numeric):
        yield "drift_p", "", "", not_told(now.rows, NO_REFERENCE)
        return
    yield from _tests(drift.drift(before.counts, now.counts, ordered=True))
    yield from _distances(before.counts, now.counts)
    yield "ks", "", "", distances.kolmogorov_smirnov(before.counts, now.counts)
    yield "wasserstein", "", "", distances.wasserstein(_bins(kept, row), before, now)


def _bins(kept: Book, row: Profile) -> Floats:
    """The edges that a column of numbers is counted into."""
    edges = kept.edges(row.edges)
    by_part = {"numeric": edges.numeric, "measurement": edges.measurements, "resource": edges.resources}
    if row.part == "prediction" and edges.prediction is not None:
        return edges.prediction
    return by_part[row.part][row.name]


def _category_drift(kept: Book, row: Profile) -> Told:
    before, now = kept.reference(row), row.data
    if not isinstance(now, Categorical):
        return
    if not isinstance(before, Categorical):
        yield "drift_p", "", "", not_told(now.rows, NO_REFERENCE)
        return
    yield from _tests(drift.category_drift(before, now))
    yield from _distances([*before.counts, before.unseen], [*now.counts, now.unseen])


def _prediction_drift(kept: Book, row: Profile, now: Output) -> Told:
    before = kept.reference(row)
    if not isinstance(before, Output):
        why = f"The reference holds no scores of version {row.version}." if row.version else NO_REFERENCE
        yield "drift_p", "", "", not_told(int(now.counts.sum()), why)
        return
    found = drift.prediction_drift(before, now)
    yield from _tests(found.scores)
    yield "label_drift_p", "", "", found.labels.p
    yield "label_drift_effect", "", "", found.labels.effect
    yield from _distances(before.counts.sum(axis=0), now.counts.sum(axis=0))


def _tests(found: drift.Drift) -> Told:
    yield "drift_p", "", "", found.p
    yield "drift_effect", "", "", found.effect


def _distances(before: Any, now: Any) -> Told:
    yield "psi", "", "", distances.psi(before, now)
    yield "jensen_shannon", "", "", distances.jensen_shannon(before, now)
    yield "hellinger", "", "", distances.hellinger(before, now)
    yield "l_infinity", "", "", distances.l_infinity(before, now)
    yield "chi_square", "", "", distances.chi_square(before, now).statistic


@dataclass(frozen=True, slots=True)
class _Domain:
    """Whether a classifier can tell a week's sample from the reference's."""

    kept: Book
    rows: Sequence[Profile]

    def __call__(self) -> Told:
        now = reduce(add, (row.data for row in self.rows if isinstance(row.data, Sample)))
        before = self.kept.reference_sample(self.rows[-1])
        if before is None or not before.rows or not now.rows:
            yield "domain_auroc", "", "", not_told(len(now.rows), NO_REFERENCE if now.rows else "No row was sampled.")
            return
        columns = (self.kept.sample(self.rows[-1], sample) for sample in (before, now))
        yield "domain_auroc", "", "", domain.domain_drift(*columns).auroc


def _performance(kept: Book, row: Profile, now: Output) -> Told:
    edges = kept.edges(row.edges).score[row.name]
    yield "roc_auc", "", "", classification.roc_auc(now, edges)
    yield "pr_auc", "", "", classification.pr_auc(now, edges)
    yield "log_loss", "", "", classification.log_loss(now)
    yield "brier", "", "", classification.brier(now, edges)
    yield "calibration_error", "", "", calibration.calibration_error(now, edges).error
    yield "calibration_gap", "", "", calibration.in_the_large(now)
    if row.name:
        return
    found = classification.rates(classification.decide(now, edges, kept.monitor.thresholds[0]))
    for metric in ("accuracy", "precision", "recall", "f1", "specificity"):
        yield metric, "", "", getattr(found, metric)
    yield "positive_share", "", "", found.selection


def _estimate(kept: Book, row: Profile, now: Output) -> Told:
    before = kept.reference(row)
    if not isinstance(before, Output):
        return
    edges, threshold = kept.edges(row.edges).score[row.name], kept.monitor.thresholds[0]
    if np.nextafter(threshold, -np.inf) not in edges:
        why = f"The threshold {threshold:g} is younger than this window's profile."
        yield "estimated_roc_auc", "", "", not_told(int(now.counts.sum()), why)
        return
    found = estimation.estimate(estimation.label_rates(before), now, edges, threshold)
    for metric in ("roc_auc", "pr_auc", "accuracy", "precision", "recall", "f1", "specificity"):
        yield f"estimated_{metric}", "", "", getattr(found, metric)


def _multiclass(kept: Book, row: Profile, now: Confusion) -> Told:
    found = multiclass.predictions(now, kept.edges(row.edges).classes)
    yield "accuracy", "", "", found.accuracy
    for metric in ("precision", "recall", "f1"):
        each = getattr(found, metric)
        yield f"macro_{metric}", "", "", each.macro
        for name, number in each.classes.items():
            yield metric, f"class={name}", "", number


def _regression(row: Profile, now: Errors) -> Told:
    for metric, number in (
        ("mae", regression.mae(now)), ("rmse", regression.rmse(now)), ("bias", regression.bias(now)),
        ("r2", regression.r2(now)),
    ):  # fmt: skip
        yield metric, row.grp, "", number


def _service(kept: Book, row: Profile, now: Service) -> Told:
    if len(now.counts):
        found = service.latency(now, kept.edges(row.edges).latency)
        yield "latency_p50", "", "", found.p50
        yield "latency_p95", "", "", found.p95
        yield "latency_p99", "", "", found.p99
    yield "error_rate", "", "", service.error_rate(now)
    yield "availability", "", "", service.availability(now, OBJECTIVE).served
    seconds = (kept.end_ms(row.window_ms) - row.window_ms) / 1000
    yield "throughput", "", "", service.throughput(now, seconds)


def _kpi(row: Profile, now: Kpi) -> Told:
    yield "kpi", row.grp, "", business.level(now)
    if now.cost.count or now.value.count:
        yield "roi", row.grp, "", business.roi(now)


def _level(now: Numeric) -> Told:
    yield "mean", "", "", business.level(Kpi(rows=now.rows, figure=now.moments))


# -- fairness --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Fair:
    """Every fairness number of one attribute or intersection in one window."""

    kept: Book
    version: str
    window_ms: int
    family: tuple[str, ...]

    def __call__(self) -> Told:
        groups = self.kept.groups(self.version, self.window_ms, self.family)
        edges_id = next(iter(groups.values()))[1]
        found = fairness(
            {name: output for name, (output, _) in groups.items()},
            self.kept.edges(edges_id).score[""],
            self.kept.monitor.thresholds[0],
            favourable=self.kept.monitor.favourable,
        )
        yield from _rates(found.rates)
        yield from _parities(found)


def _rates(found: Sequence[GroupRates]) -> Told:
    for rates in found:
        for metric in ("selection_rate", "tpr", "fpr", "fnr", "tnr", "ppv", "npv", "base_rate"):
            yield metric, rates.group, "", getattr(rates, metric)


def _parities(found: Fairness) -> Told:
    for parity in found.parities:
        for compared in parity.comparisons:
            yield f"{parity.criterion}_difference", compared.group, compared.against, compared.difference
            yield f"{parity.criterion}_ratio", compared.group, compared.against, compared.ratio
    for group in found.calibration:
        yield "group_calibration", group.group, "", group.in_the_large
        yield "group_calibration_difference", group.group, group.against, group.difference


# -- over windows ----------------------------------------------------------------------------------------------------


def merged(house: House, model: str, part: str, name: str, versions: Sequence[str], from_ms: int, to_ms: int) -> Any:
    """One part of several windows and versions added up; None when there is none."""
    kept = book(house, model, "", from_ms, to_ms, (part,), False)
    parts = [
        row.data
        for (version, _), rows in kept.current.items()
        for row in rows.values()
        if row.part == part and row.name == name and not row.grp and (not versions or version in versions)
    ]
    return reduce(add, parts) if parts else None


def kpi_trend(house: House, model: str, kpi: str, arm: str = "") -> business.Trend:
    """Mann-Kendall and Sen over full weeks (Monday to Sunday, local) of one KPI and arm, over all versions."""
    kept = book(house, model, "", -1, FOREVER, ("kpi",), False)
    found: dict[int, list[Kpi]] = {}
    for (_, window_ms), rows in kept.current.items():
        row = rows.get(("kpi", kpi, arm))
        if row is not None and isinstance(row.data, Kpi):
            found.setdefault(window_ms, []).append(row.data)
    weeks = kept.weeks(list(found)).values()
    levels = [business.level(reduce(add, (kpi for start in starts for kpi in found[start]))).value for starts in weeks]
    return business.trend([level for level in levels if level is not None])


_BY_CATEGORY: Mapping[str, Sequence[str]] = {
    "data_quality": (
        "missing_share", "missing_change", "nan_share", "nan_change", "infinite_share", "infinite_change",
        "unreadable_share", "unreadable_change", "out_of_range_share", "unseen_share", "lost_categories",
    ),
    "drift": (
        "drift_p", "drift_effect", "psi", "jensen_shannon", "hellinger", "l_infinity", "chi_square", "ks",
        "wasserstein", "label_drift_p", "label_drift_effect", "domain_auroc",
    ),
    "performance": (
        "roc_auc", "pr_auc", "log_loss", "brier", "calibration_error", "calibration_gap", "accuracy", "precision",
        "recall", "f1", "specificity", "positive_share", "macro_precision", "macro_recall", "macro_f1", "mae", "rmse",
        "bias", "r2", "label_coverage",
    ),
    "estimate": (
        "estimated_roc_auc", "estimated_pr_auc", "estimated_accuracy", "estimated_precision", "estimated_recall",
        "estimated_f1", "estimated_specificity",
    ),
    "fairness": (
        "selection_rate", "tpr", "fpr", "fnr", "tnr", "ppv", "npv", "base_rate", "demographic_parity_difference",
        "demographic_parity_ratio", "equal_opportunity_difference", "equal_opportunity_ratio",
        "equalised_odds_difference", "equalised_odds_ratio", "predictive_parity_difference",
        "predictive_parity_ratio", "group_calibration", "group_calibration_difference",
    ),
    "service": ("latency_p50", "latency_p95", "latency_p99", "error_rate", "availability", "throughput"),
    "business": ("kpi", "roi"),
    "measurement": ("mean",),
}  # fmt: skip
_PARTS: Mapping[str, Sequence[str]] = {
    "data_quality": ("numeric", "categorical", "prediction", "measurement", "resource"),
    "drift": ("numeric", "categorical", "prediction", "measurement", "resource", "output", "sample"),
    "performance": ("output", "confusion", "errors", "rows"),
    "estimate": ("output",),
    "fairness": ("output", "errors"),
    "service": ("service", "resource"),
    "business": ("kpi",),
    "measurement": ("measurement",),
}
METRICS: Mapping[str, str] = {metric: category for category, names in _BY_CATEGORY.items() for metric in names}


_GIVEN: Mapping[tuple[str, str], frozenset[str]] = {  # where a kind of part gives only some numbers of its category
    ("drift", "numeric"): frozenset(_BY_CATEGORY["drift"]) - {"domain_auroc", "label_drift_p", "label_drift_effect"},
    ("drift", "prediction"): frozenset(_BY_CATEGORY["drift"]) - {"domain_auroc", "label_drift_p", "label_drift_effect"},
    ("drift", "categorical"): frozenset(_BY_CATEGORY["drift"]) - {"domain_auroc", "ks", "wasserstein"},
    ("drift", "output"): frozenset(_BY_CATEGORY["drift"]) - {"domain_auroc", "ks", "wasserstein"},
    ("performance", "rows"): frozenset({"label_coverage"}),
    ("performance", "output"): frozenset(_BY_CATEGORY["performance"]) - {"label_coverage", "mae", "rmse", "bias", "r2"},
}


def as_dict(found: Measurement) -> dict[str, Any]:
    """As the API tells it: the number's own fields beside the rest."""
    about = {name: getattr(found, name) for name in Measurement.__slots__ if name != "measured"}
    number = found.measured
    return about | {
        "value": number.value, "low": number.low, "high": number.high, "n": number.n, "binning": number.binning,
        "why": number.why, "note": ESTIMATED if found.category == "estimate" else "",
    }  # fmt: skip
