"""Findings, policy and verdicts over HTTP: filters, answers, conflicts, refusals."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from core.api.app import build
from core.api.visit import visited
from core.facts import judged
from core.facts.judged import Health
from core.governance.policy import CATEGORIES
from core.services import policy_modes
from core.services.house import House
from tests.inventories import house_of, seen_by
from tests.observed import finding, observe

A, B = "f_aaaaaaaaaaaaaaaa", "f_bbbbbbbbbbbbbbbb"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made, ids = house_of(tmp_path)
    observe(made, [finding(A, "credit", severity="high"), finding(B, "price")])
    policy_modes.set_mode(made, ["credit"], "all", "warn")
    yield seen_by(made, ids, "ada")
    made.close()


@pytest.fixture
def client(house: House) -> TestClient:
    app = build(lambda: house, lambda: "secret")
    app.dependency_overrides[visited] = lambda: house
    return TestClient(app)


def test_findings_are_listed_filtered_and_opened(client: TestClient) -> None:
    told = client.get("/findings").json()
    assert [one["finding_id"] for one in told["items"]] == [A]
    assert told["counts"] == {"open": 1, "observed": 1, "snoozed": 0, "resolved": 0, "all": 2}
    assert (
        client.get("/findings", params={"shown": "all", "limit": 1, "page": 2}).json()["items"][0]["state"]
        == "observed"
    )
    assert client.get("/findings", params={"text": "price", "shown": "all"}).json()["total"] == 1
    one = client.get(f"/findings/{A}").json()
    assert (one["model"], one["names"], one["mode"], one["revision"], one["history"]) == (
        "credit",
        ["income"],
        "warn",
        0,
        [],
    )
    assert client.get("/findings/f_none").status_code == 404


@pytest.mark.parametrize("query", ["severity=grave", "shown=?", "age=9", "limit=0", "page=x", f"text={'x' * 501}"])
def test_a_filter_that_means_nothing_is_refused(client: TestClient, query: str) -> None:
    answer = client.get(f"/findings?{query}")
    assert answer.status_code == 422
    assert answer.json()["error"]["message"]


def test_an_answer_needs_the_revision_that_was_read(client: TestClient) -> None:
    body = {"act": "resolve", "revision": 0, "reason": "Fixed at the source."}
    told = client.post(f"/findings/{A}/answer", json=body)
    assert (told.status_code, told.json()["state"], told.json()["revision"]) == (200, "resolved", 1)
    again = client.post(f"/findings/{A}/answer", json={"act": "reopen", "revision": 0})
    assert again.status_code == 409
    (past,) = client.get(f"/findings/{A}").json()["history"]
    assert (past["act"], past["who"], past["reason"]) == ("resolved", "Ada Lovelace", "Fixed at the source.")


@pytest.mark.parametrize(
    "body",
    [
        {"act": "delete", "revision": 0}, {"act": "acknowledge"}, {"act": "acknowledge", "revision": -1},
        {"act": "resolve", "revision": 0}, {"act": "snooze", "revision": 0, "until_ms": 5},
        {"act": "acknowledge", "revision": 0, "state": "open"}, {"act": "resolve", "revision": 0, "reason": "x" * 2001},
        {"act": "assign", "revision": 0, "owner": "p_none"},
    ],
)  # fmt: skip
def test_an_answer_that_cannot_be_is_refused(client: TestClient, body: dict) -> None:
    assert client.post(f"/findings/{A}/answer", json=body).status_code == 422
    assert client.get(f"/findings/{A}").json()["revision"] == 0


def test_the_policy_is_told_with_its_modes(client: TestClient) -> None:
    told = client.get("/policies").json()
    assert set(CATEGORIES) <= set(told["policy"])
    assert told["modes"]["credit"] == dict.fromkeys(CATEGORIES, "warn")
    assert told["modes"]["price"] == dict.fromkeys(CATEGORIES, "observe")
    assert (len(told["hash"]), told["published"]) == (64, [])


def test_verdicts_are_told(client: TestClient, house: House) -> None:
    one = Health(
        model="credit", category="fairness", version="1", outcome="fail", reason="Too far apart.", from_ms=0, end_ms=5,
        n=900, details=({"name": "sex", "value": 0.2},), policy="default", policy_version=1, profiled_ms=1,
        evaluated_ms=2,
    )  # fmt: skip
    judged.keep(house.facts, "credit", [], [one])
    house.changed()
    (told,) = client.get("/verdicts", params={"category": "fairness"}).json()["items"]
    assert (told["outcome"], told["n"], told["details"]) == ("fail", 900, [{"name": "sex", "value": 0.2}])
    assert client.get("/verdicts", params={"outcome": "pass"}).json()["total"] == 0
    assert client.get("/verdicts", params={"model": "price"}).json()["total"] == 0
    assert client.get("/verdicts", params={"outcome": "green"}).status_code == 422
    assert client.get("/verdicts", params={"category": "cost"}).status_code == 422
