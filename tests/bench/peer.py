"""Peers, each in a virtual environment of its own under the temp folder, made when it is first needed."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DRIVERS = Path(__file__).parent / "peers"
# Evidently does not import under pandas 3; NannyML imports statsmodels without naming it among what it needs.
NEEDED = {
    "evidently": ("evidently==0.7.*", "pandas<3", "pyarrow"),
    "nannyml": ("nannyml==0.13.*", "statsmodels", "pyarrow"),
    "fairlearn": ("fairlearn==0.15.*", "pyarrow"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a driver told of itself.

    working_s: of the peer's own work, after a small warm-up, from frames to its answer.  reading_s: from Parquet to
    frames.  peak_mb: of its process.  versions: of the peer and of its pandas.  figures: whatever else it told.
    """

    working_s: float
    reading_s: float
    peak_mb: float
    versions: Mapping[str, str]
    figures: Mapping[str, Any]


def run(peer: str, driver: str, *arguments: str) -> Told:
    """Runs one driver of tests/bench/peers to its end."""
    done = subprocess.run(
        [str(_python(peer)), str(DRIVERS / f"{driver}.py"), *arguments],
        env={**os.environ, "DO_NOT_TRACK": "1"},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"{peer} failed:\n{done.stderr[-2000:]}")
    figures = json.loads(done.stdout.splitlines()[-1])
    told = Told(
        working_s=figures.pop("working_s"),
        reading_s=figures.pop("reading_s"),
        peak_mb=figures.pop("peak_mb"),
        versions=figures.pop("versions"),
        figures=figures,
    )
    print(
        f"  {peer}: work {told.working_s:.1f} s, reading {told.reading_s:.1f} s, peak {told.peak_mb:,.0f} MB,"
        f" {', '.join(' '.join(v) for v in told.versions.items())}",
        flush=True,
    )
    return told


def _python(peer: str) -> Path:
    folder = Path(tempfile.gettempdir()) / f"gatehouse-bench-{peer}"
    python, ready = folder / "bin" / "python", folder / "ready"
    wanted = "\n".join(NEEDED[peer])
    if not ready.exists() or ready.read_text() != wanted:
        print(f"Installing {peer} into an environment of its own ...", flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-qq", *NEEDED[peer]], check=True)
        ready.write_text(wanted)
    return python
