"""The same profiles, made row by row in plain Python from what a monitor file means. Slow, simple, independent."""

import bisect
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from core.monitors.monitor import Attribute, Monitor
from core.profiles import Sample
from core.profiling.edges import Edges

Row = Mapping[str, Any]
Told = dict[str, Any]
FACTOR = {"s": 1_000_000, "ms": 1_000, "us": 1}


# -- reading one value ------------------------------------------------------------------------------------------------


def moment(value: Any, monitor: Monitor, now_ms: int) -> datetime | None:
    """When, in UTC."""
    stamp, zone = monitor.timestamp, ZoneInfo(monitor.zone)
    try:
        if value is None or isinstance(value, bool):
            return None
        if isinstance(value, str):
            try:
                value = datetime.fromisoformat(value.strip())
            except ValueError:
                value = float(value)
        if isinstance(value, int | float | Decimal):
            value = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=round(float(value) * FACTOR[stamp.unit]))
        elif isinstance(value, date) and not isinstance(value, datetime):
            value = datetime(value.year, value.month, value.day)
        if value.tzinfo is None:
            value = value.replace(tzinfo=UTC if stamp.naive == "utc" else zone)
        value = value.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    ahead = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=now_ms, days=366)
    return value if datetime(1990, 1, 1, tzinfo=UTC) <= value <= ahead else None


def window_of(when: datetime | None, monitor: Monitor) -> int:
    if when is None:
        return -1
    zone = ZoneInfo(monitor.zone)
    local = when.astimezone(zone)
    if monitor.window == "hour":
        start = when - timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    else:
        day = local.date() - timedelta(days=local.weekday() if monitor.window == "week" else 0)
        start = datetime(day.year, day.month, day.day, tzinfo=zone)
    return round(start.timestamp() * 1000)


def number(value: Any) -> float | str | None:
    """A float, None, or "bad"."""
    if value is None:
        return None
    if isinstance(value, str):
        if value.lower() in ("true", "false"):
            return float(value.lower() == "true")
        try:
            return float(value)
        except ValueError:
            return "bad"
    return float(value)


def finite(value: Any) -> float | None:
    found = number(value)
    return found if isinstance(found, float) and math.isfinite(found) else None


def text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return None if math.isnan(value) else str(int(value)) if value == int(value) else repr(value)
    return str(value) or "(empty)"


def same(value: Any, wanted: Any) -> bool:
    """1, "1", 1.0 and true are the same value."""

    def plain(x: Any) -> Any:
        if isinstance(x, str) and x.lower() in ("true", "false"):
            return float(x.lower() == "true")
        try:
            return float(x)
        except ValueError:
            return str(x)

    return bool(plain(value) == plain(wanted))


def missing(value: Any) -> bool:
    return value is None or value == "" or (isinstance(value, float) and math.isnan(value))


def attribute(row: Row, rule: Attribute, listed: Sequence[str]) -> str:
    value = row.get(rule.column)
    if rule.bands:
        found = number(value)
        if not isinstance(found, float) or math.isnan(found):
            return "(missing)"
        at, said = bisect.bisect_right(rule.bands, found), [text(edge) for edge in rule.bands]
        name = f"< {said[0]}" if at == 0 else f"{said[at - 1]} to < {said[at]}" if at < len(said) else f">= {said[-1]}"
        return rule.names.get(name, name)
    told = text(value)
    if told is None:
        return "(missing)"
    told = rule.names.get(told, told)
    return told if told in listed[:-2] else "(other)"


# -- adding up --------------------------------------------------------------------------------------------------------


def binned(values: Iterable[float], edges: Sequence[float]) -> list[int]:
    counts = [0] * (len(edges) + 1)
    for value in values:
        counts[bisect.bisect_left(edges, value)] += 1
    return counts


def moments(values: Sequence[float]) -> Told:
    if not values:
        return {"count": 0, "mean": 0.0, "m2": 0.0, "low": math.inf, "high": -math.inf}
    mean = math.fsum(values) / len(values)
    m2 = math.fsum((value - mean) ** 2 for value in values)
    return {"count": len(values), "mean": mean, "m2": m2, "low": min(values), "high": max(values)}


