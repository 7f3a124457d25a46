"""Browsing runs: pages, columns, groups and one run whole, held against MLflow's own answers and its file."""

import math
from collections import defaultdict

import pandas as pd
import pytest
from mlflow.entities import ViewType

from core.errors import NotFound, QueryError
from core.query.ast import Field
from core.services import histories, runs
from core.services.house import House, silent
from core.services.runs import RunQuery
from tests.mlflow_population import T0

SEEDS = RunQuery(experiments=("demo:4",), columns=("metrics.`test.auc`", "metrics.`test.recall`", "params.seed"))


def _ids(found: runs.Found) -> list[str]:
    return found.table["run_id"].to_pylist()


# -- searching ------------------------------------------------------------------------------------------------------


def test_everything_is_found_without_a_search_and_deleted_runs_only_when_asked(demo: House, raw) -> None:
    active = raw.execute("SELECT count(*) FROM runs WHERE lifecycle_stage = 'active'").fetchone()[0]
    whole = raw.execute("SELECT count(*) FROM runs").fetchone()[0]
    assert runs.search(demo, RunQuery()).total == active < whole
    assert runs.search(demo, RunQuery(deleted=True)).total == whole


def test_runs_come_newest_first_without_an_order(demo: House, raw) -> None:
    rows = raw.execute("SELECT start_time FROM runs WHERE lifecycle_stage = 'active' ORDER BY start_time DESC")
    assert runs.search(demo, RunQuery()).table["started_ms"].to_pylist() == [row[0] for row in rows]


@pytest.mark.parametrize(
    "text", ["metrics.loss < 0.2", "params.seed = '3'", "tags.team = 'risk' and status = 'FINISHED'"]
)
def test_a_search_finds_what_mlflow_finds(bank, text: str) -> None:
    told = bank.client.search_runs([bank.made.experiment], text)
    query = RunQuery(text=text, experiments=(f"s:{bank.made.experiment}",))
    assert sorted(_ids(runs.search(bank.house, query))) == sorted(run.info.run_id for run in told)
    assert told


def test_an_order_is_the_files(demo: House, raw) -> None:
    rows = raw.execute(
        "SELECT r.run_uuid, m.value FROM runs r JOIN latest_metrics m USING (run_uuid) WHERE r.experiment_id = 3"
        " AND r.lifecycle_stage = 'active' AND m.key = 'valid.auc' AND NOT m.is_nan"
        " ORDER BY m.value DESC, r.start_time DESC"
    ).fetchall()
    query = RunQuery(experiments=("demo:3",), order="metrics.`valid.auc` desc")
    assert _ids(runs.search(demo, query))[: len(rows)] == [row[0] for row in rows]


def test_only_the_chosen_experiments_are_looked_at(demo: House) -> None:
    found = runs.search(demo, RunQuery(experiments=("demo:4", "demo:7")))
    assert set(found.table["experiment_id"].to_pylist()) == {"4", "7"}
    assert runs.search(demo, RunQuery(experiments=("other:4",))).total == 0


def test_pages_follow_one_another_without_gap_or_repetition(demo: House) -> None:
    query = RunQuery(order="params.seed")
    whole = _ids(runs.search(demo, query, size=1000))
    pages = [_ids(runs.search(demo, query, page=page, size=70)) for page in range(1, 7)]
    assert [run for page in pages for run in page] == whole
    assert len(set(whole)) == len(whole) == runs.search(demo, query, page=99).total


def test_a_page_below_one_is_the_first(demo: House) -> None:
    assert _ids(runs.search(demo, RunQuery(), page=-3, size=5)) == _ids(runs.search(demo, RunQuery(), page=1, size=5))


