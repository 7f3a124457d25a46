"""A trial of a monitor in the making: its last day is profiled in a folder of its own, which then goes.

The stores are never touched: profiles, their index and even the settings are the trial's own.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from core.errors import Invalid
from core.facts import profiles as index
from core.governance.rights import LOCAL
from core.monitors.drafts import Draft, checked
from core.profiles import Categorical, Numeric
from core.records import Progress
from core.services import measurements, monitor_drafts, profiling
from core.services.guard import needs
from core.services.house import House, now_ms
from core.services.jobs import Job
from core.services.measurements import Wanted
from core.services.monitor_drafts_logs import base_of, files_of
from core.services.profile_files import take_up
from core.settings import Settings

Report = Callable[[Progress], None]
SHOWN = (
    "roc_auc", "accuracy", "precision", "recall", "mae", "rmse", "label_coverage", "positive_share", "latency_p95",
    "error_rate", "throughput",
)  # fmt: skip
MOST_WORKS = 2_000
FIRST_MISSING = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialNumber:
    """One number of the day. low, high: 95 % interval, None where there is none.  why: why it cannot be told."""

    metric: str
    name: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What a trial day showed.

    text: digest of the monitor file that was tried.  day: the first local day tried.  rows, windows: profiled.
    undated, rejected: of the whole log: rows without a time, lines that are no rows.  drifted: features whose test
    says drift (p < 0.01), of `tested`.  missing: feature -> share of rows without a value, the largest first.
    seconds: how long it took.
    """

    text: str
    day: str
    rows: int
    windows: int
    undated: int
    rejected: int
    contradictions: int
    unreadable: tuple[tuple[str, str], ...]
    numbers: tuple[TrialNumber, ...]
    tested: int
    drifted: int
    missing: tuple[tuple[str, float, int], ...]
    seconds: float


@needs("operate", everywhere=True)
def start(house: House, draft: Draft, day: str) -> Job:
    """Starts a trial of all from a local day on; `outcome` reads its result. Raises Invalid, MonitorError, Busy."""
    try:
        date.fromisoformat(day)
    except ValueError as error:
        raise Invalid("This is no day.", field="day", hint="Choose a day with rows.") from error
    model = monitor_drafts.checked_model(draft.model)
    found = checked(draft)
    if found.problems:
        raise found.problems[0]
    files_of(house, draft.address, draft.place)
    for address in (draft.label_files, draft.reference_files):
        if address:
            files_of(house, address)
    base, settings = base_of(house), house.settings
    return house.jobs.start(
        f"trial:{house.active}:{model}", f"Trial of {model}",
        lambda report: _tried(settings, model, found.text, base, day, report),
    )  # fmt: skip


@needs("operate", everywhere=True)
def outcome(house: House, job_id: str) -> tuple[Job, Trial | None]:
    """A trial of these stores, and what it showed once it is done. Raises NotFound."""
    from core.services import work

    job = work.job(house, job_id)
    if not job.key.startswith("trial:") or job.state != "done" or job.result is None:
        return job, None
    told = job.result
    return job, Trial(**{
        **told, "numbers": tuple(TrialNumber(**number) for number in told["numbers"]),
        "unreadable": tuple(map(tuple, told["unreadable"])), "missing": tuple(map(tuple, told["missing"])),
    })  # fmt: skip


def _tried(settings: Settings, model: str, text: str, base: Path, day: str, report: Report) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="gatehouse-trial-") as folder:
        scratch = Path(folder)
        monitors = scratch / "monitors"
        monitors.mkdir()
        (monitors / "trial.yaml").write_text(text, encoding="utf-8")
        done = profiling.run_apart(
            {"model": model, "monitors": str(monitors), "base": str(base), "observed": str(scratch / "observed"),
             "now_ms": now_ms(), "engine": "duckdb", "since": day},
            report,
        )  # fmt: skip
        report(Progress(phase="Computing first numbers", done=0, total=None, unit=""))
        apart = House(replace(settings, home=scratch, monitors=monitors, sources={}, demo=False, ledger=""), LOCAL)
        try:
            apart.switch("own")
            take_up(apart.stores("own").facts, scratch)
            shown = _shown(apart, model)
        finally:
            apart.close()
    return {
        "text": monitor_drafts.digest(text), "day": day, "unreadable": list(done["unreadable"].items())[:20],
        **{name: done[name] for name in ("rows", "windows", "undated", "rejected", "contradictions", "seconds")},
        **shown,
    }  # fmt: skip


def _shown(apart: House, model: str) -> dict[str, Any]:
    """First numbers of the last window, and shares of missing values."""
    wanted = Wanted(model=model, categories=("performance", "service", "drift"))
    numbers: list[TrialNumber] = []
    tested = drifted = 0
    _, found = measurements.page(apart, wanted, offset=0, limit=MOST_WORKS, as_of_ms=now_ms())
    last = max((each.window_ms for each in found), default=0)
    for each in found:
        told = each.measured
        if each.window_ms != last or each.group:
            continue
        if each.metric in SHOWN and not (each.category == "performance" and each.name):
            numbers.append(TrialNumber(metric=each.metric, name=each.version, value=told.value, low=told.low,
                                       high=told.high, n=int(told.n), why=told.why))  # fmt: skip
        if each.metric == "drift_p" and each.name and told.value is not None:
            tested += 1
            drifted += told.value < 0.01
    numbers.sort(key=lambda number: (SHOWN.index(number.metric), number.name))
    return {
        "numbers": [asdict(number) for number in numbers], "tested": tested, "drifted": int(drifted),
        "missing": _missing(apart, model),
    }  # fmt: skip


def _missing(apart: House, model: str) -> list[tuple[str, float, int]]:
    counted: dict[str, tuple[int, int]] = {}
    for row in index.profiles(apart.facts, model, role="serving", segment="", parts=("numeric", "categorical"),
                              groups=False):  # fmt: skip
        if isinstance(row.data, Numeric | Categorical):
            rows, nulls = counted.get(row.name, (0, 0))
            counted[row.name] = rows + int(row.data.rows), nulls + int(row.data.nulls)
    shares = [(name, nulls / rows if rows else 0.0, rows) for name, (rows, nulls) in counted.items()]
    return sorted(shares, key=lambda share: (-share[1], share[0]))[:FIRST_MISSING]
