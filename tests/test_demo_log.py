"""The demo's logs: real models on held-out rows. What README.md calls real is held against the data and the models."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from core.monitors.monitor import Monitor, Table
from data.demo import damage
from data.demo.datasets import CARS, EMPLOYMENT, groups, read, split
from data.demo.log import build
from data.demo.outcomes import DELAYS, HANDLING, LOSS, MARGIN, NOW
from data.demo.served import CHALLENGER, CREDIT, LAST, LOAN, SCREEN, SERVED, ZONE, Served, pipeline
from data.demo.training import score

DEMO = Path(__file__).parents[1] / "data" / "demo"
BROKEN = DEMO / "logs" / "credit_risk" / f"{damage.DAY}.parquet"
SERVICES = pytest.mark.parametrize("served", SERVED, ids=lambda served: served.model)


def _frames(folder: str, served: Served) -> Iterator[pd.DataFrame]:
    for path in sorted((DEMO / folder / served.model).glob("*.parquet")):
        yield pq.read_table(path).to_pandas().assign(file=path.stem)


@cache
def _log(served: Served) -> pd.DataFrame:
    """Every logged row, times as UTC (NaT where they cannot be read), version named."""
    whole = pd.concat(
        frame.assign(predicted_at=pd.to_datetime(frame["predicted_at"], utc=True, errors="coerce", unit=unit))
        for frame in _frames("logs", served)
        for unit in ["ms" if pd.api.types.is_integer_dtype(frame["predicted_at"]) else None]
    )
    return whole.assign(version=whole.get("version", served.version)).reset_index(drop=True)


def _source(served: Served, log: pd.DataFrame) -> pd.DataFrame:
    """The rows of the extract that were logged, in the log's order."""
    return read(served.task).set_index("id", drop=False).loc[log["source_id"]].reset_index(drop=True)


def _labels(served: Served) -> pd.DataFrame:
    return pd.concat(_frames("labels", served), ignore_index=True)


