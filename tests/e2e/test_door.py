"""The door as a browser finds it: revoked sessions, sign-out everywhere, the page on a small screen."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser import settle, visit
from tests.knocking import Knocker
from tests.serving import Served


def test_a_session_that_ends_elsewhere_ends_on_an_open_page_at_its_next_run(
    demo_server: Served, fresh_page: Callable[..., Page]
) -> None:
    page = fresh_page()
    visit(page, f"{demo_server.url}/experiments")
    (cookie,) = [c for c in page.context.cookies() if c["name"] == "gatehouse_session"]
    elsewhere = Knocker(demo_server.url)
    elsewhere.secret = cookie["value"]
    assert elsewhere.post("/logout").headers["location"] == "/signin?told=out"
    page.get_by_role("link", name="Models").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert page.url.startswith(f"{demo_server.url}/signin")


def test_signing_out_everywhere_ends_every_session(demo_server: Served, fresh_page: Callable[..., Page]) -> None:
    here, there = fresh_page(), fresh_page()
    visit(here, demo_server.url, who="r.novak")
    visit(there, demo_server.url, who="r.novak")
    here.locator(".st-key-whoami").get_by_role("button", name="Radek Novak").click()
    here.locator(".st-key-sign_out_all button").click()
    expect(here.get_by_text("You are signed out.")).to_be_visible()
    there.reload()
    expect(there.get_by_role("heading", name="Sign in")).to_be_visible()
    visit(here, f"{demo_server.url}/models", who="r.novak")
    settle(here)


@pytest.mark.parametrize("dark", [False, True])
def test_the_sign_in_page_fits_a_small_screen(demo_server: Served, fresh_page: Callable[..., Page], dark: bool) -> None:
    page = fresh_page(dark=dark)
    page.set_viewport_size({"width": 400, "height": 800})
    page.goto(f"{demo_server.url}/signin")
    assert page.evaluate("document.documentElement.scrollWidth") == 400
    expect(page.get_by_label("Login")).to_be_visible()
    expect(page.get_by_role("button", name="Astrid Lindqvist")).to_contain_text("ML lead")
