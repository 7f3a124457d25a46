"""What the sections of Monitoring show, as series by window: only what is shown is computed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import reduce
from operator import add
from typing import Any

import numpy as np

from core.analysis import business, calibration, classification, estimation, intervals, labels, regression
from core.analysis.business import ArmDifference
from core.analysis.coarse import coarse
from core.analysis.measured import Measured, not_told
from core.facts.profiles import FOREVER, Profile
from core.profiles import Confusion, Counts, Errors, Numeric, Output, Part, Rows
from core.services import measurements, profiling
from core.services.cache import cached
from core.services.guard import needs
from core.services.house import House
from core.services.judge_business import figures_of
from core.services.judge_performance import ERRORS, title, value_of
from core.services.measurements import Measurement, Wanted
from core.services.profile_book import Book, book

EVERY = 1_000_000
"""More rows of profiles than one version has."""
PREDICTED = ("output", "prediction", "confusion")
LABELLED = ("output", "confusion", "errors")
READ = (*LABELLED, "prediction", "rows")
"""Read together, so that one book serves all of them."""
OTHER = "other classes"
SERVED = ("latency_p50", "latency_p95", "latency_p99", "error_rate", "throughput", "mean")


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One window's (or week's) number. mature: whether its labels are complete; None where no label is needed."""

    window_ms: int
    end_ms: int
    measured: Measured
    mature: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One number over time. name: class, KPI, resource.  group: arm.  reference: the reference's number, if any."""

    metric: str
    points: tuple[Point, ...]
    name: str = ""
    group: str = ""
    reference: Measured | None = None

    @property
    def last(self) -> Point | None:
        """The newest window whose number can be told, of complete labels where it needs labels."""
        told = [point for point in self.points if point.measured.value is not None and point.mature is not False]
        return told[-1] if told else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """A prediction's distribution. kind: score, prediction or class.  labels: of the bins or classes.

    reference, current: rows by bin; reference is None where the reference holds none of this version.
    windows: added up.  left_out: windows shown that are counted into other bins.
    """

    kind: str
    labels: tuple[str, ...]
    reference: tuple[int, ...] | None
    current: tuple[int, ...]
    windows: int
    left_out: int
    from_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Arms:
    """The arms of one KPI over the windows shown. levels, returns: arm -> mean figure, return on investment.

    differences: of the other arms from `base`, the first one by name.
    """

    name: str
    base: str
    levels: tuple[tuple[str, Measured], ...]
    returns: tuple[tuple[str, Measured], ...]
    differences: tuple[ArmDifference, ...]
    from_ms: int
    end_ms: int


@needs("view")
def performance(
    house: House, model: str, version: str, metric: str, *, from_ms: int = -1, to_ms: int = FOREVER, as_of_ms: int
) -> Series:
    """One metric of performance window by window, and the reference's; label_coverage is the share with a label.

    as_of_ms: now, which decides whose labels are complete.  Raises NotFound for unknown models.
    """
    found = _performance(house, model, version, metric, from_ms, to_ms)
    horizon = _horizon(house, model)
    return found if horizon is None else _matured(found, horizon, as_of_ms)


@needs("view")
@cached(maxsize=16)
def estimated(
    house: House, model: str, version: str, metric: str, *, from_ms: int = -1, to_ms: int = FOREVER
) -> Series:
    """What scores alone promise of a binary model's metric, window by window; it needs no labels of the windows.

    Takes tens of milliseconds a window: labels are drawn some hundred times. Raises NotFound for unknown models.
    """
    kept = book(house, model, "", from_ms, to_ms, READ, False)
    threshold = kept.monitor.thresholds[0] if kept.monitor.thresholds else 0.5
    known: dict[str, estimation.LabelRates] = {}
    points = []
    for start, row in _rows(kept, version, ("output",)):
        before, edges = kept.reference(row), kept.edges(row.edges).score[""]
        if not isinstance(before, Output) or not isinstance(row.data, Output):
            continue
        if np.nextafter(threshold, -np.inf) not in edges:
            why = f"The threshold {threshold:g} is younger than this window's profile."
            number = not_told(int(row.data.counts.sum()), why)
        else:
            if row.edges not in known:
                known[row.edges] = estimation.label_rates(before)
            number = getattr(estimation.estimate(known[row.edges], row.data, edges, threshold), metric)
        points.append(Point(window_ms=start, end_ms=kept.end_ms(start), measured=number))
    return Series(metric=f"estimated_{metric}", points=tuple(points))


@needs("view")
@cached(maxsize=16)
def served(house: House, model: str, version: str, *, from_ms: int = -1, to_ms: int = FOREVER) -> tuple[Series, ...]:
    """Latency (p50, p95, p99), error rate, throughput, and the mean of each resource ("mean"), window by window."""
    wanted = Wanted(
        model=model, version=version, categories=("service",), metrics=SERVED, from_ms=from_ms, to_ms=to_ms
    )  # fmt: skip
    points: dict[tuple[str, str], list[Point]] = {}
    for one in measurements.page(house, wanted, offset=0, limit=EVERY, as_of_ms=0)[1]:
        point = Point(window_ms=one.window_ms, end_ms=one.end_ms, measured=one.measured)
        points.setdefault((one.metric, one.name), []).append(point)
    return tuple(
        Series(metric=metric, name=name, points=tuple(mine))
        for (metric, name), mine in sorted(points.items(), key=lambda item: (SERVED.index(item[0][0]), item[0][1]))
    )


