"""Profiling a model: which monitors there are, running the job, taking up what it wrote."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Hashable
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from core.errors import Busy, GatehouseError, NotFound, SettingsError
from core.facts import profiles as index
from core.monitors.files import Loaded, Resolved, load
from core.records import Progress
from core.services import scope
from core.services.cache import cached
from core.services.guard import needs
from core.services.house import DEMO, House, Premises, now_ms
from core.services.jobs import Job
from core.services.profile_files import take_up

Report = Callable[[Progress], None]
ROOT = Path(__file__).resolve().parents[2]
SINCE = "a local day, written as 2026-01-31"


@needs("view")
def monitors(house: House, which: Premises | None = None) -> Loaded:
    """All monitors of the shown stores: those of files for one model, and of patterns for the registered models.

    Files are read again only when one of them, or what is registered, changes.
    Somebody with rights in projects alone is told of the monitors of what it sees, and of no file's mistakes: they name
    models and columns of others.
    """
    seen = house.scope
    if seen is not None and which not in (None, house.active):
        return Loaded(monitors={}, problems=())
    folder = _places(house, which)[0]
    loaded = _loaded(house, which or house.active, folder, _stamps(folder))
    if seen is None:
        return loaded
    return Loaded(monitors={name: found for name, found in loaded.monitors.items() if name in seen.logs}, problems=())


@needs("view")
def monitor_of(house: House, model: str) -> Resolved:
    """The monitor of one model. Raises NotFound."""
    loaded = monitors(house)
    if model not in loaded.monitors:
        broken = " A monitor file cannot be used: see the page Sources." if loaded.problems else ""
        raise NotFound(
            f"There is no monitor for {model[:80]!r}.", hint=f"Describe its log on the page Monitor a model.{broken}"
        )
    return loaded.monitors[model]


@cached(maxsize=4)
def _loaded(house: House, which: Premises, folder: Path, _files: Hashable) -> Loaded:
    return load(folder, sorted({row["name"] for row in house.stores(which).facts.read("model_names")}))


def _stamps(folder: Path) -> Hashable:
    """Changes whenever a file of the folder does."""
    found = []
    for path in sorted(folder.rglob("*.y*ml")):
        with suppress(OSError):  # gone meanwhile
            stat = path.stat()
            found.append((str(path), stat.st_mtime_ns, stat.st_size))
    return tuple(found)


@needs("operate")
def profile_here(house: House, model: str, report: Report, *, engine: str, since: str | None) -> dict[str, Any]:
    """Runs the job in this process, as a command without a server does, and takes up what it wrote."""
    from core.profiling.job import profile  # a second of imports that pages never need
    from core.profiling.task import Task

    _, base = _places(house)
    resolved = _of(monitors(house), model)
    scope.project_of(house, "log", model, "operate")
    observed = house.folder / "observed"
    task = Task(
        model=model, resolved=resolved, base=base, observed=observed, now_ms=now_ms(), engine=engine,
        since=checked_day(since),
    )  # fmt: skip
    done = asdict(profile(task, report))
    take_up(house.stores(house.active).facts, house.folder)
    house.changed()
    return _judged(house, house.active, with_error(done))


@needs("operate")
def start(house: House, model: str, *, engine: str = "duckdb", since: str | None = None, patient: bool = False) -> Job:
    """The same as a job, in a process of its own; patient: as in `Jobs.start`. Raises Busy while it is under way."""
    which = house.active
    _of(monitors(house, which), model)
    scope.project_of(house, "log", model, "operate")
    day = checked_day(since)
    return house.jobs.start(
        job_key(which, model), f"Profiling {model}",
        lambda report: _apart(house, which, model, report, engine, day), patient=patient,
    )  # fmt: skip


def job_key(which: Premises, model: str) -> str:
    """Two jobs of one model never run at once."""
    return f"profile:{which}:{model}"


@needs("operate")
def unprofiled(house: House) -> list[str]:
    """Models with a monitor and without any profile, in the shown stores."""
    known = {row["model"] for row in index.known_files(house.facts)}
    return [model for model in monitors(house).monitors if model not in known]


def checked_day(text: str | None) -> str | None:
    """Raises SettingsError when it is no day."""
    from datetime import date

    try:
        return None if text is None else date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise SettingsError(f"--since must be {SINCE}, got {text!r}.") from error


def with_error(done: dict[str, Any]) -> dict[str, Any]:
    """What was done, with what to tell about parts of the log that could not be read (error: None when all could)."""
    if not done["unreadable"]:
        return {**done, "error": None}
    more = len(done["unreadable"]) - 1
    message = next(iter(done["unreadable"].values())) + (f" And {more} more parts." if more else "")
    hint = (
        f"All else was profiled. {done['kept']} windows stay as they were."
        if done["kept"]
        else "All else was profiled."
    )
    return {**done, "error": {"message": message, "hint": hint}}


@needs("operate")
def profile_all(
    house: House, model: str | None, report: Report, *, engine: str, since: str | None
) -> list[dict[str, Any]]:
    """Profiles one model, or all that have a monitor: one that fails does not stop the others.

    Raises the error when only one model was asked for.
    """
    loaded = monitors(house)
    if model is not None:
        return [profile_here(house, model, report, engine=engine, since=since)]
    if not loaded.monitors and not loaded.problems:
        raise NotFound("There is no monitor file yet.", hint="Write a first one with `gatehouse profile --init LOG`.")
    results = [failure(problem.file, problem) for problem in loaded.problems]
    for name in loaded.monitors:
        try:
            results.append(profile_here(house, name, report, engine=engine, since=since))
        except GatehouseError as error:
            results.append(failure(name, error))
    return results


def failure(model: str, error: GatehouseError) -> dict[str, Any]:
    """The answer for a model that could not be profiled."""
    return {"model": model, "edges": "", "error": {"message": error.message, "hint": error.hint}}


def _of(loaded: Loaded, model: str) -> Resolved:
    if model in loaded.monitors:
        return loaded.monitors[model]
    if loaded.problems:
        raise loaded.problems[0]
    known = ", ".join(list(loaded.monitors)[:8]) or "none yet"
    raise NotFound(
        f"There is no monitor for {model[:80]!r}.",
        hint=f"Known: {known}. Write a first file with `gatehouse profile --init LOG`.",
    )


def _places(house: House, which: Premises | None = None) -> tuple[Path, Path]:
    """Folder of the monitor files, and where relative paths in them start."""
    if (which or house.active) == "demo":
        return DEMO / "monitors", DEMO
    return house.settings.monitors, house.settings.file.parent.absolute()


def _apart(house: House, which: Premises, model: str, report: Report, engine: str, since: str | None) -> dict[str, Any]:
    folder, base = _places(house, which)
    stores = house.stores(which)
    task = {
        "model": model, "monitors": str(folder), "base": str(base), "observed": str(stores.folder / "observed"),
        "now_ms": now_ms(), "engine": engine, "since": since,
    }  # fmt: skip
    done = run_apart(task, report)
    take_up(stores.facts, stores.folder)
    house.changed()
    report(Progress(phase="Judging", done=0, total=None))
    return _judged(house, which, with_error(done))


def run_apart(task: dict[str, Any], report: Report) -> dict[str, Any]:
    """Runs a task (see core.profiling.__main__) in a process of its own. Raises Busy or the job's error."""
    process = subprocess.Popen(
        [sys.executable, "-m", "core.profiling"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        return _followed(process, task, report)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait()


def _judged(house: House, which: Premises, done: dict[str, Any]) -> dict[str, Any]:
    """Judges the model by the policy. What is profiled stays when that fails, and the error is told."""
    from core.services.evaluation import evaluate  # it reads profiles, and so imports this module

    try:
        evaluate(house.by(replace(house.actor, premises=which)), done["model"])
    except GatehouseError as error:
        return {**done, "error": done["error"] or {"message": error.message, "hint": error.hint}}
    return done


def _followed(process: subprocess.Popen[str], task: dict[str, Any], report: Report) -> dict[str, Any]:
    if process.stdin is None or process.stdout is None:
        raise GatehouseError("The profiling process could not be started.")
    process.stdin.write(json.dumps(task) + "\n")
    process.stdin.close()
    for line in process.stdout:
        told = json.loads(line)
        if "progress" in told:
            report(Progress(**told["progress"]))
        elif "done" in told:
            done: dict[str, Any] = told["done"]
            return done
        elif told["error"]["busy"]:
            raise Busy(told["error"]["message"], hint=told["error"]["hint"])
        else:
            raise GatehouseError(told["error"]["message"], hint=told["error"]["hint"])
    process.wait()
    raise GatehouseError(
        f"The profiling process ended without an answer (exit {process.returncode}).",
        hint="Nothing that was profiled before is lost; run it again.",
    )
