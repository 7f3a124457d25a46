"""Reading and writing the inventory."""

import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from core.errors import Conflict, Invalid, NotAllowed, NotFound
from core.ledger import chain
from core.ledger.chain import Event
from core.ledger.schema import audit_events
from core.services import accounts, inventory, inventory_edits, inventory_history, inventory_tier
from core.services.house import House
from core.services.inventory import Entry, Query
from core.services.inventory_edits import Edit
from tests.inventories import MODELS, PEOPLE, house_of, seen_by

TODAY = inventory.today()
REASON = "Only a sandbox is fed by it, which exposure does not know."


@pytest.fixture
def made(tmp_path: Path) -> Iterator[tuple[House, dict[str, str]]]:
    house, ids = house_of(tmp_path)
    yield house, ids
    house.close()


def names(house: House, **narrowed: str) -> list[str]:
    return [one.name for one in inventory.listing(house, Query(**narrowed), day=TODAY).entries]


def entry(house: House, key: str) -> Entry:
    return inventory.entry(house, key, day=TODAY)


def events(house: House) -> list[str]:
    return [row["action"] for row in house.ledger.rows(sa.select(audit_events).order_by(audit_events.c.seq))]


# -- entries --------------------------------------------------------------------------------------------------------


def test_registered_models_enter_by_themselves_and_reading_writes_nothing(made) -> None:
    house, _ = made
    before = house.ledger.head()
    assert sorted(names(house)) == sorted(MODELS)
    one = entry(house, "s:credit")
    assert (one.id, one.revision, one.presence, one.stage, one.production) == (
        None,
        0,
        "registered",
        "production",
        ("3",),
    )
    assert inventory.summary(house, day=TODAY).undescribed == len(MODELS)
    assert house.ledger.head() == before


def test_editing_gives_an_entry_its_row_once(made) -> None:
    house, _ = made
    key = inventory_edits.edit(house, "s:credit", 0, {"purpose": "Decides."})
    one = entry(house, key)
    assert entry(house, "s:credit") == one
    assert (one.id, one.ref, one.revision, one.values["purpose"]) == (key, "s:credit", 1, "Decides.")
    with pytest.raises(Conflict, match="credit"):
        inventory_edits.edit(house, "s:credit", 0, {"purpose": "Decides otherwise."})
    assert len(names(house)) == len(MODELS)


def test_a_model_deleted_at_its_source_stays_and_says_so(made) -> None:
    house, _ = made
    key = inventory_edits.edit(house, "s:credit", 0, {"purpose": "Decides."})
    with house.facts.transaction() as cursor:
        cursor.execute("DELETE FROM models WHERE name IN ('credit', 'fraud')")
    house.changed()
    assert entry(house, key).presence == "gone"
    assert "fraud" not in names(house), "nobody described it"
    with house.facts.transaction() as cursor:
        cursor.execute("DELETE FROM syncs")
    house.changed()
    assert entry(house, key).presence == "unsynced", "facts that were lost say nothing of a deletion"


def test_vendor_and_language_models_are_added_without_a_registered_one(made) -> None:
    house, ids = made
    key = inventory_edits.add(house, {"name": "  Score\tX ", "kind": "vendor", "owner": ids["ada"]})
    one = entry(house, key)
    assert (one.name, one.kind, one.presence) == ("Score X", "vendor", "none")
    assert "vendor" in one.gaps
    assert names(house, kind="vendor") == ["Score X"]


def test_gaps_are_counted_and_filter(made) -> None:
    house, ids = made
    inventory_edits.edit(house, "s:credit", 0, {"owner": ids["ada"]})
    counts = inventory.summary(house, day=TODAY).gaps
    for code, count in counts.items():
        assert inventory.listing(house, Query(gap=code), day=TODAY).total == count
    assert counts["owner"] == len(MODELS) - 1
    assert "credit" not in names(house, gap="owner")


def test_an_owner_who_is_disabled_is_a_gap(made) -> None:
    house, ids = made
    key = inventory_edits.edit(house, "s:credit", 0, {"owner": ids["ada"]})
    assert "owner_gone" not in entry(house, key).gaps
    accounts.disable(house, "ada")
    assert "owner_gone" in entry(house, key).gaps


