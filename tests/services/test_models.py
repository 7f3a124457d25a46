"""The list of models and one model whole, held against MLflow's own file."""

import csv
import io
import math

import pytest

from core.errors import NotFound
from core.services import models, versions
from core.services.fleet import glance
from core.services.house import House, silent
from tests.mlflow_population import T0


def _names(listing: models.Listing) -> list[str]:
    return [model.name for model in listing.models]


def _one(house: House, name: str) -> models.FleetModel:
    return next(model for model in models.fleet(house) if model.name == name)


# -- the list -------------------------------------------------------------------------------------------------------


def test_lists_every_model_by_name(demo: House, raw) -> None:
    names = [row[0] for row in raw.execute("SELECT name FROM registered_models ORDER BY lower(name)")]
    assert _names(models.listing(demo)) == names


def test_each_model_counts_its_versions_and_names_the_newest(demo: House, raw) -> None:
    rows = raw.execute(
        "SELECT name, count(*) AS n, max(version) AS newest FROM model_versions GROUP BY name"
    ).fetchall()
    assert {m.name: (m.versions, m.newest) for m in models.fleet(demo)} == {
        row["name"]: (row["n"], str(row["newest"])) for row in rows
    }


def test_aliases_are_those_of_the_registry(demo: House, raw) -> None:
    rows = raw.execute("SELECT name, alias, version FROM registered_model_aliases").fetchall()
    for model in models.fleet(demo):
        assert sorted(model.aliases) == sorted(
            f"{row['alias']} → v{row['version']}" for row in rows if row["name"] == model.name
        )


def test_tags_are_those_of_the_registry(demo: House, raw) -> None:
    rows = raw.execute("SELECT name, key, value FROM registered_model_tags").fetchall()
    for model in models.fleet(demo):
        assert sorted(model.tags) == sorted(f"{row['key']}={row['value']}" for row in rows if row["name"] == model.name)


def test_a_version_in_production_speaks_for_its_model_though_newer_ones_exist(demo: House) -> None:
    model = _one(demo, "credit_risk")
    assert (model.stage, model.production, model.speaker, model.newest) == ("production", ("3",), "3", "7")


def test_without_production_the_newest_version_speaks(demo: House) -> None:
    model = _one(demo, "dev.income_band")
    assert (model.stage, model.production, model.speaker) == ("development", (), "5")


def test_a_model_without_versions_has_no_speaker_and_no_lineage(bank) -> None:
    model = _one(bank.house, "empty model")
    assert (model.stage, model.versions, model.newest, model.speaker, model.lineage) == ("", 0, None, None, None)


def test_gaps_are_parts_that_production_lacks(bank) -> None:
    assert _one(bank.house, "prod.price").gaps == ("code", "data", "environment")
    assert _one(bank.house, "credit_risk").gaps == ("environment",)


def test_versions_are_ordered_as_numbers(own) -> None:
    house, client = own()
    client.create_registered_model("m")
    for _ in range(11):
        client.create_model_version("m", "s3://bank/m")
    house.sync("s", silent)
    assert _one(house, "m").newest == "11"
    assert [v.version for v in versions.opened(house, "s:m").versions] == [str(n) for n in range(11, 0, -1)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("INCOME band", ["dev.income_band", "prod.income_band"]),
        ("team=motor", ["car_price"]),
        ("champion", ["credit_risk", "employment_screen"]),
        ("credit zzz", []),
        ("%", []),
        ("'; DROP TABLE models; --", []),
    ],
)
def test_text_finds_models_that_hold_every_word(demo: House, text: str, expected: list[str]) -> None:
    assert _names(models.listing(demo, text=text)) == expected


def test_a_stage_finds_models_with_a_version_in_it(demo: House, raw) -> None:
    archived = raw.execute("SELECT DISTINCT name FROM model_versions WHERE current_stage = 'Archived'").fetchall()
    archived = {row["name"] for row in archived}
    assert archived <= set(_names(models.listing(demo, stage="archived")))


@pytest.mark.parametrize("stage", models.STAGES)
def test_a_stage_finds_as_many_models_as_the_overview_counts(demo: House, stage: str) -> None:
    counted = {count.stage: count.models for count in glance(demo, now_ms=T0).stages}
    assert models.listing(demo, stage=stage).total == counted[stage]


def test_a_source_that_is_not_there_has_no_models(demo: House) -> None:
    assert models.listing(demo, source="demo").total == len(models.fleet(demo))
    assert models.listing(demo, source="other").total == 0


def test_a_gap_finds_models_whose_speaker_lacks_the_part(bank) -> None:
    assert "credit_risk" in _names(models.listing(bank.house, gap="environment"))
    assert "credit_risk" not in _names(models.listing(bank.house, gap="code"))
    assert "prod.price" in _names(models.listing(bank.house, gap="any"))


def test_pages_cut_the_list_and_keep_the_total(demo: House) -> None:
    whole = _names(models.listing(demo))
    page = models.listing(demo, limit=2, offset=2)
    assert (_names(page), page.total) == (whole[2:4], len(whole))


def test_the_table_says_which_parts_are_there(bank) -> None:
    rows = {row["name"]: row for row in models.listing(bank.house).table.to_pylist()}
    parts = ("code", "data", "model", "environment")
    assert [rows["prod.price"][part] for part in parts] == [False, False, True, False]
    assert [rows["empty model"][part] for part in parts] == [None] * 4


