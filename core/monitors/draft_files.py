"""Monitor files that are there as drafts again, and why some are left to their authors. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from core.monitors.drafts import MARK, Draft, Role, values
from core.monitors.files import of_text
from core.monitors.monitor import Monitor
from core.monitors.patterns import is_pattern
from core.monitors.written import text_of, written


def of_monitor(monitor: Monitor, types: Mapping[str, str]) -> Draft:
    """A draft that says the same, as far as a draft can. types: of the log's columns; {} where not known."""
    kinds = dict.fromkeys(monitor.features.numeric, "DOUBLE") | dict.fromkeys(monitor.features.categorical, "VARCHAR")
    types = types or kinds
    roles: dict[str, Role] = dict.fromkeys(types, "out")
    features: list[tuple[Role, Iterable[str]]] = [
        ("number", monitor.features.numeric), ("category", monitor.features.categorical)
    ]  # fmt: skip
    for role, columns in features:
        roles |= dict.fromkeys(columns, role)
    also = set()
    attributes: list[tuple[Role, Mapping[str, Any]]] = [("segment", monitor.segments), ("protected", monitor.protected)]
    for role, rules in attributes:
        for rule in rules.values():
            if roles.get(rule.column) in ("number", "category"):
                also.add(rule.column)
            roles[rule.column] = role
    if monitor.status:
        roles[monitor.status.column] = "status"
    roles |= {kpi.figure: "kpi" for kpi in monitor.kpis.values()}
    roles |= dict.fromkeys(monitor.probabilities.values(), "probability")
    single: list[tuple[Role, str | None]] = [
        ("id", monitor.id), ("version", monitor.version), ("score", monitor.score),
        ("prediction", monitor.prediction), ("latency", monitor.latency), ("time", monitor.timestamp.column),
    ]  # fmt: skip
    label, apart = monitor.label, monitor.label.table if monitor.label else None
    if label and not apart:
        single.append(("label", label.column))
    roles |= {column: role for role, column in single if column}
    rules = {**monitor.segments, **monitor.protected}
    return Draft(
        model=monitor.model, place="delta" if monitor.log.delta else "files",
        address=monitor.log.files or monitor.log.delta or "", types=types, roles=roles, also=frozenset(also),
        bands={rule.column: rule.bands for rule in rules.values() if rule.bands},
        crossed=tuple(tuple(monitor.protected[name].column for name in names) for names in monitor.intersections),
        errors=monitor.status.errors if monitor.status else (), task=monitor.task, positive=monitor.positive,
        favourable=monitor.favourable, thresholds=monitor.thresholds, classes=monitor.classes,
        class_of={column: name for name, column in monitor.probabilities.items()},
        fixed_version=monitor.fixed_version or "", zone=monitor.zone, window=monitor.window,
        naive=monitor.timestamp.naive, unit=monitor.timestamp.unit,
        label_files=(apart.files or "") if apart else "", label_column=label.column if label and apart else "",
        label_id=(label.id or "") if label and apart else "",
        complete_after_days=label.complete_after_days if label else 0,
        since=monitor.reference.since or "", until=monitor.reference.until or "",
        reference_files=(monitor.reference.table.files or "") if monitor.reference.table else "",
    )  # fmt: skip


def not_ours(text: str) -> str:
    """Why a file cannot be edited on a page, in a sentence; "" when it is one that the page wrote."""
    resolved, problems = of_text(text, "")
    body = text.removeprefix(MARK)
    exact = resolved is not None and text == MARK + written(resolved.monitor)  # then a # is part of a name
    if not exact and any(line.lstrip().startswith("#") or " #" in line for line in body.splitlines()):
        return "It holds comments of its own, which the page would lose."
    if any(line.startswith(("extends:", "abstract:")) for line in body.splitlines()):
        return "It is laid over another file (extends)."
    if resolved is None:
        return f"It has a mistake: {problems[0].message}"
    if is_pattern(resolved.monitor.model):
        return "It speaks for many models (a pattern)."
    again, _ = of_text(text_of(values(of_monitor(resolved.monitor, {}))), "")
    if again is None or again.monitor != resolved.monitor:
        before = resolved.monitor.model_dump(mode="json")
        now = again.monitor.model_dump(mode="json") if again else {}
        keys = ", ".join(key for key in before if before[key] != now.get(key))
        return f"It says more than this page can show: {keys}."
    return "" if exact else "It was written by hand."
