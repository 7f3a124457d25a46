"""Runs are done now and logged through the MLflow client as if they had been done at an earlier date.

Durations and the spacing of metric points are real; one shift per run moves them all to its simulated start.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import mlflow
import mlflow.sklearn
import pandas as pd
from mlflow import MlflowClient
from mlflow.data.pandas_dataset import from_pandas
from mlflow.entities import DatasetInput, InputTag, Metric, Param, RunTag
from mlflow.models import infer_signature
from sklearn.pipeline import Pipeline

from data.demo.datasets import Task
from data.demo.recipes import REPOSITORY
from data.demo.repositories import Repository
from data.demo.training import Trace


class Interrupted(Exception):
    """The operator stopped the run: MLflow status KILLED."""


class StillRunning(Exception):
    """The demo ends while the run goes on: it keeps status RUNNING and has no end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Who ran what from where. kind: JOB, LOCAL or NOTEBOOK; only the first two know their commit."""

    project: str
    user: str
    kind: str
    script: str
    branch: str = "main"


@dataclass(slots=True, kw_only=True)
class LiveRun:
    """One run while it is done. Everything is buffered and sent in one batch at its end."""

    run_id: str
    experiment_id: str
    shift_ms: int
    recorder: "Recorder"
    pending: list[Metric] = field(default_factory=list)
    inputs: list[DatasetInput] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)
    end_ms: int = 0

    def now(self) -> int:
        """Simulated time, ms since the epoch; a parent's clock follows its children."""
        return max(time.time_ns() // 1_000_000 + self.shift_ms, self.recorder.clock_ms)

    def metrics(
        self, values: Mapping[str, float], *, step: int = 0, model_id: str | None = None, on: Any = None
    ) -> None:
        """Buffer metrics; `on` is the mlflow dataset they were measured on (for logged models)."""
        stamp = self.now()
        known = {"dataset_name": on.name, "dataset_digest": on.digest} if on is not None else {}
        self.pending += [Metric(k, v, stamp, step, model_id=model_id, **known) for k, v in values.items()]

    def trace(self, points: Trace, *, stop: int | None = None, by: type[Exception] = Interrupted) -> None:
        """Log a history as it comes; after step `stop`, end the run by raising `by`."""
        for step, values in points:
            self.metrics(values, step=step)
            if stop is not None and step >= stop:
                raise by

    def dataset(self, task: Task, frame: pd.DataFrame, context: str) -> Any:
        """Log the rows used, by real digest and public source. Returns the mlflow dataset."""
        found = self.recorder.dataset(task, frame, context)
        entity = found._to_mlflow_entity()
        self.inputs.append(DatasetInput(entity, [InputTag("mlflow.data.context", context)]))
        return found

    def log_model(self, fitted: Pipeline, sample: pd.DataFrame, *, task: str, params: Mapping[str, str]) -> str:
        """A real MLflow model (its files stay in the build's temporary folder). Returns the model id."""
        signature = infer_signature(sample, fitted.predict(sample))
        with mlflow.start_run(run_id=self.run_id):
            info = mlflow.sklearn.log_model(
                fitted, name="model", signature=signature, pip_requirements=self.recorder.pins,
                serialization_format="cloudpickle", model_type=task, params=dict(params),
            )  # fmt: skip
        self.recorder.retag(info.model_id, self.run_id)
        self.recorder.stamps.append(("logged_models", info.model_id, self.now()))
        return str(info.model_id)


@dataclass(slots=True, kw_only=True)
class Recorder:
    """Starts experiments and runs against one MLflow store, with a clock that is set by hand.

    stamps: (table, id, ms) of rows whose times MLflow sets itself; the build moves them at the end.
    """

    client: MlflowClient
    repositories: Mapping[str, Repository]
    pins: list[str]
    artifacts: Path
    models: Path
    clock_ms: int = 0
    stamps: list[tuple[str, str, int]] = field(default_factory=list)
    _datasets: dict[tuple[str, str], Any] = field(default_factory=dict)

    def at(self, when: str) -> None:
        """Set the clock, as "2026-09-14 09:10" (UTC)."""
        self.clock_ms = int(datetime.fromisoformat(when).replace(tzinfo=UTC).timestamp() * 1000)

    def experiment(self, name: str, tags: Mapping[str, str]) -> str:
        """Create an experiment at the clock's time. Returns its id."""
        location = (self.artifacts / name.replace("/", "-")).as_uri()
        found = self.client.create_experiment(name, artifact_location=location, tags=dict(tags))
        self.stamps.append(("experiments", found, self.clock_ms - 600_000))
        return str(found)

    def retag(self, model_id: str, run_id: str) -> None:
        """Give a logged model its run's origin: MLflow had put the build's own script, commit and user there."""
        for name in self.client.get_logged_model(model_id).tags:
            if name.startswith(("mlflow.source.", "mlflow.user")):
                self.client.delete_logged_model_tag(model_id, name)
        known = self.client.get_run(run_id).data.tags
        marks = {name: text for name, text in known.items() if name.startswith(("mlflow.source.", "mlflow.user"))}
        self.client.set_logged_model_tags(model_id, marks)

    def dataset(self, task: Task, frame: pd.DataFrame, context: str) -> Any:
        """The mlflow dataset of some rows; kept, since a digest costs a hash of the rows."""
        key = (f"{task.name}.{context}", str(pd.util.hash_pandas_object(frame["id"]).sum()))
        if key not in self._datasets:
            name = f"{task.name}.{context}"
            self._datasets[key] = from_pandas(frame, source=task.url, name=name, targets=task.target)
        return self._datasets[key]

    def run(
        self,
        experiment: str,
        name: str,
        origin: Origin,
        work: Callable[[LiveRun], Any],
        *,
        params: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
        parent: LiveRun | None = None,
        pause_s: int = 20,
    ) -> LiveRun:
        """Do `work` as one run. What it raises decides the status; a failure's message becomes the tag `error`."""
        start = self.clock_ms
        marks = {"mlflow.user": origin.user, "mlflow.source.type": origin.kind, "mlflow.source.name": origin.script}
        commit = self.repositories[origin.project].at(start) if origin.kind != "NOTEBOOK" else None
        if commit:
            address = REPOSITORY.format(project=origin.project)
            marks |= {"mlflow.source.git.commit": commit, "mlflow.source.git.repoURL": address}
            marks |= {"mlflow.source.git.branch": origin.branch}
        if parent:
            marks["mlflow.parentRunId"] = parent.run_id
        created = self.client.create_run(experiment, start_time=start, tags=marks | dict(tags or {}), run_name=name)
        shift = start - time.time_ns() // 1_000_000
        live = LiveRun(run_id=created.info.run_id, experiment_id=experiment, shift_ms=shift, recorder=self)
        status: str | None = "FINISHED"
        try:
            work(live)
        except Interrupted:
            status = "KILLED"
            live.notes["stopped_by"] = origin.user
        except StillRunning:
            status = None
        except Exception as error:  # noqa: BLE001 - a run may fail of anything, that is the point
            status = "FAILED"
            live.notes["error"] = f"{type(error).__name__}: {' '.join(str(error).split())}"[:400]
        self._send(live, params or {})
        live.end_ms = live.now()
        if status:
            self.client.set_terminated(live.run_id, status=status, end_time=live.end_ms)
        self.clock_ms = live.end_ms + pause_s * 1000
        return live

    def _send(self, live: LiveRun, params: Mapping[str, str]) -> None:
        entries = [Param(key, value) for key, value in params.items()]
        notes = [RunTag(key, value) for key, value in live.notes.items()]
        self.client.log_batch(live.run_id, metrics=live.pending[:900], params=entries, tags=notes)
        for start in range(900, len(live.pending), 900):
            self.client.log_batch(live.run_id, metrics=live.pending[start : start + 900])
        if live.inputs:
            self.client.log_inputs(live.run_id, live.inputs)
