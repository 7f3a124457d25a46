"""A profiling job in a process of its own: a task as JSON on standard input, one JSON object a line as answer."""

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.errors import Busy, GatehouseError, NotFound
from core.monitors.files import load
from core.profiling.job import profile
from core.profiling.lean import without_pandas
from core.profiling.task import Task

NICE = 10


def main() -> None:
    """Lines: {"progress": {...}}, at last {"done": {...}} or {"error": {...}}."""
    os.nice(NICE)
    told = json.loads(sys.stdin.readline())
    if told["engine"] == "duckdb":
        without_pandas()
    try:
        model = told["model"]
        loaded = load(Path(told["monitors"]), [model])
        if model not in loaded.monitors:
            raise next(iter(loaded.problems), NotFound(f"There is no monitor file for {model}."))
        task = Task(
            model=model, resolved=loaded.monitors[model], base=Path(told["base"]), observed=Path(told["observed"]),
            now_ms=told["now_ms"], engine=told["engine"], since=told["since"],
        )  # fmt: skip
        done = profile(task, lambda progress: _say({"progress": asdict(progress)}))
        _say({"done": asdict(done)})
    except GatehouseError as error:
        _say({"error": {"message": error.message, "hint": error.hint, "busy": isinstance(error, Busy)}})


def _say(line: dict[str, Any]) -> None:
    print(json.dumps(line, default=str), flush=True)  # noqa: T201 - this is the answer


if __name__ == "__main__":
    main()
