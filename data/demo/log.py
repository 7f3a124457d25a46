"""Write the demo's inference logs, late labels and references. Offline; the same bytes every time on one machine.

    python -m data.demo.log

Real models predict real held-out rows; the days on which they do so are simulated. README.md says what is which.
"""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from data.demo import damage
from data.demo.datasets import split
from data.demo.outcomes import DELAYS, NOW, arrivals, booked, reviewed, stated_twice
from data.demo.served import CHALLENGER, CREDIT, INCOME, LOAN, PRICE, SCREEN, SERVED, ZONE, Served, pipeline
from data.demo.traffic import handled, measured, moments
from data.demo.training import score

HERE = Path(__file__).parent
FOLDERS = ("logs", "labels", "reference")
REPLAYED = pd.Timestamp("2026-10-12", tz=ZONE)  # version 5 is shown half the requests from here on
FILES = {"day": "D", "week": "W-SUN", "month": "M"}


def requests(served: Served) -> pd.DataFrame:
    """One row a request, by time: id, predicted_at, version, columns of the source, answer, label, service."""
    rng = np.random.default_rng(served.seed)
    stretches = served.rows()
    frame = pd.concat(stretches, ignore_index=True)
    log = pd.DataFrame({"id": [f"{served.prefix}-{number:06d}" for number in range(1, len(frame) + 1)]})
    log["predicted_at"] = moments(served, tuple(map(len, stretches)), rng)
    log["version"] = served.version
    log = log.join(served.columns(frame))
    service = handled(len(frame), measured(served.model, served.version), rng)
    said = pd.Series(score(served.task, pipeline(served.model, served.version), frame))
    log[served.answer] = said.where(service["http_status"] == 200)  # a request that failed has no answer
    log["label"] = frame[served.task.target].astype("int8" if served.task.favourable is not None else "float64")
    return log.join(service.astype({"http_status": "Int16"}))  # nullable: a replay has none


def credit(log: pd.DataFrame, labels: pd.DataFrame) -> pd.DataFrame:
    """Money on the champion's rows, and the challenger's rows beside them, under the same ids and times.

    From its registration on the challenger runs as a shadow; the weeks before were replayed to it later.
    """
    rng = np.random.default_rng(CREDIT.seed + 100)
    known = log["id"].isin(labels["id"])
    log = log.join(booked(log["LIMIT_BAL"], log["score"], log["label"], known, CREDIT.task.threshold))
    facts = measured(CREDIT.model, CHALLENGER)
    shown = log[(log["predicted_at"] >= REPLAYED) & (rng.random(len(log)) < 0.5)].copy()
    frame = split(CREDIT.task).test.set_index("id").loc[shown["source_id"]]
    replay = (shown["predicted_at"] < facts.registered).to_numpy()
    service = handled(len(shown), facts, rng).astype({"http_status": "Int16"}).set_index(shown.index)
    answered = replay | (service["http_status"] == 200)
    shown["score"] = pd.Series(score(CREDIT.task, pipeline(CREDIT.model, CHALLENGER), frame), shown.index)
    shown["score"] = shown["score"].where(answered)
    shown["http_status"] = service["http_status"].mask(replay)
    shown["latency_ms"] = service["latency_ms"].mask(replay)
    for column in ("granted", "granted_amount", "profit", "cost"):
        shown[column] = pd.Series(None, index=shown.index, dtype=log[column].dtype)
    modes = np.where(replay, "replay", "shadow")
    both = pd.concat([log.assign(mode="live"), shown.assign(version=CHALLENGER, mode=modes)])
    return both.sort_values(["predicted_at", "id", "version"], ignore_index=True)


def reference(served: Served) -> pd.DataFrame:
    """The validation rows with the version's scores and their labels."""
    frame = split(served.task).valid.reset_index(drop=True)
    rows = pd.DataFrame({"id": [f"{served.prefix}-v{number:05d}" for number in range(1, len(frame) + 1)]})
    rows["version"] = served.version
    rows = rows.join(served.columns(frame))
    rows[served.answer] = score(served.task, pipeline(served.model, served.version), frame)
    rows["label"] = frame[served.task.target].astype("int8" if served.task.favourable is not None else "float64")
    return rows


def parts(frame: pd.DataFrame, column: str, part: str) -> Iterator[tuple[date, pd.DataFrame]]:
    """The frame cut into files, named by their first local day."""
    local = frame[column].dt.tz_convert(ZONE).dt.tz_localize(None).dt.to_period(FILES[part])
    for period, rows in frame.groupby(local):
        yield period.start_time.date(), rows


def arrow(frame: pd.DataFrame) -> pa.Table:
    """Without an index and without pandas' notes."""
    return pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)


def write(table: pa.Table, path: Path) -> None:
    """One row group, zstd, only what Parquet itself says of the columns."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, compression="zstd", compression_level=19, store_schema=False, version="2.6")


def build(folder: Path, services: tuple[Served, ...] = SERVED) -> None:
    """Write logs, labels and references into `folder`."""
    for served in services:
        log = requests(served)
        if served.model in DELAYS:
            rng = np.random.default_rng(served.seed + 200)
            labels = arrivals(log, DELAYS[served.model], rng)
            labels = labels[labels["arrived_at"] < NOW]
            labels = stated_twice(labels) if served is CREDIT else labels
            for day, rows in parts(labels, "arrived_at", "week"):
                write(arrow(rows), folder / "labels" / served.model / f"{day}.parquet")
            log = credit(log, labels) if served is CREDIT else log
            log = log.drop(columns="label")
        if served is SCREEN:
            rng = np.random.default_rng(served.seed + 300)
            log["reviewed"] = reviewed(log["score"], served.task.threshold, rng)
        for day, rows in parts(log, "predicted_at", served.part):
            table = arrow(_timed(served, rows))
            if served is CREDIT and day == damage.DAY:
                table = damage.damaged(table, np.random.default_rng(served.seed + 400))
            write(table, folder / "logs" / served.model / f"{day}.parquet")
        write(arrow(reference(served)), folder / "reference" / f"{served.model}.parquet")


def _timed(served: Served, rows: pd.DataFrame) -> pd.DataFrame:
    """Houses write times in their own ways: with a zone, in UTC without saying so, or as milliseconds since 1970."""
    if served is PRICE:
        return rows.assign(predicted_at=rows["predicted_at"].astype("int64"))
    if served in (LOAN, INCOME):
        rows = rows.drop(columns="version")  # the monitor names the one version
    return rows.assign(predicted_at=rows["predicted_at"].dt.tz_localize(None)) if served is LOAN else rows


def main() -> None:
    """Build aside; replace the demo's folders only when all went well."""
    with tempfile.TemporaryDirectory(prefix="gatehouse-demo-") as name:
        folder = Path(name)
        build(folder)
        for kept in FOLDERS:
            shutil.rmtree(HERE / kept, ignore_errors=True)
            shutil.copytree(folder / kept, HERE / kept)
    for kept in FOLDERS:
        files = sorted((HERE / kept).rglob("*.parquet"))
        size = sum(path.stat().st_size for path in files)
        sys.stdout.write(f"{kept}: {len(files)} files, {size / 1e6:.2f} MB\n")


if __name__ == "__main__":
    main()
