"""What a benchmark measured, as a table and as tests/bench/results.json."""

import importlib.metadata
import json
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

RESULTS = Path(__file__).parent / "results.json"
NAMED = ("duckdb", "mlflow", "streamlit", "pandas", "pyarrow")


def versions() -> dict[str, str]:
    """Versions of what is measured."""
    return {name: importlib.metadata.version(name) for name in NAMED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One line of the table.

    ours, peer: medians in `unit`; peer None when there is nothing to compare with.
    bar: what must hold, in words.  holds: whether it did in this run.
    """

    area: str
    name: str
    ours: float
    unit: str
    bar: str
    holds: bool
    peer: float | None = None
    ratio: float | None = None
    versions: dict[str, str] = field(default_factory=versions)


def seconds(work: Callable[[], object], times: int = 3) -> float:
    """Median wall time of `work`."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def against(
    area: str,
    name: str,
    ours: float,
    peer: float,
    *,
    at_least: float | None,
    unit: str = "s",
    peers: Mapping[str, str] | None = None,
) -> Measured:
    """How many times faster we are. at_least: the bar; None when the ratio is only told.  peers: further versions."""
    ratio = peer / ours
    bar = "told for fairness" if at_least is None else f">= {at_least:g} x faster"
    return Measured(
        area=area, name=name, ours=ours, peer=peer, ratio=ratio, unit=unit, bar=bar,
        holds=at_least is None or ratio >= at_least, versions=versions() | dict(peers or {}),
    )  # fmt: skip


def below(area: str, name: str, ours: float, limit: float, unit: str) -> Measured:
    """A figure that must stay under a limit."""
    return Measured(area=area, name=name, ours=ours, unit=unit, bar=f"< {limit:g} {unit}", holds=ours < limit)


def publish(lines: list[Measured]) -> None:
    """Prints the table and keeps it; areas that were not measured now keep their last figures."""
    before = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else []
    areas = {line.area for line in lines}
    kept = [old for old in before if old["area"] not in areas]
    RESULTS.write_text(json.dumps(kept + [asdict(line) for line in lines], indent=1) + "\n", encoding="utf-8")
    width = max(len(line.name) for line in lines)
    print(f"{'area':8} {'measured':{width}} {'ours':>10} {'peer':>10} {'ratio':>8}  bar")
    for line in lines:
        peer = "" if line.peer is None else f"{line.peer:.3f}"
        ratio = "" if line.ratio is None else f"{line.ratio:.1f} x"
        mark = "holds" if line.holds else "MISSED"
        told = f"{line.unit}: {line.bar}: {mark}"
        print(f"{line.area:8} {line.name:{width}} {line.ours:10.3f} {peer:>10} {ratio:>8}  {told}")
