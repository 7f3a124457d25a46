"""The page Inventory: list, entry, forms, bulk table, Excel, for every role, with hostile texts."""

import io
import re
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest

from core.governance.inventory_fields import FIELDS
from core.services import demo_inventory, demo_people, inventory, inventory_edits, inventory_excel, inventory_tier
from core.services.house import House
from core.services.inventory import Query
from core.settings import load
from tests.inventories import MODELS, PEOPLE, house_of, seen_by
from tests.pages.app import page, shown, words

EDITING = {"import", "bulk", "add"}
HOSTILE = "<img src=x onerror=alert(1)> **bold** [link](http://evil.example) $x$ :material/delete: `code`"
MIME = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Made = tuple[House, dict[str, str]]


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Made]:
    house, ids = house_of(tmp_path)
    yield house, ids
    house.close()


def keys(app) -> set[str]:
    return {button.key for button in app.button}


@pytest.mark.parametrize("login", [login for login in PEOPLE if login != "ada2"])
def test_each_role_sees_what_it_may_do(made: Made, login: str) -> None:
    house, ids = made
    key = inventory_edits.edit(house, "s:credit", 0, {"purpose": "Decides."})
    seen = seen_by(house, ids, login)
    with shown(seen):
        listed, opened = page("inventory"), page("inventory", entry=key)
        forced = page("inventory", entry=key, edit="1")
        added, imported = page("inventory", add="1"), page("inventory", **{"import": "1"})
    for app in (listed, opened, forced, added, imported):
        assert not app.exception
    may = seen.actor.may("inventory")
    assert (keys(listed) & EDITING) == (EDITING if may else set())
    assert ("edit" in keys(opened)) == may
    assert ("override" in keys(opened)) == seen.actor.may("decide")
    assert bool(forced.text_area) == may
    assert bool(added.text_area) == may
    assert bool(imported.get("file_uploader")) == may


def test_chips_count_and_filter_and_stand_in_the_url(made: Made) -> None:
    house, ids = made
    inventory_edits.edit(house, "s:credit", 0, {"owner": ids["ada"]})
    with shown(house):
        app = page("inventory")
        chips = [option.content for option in app.button_group("inventory_gap").proto.options]
        assert any(f"{len(MODELS) - 1} without an owner" in chip for chip in chips)
        app.button_group("inventory_gap").set_value("owner").run()
        assert not app.exception
        assert app.query_params["gap"] == "owner"
        assert "credit" not in set(app.dataframe[0].value["model"])
        linked = page("inventory", gap="owner", order="-name")
    assert list(linked.dataframe[0].value["model"]) == list(app.dataframe[0].value["model"])[::-1]


def test_a_link_with_nonsense_shows_everything(made: Made) -> None:
    with shown(made[0]):
        app = page("inventory", gap="<b>", tier="9", owner="x", shown="?", order="'; --", q="")
    assert not app.exception
    assert len(app.dataframe[0].value) == len(MODELS)


def test_an_unknown_entry_is_told(made: Made) -> None:
    with shown(made[0]):
        app = page("inventory", entry=HOSTILE)
    assert not app.exception
    assert app.error


def test_the_form_saves_an_entry_of_a_model_that_nobody_described(made: Made) -> None:
    house, ids = made
    with shown(house):
        app = page("inventory", entry="s:credit", edit="1")
        app.text_area("inventory_purpose_s:credit_0").set_value("Decides.")
        app.selectbox("inventory_owner_s:credit_0").set_value(ids["ada"])
        app.button("save_entry").click().run()
    assert not app.exception
    one = inventory.entry(house, "s:credit", day=inventory.today())
    assert (one.values["purpose"], one.values["owner"]) == ("Decides.", ids["ada"])
    assert app.query_params["entry"] == one.id
    assert "Described" in words(app)


def test_a_form_that_somebody_outran_saves_nothing(made: Made) -> None:
    house, _ = made
    key = inventory_edits.edit(house, "s:credit", 0, {"purpose": "One."})
    with shown(house):
        app = page("inventory", entry=key, edit="1")
        app.text_area(f"inventory_purpose_{key}_1").set_value("Mine.")
        inventory_edits.edit(house, key, 1, {"purpose": "Theirs."})
        app.button("save_entry").click().run()
    assert not app.exception
    assert "Nothing was saved" in words(app)
    assert app.text_area(f"inventory_purpose_{key}_1").value == "Mine."
    assert inventory.entry(house, key, day=inventory.today()).values["purpose"] == "Theirs."


def test_adding_a_vendor_model(made: Made) -> None:
    house, _ = made
    with shown(house):
        app = page("inventory", add="1")
        app.text_input("inventory_name_new").set_value("Score X")
        app.button("save_added").click().run()
    assert not app.exception
    (one,) = inventory.listing(house, Query(kind="vendor"), day=inventory.today()).entries
    assert one.name == "Score X"


