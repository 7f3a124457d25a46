"""Runs `gatehouse profile` over a synthetic log, in a process of its own, and watches it."""

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.bench.inference_log import CATEGORICAL, NUMERIC

ROOT = Path(__file__).resolve().parents[2]
MODEL = "bench"
# A process of its own starts it: peak memory of a child is never below what its parent held when it was started.
WATCH = """
import json, os, subprocess, sys, time
began = time.perf_counter()
child = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE)
told = child.stdout.read().decode()
_, status, used = os.wait4(child.pid, 0)
print(json.dumps({"seconds": time.perf_counter() - began, "cpu_s": used.ru_utime + used.ru_stime,
                  "peak_mb": used.ru_maxrss / 1024, "code": os.waitstatus_to_exitcode(status), "told": told}))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """One run of the command.

    seconds: wall time of the whole process, start and imports included.  pass_s: what it says the pass took.
    cpu_s: processor time.  peak_mb: largest resident memory.  rows, windows: what it says it profiled.
    """

    seconds: float
    pass_s: float
    cpu_s: float
    peak_mb: float
    rows: int
    windows: int


def monitor(log: Path) -> dict:
    """The monitor of a folder that `inference_log.write` made: all of its columns are profiled."""
    return {
        "model": MODEL,
        "log": {"files": str(log / "log" / "*.parquet")},
        "timestamp": {"column": "ts"},
        "id": "request_id",
        "version": "version",
        "score": "score",
        "label": {"column": "label"},
        "features": {"numeric": list(NUMERIC), "categorical": list(CATEGORICAL)},
        "protected": {"sex": {"column": "sex"}, "race": {"column": "race"}},
        "intersections": [["sex", "race"]],
        "reference": {"table": {"files": str(log / "reference.parquet")}},
        "latency": "latency_ms",
        "status": {"column": "status", "errors": [500, 504]},
    }


def prepare(folder: Path, log: Path) -> None:
    """Makes it a working folder with that one monitor."""
    (folder / "monitors").mkdir(parents=True, exist_ok=True)
    (folder / "monitors" / f"{MODEL}.yaml").write_text(yaml.safe_dump(monitor(log)), encoding="utf-8")


def start(folder: Path, home: Path) -> subprocess.Popen:
    """Starts the command in that working folder; `ended` waits for it."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    env["PYTHONPYCACHEPREFIX"] = str(Path(tempfile.gettempdir()) / "gatehouse-bench-bytecode")
    return subprocess.Popen(
        [sys.executable, "-c", WATCH, sys.executable, "-m", "core", "profile", MODEL, "--json"],
        cwd=folder,
        env={**env, "PYTHONPATH": str(ROOT), "GATEHOUSE_HOME": str(home)},
        stdout=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen) -> Pass:
    """What the command took, once it has ended."""
    watched = json.loads(process.communicate()[0])
    if watched["code"]:
        raise RuntimeError(f"gatehouse profile failed: {watched['told'][-2000:]}")
    item = json.loads(watched["told"])["items"][0]
    done = Pass(
        seconds=watched["seconds"],
        cpu_s=watched["cpu_s"],
        peak_mb=watched["peak_mb"],
        pass_s=item["seconds"],
        rows=item["rows"],
        windows=item["windows"],
    )
    print(
        f"  gatehouse: {done.rows:,} rows, {done.windows} windows, process {done.seconds:.2f} s,"
        f" pass {done.pass_s:.2f} s, processor {done.cpu_s:.2f} s, peak {done.peak_mb:.0f} MB",
        flush=True,
    )
    return done


def once(work: Path, log: Path) -> Pass:
    """A first profile of everything: into a working folder and a home that did not exist."""
    prepare(work, log)
    return ended(start(work, work / "home"))
