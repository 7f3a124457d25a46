"""A real Chromium, shared by a session; pages that note whatever they ask of other hosts."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, Request, expect, sync_playwright

TIMEOUT_MS = 30_000
SETTLED = "[data-testid=stApp][data-test-script-state=notRunning]"
expect.set_options(timeout=TIMEOUT_MS)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium") or os.environ.get("CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def fresh_page(chromium: Browser, tmp_path: Path) -> Iterator[Callable[..., Page]]:
    """Makes a page in a browser context of its own. Afterwards: no other host was asked, no dialog came up.

    elsewhere: where pages of somebody else begin, such as a sign-in provider's: what those ask for is not ours.
    """
    contexts, foreign, dialogs = [], [], []

    def make(*, dark: bool = False, elsewhere: str | None = None) -> Page:
        context = chromium.new_context(
            color_scheme="dark" if dark else "light", viewport={"width": 1440, "height": 1000}, accept_downloads=True
        )
        context.set_default_timeout(TIMEOUT_MS)
        contexts.append(context)
        page = context.new_page()

        def note(request: Request) -> None:
            theirs = elsewhere is not None and request.frame.url.startswith(elsewhere)
            if _is_foreign(request.url) and not theirs:
                foreign.append(request.url)

        page.on("request", note)
        if elsewhere:
            page.route(lambda url: _is_foreign(url), lambda route: route.abort())
        page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
        return page

    yield make
    for number, context in enumerate(contexts):
        for page in context.pages:
            page.screenshot(path=tmp_path / f"last-{number}.png")
        context.close()
    assert foreign == []
    assert dialogs == []


def settle(page: Page) -> None:
    """Waits until the script has run and the page shows no old element any more."""
    page.wait_for_selector(SETTLED)
    expect(page.locator("[data-stale=true]")).to_have_count(0)


def visit(page: Page, url: str, who: str = "a.lindqvist") -> None:
    """Opens a page; where the door stands before it, enters as one of the demo's people."""
    page.goto(url)
    if urlsplit(page.url).path == "/signin":
        page.locator(f"button[value='{who}']").click()
    settle(page)
    expect(page.locator("[data-testid=stException]")).to_have_count(0)


def sign_in(page: Page, login: str, password: str) -> None:
    """With a local account, on the sign-in page that is open."""
    page.get_by_label("Login").fill(login)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def choose_password(page: Page, first: str, new: str) -> None:
    """On the page that asks for a password of one's own."""
    expect(page.get_by_role("heading", name="Choose a password of your own")).to_be_visible()
    page.get_by_label("First password").fill(first)
    page.get_by_label("New password", exact=True).fill(new)
    page.get_by_label("New password, again").fill(new)
    page.get_by_role("button", name="Change the password").click()


def open_palette(page: Page) -> None:
    """Ctrl+K, once the page listens for it; the script may have run before the component has loaded."""
    expect(page.locator(".opener[data-ready=true]")).to_be_visible()
    page.keyboard.press("Control+k")
    expect(page.get_by_role("dialog")).to_be_visible()


def button(page: Page, key: str) -> Locator:
    """A button by its key; one with a tooltip stands twice in the page."""
    return page.locator(f".st-key-{key} button").first


def click_row(page: Page, row: int, x: int, header: int = 36, height: int = 36) -> None:
    """Clicks into a row of the first grid, x pixels from its left; grids are drawn on a canvas."""
    grid = page.locator("[data-testid=stDataFrame]").first
    settle(page)
    expect(grid.locator("[role=row]").nth(row + 1)).to_be_attached()  # drawn, so that it takes the click
    box = grid.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + x, box["y"] + header + height * row + height / 2)


def grid_texts(page: Page, number: int = 0) -> list[list[str]]:
    """What a grid tells a screen reader: its visible cells, row by row, the header first."""
    grid = page.locator("[data-testid=stDataFrame]").nth(number)
    expect(grid.locator("[role=row]").nth(1)).to_be_attached()
    return grid.evaluate(
        """grid => [...grid.querySelectorAll('[role=row]')].map(
            row => [...row.querySelectorAll('[role=gridcell],[role=columnheader]')].map(cell => cell.textContent))"""
    )


def address_of(page: Page) -> str:
    return re.sub(r"^https?://[^/]+", "", page.url)


def _is_foreign(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme not in ("data", "blob", "about") and parts.hostname not in ("127.0.0.1", "localhost")
