"""Features across models equal those counted by hand from the judged tables, and the fleet's health those verdicts."""

import json
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.errors import NotFound
from core.facts import judged
from core.facts.judged import DriftCell, Health
from core.services import features, find, fleet, fleet_health, health, models, policy_modes, profiling, watching
from core.services.house import House
from core.settings import load

DAY_MS = 86_400_000
NOW = int(datetime(2026, 11, 25, 12, tzinfo=UTC).timestamp() * 1000)
SHOWN = ("numeric", "categorical")


def cell(model: str, name: str, day: int, **more) -> DriftCell:
    given = {
        "model": model, "version": "1", "window_ms": day * DAY_MS, "end_ms": (day + 1) * DAY_MS, "part": "numeric",
        "name": name, "n": 90, "rows": 100, "unusable": 10, "p": 0.5, "adjusted": 0.5, "effect": 0.01, "psi": 0.02,
        "jensen_shannon": 0.01, "alarm": False, "drifted": False, "broken": False,
    }  # fmt: skip
    return DriftCell(**(given | more))


def verdict(model: str, category: str, outcome: str, version: str = "1") -> Health:
    return Health(
        model=model, category=category, version=version, outcome=outcome, reason=f"Because of {category}.", from_ms=0,
        end_ms=DAY_MS, n=100, details=(), policy="default", policy_version=1, profiled_ms=1, evaluated_ms=2,
    )  # fmt: skip


@pytest.fixture
def house(tmp_path: Path):
    house = House(load({}, tmp_path))
    house.switch("own")
    yield house
    house.close()


def keep(house: House, model: str, cells: list[DriftCell], *verdicts: Health) -> None:
    judged.keep(house.facts, model, cells, list(verdicts) or [verdict(model, "data_quality", "pass")])
    house.changed()


TODAY = NOW // DAY_MS


def test_the_demos_features_are_those_of_the_live_versions_counted_by_hand(profiled: House) -> None:
    raw = profiled.facts.rows("SELECT * FROM drift_cells")
    live = {one.model: one.version for one in judged.health(profiled.facts)}
    by_hand: dict[str, dict[str, list[dict]]] = defaultdict(lambda: defaultdict(list))
    for row in raw:
        if row["part"] in SHOWN and row["version"] == live[row["model"]]:
            by_hand[row["name"]][row["model"]].append(row)
    found = features.watched(profiled, now_ms=NOW)
    assert {one.name: {use.model for use in one.uses} for one in found} == {k: set(v) for k, v in by_hand.items()}
    assert len(found) > 50
    for one in found:
        for use in one.uses:
            rows = sorted(by_hand[one.name][use.model], key=lambda row: row["window_ms"])
            last, recent = rows[-1], [r for r in rows if r["window_ms"] >= (TODAY + 1 - 30) * DAY_MS]
            assert (use.effect, use.n, use.rows, use.unusable, use.end_ms) == tuple(
                last[key] for key in ("effect", "n", "rows", "unusable", "end_ms")
            )
            assert (use.alarms, use.windows) == (sum(r["alarm"] for r in recent), len(recent))
            assert (use.state == "drifted") == last["drifted"]
    assert Counter(one.state for one in found)["drifted"] >= 3


def test_one_feature_shows_its_windows_its_reference_and_the_findings_that_name_it(profiled: House) -> None:
    opened = features.opened(profiled, "RELP", now_ms=NOW)
    (use,) = opened.uses
    raw = profiled.facts.rows(
        "SELECT window_ms FROM drift_cells WHERE model = 'employment_screen' AND name = 'RELP' AND version = "
        "(SELECT any_value(version) FROM health WHERE model = 'employment_screen') ORDER BY window_ms"
    )
    assert [one.window_ms for one in use.cells] == [row["window_ms"] for row in raw]
    assert use.reference_rows > 1_000
    assert use.reference_unusable == 0
    named = [f for f in judged.findings(profiled.facts) if "RELP" in f.names and not f.withdrawn]
    assert {one.finding_id for one in opened.findings} == {one.finding_id for one in named} != set()
    later = features.opened(profiled, "RELP", from_ms=raw[10]["window_ms"], now_ms=NOW)
    assert len(later.uses[0].cells) == len(raw) - 10


def test_an_effect_that_the_last_window_cannot_tell_is_not_that_of_an_older_one(house: House) -> None:
    keep(house, "m", [cell("m", "x", TODAY - 2, effect=0.9), cell("m", "x", TODAY - 1, effect=None, p=None)])
    (one,) = features.watched(house, now_ms=NOW)
    assert one.uses[0].effect is None
    assert one.state == "nothing told"
    assert one.worst is None


