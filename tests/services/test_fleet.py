"""The fleet's numbers equal those counted in MLflow's own file, and what needs a person is told."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.errors import SourceUnavailable
from core.governance.lineage import PARTS
from core.services import fleet
from core.services.house import House, silent
from tests.mlflow_population import T0

NOW = 1_795_170_000_000
DAY_MS = 86_400_000
IN_PRODUCTION = {
    ("credit_risk", 3),
    ("consumer_loan", 2),
    ("employment_screen", 2),
    ("car_price", 3),
    ("prod.income_band", 2),
}


def _titles(house: House, now_ms: int = T0) -> list[str]:
    return [need.title for need in fleet.attention(house, now_ms=now_ms)]


def test_totals_equal_those_of_the_file(demo: House, raw) -> None:
    glance = fleet.glance(demo, now_ms=NOW)

    def count(sql: str) -> int:
        return raw.execute(f"SELECT count(*) FROM {sql}").fetchone()[0]

    assert glance.models == count("registered_models")
    assert glance.versions == count("model_versions")
    assert glance.runs == count("runs WHERE lifecycle_stage = 'active'")
    assert glance.experiments == count("experiments WHERE lifecycle_stage = 'active'")


def test_the_newest_run_is_the_files(demo: House, raw) -> None:
    newest = raw.execute("SELECT max(start_time) FROM runs WHERE lifecycle_stage = 'active'").fetchone()[0]
    assert fleet.glance(demo, now_ms=NOW).newest_run_ms == newest


def test_runs_by_day_are_the_files_over_28_utc_days(demo: House, raw) -> None:
    rows = raw.execute("SELECT start_time, status FROM runs WHERE lifecycle_stage = 'active'").fetchall()
    today = datetime.fromtimestamp(NOW / 1000, UTC).date()
    ages = [
        ((today - datetime.fromtimestamp(row["start_time"] / 1000, UTC).date()).days, row["status"]) for row in rows
    ]
    days, bad = Counter(age for age, _ in ages), Counter(age for age, status in ages if status in ("FAILED", "KILLED"))
    glance = fleet.glance(demo, now_ms=NOW)
    assert glance.runs_by_day == tuple(days[age] for age in range(27, -1, -1))
    assert glance.failed_by_day == tuple(bad[age] for age in range(27, -1, -1))
    assert glance.week_runs == sum(days[age] for age in range(7)) > 0
    assert glance.before_runs == sum(days[age] for age in range(7, 14))
    assert glance.week_failed == sum(bad[age] for age in range(7))
    assert glance.before_failed == sum(bad[age] for age in range(7, 14))


def test_versions_by_week_are_the_registrations_up_to_each_weeks_end(demo: House, raw) -> None:
    created = [row[0] for row in raw.execute("SELECT creation_time FROM model_versions")]
    end = (NOW // DAY_MS + 1) * DAY_MS
    expected = tuple(sum(ms < end - week * 7 * DAY_MS for ms in created) for week in range(25, -1, -1))
    glance = fleet.glance(demo, now_ms=NOW)
    assert glance.versions_by_week == expected
    assert glance.week_versions == expected[-1] - expected[-2]


def test_models_by_week_are_the_registrations_up_to_each_weeks_end(demo: House, raw) -> None:
    created = [row[0] for row in raw.execute("SELECT creation_time FROM registered_models")]
    end = (NOW // DAY_MS + 1) * DAY_MS
    expected = tuple(sum(ms < end - week * 7 * DAY_MS for ms in created) for week in range(25, -1, -1))
    assert fleet.glance(demo, now_ms=NOW).models_by_week == expected


def test_what_is_in_production_is_what_the_registry_says(demo: House) -> None:
    glance = fleet.glance(demo, now_ms=NOW)
    assert glance.live_versions == len(IN_PRODUCTION)
    assert glance.live == len({model for model, _ in IN_PRODUCTION})


def test_each_version_has_one_stage(demo: House) -> None:
    glance = fleet.glance(demo, now_ms=NOW)
    assert [count.stage for count in glance.stages] == ["production", "staging", "development", "archived"]
    assert sum(count.versions for count in glance.stages) == glance.versions
    assert glance.stages[0].versions == glance.live_versions


def test_the_code_of_models_in_production_is_on_record_in_the_file(demo: House, raw) -> None:
    with_commit = set()
    for model, version in IN_PRODUCTION:
        found = raw.execute(
            "SELECT t.value FROM model_versions v JOIN tags t ON t.run_uuid = v.run_id"
            " AND t.key = 'mlflow.source.git.commit' WHERE v.name = ? AND v.version = ?",
            (model, version),
        ).fetchone()
        if found:
            with_commit.add(model)
    assert fleet.glance(demo, now_ms=NOW).with_part[PARTS.index("code")] == len(with_commit)


def test_a_model_without_a_run_has_no_whole_lineage(bank) -> None:
    glance = fleet.glance(bank.house, now_ms=T0)
    assert (glance.live, glance.whole) == (2, 0)
    assert dict(zip(PARTS, glance.with_part, strict=True)) == {"code": 1, "data": 1, "model": 2, "environment": 0}


def test_an_empty_house_has_a_glance_of_zeros(own) -> None:
    house, _ = own()
    glance = fleet.glance(house, now_ms=T0)
    assert (glance.models, glance.versions, glance.runs, glance.live, glance.newest_run_ms) == (0, 0, 0, 0, None)
    assert set(glance.runs_by_day + glance.versions_by_week) == {0}
    assert fleet.changes(house, now_ms=T0) == ()


def test_a_glance_follows_a_sync(own) -> None:
    house, client = own()
    client.create_registered_model("fresh")
    before = fleet.glance(house, now_ms=T0).models
    house.sync("s", silent)
    assert (before, fleet.glance(house, now_ms=T0).models) == (0, 1)


# -- what changed ---------------------------------------------------------------------------------------------------


def test_changes_tell_registrations_as_the_registry_dates_them(demo: House, raw) -> None:
    rows = raw.execute("SELECT name, version, creation_time FROM model_versions").fetchall()
    told = {
        (c.told.model, int(c.told.version)): c.seen_ms
        for c in fleet.changes(demo, now_ms=NOW, limit=1000)
        if c.told.sign == "version"
    }
    assert told == {(row["name"], row["version"]): row["creation_time"] for row in rows}


def test_changes_come_newest_first_and_at_most_as_many_as_asked(demo: House) -> None:
    times = [change.seen_ms for change in fleet.changes(demo, now_ms=NOW, limit=5)]
    assert len(times) == 5
    assert times == sorted(times, reverse=True)


def test_changes_leave_out_what_is_older_than_a_year(demo: House) -> None:
    assert fleet.changes(demo, now_ms=NOW + 2 * 365 * DAY_MS) == ()


def test_a_moved_alias_is_told_with_the_version_it_leads_to(own) -> None:
    house, client = own()
    client.create_registered_model("m")
    for _ in range(2):
        client.create_model_version("m", "s3://bank/m")
    client.set_registered_model_alias("m", "champion", "1")
    house.sync("s", silent)
    client.set_registered_model_alias("m", "champion", "2")
    house.sync("s", silent)
    change = next(c for c in fleet.changes(house, now_ms=_now(house)) if c.told.sign == "alias")
    assert (change.told.name, change.told.text) == ("m", "champion moved 1 → 2")
    assert (change.page, dict(change.params)) == ("models", {"model": "s:m", "version": "2"})
    assert change.since_ms is not None


def test_what_was_found_at_the_first_sync_is_no_change(own) -> None:
    house, client = own()
    client.create_registered_model("m")
    client.create_model_version("m", "s3://bank/m")
    client.set_registered_model_alias("m", "champion", "1")
    house.sync("s", silent)
    assert {c.told.sign for c in fleet.changes(house, now_ms=_now(house))} <= {"version", "experiment"}


def test_a_deleted_run_leads_to_the_run_and_many_to_none(own) -> None:
    house, client = own()
    runs = [client.create_run("0", run_name=f"run {n}").info.run_id for n in range(3)]
    house.sync("s", silent)
    client.delete_run(runs[0])
    house.sync("s", silent)
    one = next(c for c in fleet.changes(house, now_ms=_now(house)) if "run 0" in c.told.name)
    assert (one.told.text, one.page, dict(one.params)) == ("was deleted", "run", {"id": f"s:{runs[0]}"})
    for run in runs[1:]:
        client.delete_run(run)
    house.sync("s", silent)
    many = next(c for c in fleet.changes(house, now_ms=_now(house)) if c.told.name == "2 runs")
    assert (many.told.text, many.page) == ("were deleted", "")


def _now(house: House) -> int:
    return house.facts.rows("SELECT max(complete_ms) AS ms FROM syncs")[0]["ms"]


# -- what needs a person --------------------------------------------------------------------------------------------


def test_the_demo_needs_what_the_file_says(demo: House, raw) -> None:
    running = raw.execute(
        "SELECT count(*) FROM runs WHERE status = 'RUNNING' AND lifecycle_stage = 'active' AND start_time < ?", (NOW,)
    ).fetchone()[0]
    assert running > 0
    needs = fleet.attention(demo, now_ms=NOW + DAY_MS)
    said = next(need for need in needs if "running" in need.title)
    assert said.title.startswith(f"{running} run")
    assert dict(said.params) == {"q": "status = 'RUNNING'"}


def test_needs_come_most_urgent_first(own) -> None:
    house, client = own()
    client.create_registered_model("new")
    client.create_model_version("new", "s3://bank/new")
    client.set_registered_model_alias("new", "challenger", "1")
    house.sync("s", silent)
    with house.facts.transaction() as tx:
        tx.execute("UPDATE versions SET status = 'FAILED_REGISTRATION'")
    found = fleet.attention(house, now_ms=T0)
    assert [need.urgency for need in found] == ["soon", "note"]
    assert "not ready" in found[0].title
    assert "candidate" in found[1].title


def test_gaps_of_what_is_in_production_are_named_with_their_parts(bank) -> None:
    need = next(need for need in fleet.attention(bank.house, now_ms=T0) if "lineage" in need.title)
    assert need.title == "2 models in production without full lineage"
    assert "credit_risk (environment)" in need.detail
    assert "prod.price (code, data, environment)" in need.detail


def test_a_source_that_was_never_synced_is_told(own) -> None:
    house, _ = own()
    assert _titles(house) == ["Source s was never synced"]


def test_a_failed_source_is_told_with_its_error_and_next_step(own, tmp_path: Path) -> None:
    house, _ = own()
    (tmp_path / "mlflow.db").unlink()
    with pytest.raises(SourceUnavailable):
        house.sync("s", silent)
    need = next(need for need in fleet.attention(house, now_ms=T0) if need.urgency == "now")
    assert need.title == "Source s cannot be read"
    assert "no file" in need.detail
    assert need.hint


def test_a_source_is_stale_after_three_missed_syncs_and_not_before(own) -> None:
    house, _ = own(interval_s=60)
    house.sync("s", silent)
    done = _now(house)
    assert _titles(house, done + 180_000) == []
    assert _titles(house, done + 180_001) == ["Source s is stale"]


def test_a_source_synced_on_demand_is_never_stale(own) -> None:
    house, _ = own(interval_s=0)
    house.sync("s", silent)
    assert _titles(house, _now(house) + 1000 * DAY_MS) == []


def test_a_candidate_without_production_is_a_note_that_leads_to_it(own) -> None:
    house, client = own()
    client.create_registered_model("new")
    client.create_model_version("new", "s3://bank/new")
    client.set_registered_model_alias("new", "challenger", "1")
    house.sync("s", silent)
    need = next(need for need in fleet.attention(house, now_ms=T0) if need.urgency == "note")
    assert need.title == "1 model with a candidate and nothing in production"
    assert (need.detail, dict(need.params)) == ("new", {"model": "s:new"})


def test_a_run_counts_as_forgotten_after_a_day(own) -> None:
    house, client = own()
    client.create_run("0", start_time=T0, run_name="forgotten")
    house.sync("s", silent)
    assert _titles(house, T0 + DAY_MS) == []
    assert _titles(house, T0 + DAY_MS + 1) == ["1 run said to be running for more than a day"]


def test_a_damaged_store_is_told_first(own) -> None:
    house, _ = own()
    house.facts.notice = SourceUnavailable("It was damaged.", hint="Sync again.")
    first = fleet.attention(house, now_ms=T0)[0]
    assert (first.urgency, first.detail, first.hint) == ("now", "It was damaged.", "Sync again.")


def test_a_failed_registration_is_told_at_once_and_a_pending_one_after_an_hour(own) -> None:
    house, client = own()
    client.create_registered_model("m")
    for _ in range(3):
        client.create_model_version("m", "s3://bank/m")
    house.sync("s", silent)
    with house.facts.transaction() as tx:
        tx.execute("UPDATE versions SET status = 'FAILED_REGISTRATION' WHERE version = '1'")
        tx.execute(f"UPDATE versions SET status = 'PENDING_REGISTRATION', created_ms = {T0} WHERE version = '2'")
    assert "1 version not ready to be used" in _titles(house, T0 + 3_600_000)
    assert "2 versions not ready to be used" in _titles(house, T0 + 3_600_001)


def test_an_observation_of_a_deleted_model_leads_nowhere(own) -> None:
    house, client = own()
    client.create_registered_model("gone")
    house.sync("s", silent)
    client.delete_registered_model("gone")
    house.sync("s", silent)
    change = next(c for c in fleet.changes(house, now_ms=_now(house)) if c.told.name == "gone")
    assert (change.told.text, change.told.sign, change.page) == ("was deleted from the registry", "gone", "")