def test_csv_holds_every_listed_model_with_its_values(demo: House) -> None:
    rows = list(csv.DictReader(io.StringIO(models.csv(demo, text="credit").decode())))
    assert [row["name"] for row in rows] == ["credit_risk"]
    assert (rows[0]["versions"], rows[0]["production"]) == ("7", "3")
    assert set(rows[0]["tags"].split("; ")) == set(_one(demo, "credit_risk").tags)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_csv_starts_no_formula(start: str) -> None:
    assert models._cell(f"{start}cmd()") == f"'{start}cmd()"


def test_no_cell_of_a_csv_of_hostile_models_starts_a_formula(own) -> None:
    house, client = own()
    client.create_registered_model("=1+1", description='=HYPERLINK("http://evil")', tags={"-a": "b"})
    house.sync("s", silent)
    cells = [cell for row in csv.reader(io.StringIO(models.csv(house).decode())) for cell in row]
    assert "'=1+1" in cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]


# -- one model ------------------------------------------------------------------------------------------------------


def test_an_unknown_model_is_not_found(demo: House) -> None:
    with pytest.raises(NotFound, match="no model 'nothing'"):
        versions.opened(demo, "demo:nothing")


def test_an_unknown_version_is_not_found(demo: House) -> None:
    with pytest.raises(NotFound, match="no version '99'"):
        versions.version(demo, "demo:credit_risk", "99")


def test_a_ref_without_a_source_is_not_found(demo: House) -> None:
    with pytest.raises(NotFound):
        versions.opened(demo, "credit_risk")


def test_every_version_equals_the_registrys(demo: House, raw) -> None:
    for row in raw.execute("SELECT * FROM model_versions"):
        found = versions.version(demo, f"demo:{row['name']}", str(row["version"]))
        tags = raw.execute(
            "SELECT key, value FROM model_version_tags WHERE name = ? AND version = ?", (row["name"], row["version"])
        ).fetchall()
        assert dict(found.tags) == {tag["key"]: tag["value"] for tag in tags}
        assert (found.description or "", found.status) == (row["description"] or "", row["status"])
        assert (found.created_ms, found.updated_ms) == (row["creation_time"], row["last_updated_time"])
        assert (found.run.run_id if found.run else "") == (row["run_id"] or "")


def test_a_version_shows_the_last_metrics_and_params_of_its_run(demo: House, raw) -> None:
    found = versions.version(demo, "demo:credit_risk", "3")
    run_id = raw.execute("SELECT run_id FROM model_versions WHERE name = 'credit_risk' AND version = 3").fetchone()[0]
    metrics = raw.execute(
        "SELECT key, value FROM latest_metrics WHERE run_uuid = ? AND is_nan = 0", (run_id,)
    ).fetchall()
    params = raw.execute("SELECT key, value FROM params WHERE run_uuid = ?", (run_id,)).fetchall()
    assert len(metrics) > 3
    assert {k: v for k, v in found.metrics.items() if not math.isnan(v)} == {m["key"]: m["value"] for m in metrics}
    assert dict(found.params) == {p["key"]: p["value"] for p in params}


def test_a_version_without_a_run_has_none(demo: House) -> None:
    vendor = versions.version(demo, "demo:credit_risk", "6")
    assert (vendor.run, dict(vendor.metrics), dict(vendor.params)) == (None, {}, {})
    assert "code" in vendor.lineage.missing


def test_lineage_evidence_of_a_version_names_the_commit_of_its_run(bank) -> None:
    found = versions.version(bank.house, "s:credit_risk", "2")
    code = next(part for part in found.lineage.parts if part.name == "code")
    assert [evidence.value for evidence in code.evidence] == [f"{1:040x}"]


def test_events_date_registrations_as_the_registry_does(demo: House, raw) -> None:
    model = versions.opened(demo, "demo:credit_risk")
    rows = raw.execute("SELECT version, creation_time FROM model_versions WHERE name = 'credit_risk'").fetchall()
    told = {event.told.version: event.seen_ms for event in model.events if event.kind == "version"}
    assert told == {str(row["version"]): row["creation_time"] for row in rows}
    assert [event.seen_ms for event in model.events if event.kind == "model"] == [model.created_ms]


def test_events_come_newest_first(demo: House) -> None:
    times = [event.seen_ms for event in versions.opened(demo, "demo:credit_risk").events]
    assert times == sorted(times, reverse=True)


def test_an_alias_found_at_the_first_sync_is_told_as_found(bank) -> None:
    events = versions.opened(bank.house, "s:credit_risk").events
    champion = next(event for event in events if event.kind == "alias" and "champion" in event.told.text)
    assert champion.baseline
    assert champion.told.text == "champion already pointed to version 2"


def test_events_of_one_model_hold_none_of_a_model_whose_name_begins_alike(own) -> None:
    house, client = own()
    for name in ("m", "m2", "m@a"):
        client.create_registered_model(name)
        client.create_model_version(name, "s3://bank/m")
        client.set_registered_model_alias(name, "champion", "1")
    house.sync("s", silent)
    assert {event.told.name for event in versions.opened(house, "s:m").events} == {"m"}
    assert {event.told.name for event in versions.opened(house, "s:m@a").events} == {"m@a"}