def test_states_are_told_worst_first_and_scores_are_no_feature(house: House) -> None:
    for at, flags in enumerate(({"drifted": True, "alarm": True}, {"broken": True}, {"alarm": True}, {})):
        model = f"m{at}"
        keep(house, model, [
            cell(model, "x", TODAY - 1, effect=0.1 * (at + 1), unusable=at, **flags),
            cell(model, "", TODAY - 1, part="output"), cell(model, "", TODAY - 1, part="prediction"),
        ])  # fmt: skip
    (one,) = features.watched(house, now_ms=NOW)
    assert one.states == ["drifted", "broken", "alarm", "fine"]
    assert one.worst is not None
    assert one.worst.model == "m3"
    assert one.dirtiest.unusable_share == pytest.approx(0.03)
    assert (one.alarms, one.windows) == (2, 4)
    assert [use.last.state for use in features.opened(house, "x", now_ms=NOW).uses] == one.states


def test_a_version_that_is_not_judged_does_not_speak_for_the_model(house: House) -> None:
    cells = [cell("m", "x", TODAY - 1, version="1"), cell("m", "x", TODAY, version="2", drifted=True)]
    keep(house, "m", cells, verdict("m", "data_quality", "pass", "1"))
    (one,) = features.watched(house, now_ms=NOW)
    assert one.state == "fine"
    assert [use.version for use in one.uses] == ["1"]


def test_the_list_is_searched_filtered_and_sorted(house: House) -> None:
    keep(house, "alpha", [
        cell("alpha", "income", TODAY - 1, effect=0.3, drifted=True), cell("alpha", "age", TODAY - 1, effect=0.5),
        cell("alpha", "city", TODAY - 1, effect=0.1, broken=True, unusable=60),
    ])  # fmt: skip
    keep(house, "beta", [cell("beta", "age", TODAY - 1, alarm=True)])

    def names(**wanted) -> list[str]:
        return [one.name for one in features.listing(house, **wanted, now_ms=NOW)]

    assert names() == ["income", "city", "age"]
    assert names(changed=True) == ["income", "city"]
    assert names(text="BETA") == ["age"]
    assert names(text="alpha inc") == ["income"]
    assert names(text="nothing") == []
    assert names(order="effect") == ["age", "income", "city"]
    assert names(order="unusable") == ["city", "age", "income"]
    assert names(order="models") == ["age", "city", "income"]
    assert names(order="alarms") == ["age", "city", "income"]
    assert names(order="name") == ["age", "city", "income"]


def test_a_feature_that_no_model_uses_is_not_found_and_hostile_names_are_only_names(house: House) -> None:
    name = "<b>x</b>](javascript:alert(1)) & ?model=y\u202e"
    keep(house, "m", [cell("m", name, TODAY - 1)])
    assert features.opened(house, name, now_ms=NOW).name == name
    assert find.find(house, name)[0].params == (("feature", name),)
    with pytest.raises(NotFound):
        features.opened(house, "y", now_ms=NOW)


def test_a_feature_is_found_by_its_name(profiled: House) -> None:
    hit = find.find(profiled, "relp")[0]
    assert (hit.kind, hit.title, hit.page, hit.params) == ("feature", "RELP", "features", (("feature", "RELP"),))


def test_sixty_features_of_twenty_models_are_all_there(house: House) -> None:
    for at in range(20):
        model = f"m{at}"
        cells = [cell(model, f"x{x}", TODAY - day, effect=x / 100) for x in range(60) for day in range(1, 61)]
        keep(house, model, cells)
    assert len(features.listing(house, now_ms=NOW)) == 60
    assert sum(len(use.cells) for use in features.opened(house, "x7", now_ms=NOW).uses) == 20 * 60


# -- the health of the fleet ------------------------------------------------------------------------------------------


def test_the_fleets_health_is_that_of_the_verdicts(profiled: House) -> None:
    verdicts = defaultdict(set)
    for one in judged.health(profiled.facts):
        verdicts[one.model].add(one.outcome)
    found = fleet_health.standing(profiled)
    assert found.monitored == found.judged == len(verdicts) == 5
    assert found.failing == sum("fail" in outcomes for outcomes in verdicts.values()) > 0
    assert [model.worst for model in found.models] == sorted(
        (model.worst for model in found.models), key=health.ORDER.index
    )
    assert found.sentence.startswith(f"5 of {len(found.models)} models are monitored, {found.failing} fail")


