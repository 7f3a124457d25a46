"""The REST connector against a real server, and against servers that misbehave."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.connectors.http import HttpClient
from core.connectors.mlflow import parse, rest
from core.connectors.mlflow.rest import MlflowRest
from core.connectors.secrets import Auth, Secret
from core.errors import GatehouseError, NotFound, SourceError, SourceRefused, SourceUnavailable
from core.facts import copies
from core.facts.store import Facts, open_facts
from core.records import SyncReport
from core.services.house import silent
from core.services.sync import sync_source
from core.settings import Source
from tests.mlflow_population import T0, Population, populate
from tests.mlflow_server import Server
from tests.mlflow_truth import told_by_client, told_by_facts

HOUR_MS = 3_600_000
FIXTURES = Path(__file__).parents[1] / "fixtures"


class Setting:
    """A populated server beside facts that are synced from it."""

    def __init__(self, folder: Path, server: Server) -> None:
        self.folder, self.server = folder, server
        self.facts: Facts = open_facts(folder)
        self.now = T0 + 10 * HOUR_MS

    def sync(self, after_ms: int = 60_000) -> SyncReport:
        self.now += after_ms
        source = Source(url=self.server.url)
        return sync_source(self.facts, self.folder, "house", source, report=silent, now_ms=lambda: self.now)

    def run(self, run_id: str) -> dict[str, Any]:
        return told_by_facts(self.facts, "house")["runs"].get(run_id)

    def load_histories(self) -> None:
        origin = MlflowRest(HttpClient(self.server.url))
        for row in self.facts.rows("SELECT run_id, map_keys(metrics) AS keys FROM runs"):
            copies.write_history(self.facts, "house", row["run_id"], origin.history(row["run_id"], row["keys"]))
        origin.close()


@pytest.fixture(scope="module")
def made(mlflow_server: Server) -> Population:
    return populate(mlflow_server.client)


@pytest.fixture
def setting(tmp_path: Path, mlflow_server: Server, made: Population) -> Iterator[Setting]:
    setting = Setting(tmp_path, mlflow_server)
    yield setting
    setting.facts.close()


def test_holds_all_that_the_client_tells_over_rest(setting: Setting) -> None:
    report = setting.sync()
    setting.load_histories()
    told = told_by_client(setting.server.client)
    assert report.read == len(told["runs"]) > 20
    held = told_by_facts(setting.facts, "house")
    for kind in told:
        assert told[kind] == held[kind], kind


def test_a_second_sync_writes_nothing_anew(setting: Setting) -> None:
    setting.sync()
    again = setting.sync()
    assert (again.read, again.removed, again.observations) == (0, 0, 0)


def test_new_and_running_runs_are_fresh_at_each_sync(setting: Setting, made: Population) -> None:
    client = setting.server.client
    setting.sync()
    setting.now += 48 * HOUR_MS  # the running run is no longer a recent one
    setting.sync()
    client.log_metric(made.running, "loss", 1.5, timestamp=T0 + 900, step=9)
    new = client.create_run(made.experiment, start_time=setting.now).info.run_id
    setting.sync()
    assert setting.run(made.running)["metrics"]["loss"] == (1.5, 9, T0 + 900)
    assert setting.run(new)["status"] == "RUNNING"
    client.set_terminated(new, "FINISHED", end_time=setting.now)
    setting.sync()
    assert setting.run(new)["status"] == "FINISHED"


def test_older_changes_and_deletions_are_found_within_a_day(setting: Setting, made: Population) -> None:
    client = setting.server.client
    old = client.create_run(made.experiment, start_time=T0 - 90 * 24 * HOUR_MS).info.run_id
    client.set_terminated(old, "FINISHED", end_time=T0 - 89 * 24 * HOUR_MS)
    gone = client.create_run(made.experiment, start_time=T0 - 80 * 24 * HOUR_MS).info.run_id
    client.set_terminated(gone, "FINISHED", end_time=T0 - 79 * 24 * HOUR_MS)
    setting.now += 100 * HOUR_MS
    setting.sync()
    client.set_tag(old, "reviewed", "yes")
    _remove_for_good(setting.server.store, gone)
    removed = 0
    for _ in range(24):
        removed += setting.sync(HOUR_MS).removed
    assert setting.run(old)["tags"]["reviewed"] == "yes"
    assert setting.run(gone) is None
    assert removed == 1
    seen = setting.facts.rows(
        "SELECT before, after FROM observations WHERE kind = 'run' AND subject = $id", {"id": gone}
    )
    assert seen == [{"before": "active", "after": None}]


def test_an_interrupted_first_sync_goes_on_where_it_stopped(
    setting: Setting, made: Population, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rest, "PAGE", 5)
    monkeypatch.setattr(rest, "EXPERIMENTS_AT_ONCE", 1)
    real, pages = MlflowRest._search, []

    def failing(self: MlflowRest, experiments: Any, order: str) -> Iterator[Any]:
        for page in real(self, experiments, order):
            pages.append(page)
            if len(pages) == 4:
                raise SourceUnavailable("The line broke.")
            yield page

    monkeypatch.setattr(MlflowRest, "_search", failing)
    with pytest.raises(SourceUnavailable):
        setting.sync()
    kept = setting.facts.rows("SELECT count(*) AS n FROM runs")[0]["n"]
    assert kept > 0
    report = setting.sync()
    told = told_by_client(setting.server.client)["runs"]
    assert set(told_by_facts(setting.facts, "house")["runs"]) == set(told)
    assert report.read == len(told) - kept


def test_a_run_missed_by_shifting_pages_is_not_taken_for_deleted(
    setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    setting.sync()
    before = set(told_by_facts(setting.facts, "house")["runs"])
    real = MlflowRest._search

    def lossy(self: MlflowRest, experiments: Any, order: str) -> Iterator[Any]:
        for page in real(self, experiments, order):
            yield page[1:]

    monkeypatch.setattr(MlflowRest, "_search", lossy)
    setting.sync(30 * HOUR_MS)
    assert set(told_by_facts(setting.facts, "house")["runs"]) == before


def test_history_of_an_unknown_run_is_not_found(mlflow_server: Server) -> None:
    origin = MlflowRest(HttpClient(mlflow_server.url))
    with pytest.raises(NotFound):
        origin.history("0" * 32, ["loss"])
    origin.close()


def test_probe_tells_product_and_version(mlflow_server: Server) -> None:
    info = MlflowRest(HttpClient(mlflow_server.url)).probe()
    assert info.product == "MLflow"
    assert info.version[0] == "3"


def test_an_mlflow_2_server_is_read_as_well(tmp_path: Path) -> None:
    """Answers recorded from MLflow 2.22 by tests/fixtures/record_mlflow2.py."""
    recorded = json.loads((FIXTURES / "mlflow2.json").read_text(encoding="utf-8"))

    def answer(request: httpx.Request) -> httpx.Response:
        said = recorded["answers"].get(_asked(request))
        return httpx.Response(said["status"], content=said["body"]) if said else httpx.Response(404, text="<html>")

    origin = MlflowRest(HttpClient("http://old", transport=httpx.MockTransport(answer)))
    facts = open_facts(tmp_path)
    copies.write_catalogue(facts, "s", origin.catalogue(), lambda *_: "development")
    for batch in origin.batches(None, facts.arrow(copies.KNOWN_RUNS, {"source": "s"}), now_ms=recorded["now_ms"]):
        copies.write_batch(facts, "s", batch, now_ms=recorded["now_ms"])
    for row in facts.rows("SELECT run_id, map_keys(metrics) AS keys FROM runs"):
        copies.write_history(facts, "s", row["run_id"], origin.history(row["run_id"], row["keys"]))
    held = json.loads(json.dumps(told_by_facts(facts, "s")))
    assert held == recorded["told"]
    assert len(held["runs"]) > 10
    facts.close()


# -- servers that misbehave


def client(answer: Callable[[httpx.Request], httpx.Response], **more: Any) -> tuple[HttpClient, list[float]]:
    waits: list[float] = []
    http = HttpClient(
        "https://mlflow.example:8443/base", transport=httpx.MockTransport(answer), wait=waits.append, **more
    )
    return http, waits


def in_turn(*answers: httpx.Response | Exception) -> Callable[[httpx.Request], httpx.Response]:
    left = list(answers)

    def answer(request: httpx.Request) -> httpx.Response:
        said = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(said, Exception):
            raise said
        return httpx.Response(said.status_code, headers=said.headers, content=said.content)

    return answer


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_what_passes_is_waited_for(status: int) -> None:
    http, waits = client(in_turn(httpx.Response(status), httpx.Response(status), httpx.Response(200, json={"a": 1})))
    assert http.get("x") == {"a": 1}
    assert len(waits) == 2
    assert waits[0] < waits[1]


def test_retry_after_is_honoured_up_to_a_minute() -> None:
    busy = httpx.Response(429, headers={"Retry-After": "7"})
    very = httpx.Response(429, headers={"Retry-After": "86400"})
    http, waits = client(in_turn(busy, very, httpx.Response(200, json={})))
    http.get("x")
    assert waits == [7.0, 60.0]


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (httpx.ConnectError("refused"), "cannot be reached"),
        (httpx.ReadTimeout("slow"), "did not answer in time"),
        (httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED]"), "certificate"),
        (httpx.ProxyError("407"), "proxy"),
        (httpx.RemoteProtocolError("peer closed"), "cannot be reached"),
        (httpx.Response(503), "keeps answering 503"),
        (httpx.Response(500, json={"error_code": "INTERNAL_ERROR", "message": "boom"}), "INTERNAL_ERROR: boom"),
    ],
)
def test_what_does_not_pass_is_one_clear_error(failure: Any, words: str) -> None:
    http, waits = client(in_turn(failure), retries=3)
    with pytest.raises(SourceUnavailable, match=words) as caught:
        http.get("x")
    assert caught.value.hint
    assert len(waits) == 3


@pytest.mark.parametrize("status", [401, 403])
def test_an_expired_token_is_named_and_never_shown(status: int) -> None:
    http, waits = client(in_turn(httpx.Response(status, text="no")), auth=Auth(token=Secret("s3cret")))
    with pytest.raises(SourceRefused) as caught:
        http.post("x", {})
    assert "expired" in caught.value.hint
    assert "s3cret" not in f"{caught.value} {caught.value.hint} {http.__dict__['name']} {Auth(token=Secret('s3cret'))}"
    assert waits == []


@pytest.mark.parametrize("body", [b"<html>sign in</html>", b"", b"[1, 2]", b'{"a": ', b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_json_object_is_a_source_error(body: bytes) -> None:
    http, _ = client(in_turn(httpx.Response(200, content=body)))
    with pytest.raises(SourceError):
        http.get("x")


def test_credentials_go_to_one_origin_only() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(302, headers={"Location": "https://evil.example/steal"})

    http, _ = client(answer, auth=Auth(username="ada", password=Secret("pw")))
    with pytest.raises(SourceError, match=r"evil\.example"):
        http.get("x")
    assert [request.url.host for request in asked] == ["mlflow.example"]
    assert asked[0].headers["authorization"].startswith("Basic ")


@pytest.mark.parametrize(
    "elsewhere",
    [
        "http://mlflow.example:8443/x",
        "https://mlflow.example/x",
        "https://mlflow.example:8443.evil.example/x",
        "//evil.example/x",
    ],
)
def test_another_scheme_port_or_host_is_another_origin(elsewhere: str) -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(f"{request.url.scheme}://{request.url.netloc.decode()}")
        return httpx.Response(307, headers={"Location": elsewhere})

    http, _ = client(answer)
    with pytest.raises(SourceError):
        http.get("x")
    assert set(asked) == {"https://mlflow.example:8443"}


def test_redirects_within_the_origin_are_followed_but_not_for_ever() -> None:
    http, _ = client(in_turn(httpx.Response(307, headers={"Location": "/base/y"}), httpx.Response(200, json={"y": 1})))
    assert http.post("x", {}) == {"y": 1}
    http, _ = client(in_turn(httpx.Response(307, headers={"Location": "/base/x"})))
    with pytest.raises(SourceError, match="redirects"):
        http.get("x")


def test_an_endless_answer_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.connectors.http.MAX_BYTES", 1_000)
    http, _ = client(in_turn(httpx.Response(200, content=b"x" * 1_001)))
    with pytest.raises(SourceError, match="more than"):
        http.get("x")


def test_a_server_that_repeats_its_page_token_ends() -> None:
    http, _ = client(lambda _: httpx.Response(200, json={"experiments": [], "next_page_token": "again"}))
    assert MlflowRest(http)._post_all("experiments/search", "experiments", {}) == []


_json = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                [
                    "info",
                    "data",
                    "run_id",
                    "run_uuid",
                    "experiment_id",
                    "metrics",
                    "params",
                    "tags",
                    "key",
                    "value",
                    "step",
                    "timestamp",
                    "inputs",
                    "dataset_inputs",
                    "dataset",
                    "name",
                    "version",
                    "aliases",
                    "alias",
                    "start_time",
                    "status",
                ]
            ),
            inner,
            max_size=5,
        ),
    ),
    max_leaves=20,
)


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["info", "data", "name", "version", "inputs", "aliases", "tags", "experiment_id"]), _json
        ),
        max_size=3,
    )
)
def test_whatever_a_server_says_only_a_source_error_is_raised(found: list[dict]) -> None:
    for read in (parse.runs, parse.models, parse.versions, parse.experiments, parse.logged_models):
        try:
            read(found)
        except SourceError as error:
            assert error.message
    for name in ("metrics", "runs"):
        for page in found:
            try:
                parse.items(page, name)
            except GatehouseError as error:
                assert isinstance(error, SourceError)


def test_a_key_stated_twice_is_kept_once() -> None:
    run = {
        "info": {"run_id": "r", "experiment_id": "1"},
        "data": {
            "params": [{"key": "a", "value": "1"}, {"key": "a", "value": "2"}],
            "metrics": [{"key": "m", "value": "NaN"}],
        },
    }
    table: pa.Table = parse.runs([run])
    assert table["params"].to_pylist() == [[("a", "2")]]
    assert str(table["metrics"].to_pylist()[0][0][1]) == "nan"


def _asked(request: httpx.Request) -> str:
    return f"{request.method} {request.url.raw_path.decode()} {request.content.decode()}"


def _remove_for_good(store: Path, run_id: str) -> None:
    with sqlite3.connect(store) as con:
        for table in ("metrics", "latest_metrics", "params", "tags", "runs"):
            con.execute(f"DELETE FROM {table} WHERE run_uuid = ?", (run_id,))
