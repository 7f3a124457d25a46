"""Small logs for tests of drafts: their numbers follow from their sizes."""

from pathlib import Path

import numpy as np
import pandas as pd

HOSTILE = ("**bold** <script>alert(1)</script>", "[x](http://evil.example) :material/delete: $a$")


def small_log(path: Path, rows: int = 400, days: int = 10, *, label: bool = True, wide: int = 0) -> pd.DataFrame:
    """The same number of rows on each of the first days of November 2026; every second label is 1."""
    random = np.random.default_rng(3)
    made = pd.Timestamp("2026-11-01", tz="UTC") + pd.to_timedelta(np.arange(rows) * days / rows, unit="D")
    frame = pd.DataFrame({
        "time": made, "request_id": [f"r{at:05d}" for at in range(rows)], "score": random.random(rows),
        "amount": random.normal(size=rows), "region": random.choice(["north", "south"], rows),
        "sex": random.choice(["f", "m"], rows),
    })  # fmt: skip
    if label:
        frame["label"] = np.arange(rows) % 2
    for at in range(wide):
        frame[f"feature_{at:02d}"] = random.normal(size=rows)
    frame[HOSTILE[0]] = random.normal(size=rows)
    frame[HOSTILE[1]] = random.choice(["# h1", "=1+1"], rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.to_parquet(path)
    return frame


def outcomes(path: Path, log: pd.DataFrame) -> None:
    """Labels of the first nine tenths of a log, each two days late; the first five ids say two things."""
    known = log.head(len(log) * 9 // 10)
    table = pd.DataFrame({
        "id": known["request_id"], "label": np.arange(len(known)) % 2, "known_at": known["time"] + pd.Timedelta("2D"),
    })  # fmt: skip
    again = table.head(5).assign(label=lambda rows: 1 - rows["label"])
    pd.concat([table, again], ignore_index=True).to_parquet(path)