def test_without_a_choice_metrics_and_varying_params_are_shown(demo: House, raw) -> None:
    found = runs.search(demo, RunQuery(experiments=("demo:4",)))
    params = defaultdict(list)
    for row in raw.execute(
        "SELECT key, value FROM params JOIN runs USING (run_uuid)"
        " WHERE experiment_id = 4 AND lifecycle_stage = 'active'"
    ):
        params[row["key"]].append(row["value"])
    varying = {key for key, values in params.items() if len(set(values)) > 1 or len(values) < found.total}
    shown = {field.key for field in found.columns if field.kind == "param"}
    assert shown <= varying
    assert len(shown) == min(len(varying), runs.DEFAULT_PARAMS)
    assert {field.kind for field in found.columns} == {"metric", "param"}
    assert not found.chosen


def test_chosen_columns_hold_the_values_in_the_order_chosen(demo: House, raw) -> None:
    found = runs.search(demo, SEEDS)
    rows = raw.execute("SELECT run_uuid, value FROM latest_metrics WHERE key = 'test.auc' AND NOT is_nan").fetchall()
    told = {row["run_uuid"]: row["value"] for row in rows}
    assert found.columns == (Field("metric", "test.auc"), Field("metric", "test.recall"), Field("param", "seed"))
    assert found.table["c0"].to_pylist() == [told.get(run) for run in _ids(found)]
    assert found.chosen


def test_a_column_that_no_run_has_is_empty(demo: House) -> None:
    assert set(runs.search(demo, RunQuery(columns=("metrics.nothing",))).table["c0"].to_pylist()) == {None}


def test_a_name_that_no_run_has_is_hinted_with_the_nearest(demo: House) -> None:
    (hint,) = runs.search(demo, RunQuery(text="metrics.`valid.auk` > 0.5")).hints
    assert (hint.name, hint.suggestion) == ("metrics.valid.auk", "metrics.valid.auc")


@pytest.mark.parametrize(
    "query", [RunQuery(text="metrics."), RunQuery(order="metrics"), RunQuery(columns=("nothing.a",))]
)
def test_a_mistake_is_told_as_a_mistake_of_the_search(demo: House, query: RunQuery) -> None:
    with pytest.raises(QueryError):
        runs.search(demo, query)


def test_the_parts_of_a_search_are_counted_alone(demo: House, raw) -> None:
    rows = raw.execute("SELECT status FROM runs WHERE lifecycle_stage = 'active'").fetchall()
    failed = sum(row["status"] == "FAILED" for row in rows)
    parts = runs.parts_found(demo, RunQuery(text="status = 'FAILED' and metrics.nothing > 1"), now_ms=0)
    assert parts == [("status = 'FAILED'", failed), ("metrics.nothing > 1", 0)]


def test_a_relative_time_is_counted_from_now(bank) -> None:
    query = RunQuery(text="start_time > now - 1h", experiments=(f"s:{bank.made.experiment}",))
    assert runs.search(bank.house, query, now_ms=T0 + 3_600_000 * 24).total == 0
    assert runs.search(bank.house, query, now_ms=T0 + 3_600_000).total > 0


def test_a_search_sees_what_a_sync_brought(own) -> None:
    house, client = own()
    before = runs.search(house, RunQuery()).total
    client.create_run("0")
    house.sync("s", silent)
    assert (before, runs.search(house, RunQuery()).total) == (0, 1)


# -- keys and experiments -------------------------------------------------------------------------------------------


def test_keys_are_all_of_the_file_most_frequent_first(demo: House, raw) -> None:
    for table, kind in (("latest_metrics", "metrics"), ("params", "params"), ("tags", "tags")):
        rows = raw.execute(
            f"SELECT key, count(*) AS n FROM {table} JOIN runs USING (run_uuid) WHERE lifecycle_stage = 'active'"
            " GROUP BY key ORDER BY n DESC, key"
        )
        assert getattr(runs.keys(demo, (), False), kind) == tuple(row["key"] for row in rows)