def numeric(values: Sequence[Any], edges: Sequence[float]) -> Told:
    read = [number(value) for value in values]
    told = [x for x in read if isinstance(x, float)]
    good = [x for x in told if math.isfinite(x)]
    return {
        "rows": len(values), "nulls": read.count(None), "bad": read.count("bad"),
        "nans": sum(math.isnan(x) for x in told), "pos_inf": told.count(math.inf), "neg_inf": told.count(-math.inf),
        "moments": moments(good), "counts": binned(good, edges),
    }  # fmt: skip


def categorical(values: Sequence[Any], known: Sequence[str]) -> Told:
    read = [text(value) for value in values]
    strange = Counter(value for value in read if value is not None and value not in set(known))
    top = sorted(strange.items(), key=lambda item: (-item[1], item[0]))[:20]
    return {
        "rows": len(values), "nulls": read.count(None), "counts": [read.count(value) for value in known],
        "unseen": sum(strange.values()), "examples": dict(top),
    }  # fmt: skip


def output(pairs: Sequence[tuple[float | None, int]], edges: Sequence[float]) -> Told:
    """pairs: (score, label 0, 1 or 2 for unknown)."""
    good = [(s, y) for s, y in pairs if s is not None and math.isfinite(s)]
    by_label = [[s for s, y in good if y == label] for label in (0, 1, 2)]
    squared = [math.fsum((s - label) ** 2 for s in by_label[label]) for label in (0, 1)]
    loss = []
    for label in (0, 1):
        told = [s if label else 1 - s for s in by_label[label]]
        loss.append(math.fsum(-math.log(min(max(p, 1e-15), 1 - 1e-15)) for p in told))
    if any(not 0 <= s <= 1 for s, _ in good):
        squared = loss = [math.nan, math.nan]
    return {
        "counts": [binned(scores, edges) for scores in by_label], "scores": [math.fsum(s) for s in by_label],
        "squared_error": squared, "log_loss": loss,
        "invalid": [sum(y == label for _, y in pairs) - len(by_label[label]) for label in (0, 1, 2)],
    }  # fmt: skip


# -- a whole log ------------------------------------------------------------------------------------------------------


