"""From the fleet to a red model, to the feature, to its segment, to the finding, and answering it."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.e2e.browser import settle, visit
from tests.serving import Served


def test_from_overview_to_an_answered_finding(demo_server: Served, fresh_page: Callable[..., Page]) -> None:
    """The answer is taken back at the end: others look at the same stores."""
    page = fresh_page()
    visit(page, demo_server.url)
    fleet = page.locator(".st-key-fleet_health")
    expect(fleet.get_by_text("Health of models")).to_be_visible()
    fleet.get_by_role("link", name="car_price", exact=True).click()
    settle(page)

    expect(page.get_by_role("heading", name="Monitoring", exact=True)).to_be_visible()
    card = page.locator(".st-key-card_data_quality")
    expect(card.get_by_text("Fail")).to_be_visible()
    expect(card.get_by_text(re.compile(r"of 7 features drifted"))).to_be_visible()

    feature = page.get_by_role("combobox", name="Open a feature")
    feature.click()
    feature.fill("accident")
    page.get_by_role("option", name="accident_count").click()
    settle(page)
    expect(page.get_by_role("heading", name="accident_count")).to_be_visible()
    assert "feature=accident_count" in page.url

    segments = page.locator(".st-key-frame_feature_segments")
    expect(segments.get_by_text(re.compile(r"\S+=\S+ moved most: PSI0 \d\.\d+"))).to_be_visible()

    page.get_by_role("link", name=re.compile(r"^Drift in")).first.click()
    settle(page)
    expect(page.get_by_role("heading", name=re.compile(r"^Drift in"))).to_be_visible()
    expect(page.get_by_text("What to do")).to_be_visible()

    page.get_by_role("button", name="Acknowledge").first.click()
    asked = page.get_by_role("dialog")
    asked.get_by_label(re.compile("^Why")).fill("Other cars since 6 November: sales began in another country.")
    asked.get_by_role("button", name="Acknowledge").click()
    expect(asked).to_have_count(0)
    settle(page)
    expect(page.get_by_text("Acknowledged 1 finding.")).to_be_visible()
    expect(page.get_by_text(re.compile(r"sales began in another country")).first).to_be_visible()
    page.get_by_role("button", name="Undo").first.click()
    settle(page)
    expect(page.get_by_text("Acknowledged 1 finding.")).to_have_count(0)
