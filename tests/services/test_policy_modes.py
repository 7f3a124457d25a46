"""Modes of the policy: who may raise and lower them; policy versions kept by their content."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import Conflict, Invalid, NotAllowed, NotFound
from core.governance.policy import CATEGORIES
from core.services import audit, demo_findings, demo_people, policies, policy_files, policy_modes
from core.services.house import House
from core.services.policy_modes import Modes, mode, needed, set_mode
from tests.inventories import house_of, seen_by
from tests.observed import finding, observe

Made = tuple[House, dict[str, str]]


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Made]:
    house, ids = house_of(tmp_path)
    observe(house, [finding("f_1", "credit"), finding("f_2", "fraud")])
    yield house, ids
    house.close()


def test_every_model_is_observed_until_somebody_decides(made: Made) -> None:
    house, ids = made
    assert set(policy_modes.modes(house)) == {"credit", "fraud"}
    assert {mode(house, "credit", each) for each in CATEGORIES} == {"observe"}
    ada = seen_by(house, ids, "ada")
    assert set_mode(ada, ["credit", "fraud", "credit"], "all", "warn", "Known well.") == ("credit", "fraud")
    assert set_mode(ada, ["credit"], "fairness", "enforce") == ("credit",)
    assert set_mode(ada, ["credit"], "fairness", "enforce") == ()
    assert (mode(house, "credit", "fairness"), mode(house, "credit", "business")) == ("enforce", "warn")
    lines = [line.said for line in audit.search(house, audit.Query()).lines]
    assert "Ada Lovelace set the policy for credit to enforce (fairness)" in lines
    opened = audit.event(house, house.ledger.head()[0])
    assert [(one.field, one.before, one.after) for one in opened.changes] == [("fairness", "warn", "enforce")]


@pytest.mark.parametrize(
    ("login", "before", "after", "allowed"),
    [
        ("ada", "observe", "warn", True), ("ada", "warn", "enforce", True), ("ada", "warn", "observe", True),
        ("ada", "enforce", "warn", False), ("cleo", "enforce", "observe", True), ("cleo", "observe", "warn", True),
        ("finn", "observe", "warn", False), ("dan", "observe", "warn", False), ("ben", "warn", "observe", False),
    ],
)  # fmt: skip
def test_lowering_from_enforce_is_a_decision(made: Made, login: str, before: str, after: str, allowed: bool) -> None:
    house, ids = made
    if before != "observe":
        set_mode(house, ["credit"], "all", before)
    if allowed:
        assert set_mode(seen_by(house, ids, login), ["credit"], "all", after) == ("credit",)
    else:
        with pytest.raises(NotAllowed):
            set_mode(seen_by(house, ids, login), ["credit", "fraud"], "all", after)
    assert mode(house, "credit", "fairness") == (after if allowed else before)
    assert mode(house, "fraud", "fairness") == "observe"


def test_a_change_that_lowers_and_raises_needs_both_rights() -> None:
    held = Modes(model="m", stated={"all": "observe", "fairness": "enforce"})
    assert needed(held, {"all": "warn"}) == ("decide", "inventory")
    assert needed(held, {"all": "observe"}) == ("decide",)
    assert needed(held, {"all": "enforce"}) == ("inventory",)


def test_what_cannot_be_is_refused(made: Made) -> None:
    house, _ = made
    for models, category, wanted in (([], "all", "warn"), (["credit"], "cost", "warn"), (["credit"], "all", "off")):
        with pytest.raises(Invalid):
            set_mode(house, models, category, wanted)
    with pytest.raises(NotFound):
        set_mode(house, ["credit", "nothing"], "all", "warn")
    assert mode(house, "credit", "fairness") == "observe"


def test_a_version_that_judged_never_changes(made: Made) -> None:
    house, ids = made
    held = policy_files.policy(house)
    assert policies.known(house) == ()
    digest = policies.publish(house, held)
    head = house.ledger.head()
    assert policies.publish(house, held) == digest
    assert house.ledger.head() == head
    (one,) = policies.known(house)
    assert (one.name, one.version, one.hash) == ("default", held.version, digest)
    assert type(held).model_validate(one.content) == held
    other = held.model_copy(update={"title": "Softer"})
    with pytest.raises(Conflict) as refused:
        policies.publish(house, other)
    assert "Raise `version`" in refused.value.hint
    policies.publish(house, other.model_copy(update={"version": held.version + 1}))
    assert [one.version for one in policies.known(house)] == [held.version + 1, held.version]
    with pytest.raises(NotAllowed):
        policies.publish(seen_by(house, ids, "dan"), held)


def test_the_demo_gets_its_modes_and_answers_once(demo: House, tmp_path: Path) -> None:
    from core.settings import load

    house = House(load({}, tmp_path))
    try:
        house.switch("demo")
        demo_people.furnish(house.ledger)
        stores = house.stores("demo")
        demo_findings.furnish(house.ledger)
        demo_findings.furnish_answers(house.ledger, stores.facts)
        head = house.ledger.head()[0]
        observe(house, [finding("f_1", "credit_risk"), finding("f_2", "credit_risk", cleared_ms=5)])
        demo_findings.furnish(house.ledger)
        assert house.ledger.head()[0] == head
        for _ in range(2):
            demo_findings.furnish_answers(house.ledger, stores.facts)
        assert house.ledger.head()[0] == head + 1
        assert mode(house, "credit_risk", "fairness") == "warn"
    finally:
        house.close()