class Oracle:
    """edges: those that the job learned; learning has tests of its own."""

    def __init__(self, monitor: Monitor, edges: Edges, now_ms: int, labels: Mapping[str, Any] | None = None) -> None:
        self.monitor, self.edges, self.now_ms, self.labels = monitor, edges, now_ms, labels
        self.made: dict[tuple[Any, ...], Told] = {}

    def profile(self, rows: Sequence[Row], role: str = "serving") -> dict[tuple[Any, ...], Told]:
        """Every part but the sample, by (version, role, window, segment, part, name, group)."""
        rule, edges = self.monitor, self.edges
        places: dict[tuple[str, int], list[Row]] = defaultdict(list)
        for row in rows:
            window = window_of(moment(row.get(rule.timestamp.column), rule, self.now_ms), rule)
            version = row.get(rule.version) if rule.version else rule.fixed_version
            if window != -1 or role == "reference":
                places["" if missing(version) else str(text(version)), window].append(row)
        for (version, window), chosen in places.items():
            self._slice(chosen, (version, role, window), "")
            for name, attr in rule.segments.items():
                for value, part in split(chosen, lambda row, a=attr, n=name: attribute(row, a, edges.segments[n])):
                    self._slice(part, (version, role, window), f"{name}={value}")
        return self.made

    def _slice(self, rows: Sequence[Row], at: tuple[str, str, int], segment: str) -> None:
        rule, edges = self.monitor, self.edges

        def put(part: str, name: str, grp: str, told: Told) -> None:
            self.made[(*at, segment, part, name, grp)] = told

        def column(name: str | None) -> list[Any]:
            return [row.get(name) for row in rows]

        for name, cuts in edges.numeric.items():
            put("numeric", name, "", numeric(column(name), list(cuts)))
        for name, known in edges.categories.items():
            put("categorical", name, "", categorical(column(name), known) | ({"examples": {}} if segment else {}))
        for name, place in rule.resources.items():
            put("resource", name, "", numeric(column(place), list(edges.resources[name])))
        for name, measured in rule.measurements.items():
            values = column(measured.column)
            if measured.per:
                values = self._first_of_query(rows, measured.per, measured.column)
            if values:
                put("measurement", name, "", numeric(values, list(edges.measurements[name])))
        if rule.latency or rule.status:
            put("service", "", "", self._service(rows))
        for name, kpi in rule.kpis.items():
            for arm, part in split(rows, lambda row, k=kpi: (text(row.get(k.arm)) or "") if k.arm else ""):
                told = {"rows": len(part)}
                for field, place in (("figure", kpi.figure), ("cost", kpi.cost), ("value", kpi.value)):
                    told[field] = moments([x for row in part if (x := finite(row.get(place))) is not None])
                put("kpi", name, arm, told)
        if rule.task in ("regression", "other"):
            put("prediction", "", "", numeric(column(rule.score or rule.prediction), list(edges.prediction)))
        if rule.task == "other":
            return
        wanted = [(), *((name,) for name in rule.protected), *rule.intersections]
        for names in dict.fromkeys(wanted):
            for grp, part in split(rows, lambda row, n=names: self._group(row, n)):
                self._outcome(part, grp, put)

    def _group(self, row: Row, names: Sequence[str]) -> str:
        values = [attribute(row, self.monitor.protected[name], self.edges.groups[name]) for name in names]
        return " & ".join(f"{name}={value}" for name, value in zip(names, values, strict=True))

    def _outcome(self, rows: Sequence[Row], grp: str, put: Callable[..., None]) -> None:
        rule, edges = self.monitor, self.edges
        truth = [self._truth(row) for row in rows]
        known = sum(not missing(label) for label in truth)
        if rule.task == "regression":
            pairs = [
                (finite(row.get(rule.score or rule.prediction)), number(t)) for row, t in zip(rows, truth, strict=True)
            ]
            unknown = sum(t is None or t == "bad" or (isinstance(t, float) and math.isnan(t)) for _, t in pairs)
            both = [(p, t) for p, t in pairs if p is not None and isinstance(t, float) and math.isfinite(t)]
            errors = [p - t for p, t in both]
            put("errors", "", grp, {
                "error": moments(errors), "absolute": moments([abs(e) for e in errors]),
                "squared": moments([e * e for e in errors]), "label": moments([t for _, t in both]),
                "counts": binned(errors, list(edges.error)), "unlabelled": unknown,
            })  # fmt: skip
            known = len(rows) - unknown
        elif rule.task == "multiclass":
            place = {name: at for at, name in enumerate(edges.classes)}
            side = len(place)
            counts = np.zeros((side + 1, side + 1), int)
            for row, label in zip(rows, truth, strict=True):
                told = None if missing(label) else text(label)
                counts[place.get(told, side), place.get(self._predicted(row), side)] += 1
            put("confusion", "", grp, {"counts": counts.tolist()})
            known = int(counts[:-1].sum())
            for name in edges.score:
                pairs = [
                    (finite(row.get(rule.probabilities[name])), 2 if missing(t) else int(text(t) == name))
                    for row, t in zip(rows, truth, strict=True)
                ]
                put("output", name, grp, output(pairs, list(edges.score[name])))
        else:
            pairs = [
                (self._score(row), 2 if missing(t) else int(same(t, rule.positive)))
                for row, t in zip(rows, truth, strict=True)
            ]
            put("output", "", grp, output(pairs, list(edges.score[""])))
        if not grp:
            put("rows", "", "", {"rows": len(rows), "labelled": known})

    def _truth(self, row: Row) -> Any:
        rule = self.monitor.label
        if rule is None:
            return None
        if rule.table is None or self.labels is None:
            return row.get(rule.column)
        return self.labels.get(text(row.get(self.monitor.id)))

    def _score(self, row: Row) -> float | None:
        rule = self.monitor
        if rule.score:
            found = number(row.get(rule.score))
            return found if isinstance(found, float) else None
        decided = row.get(rule.prediction)
        return None if missing(decided) else float(same(decided, rule.positive))

    def _predicted(self, row: Row) -> str | None:
        rule = self.monitor
        if rule.prediction:
            return text(row.get(rule.prediction))
        scores = [finite(row.get(rule.probabilities[str(name)])) for name in rule.classes]
        known = [s for s in scores if s is not None]
        return str(rule.classes[scores.index(max(known))]) if known else None

    def _service(self, rows: Sequence[Row]) -> Told:
        rule = self.monitor
        status = [row.get(rule.status.column) for row in rows] if rule.status else [None] * len(rows)
        wrong = (rule.status.errors or (True,)) if rule.status else ()
        told = [value for value in status if not missing(value)]
        latency = [x for row in rows if (x := finite(row.get(rule.latency))) is not None] if rule.latency else []
        return {
            "requests": len(rows), "untold": len(rows) - len(told),
            "errors": sum(any(same(value, error) for error in wrong) for value in told), "latency": moments(latency),
            "counts": binned(latency, list(self.edges.latency)) if rule.latency else [],
        }  # fmt: skip

    def _first_of_query(self, rows: Sequence[Row], per: str, column: str) -> list[Any]:
        first: dict[str, tuple[Any, Any]] = {}
        for row in rows:
            query = text(row.get(per))
            when = moment(row.get(self.monitor.timestamp.column), self.monitor, self.now_ms)
            if query is not None and (query not in first or (when and when < first[query][0])):
                first[query] = (when, row.get(column))
        return [value for _, value in first.values()]