@needs("view")
@cached(maxsize=32)
def last_window(
    house: House, model: str, version: str, metrics: tuple[str, ...], window_ms: int
) -> tuple[Measurement, ...]:
    """Metrics of every column in one window. Raises NotFound for unknown models and metrics."""
    wanted = Wanted(model=model, version=version, metrics=metrics, from_ms=window_ms, to_ms=window_ms + 1)
    return tuple(measurements.page(house, wanted, offset=0, limit=EVERY, as_of_ms=0)[1])


@needs("view")
def label_rate(
    house: House, model: str, version: str, *, from_ms: int = -1, to_ms: int = FOREVER, as_of_ms: int
) -> tuple[Series, ...]:
    """What came true by window: share of positives, share of each class, or mean of the label.

    Shares have Wilson's interval, means Student's t. Empty without labels. Raises NotFound for unknown models.
    """
    horizon = _horizon(house, model)
    if horizon is None:
        return ()
    found = _label_rate(house, model, version, from_ms, to_ms)
    return tuple(_matured(one, horizon, as_of_ms) for one in found)


@needs("view")
@cached(maxsize=16)
def prediction(house: House, model: str, version: str, *, from_ms: int = -1, to_ms: int = FOREVER) -> Shares | None:
    """What the version predicted in the windows shown against the reference; None without rows.

    Windows that are counted into other bins than the newest one are left out. Raises NotFound for unknown models.
    """
    kept = book(house, model, "", from_ms, to_ms, READ, False)
    rows = [row for _, row in _rows(kept, version, PREDICTED)]
    if not rows:
        return None
    same = [row for row in rows if (row.edges, row.part) == (rows[-1].edges, rows[-1].part)]
    parts: list[Any] = [row.data for row in same]
    now, before = reduce(add, parts), kept.reference(same[-1])
    edges = kept.edges(same[-1].edges)
    current, reference = _rows_by_bin(now), None if before is None else _rows_by_bin(before)
    if isinstance(now, Confusion):
        kind, names = "class", (*edges.classes, OTHER)
        if not current[-1] and (reference is None or not reference[-1]):
            names, current = edges.classes, current[:-1]
            reference = None if reference is None else reference[:-1]
    else:
        kind = "score" if isinstance(now, Output) else "prediction"
        inner = edges.score[""] if isinstance(now, Output) else edges.prediction
        if inner is None:  # a numeric prediction is counted into the edges of its reference
            return None
        joined = coarse(inner, current * 0 if reference is None else reference, current)
        names, current = joined.labels, joined.current
        reference = None if reference is None else joined.reference
    return Shares(
        kind=kind, labels=tuple(names), current=tuple(map(int, current)), windows=len(same),
        reference=None if reference is None else tuple(map(int, reference)), left_out=len(rows) - len(same),
        from_ms=same[0].window_ms, end_ms=kept.end_ms(same[-1].window_ms),
    )  # fmt: skip


@needs("view")
@cached(maxsize=16)
def weekly_kpis(house: House, model: str, *, from_ms: int = -1, to_ms: int = FOREVER) -> tuple[Series, ...]:
    """Every KPI and arm by full local week, versions added up: "kpi" and, where a cost or value is stated, "roi"."""
    kept = book(house, model, "", from_ms, to_ms, ("kpi",), False)
    found = []
    for (name, arm), figures in figures_of(kept).items():
        levels, returns = [], []
        for starts in kept.weeks(list(figures)).values():
            week = reduce(add, (figures[start] for start in starts))
            first, end = starts[0], kept.end_ms(starts[-1])
            levels.append(Point(window_ms=first, end_ms=end, measured=business.level(week)))
            if week.cost.count or week.value.count:
                returns.append(Point(window_ms=first, end_ms=end, measured=business.roi(week)))
        found.append(Series(metric="kpi", name=name, group=arm, points=tuple(levels)))
        if returns:
            found.append(Series(metric="roi", name=name, group=arm, points=tuple(returns)))
    return tuple(found)


@needs("view")
@cached(maxsize=16)
def arms(house: House, model: str, *, from_ms: int = -1, to_ms: int = FOREVER) -> tuple[Arms, ...]:
    """Arms side by side, for each KPI; one KPI without arms has the single arm ""."""
    kept = book(house, model, "", from_ms, to_ms, ("kpi",), False)
    by_name: dict[str, dict[str, Any]] = {}
    bounds: dict[str, list[int]] = {}
    for (name, arm), figures in figures_of(kept).items():
        by_name.setdefault(name, {})[arm] = reduce(add, figures.values())
        bounds.setdefault(name, []).extend(figures)
    return tuple(
        Arms(
            name=name, base=min(of_arm), levels=tuple((arm, business.level(kpi)) for arm, kpi in of_arm.items()),
            returns=tuple((arm, business.roi(kpi)) for arm, kpi in of_arm.items() if kpi.cost.count or kpi.value.count),
            differences=business.against_base(of_arm, min(of_arm)), from_ms=min(bounds[name]),
            end_ms=kept.end_ms(max(bounds[name])),
        )
        for name, of_arm in by_name.items()
    )  # fmt: skip


