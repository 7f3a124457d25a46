"""Audit, saved views and notes as each role sees them."""

from collections.abc import Iterator

import pytest

from core.governance.rights import ROLE
from core.services import audit, demo_notes, notes, views
from core.services.audit_export import RECIPE
from core.services.demo_people import PEOPLE
from core.services.house import House, silent
from core.settings import load
from tests.demo_actors import furnished, seen_by
from tests.pages.app import page, shown, words

XSS = "<script>alert(1)</script> **bold** [x](javascript:alert(1)) :material/home:"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    made = furnished(House(load({}, tmp_path_factory.mktemp("pages"))))
    made.sync("demo", silent)
    demo_notes.furnish(made.ledger)
    yield made
    made.close()


@pytest.mark.parametrize(("login", "role"), [(login, role) for login, _, role in PEOPLE])
def test_the_trail_is_shown_to_those_who_may_and_to_nobody_else(house: House, login: str, role: str) -> None:
    with shown(seen_by(house, login)):
        app = page("audit", event="3")
    assert not app.exception
    may = "audit" in ROLE[role].rights
    assert bool(app.dataframe) == may
    assert ("gave Astrid Lindqvist the role ML lead" in words(app).replace("\\", "")) == may
    assert may or "needs the right" in words(app).replace("\\", "")


@pytest.mark.parametrize("query", [
    {"page": "99999999999999999999"}, {"page": "-1"}, {"page": "x"}, {"event": "99999999"}, {"event": "' OR 1"},
    {"before": "9" * 30, "q": "role"}, {"q": "w " * 40}, {"actor": "' OR 1=1 --"}, {"action": "; DROP TABLE people"},
    {"subject": "%"}, {"from": "never"}, {"from": "2026-01-01", "to": "2025-01-01"}, {"to": "9999-12-31"},
])  # fmt: skip
def test_nothing_in_the_url_breaks_the_page(house: House, query: dict[str, str]) -> None:
    with shown(seen_by(house, "r.novak")):
        app = page("audit", **query)
    assert not app.exception
    assert app.title[0].value == "Audit"


def test_filters_narrow_the_list_and_an_event_opens_with_its_proof(house: House) -> None:
    auditor = seen_by(house, "r.novak")
    with shown(auditor):
        app = page("audit", action="role", event="3")
        seen = app.dataframe[-1].value
        assert set(seen["action"]) == {"role.given"}
        opened = audit.event(auditor, 3)
        assert [block.value for block in app.code] == [RECIPE.rstrip(), opened.hash, opened.previous, opened.raw]
        app.button(key="newer").click().run()
        assert app.query_params["event"] == "4"
        app.button(key="close_event").click().run()
        assert "event" not in app.query_params


def test_verify_tells_that_the_chain_is_intact(house: House) -> None:
    auditor = seen_by(house, "r.novak")
    with shown(auditor):
        app = page("audit")
        app.button(key="verify").click().run()
        job = next(job for job in house.jobs.all() if job.key.startswith("verify:"))
        house.jobs.wait(job.id, 30)
        app.run()
    assert f"{house.ledger.head()[0]:,} events, chain intact" in app.success[0].value


def test_a_view_is_saved_shared_opened_by_another_and_deleted_with_undo(house: House) -> None:
    lead, viewer = seen_by(house, "a.lindqvist"), seen_by(house, "t.moreau")
    with shown(lead):
        app = page("experiments", q="metrics.valid.auc > 0.7", group="user")
        app.text_input(key="view_name").set_value(XSS[:58]).run()
        app.button(key="view_save").click().run()
        assert not app.exception
        (view,) = [view for view in views.listing(lead) if view.name == XSS[:58]]
        assert dict(view.params) == {"q": ("metrics.valid.auc > 0.7",), "group": ("user",)}
        app.button(key="view_share").click().run()
    with shown(viewer):
        theirs = page("experiments", view=view.id)
        assert theirs.text_input(key="q").value == "metrics.valid.auc > 0.7"
        assert theirs.session_state["group_list"] == ["user"]
        assert not [button for button in theirs.button if button.key in ("view_delete", "view_save", "view_default")]
    with shown(lead):
        app.button(key="view_delete").click().run()
        assert views.listing(viewer) == ()
        app.button(key="view_undo").click().run()
        assert [view.id for view in views.listing(viewer)] == [view.id]


def test_a_page_begins_with_the_default_unless_the_url_says_something(house: House) -> None:
    lead, viewer = seen_by(house, "a.lindqvist"), seen_by(house, "t.moreau")
    made = views.save(lead, "experiments", "Begin", {"sort": ["duration"], "q": ["params.seed is not null"]})
    views.share(lead, made, "everybody", revision=1)
    views.set_default_for_everybody(lead, "experiments", made)
    with shown(viewer):
        app = page("experiments")
        assert (app.text_input(key="q").value, app.selectbox(key="sort").value) == (
            "params.seed is not null",
            "duration",
        )
        app.text_input(key="q").set_value("").run()
        assert app.text_input(key="q").value == "", "a default is a beginning, no cage"
        assert page("experiments", q="status = 'FAILED'").text_input(key="q").value == "status = 'FAILED'"
    views.delete(lead, made, revision=2)


@pytest.mark.parametrize("view", ["v_0000000000000000", "' OR 1=1 --", "x" * 500])
def test_a_view_that_is_not_there_is_told(house: House, view: str) -> None:
    with shown(seen_by(house, "t.moreau")):
        app = page("experiments", view=view)
    assert not app.exception
    assert "no such view" in words(app)
    assert app.dataframe


def test_notes_are_texts_and_only_their_authors_get_a_menu(house: House) -> None:
    writer = seen_by(house, "m.okafor")
    with shown(writer):
        app = page("models", model="demo:consumer_loan")
        app.text_area(key="note_text_model").set_value(XSS).run()
        app.button(key="note_add_model").click().run()
        assert XSS in [text.value for text in app.text]
    (note,) = notes.notes(writer, "model:demo:consumer_loan")
    for login, may in (("m.okafor", True), ("s.iyer", False), ("t.moreau", False), ("j.baumann", True)):
        with shown(seen_by(house, login)):
            app = page("models", model="demo:consumer_loan")
        assert XSS in [text.value for text in app.text]
        assert bool([b for b in app.button if b.key == f"note_delete_{note.id}"]) == may


def test_tags_made_here_are_told_apart_and_stand_in_the_table(house: House) -> None:
    writer = seen_by(house, "m.okafor")
    with shown(writer):
        app = page("models", model="demo:credit_risk", version="6")
        app.text_input(key="tag_key_version").set_value("checked").run()
        app.text_input(key="tag_value_version").set_value("<b>yes</b>").run()
        app.button(key="tag_set_version").click().run()
        (tag,) = notes.tags(writer, "version:demo:credit_risk/6")
        assert (tag.key, tag.value) == ("checked", "<b>yes</b>")
        table = page("models").dataframe[0].value
    assert dict(zip(table["model"], table["here"], strict=True))["credit_risk"] == ["review=annual"]
