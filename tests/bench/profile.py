"""Profiling an inference log: against Evidently, NannyML and a bare scan of the same files, and beside a server."""

import itertools
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import httpx

from core.services.house import House, silent
from core.settings import load
from tests.bench import own_pass, peer
from tests.bench.inference_log import CATEGORICAL, NUMERIC
from tests.bench.own_pass import Pass
from tests.bench.report import Measured, against, below
from tests.pages.app import page, shown
from tests.serving import Served, served, wait_for_syncs

MANY, MORE = 1_000_000, 10_000_000
TIMES = 3
IDLE_ROUNDS = 150


def measure(logs: Callable[[int], Path]) -> list[Measured]:
    """All figures of this area. logs: rows -> folder of a log of that many rows."""
    many, more = logs(MANY), logs(MORE)
    with TemporaryDirectory() as folder:
        work = Path(folder)
        own_pass.once(work / "warm", many)  # compiles what Python compiles once
        ours = [own_pass.once(work / "many-0", many)]
        evidently = peer.run("evidently", "evidently_drift", str(many))
        ours.append(own_pass.once(work / "many-1", many))
        nannyml = peer.run("nannyml", "nannyml_univariate", str(many))
        ours.append(own_pass.once(work / "many-2", many))
        scans, large = [], []
        for number in range(TIMES):
            scans.append(_scan(more))
            large.append(own_pass.once(work / f"more-{number}", more))
            scans.append(_scan(more))
        slower = _meanwhile(work, more)
    _check(ours, MANY)
    _check(large, MORE)
    taken, most = _median(ours, "seconds"), _median(large, "seconds")
    inside = _median(ours, "pass_s")
    # Both are short beside what else a machine does: the best of each is what they cost.
    scan, worked = (min(figures) for figures in zip(*scans, strict=True))
    in_scans = min(one.seconds for one in large) / scan
    work_in_scans = min(one.cpu_s for one in large) / worked
    lines = []
    for name, rival, bar in (("Evidently, drift", evidently, 40), ("NannyML, daily drift", nannyml, 8)):
        for what, mine, theirs, least in (
            (f"1M rows, process / {name}", taken, rival.working_s, bar),
            (f"1M rows, process / {name}, reading too", taken, rival.working_s + rival.reading_s, None),
            (f"1M rows, pass alone / {name}", inside, rival.working_s, None),
        ):
            lines.append(against("profile", what, mine, theirs, at_least=least, peers=rival.versions))
    return [
        *lines,
        below("profile", "1M rows, peak memory", max(p.peak_mb for p in ours), 600, "MB"),
        below("profile", "10M rows, peak memory", max(p.peak_mb for p in large), 600, "MB"),
        below("profile", "10M rows, process, in bare scans of the columns", in_scans, 5, "x"),
        below("profile", "10M rows, processor time, in that of bare scans", work_in_scans, 5, "x"),
        below("profile", "10M rows, process, in processes of 1M rows", most / taken, 12, "x"),
        *(below("profile", f"{name}, beside a pass, in idle ones", times, 1.5, "x") for name, times in slower),
    ]


def _median(passes: list[Pass], name: str) -> float:
    return statistics.median(getattr(one, name) for one in passes)


def _check(passes: list[Pass], rows: int) -> None:
    if any(one.rows < rows for one in passes):
        raise RuntimeError(f"A pass profiled {min(one.rows for one in passes):,} of {rows:,} rows.")


def _scan(log: Path) -> tuple[float, float]:
    """DuckDB sums the numbers and counts the texts of every column that the monitor reads: wall, processor seconds."""
    sums = [*NUMERIC, "request_id", "score", "label", "latency_ms", "status"]
    counts = [*CATEGORICAL, "ts", "sex", "race", "version"]
    asked = ", ".join([f"sum({name})" for name in sums] + [f"count({name})" for name in counts])
    with duckdb.connect() as connection:
        rows = connection.read_parquet(str(log / "log" / "*.parquet"))
        began, worked = time.perf_counter(), time.process_time()
        rows.aggregate(asked).fetchall()
        taken, worked = time.perf_counter() - began, time.process_time() - worked
    print(f"  bare scan: {taken:.2f} s, processor {worked:.2f} s", flush=True)
    return taken, worked


def _meanwhile(work: Path, log: Path) -> list[tuple[str, float]]:
    """Each query and its median time while a pass runs under the same server, in its median times without."""
    own_pass.prepare(work / "served", log)
    house = House(load({}, work / "pages"))
    try:
        house.sync("demo", silent)
        with shown(house), served(work / "served") as server:
            wait_for_syncs(server)
            queries = _queries(server)
            numbers = itertools.count()
            _rounds(queries, numbers, lambda done: done == 5)
            idle = _rounds(queries, numbers, lambda done: done == IDLE_ROUNDS)
            process = own_pass.start(work / "served", server.home)
            busy = _rounds(queries, numbers, lambda done: process.poll() is not None)
            own_pass.ended(process)
            after = _rounds(queries, numbers, lambda done: done == IDLE_ROUNDS)
    finally:
        house.close()
    ratios = []
    for name in queries:
        fast, slow = (statistics.median(times) * 1000 for times in (idle[name] + after[name], busy[name]))
        print(f"  {name}: idle {fast:.1f} ms, meanwhile {slow:.1f} ms, {len(busy[name])} calls", flush=True)
        ratios.append((name, slow / fast))
    return ratios


def _rounds(
    queries: Mapping[str, Callable[[int], object]], numbers: Iterator[int], ended: Callable[[int], bool]
) -> dict[str, list[float]]:
    """Seconds of each query, asked in turn until it is enough. ended: rounds so far -> whether it is."""
    taken: dict[str, list[float]] = {name: [] for name in queries}
    done = 0
    while not ended(done):
        number = next(numbers)
        for name, query in queries.items():
            began = time.perf_counter()
            query(number)
            taken[name].append(time.perf_counter() - began)
        done += 1
    return taken


def _queries(server: Served) -> dict[str, Callable[[int], object]]:
    # Each call asks something else, so that no kept answer is measured.
    experiments = page("experiments")
    fresh = httpx.Limits(max_keepalive_connections=0)
    client = httpx.Client(base_url=f"{server.url}/api/v1", timeout=30, trust_env=False, limits=fresh)

    def models(number: int) -> None:
        client.get("/models", params={"limit": 1_000 - number % 900}).raise_for_status()

    def runs(number: int) -> None:
        asked = {"filter": f"run.duration > {number / 1000}s", "order_by": "start_time"}
        client.get("/runs", params=asked).raise_for_status()

    def shown_page(number: int) -> None:
        experiments.text_input("q").set_value(f"run.duration > {number / 1000}s")
        experiments.run()
        if experiments.exception:
            raise RuntimeError(experiments.exception[0].value)

    return {"GET /models": models, "GET /runs": runs, "page Experiments": shown_page}