def test_models_that_are_monitored_but_in_no_registry_are_there(profiled: House) -> None:
    # The logs were profiled without a sync: no model is registered in this house.
    assert not models.fleet(profiled)
    found = fleet_health.standing(profiled)
    assert found.unregistered == len(found.models) == 5
    assert {model.name for model in found.models} == set(health.fleet(profiled))


def test_the_maturity_of_labels_is_what_the_judgement_counted(profiled: House) -> None:
    checked = 0
    for model, verdicts in health.fleet(profiled).items():
        one = verdicts["performance"]
        told = watching.maturity(profiled, [model], now_ms=one.evaluated_ms)[model]
        for detail in one.details:
            if detail["metric"] == "mature_windows":
                assert told is not None
                assert (told.complete, told.windows) == (detail["value"], detail["n"])
                checked += 1
    assert checked >= 4


def test_labels_mature_as_time_goes_by(profiled: House) -> None:
    def complete(now_ms: int) -> int:
        found = watching.maturity(profiled, ["credit_risk"], now_ms=now_ms)["credit_risk"]
        assert found is not None
        return found.complete

    windows = watching.maturity(profiled, ["credit_risk"], now_ms=NOW)["credit_risk"]
    assert windows is not None
    assert complete(0) == 0
    assert 0 < complete(NOW) < windows.windows
    assert complete(NOW + 400 * DAY_MS) == windows.windows


def test_each_failing_model_is_one_need_and_many_are_told_together(house: House) -> None:
    for at in range(10):
        keep(house, f"m{at}", [], verdict(f"m{at}", "fairness", "fail"), verdict(f"m{at}", "business", "pass"))
    keep(house, "fine", [], verdict("fine", "fairness", "not enough data"))
    keep(house, "worst", [], verdict("worst", "fairness", "fail"), verdict("worst", "data_quality", "fail"))
    needs = fleet_health.failing(house)
    assert needs[0].title == "worst (version 1) fails Data quality and Fairness"
    assert needs[0].params == (("model", "worst"),)
    assert len(needs) == fleet_health.SINGLE_NEEDS + 1
    assert needs[-1].title == f"{11 - fleet_health.SINGLE_NEEDS} more models fail something"
    assert set(needs) <= set(fleet.attention(house, now_ms=NOW))
    assert {need.urgency for need in needs} == {"note"}  # a policy begins by observing
    policy_modes.set_mode(house, ["m3"], "fairness", "warn", "Look at it.")
    first, second = fleet_health.failing(house)[:2]
    assert (first.params, first.urgency) == ((("model", "m3"),), "now")
    assert (second.params, second.urgency) == ((("model", "worst"),), "note")


def test_the_list_of_models_has_verdicts_and_is_narrowed_by_them(demo: House) -> None:
    names = sorted(model.name for model in models.fleet(demo))
    before = judged.health(demo.facts)
    try:
        keep(demo, names[0], [], verdict(names[0], "fairness", "fail"), verdict(names[0], "business", "pass"))
        found = models.listing(demo, health="fail")
        assert [model.name for model in found.models] == [names[0]]
        assert found.table.column("health_business").to_pylist() == ["pass"]
        assert models.listing(demo, health="not judged").total == len(names) - 1
        assert models.csv(demo, health="fail").decode().count("\n") == 2
        (row,) = [model for model in fleet_health.standing(demo).models if model.worst == "fail"]
        assert (row.name, row.version) == (names[0], "1")
    finally:
        judged.keep(demo.facts, names[0], [], [one for one in before if one.model == names[0]])
        demo.changed()


def test_a_monitor_of_one_source_stands_for_that_sources_model_alone(house: House, tmp_path: Path) -> None:
    folder = house.settings.monitors
    folder.mkdir(parents=True, exist_ok=True)
    said = {
        "model": "twin", "source": "a", "task": "binary", "log": {"files": "log/*.parquet"}, "fixed_version": "1",
        "timestamp": {"column": "t"}, "id": "id", "score": "s", "features": {"all": True},
        "reference": {"since": "2026-01-01", "until": "2026-02-01"},
    }  # fmt: skip
    (folder / "twin.yaml").write_text(json.dumps(said))
    assert set(watching.verdicts(house, ["a:twin", "b:twin", "a:other"])) == {"a:twin"}
    keep(house, "twin", [], replace(verdict("twin", "fairness", "fail")))
    assert watching.verdicts(house, ["a:twin"])["a:twin"]["fairness"].outcome == "fail"
    (folder / "twin.yaml").unlink()
    assert set(profiling.monitors(house).monitors) == set()