def test_an_experiment_counts_its_active_runs(demo: House, raw) -> None:
    rows = raw.execute(
        "SELECT e.experiment_id, e.name, count(r.run_uuid) AS n FROM experiments e LEFT JOIN runs r"
        " ON r.experiment_id = e.experiment_id AND r.lifecycle_stage = 'active' GROUP BY e.experiment_id"
    )
    assert {e.ref: (e.name, e.runs) for e in runs.experiments(demo)} == {
        f"demo:{row['experiment_id']}": (row["name"], row["n"]) for row in rows
    }


def test_the_newest_run_of_an_experiment_is_one_that_it_shows(demo: House, raw) -> None:
    rows = raw.execute(
        "SELECT experiment_id, max(start_time) AS ms FROM runs WHERE lifecycle_stage = 'active' GROUP BY experiment_id"
    )
    newest = {f"demo:{row['experiment_id']}": row["ms"] for row in rows}
    assert {e.ref: e.last_ms for e in runs.experiments(demo)} == {
        e.ref: newest.get(e.ref) for e in runs.experiments(demo)
    }


# -- groups ---------------------------------------------------------------------------------------------------------


def _frame(client, experiment: str) -> pd.DataFrame:
    return pd.DataFrame(
        [{**run.data.metrics, **run.data.params, **run.data.tags} for run in client.search_runs([experiment])]
    )


def test_groups_have_n_mean_and_sample_deviation_of_finite_values(demo: House, raw) -> None:
    rows = raw.execute(
        "SELECT p.value AS by, m.value FROM runs r JOIN params p ON p.run_uuid = r.run_uuid AND p.key = 'estimator'"
        " JOIN latest_metrics m ON m.run_uuid = r.run_uuid AND m.key = 'valid.auc'"
        " WHERE r.lifecycle_stage = 'active' AND NOT m.is_nan AND abs(m.value) < 1e308"
    ).fetchall()
    expected = pd.DataFrame([dict(row) for row in rows]).groupby("by")["value"].agg(["count", "mean", "std"])
    query = RunQuery(columns=("metrics.`valid.auc`",), text="metrics.`valid.auc` is not null")
    groups = runs.grouped(demo, query, ["params.estimator"]).table.to_pylist()
    assert len(groups) == len(expected) > 2
    for group in groups:
        row = expected.loc[group["by0"]]
        assert group["n0"] == row["count"]
        assert group["mean0"] == pytest.approx(row["mean"], rel=1e-12)
        assert group["sd0"] == pytest.approx(row["std"], rel=1e-9) if row["count"] > 1 else group["sd0"] is None


def test_infinite_and_missing_values_are_left_out_of_a_group_and_the_run_counts(own) -> None:
    house, client = own()
    for value in (1.0, 3.0, math.inf, math.nan, None):
        run = client.create_run("0").info.run_id
        client.log_param(run, "g", "a")
        if value is not None:
            client.log_metric(run, "m", value)
    house.sync("s", silent)
    (group,) = runs.grouped(house, RunQuery(columns=("metrics.m",)), ["params.g"]).table.to_pylist()
    assert (group["runs"], group["n0"], group["mean0"]) == (5, 2, 2.0)
    assert group["sd0"] == pytest.approx(math.sqrt(2))


def test_groups_are_sorted_by_the_mean_of_the_metric_ordered_by(demo: House) -> None:
    query = RunQuery(columns=("metrics.`valid.auc`",), order="metrics.`valid.auc` asc")
    means = [m for m in runs.grouped(demo, query, ["params.estimator"]).table["mean0"].to_pylist() if m is not None]
    assert means == sorted(means)
    assert len(means) > 2


def test_runs_without_the_value_are_a_group_of_their_own(bank) -> None:
    query = RunQuery(experiments=(f"s:{bank.made.experiment}",), columns=("metrics.loss",))
    told = _frame(bank.client, bank.made.experiment)
    groups = runs.grouped(bank.house, query, ["params.seed"])
    counts = {row["by0"]: row["runs"] for row in groups.table.to_pylist()}
    assert counts[None] == told["seed"].isna().sum() > 1
    assert groups.total == len(counts) == told["seed"].nunique(dropna=False)