def test_the_bulk_table_shows_what_changes_and_saves_it_at_once(made: Made) -> None:
    house, ids = made
    with shown(house):
        app = page("inventory", bulk="1")
        assert not app.exception
        assert app.button("save_bulk").disabled
        grid = app.dataframe[0].proto.id.rpartition("-")[2]
        rows = {"0": {"owner": ids["ada"], "last_review": "2026-01-31"}, "1": {"exposure": "critical"}}
        app.session_state[grid] = {
            "edited_rows": {int(row): values for row, values in rows.items()},
            "added_rows": [],
            "deleted_rows": [],
        }
        app.run()
        assert not app.exception
        assert "3 changes" in words(app)
        app.button("save_bulk").click().run()
    assert not app.exception
    entries = inventory.listing(house, Query(), day=inventory.today()).entries
    described = [one for one in entries if one.id]
    assert len(described) == 2
    assert {one.values["owner"] for one in described} == {ids["ada"], None}


def test_excel_is_previewed_then_taken(made: Made) -> None:
    house, _ = made
    book = openpyxl.load_workbook(io.BytesIO(inventory_excel.export(house, Query(), day=inventory.today())))
    sheet = book[inventory_excel.SHEET]
    sheet["J2"].value, sheet["G3"].value = f"Decides {HOSTILE}", "nobody here"

    def file() -> bytes:
        out = io.BytesIO()
        book.save(out)
        return out.getvalue()

    with shown(house):
        app = page("inventory", **{"import": "1"})
        app.get("file_uploader")[0].set_value(("a.xlsx", file(), MIME)).run()
        assert not app.exception
        assert "apply_import" not in keys(app)
        assert list(app.dataframe[0].value["cell"]) == ["Inventory!G3"]
        sheet["G3"].value = None
        app.get("file_uploader")[0].set_value(("b.xlsx", file(), MIME)).run()
        assert not app.exception
        app.button("apply_import").click().run()
        assert not app.exception
    assert sum(bool(one.values["purpose"]) for one in inventory.entries(house, day=inventory.today())) == 1


def test_a_file_that_is_no_workbook_is_told(made: Made) -> None:
    with shown(made[0]):
        app = page("inventory", **{"import": "1"})
        app.get("file_uploader")[0].set_value(("a.xlsx", b"PK no", MIME)).run()
    assert not app.exception
    assert "no Excel workbook" in words(app)


def test_hostile_texts_are_shown_as_texts(made: Made) -> None:
    house, ids = made
    texts = {field.name: HOSTILE[: field.longest] for field in FIELDS if field.kind in ("line", "text")}
    key = inventory_edits.add(house, {**texts, "kind": "vendor", "owner": ids["ada"]})
    inventory_edits.edit(house, "s:credit", 0, {"dependencies": (key,), "purpose": HOSTILE})
    inventory_edits.edit(house, key, 1, {"dependencies": ("s:<b>bold</b>",), "users": f"again {HOSTILE}"})
    cleo = seen_by(house, ids, "cleo")
    inventory_tier.override_tier(cleo, key, 2, tier=1, reason=HOSTILE, printed="Cleo Diaz")
    with shown(cleo):
        apps = [
            page("inventory"),
            page("inventory", entry=key),
            page("inventory", entry="s:credit"),
            page("inventory", entry=key, edit="1"),
            page("inventory", bulk="1"),
            page("models", model="s:credit"),
        ]
    for app in apps:
        assert not app.exception
        drawn = [*app.markdown, *app.caption, *app.title, *app.error, *app.warning, *app.info]
        for part in drawn:
            assert not re.search(r"(?<!\\)(<img|\*\*bold|\]\(http|:material/delete|`code|\$x)", part.value), part.value
    assert "Signed by **Cleo Diaz**" in words(apps[1])
    assert "responsibility" in words(apps[1])


def test_an_empty_house_says_what_to_do(tmp_path: Path) -> None:
    house = House(load({}, tmp_path))
    house.switch("own")
    try:
        with shown(house):
            app = page("inventory")
        assert not app.exception
        assert "Connect a source" in words(app)
        assert "add" in keys(app)
    finally:
        house.close()


def test_the_demo_is_furnished_once_with_gaps_on_purpose(demo: House) -> None:
    ledger = demo.ledger_of("demo")
    demo_people.furnish(ledger)
    demo_inventory.furnish(ledger)
    head = ledger.head()
    demo_inventory.furnish(ledger)
    assert ledger.head() == head
    seen = inventory.summary(demo, day=inventory.today())
    assert seen.live == 8
    assert seen.undescribed == 1
    assert {"owner", "validator", "independence", "production_backup", "review_overdue", "purpose"} <= set(seen.gaps)
    assert not {"dependency_unknown", "dependency_retired", "owner_gone"} & set(seen.gaps)
    with shown(demo):
        model = page("models", model="demo:credit_risk")
        assert "Owner Astrid Lindqvist" in words(model)
        for one in inventory.entries(demo, day=inventory.today()):
            assert not page("inventory", entry=one.key).exception
