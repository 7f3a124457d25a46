"""Who stands behind the users of sources: said, suggested, assigned; never nobody."""

import json
import time

import pytest
import sqlalchemy as sa

from core.errors import Invalid, NotAllowed, NotFound
from core.governance.naming import Candidate, Known, suggest
from core.ledger.schema import audit_events
from core.services import authors, demo_people
from core.services.house import House
from tests.people import People


@pytest.fixture
def furnished(demo: House) -> House:
    demo_people.furnish(demo.ledger_of("demo"))
    return demo


def test_the_demos_users_are_its_people_but_the_machine(furnished: House) -> None:
    total, found = authors.source_users(furnished)
    assert total == len(found) == 6
    assert {one.name for one in found if one.person} == demo_people.USERS
    assert authors.of(furnished, "demo", "m.okafor").said == "m.okafor · Mercy Okafor"
    nightly = authors.of(furnished, "demo", "svc-nightly")
    assert (nightly.person, nightly.person_name, nightly.said) == (None, "unknown", "svc-nightly · unknown person")
    assert {one.name: one.runs for one in found}["m.okafor"] == 81
    query = sa.select(audit_events).where(audit_events.c.action == "author.assigned")
    events = furnished.ledger.rows(query)
    assert len(events) == 5
    assert {event["actor"] for event in events} == {"system"}
    assert not any("okafor" in event["payload"] for event in events)


@pytest.mark.parametrize("name", ["", None, "x", "' OR 1=1 --", "<b>", "n" * 5_000])
def test_a_name_without_a_person_is_unknown_and_never_empty(furnished: House, name: str | None) -> None:
    author = authors.of(furnished, "demo", name)
    assert author.person is None
    assert author.person_name == "unknown"
    assert author.said.endswith("unknown person")


def test_names_are_assigned_in_bulk_and_taken_back(staff: People) -> None:
    root, person = staff.add("root", "administrator"), staff.add("p", "viewer", name="Pia")
    house = staff.by(root)
    keys = [("source-user", "s", "pia"), ("source-user", "s", "pia2"), ("git-author", "repo", "Pia <p@x>")]
    assert authors.assign(house, dict.fromkeys(keys, person)) == 3
    assert authors.assign(house, dict.fromkeys(keys, person)) == 0
    assert authors.of(house, "s", "pia").said == "pia · Pia"
    assert authors.of(house, "repo", "Pia <p@x>", "git-author").person == person
    assert authors.of(house, "t", "pia").person is None, "another source is another name"
    assert authors.assign(house, {keys[0]: None, keys[1]: root}) == 2
    assert authors.of(house, "s", "pia").person is None
    assert authors.of(house, "s", "pia2").person == root
    said = [json.loads(event["payload"]) for event in staff.events("author.assigned")]
    assert said[-1]["before"] == {"person": person}
    assert said[-1]["after"] == {"person": root}


def test_a_bulk_with_a_mistake_changes_nothing(staff: People) -> None:
    root = staff.add("root", "administrator")
    house = staff.by(root)
    good = {("source-user", "s", "a"): root}
    for bad, error in (
        ({("source-user", "s", "b"): "p_none"}, NotFound),
        ({("source-user", "s", "n" * 401): root}, Invalid),
        ({("source-user", "s", ""): root}, Invalid),
        ({("king", "s", "b"): root}, Invalid),
    ):
        with pytest.raises(error):
            authors.assign(house, {**good, **bad})
    assert authors.of(house, "s", "a").person is None
    assert staff.events("author.assigned") == []


def test_only_administrators_assign(staff: People) -> None:
    auditor, viewer = staff.add("a", "auditor"), staff.add("v", "viewer")
    with pytest.raises(NotAllowed):
        authors.assign(staff.by(auditor), {("source-user", "s", "x"): auditor})
    assert authors.source_users(staff.by(auditor)) == (0, ())
    with pytest.raises(NotAllowed):
        authors.source_users(staff.by(viewer))


PEOPLE = [
    Candidate(id="1", login="m.okafor", name="Mercy Okafor", mail="m.okafor@bank.example"),
    Candidate(id="2", login="weissc", name="Clara Weiß", mail="clara@bank.example"),
    Candidate(id="3", login="dvorak", name="Jiří Dvořák", mail=""),
]


@pytest.mark.parametrize(
    ("name", "person", "why"),
    [("M.Okafor", "1", "same login"), ("clara@bank.example", "2", "same mail address"),
     ("clara", "2", "same name before"), ("jdvorak", "3", "initial and surname"), ("d.jiri", None, ""),
     ("jiri.dvorak", "3", "similar name"), ("mercy.okaffor", "1", "similar name"), ("svc-nightly", None, ""),
     ("", None, ""), ("\x00", None, ""), ("🙂", None, "")],
)  # fmt: skip
def test_suggestions(name: str, person: str | None, why: str) -> None:
    found = suggest(name, Known(PEOPLE))
    assert (found[0].person if found else None) == person
    assert not found or found[0].why.startswith(why)


def test_suggestions_among_thousands_take_no_time() -> None:
    crowd = [Candidate(id=str(n), login=f"l{n}", name=f"First{n} Last{n}", mail=f"m{n}@x") for n in range(5_000)]
    start = time.process_time()
    known = Known(crowd)
    for n in range(8):
        assert suggest(f"first{n}.last{n}", known)[0].person == str(n)
    assert time.process_time() - start < 3