@SERVICES
def test_every_logged_row_was_held_out(served: Served) -> None:
    rows, log = split(served.task), _log(served)
    seen = set(rows.train["id"]) | set(rows.valid["id"])
    live = log.loc[log["version"] == served.version, "source_id"]
    assert live.is_unique
    assert not seen & set(log["source_id"])
    held = set().union(*(set(frame["id"]) for frame in (rows.test, *rows.later.values())))
    if served.task is CARS:  # the test rows, and the rows after them that no split uses
        table = read(CARS)
        held |= set(table["id"][len(table) // 2 :])
    assert set(live) == held


@SERVICES
def test_logged_columns_are_the_datas_own(served: Served) -> None:
    log = _log(served)
    log = log[log["file"] != str(damage.DAY)].reset_index(drop=True)
    source = _source(served, log)
    members = groups(served.task, source)
    for name in (*served.task.features, *served.plain):
        assert log[name].tolist() == source[name].tolist(), name
    for attribute in served.grouped:
        assert log[f"{attribute}_group"].tolist() == members[attribute].tolist(), attribute


@SERVICES
def test_scores_are_the_registered_models(served: Served) -> None:
    log = _log(served)
    versions = {served.version, CHALLENGER} if served is CREDIT else {served.version}
    assert set(log["version"]) == versions
    for version in versions:
        rows = log[log["version"] == version]
        told = score(served.task, pipeline(served.model, version), _source(served, rows))
        answered = rows[served.answer].notna().to_numpy()
        np.testing.assert_allclose(rows[served.answer].to_numpy()[answered], told[answered], rtol=1e-9, atol=1e-9)
        failed = rows["http_status"].isin([500, 504]).to_numpy()
        assert (answered == ~failed).all()
        assert failed.sum() < 0.01 * len(rows)


@SERVICES
def test_labels_are_the_datas_own(served: Served) -> None:
    log = _log(served)
    if served.model in DELAYS:
        assert "label" not in log
        labels = _labels(served).merge(log[log["version"] == served.version][["id", "source_id"]], on="id")
        assert len(labels) == len(_labels(served))
    else:
        labels = log
    assert labels["label"].tolist() == _source(served, labels)[served.task.target].tolist()


@pytest.mark.parametrize("served", [one for one in SERVED if one.model in DELAYS], ids=lambda served: served.model)
def test_labels_arrive_late_and_the_newest_not_yet(served: Served) -> None:
    labels, log = _labels(served), _log(served)
    log = log[(log["version"] == served.version) & log["predicted_at"].notna()]
    joined = log.merge(labels.sort_values("arrived_at").drop_duplicates("id"), on="id", how="left")
    waited = (joined["arrived_at"] - joined["predicted_at"]).dropna()
    least, most = (timedelta(days=days) for days in DELAYS[served.model])
    assert waited.between(least, most + timedelta(seconds=1)).all()
    assert (labels["arrived_at"] < NOW).all()
    age = NOW - joined["predicted_at"]
    assert joined.loc[age > most, "arrived_at"].notna().all()
    assert joined.loc[age < least, "arrived_at"].isna().all()
    between = joined.loc[age.between(least, most), "arrived_at"].notna().mean()
    assert 0.2 < between < 0.9


def test_one_label_is_stated_twice_with_the_same_value() -> None:
    labels = _labels(CREDIT)
    twice = labels[labels["id"].duplicated(keep=False)]
    assert (len(twice), twice["label"].nunique(), twice["file"].nunique()) == (2, 1, 2)


@SERVICES
def test_files_hold_their_own_local_days_up_to_the_last(served: Served) -> None:
    log = _log(served)
    log = log[log["predicted_at"].notna()]
    local = log["predicted_at"].dt.tz_convert(ZONE)
    assert (local.dt.date.min(), local.dt.date.max()) == (served.days[0], LAST)
    frequency = {"day": "D", "week": "W-SUN", "month": "M"}[served.part]
    periods = local.dt.tz_localize(None).dt.to_period(frequency)
    assert (periods.dt.start_time.dt.strftime("%Y-%m-%d") == log["file"]).all()
    assert log["predicted_at"].is_monotonic_increasing
    workdays = local.dt.dayofweek < 5
    assert workdays.mean() > 0.8
    assert local.dt.hour.between(7, 18).mean() > 0.8


def test_employment_runs_in_the_order_of_the_data() -> None:
    log = _log(SCREEN)
    assert log["year"].is_monotonic_increasing
    expected = pd.concat([split(EMPLOYMENT).later[year] for year in (2016, 2017, 2018)])["id"]
    assert log["source_id"].tolist() == expected.tolist()
    assert _log(next(one for one in SERVED if one.task is CARS))["source_id"].is_monotonic_increasing


def test_no_version_answers_before_it_was_registered() -> None:
    with closing(sqlite3.connect(DEMO / "mlflow.db")) as database:
        rows = database.execute("SELECT name, CAST(version AS TEXT), creation_time FROM model_versions").fetchall()
    registered = {(name, version): pd.Timestamp(moment, unit="ms", tz="UTC") for name, version, moment in rows}
    for served in SERVED:
        log = _log(served)
        log = log[log["predicted_at"].notna()]
        for version, frame in log.groupby("version"):
            asked = frame[frame["mode"] != "replay"] if "mode" in frame else frame
            assert asked["predicted_at"].min() > registered[served.model, version]


def test_the_challenger_is_shown_a_part_of_the_champions_requests() -> None:
    log = _log(CREDIT)
    champion, challenger = log[log["version"] == "3"], log[log["version"] == CHALLENGER]
    both = challenger.merge(champion, on="id", suffixes=("", "_live"))
    assert len(both) == len(challenger)
    assert (both["source_id"] == both["source_id_live"]).all()
    readable = both["predicted_at"].notna() & both["predicted_at_live"].notna()
    assert (both["predicted_at"] == both["predicted_at_live"])[readable].all()
    assert set(champion["mode"]) == {"live"}
    assert set(challenger["mode"]) == {"replay", "shadow"}
    assert challenger[["granted", "granted_amount", "profit", "cost"]].isna().all(axis=None)
    replay = challenger["mode"] == "replay"
    assert challenger.loc[replay, ["http_status", "latency_ms"]].isna().all(axis=None)
    assert challenger.loc[~replay, ["http_status", "latency_ms"]].notna().all(axis=None)


def test_money_follows_the_stated_formula() -> None:
    log = _log(CREDIT)
    log = log[log["version"] == "3"].reset_index(drop=True)
    source = _source(CREDIT, log)
    decided = log["score"].notna()
    given = log["score"] < 0.3
    assert (log.loc[decided, "granted"].astype(bool) == given[decided]).all()
    assert log.loc[~decided, ["granted", "granted_amount", "profit", "cost"]].isna().all(axis=None)
    assert (log["granted_amount"] == source["LIMIT_BAL"] * given)[decided].all()
    settled = decided & log["id"].isin(_labels(CREDIT)["id"])
    assert (log["profit"].notna() == settled).all()
    assert (log["cost"].notna() == settled).all()
    assert set(log["cost"].dropna()) == {HANDLING}
    earned = source["LIMIT_BAL"] * given * np.where(source["default"] == 1, -LOSS, MARGIN)
    np.testing.assert_allclose(log["profit"][settled], earned[settled], atol=0.006)


def test_one_day_is_broken_and_no_other() -> None:
    types = {path.stem: pq.read_schema(path) for path in (DEMO / "logs" / "credit_risk").glob("*.parquet")}
    odd = types.pop(str(damage.DAY))
    (usual,) = {str(schema) for schema in types.values()}
    assert str(odd) != usual
    assert odd.names == next(iter(types.values())).names
    for name in ("predicted_at", "PAY_AMT1"):
        assert pa.types.is_string(odd.field(name).type)
    day = pq.read_table(BROKEN)
    frame = day.to_pandas()
    assert pd.to_datetime(frame["predicted_at"], utc=True, errors="coerce").isna().sum() == 12
    assert pd.to_numeric(frame["PAY_AMT1"], errors="coerce").isna().sum() == 12
    bills = day["BILL_AMT1"].to_numpy()
    assert day["BILL_AMT1"].null_count == 0
    assert (np.isnan(bills).sum(), np.isposinf(bills).sum(), np.isneginf(bills).sum()) == (3, 3, 3)
    for name in ("LIMIT_BAL", "AGE", "education_group"):
        assert day[name].null_count == 8
    rest = _log(CREDIT)[_log(CREDIT)["file"] != str(damage.DAY)]
    assert rest["predicted_at"].notna().all()
    assert np.isfinite(rest[list(CREDIT.task.numeric)].to_numpy(dtype=float)).all()


@SERVICES
def test_the_reference_is_the_validation_rows(served: Served) -> None:
    held = split(served.task).valid
    frame = pq.read_table(DEMO / "reference" / f"{served.model}.parquet").to_pandas()
    assert frame["id"].is_unique
    assert not set(frame["id"]) & set(_log(served)["id"])
    assert frame["source_id"].tolist() == held["id"].tolist()
    assert frame["label"].tolist() == held[served.task.target].tolist()
    told = score(served.task, pipeline(served.model, served.version), held)
    np.testing.assert_allclose(frame[served.answer], told, rtol=1e-9, atol=1e-9)


def test_it_all_stays_small() -> None:
    def size(folder: str) -> int:
        return sum(path.stat().st_size for path in (DEMO / folder).rglob("*.parquet"))

    assert 1_000_000 < size("logs") + size("labels") + size("reference") < 5_000_000
    assert len(list((DEMO / "logs" / "credit_risk").glob("*.parquet"))) == (LAST - date(2026, 9, 28)).days + 1


@SERVICES
def test_monitors_name_columns_that_exist(served: Served) -> None:
    text = (DEMO / "monitors" / f"{served.model}.yaml").read_text(encoding="utf-8")
    monitor = Monitor.model_validate(yaml.safe_load(text))
    assert (monitor.model, monitor.zone, monitor.source) == (served.model, ZONE, "demo")
    assert monitor.thresholds[0] == served.task.threshold
    if served.task.favourable is not None:
        assert monitor.favourable == ("positive" if served.task.favourable == 1 else "negative")
    assert set(monitor.features.numeric + monitor.features.categorical) >= set(served.task.features)
    assert set(monitor.protected) == (set(served.task.groups) if served.task.favourable is not None else set())

    said = {monitor.score or monitor.prediction, *monitor.features.numeric, *monitor.features.categorical}
    said |= {one.column for one in (*monitor.protected.values(), *monitor.segments.values())}
    assert monitor.label
    logged = said | {monitor.timestamp.column, monitor.id, monitor.latency, monitor.status and monitor.status.column}
    logged |= {rule.column for rule in monitor.measurements.values()}
    for rule in monitor.kpis.values():
        logged |= {rule.figure, rule.cost, rule.value}
    logged |= {monitor.version} | ({monitor.label.column} if monitor.label.table is None else set())
    tables = [(monitor.log, logged), (monitor.reference.table, said | {monitor.label.column})]
    tables += [(monitor.label.table, {monitor.id, monitor.label.column})] if monitor.label.table else []
    for table, columns in tables:
        for names in _columns(table):
            assert columns - {None} <= names
            assert len({name.lower() for name in names}) == len(names)  # SQL does not tell Age from AGE


def _columns(table: Table | None) -> list[set[str]]:
    assert table
    assert table.files
    paths = sorted(DEMO.glob(table.files))
    assert paths
    return [set(pq.read_schema(path).names) for path in paths]


def test_building_again_gives_the_same(tmp_path: Path) -> None:
    for name in ("once", "again"):
        build(tmp_path / name, (CREDIT, LOAN))
    once = {path.relative_to(tmp_path / "once"): path for path in (tmp_path / "once").rglob("*.parquet")}
    assert len(once) > 60
    for name, path in once.items():
        assert path.read_bytes() == (tmp_path / "again" / name).read_bytes(), name
        made, kept = pq.read_table(path), pq.read_table(DEMO / name)
        assert made.schema == kept.schema
        for column in made.column_names:
            if pa.types.is_floating(made.schema.field(column).type):  # another machine may differ in the last digit
                left, right = made[column].to_numpy(), kept[column].to_numpy()
                np.testing.assert_allclose(left, right, rtol=1e-9, atol=1e-9, err_msg=f"{name} {column}")
            else:
                assert made[column].equals(kept[column]), (name, column)