def test_grouping_by_several_fields_splits_by_each_combination(bank) -> None:
    query = RunQuery(
        experiments=(f"s:{bank.made.experiment}",), columns=("metrics.loss",), text="params.seed is not null"
    )
    table = runs.grouped(bank.house, query, ["tags.team", "run.source_type"]).table
    assert sorted(zip(table["by0"].to_pylist(), table["by1"].to_pylist(), table["runs"].to_pylist(), strict=True)) == [
        ("risk", "JOB", 4), ("risk", "LOCAL", 4), ("risk", "NOTEBOOK", 4),
    ]  # fmt: skip


def test_pages_of_groups_keep_the_total(demo: House) -> None:
    query = RunQuery(columns=("metrics.`valid.auc`",), order="metrics.`valid.auc`")
    whole = runs.grouped(demo, query, ["params.estimator", "params.seed"])
    pages = [runs.grouped(demo, query, ["params.estimator", "params.seed"], page=p, size=10) for p in (1, 2)]
    assert {page.total for page in pages} == {whole.total}
    assert pages[1].table["runs"].to_pylist() == whole.table["runs"].to_pylist()[10:20]


def test_a_page_of_groups_past_the_last_still_knows_the_total(demo: House) -> None:
    query = RunQuery(columns=("metrics.`valid.auc`",))
    whole = runs.grouped(demo, query, ["params.estimator"])
    assert runs.grouped(demo, query, ["params.estimator"], page=50).total == whole.total


def test_grouping_by_nothing_is_told(demo: House) -> None:
    with pytest.raises(QueryError, match="Nothing to group by"):
        runs.grouped(demo, RunQuery(), [])


# -- one run --------------------------------------------------------------------------------------------------------


def test_a_run_is_whole(bank) -> None:
    told = bank.client.get_run(bank.made.finished)
    run = runs.run(bank.house, f"s:{bank.made.finished}")
    assert (run.name, run.status, run.user) == (told.info.run_name, told.info.status, "ada")
    assert (run.started_ms, run.ended_ms, run.artifact_uri) == (
        told.info.start_time, told.info.end_time, told.info.artifact_uri,
    )  # fmt: skip
    assert (dict(run.params), dict(run.tags)) == (told.data.params, told.data.tags)
    assert {metric.key: metric.last for metric in run.metrics} == told.data.metrics
    assert (run.experiment, run.experiment_ref) == ("credit", f"s:{bank.made.experiment}")
    assert (run.git_commit, run.source_type, run.source_name) == (f"{0:040x}", "JOB", "train.py")
    assert [(i["name"], i["digest"], i["context"]) for i in run.inputs] == [("loans", "d0", "training")]


def test_a_metric_of_a_run_has_the_extremes_and_number_of_its_history(bank) -> None:
    history = bank.client.get_metric_history(bank.made.finished, "loss")
    values = [point.value for point in history]
    metric = next(m for m in runs.run(bank.house, f"s:{bank.made.finished}").metrics if m.key == "loss")
    assert (metric.lowest, metric.highest, metric.points, metric.not_finite) == (
        min(values),
        max(values),
        len(values),
        0,
    )
    assert metric.step == max(point.step for point in history)


def test_numbers_that_are_not_finite_are_counted_apart(bank) -> None:
    found = runs.search(bank.house, RunQuery(text="name = 'odd numbers'"))
    metrics = {m.key: m for m in runs.run(bank.house, f"s:{_ids(found)[0]}").metrics}
    assert math.isnan(metrics["loss"].last)
    assert (metrics["loss"].lowest, metrics["loss"].highest, metrics["loss"].not_finite) == (1.0, 1.0, 2)
    assert (metrics["down"].last, metrics["down"].lowest, metrics["down"].highest) == (-math.inf, None, None)
    assert (metrics["late"].last, metrics["late"].step) == (2.0, 5)


