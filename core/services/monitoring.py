"""One monitored model as the page Monitoring opens it: its versions, its windows, its drift over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np

from core.analysis.alarms import expected_false_alarms
from core.analysis.drift import Bools, smallest_shift
from core.analysis.drift_map import PREDICTED, DriftMap
from core.analysis.labels import complete_at
from core.facts import judged
from core.facts import profiles as stored
from core.facts.judged import DriftCell, Finding
from core.governance.policy import DataQualityRule
from core.monitors.monitor import Monitor
from core.profiles import Counts, Floats, Rows
from core.profiling.windows import Windows
from core.services import health, policy_files, profiling
from core.services.cache import cached
from core.services.guard import needs
from core.services.house import House
from core.services.judge_quality import LATEST


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """versions: that have windows, the one with the newest window first.  live: that the policy judges, "" before that.

    starts: of the version's windows, all versions together, in order of time.  mature: how many of them have complete
    labels; None where no label is named.  next_ms: when the next labels are complete; None when all are.
    """

    model: str
    monitor: Monitor
    versions: tuple[str, ...]
    live: str
    starts: tuple[int, ...]
    mature: int | None
    next_ms: int | None

    def from_ms(self, windows: int) -> int:
        """Start of the first of the last so many windows; -1 for all."""
        return self.starts[-windows] if 0 < windows < len(self.starts) else -1

    def end_ms(self, start: int) -> int:
        """End of the window that starts then."""
        windows = Windows.of(self.monitor)
        return windows.end_ms(windows.at(start))


@needs("view")
def models(house: House) -> tuple[str, ...]:
    """Models with a monitor, by name."""
    return tuple(sorted(profiling.monitors(house).monitors))


@needs("view")
def opened(house: House, model: str, *, as_of_ms: int) -> Opened:
    """Raises NotFound for a model without a monitor."""
    found = profiling.monitor_of(house, model)
    last: dict[str, int] = {}
    starts = set()
    for row in stored.keys(house.facts, model):
        if row["role"] == "serving" and not row["segment"]:
            starts.add(row["window_ms"])
            last[row["version"]] = max(last.get(row["version"], -1), row["window_ms"])
    ordered = tuple(sorted(starts))
    mature, next_ms = _maturity(found.monitor, ordered, as_of_ms)
    return Opened(
        model=model, monitor=found.monitor, versions=tuple(sorted(last, key=lambda name: (-last[name], name))),
        live=next((one.version for one in health.of_model(house, model).values()), ""), starts=ordered, mature=mature,
        next_ms=next_ms,
    )  # fmt: skip


def label(rule: Monitor, start: int) -> str:
    """A window's name in the model's zone: its first day, with the hour for hourly ones."""
    local = datetime.fromtimestamp(start / 1000, UTC).astimezone(ZoneInfo(rule.zone))
    return f"{local:%Y-%m-%d %H:%M}" if rule.window == "hour" else f"{local:%Y-%m-%d}"


def _maturity(rule: Monitor, starts: Sequence[int], as_of_ms: int) -> tuple[int | None, int | None]:
    if rule.label is None:
        return None, None
    windows = Windows.of(rule)
    complete = [
        complete_at(end_ms=windows.end_ms(windows.at(start)), horizon_days=rule.label.complete_after_days)
        for start in starts
    ]
    waiting = [at for at in complete if at > as_of_ms]
    return len(complete) - len(waiting), min(waiting, default=None)


# -- drift ------------------------------------------------------------------------------------------------------------


@needs("view")
@cached(maxsize=16)
def drift_map(house: House, model: str, version: str, from_ms: int) -> DriftMap | None:
    """None before anything was judged."""
    cells = health.drift(house, model, version=version, from_ms=from_ms)
    if not cells:
        return None
    rule = policy_files.policy(house).data_quality
    starts = sorted({cell.window_ms for cell in cells})
    by_key: dict[tuple[str, str], dict[int, DriftCell]] = {}
    for cell in cells:
        by_key.setdefault((cell.part, cell.name), {})[cell.window_ms] = cell
    keys = sorted(by_key, key=lambda key: _rank(key, by_key[key], starts))
    table = [[by_key[key].get(start) for start in starts] for key in keys]

    def reals(name: str) -> Floats:
        told = [[None if cell is None else getattr(cell, name) for cell in row] for row in table]
        return np.array([[np.nan if value is None else value for value in row] for row in told])

    def whole(name: str) -> Counts:
        return np.array([[0 if cell is None else getattr(cell, name) for cell in row] for row in table], dtype=np.int64)

    def flags(name: str) -> Bools:
        return np.array([[cell is not None and getattr(cell, name) for cell in row] for row in table], dtype=np.bool_)

    n, alarm = whole("n"), flags("alarm")
    smallest, typical, why = _power(house, model, version, n, len(keys), rule)
    return DriftMap(
        keys=tuple(keys), starts=tuple(starts), effect=reals("effect"), adjusted=reals("adjusted"), psi=reals("psi"),
        jensen_shannon=reals("jensen_shannon"), n=n, rows=whole("rows"), unusable=whole("unusable"), alarm=alarm,
        drifted=flags("drifted"), broken=flags("broken"),
        expected=expected_false_alarms(windows=len(starts), models=1, alpha=rule.drift.alpha),
        alarming=int(alarm.any(axis=0).sum()), smallest=smallest, typical=typical, why=why,
    )  # fmt: skip


def _rank(key: tuple[str, str], cells: dict[int, DriftCell], starts: Sequence[int]) -> tuple[int, int, float, str]:
    """Predictions first, then what drifted or is broken in the last window, then by the largest effect."""
    last = cells.get(starts[-1])
    bad = last is not None and (last.drifted or last.broken)
    largest = max((cell.effect for cell in cells.values() if cell.effect is not None), default=0.0)
    return int(key[0] not in PREDICTED), int(not bad), -largest, key[1]


def _power(
    house: House, model: str, version: str, n: Counts, columns: int, rule: DataQualityRule
) -> tuple[float | None, int, str]:
    """The smallest shift seen, the usual rows of a window, and why the rate is not certified."""
    sizes = n[:, -LATEST:].max(axis=0, initial=0)
    typical = int(np.median(sizes[sizes > 0])) if (sizes > 0).any() else 0
    verdict = health.of_model(house, model).get("data_quality")
    rate = next((one for one in verdict.details if one["metric"] == "drift_rate"), None) if verdict else None
    why = str(rate["why"]) if rate is not None and rate["outcome"] != "certified" else ""
    parts = stored.profiles(house.facts, model, role="reference", parts=("rows",))
    mine = [row.data.rows for row in parts if isinstance(row.data, Rows) and row.version in ("", version)]
    reference = sum(mine) or max((row.data.rows for row in parts if isinstance(row.data, Rows)), default=0)
    shift = smallest_shift(reference, typical, alpha=rule.drift.alpha, floor=rule.drift.floor, tests=max(columns, 1))
    return shift.value, typical, why


@needs("view")
def findings_of(house: House, model: str, name: str = "") -> tuple[Finding, ...]:
    """Findings of a model that data still show, newest first; of those that name one feature only when told."""
    found = judged.findings(house.facts, model=model)
    return tuple(one for one in found if not one.withdrawn and (not name or name in one.names))