def test_filters_find_what_they_name(made) -> None:
    house, ids = made
    inventory_edits.edit(
        house, "s:credit", 0,
        {"owner": ids["ada"], "exposure": "critical", "purpose_class": "automated_decision", "regimes": ("sr_26_2",),
         "last_review": "2020-01-01", "purpose": "Grants LOANS"},
    )  # fmt: skip
    for narrowed in (
        {"tier": "1"},
        {"owner": ids["ada"]},
        {"regime": "sr_26_2"},
        {"review": "overdue"},
        {"text": "loans"},
    ):
        assert names(house, **narrowed) == ["credit"], narrowed
    assert "credit" not in names(house, tier="none")
    assert names(house, stage="production") == sorted(names(house, stage="production"), key=str.casefold)
    assert names(house, order="-name") == names(house)[::-1]
    assert names(house, text="'; DROP TABLE inventory; --") == [MODELS[3]]


@pytest.mark.parametrize("name", ["kind", "tier", "gap", "stage", "review", "shown", "order"])
def test_a_filter_that_means_nothing_is_refused(made, name: str) -> None:
    with pytest.raises(Invalid, match=name):
        inventory.listing(made[0], Query(**{name: "x' OR 1=1"}), day=TODAY)


def test_the_list_is_cut_into_pages(made) -> None:
    house, _ = made
    page = inventory.listing(house, Query(), day=TODAY, limit=2, offset=2)
    assert ([one.name for one in page.entries], page.total) == (names(house)[2:4], len(MODELS))


def test_an_unknown_entry_is_not_found(made) -> None:
    with pytest.raises(NotFound):
        entry(made[0], "i_nothing")


