"""Findings as people see and answer them: states, filters, groups, owners, rights, scope, conflicts, erasing."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from core.errors import Conflict, Invalid, NotAllowed, NotFound
from core.governance.projects import rule_from
from core.governance.rights import Actor, Grant
from core.ledger.schema import audit_events
from core.services import audit, erasing, findings, findings_answer, inventory_edits, policy_modes, projects
from core.services.findings import Query
from core.services.findings_answer import answer
from core.services.house import House, now_ms
from core.services.projects import Draft
from tests.inventories import house_of, seen_by
from tests.observed import DAY, finding, observe

Made = tuple[House, dict[str, str]]
A, B, C, D = (f"f_{letter * 16}" for letter in "abcd")
SECRET = "Zoë says the vendor changed the form."


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Made]:
    """Models credit and fraud are warned about; price is only observed."""
    house, ids = house_of(tmp_path)
    now = now_ms()
    observe(house, [
        finding(A, "credit", last_ms=now - 2 * DAY, first_ms=now - 3 * DAY, severity="high"),
        finding(B, "fraud", last_ms=now - DAY, first_ms=now - 10 * DAY),
        finding(C, "fraud", category="fairness", cause="unfair:sex", names=("sex=female",), severity="low",
                first_ms=now - 40 * DAY, last_ms=now - 40 * DAY, title="Unfair", reason="Gap."),
        finding(D, "price", last_ms=now - DAY, first_ms=now - DAY, names=("income", "age"), source="logs/credit"),
    ])  # fmt: skip
    policy_modes.set_mode(house, ["credit", "fraud"], "all", "warn")
    yield house, ids
    house.close()


def ids_of(house: House, **told: str) -> list[str]:
    return [one.id for one in findings.listing(house, Query(**told), now_ms()).items]


def state(house: House, one: str, at_ms: int | None = None) -> str:
    return findings.one(house, one, at_ms or now_ms()).state


def test_the_worst_come_first_and_what_is_observed_asks_nobody(made: Made) -> None:
    house, _ = made
    assert ids_of(house) == [A, B, C]
    assert ids_of(house, shown="observed") == [D]
    assert ids_of(house, shown="all") == [A, B, D, C]
    assert findings.counts(house) == {"credit": {"data_quality": 1}, "fraud": {"data_quality": 1, "fairness": 1}}
    found = findings.listing(house, Query(), now_ms())
    assert (found.known, dict(found.counts)) == (
        4, {"open": 3, "observed": 1, "snoozed": 0, "resolved": 0, "all": 4}
    )  # fmt: skip


@pytest.mark.parametrize(
    ("told", "wanted"),
    [
        ({"category": "fairness"}, [C]), ({"severity": "high"}, [A]), ({"age": "7"}, [A]), ({"age": "30"}, [B]),
        ({"age": "older"}, [C]), ({"model": "fraud"}, [B, C]), ({"text": "INCOME drift"}, [A, B]),
        ({"text": "sex=female"}, [C]), ({"text": "unfair credit"}, []), ({"state": "observed"}, [D]),
        ({"state": "open"}, [A, B, C]), ({"project": "pr_none"}, []),
    ],
)  # fmt: skip
def test_filters_narrow(made: Made, told: dict[str, str], wanted: list[str]) -> None:
    assert ids_of(made[0], **told) == wanted


@pytest.mark.parametrize("name", ["category", "severity", "age", "state", "shown"])
def test_a_filter_that_means_nothing_is_refused(made: Made, name: str) -> None:
    with pytest.raises(Invalid) as refused:
        findings.listing(made[0], Query(**{name: "<b>"}), now_ms())
    assert refused.value.field == name


def test_a_project_and_its_team_narrow(made: Made) -> None:
    house, _ = made
    project = projects.save(house, Draft(name="Credit", rule=rule_from({"clauses": [{"models": ["credit"]}]})))
    assert ids_of(house, project=project, shown="all") == [A]


def test_findings_that_share_a_feature_or_a_log_stand_together(made: Made) -> None:
    house, _ = made
    first, second = findings.groups(house, Query(shown="all"), now_ms())
    assert (first.by, first.shared, first.models) == ("features", ("income",), ("credit", "fraud", "price"))
    assert (first.severity, second.by, second.models) == ("high", "alone", ("fraud",))


def test_answers_change_states_and_leave_a_trail(made: Made) -> None:
    house, ids = made
    ada = seen_by(house, ids, "ada")
    assert answer(ada, [A, B], "acknowledge", revisions={A: 0, B: 0}) == {A: 1, B: 1}
    assert answer(ada, [A, B], "acknowledge", revisions={A: 1, B: 1}) == {}, "nothing changes, nothing is written"
    until = now_ms() + DAY
    answer(ada, [A], "snooze", until_ms=until, revisions={A: 1})
    assert (state(house, A), state(house, A, until)) == ("snoozed", "open")
    assert findings.one(house, A, until).again == "snooze over"
    answer(ada, [B], "resolve", reason=f" {SECRET}\r\n", revisions={B: 1})
    assert (state(house, B), ids_of(house), ids_of(house, shown="resolved")) == ("resolved", [C], [B])
    answer(ada, [A, B], "reopen", revisions={A: 2, B: 2})
    assert (state(house, A), state(house, B)) == ("open", "open")
    acts = [(one.act, one.who, one.reason) for one in findings_answer.history(house, B)]
    assert acts == [
        ("reopened", "Ada Lovelace", ""), ("resolved", "Ada Lovelace", SECRET), ("acknowledged", "Ada Lovelace", "")
    ]  # fmt: skip
    said = audit.search(house, audit.Query()).lines
    assert "Ada Lovelace resolved a finding of fraud: drift" in [line.said for line in said]
    rows = house.ledger.rows(sa.select(audit_events.c.payload))
    assert not any("Zo" in row["payload"] for row in rows)


def test_what_was_resolved_opens_when_it_breaks_again(made: Made) -> None:
    house, _ = made
    answer(house, [A], "resolve", reason="Fixed.", revisions={A: 0})
    later = now_ms() + DAY
    observe(house, [finding(A, "credit", last_ms=later, end_ms=later + DAY, seen_ms=later)])
    found = findings.one(house, A, later + DAY)
    assert (found.state, found.again) == ("open", "broken")
    assert answer(house, [A], "resolve", reason="Once more.", revisions={A: 1}) == {A: 2}


def test_what_data_ended_is_not_answered_and_nothing_else_is_written(made: Made) -> None:
    house, _ = made
    observe(house, [finding(B, "fraud", cleared_ms=now_ms(), seen_ms=now_ms())])
    assert state(house, B) == "cleared"
    with pytest.raises(Conflict):
        answer(house, [A, B], "acknowledge", revisions={A: 0, B: 0})
    assert findings.one(house, A, now_ms()).one.answer is None


def test_an_answer_over_another_ones_is_refused_whole(made: Made) -> None:
    house, ids = made
    answer(seen_by(house, ids, "finn"), [B], "acknowledge", revisions={B: 0})
    with pytest.raises(Conflict) as refused:
        answer(house, [A, B], "resolve", reason="Mine.", revisions={A: 0, B: 0})
    assert "fraud" in refused.value.message
    assert (state(house, A), state(house, B)) == ("open", "acknowledged")


@pytest.mark.parametrize(
    ("field", "told"),
    [
        ("act", {"act": "delete"}), ("reason", {"act": "resolve", "reason": " "}),
        ("reason", {"act": "acknowledge", "reason": "x" * 2_001}), ("until_ms", {"act": "snooze"}),
        ("until_ms", {"act": "snooze", "until_ms": 5}), ("until_ms", {"act": "snooze", "until_ms": 2**60}),
        ("until_ms", {"act": "acknowledge", "until_ms": 5}), ("owner", {"act": "assign", "owner": "p_none"}),
        ("owner", {"act": "acknowledge", "owner": "p_none"}), ("ids", {"act": "acknowledge", "ids": []}),
        ("ids", {"act": "acknowledge", "ids": [A, A]}), ("revisions", {"act": "acknowledge", "revisions": {}}),
    ],
)  # fmt: skip
def test_an_answer_that_cannot_be_is_refused(made: Made, field: str, told: dict) -> None:
    given = {"ids": [A], "revisions": {A: 0}} | told
    with pytest.raises(Invalid) as refused:
        answer(made[0], given.pop("ids"), given.pop("act"), **given)
    assert refused.value.field == field


def test_the_owner_is_the_models_until_somebody_is_named(made: Made) -> None:
    house, ids = made
    assert findings.one(house, A, now_ms()).one.owner is None
    inventory_edits.edit(house, "s:credit", 0, {"owner": ids["ada"]})
    assert findings.one(house, A, now_ms()).one.owner == ids["ada"]
    answer(house, [A], "acknowledge", revisions={A: 0})
    answered = findings.one(house, A, now_ms()).one.answer
    assert answer(house, [A], "assign", owner=ids["ben"], revisions={A: 1}) == {A: 2}
    found = findings.one(house, A, now_ms())
    assert (found.one.owner, found.state) == (ids["ben"], "acknowledged")
    assert (found.one.answer.at_ms, found.one.answer.person) == (answered.at_ms, answered.person)
    answer(house, [A], "assign", revisions={A: 2})
    assert findings.one(house, A, now_ms()).one.owner == ids["ada"]
    assert [one.owner for one in findings_answer.history(house, A)] == ["", "Ben Okri", ""]


@pytest.mark.parametrize("login", ["dan", "eve"])
def test_answering_needs_its_right(made: Made, login: str) -> None:
    house, ids = made
    with pytest.raises(NotAllowed):
        answer(seen_by(house, ids, login), [A], "acknowledge", revisions={A: 0})


def test_findings_outside_of_a_project_do_not_exist(made: Made) -> None:
    house, _ = made
    project = projects.save(house, Draft(name="Credit", rule=rule_from({"clauses": [{"models": ["credit"]}]})))
    grants = (Grant(role="contributor", project=project),)
    mine = house.by(Actor(id="p_x", kind="person", name="X", premises="own", grants=grants))
    assert ids_of(mine, shown="all") == [A]
    assert findings.counts(mine) == {"credit": {"data_quality": 1}}
    assert set(policy_modes.modes(mine)) == {"credit"}
    assert policy_modes.mode(mine, "fraud", "fairness") == "observe"
    for work in (
        lambda: findings.one(mine, B, now_ms()), lambda: findings_answer.history(mine, B),
        lambda: answer(mine, [A, B], "acknowledge", revisions={A: 0, B: 0}),
        lambda: policy_modes.set_mode(mine, ["fraud"], "all", "observe"),
    ):  # fmt: skip
        with pytest.raises(NotFound):
            work()
    assert answer(mine, [A], "acknowledge", revisions={A: 0}) == {A: 1}
    reader = house.by(Actor(id="p_y", kind="person", premises="own", grants=(Grant(role="viewer", project=project),)))
    with pytest.raises(NotAllowed):
        answer(reader, [A], "reopen", revisions={A: 1})


def test_erasing_a_person_takes_its_reasons_and_its_name(made: Made) -> None:
    house, ids = made
    answer(seen_by(house, ids, "ben"), [A], "resolve", reason=SECRET, revisions={A: 0})
    answer(house, [A], "assign", owner=ids["ben"], revisions={A: 1})
    erasing.erase(seen_by(house, ids, "gus"), "ben", typed="ben")
    assigned, resolved = findings_answer.history(house, A)
    assert (resolved.who, resolved.reason) == ("Erased person", None)
    assert assigned.owner == "Erased person"
    assert state(house, A) == "resolved"