def split(rows: Sequence[Row], value: Callable[[Row], str]) -> list[tuple[str, list[Row]]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[value(row)].append(row)
    return list(found.items())


# -- comparing --------------------------------------------------------------------------------------------------------


def plain(part: Any) -> Any:
    """A part as nested dicts and lists."""
    if is_dataclass(part):
        return {field.name: plain(getattr(part, field.name)) for field in fields(part)}
    return part.tolist() if isinstance(part, np.ndarray) else part


def agree(found: Any, wanted: Any, scale: float = 0.0) -> bool:
    """Counts exactly, other numbers to 1e-9 relative."""
    if isinstance(wanted, dict):
        if set(found) != set(wanted):
            return False
        if "m2" in wanted:  # rounding is relative to what was added: squares of the values
            away = max(abs(wanted["low"]), abs(wanted["high"]), scale) if wanted["count"] else 0.0
            return all(
                math.isclose(found[name], wanted[name], rel_tol=1e-9, abs_tol=1e-14 * size)
                for name, size in (("mean", away), ("m2", away * away * wanted["count"]))
            ) and all(found[name] == wanted[name] for name in ("count", "low", "high"))
        scale = 320.0 if "requests" in wanted else 0.0  # ms; squares of latencies are summed around that one
        return all(agree(found[name], wanted[name], scale) for name in wanted)
    if isinstance(wanted, list | tuple):
        return len(found) == len(wanted) and all(agree(a, b) for a, b in zip(found, wanted, strict=True))
    if isinstance(wanted, float) and math.isnan(wanted):
        return math.isnan(found)
    if isinstance(wanted, float):
        return math.isclose(found, wanted, rel_tol=1e-9, abs_tol=1e-12)
    return bool(found == wanted)


def differences(found: Mapping[Any, Any], wanted: Mapping[Any, Told]) -> list[str]:
    """What differs, in words; samples are left out."""
    told = {where: plain(part) for where, part in found.items() if not isinstance(part, Sample)}
    lost = [f"lacks {where}" for where in wanted if where not in told]
    more = [f"too many {where}" for where in told if where not in wanted]
    other = [
        f"{where}:\n  found  {told[where]}\n  wanted {wanted[where]}"
        for where in wanted
        if where in told and not agree(told[where], wanted[where])
    ]
    return lost + more + other