def test_a_run_knows_its_parent_and_the_parent_its_children(bank) -> None:
    parent = runs.run(bank.house, f"s:{bank.made.parent}")
    told = bank.client.search_runs([bank.made.experiment], f"tags.mlflow.parentRunId = '{bank.made.parent}'")
    assert [child.ref for child in parent.children] == [f"s:{run.info.run_id}" for run in told]
    assert len(told) == 3
    child = runs.run(bank.house, parent.children[0].ref)
    assert child.parent.ref == parent.ref
    assert parent.parent is None


def test_a_run_knows_the_versions_it_became(demo: House, raw) -> None:
    run_id = raw.execute("SELECT run_id FROM model_versions WHERE name = 'credit_risk' AND version = 3").fetchone()[0]
    became = raw.execute("SELECT name, version FROM model_versions WHERE run_id = ?", (run_id,)).fetchall()
    found = runs.run(demo, f"demo:{run_id}")
    assert sorted((v["model"], v["version"]) for v in found.versions) == sorted((r[0], str(r[1])) for r in became)
    logged = raw.execute("SELECT model_id FROM logged_models WHERE source_run_id = ?", (run_id,)).fetchall()
    assert sorted(m["model_id"] for m in found.logged_models) == sorted(row[0] for row in logged)


def test_a_deleted_run_can_still_be_opened(bank) -> None:
    assert runs.run(bank.house, f"s:{bank.made.deleted}").lifecycle == "deleted"


def test_a_running_run_has_no_end(bank) -> None:
    run = runs.run(bank.house, f"s:{bank.made.running}")
    assert (run.status, run.ended_ms) == ("RUNNING", None)


def test_a_bare_run_id_is_enough_when_one_source_has_it(bank) -> None:
    assert runs.run(bank.house, bank.made.finished).ref == f"s:{bank.made.finished}"


@pytest.mark.parametrize(
    "text", ["nothing", "s:nothing", "", ":", "other:" + "a" * 32, "'; DROP TABLE runs; --", "🚀" * 5_000]
)
def test_an_unknown_run_is_not_found(bank, text: str) -> None:
    with pytest.raises(NotFound) as told:
        runs.run(bank.house, text)
    assert len(told.value.message) < 200


def test_a_run_id_of_two_sources_asks_for_the_source(own, tmp_path) -> None:
    house, client = own()
    run = client.create_run("0").info.run_id
    (tmp_path / "gatehouse.toml").write_text(
        f'[sources.s]\nurl = "{client.tracking_uri}"\n[sources.t]\nurl = "{client.tracking_uri}"\n'
    )
    house.reload()
    house.sync("s", silent)
    house.sync("t", silent)
    with pytest.raises(NotFound, match="Several sources") as told:
        runs.run(house, run)
    assert f"s:{run}" in told.value.hint
    assert runs.run(house, f"t:{run}").source == "t"


# -- histories ------------------------------------------------------------------------------------------------------


def test_a_curve_is_the_whole_history_when_it_is_short(bank) -> None:
    run = runs.run(bank.house, f"s:{bank.made.finished}")
    told = sorted((p.step, p.timestamp, p.value) for p in bank.client.get_metric_history(run.run_id, "loss"))
    curve = histories.curves(bank.house, (run.run_no,), "loss")
    assert list(zip(*(curve[c].to_pylist() for c in ("step", "time_ms", "value")), strict=True)) == told
    assert set(curve["n"].to_pylist()) == {len(told)}


def test_a_thinned_curve_keeps_its_extremes_its_gaps_and_its_size(own) -> None:
    from mlflow.entities import Metric

    house, client = own()
    run_id = client.create_run("0").info.run_id
    values = [math.sin(step / 40) for step in range(1_000)]
    values[137], values[612], values[800] = 50.0, -50.0, math.nan
    client.log_batch(run_id, metrics=[Metric("m", value, T0 + step, step) for step, value in enumerate(values)])
    client.set_terminated(run_id)
    house.sync("s", silent)
    number = runs.run(house, run_id).run_no
    curve = histories.curves(house, (number,), "m", 100).to_pydict()
    shown = dict(zip(curve["step"], curve["value"], strict=True))
    assert (shown[137], shown[612]) == (50.0, -50.0)
    assert math.isnan(shown[800])
    assert 50 <= len(shown) <= 100 + 1
    assert curve["step"] == sorted(curve["step"])
    assert set(curve["n"]) == {1_000}
    assert all(shown[step] == values[step] for step in shown if step != 800)


