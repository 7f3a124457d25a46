"""The paths that users walk, in a real browser against a real server."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser import (
    address_of,
    button,
    choose_password,
    click_row,
    grid_texts,
    open_palette,
    settle,
    sign_in,
    visit,
)  # fmt: skip
from tests.mlflow_population import populate
from tests.mlflow_server import MlflowClient, running
from tests.serving import Served, served

SEARCH = "metrics.valid.auc > 0.7 and params.estimator = 'boosting'"
PAGES = ("overview", "experiments", "run", "compare_runs", "models", "sources")


def test_search_pick_three_compare_and_share(demo_server: Served, fresh_page: Callable[..., Page]) -> None:
    page = fresh_page()
    visit(page, demo_server.url)
    page.get_by_role("link", name="Experiments").click()
    box = page.get_by_label("Search runs")
    box.fill(SEARCH)
    box.press("Enter")
    expected = demo_server.get("/api/v1/runs", filter=SEARCH).json()
    expect(page.get_by_text(f"{expected['total']} runs.")).to_be_visible()
    for row in range(3):
        click_row(page, row, 18)
        expect(button(page, "compare")).to_contain_text(f"Compare {row + 1} run")
    button(page, "compare").click()
    expect(page.get_by_role("heading", name="Compare runs")).to_be_visible()
    expect(page.locator(".js-plotly-plot").first).to_be_visible()
    settle(page)
    refs = [run["id"] for run in expected["items"][:3]]
    for ref in refs:
        assert ref.replace(":", "%3A") in page.url
    first = grid_texts(page)
    assert any("Metric" in row for row in first)

    friend = fresh_page()
    visit(friend, page.url)
    expect(friend.locator(".js-plotly-plot").first).to_be_visible()
    settle(friend)
    assert grid_texts(friend) == first
    assert address_of(friend) == address_of(page)

    page.get_by_role("link", name="Experiments").click()
    expect(button(page, "compare")).to_have_text(re.compile("Compare 3 runs"))


def test_a_search_is_shared_by_its_url(demo_server: Served, fresh_page: Callable[..., Page]) -> None:
    page = fresh_page()
    visit(
        page,
        f"{demo_server.url}/experiments?q=params.seed%20is%20not%20null&group=params.estimator&sort=metrics.valid.auc",
    )
    expect(page.get_by_label("Search runs")).to_have_value("params.seed is not null")
    expect(page.get_by_text(re.compile(r"\d+ groups\. Click a count"))).to_be_visible()
    header = grid_texts(page)[0]
    assert "estimator" in header
    assert "± SD" in header


def test_a_mistake_is_put_right_by_one_click(demo_server: Served, fresh_page: Callable[..., Page]) -> None:
    page = fresh_page()
    visit(page, f"{demo_server.url}/experiments?q=metric.valid.auc%20%3E%3E%200.7")
    expect(page.locator(".st-key-mistake")).to_be_visible()
    button(page, "mend").click()
    expect(page.locator(".st-key-mistake")).to_have_count(0)
    expect(page.get_by_text(re.compile(r"\d+ runs\. Select rows"))).to_be_visible()


def test_ctrl_k_finds_a_model_from_anywhere(demo_server: Served, fresh_page: Callable[..., Page]) -> None:
    page = fresh_page()
    visit(page, f"{demo_server.url}/sources")
    open_palette(page)
    page.keyboard.type("credit_risk")
    expect(page.get_by_role("option").first).to_contain_text("credit_risk")
    expect(page.get_by_text(re.compile(r"\d+ found"))).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="credit_risk")).to_be_visible()
    assert "model=demo" in page.url


def test_what_is_shown_is_what_is_exported(demo_server: Served, fresh_page: Callable[..., Page]) -> None:
    page = fresh_page()
    visit(page, f"{demo_server.url}/experiments?q=metrics.valid.auc%20%3E%200.92&sort=metrics.valid.auc")
    expected = demo_server.get(
        "/api/v1/runs", filter="metrics.valid.auc > 0.92", order_by="metrics.valid.auc desc", limit=1000
    ).json()
    page.locator(".st-key-export_runs button").first.click()
    with page.expect_download() as downloading:
        button(page, "export_runs_csv").click()
    lines = Path(downloading.value.path()).read_text(encoding="utf-8").splitlines()
    assert len(lines) == expected["total"] + 1
    place = lines[0].replace('"', "").split(",").index("metrics.valid.auc")
    values = [float(line.split(",")[place]) for line in lines[1:]]
    assert values == [run["metrics"]["valid.auc"] for run in expected["items"]]


@pytest.mark.parametrize("name", PAGES)
def test_a_direct_url_on_a_fresh_process_goes_through_the_frame(
    name: str, tmp_path: Path, fresh_page: Callable[..., Page]
) -> None:
    with served(tmp_path) as server:
        page = fresh_page()
        visit(page, f"{server.url}/{name}")
        expect(page.get_by_test_id("stSidebarNav")).to_be_visible()
        expect(page.get_by_role("button", name="Find Ctrl+K")).to_be_visible()


def test_a_newcomer_adds_a_server_and_sees_its_runs(
    tmp_path: Path, empty_mlflow: Path, fresh_page: Callable[..., Page]
) -> None:
    store = tmp_path / "mlflow.db"
    store.write_bytes(empty_mlflow.read_bytes())
    populate(MlflowClient(tracking_uri=f"sqlite:///{store}"))
    with running(store) as mlflow_server, served(tmp_path / "gatehouse") as server:
        page = fresh_page()
        visit(page, server.url)
        page.get_by_text("Connect your own MLflow").click()
        sign_in(page, "admin", server.first_password)
        choose_password(page, server.first_password, "seven brown otters")
        expect(page.get_by_role("heading", name="Add an MLflow source")).to_be_visible()
        assert address_of(page).startswith("/sources?add=1")
        page.get_by_label("Name", exact=True).fill("team")
        page.get_by_label("Address", exact=True).fill(mlflow_server.url)
        page.get_by_label("Address", exact=True).press("Enter")
        settle(page)
        button(page, "test_source").click()
        expect(page.get_by_text(re.compile(r"MLflow 3\S* answers"))).to_be_visible()
        expect(page.get_by_text(re.compile(r"This map reads \d+ versions"))).to_be_visible()
        preview = " ".join(cell for row in grid_texts(page) for cell in row)
        assert "credit_risk" in preview
        assert "Production" in preview
        button(page, "save_source").click()
        expect(page.get_by_role("heading", name="team")).to_be_visible()
        expect(page.get_by_text("Up to date")).to_be_visible(timeout=120_000)
        assert "[sources.team]" in (server.folder / "gatehouse.toml").read_text()
        page.get_by_role("link", name="Experiments").click()
        total = server.get("/api/v1/runs", limit=1).json()["total"]
        assert total > 10
        expect(page.get_by_text(f"{total} runs. Select rows")).to_be_visible()
        click_row(page, 0, 90)
        expect(page.get_by_text("Where it comes from")).to_be_visible()
        assert all(run["source"] == "team" for run in server.get("/api/v1/runs", limit=1000).json()["items"])
