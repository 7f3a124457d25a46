"""The search language over real runs: as MLflow answers it, beyond it, and whatever is typed."""

import random
import string
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from mlflow import MlflowClient
from mlflow.entities import ViewType

from core.errors import QueryError
from core.facts import filter as search
from core.facts.store import Facts, open_facts
from core.query import parse, parse_order, to_text
from core.services.house import silent
from core.services.sync import sync_source
from core.settings import Source
from tests.mlflow_population import T0, populate

NOW = T0 + 1_000_000
MLFLOWS_OWN = [
    "metrics.loss > 0.05",
    "metrics.loss >= 0.05 and metrics.loss < 0.1",
    "metrics.`valid/auc` = 0.51",
    'metrics."valid/auc" != 0.51',
    "metric.loss <= 1e-1",
    "params.lr = '0.1'",
    "params.lr != '0.1'",
    'params."model type" = "xgboost"',
    "run_id != 'x'",
    "params.seed LIKE '1%'",
    "params.`model type` ILIKE 'XGB%'",
    "parameters.text LIKE '%DROP TABLE%'",
    "tags.team = 'risk'",
    "tags.team != 'risk'",
    "tag.note LIKE '%script%'",
    "tags.mlflow.user = 'ada'",
    "tags.`mlflow.source.type` = 'JOB'",
    "attributes.status = 'FINISHED'",
    "attributes.status != 'FINISHED'",
    "status = 'RUNNING'",
    "attribute.run_name = 'run 3'",
    "run_name LIKE 'run%'",
    "run_name ILIKE 'RUN%'",
    "attributes.`run name` = 'sweep'",
    "attr.artifact_uri LIKE 's3%'",
    "user_id = 'ada'",
    f"start_time > {T0 + 3_000}",
    f"attributes.start_time <= {T0 + 3_000} and end_time > {T0}",
    "datasets.name = 'loans'",
    "dataset.digest = 'd1'",
    "datasets.digest IN ('d0', 'zz')",
    "dataset.context = 'training'",
    "tags.nothing IS NULL",
    "tags.team IS NOT NULL",
    "params.lr IS NULL and status = 'FINISHED'",
    "metrics.tiny > 0",
    "metrics.late > 1.5",
    "metrics.down < 0",
    "run_id LIKE '%a%'",
]
ORDERS = ["metrics.loss ASC", "metrics.loss DESC", "params.seed", "start_time DESC", "run_name", "tags.note DESC"]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory, empty_mlflow: Path) -> MlflowClient:
    path = tmp_path_factory.mktemp("mlflow") / "mlflow.db"
    path.write_bytes(empty_mlflow.read_bytes())
    client = MlflowClient(tracking_uri=f"sqlite:///{path}")
    populate(client)
    return client


@pytest.fixture(scope="module")
def facts(client: MlflowClient, tmp_path_factory: pytest.TempPathFactory) -> Facts:
    home = tmp_path_factory.mktemp("home")
    facts = open_facts(home)
    sync_source(facts, home, "s", Source(url=client.tracking_uri), report=silent, now_ms=lambda: T0)
    yield facts
    facts.close()


def found(facts: Facts, text: str, order: str = "") -> list[str]:
    condition = search.where(parse(text), now_ms=NOW)
    ordering = search.order_by(parse_order(order))
    rows = facts.rows(
        "SELECT r.run_id FROM runs AS r LEFT JOIN experiments AS e USING (source, experiment_id)"
        f" WHERE {condition.sql} ORDER BY {ordering.sql}",
        {**condition.values, **ordering.values},
    )
    return [row["run_id"] for row in rows]


def told(client: MlflowClient, text: str, order: str | None = None) -> list[str]:
    ids = [e.experiment_id for e in client.search_experiments(view_type=ViewType.ALL)]
    page = client.search_runs(
        ids, text, run_view_type=ViewType.ALL, max_results=1000, order_by=[order] if order else None
    )
    return [run.info.run_id for run in page]


@pytest.mark.parametrize("text", MLFLOWS_OWN)
def test_answers_as_mlflow_does(facts: Facts, client: MlflowClient, text: str) -> None:
    assert sorted(found(facts, text)) == sorted(told(client, text))


def test_those_searches_tell_runs_apart(facts: Facts) -> None:
    everything = len(found(facts, ""))
    counts = [len(found(facts, text)) for text in MLFLOWS_OWN]
    assert sum(0 < count < everything for count in counts) >= len(counts) - 4, counts


@pytest.mark.parametrize("order", ORDERS)
def test_sorts_as_mlflow_does(facts: Facts, client: MlflowClient, order: str) -> None:
    has = order.split()[0] + " is not null"
    mine = list(found(facts, f"({has}) and not (metrics.loss = nan)", order))
    known = set(mine)
    theirs = [run for run in told(client, "", order) if run in known]
    if order.startswith("params"):
        assert sorted(mine) == sorted(theirs), "numbers sort as numbers here, as text there"
    else:
        assert mine == theirs


