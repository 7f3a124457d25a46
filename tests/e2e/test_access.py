"""Walks through Access as administrators and others take them, in a browser."""

from collections.abc import Callable, Iterator

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser import button, click_row, settle, visit
from tests.serving import Served, served

ADMINISTRATOR, VIEWER = "j.baumann", "t.moreau"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server of this module's own: the walks change who may do what."""
    with served(tmp_path_factory.mktemp("access")) as found:
        yield found


def ask(server: Served, path: str, token: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.get(f"{server.url}/api/v1{path}", headers=headers, timeout=30, trust_env=False)


def test_an_account_is_added_its_password_shown_once_and_the_person_erased(
    server: Served, fresh_page: Callable[..., Page]
) -> None:
    page = fresh_page()
    visit(page, f"{server.url}/access", ADMINISTRATOR)
    button(page, "add_person").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Login").fill("m.okafor")
    dialog.get_by_role("textbox", name="Name").fill("Aaa **Second** <img src=x onerror=window.pwned=1>")
    button(page, "add_person_now_do").click()
    expect(dialog).to_contain_text("is taken")
    dialog.get_by_role("textbox", name="Login").fill("aaa")
    button(page, "add_person_now_do").click()
    expect(dialog.locator("[data-testid=stCode]")).to_be_visible()
    password = dialog.locator("[data-testid=stCode]").inner_text().strip()
    assert len(password) >= 12
    expect(button(page, "add_person_now_do")).to_have_count(0)
    button(page, "told_once").click()
    expect(dialog).to_have_count(0)
    settle(page)
    assert password not in page.content()
    click_row(page, 0, 60)
    expect(page.get_by_text("Aaa **Second** <img src=x onerror=window.pwned=1>").first).to_be_visible()
    assert page.evaluate("window.pwned") is None
    settle(page)
    button(page, "erase").click()
    page.get_by_label("Type aaa to confirm").fill("aaa")
    expect(button(page, "erase_now_do")).to_be_enabled()
    button(page, "erase_now_do").click()
    expect(page.get_by_text("8 people")).to_be_visible()


def test_a_token_is_made_used_and_revoked(server: Served, fresh_page: Callable[..., Page]) -> None:
    page = fresh_page()
    visit(page, f"{server.url}/account", VIEWER)
    button(page, "make_token").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("What it is for").fill("nightly")
    button(page, "make_token_now_do").click()
    expect(dialog.locator("[data-testid=stCode]")).to_be_visible()
    token = dialog.locator("[data-testid=stCode]").inner_text().strip()
    button(page, "told_once").click()
    expect(page.get_by_text("1 API token", exact=True)).to_be_visible()
    assert ask(server, "/me", token).json()["rights"] == ["view"]
    assert ask(server, "/runs", token).status_code == 200
    assert ask(server, "/people", token).status_code == 403
    administrator = fresh_page()
    visit(administrator, f"{server.url}/access?part=tokens", ADMINISTRATOR)
    grid = administrator.locator("[data-testid=stDataFrame]").first
    box = grid.bounding_box()
    assert box is not None
    click_row(administrator, 0, int(box["width"]) - 60)
    button(administrator, "confirm_do").click()
    expect(administrator.get_by_text("0 API tokens", exact=True)).to_be_visible()
    assert ask(server, "/me", token).status_code == 401


def test_signing_everybody_out_sends_others_to_the_door(server: Served, fresh_page: Callable[..., Page]) -> None:
    page, administrator = fresh_page(), fresh_page()
    visit(page, f"{server.url}/account", VIEWER)
    visit(administrator, f"{server.url}/access?part=sessions", ADMINISTRATOR)
    button(administrator, "end_all_sessions").click()
    button(administrator, "confirm_do").click()
    expect(administrator.get_by_text("1 session in force", exact=True)).to_be_visible()
    button(page, "make_token").click()
    page.wait_for_url(f"{server.url}/signin*")


def test_a_page_that_is_not_for_one_says_so_and_is_not_in_the_menu(
    server: Served, fresh_page: Callable[..., Page]
) -> None:
    page = fresh_page()
    visit(page, f"{server.url}/access", VIEWER)
    expect(page.get_by_text("Not allowed")).to_be_visible()
    expect(page.locator("[data-testid=stSidebarNav] a", has_text="Access")).to_have_count(0)
    expect(page.locator("[data-testid=stDataFrame]")).to_have_count(0)
