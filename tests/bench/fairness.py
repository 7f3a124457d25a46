"""Rates by group and day, from rows: the pass's own query against Fairlearn's MetricFrame on the same rows."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from core.analysis.group_rates import cut_at, decide, group_rates
from core.monitors.monitor import Monitor
from core.profiles import Output
from core.profiling.edges import Edges
from core.profiling.engines import DuckDb, Engine
from core.profiling.manifest import folder_of, read_state
from core.profiling.passes import output_pass
from core.profiling.rows import Reader, Span
from core.profiling.sums import Sums
from tests.bench import own_pass, peer
from tests.bench.inference_log import DAYS, START
from tests.bench.report import Measured, against, seconds

ROWS = 1_000_000
GROUPS = {"race": ("race",), "sex": ("sex",), "sex,race": ("sex", "race")}
RATES = ("selection_rate", "tpr", "fpr", "ppv")
THRESHOLD = 0.5
TIMES = 7
DAY_MS = 86_400_000

Rates = Mapping[str, Sequence[float | None]]


def measure(logs: Callable[[int], Path]) -> list[Measured]:
    """All figures of this area. logs: rows -> folder of a log of that many rows."""
    log = logs(ROWS)
    with TemporaryDirectory() as folder:
        work = Path(folder)
        own_pass.once(work, log)  # it learns the edges
        edges = _edges(work / "home")
        engine = DuckDb(work / "spill")
        try:
            one = lambda: _ours(engine, log, edges, ["race"])  # noqa: E731
            three = lambda: _ours(engine, log, edges, list(GROUPS))  # noqa: E731
            first = seconds(one, TIMES), seconds(three, TIMES)
            fairlearn = peer.run("fairlearn", "fairlearn_groups", str(log), *GROUPS)
            _same(three(), fairlearn.figures["rates"])
            again = seconds(one, TIMES), seconds(three, TIMES)
        finally:
            engine.close()
    single, all_three = (sum(pair) / 2 for pair in zip(first, again, strict=True))
    each = fairlearn.figures["each"]
    return [
        against(
            "fairness", "1M rows, 4 rates by day and race / MetricFrame", single, each["race"], at_least=200,
            peers=fairlearn.versions,
        ),
        against(
            "fairness", "the same by sex, race and both / 3 MetricFrames", all_three, fairlearn.working_s,
            at_least=200, peers=fairlearn.versions,
        ),
    ]  # fmt: skip


def _edges(home: Path) -> Edges:
    """What the pass learned from the reference."""
    folder = folder_of(home / "observed", own_pass.MODEL)
    edges = read_state(folder).edges
    if edges is None:
        raise RuntimeError("The pass kept no edges.")
    return edges


def _ours(engine: Engine, log: Path, edges: Edges, groups: Sequence[str]) -> Rates:
    """From files to rates: "group|day|values" -> a number a rate. One query, whatever the number of groups."""
    monitor = Monitor.model_validate(own_pass.monitor(log))
    reader = Reader(engine, monitor, int(time.time() * 1000))
    raw = engine.parquet([str(path) for path in sorted((log / "log").glob("*.parquet"))])
    start = int(START.timestamp() * 1000)
    rows = reader.outcomes(raw, Span(low=start - DAY_MS, high=start + (DAYS + 1) * DAY_MS), edges, None)
    letters = {name: f"g{at}" for at, name in enumerate(monitor.protected)}
    used = sorted({letters[name] for group in groups for name in GROUPS[group]})
    sums = output_pass(engine, rows, ["w", *used], edges.score[""])
    cut = cut_at(edges.score[""], THRESHOLD)
    found: dict[str, list[float | None]] = {}
    for group in groups:
        keys = ["w", *(letters[name] for name in GROUPS[group])]
        for key, output in _outputs(sums.over([*keys, "y"]), keys):
            rates = group_rates(group, decide(output, cut), "positive")
            day = time.strftime("%Y-%m-%d", time.gmtime(key[0] * 86_400))
            found["|".join((group, day, *key[1:]))] = [getattr(rates, name).value for name in RATES]
    return found


def _outputs(sums: Sums, keys: Sequence[str]) -> list[tuple[tuple, Output]]:
    """The scores of each group by label."""
    bins = sums.added["counts"].shape[1]
    counts: dict[tuple, np.ndarray] = {}
    for at, key in enumerate(zip(*(sums.keys[name] for name in keys), strict=True)):
        counts.setdefault(key, np.zeros((3, bins), np.int64))[sums.keys["y"][at]] = sums.added["counts"][at]
    none = {name: np.zeros(size) for name, size in (("scores", 3), ("squared_error", 2), ("log_loss", 2))}
    return [(key, Output(counts=found, invalid=np.zeros(3, np.int64), **none)) for key, found in counts.items()]


def _same(ours: Rates, theirs: Rates) -> None:
    """Refuses to compare the speed of different answers."""
    if ours.keys() != theirs.keys():
        raise RuntimeError(f"The two sides found other groups: {sorted(ours.keys() ^ theirs.keys())[:3]}.")
    for key, rates in ours.items():
        for name, mine, other in zip(RATES, rates, theirs[key], strict=True):
            told = other is not None and other == other
            if (mine is not None) != told or (mine is not None and abs(mine - other) > 1e-9):
                raise RuntimeError(f"The two sides found another {name} for {key}: {mine} and {other}.")
    print(f"  {len(ours) * len(RATES):,} rates are equal on both sides", flush=True)
