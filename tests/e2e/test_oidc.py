"""Signing in by a real OpenID Connect provider, in a browser."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from oidc_provider_mock import User, run_server_in_thread
from playwright.sync_api import Page, expect

from tests.e2e.browser import settle, visit
from tests.knocking import Knocker
from tests.serving import Served, served

SETTINGS = """
[oidc]
issuer = "{issuer}"
client_id = "gatehouse"
client_secret_env = "OIDC_SECRET"
title = "Nordbank"
groups = {{ml-leads = "ml_lead", auditors = "auditor"}}
"""
LEA = {"name": "Lea Roth", "email": "lea@bank.example", "preferred_username": "lea.roth"}


@contextmanager
def provided(folder: Path) -> Iterator[tuple[Served, str]]:
    """Gatehouse and a provider that knows Lea, an ML lead."""
    users = (User(sub="lea", claims={**LEA, "groups": ["ml-leads", "staff"]}),)
    with run_server_in_thread(user_claims=users, require_nonce=True) as provider:
        issuer = f"http://localhost:{provider.server_port}"
        folder.mkdir(exist_ok=True)
        (folder / "gatehouse.toml").write_text(SETTINGS.format(issuer=issuer))
        with served(folder, {"OIDC_SECRET": "x&y% z"}) as server:
            yield server, issuer


def by_provider(page: Page, url: str) -> None:
    page.goto(url)
    page.get_by_role("link", name="Sign in with Nordbank").click()
    page.get_by_role("button", name="lea", exact=True).click()


def test_a_person_signs_in_with_the_role_of_her_group_and_out_again(
    tmp_path: Path, fresh_page: Callable[..., Page]
) -> None:
    with provided(tmp_path / "gatehouse") as (server, issuer):
        page = fresh_page(elsewhere=issuer)
        by_provider(page, f"{server.url}/sources")
        settle(page)
        assert page.url == f"{server.url}/sources", "the way there is not lost"
        who = page.locator(".st-key-whoami")
        expect(who).to_contain_text("Lea Roth")
        expect(who).to_contain_text("ML lead")
        (cookie,) = [c for c in page.context.cookies() if c["name"] == "gatehouse_session"]
        assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Lax")

        who.get_by_role("button", name="Lea Roth").click()
        page.locator(".st-key-sign_out button").click()
        expect(page.get_by_role("heading", name="End Session")).to_be_visible()
        assert page.url.startswith(f"{issuer}/oauth2/end_session?id_token_hint=ey")
        thief = Knocker(server.url)
        thief.secret = cookie["value"]
        assert thief.page().status_code == 303, "our session was over before the provider was asked"
        page.get_by_role("button", name="End session").click()
        expect(page.get_by_text("You are signed out.")).to_be_visible()

        httpx.put(f"{issuer}/users/lea", json={**LEA, "groups": ["auditors"]}, trust_env=False).raise_for_status()
        by_provider(page, server.url)
        settle(page)
        expect(who).to_contain_text("Auditor")
        expect(who).not_to_contain_text("ML lead")

        httpx.put(f"{issuer}/users/lea", json={**LEA, "groups": ["cooks"]}, trust_env=False).raise_for_status()
        by_provider(page, f"{server.url}/signin?change=1")
        expect(page.get_by_role("alert")).to_contain_text("You have no role in Gatehouse")
        expect(page.get_by_label("Password")).to_be_visible()


def test_a_provider_that_is_gone_or_refuses_leaves_local_sign_in(
    tmp_path: Path, fresh_page: Callable[..., Page]
) -> None:
    with provided(tmp_path / "gatehouse") as (server, issuer):
        page = fresh_page(elsewhere=issuer)
        page.goto(server.url)
        page.get_by_role("link", name="Sign in with Nordbank").click()
        page.get_by_role("button", name="Deny").click()
        expect(page.get_by_role("alert")).to_contain_text("refused (access_denied)")
        visit(page, f"{server.url}/sources")