def test_a_spark_is_short_finite_and_ends_at_the_last_point(own) -> None:
    from mlflow.entities import Metric

    house, client = own()
    run_id = client.create_run("0").info.run_id
    client.log_batch(run_id, metrics=[Metric("m", math.inf if s == 5 else float(s), T0 + s, s) for s in range(100)])
    house.sync("s", silent)
    number = runs.run(house, run_id).run_no
    spark = runs.sparks(house, (number,), "m")[number]
    assert len(spark) == 40
    assert spark == sorted(spark)
    assert spark[-1] == 99.0
    assert all(math.isfinite(value) for value in spark)


def test_runs_without_a_metric_have_no_spark(bank) -> None:
    assert runs.sparks(bank.house, (runs.run(bank.house, bank.made.finished).run_no,), "nothing") == {}


def test_a_database_brings_every_history_at_once(bank) -> None:
    assert histories.missing(bank.house, [f"s:{bank.made.finished}", "s:nothing"]) == []


def test_a_run_without_metrics_misses_no_history(own) -> None:
    house, client = own()
    run_id = client.create_run("0").info.run_id
    house.sync("s", silent)
    with house.facts.transaction() as tx:
        tx.execute("UPDATE runs SET histories = false")
    assert histories.missing(house, [f"s:{run_id}"]) == []


def test_loading_histories_brings_back_what_was_not_here(own) -> None:
    house, client = own()
    run_id = client.create_run("0").info.run_id
    for step in range(3):
        client.log_metric(run_id, "m", float(step), timestamp=T0 + step, step=step)
    client.set_terminated(run_id)
    house.sync("s", silent)
    with house.facts.transaction() as tx:
        tx.execute("DELETE FROM points")
        tx.execute("UPDATE runs SET histories = false")
    house.changed()
    ref = f"s:{run_id}"
    assert histories.missing(house, [ref]) == [ref]
    assert runs.run(house, ref).metrics[0].points is None
    job = house.jobs.wait(histories.start_loading(house, [ref]).id, 30)
    assert (job.state, job.result) == ("done", {"runs": 1})
    assert histories.missing(house, [ref]) == []
    assert runs.run(house, ref).metrics[0].points == 3


def test_histories_of_a_source_that_is_gone_are_told(own, tmp_path) -> None:
    house, client = own()
    run_id = client.create_run("0").info.run_id
    house.sync("s", silent)
    (tmp_path / "gatehouse.toml").write_text("")
    house.reload()
    with pytest.raises(NotFound, match="no longer set up"):
        histories.load(house, [f"s:{run_id}"], silent)


def test_the_idle_work_loads_the_histories_that_are_missing_and_then_rests(own) -> None:
    house, client = own()
    run_id = client.create_run("0").info.run_id
    client.log_metric(run_id, "m", 1.0)
    client.set_terminated(run_id)
    house.sync("s", silent)
    assert histories.load_idle(house) is None
    with house.facts.transaction() as tx:
        tx.execute("UPDATE runs SET histories = false")
    assert house.jobs.wait(histories.load_idle(house).id, 30).result == {"runs": 1}
    assert histories.load_idle(house) is None


def test_deleted_runs_are_found_with_the_client_too(bank) -> None:
    told = bank.client.search_runs([bank.made.experiment], run_view_type=ViewType.ALL)
    query = RunQuery(experiments=(f"s:{bank.made.experiment}",), deleted=True)
    assert sorted(_ids(runs.search(bank.house, query))) == sorted(run.info.run_id for run in told)
