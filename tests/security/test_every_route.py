"""Every role before every route and every page: who is let in, and who is told, in the house's own words, that not."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from core.api.app import build
from core.governance.rights import ROLE
from core.ledger import people
from core.services import demo_people, identity, runs, tokens
from core.services.house import House, now_ms, silent
from core.settings import load
from tests.pages.app import page, shown, words

ROUTES = {
    # path -> (query, right); None: anybody who is signed in
    "/experiments": ("", "view"),
    "/runs": ("limit=1", "view"),
    "/runs/{run_id}": ("", "view"),
    "/models": ("limit=1", "view"),
    "/models/{model}/versions": ("", "view"),
    "/inventory": ("limit=1", "view"),
    "/inventory/{entry}": ("", "view"),
    "/monitors": ("", "view"),
    "/monitors/{model}/schema": ("", "view"),
    "/profiles": ("", "view"),
    "/measurements": ("model=credit_risk", "view"),
    "/projects": ("", "view"),
    "/sources": ("", "view"),
    "/jobs": ("", "view"),
    "/jobs/{job_id}": ("", "view"),
    "/me": ("", None),
    "/people": ("", "access_view"),
    "/sessions": ("", "access_view"),
    "/sign-ins": ("", "access_view"),
    "/tokens": ("", "access_view"),
    "/audit": ("limit=1", "audit"),
    "/audit/export": ("", "audit"),
    "/audit/{seq}": ("", "audit"),
    "/notes": ("subject=model:demo:credit_risk", "view"),
    "/views": ("", "view"),
    "/findings": ("", "view"),
    "/findings/{finding_id}": ("", "view"),
    "/policies": ("", "view"),
    "/verdicts": ("", "view"),
}
FILLED = {
    "model": "demo:credit_risk",
    "entry": "demo:credit_risk",
    "job_id": "none",
    "seq": "1",
    "finding_id": "f_none",
}
WRITES = {
    "/jobs": ({"kind": "profile", "model": "nothing"}, "operate"), "/sync": ({"source": "nothing"}, "operate"),
    "/findings/{finding_id}/answer": ({"act": "acknowledge", "revision": 0}, "annotate"),
}  # fmt: skip
PAGES = {
    "overview": "view", "experiments": "view", "run": "view", "compare_runs": "view", "models": "view",
    "inventory": "view", "projects": "view", "sources": "view", "audit": "audit", "access": "access_view",
    "account": None, "monitor_model": "operate", "monitoring": "view", "findings": "view", "fairness": "view",
    "features": "view",
}  # fmt: skip
EVERYBODY = {login: role for login, _, role in demo_people.PEOPLE}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    house = House(load({}, tmp_path_factory.mktemp("routes")))
    house.sync("demo", silent)
    demo_people.furnish(house.ledger_of("demo"))
    yield house
    house.close()


@pytest.fixture(scope="module")
def client(house: House) -> TestClient:
    return TestClient(build(lambda: house, lambda: "server"))


@pytest.fixture(scope="module")
def bearers(house: House) -> dict[str, str]:
    """Role -> a token of the demo's person with that role, for every right the role has."""
    found = {}
    for login, role in EVERYBODY.items():
        seen = _seen(house, login)
        made = tokens.make(seen, "all", tuple(ROLE[role].rights), now_ms() + 86_400_000)
        found[role] = made.secret
    return found


def test_the_tables_name_every_route_and_every_page(client: TestClient) -> None:
    told = client.get("/openapi.json").json()["paths"]
    assert {path for path, methods in told.items() if "get" in methods} == set(ROUTES)
    assert {path for path, methods in told.items() if set(methods) - {"get"}} == set(WRITES)
    assert {path.stem for path in (Path(__file__).parents[2] / "pages").glob("*.py")} == set(PAGES)


@pytest.mark.parametrize("role", EVERYBODY.values())
@pytest.mark.parametrize("path", ROUTES)
def test_a_route_answers_the_roles_that_have_its_right_and_no_others(
    path: str, role: str, client: TestClient, bearers: dict[str, str], house: House
) -> None:
    query, right = ROUTES[path]
    run = runs.experiments(house)[0].ref if path == "/runs/{run_id}" else ""
    answer = client.get(
        f"{path.format(**FILLED, run_id=run)}?{query}", headers={"Authorization": f"Bearer {bearers[role]}"}
    )
    if right is None or right in ROLE[role].rights:
        assert answer.status_code in (200, 404), answer.text
    else:
        assert answer.status_code == 403
        assert set(answer.json()["error"]) == {"title", "message", "hint"}
        assert answer.json()["error"]["hint"]


@pytest.mark.parametrize("role", EVERYBODY.values())
@pytest.mark.parametrize("path", WRITES)
def test_a_route_that_changes_something_needs_its_right(
    path: str, role: str, client: TestClient, bearers: dict[str, str]
) -> None:
    body, right = WRITES[path]
    answer = client.post(path, json=body, headers={"Authorization": f"Bearer {bearers[role]}"})
    assert answer.status_code == (404 if right in ROLE[role].rights else 403), answer.text


@pytest.mark.parametrize("path", [*ROUTES, *WRITES])
@pytest.mark.parametrize("bearer", [None, "Bearer ", "Bearer gh.demo.x", "Bearer gh.own.x", "Basic eDp5", "Bearer é"])
def test_a_route_answers_nobody_without_a_token_in_force(path: str, bearer: str | None, client: TestClient) -> None:
    headers = {"Authorization": bearer.encode()} if bearer else {}
    send = client.post if path in WRITES else client.get
    answer = send(path.format(**FILLED, run_id="x"), headers=headers)
    assert answer.status_code == 401
    assert "items" not in answer.json()


@pytest.mark.parametrize("login", EVERYBODY)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_opens_for_the_roles_that_may_and_tells_the_others(name: str, login: str, house: House) -> None:
    right = PAGES[name]
    with shown(_seen(house, login)):
        app = page(name)
    assert not app.exception
    told = words(app)
    if right is None or right in ROLE[EVERYBODY[login]].rights:
        assert "Not allowed" not in told
    else:
        assert "Not allowed" in told
        assert not app.dataframe


def _seen(house: House, login: str) -> House:
    with house.ledger_of("demo").reading() as connection:
        row = people.by_login(connection, login)
    assert row is not None
    return house.by(identity.actor_of_person(house, row["id"], "demo"))
