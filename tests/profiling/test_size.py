"""Memory stays the same whatever the size of the log."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from core.profiles import Rows
from tests.profiling.logs import Place, serving

ROWS = 300_000
DAYS = 30
MOST = 600  # MB


def peak_mb(pid: int) -> int:
    """Peak memory of a process that runs; 0 of one that ended. What wait4 tells would count its parent's as well."""
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) // 1024 for line in text.splitlines() if line.startswith("VmHWM")), 0)


@pytest.mark.parametrize("task", ["binary", "multiclass"])
def test_300_000_rows_in_under_600_mb(tmp_path: Path, task: str) -> None:
    place, draw = Place(tmp_path), np.random.default_rng(1)
    us = 1_780_000_000_000_000 + np.sort(draw.integers(0, DAYS * 86_400_000_000, ROWS))
    log = pa.table(
        {
            "id": np.arange(ROWS), "at": pa.array(us, pa.timestamp("us", "UTC")), "score": draw.random(ROWS),
            "label": draw.integers(0, 10, ROWS), "age": draw.integers(18, 90, ROWS),
            "sex": draw.choice(["m", "f", "d"], ROWS), "country": draw.choice([f"c{i}" for i in range(6)], ROWS),
            "branch": draw.choice([f"b{i}" for i in range(4)], ROWS),
            **{f"x{i}": draw.normal(size=ROWS) for i in range(10)},
            **{f"c{i}": draw.choice(["a", "b", "c", "d"], ROWS) for i in range(4)},
        }
    )  # fmt: skip
    keys = {"classes": list(range(10)), "prediction": "label"} if task == "multiclass" else {}
    place.monitor(
        task=task, id="id", label={"column": "label"}, **keys,
        features={"numeric": [f"x{i}" for i in range(10)], "categorical": [f"c{i}" for i in range(4)]},
        protected={"sex": {"column": "sex"}, "age": {"column": "age", "bands": [30, 50]},
                   "country": {"column": "country"}},
        intersections=[["sex", "age"]], segments={"branch": {"column": "branch"}},
    )  # fmt: skip
    place.put("logs/a.parquet", log, row_group_size=50_000)
    place.put("reference.parquet", log.slice(0, 20_000))
    process = place.apart()
    assert process.stdout is not None
    answer, peak = "", 0
    for answer in process.stdout:  # noqa: B007 - the last line is the answer
        peak = max(peak, peak_mb(process.pid))
    assert (process.wait(), json.loads(answer).get("done", {}).get("rows")) == (0, ROWS), answer
    assert 50 < peak < MOST
    told = [part.rows for where, part in serving(place.rows()).items() if isinstance(part, Rows) and not where[3]]
    assert sum(told) == ROWS