# -- editing --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"owner": "p_nobody"}, "nobody is known as"),
        ({"exposure": "critcal"}, "Exposure cannot be"),
        ({"regimes": ("sr_11_7",)}, "Regimes cannot be"),
        ({"last_review": "yesterday"}, "no day"),
        ({"last_review": "2026-02-30"}, "no day"),
        ({"last_review": "20260228"}, "no day"),
        ({"last_review": (TODAY + timedelta(days=2)).isoformat()}, "to come"),
        ({"last_review": "2026-01-02", "next_review": "2026-01-01"}, "not after"),
        ({"name": " "}, "name is empty"),
        ({"name": "x" * 201}, "201 characters"),
        ({"kind": None}, "Kind is empty"),
        ({"dependencies": ("s:credit",)}, "depend on itself"),
        ({"dependencies": ("i_nothing",)}, "Depends on cannot be"),
        ({"purposes": "x"}, "no field 'purposes'"),
        ({"tier_override": 3}, "no field 'tier_override'"),
        ({"purpose": 3}, "must be a text"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(made, values: Mapping[str, object], said: str) -> None:
    house, _ = made
    before = house.ledger.head()
    with pytest.raises(Invalid) as caught:
        inventory_edits.edit(house, "s:credit", 0, values)
    assert said in caught.value.message
    assert caught.value.field or "no field" in said
    assert house.ledger.head() == before


def test_the_nearest_choice_is_named(made) -> None:
    with pytest.raises(Invalid) as caught:
        inventory_edits.edit(made[0], "s:credit", 0, {"exposure": "Signficant"})
    assert "Did you mean Significant?" in caught.value.hint


def test_a_person_who_left_may_stay_but_not_come(made) -> None:
    house, ids = made
    key = inventory_edits.edit(house, "s:credit", 0, {"owner": ids["ada"]})
    accounts.disable(house, "ada")
    inventory_edits.edit(house, key, 1, {"owner": ids["ada"], "purpose": "Still hers."})
    with pytest.raises(Invalid, match="cannot sign in any more"):
        inventory_edits.edit(house, key, 2, {"deputy": ids["ada"]})


def test_a_change_is_one_event_with_its_before_and_after(made) -> None:
    house, ids = made
    key = inventory_edits.edit(seen_by(house, ids, "ada"), "s:credit", 0, {"purpose": "One."})
    inventory_edits.edit(seen_by(house, ids, "gus"), key, 1, {"purpose": "Two.", "owner": ids["ada"]})
    last, first = inventory_history.history(house, key, day=TODAY)
    assert (first.title, first.who) == ("Described", "Ada Lovelace")
    assert (last.title, last.who) == ("Changed", "Gus Hall")
    told = {change.title: (change.before, change.after) for change in last.changes}
    assert told == {"Owner": ("", "Ada Lovelace"), "Purpose": ("One.", "Two.")}


def test_no_name_of_a_person_stands_in_the_chain(made) -> None:
    house, ids = made
    key = inventory_edits.edit(house, "s:credit", 0, {"owner": ids["ada"], "validator": ids["ben"]})
    cleo = seen_by(house, ids, "cleo")
    inventory_tier.override_tier(cleo, key, 1, tier=1, reason=REASON, printed="Cleo Diaz")
    payloads = " ".join(row["payload"] for row in house.ledger.rows(sa.select(audit_events.c.payload)))
    for words in [name for name, _ in PEOPLE.values()] + [REASON]:
        assert words not in payloads


def test_saving_what_is_there_already_writes_nothing(made) -> None:
    house, _ = made
    before = house.ledger.head()
    assert inventory_edits.edit(house, "s:credit", 0, dict(entry(house, "s:credit").values)) == "s:credit"
    assert house.ledger.head() == before


def test_many_are_edited_in_one_go_with_an_event_each(made) -> None:
    house, ids = made
    inventory_edits.edit_many(house, {"s:credit": 0, "s:fraud": 0, "s:price": 0}, {"owner": ids["ada"]})
    assert all(entry(house, key).values["owner"] == ids["ada"] for key in ("s:credit", "s:fraud", "s:price"))
    assert events(house).count("inventory.added") == 3


def test_one_conflict_or_mistake_stops_all_of_them_and_is_named(made) -> None:
    house, ids = made
    inventory_edits.edit(house, "s:fraud", 0, {"purpose": "Somebody was faster."})
    before = house.ledger.head()
    with pytest.raises(Conflict, match="fraud"):
        inventory_edits.edit_many(house, {"s:credit": 0, "s:fraud": 0, "s:price": 0}, {"owner": ids["ada"]})
    with pytest.raises(Invalid):
        inventory_edits.write(
            house, [Edit(key="s:credit", revision=0, values={"purpose": "a"}),
                    Edit(key="s:price", revision=0, values={"owner": "p_nobody"})],
        )  # fmt: skip
    with pytest.raises(Invalid, match="twice"):
        inventory_edits.write(house, [Edit(key="s:credit", revision=0, values={"purpose": "a"})] * 2)
    assert house.ledger.head() == before
    assert entry(house, "s:credit").id is None


def test_of_many_writers_of_one_entry_each_revision_has_one(made) -> None:
    house, _ = made
    key = inventory_edits.edit(house, "s:credit", 0, {"purpose": "0"})
    outcomes: list[str] = []

    def work(number: int) -> None:
        try:
            inventory_edits.edit(house, key, 1, {"purpose": f"by {number}"})
            outcomes.append(f"by {number}")
        except Conflict:
            outcomes.append("conflict")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (winner,) = [outcome for outcome in outcomes if outcome != "conflict"]
    assert len(outcomes) == 8
    assert (entry(house, key).values["purpose"], entry(house, key).revision) == (winner, 2)


def test_retired_entries_leave_the_list_and_come_back(made) -> None:
    house, _ = made
    key = inventory_edits.edit(house, "s:credit", 0, {"purpose": "a"})
    inventory_edits.retire(house, key, 1)
    assert "credit" not in names(house)
    assert names(house, shown="retired") == ["credit"]
    assert entry(house, key).gaps == ()
    with pytest.raises(Conflict, match="retired"):
        inventory_edits.edit(house, key, 2, {"purpose": "b"})
    with pytest.raises(Conflict):
        inventory_edits.retire(house, key, 2)
    inventory_edits.restore(house, key, 2)
    assert "credit" in names(house)
    assert [past.title for past in inventory_history.history(house, key, day=TODAY)] == [
        "Restored",
        "Retired",
        "Described",
    ]


def test_dependencies_are_seen_from_both_sides(made) -> None:
    house, _ = made
    base = inventory_edits.add(house, {"name": "Base", "kind": "language"})
    key = inventory_edits.edit(house, "s:credit", 0, {"dependencies": (base, "s:fraud")})
    assert [one.key for one in inventory.dependents(house, base, day=TODAY)] == [key]
    assert [one.key for one in inventory.dependents(house, "s:fraud", day=TODAY)] == [key]
    inventory_edits.retire(house, base, 1)
    assert "dependency_retired" in entry(house, key).gaps


# -- who may --------------------------------------------------------------------------------------------------------

ACTS: Mapping[str, Callable[[House], object]] = {
    "edit": lambda house: inventory_edits.edit(house, "s:credit", 0, {"purpose": "a"}),
    "edit_many": lambda house: inventory_edits.edit_many(house, {"s:credit": 0}, {"purpose": "a"}),
    "add": lambda house: inventory_edits.add(house, {"name": "x", "kind": "vendor"}),
    "retire": lambda house: inventory_edits.retire(house, "s:credit", 0),
    "restore": lambda house: inventory_edits.restore(house, "s:credit", 0),
}


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("login", ["ben", "dan", "eve", "finn"])
def test_without_the_right_nothing_is_edited(made, login: str, act: str) -> None:
    house, ids = made
    before = house.ledger.head()
    with pytest.raises(NotAllowed):
        ACTS[act](seen_by(house, ids, login))
    assert house.ledger.head() == before


@pytest.mark.parametrize("login", ["ada", "ben", "dan", "eve", "finn", "gus"])
def test_only_who_decides_overrides_a_tier(made, login: str) -> None:
    house, ids = made
    with pytest.raises(NotAllowed):
        inventory_tier.override_tier(
            seen_by(house, ids, login), "s:credit", 0, tier=1, reason=REASON, printed=PEOPLE[login][0]
        )


# -- the tier's override -------------------------------------------------------------------------------------------


def test_an_override_is_signed_and_shows_name_time_and_meaning(made) -> None:
    house, ids = made
    cleo = seen_by(house, ids, "cleo")
    inventory_tier.override_tier(cleo, "s:credit", 0, tier=1, reason=REASON, printed=" Cleo  Diaz")
    one = entry(house, "s:credit")
    assert (one.tier, one.tier_given, one.revision) == (1, None, 2)
    assert one.override is not None
    signed = one.override.signature
    assert one.override.reason == REASON
    assert signed is not None
    assert (signed.printed, signed.person, signed.meaning) == ("Cleo Diaz", ids["cleo"], "responsibility")
    past = inventory_history.history(house, "s:credit", day=TODAY)[0]
    assert (past.title, past.reason, past.signature) == ("Tier overridden", REASON, signed)
    inventory_tier.override_tier(cleo, one.key, 2, tier=None, reason=REASON, printed="Cleo Diaz")
    assert entry(house, one.key).override is None
    assert inventory_history.history(house, one.key, day=TODAY)[0].title == "Override lifted"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"printed": "cleo diaz"}, "printed"), ({"printed": "Clara Weiss"}, "printed"), ({"printed": ""}, "printed"),
        ({"reason": "short"}, "reason"), ({"reason": "x" * 4_001}, "reason"), ({"tier": 4}, "tier"),
        ({"tier": 0}, "tier"),
    ],
)  # fmt: skip
def test_an_override_without_what_it_needs_is_refused(made, changes: Mapping[str, object], field: str) -> None:
    house, ids = made
    before = house.ledger.head()
    given = {"tier": 1, "reason": REASON, "printed": "Cleo Diaz", **changes}
    with pytest.raises(Invalid) as caught:
        inventory_tier.override_tier(seen_by(house, ids, "cleo"), "s:credit", 0, **given)
    assert caught.value.field == field
    assert house.ledger.head() == before


