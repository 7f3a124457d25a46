"""Routes of people: who may read them, and that no secret is in them."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from core.api.app import build
from core.governance.rights import ROLES
from core.services import tokens
from core.services.house import now_ms
from tests.people import People

DAY = 86_400_000
PATHS = ("/people", "/sessions", "/sign-ins", "/tokens")
SEEING = {"compliance", "auditor", "administrator"}


@pytest.fixture
def client(staff: People) -> Iterator[TestClient]:
    with TestClient(build(lambda: staff.house, lambda: "the server's own")) as found:
        yield found


def token_of(staff: People, person: str, *scopes: str) -> dict[str, str]:
    wanted = scopes or tokens.scopes(staff.by(person))
    return {"Authorization": f"Bearer {tokens.make(staff.by(person), 't', tuple(wanted), now_ms() + DAY).secret}"}


@pytest.mark.parametrize("role", ROLES)
def test_each_role_reads_what_it_may(staff: People, client: TestClient, role: str) -> None:
    person = staff.add("p", role)
    staff.enter(person)
    headers = token_of(staff, person)
    for path in PATHS:
        answer = client.get(path, headers=headers)
        assert answer.status_code == (200 if role in SEEING else 403), path
        if role in SEEING:
            assert answer.json()["total"] == 1
            assert not {"digest", "password_hash", "secret", "id_token", "external"} & set(answer.json()["items"][0])
    me = client.get("/me", headers=headers).json()
    assert (me["id"], me["login"], me["kind"]) == (person, "p", "token")
    assert me["roles"] == [{"role": role, "project": None, "on_behalf_of": None}]


def test_a_scope_limits_what_its_owner_may(staff: People, client: TestClient) -> None:
    headers = token_of(staff, staff.add("p", "administrator"), "view")
    assert client.get("/me", headers=headers).json()["rights"] == ["view"]
    assert client.get("/people", headers=headers).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": "Bearer gh.own.x"}, {"Authorization": "Bearer"}, {"Authorization": "Basic cDpw"},
     {"Authorization": "Bearer the server's own?"}],
)  # fmt: skip
def test_nobody_else_reads_anything(staff: People, client: TestClient, headers: dict[str, str]) -> None:
    for path in (*PATHS, "/me"):
        assert client.get(path, headers=headers).status_code == 401


@pytest.mark.parametrize("hostile", ["' OR 1=1 --", "%", "\x00", "x" * 200, "<b>"])
def test_filters_are_values(staff: People, client: TestClient, hostile: str) -> None:
    headers = token_of(staff, staff.add("p", "administrator"))
    staff.enter(staff.add("q", "viewer"))
    assert client.get("/people", params={"text": hostile}, headers=headers).json()["total"] == 0
    assert client.get("/sessions", params={"person": hostile}, headers=headers).json()["total"] == 0
    assert client.get("/sign-ins", params={"outcome": hostile}, headers=headers).json()["total"] == 0
    assert client.get("/tokens", params={"person": hostile}, headers=headers).json()["total"] == 0
    assert client.get("/people", params={"state": "king"}, headers=headers).status_code == 422
