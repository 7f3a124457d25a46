"""What somebody with a role in one project alone may do with notes and the inventory, and what is cared for daily."""

from collections.abc import Iterator

import pytest

from core.errors import NotAllowed, NotFound
from core.services import (
    audit_names,
    demo_inventory,
    demo_notes,
    demo_projects,
    erasing,
    inventory,
    inventory_edits,
    notes,
)  # fmt: skip
from core.services.house import CARE_S, House, silent
from core.settings import load
from tests.demo_actors import furnished, seen_by

INSIDE, OUTSIDE = "model:demo:credit_risk", "model:demo:car_price"
OUTSIDE_NAMES = ("car_price", "consumer_loan", "employment_screen", "income_band", "Letter drafts")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    made = furnished(House(load({}, tmp_path_factory.mktemp("within"))))
    made.sync("demo", silent)
    for furnish in (demo_projects, demo_inventory, demo_notes):
        furnish.furnish(made.ledger)
    yield made
    made.close()


@pytest.fixture
def nadia(house: House) -> House:
    return seen_by(house, "n.haddad")


def test_notes_and_tags_are_for_what_the_project_holds(nadia: House) -> None:
    made = notes.add(nadia, INSIDE, "Within")
    assert made in {note.id for note in notes.notes(nadia, INSIDE)}
    notes.set_tag(nadia, INSIDE, "seen", "yes")
    for outside in (
        lambda: notes.add(nadia, OUTSIDE, "Beyond"), lambda: notes.notes(nadia, OUTSIDE),
        lambda: notes.set_tag(nadia, OUTSIDE, "seen", "yes"), lambda: notes.tags(nadia, OUTSIDE),
    ):  # fmt: skip
        with pytest.raises(NotFound):
            outside()


def test_a_note_on_something_outside_cannot_be_touched(house: House, nadia: House) -> None:
    made = notes.add(seen_by(house, "m.okafor"), OUTSIDE, "Not hers")
    for touch in (lambda: notes.edit(nadia, made, "Hers", revision=1), lambda: notes.delete(nadia, made, revision=1)):
        with pytest.raises(NotFound):
            touch()


def test_the_inventory_holds_the_project_and_calls_nothing_gone(nadia: House) -> None:
    seen = inventory.entries(nadia, day=inventory.today())
    assert "credit_risk" in {one.name for one in seen}
    assert "gone" not in {one.presence for one in seen}
    told = repr(seen)
    assert not [name for name in OUTSIDE_NAMES if name in told]


def test_an_entry_outside_is_not_found_and_one_inside_needs_the_right(nadia: House) -> None:
    day = inventory.today()
    with pytest.raises(NotFound):
        inventory.entry(nadia, "demo:car_price", day=day)
    one = inventory.entry(nadia, "demo:credit_risk", day=day)
    with pytest.raises(NotAllowed):
        inventory_edits.edit(nadia, one.key, one.revision, {"purpose": "Something else"})


def test_the_one_who_sees_all_still_sees_all_after_somebody_saw_less(house: House, nadia: House) -> None:
    day = inventory.today()
    inventory.entries(nadia, day=day)
    assert {"car_price", "credit_risk"} <= {one.name for one in inventory.entries(house, day=day)}


def test_names_in_the_trail_are_those_within_sight(house: House, nadia: House) -> None:
    assert "Letter drafts" in audit_names.names(house).values()
    told = set(audit_names.names(nadia).values())
    assert "Retail credit" in told
    assert not told & {"Letter drafts", "Consumer finance"}


def test_retention_is_looked_at_once_a_day(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    looked = []
    monkeypatch.setattr(erasing, "remove_overdue", lambda ledger: looked.append(ledger))
    house._shared.cared_s.clear()
    for now_s in (10.0, 10.0 + CARE_S - 1, 10.0 + CARE_S, 11.0 + CARE_S):
        house._care(now_s)
    assert looked == [house.ledger, house.ledger]
