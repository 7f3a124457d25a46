"""The page Projects, and every page as somebody sees it who has a role in one project alone."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.ledger import people
from core.services import demo_people, demo_projects, identity, projects
from core.services.house import House, silent
from core.settings import load
from tests.pages.app import page, shown, words

OUTSIDE = ("car_price", "consumer_loan", "employment_screen", "income_band", "car-price", "income-band", "Consumer fin")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    house = House(load({}, tmp_path_factory.mktemp("projects")))
    house.sync("demo", silent)
    demo_people.furnish(house.ledger)
    demo_projects.furnish(house.ledger)
    yield house
    house.close()


def by(house: House, login: str) -> House:
    with house.ledger.reading() as connection:
        row = people.by_login(connection, login)
    return house.by(identity.actor_of_person(house, row["id"], "demo"))


def credit(house: House) -> projects.Project:
    return next(found for found in projects.listing(house) if found.name == "Retail credit")


@pytest.mark.parametrize("name", sorted(path.stem for path in Path("pages").glob("*.py")))
def test_each_page_shows_a_member_its_project_alone(house: House, name: str) -> None:
    with shown(by(house, "n.haddad")):
        app = page(name)
    assert not app.exception
    told = words(app) + "".join(str(frame.value.to_csv()) for frame in app.dataframe)
    told += "".join(str(box.options) for box in (*app.multiselect, *app.selectbox))
    assert [name for name in OUTSIDE if name in told] == []


def test_a_member_sees_its_project_and_cannot_change_it(house: House) -> None:
    with shown(by(house, "n.haddad")):
        app = page("projects")
        assert "Retail credit" in words(app)
        assert not [b for b in app.button if b.key == "new_project"]
        app = page("projects", project=credit(house).id, edit="1")
    assert not app.exception
    assert not [b for b in app.button if b.key in ("save_project", "edit_project", "archive_project")]
    assert "Nadia Haddad" in words(app)


def test_an_unknown_project_is_told_so(house: House) -> None:
    with shown(by(house, "n.haddad")):
        app = page("projects", project="pr_<b>none")
    assert not app.exception
    assert "no project" in app.error[0].value


def test_narrowing_a_rule_names_who_loses_sight_and_wants_a_yes(house: House) -> None:
    before = credit(house)
    with shown(by(house, "j.baumann")):
        app = page("projects", project=before.id, edit="1")
        assert "Nothing comes in, nothing leaves" in words(app)
        app.multiselect(key="clause_0_models").set_value(["credit_risk"]).run()
        assert "1 person loses sight of 0 models and 4 experiments" in words(app)
        assert "Leaves" in words(app)
        assert app.button(key="save_project").disabled
        app.checkbox(key="agreed").check().run()
        app.button(key="save_project").click().run()
    assert not app.exception
    assert credit(house).experiments == 0
    projects.save(
        house, projects.Draft(name=before.name, description=before.description, rule=before.rule, owner=before.owner),
        project=before.id, revision=before.revision + 1,
    )  # fmt: skip


def test_a_project_is_made_with_a_preview_of_two_alternatives(house: House) -> None:
    with shown(by(house, "j.baumann")):
        app = page("projects", new="1")
        app.text_input(key="project_name").set_value("Prices & bands").run()
        app.multiselect(key="clause_0_models").set_value(["car_price"]).run()
        app.button(key="add_clause").click().run()
        app.multiselect(key="clause_1_experiments").set_value(["income-band/nightly"]).run()
        assert "**1 model**" in words(app)
        assert "**1 experiment**" in words(app)
        app.button(key="save_project").click().run()
    assert not app.exception
    made = next(found for found in projects.listing(house) if found.name == "Prices & bands")
    assert (made.models, made.experiments) == (1, 1)
