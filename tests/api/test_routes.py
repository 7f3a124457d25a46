"""The HTTP API answers what MLflow's own client answers, and tells mistakes in the error family."""

import math

import pytest
from starlette.testclient import TestClient

from core.api.app import build
from tests.houses import Bank
from tests.mlflow_truth import HOSTILE, number


@pytest.fixture(scope="module")
def api(bank: Bank) -> TestClient:
    headers = {"Authorization": "Bearer secret"}
    return TestClient(build(lambda: bank.house, lambda: "secret"), base_url="http://localhost", headers=headers)


def every(api: TestClient, path: str, **params) -> list[dict]:
    """All items of a list, page by page."""
    items, page = [], 1
    while True:
        answer = api.get(path, params={**params, "page": page, "limit": 5}).json()
        items += answer["items"]
        if len(items) >= answer["total"]:
            return items
        page += 1


def test_experiments_are_those_of_mlflow(api: TestClient, bank: Bank) -> None:
    answer = api.get("/experiments").json()
    mine = {item["ref"].removeprefix("s:"): item["name"] for item in answer["items"] if item["lifecycle"] == "active"}
    assert mine == {e.experiment_id: e.name for e in bank.client.search_experiments()}
    assert answer["total"] == len(answer["items"])


@pytest.mark.parametrize(
    "filter_string",
    ["", "metrics.loss < 0.2", "params.`model type` = 'xgboost'", "tags.team = 'risk' and metrics.`valid/auc` > 0.55"],
)
def test_a_search_finds_what_mlflow_finds(api: TestClient, bank: Bank, filter_string: str) -> None:
    experiments = [e.experiment_id for e in bank.client.search_experiments()]
    theirs = bank.client.search_runs(experiments, filter_string, max_results=1_000)
    found = every(api, "/runs", filter=filter_string, experiment=[f"s:{e}" for e in experiments])
    assert {run["run_id"] for run in found} == {run.info.run_id for run in theirs}
    by_id = {run["run_id"]: run for run in found}
    for run in theirs:
        mine = by_id[run.info.run_id]
        assert (mine["params"], mine["name"], mine["status"]) == (run.data.params, run.info.run_name, run.info.status)
        assert mine["metrics"] == {key: number(value) for key, value in run.data.metrics.items()}


def test_pages_come_in_the_order_asked_for(api: TestClient) -> None:
    found = every(api, "/runs", filter="metrics.loss is not null", order_by="metrics.loss desc, start_time")
    losses = [run["metrics"]["loss"] for run in found if isinstance(run["metrics"]["loss"], float)]
    assert losses == sorted(losses, reverse=True)
    assert len(losses) > 5


def test_a_run_has_its_whole_histories(api: TestClient, bank: Bank) -> None:
    run = api.get(f"/runs/s:{bank.made.finished}").json()
    theirs = bank.client.get_metric_history(bank.made.finished, "loss")
    assert [(p["step"], p["time_ms"], p["value"]) for p in run["histories"]["loss"]] == [
        (m.step, m.timestamp, m.value) for m in sorted(theirs, key=lambda m: m.step)
    ]
    assert api.get(f"/runs/{bank.made.finished}").json() == run, "the id alone is enough where it is unique"


def test_what_json_lacks_is_a_string(api: TestClient) -> None:
    (run,) = api.get("/runs", params={"filter": "run_name = 'odd numbers'"}).json()["items"]
    assert run["metrics"]["down"] == "-Infinity"
    points = api.get(f"/runs/{run['id']}").json()["histories"]["loss"]
    assert [point["value"] for point in points] == [1.0, "Infinity", "NaN"]
    assert run["metrics"]["f1 at 0:5"] == 0.1 + 0.2, "numbers are not rounded"
    assert math.isclose(run["metrics"]["tiny"], 5e-324)


def test_hostile_names_travel_unchanged(api: TestClient) -> None:
    runs = every(api, "/runs", filter="params.text is not null")
    assert {run["params"]["text"] for run in runs} == set(HOSTILE)


def test_models_and_versions_are_those_of_the_registry(api: TestClient, bank: Bank) -> None:
    listed = {model["name"]: model for model in every(api, "/models")}
    assert set(listed) == {model.name for model in bank.client.search_registered_models()}
    answer = api.get("/models/s:credit_risk/versions").json()
    theirs = bank.client.search_model_versions("name = 'credit_risk'")
    assert {v["version"]: v["run"]["run_id"] for v in answer["items"]} == {str(v.version): v.run_id for v in theirs}
    stages = {v["version"]: v["stage"] for v in answer["items"]}
    assert stages == {"1": "development", "2": "production", "3": "staging"}


def test_a_mistake_in_a_search_is_told_with_its_place(api: TestClient) -> None:
    answer = api.get("/runs", params={"filter": "metrics.loss >> 3"})
    assert answer.status_code == 400
    assert answer.json()["error"]["position"] == len("metrics.loss >")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/runs/s:nothing", 404),
        ("/models/s:nothing/versions", 404),
        ("/jobs/nothing", 404),
        ("/runs?limit=0", 422),
        ("/runs?limit=100000", 422),
        ("/runs?page=x", 422),
        ("/nothing", 404),
        ("/runs?order_by=metrics.", 400),
    ],
)
def test_what_cannot_be_answered_is_told_in_one_shape(api: TestClient, path: str, status: int) -> None:
    answer = api.get(path)
    assert answer.status_code == status
    assert set(answer.json()["error"]) >= {"title", "message", "hint"}
    assert answer.json()["error"]["message"]


@pytest.mark.parametrize("token", ["", "Bearer ", "Bearer wrong", "Basic secret", "Bearer sécret"])
def test_work_is_refused_without_the_token(api: TestClient, token: str) -> None:
    for path in ("/sync", "/jobs"):
        answer = api.post(path, json={}, headers={"Authorization": token.encode()})
        assert answer.status_code == 401


def test_a_body_with_unknown_keys_is_refused(api: TestClient) -> None:
    answer = api.post("/sync", json={"sauce": "s"}, headers={"Authorization": "Bearer secret"})
    assert answer.status_code == 422


def test_sources_never_tell_a_secret(api: TestClient) -> None:
    (source,) = api.get("/sources").json()["items"]
    assert source["name"] == "s"
    assert not {key for key in source if "token" in key or "password" in key}


def test_openapi_names_every_route(api: TestClient) -> None:
    paths = api.get("/openapi.json").json()["paths"]
    assert {"/experiments", "/runs", "/runs/{run_id}", "/models", "/models/{model}/versions", "/sources"} <= set(paths)
    assert {"/sync", "/jobs", "/jobs/{job_id}"} <= set(paths)
