"""A person erased: nothing names it any more, but what it signed; the chain verifies."""

import json
from pathlib import Path

import pytest
import sqlalchemy as sa

from core.errors import Conflict, Invalid, NotAllowed, NotFound
from core.governance.projects import Rule
from core.ledger import people as kept
from core.ledger.schema import sealed_texts
from core.ledger.sessions import sessions, sign_ins
from core.services import (
    accounts,
    authors,
    deputies,
    directory,
    erasing,
    identity,
    projects,
    roles,
    teams,
    tokens,
    views,
)
from core.services import house as houses
from core.services.house import now_ms
from tests.people import AGENT, People, broken, texts

DAY = 86_400_000
YEARS = 10 * 365 * DAY
NAME, LOGIN, MAIL = "Xaviera Quibble", "x.quibble", "quibble@far.example"
SIGNED = "Xaviera Quibble signs: fit for use"
TRACES = ("Xaviera", "quibble", "QUIBBLE-TOKEN", "quibble-note", "id-token-of-q")


@pytest.fixture
def root(staff: People) -> str:
    return staff.add("root", "administrator")


@pytest.fixture
def busy(staff: People, root: str) -> str:
    """Somebody who has left traces everywhere."""
    person = staff.add(LOGIN, "ml_lead", name=NAME, mail=MAIL)
    house = staff.by(root)
    accounts.change(house, LOGIN, name=f"{NAME} II", mail=MAIL)
    team = teams.make(house, "Credit")
    teams.set_members(house, team, (person, root))
    roles.give(house, person, "viewer", "pr_1")
    staff.enter(person)
    tokens.make(staff.by(person), "QUIBBLE-TOKEN", ("view",), now_ms() + DAY)
    view = views.save(staff.by(person), "experiments", "Mine", {"q": ["user = 'quibble'"]})
    views.set_default(staff.by(person), "experiments", view)
    deputies.appoint(staff.by(person), root, now_ms(), now_ms() + DAY)
    authors.assign(house, {("source-user", "s", LOGIN): person, ("git-author", "g", MAIL): person})
    with staff.house.ledger.transaction(actor=person, now_ms=now_ms()) as tx:
        kept.change(tx.connection, person, {"external": "https://issuer|quibble"})
        tx.connection.execute(
            sa.update(sessions).where(sessions.c.person == person).values(id_token="id-token-of-q quibble")
        )
        tx.append("note.written", "run:1", {"text": tx.seal("quibble-note", person)})
        tx.append("model.approved", "model:1", {"text": tx.seal(SIGNED, person, retain_until_ms=now_ms() + YEARS)})
    return person


def traces(staff: People) -> dict[str, list[str]]:
    return {
        place: [text for text in found if any(trace.lower() in text.lower() for trace in TRACES)]
        for place, found in texts(staff.house.ledger).items()
        if any(trace.lower() in text.lower() for text in found for trace in TRACES)
    }


def test_before_it_the_traces_are_found(staff: People, busy: str) -> None:
    assert {"people.name", "people.login", "people.mail", "people.external", "tokens.name", "sessions.id_token",
            "authors.name", "sealed_texts.text"} <= set(traces(staff))  # fmt: skip
    assert not any(place.startswith("audit_events") for place in traces(staff))


def test_the_name_is_gone_everywhere_but_in_the_signature(staff: People, root: str, busy: str) -> None:
    done = erasing.erase(staff.by(root), LOGIN, typed=f" {LOGIN.upper()} ")
    assert traces(staff) == {"sealed_texts.text": [SIGNED]}
    assert done.retained == 1
    assert done.texts > 5
    assert broken(staff.house.ledger) is None
    (event,) = staff.events("person.erased")
    assert (event["subject"], event["actor"]) == (f"person:{busy}", root)
    assert json.loads(event["payload"])["retained"] == 1