def test_an_override_of_another_revision_is_refused_and_signs_nothing(made) -> None:
    house, ids = made
    key = inventory_edits.edit(house, "s:credit", 0, {"purpose": "a"})
    inventory_edits.edit(house, key, 1, {"purpose": "b"})
    before = house.ledger.head()
    with pytest.raises(Conflict):
        inventory_tier.override_tier(seen_by(house, ids, "cleo"), key, 1, tier=1, reason=REASON, printed="Cleo Diaz")
    assert house.ledger.head() == before


def test_a_command_or_a_token_signs_nothing(made) -> None:
    with pytest.raises(NotAllowed, match="person"):
        inventory_tier.override_tier(made[0], "s:credit", 0, tier=1, reason=REASON, printed="Command line")


def test_the_chain_holds_after_all_kinds_of_edits(made) -> None:
    house, ids = made
    key = inventory_edits.edit(house, "s:credit", 0, {"purpose": "\x00 \ud800 ' \" ünï"})
    inventory_tier.override_tier(seen_by(house, ids, "cleo"), key, 1, tier=2, reason=REASON, printed="Cleo Diaz")
    inventory_edits.retire(house, key, 2)
    rows = house.ledger.rows(sa.select(audit_events).order_by(audit_events.c.seq))
    assert chain.walk(Event(**row) for row in rows)[2] is None