@pytest.mark.parametrize(
    ("text", "same_as"),
    [
        ("params.lr < 0.05", "params.seed > 1 and params.lr is not null"),
        ("params.lr = 0.1", "params.lr in ('0.1')"),
        ("params.seed > 9", "params.seed in ('10', '11')"),
        ("params.seed > '9'", "params.seed in (10, 11)"),
        ("params.seed between 2 and 4", "params.seed in ('2', '3', '4')"),
        ("params.seed not between 2 and 4", "params.seed is not null and not params.seed in (2, 3, 4)"),
        ("run.duration = 500ms", "run_name like 'run %' and run_name != 'running'"),
        ("duration > 450ms and duration < 1s", "run_name like 'run %'"),
        ("status = finished", "status = 'FINISHED'"),
        ("metrics.loss = nan", "name = 'odd numbers'"),
        ("metrics.down = -inf", "name = 'odd numbers'"),
        ("not metrics.loss > 0", "metrics.loss is null or metrics.loss = nan"),
        ("experiment.name = credit", "experiment.id = 1"),
        ("experiment.name ilike 'CRED%'", "experiment.name = 'credit'"),
        ("sweep", "name = 'sweep'"),
        ("SWEEP", "name = 'sweep'"),
        ("'still running'", "name = 'still running'"),
        ("parent is not null", "tags.mlflow.parentRunId is not null"),
        ("lifecycle = 'deleted'", "name = 'thrown away'"),
        ("run sweep", "name like '%run%' and name like '%sweep%'"),
        ("start_time >= '2026-09-21T14:13:20.000' and start_time < 2100-01-01", f"start_time >= {T0}"),
        (f"start_time > now - {NOW - T0}ms", f"start_time > {T0}"),
        ("start_time > today - 100000d", ""),
        (
            "status = 'FINISHED' or status = 'FAILED' and name = 'x'",
            "status = 'FINISHED' or (status = 'FAILED' and name = 'x')",
        ),
        ("not status = 'FINISHED' and name = 'sweep'", "(not status = 'FINISHED') and name = 'sweep'"),
        ("datasets.digest != 'd1'", "datasets.digest = 'd0'"),
        ("datasets.name is null", "not datasets.name = 'loans'"),
    ],
)
def test_goes_beyond_mlflow(facts: Facts, text: str, same_as: str) -> None:
    assert found(facts, text) == found(facts, same_as)


def test_numbers_sort_as_numbers_and_missing_ones_come_last(facts: Facts) -> None:
    for order in ("params.seed", "params.seed desc"):
        rows = facts.rows("SELECT run_id, params['seed'] AS seed FROM runs")
        seeds = {row["run_id"]: row["seed"] for row in rows}
        got = [seeds[run] for run in found(facts, "", order)]
        numbers = [int(seed) for seed in got if seed is not None]
        assert numbers == sorted(numbers, reverse=order.endswith("desc"))
        assert None not in got[: len(numbers)]


def _checksum(facts: Facts) -> list[dict]:
    return facts.rows("SELECT count(*) AS n, sum(hash(r::VARCHAR)::HUGEINT) AS h FROM runs AS r")


_pieces = st.sampled_from(
    [
        "metrics.loss",
        "params.lr",
        "params.`a b`",
        'tags."x"',
        "status",
        "start_time",
        "duration",
        "datasets.name",
        "experiment.name",
        "metircs.a",
        "=",
        "!=",
        "<",
        ">=",
        "like",
        "ilike",
        "in",
        "not",
        "between",
        "and",
        "or",
        "is",
        "null",
        "(",
        ")",
        ",",
        "0.5",
        "-1e3",
        "nan",
        "inf",
        "'a'",
        '"b"',
        "10m",
        "2026-11-01",
        "now",
        "-",
        "7d",
        "today",
        "x",
        "'; DROP TABLE runs; --",
        "$q0",
        "%",
        "r.run_id",
        "\\",
        "1=1",
        "/*",
        "🚀",
        "\u202e",
        "now-3d",
        "''",
        "'it''s'",
    ]
)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.one_of(st.text(max_size=60), st.lists(_pieces, max_size=14).map(" ".join)))
@example(text="(" * 10_000)
@example(text="not " * 10_000)
@example(text="a and " * 2_000 + "a")
@example(text="metrics.x = 1e999 or metrics.x > -1e999")
@example(text=f"start_time > {10**30}")
@example(text="start_time > 99999999999999d")
@example(text="duration > 1e300")
@example(text="params.x > 9" + "9" * 39)
def test_whatever_is_typed_only_a_query_error_is_raised_and_nothing_changes(facts: Facts, text: str) -> None:
    before = _checksum(facts)
    try:
        node = parse(text)
    except QueryError as error:
        assert 0 <= error.position <= max(len(text), 20_000)
        assert str(error)
    else:
        found(facts, text)
        assert parse(to_text(node)) == node or "nan" in to_text(node)
    assert _checksum(facts) == before


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), text=st.sampled_from(MLFLOWS_OWN))
def test_a_damaged_search_is_an_error_or_another_search(facts: Facts, seed: int, text: str) -> None:
    rng = random.Random(seed)
    damaged = list(text)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(damaged) + 1)
        damaged[at : at + rng.randint(0, 2)] = rng.choice(string.printable)
    try:
        found(facts, "".join(damaged))
    except QueryError as error:
        assert str(error)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.one_of(st.text(max_size=30), st.lists(_pieces, max_size=6).map(" ".join)))
def test_whatever_is_typed_as_an_order(facts: Facts, text: str) -> None:
    try:
        found(facts, "", text)
    except QueryError as error:
        assert str(error)
