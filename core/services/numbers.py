"""Every number that one part of a profile gives, held against the reference."""

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
from core.facts.profiles import Profile
from core.profiles import Categorical, Confusion, Errors, Floats, Kpi, Numeric, Output, Rows, Sample, Service
from core.services.profile_book import Book

OBJECTIVE = 0.99  # only the share that was served is told here; a policy will name its own objective
COMMON = 0.01  # a category with at least that share of the reference is missed when a window lacks it
NO_REFERENCE = "The reference holds nothing to compare with."

Told = Iterator[tuple[str, str, str, Measured]]
"""(metric, group, against, number)."""


def of_row(kept: Book, row: Profile) -> Iterator[tuple[str, Callable[[], Told]]]:
    """(category, what computes it) for each category that a part gives numbers of; nothing is computed yet."""
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
class Domain:
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


@dataclass(frozen=True, slots=True)
class WeeklyTrend:
    """Whether one KPI and arm rises or falls steadily over full weeks. figures: start of a window -> its figures."""

    kept: Book
    arm: str
    figures: Mapping[int, Kpi]

    def __call__(self) -> Told:
        weeks = self.kept.weeks(list(self.figures)).values()
        levels = [business.level(reduce(add, (self.figures[start] for start in starts))).value for starts in weeks]
        found = business.trend([level for level in levels if level is not None])
        n = found.slope.n
        yield "kpi_trend", self.arm, "", found.slope
        yield (
            "kpi_trend_p",
            self.arm,
            "",
            not_told(n, found.slope.why) if found.p is None else Measured(value=found.p, n=n),
        )


def _level(now: Numeric) -> Told:
    yield "mean", "", "", business.level(Kpi(rows=now.rows, figure=now.moments))


@dataclass(frozen=True, slots=True)
class Fair:
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
