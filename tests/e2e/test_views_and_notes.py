"""Saved views are shared, and notes are texts, in a real browser against a real server."""

import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page, expect

from tests.e2e.browser import button, settle, visit
from tests.serving import Served

XSS = "<script>alert('note')</script> **bold** [link](javascript:alert(2)) <img src=x onerror=alert(3)>"
SEARCH = "metrics.valid.auc > 0.7"


def test_a_view_is_saved_shared_and_opened_as_another_person(
    demo_server: Served, fresh_page: Callable[..., Page]
) -> None:
    page = fresh_page()
    visit(page, f"{demo_server.url}/experiments?q=metrics.valid.auc%20%3E%200.7&group=user&sort=metrics.valid.auc")
    button(page, "views_menu").click()
    name = page.get_by_label("Save what is shown as")
    name.fill("<b>AUC</b> *by user*")
    name.press("Tab")
    settle(page)
    button(page, "view_save").click()
    expect(button(page, "views_menu")).to_contain_text("<b>AUC</b> *by user*")
    settle(page)
    button(page, "view_share").click()
    expect(page.get_by_text("Shared with everybody.")).to_be_visible()
    settle(page)
    (view,) = parse_qs(urlsplit(page.url).query)["view"]

    friend = fresh_page()
    visit(friend, f"{demo_server.url}/experiments?view={view}", who="t.moreau")
    expect(friend.get_by_label("Search runs")).to_have_value(SEARCH)
    expect(friend.get_by_text(re.compile(r"groups?\. Click a count"))).to_be_visible()
    expect(button(friend, "views_menu")).to_contain_text("<b>AUC</b> *by user*")
    settle(friend)
    stated = parse_qs(urlsplit(friend.url).query)
    assert stated == {"view": [view], "q": [SEARCH], "group": ["user"], "sort": ["metrics.valid.auc"]}

    box = friend.get_by_label("Search runs")
    box.fill("metrics.valid.auc > 0.75")
    box.press("Enter")
    expect(button(friend, "views_menu")).to_contain_text("*by user* *")
    settle(friend)
    friend.reload()
    settle(friend)
    expect(friend.get_by_label("Search runs")).to_have_value("metrics.valid.auc > 0.75")


def test_a_note_is_seen_as_the_text_it_is(demo_server: Served, fresh_page: Callable[..., Page]) -> None:
    page = fresh_page()
    visit(page, f"{demo_server.url}/models?model=demo:consumer_loan", who="m.okafor")
    button(page, "note_new_model").click()
    field = page.get_by_label("Note", exact=True)
    field.fill(XSS)
    field.press("Tab")
    settle(page)
    button(page, "note_add_model").click()
    expect(page.get_by_test_id("stText").filter(has_text="alert('note')")).to_have_text(XSS)

    friend = fresh_page()
    visit(friend, f"{demo_server.url}/models?model=demo:consumer_loan", who="s.iyer")
    note = friend.locator(".st-key-notes_model").get_by_test_id("stText")
    expect(note).to_have_text(XSS)
    expect(note.locator("a, img, script, strong")).to_have_count(0)

    friend.goto(f"{demo_server.url}/audit?action=note.added")
    settle(friend)
    expect(friend.get_by_role("heading", name="Audit")).to_be_visible()
    button(friend, "verify").click()
    expect(friend.get_by_text(re.compile("chain intact"))).to_be_visible()
    button(friend, "export_audit").click()
    link = friend.get_by_role("link", name=re.compile("JSON Lines")).get_attribute("href")
    taken = friend.context.request.get(f"{demo_server.url}{link}")
    assert taken.headers["content-disposition"] == 'attachment; filename="audit.jsonl"'
    assert '"action":"note.added"' in taken.text()
    assert "alert" not in taken.text(), "texts are sealed"