def test_the_name_is_not_left_in_free_space_of_the_file_either(staff: People, root: str, busy: str) -> None:
    file = Path(staff.house.ledger.engine.url.database)
    erasing.erase(staff.by(root), LOGIN, typed=LOGIN)
    with staff.house.ledger.transaction(actor="system", now_ms=now_ms()) as tx:  # the signature, too, to see the rest
        tx.connection.execute(sa.delete(sealed_texts).where(sealed_texts.c.person == busy))
    erasing._leave_no_trace(staff.house.ledger)
    left = b"".join(path.read_bytes() for path in file.parent.glob(f"{file.name}*") if "schema" not in path.name)
    for trace in TRACES:
        assert trace.encode() not in left


def test_an_erased_person_has_no_way_in_and_no_place_left(staff: People, root: str, busy: str) -> None:
    session = staff.enter(busy)
    token = tokens.make(staff.by(busy), "second", ("view",), now_ms() + DAY).secret
    house = staff.by(root)
    erasing.erase(house, LOGIN, typed=LOGIN)
    assert identity.actor_of_session(staff.house, session).kind == "nobody"
    assert identity.actor_of_token(staff.house, token).kind == "nobody"
    assert [one.login for one in accounts.listing(house)] == ["root"]
    assert {held.holder for held in roles.listing(house)} == {root}
    assert teams.listing(house)[0].members == (root,)
    assert deputies.listing(house) == ()
    assert authors.of(house, "s", LOGIN).said == f"{LOGIN} · unknown person"
    assert directory.name(house, busy) == directory.ERASED
    with pytest.raises(NotFound):
        erasing.erase(house, LOGIN, typed=LOGIN)
    with staff.house.ledger.reading() as connection:
        for table in (sessions, sign_ins):
            rows = connection.execute(sa.select(table.c.agent, table.c.address).where(table.c.person == busy)).all()
            assert rows
            assert set(rows) == {("", "")}


def test_others_keep_what_is_theirs(staff: People, root: str, busy: str) -> None:
    staff.enter(root)
    erasing.erase(staff.by(root), LOGIN, typed=LOGIN)
    assert "Root" in texts(staff.house.ledger)["people.name"]
    assert AGENT in texts(staff.house.ledger)["sessions.agent"]


def test_the_login_can_be_given_to_somebody_else(staff: People, root: str, busy: str) -> None:
    erasing.erase(staff.by(root), LOGIN, typed=LOGIN)
    assert staff.add(LOGIN, "viewer") != busy
    with pytest.raises(Invalid):
        staff.add(f"erased {busy}")


def test_erasing_needs_the_right_and_the_login_once_more(staff: People, root: str, busy: str) -> None:
    with pytest.raises(Invalid):
        erasing.erase(staff.by(root), LOGIN, typed="x.quibbl")
    with pytest.raises(NotAllowed):
        erasing.erase(staff.by(busy), "root", typed="root")
    with pytest.raises(Conflict):
        erasing.erase(staff.by(root), "root", typed="root")
    assert "Xaviera Quibble II" in texts(staff.house.ledger)["people.name"]


def test_a_signature_goes_when_its_time_is_over(
    staff: People, root: str, busy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    erasing.erase(staff.by(root), LOGIN, typed=LOGIN)
    with staff.house.ledger.transaction(actor=root, now_ms=now_ms()) as tx:
        tx.append("model.approved", "model:2", {"text": tx.seal("of one who stays", root, retain_until_ms=now_ms())})
    assert erasing.remove_overdue(staff.house.ledger) == 0
    later = houses.now_ms() + YEARS + DAY
    monkeypatch.setattr(erasing, "now_ms", lambda: later)
    assert erasing.remove_overdue(staff.house.ledger) == 1
    assert erasing.remove_overdue(staff.house.ledger) == 0
    assert traces(staff) == {}
    assert "of one who stays" in texts(staff.house.ledger)["sealed_texts.text"]
    assert broken(staff.house.ledger) is None
    assert len(staff.events("retained_texts.removed")) == 1


def test_a_team_that_owns_projects_is_not_dissolved(staff: People, root: str) -> None:
    house = staff.by(root)
    team = teams.make(house, "Credit")
    projects.save(house, projects.Draft(name="Retail", rule=Rule(), owner=team))
    with pytest.raises(Conflict, match="Retail"):
        teams.dissolve(house, team)
    assert [one.id for one in teams.listing(house)] == [team]
