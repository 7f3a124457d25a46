"""Fills an MLflow store, through its own client, with one of everything that real houses keep."""

import math
from dataclasses import dataclass

from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag

from tests.mlflow_truth import HOSTILE

T0 = 1_790_000_000_000


@dataclass(frozen=True, slots=True)
class Population:
    """Ids of what was made, for tests that change some of it later."""

    experiment: str
    finished: str
    running: str
    parent: str
    deleted: str


def populate(client: MlflowClient, runs: int = 12) -> Population:
    """Experiments (one deleted), runs of every state, odd numbers and hostile names, models, aliases and stages."""
    experiment = client.create_experiment("credit", artifact_location="s3://bank/credit", tags={"team": "risk"})
    hostile = client.create_experiment(HOSTILE[1][:200], artifact_location="s3://bank/hostile")
    gone = client.create_experiment("abandoned", artifact_location="s3://bank/gone")
    made = [_finished_run(client, experiment, n) for n in range(runs)]
    for n, text in enumerate(HOSTILE):
        run = client.create_run(
            hostile, start_time=T0 + n, run_name=text[:250], tags={"note": text, "mlflow.user": text}
        )
        client.log_param(run.info.run_id, "text", text)
        client.set_terminated(run.info.run_id, "FINISHED", end_time=T0 + n + 1000)
    long = client.create_run(hostile, start_time=T0, run_name="long", tags={"mlflow.note.content": "x" * 4_900})
    client.log_param(long.info.run_id, "long", "y" * 5_900)
    client.set_terminated(long.info.run_id, "KILLED", end_time=T0 + 5)
    odd = client.create_run(experiment, start_time=T0 + 50, run_name="odd numbers").info.run_id
    client.log_batch(
        odd,
        metrics=[
            *(Metric("loss", value, T0 + s, s) for s, value in enumerate([1.0, math.inf, math.nan])),
            Metric("down", -math.inf, T0, 0),
            Metric("f1 at 0:5", 0.1 + 0.2, T0, 0),
            Metric("late", 2.0, T0 + 9, 5),
            Metric("late", 1.0, T0 + 10, 1),
            Metric("tiny", 5e-324, T0, -3),
        ],
    )
    client.set_terminated(odd, "FAILED", end_time=T0 + 60)
    parent = client.create_run(experiment, start_time=T0 + 100, run_name="sweep").info.run_id
    for n in range(3):
        child = client.create_run(experiment, start_time=T0 + 101 + n, tags={"mlflow.parentRunId": parent})
        client.set_terminated(child.info.run_id, "FINISHED", end_time=T0 + 200)
    running = client.create_run(experiment, start_time=T0 + 300, run_name="still running").info.run_id
    client.log_metric(running, "loss", 3.0, timestamp=T0 + 301, step=0)
    deleted = client.create_run(experiment, start_time=T0 + 400, run_name="thrown away").info.run_id
    client.set_terminated(deleted, "FINISHED", end_time=T0 + 401)
    client.delete_run(deleted)
    client.delete_experiment(gone)
    _registry(client, made)
    return Population(experiment=experiment, finished=made[0], running=running, parent=parent, deleted=deleted)


def _finished_run(client: MlflowClient, experiment: str, n: int) -> str:
    run = client.create_run(
        experiment,
        start_time=T0 + 1_000 * n,
        run_name=f"run {n}",
        tags={
            "mlflow.user": "ada", "mlflow.source.type": ["JOB", "NOTEBOOK", "LOCAL"][n % 3],
            "mlflow.source.name": "train.py", "mlflow.source.git.commit": f"{n:040x}",
        },
    ).info.run_id  # fmt: skip
    client.log_batch(
        run,
        metrics=[Metric("loss", 1 / (1 + s + n), T0 + 1_000 * n + s, s) for s in range(20)]
        + [Metric("valid/auc", 0.5 + n / 100, T0 + n, 0)],
        params=[Param("lr", str(10.0**-n)), Param("model type", "xgboost"), Param("seed", str(n))],
        tags=[RunTag("team", "risk")],
    )
    dataset = Dataset(name="loans", digest=f"d{n % 2}", source_type="local", source="{}", schema='{"a": "long"}')
    client.log_inputs(run, [DatasetInput(dataset, [InputTag("mlflow.data.context", "training")])])
    client.set_terminated(run, "FINISHED", end_time=T0 + 1_000 * n + 500)
    return run


def _registry(client: MlflowClient, runs: list[str]) -> None:
    client.create_registered_model("credit_risk", tags={"team": "risk"}, description="Scores loans")
    client.create_registered_model("empty model")
    client.create_registered_model("prod.price")
    for n in range(3):
        client.create_model_version(
            "credit_risk", f"s3://bank/{n}", run_id=runs[n], tags={"n": str(n)}, description=f"v{n}"
        )
    client.create_model_version("prod.price", "s3://bank/price")
    client.set_registered_model_alias("credit_risk", "champion", "2")
    client.set_registered_model_alias("credit_risk", "challenger", "3")
    client.transition_model_version_stage("prod.price", "1", "Production")
    client.create_model_version("credit_risk", "s3://bank/deleted")
    client.delete_model_version("credit_risk", "4")
