"""Names from outside are shown as text on every page, and nothing of them is ever executed."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from mlflow import MlflowClient
from playwright.sync_api import Page, expect

from tests.e2e.browser import open_palette, settle, visit
from tests.knocking import Knocker
from tests.mlflow_population import populate
from tests.mlflow_truth import HOSTILE
from tests.serving import Served, served, wait_for_syncs

LONG = "long " * 2_000
SHOUT = "<img src=x onerror=window.pwned=1>"
NAMES = [*HOSTILE, SHOUT, LONG]
RENAMED = (
    "UPDATE registered_models SET name = ? WHERE name = ?",
    "UPDATE registered_model_tags SET name = ? WHERE name = ?",
    "UPDATE model_versions SET name = ? WHERE name = ?",
    "UPDATE model_version_tags SET name = ? WHERE name = ?",
)


@pytest.fixture(scope="module")
def hostile_server(tmp_path_factory: pytest.TempPathFactory, empty_mlflow: Path) -> Iterator[Served]:
    """A server over a registry and runs whose every name is hostile."""
    folder = tmp_path_factory.mktemp("hostile")
    store = folder / "mlflow.db"
    store.write_bytes(empty_mlflow.read_bytes())
    client = MlflowClient(tracking_uri=f"sqlite:///{store}")
    populate(client)
    for number, text in enumerate(NAMES):
        name = client.create_registered_model(f"m{number}", description=text, tags={"said": text[:4_000]}).name
        client.create_model_version(name, "s3://x", description=text, tags={"note": text[:4_000]})
    experiment = client.create_experiment("e", tags={"mlflow.note.content": SHOUT})
    run = client.create_run(experiment, run_name="r", tags={"mlflow.note.content": SHOUT, "said": SHOUT})
    for step in range(3):
        client.log_metric(run.info.run_id, "m", step, step=step)
        client.log_metric(run.info.run_id, "plain", step, step=step)
    client.log_param(run.info.run_id, "p", SHOUT)
    with sqlite3.connect(store) as con:  # the client refuses names that a database may well hold
        for number, text in enumerate(NAMES):
            for statement in RENAMED:
                con.execute(statement, (text, f"m{number}"))
        for table in ("metrics", "latest_metrics", "params", "tags"):
            con.execute(
                f"UPDATE {table} SET key = ? WHERE key IN ('m', 'p', 'said') AND run_uuid = ?", (SHOUT, run.info.run_id)
            )
        con.execute("UPDATE runs SET name = ? WHERE run_uuid = ?", (SHOUT, run.info.run_id))
        con.execute("UPDATE tags SET value = ? WHERE key = 'mlflow.runName' AND run_uuid = ?", (SHOUT, run.info.run_id))
        con.execute("UPDATE experiments SET name = ? WHERE name = 'e'", (SHOUT,))
    (folder / "gatehouse.toml").write_text(f'[sources.s]\nurl = "sqlite:///{store}"\ninterval_s = 60\n')
    with served(folder) as server:
        for _ in range(600):
            if server.get("/api/v1/sources").json()["items"][0]["state"] == "ok":
                break
            server.get("/readyz")
        wait_for_syncs(server)
        yield server


@pytest.fixture(scope="module")
def session(hostile_server: Served) -> dict[str, str]:
    """The cookie of the administrator of the stores that hold these names."""
    knocker = Knocker(hostile_server.url)
    knocker.login("admin", hostile_server.first_password)
    knocker.change_password(hostile_server.first_password, "seven brown otters")
    return {"name": "gatehouse_session", "value": knocker.secret, "url": hostile_server.url}


@pytest.fixture
def own_page(fresh_page: Callable[..., Page], session: dict[str, str]) -> Page:
    page = fresh_page()
    page.context.add_cookies([session])
    return page


def assert_harmless(page: Page) -> None:
    settle(page)
    expect(page.locator("[data-testid=stException]")).to_have_count(0)
    assert page.evaluate("window.pwned") is None
    main = page.locator("[data-testid=stMain]")
    assert main.locator("img[src=x]").count() == 0
    assert main.locator("script").count() == 0
    assert main.locator("a[href^='javascript']").count() == 0


def test_every_page_shows_them_as_text(hostile_server: Served, own_page: Page) -> None:
    page = own_page
    runs = hostile_server.get("/api/v1/runs", limit=1000).json()["items"]
    shouted = next(run["id"] for run in runs if run["name"] == SHOUT)
    said = [run["id"] for run in runs if "text" in run["params"]] + [shouted]
    for path in ("overview", "experiments?spark=plain", "models", "inventory", "sources"):
        visit(page, f"{hostile_server.url}/{path}")
        assert_harmless(page)
    visit(page, f"{hostile_server.url}/compare_runs?runs={','.join(said)}&x=params.text&y=run&all=true")
    assert_harmless(page)
    expect(page.get_by_text(SHOUT[:30]).first).to_be_attached()
    visit(page, f"{hostile_server.url}/run?id={shouted}")
    assert_harmless(page)
    expect(page.get_by_role("heading", name=SHOUT)).to_be_visible()


@pytest.mark.parametrize("name", NAMES)
def test_a_model_is_called_what_it_is_called(name: str, hostile_server: Served, own_page: Page) -> None:
    page = own_page
    models = hostile_server.get("/api/v1/models", limit=1000).json()["items"]
    model = next(model for model in models if model["name"] == name)
    page.goto(hostile_server.url)
    visit(page, f"{hostile_server.url}/models?" + _query(page, {"model": model["ref"], "version": "1"}))
    assert_harmless(page)
    expect(page.locator(".st-key-lineage")).to_be_visible()


@pytest.mark.parametrize("text", NAMES)
def test_a_search_for_them_is_harmless(text: str, hostile_server: Served, own_page: Page) -> None:
    page = own_page
    page.goto(hostile_server.url)
    visit(page, f"{hostile_server.url}/experiments?" + _query(page, {"q": text}))
    assert_harmless(page)
    open_palette(page)
    page.keyboard.insert_text(text[:500])
    expect(page.get_by_role("dialog")).to_be_visible()
    assert_harmless(page)


def _query(page: Page, values: dict[str, str]) -> str:
    return page.evaluate("values => new URLSearchParams(values).toString()", values)
