"""Access and My account: each role sees what it may, names are text, dialogs do what they say."""

import pytest
from streamlit.testing.v1 import AppTest

from core.governance.rights import ROLES
from core.services import accounts, authors, deputies, identity, roles, sessions, sign_in_log, teams, tokens
from core.services.find import find
from core.services.house import House, now_ms
from tests.pages.app import page, shown, words
from tests.people import People

PARTS = ("people", "roles", "teams", "deputies", "tokens", "sessions", "sign-ins", "users")
DAY = 86_400_000
HOSTILE = (
    "<img src=x onerror=alert(1)>", "[x](javascript:alert(1))", "**bold** $\\frac{1}{2}$ :material/delete: :red[x]",
    "![](https://evil.example/x.png)", "https://evil.example",
)  # fmt: skip
SEEING = {"compliance", "auditor", "administrator"}


@pytest.fixture
def full(staff: People) -> People:
    """A house in which every part of the page has something to show, all of it with hostile names."""
    root = staff.add("root", "administrator", name=HOSTILE[0])
    house = staff.by(root)
    for number, text in enumerate(HOSTILE):
        person = staff.add(f"<b>{number}</b>", "viewer", name=text, mail=f"{number}@<i>")
        team = teams.make(house, text[:80])
        teams.set_members(house, team, (person, root))
        roles.give(house, team, "contributor", f"<p{number}>", now_ms() + DAY)
        staff.enter(person, text)
        tokens.make(staff.by(person), text[:80], ("view",), now_ms() + DAY)
        deputies.appoint(staff.by(person), root, now_ms(), now_ms() + DAY)
    return staff


def looked_at(staff: People, viewer: str, name: str = "access", /, **query: str) -> AppTest:
    with shown(staff.by(viewer)):
        return page(name, **query)


def person_of(staff: People, login: str) -> str:
    (one,) = [one for one in accounts.listing(staff.house) if one.login == login]
    return one.id


@pytest.mark.parametrize("role", ROLES)
def test_each_role_sees_what_it_may_and_only_administrators_can_change(full: People, role: str) -> None:
    person = full.add(f"the.{role}", role, name="Plain Name")
    for part in PARTS:
        app = looked_at(full, person, part=part)
        assert not app.exception
        if role in SEEING:
            assert app.title[0].value == "Access"
            acting = [button.key for button in app.button if button.key not in ("sign_out", "sign_out_all")]
            assert role == "administrator" or acting in ([], ["change_password"]), acting
        else:
            assert "Not allowed" in words(app)
            assert not app.dataframe
            assert not app.title


@pytest.mark.parametrize("role", ROLES)
def test_the_search_offers_only_pages_that_open(full: People, role: str) -> None:
    offered = {hit.page for hit in find(full.by(full.add(f"the.{role}", role)), "")}
    assert ("access" in offered) == (role in SEEING)
    assert "account" in offered


@pytest.mark.parametrize("part", PARTS)
def test_names_are_shown_as_text(full: People, part: str) -> None:
    app = looked_at(full, person_of(full, "root"), part=part)
    assert not app.exception
    told = words(app)
    for text in HOSTILE:
        assert text not in told
    if part == "people":
        assert set(HOSTILE) <= set(app.dataframe[0].value["open"])


def test_a_person_is_opened_with_everything_known(full: People) -> None:
    root, person = person_of(full, "root"), person_of(full, "<b>1</b>")
    app = looked_at(full, root, person=person)
    assert not app.exception
    told = words(app)
    assert HOSTILE[1] not in told
    assert "\\[x\\]" in told
    assert len(app.dataframe) == 4, "roles, deputies, sessions, tokens"
    assert {button.key for button in app.button} >= {"change_person", "reset_person", "disable", "erase", "give_role"}


@pytest.mark.parametrize("query", [{"person": "p_none"}, {"person": "<b>"}, {"part": "king"}, {"who": "' OR 1"}])
def test_a_wrong_address_is_told(full: People, query: dict[str, str]) -> None:
    app = looked_at(full, person_of(full, "root"), **query)
    assert not app.exception
    assert ("no such person" in words(app)) == ("person" in query)


def test_filters_of_people_narrow(full: People) -> None:
    root = person_of(full, "root")
    accounts.disable(full.by(root), "<b>2</b>")
    app = looked_at(full, root, state="Disabled")
    assert list(app.dataframe[0].value["login"]) == ["<b>2</b>"]
    assert list(looked_at(full, root, q="3@<i>").dataframe[0].value["login"]) == ["<b>3</b>"]
    assert not looked_at(full, root, q="nobody at all").dataframe


def test_the_log_is_filtered_by_the_address(full: People) -> None:
    root, person = person_of(full, "root"), person_of(full, "<b>1</b>")
    app = looked_at(full, root, part="sign-ins", who=person)
    assert list(app.dataframe[0].value["person"]) == [HOSTILE[1]]
    assert sign_in_log.listing(full.by(root)).total == len(HOSTILE)


@pytest.mark.parametrize(
    ("button", "field"),
    [("add_person", "new_login"), ("make_token", "token_name"), ("erase", "typed_"), ("change_person", "name_")],
)
def test_buttons_open_their_dialogs(full: People, button: str, field: str) -> None:
    root = person_of(full, "root")
    with shown(full.by(root)):
        app = page("account") if button == "make_token" else page("access")
        if button in ("erase", "change_person"):
            app = page("access", person=person_of(full, "<b>1</b>"))
        app.button(button).click().run()
    assert not app.exception
    assert any(box.key.startswith(field) for box in app.text_input)
    assert not any(text in words(app) for text in HOSTILE)


@pytest.mark.parametrize("role", ROLES)
def test_everybody_has_an_account_page(full: People, role: str) -> None:
    person = full.add("bare", role, name=HOSTILE[2])
    app = looked_at(full, person, "account")
    assert not app.exception
    assert app.title[0].value == "My account"
    assert HOSTILE[2] not in words(app)
    assert {button.key for button in app.button} >= {"make_token", "appoint", "end_others"}


def test_somebody_without_a_role_meets_no_error(staff: People) -> None:
    person = staff.add("none")
    for name in ("experiments", "access", "sources"):
        app = looked_at(staff, person, name)
        assert not app.exception, name
        assert name != "access" or "Not allowed" in words(app)
    assert {hit.page for hit in find(staff.by(person), "a")} == {"account"}
    app = looked_at(staff, person, "account")
    assert not app.exception
    assert app.title[0].value == "My account"


def test_a_revoked_session_is_over_at_the_next_rerun(full: People) -> None:
    person = person_of(full, "<b>1</b>")
    secret = full.enter(person)
    house = full.house.by(identity.actor_of_session(full.house, secret))
    (mine,) = [one for one in sessions.own(house) if one.current]
    sessions.revoke(full.by(person_of(full, "root")), mine.id)
    assert identity.actor_of_session(full.house, secret).kind == "nobody"


def test_runs_and_versions_say_who_stands_behind_their_user(demo: House) -> None:
    from core.services import demo_people, runs
    from core.services.runs import RunQuery

    demo_people.furnish(demo.ledger_of("demo"))
    for user, said in (("m.okafor", "Mercy Okafor"), ("svc-nightly", "unknown person")):
        table = runs.search(demo, RunQuery(text=f"user = '{user}' and name is not null"), size=1).table
        ref = f"{table['source'][0]}:{table['run_id'][0]}"
        with shown(demo):
            app = page("run", id=ref)
        assert not app.exception
        assert said in words(app)
    total, found = authors.source_users(demo)
    assert total == len(found)
    with shown(demo):
        app = page("access", part="users")
    assert not app.exception
