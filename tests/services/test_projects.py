"""Projects: made, changed, archived; what a preview tells; rights on single things; rows are shown by right alone."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from core.errors import Conflict, Invalid, NotAllowed, NotFound
from core.facts.narrowed import Narrowed, Seen
from core.facts.profiles import FOREVER
from core.governance.projects import Rule, rule_from
from core.governance.rights import Actor, Grant
from core.ledger import people
from core.ledger.schema import audit_events
from core.services import (
    accounts,
    demo_people,
    demo_projects,
    identity,
    profile_rows,
    profiling,
    project_preview,
    projects,
    runs,
    scope,
    sources,
    work,
)  # fmt: skip
from core.services.house import House, silent
from core.services.projects import Draft
from core.settings import load

CREDIT = {"clauses": [{"tags": ["team=retail-credit"]}]}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """The demo without its logs, with its people and projects."""
    house = House(load({}, tmp_path))
    house.sync("demo", silent)
    demo_people.furnish(house.ledger)
    demo_projects.furnish(house.ledger)
    yield house
    house.close()


def by(house: House, login: str) -> House:
    with house.ledger.reading() as connection:
        row = people.by_login(connection, login)
    return house.by(identity.actor_of_person(house, row["id"], "demo"))


def named(house: House, name: str) -> projects.Project:
    return next(found for found in projects.listing(house, archived=True) if found.name == name)


def events(house: House, action: str) -> list[dict]:
    query = sa.select(audit_events).where(audit_events.c.action == action).order_by(audit_events.c.seq)
    return [row | {"payload": json.loads(row["payload"])} for row in house.ledger.rows(query)]


def test_a_project_is_made_changed_archived_and_restored_with_an_event_each(house: House) -> None:
    admin = by(house, "j.baumann")
    made = projects.save(admin, Draft(name=" Cars  and more ", rule=rule_from({"clauses": [{"models": ["car_*"]}]})))
    found = projects.one(admin, made)
    assert (found.name, found.models, found.versions, found.experiments) == ("Cars and more", 1, 5, 0)
    draft = Draft(name="Cars", rule=found.rule)
    assert projects.save(admin, draft, project=made, revision=1) == made
    assert projects.save(admin, draft, project=made, revision=2) == made  # nothing new: nothing written
    projects.archive(admin, made, revision=2)
    assert made not in {p.id for p in projects.listing(admin)}
    projects.restore(admin, made, revision=3)
    told = [(e["action"], e["payload"]) for e in map(dict, events(house, "project.changed"))]
    assert told == [("project.changed", {"before": {"name": "Cars and more"}, "after": {"name": "Cars"}})]
    assert [h.action for h in projects.history(admin, made)] == [
        "project.restored", "project.archived", "project.changed", "project.added",
    ]  # fmt: skip


def test_two_who_change_the_same_project_do_not_overwrite_each_other(house: House) -> None:
    found = named(house, "Retail credit")
    projects.save(house, Draft(name="First", rule=found.rule), project=found.id, revision=found.revision)
    with pytest.raises(Conflict):
        projects.save(house, Draft(name="Second", rule=found.rule), project=found.id, revision=found.revision)
    with pytest.raises(Conflict):
        projects.archive(house, found.id, revision=found.revision)
    assert projects.one(house, found.id).name == "First"


@pytest.mark.parametrize(
    ("draft", "field"),
    [
        (Draft(name="retail CREDIT", rule=Rule()), "name"),
        (Draft(name=" ", rule=Rule()), "name"),
        (Draft(name="x" * 101, rule=Rule()), "name"),
        (Draft(name="a\x00b", rule=Rule()), "name"),
        (Draft(name="ok", description="x" * 1_001, rule=Rule()), "description"),
        (Draft(name="ok", rule=Rule(), owner="t_none"), "owner"),
    ],
)
def test_what_cannot_be_a_project_is_refused_whole(house: House, draft: Draft, field: str) -> None:
    before = house.ledger.head()
    with pytest.raises(Invalid) as refused:
        projects.save(house, draft)
    assert refused.value.field == field
    assert house.ledger.head() == before


def test_an_archived_name_is_free_and_then_taken(house: House) -> None:
    old = named(house, "Retail credit")
    projects.archive(house, old.id, revision=old.revision)
    projects.save(house, Draft(name="Retail credit", rule=old.rule))
    with pytest.raises(Invalid):
        projects.restore(house, old.id, revision=old.revision + 1)


def test_a_preview_tells_what_comes_what_leaves_and_who_loses_sight(house: House) -> None:
    found = named(house, "Retail credit")
    rule = rule_from({"clauses": [{"models": ["c*"]}]})
    told = project_preview.preview(house, rule, project=found.id)
    assert {t.name for t in told.models} == {"car_price", "consumer_loan", "credit_risk"}
    assert {t.name for t in told.comes} == {"car_price", "consumer_loan"}
    assert {t.kind for t in told.leaves} == {"experiment"}
    assert len(told.leaves) == 4
    assert {t.name for t in told.alone} == {"credit_risk"}
    assert {(o.name, o.models) for o in told.overlaps} == {("Consumer finance", 1), ("Onboarding & motor", 1)}
    assert (len(told.losing.people), len(told.losing.models), len(told.losing.experiments)) == (1, 0, 4)
    with house.ledger.transaction(actor="system", now_ms=1) as tx:  # who sees it elsewhere loses nothing
        accounts.give_role(tx, by(house, "n.haddad").actor.id, "viewer", None)
    assert not project_preview.preview(house, rule, project=found.id).losing.people


def test_only_those_who_may_change_projects_preview_and_save(house: House) -> None:
    nadia = by(house, "n.haddad")
    for refused in (
        lambda: project_preview.preview(nadia, Rule()), lambda: projects.save(nadia, Draft(name="x", rule=Rule())),
        lambda: projects.archive(nadia, named(nadia, "Retail credit").id, revision=1),
        lambda: project_preview.known(nadia),
    ):  # fmt: skip
        with pytest.raises(NotAllowed):
            refused()
    assert [p.name for p in projects.listing(nadia)] == ["Retail credit"]
    with pytest.raises(NotFound):
        projects.one(nadia, named(house, "Consumer finance").id)


def test_a_changed_rule_changes_what_is_seen_at_once_and_other_events_do_not(house: House) -> None:
    nadia, found = by(house, "n.haddad"), named(house, "Retail credit")
    before = nadia.sight
    assert runs.search(nadia, runs.RunQuery()).total == 117
    projects.save(house, Draft(name="Another", rule=found.rule))
    assert nadia.sight == before
    narrower = rule_from({"clauses": [{"experiments": ["credit-risk/seeds"]}]})
    projects.save(house, Draft(name=found.name, rule=narrower), project=found.id, revision=found.revision)
    assert nadia.sight != before
    assert runs.search(nadia, runs.RunQuery()).total == 28
    projects.archive(house, found.id, revision=found.revision + 1)
    assert runs.search(nadia, runs.RunQuery()).total == 0
    assert nadia.sources == {}


def test_a_right_on_a_thing_comes_through_a_project(house: House) -> None:
    nadia, credit = by(house, "n.haddad"), named(house, "Retail credit").id
    run = runs.search(nadia, runs.RunQuery()).table.to_pylist()[0]
    for kind, ref in (
        ("model", "demo:credit_risk"), ("log", "credit_risk"), ("source", "demo"), ("experiment", "demo:2"),
        ("run", f"demo:{run['run_id']}"),
    ):  # fmt: skip
        assert scope.project_of(nadia, kind, ref, "operate") == credit
        assert scope.project_of(house, kind, ref, "operate") is None
        assert not scope.may(nadia, kind, ref, "inventory")
        with pytest.raises(NotAllowed):
            scope.project_of(nadia, kind, ref, "inventory")
    with pytest.raises(NotFound):
        scope.project_of(nadia, "model", "demo:car_price", "operate")


def test_a_right_in_one_project_does_not_reach_what_is_seen_through_another(house: House) -> None:
    grants = (
        Grant(role="viewer", project=named(house, "Onboarding & motor").id),
        Grant(role="contributor", project=named(house, "Retail credit").id),
    )
    both = house.by(Actor(id="p_both", kind="person", premises="demo", grants=grants))
    assert both.scope.models == {"demo:credit_risk", "demo:car_price", "demo:employment_screen"}
    with pytest.raises(NotAllowed):
        scope.project_of(both, "model", "demo:car_price", "operate")
    with pytest.raises(NotAllowed):
        profiling.start(both, "car_price")
    with pytest.raises(NotFound):
        profiling.start(both, "consumer_loan")


def test_a_sync_by_a_member_tells_no_numbers_of_the_whole_source(house: House) -> None:
    nadia = by(house, "n.haddad")
    job = sources.start_sync(nadia, "demo")
    house.jobs.wait(job.id, 60)
    assert house.jobs.get(job.id).result["read"] >= 0
    assert work.job(nadia, job.id).result is None
    with pytest.raises(NotAllowed):
        sources.start_sync(nadia, "demo", which="own")


def test_every_table_of_the_facts_is_narrowed(house: House) -> None:
    nobody = Narrowed(house.facts, Seen(experiments=frozenset(), models=frozenset()))
    found = house.facts.rows("SELECT table_name AS name FROM duckdb_tables() WHERE NOT temporary")
    assert len(found) >= 12
    held = {row["name"]: nobody.rows(f"SELECT count(*) AS n FROM {row['name']}")[0]["n"] for row in found}
    assert set(held.values()) == {0}
    nobody.close()
    assert nobody.rows("SELECT count(*) AS n FROM runs") == [{"n": 0}]  # a sight that was let go still narrows


def page(house: House, part: str = "") -> dict:
    return profile_rows.page(
        house, "credit_risk", version="", role="serving", part=part, name="", segment="", groups=False, from_ms=-1,
        to_ms=FOREVER, offset=0, limit=1_000,
    )  # fmt: skip


def test_rows_are_given_by_right_and_each_look_is_audited(glimpsed: House) -> None:
    demo_people.furnish(glimpsed.ledger)
    demo_projects.furnish(glimpsed.ledger)
    viewer, nadia, lead = (by(glimpsed, login) for login in ("t.moreau", "n.haddad", "a.lindqvist"))
    before = len(events(glimpsed, "rows.viewed"))
    for without in (viewer, nadia):
        found = page(without, "sample")
        assert found["items"] == []
        assert found["left_out"]["parts"] == found["total"] > 0
        assert "rows" in found["left_out"]["why"]
    assert not any(item["data"].get("examples") for item in page(viewer, "categorical")["items"])
    assert len(events(glimpsed, "rows.viewed")) == before
    seen = page(lead, "sample")
    assert seen["left_out"] is None
    told = events(glimpsed, "rows.viewed")[before:]
    assert [(e["actor"], e["subject"]) for e in told] == [(lead.actor.id, "model:credit_risk")]
    assert told[0]["payload"]["rows"] == sum(len(item["data"]["rows"]) for item in seen["items"]) > 0
    assert page(lead, "numeric")["left_out"] is None
    assert len(events(glimpsed, "rows.viewed")) == before + 1  # no rows, no event
