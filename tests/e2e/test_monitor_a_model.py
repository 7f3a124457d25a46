"""From a bare Parquet file to the first page with numbers, without a keyboard shortcut and without YAML."""

import re
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pandas as pd
from playwright.sync_api import Page, expect

from tests.e2e.browser import address_of, button, choose_password, settle, sign_in
from tests.serving import Served, served

ROWS, DAYS = 4_000, 20
MOST_S = 180
JOB_MS = 120_000  # a job is a process of its own, and other tests may use the machine too


def bare_log(path: Path) -> None:
    """Four thousand predictions over twenty days, as a service might have written them."""
    random = np.random.default_rng(20)
    made = pd.Timestamp("2026-11-01", tz="UTC") + pd.to_timedelta(np.sort(random.random(ROWS)) * DAYS, unit="D")
    risk = random.normal(size=ROWS)
    score = 1 / (1 + np.exp(-risk))
    path.parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame({
        "time": made, "request_id": [f"r{at:05d}" for at in range(ROWS)], "score": score,
        "label": (random.random(ROWS) < score).astype(int), "utilisation": risk + random.normal(size=ROWS),
        "income": random.lognormal(10, 0.4, ROWS), "region": random.choice(["north", "south", "west"], ROWS),
        "sex": random.choice(["f", "m"], ROWS),
    }).to_parquet(path)  # fmt: skip


def enter(page: Page, server: Served) -> None:
    """The newcomer's way in: by the page of the demo that says what to do."""
    page.goto(f"{server.url}/signin?change=1&next=/sources")
    sign_in(page, "admin", server.first_password)
    choose_password(page, server.first_password, "seven brown otters")
    page.wait_for_url("**/sources*")
    settle(page)


def step(page: Page, key: str) -> None:
    button(page, "draft_next").click()
    expect(page.locator(f".st-key-{key}")).to_be_visible()
    settle(page)


def test_from_a_bare_file_to_numbers_in_under_three_minutes(tmp_path: Path, fresh_page: Callable[..., Page]) -> None:
    bare_log(tmp_path / "logs" / "loans.parquet")
    with served(tmp_path) as server:
        page = fresh_page()
        enter(page, server)
        began_s = time.monotonic()
        button(page, "monitor_model").click()
        expect(page.get_by_role("heading", name="Monitor a model")).to_be_visible()
        page.get_by_label("Model", exact=True).fill("loans")
        page.get_by_role("option", name="loans").click()
        settle(page)
        page.get_by_label("Log", exact=True).click()
        page.get_by_role("option").filter(has_text="logs/loans.parquet").click()
        settle(page)
        button(page, "draft_look").click()
        expect(page.get_by_text("These choices fit together.")).to_be_visible()
        settle(page)
        opened = page.url
        step(page, "draft_labels")
        expect(page.get_by_text("4,000 of 4,000 rows looked at")).to_be_visible()
        step(page, "draft_reference")
        expect(page.get_by_text("A certified rate of false alarms takes 99 days")).to_be_visible()
        step(page, "draft_trial")
        button(page, "draft_try").click()
        expect(page.locator(".st-key-draft_result")).to_be_visible(timeout=JOB_MS)
        assert not (tmp_path / "monitors").exists(), "a trial writes nothing"
        step(page, "draft_save")
        expect(page.get_by_text("+model: loans")).to_be_visible()
        button(page, "draft_write").click()
        page.wait_for_url("**/monitoring?model=loans", timeout=JOB_MS)
        settle(page)
        expect(page.get_by_role("heading", name="Monitoring")).to_be_visible()
        expect(page.get_by_text(re.compile(r"ROC AUC is 0\.\d+")).first).to_be_visible()
        took_s = time.monotonic() - began_s
        print(f"\nfrom Sources to numbers: {took_s:.1f} s")
        assert took_s < MOST_S
        assert "model: loans" in (tmp_path / "monitors" / "loans.yaml").read_text()
        assert server.get("/api/v1/measurements", model="loans").json()["items"]
        assert parse_qs(urlsplit(opened).query)["step"] == ["2"]


def test_going_back_and_reloading_lose_nothing(tmp_path: Path, fresh_page: Callable[..., Page]) -> None:
    bare_log(tmp_path / "loans.parquet")
    with served(tmp_path) as server:
        page = fresh_page()
        enter(page, server)
        page.goto(f"{server.url}/monitor_model")
        page.get_by_label("Model", exact=True).fill("loans")
        page.get_by_role("option", name="loans").click()
        settle(page)
        page.get_by_label("Log", exact=True).click()
        page.get_by_role("option").filter(has_text="loans.parquet").click()
        settle(page)
        button(page, "draft_look").click()
        expect(page.get_by_text("These choices fit together.")).to_be_visible()
        page.get_by_label("Version of all rows", exact=True).fill("7")
        page.get_by_label("Version of all rows", exact=True).blur()
        settle(page)
        step(page, "draft_labels")
        page.get_by_text("There are none", exact=True).click()
        expect(page.get_by_text("Without labels there are no accuracy")).to_be_visible()
        settle(page)
        step(page, "draft_reference")
        button(page, "draft_back").click()
        expect(page.get_by_text("Without labels there are no accuracy")).to_be_visible()
        button(page, "draft_back").click()
        expect(page.get_by_label("Version of all rows", exact=True)).to_have_value("7")
        settle(page)
        address = address_of(page)
        page.reload()
        settle(page)
        assert address_of(page) == address
        expect(page.get_by_label("Version of all rows", exact=True)).to_have_value("7")
        expect(page.get_by_text("Leave out: 1")).to_be_visible()