@cached(maxsize=32)
def _performance(house: House, model: str, version: str, metric: str, from_ms: int, to_ms: int) -> Series:
    kept = book(house, model, "", from_ms, to_ms, READ, False)
    parts = ("rows",) if metric == "label_coverage" else LABELLED
    rows = _rows(kept, version, parts)
    points = tuple(
        Point(window_ms=start, end_ms=kept.end_ms(start), measured=_number(kept, row, row.data, metric))
        for start, row in rows
    )
    before = kept.reference(rows[-1][1]) if rows and metric != "label_coverage" else None
    known = None if before is None else _number(kept, rows[-1][1], before, metric)
    return Series(metric=metric, points=points, reference=known)


def _number(kept: Book, row: Profile, part: Part, metric: str) -> Measured:
    if isinstance(part, Rows):
        return labels.coverage(part.labelled, part.rows)
    if isinstance(part, Output) and metric == "log_loss":
        return classification.log_loss(part)
    if isinstance(part, Output) and metric == "calibration_gap":
        return calibration.in_the_large(part)
    if isinstance(part, Errors) and metric == "bias":
        return regression.bias(part)
    if isinstance(part, Errors) and metric not in ERRORS:
        return not_told(0, f"{title(metric)} is no metric of predicted numbers.")
    return value_of(kept, row, part, metric)


def _rows(kept: Book, version: str, parts: tuple[str, ...]) -> list[tuple[int, Profile]]:
    """(start, row of the first of these parts that it has) of each window of a version."""
    return [
        (start, row) for start in kept.starts(version) if (row := _of(kept.current[version, start], parts)) is not None
    ]


@cached(maxsize=16)
def _label_rate(house: House, model: str, version: str, from_ms: int, to_ms: int) -> tuple[Series, ...]:
    kept = book(house, model, "", from_ms, to_ms, READ, False)
    points: dict[tuple[str, str], list[Point]] = {}
    newest: Profile | None = None
    for start, row in _rows(kept, version, LABELLED):
        newest = row
        for key, measured in _came_true(kept, row, row.data):
            points.setdefault(key, []).append(Point(window_ms=start, end_ms=kept.end_ms(start), measured=measured))
    before = kept.reference(newest) if newest else None
    known = dict(_came_true(kept, newest, before)) if newest and before is not None else {}
    return tuple(
        Series(metric=metric, name=name, points=tuple(mine), reference=known.get((metric, name)))
        for (metric, name), mine in points.items()
    )


def _came_true(kept: Book, row: Profile, part: Part) -> Iterable[tuple[tuple[str, str], Measured]]:
    """(metric, class) -> rate of the label, also of rows without a score, or its mean over rows with a prediction."""
    if isinstance(part, Output):
        negative, positive, _ = (int(rows) for rows in part.counts.sum(axis=1) + part.invalid)
        yield ("label_rate", ""), _share(positive, negative + positive)
    elif isinstance(part, Confusion):
        rows = part.counts[:-1].sum(axis=1)
        for name, count in zip(kept.edges(row.edges).classes, rows, strict=True):
            yield ("label_rate", name), _share(int(count), int(rows.sum()))
    elif isinstance(part, Errors):
        low, high = intervals.mean(part.label)
        n = part.label.count
        told = (
            Measured(value=part.label.mean, n=n) if n < 2 else Measured(value=part.label.mean, low=low, high=high, n=n)
        )
        yield ("label_mean", ""), told if n else not_told(0, "No row has its label yet.")


def _share(k: int, n: int) -> Measured:
    if not n:
        return not_told(0, "No row has its label yet.")
    low, high = intervals.wilson(k, n)
    return Measured(value=k / n, low=low, high=high, n=n)


def _of(rows: dict[tuple[str, str, str], Profile], parts: tuple[str, ...]) -> Profile | None:
    return next((rows[part, "", ""] for part in parts if (part, "", "") in rows), None)


def _rows_by_bin(part: Part) -> Counts:
    if isinstance(part, Numeric):
        return part.counts
    if isinstance(part, Output | Confusion):
        counts: Counts = part.counts.sum(axis=0)
        return counts
    raise TypeError(f"{type(part).__name__} holds no prediction.")


def _horizon(house: House, model: str) -> int | None:
    """Days until labels are complete; None for a monitor without labels. Raises NotFound for unknown models."""
    label = profiling.monitor_of(house, model).monitor.label
    return None if label is None else label.complete_after_days


def _matured(series: Series, horizon: int, as_of_ms: int) -> Series:
    def mature(point: Point) -> bool:
        return labels.is_mature(end_ms=point.end_ms, horizon_days=horizon, as_of_ms=as_of_ms)

    return replace(series, points=tuple(replace(point, mature=mature(point)) for point in series.points))
