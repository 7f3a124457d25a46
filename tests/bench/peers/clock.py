"""What every driver needs: a clock, the columns, and one line of JSON at the end."""

import importlib.metadata
import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

NUMERIC = [f"num_{n:02d}" for n in range(20)]
CATEGORICAL = [f"cat_{n}" for n in range(10)]


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """What the work gives, and its wall seconds."""
    began = time.perf_counter()
    given = work()
    return given, time.perf_counter() - began


def read(folder: str, columns: list[str]) -> tuple[pd.DataFrame, pd.DataFrame, float]:
    """The reference and the log of a folder as frames, and the seconds that reading took."""
    began = time.perf_counter()
    reference = pd.read_parquet(Path(folder) / "reference.parquet", columns=columns, engine="pyarrow")
    log = pd.read_parquet(Path(folder) / "log", columns=columns, engine="pyarrow")
    return reference, log, time.perf_counter() - began


def tell(package: str, **figures: Any) -> None:
    """Prints the figures, with the peer's version and this process's peak memory."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    versions = {package: importlib.metadata.version(package), f"{package}'s pandas": pd.__version__}
    json.dump(figures | {"peak_mb": peak, "versions": versions}, sys.stdout)
