"""Registered models: release runs with a logged MLflow model, versions, aliases, stages, tags."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import joblib
import mlflow

from data.demo.datasets import Task, split
from data.demo.recorder import LiveRun, Origin, Recorder
from data.demo.training import Recipe, fairness, fit, fit_by_rounds, latency, quality, score, training_rows
from data.demo.trials import measure

LARGEST = 300_000


@dataclass(slots=True, kw_only=True)
class House:
    """One registered model: its versions are released one after another."""

    recorder: Recorder
    model: str
    task: Task
    experiment: str
    about: str
    tags: Mapping[str, str]
    versions: dict[str, str] = field(default_factory=dict)

    def open(self) -> "House":
        """Register the name."""
        self.recorder.client.create_registered_model(self.model, tags=dict(self.tags), description=self.about)
        self.recorder.stamps.append(("registered_models", self.model, self.recorder.clock_ms))
        return self

    def release(
        self,
        recipe: Recipe,
        origin: Origin,
        *,
        about: str,
        tags: Mapping[str, str],
        lineage: tuple[str, ...] = ("data", "environment"),
        every: int = 0,
    ) -> str:
        """Fit, measure in full, log the model and register it. Returns the version.

        lineage: what the version says of itself beyond its run: "data" (the Git revision and MD5 of the .dvc file),
        "environment" (SHA-256 of the pinned requirements).
        """
        rec = self.recorder
        made: dict[str, Any] = {}

        def work(live: LiveRun) -> None:
            rows = training_rows(self.task, recipe)
            data = live.dataset(self.task, rows, "training")
            test = live.dataset(self.task, split(self.task).test, "evaluation")
            fitted: list[Any] = []
            if every:
                live.trace(fit_by_rounds(self.task, recipe, every=every, into=fitted))
            else:
                fitted.append(fit(self.task, recipe))
            measure(live, self.task, recipe, fitted[0], full=True)
            columns = list(fitted[0]["prepare"].feature_names_in_)
            used = [name for transformer in fitted[0]["prepare"].transformers_ for name in transformer[2]
                    if transformer[0] != "remainder"]  # fmt: skip
            sample = rows[[name for name in columns if name in used]].head(100)
            kind = "regressor" if self.task.favourable is None else "classifier"
            model_id = live.log_model(fitted[0], sample, task=kind, params=recipe.params())
            held = split(self.task).test
            scores = score(self.task, fitted[0], held)
            live.metrics(quality(self.task, held, scores, "test"), model_id=model_id, on=test)
            live.metrics(fairness(self.task, held, scores, detail=True) | latency(fitted[0], held))
            for year, frame in split(self.task).later.items():
                found = quality(self.task, frame, score(self.task, fitted[0], frame), "backtest", full=False)
                live.metrics(found, step=year)
            made.update(model_id=model_id, digest=data.digest, pipeline=fitted[0])

        name = f"{self.model}-release-{len(self.versions) + 1}"
        live = rec.run(
            self.experiment, name, origin, work, params=recipe.params(),
            tags={"purpose": "release", "phase": "candidate"}, pause_s=120,
        )  # fmt: skip
        marks = dict(tags)
        commit = rec.repositories[origin.project].at(live.end_ms)
        if "data" in lineage and commit:
            content = self.task.extract.read_bytes()
            marks |= {"dvc.rev": commit, "dvc.md5": hashlib.md5(content, usedforsecurity=False).hexdigest()}
            marks["data.digest"] = made["digest"]
        if "environment" in lineage:
            marks["env.requirements_sha256"] = hashlib.sha256(("\n".join(rec.pins) + "\n").encode()).hexdigest()
        found = mlflow.register_model(f"models:/{made['model_id']}", self.model, tags=marks, await_registration_for=0)
        version = str(found.version)
        rec.client.update_model_version(self.model, version, about)
        self._stamp(version, live.end_ms + 60_000)
        self.versions[version] = live.run_id
        keep(made["pipeline"], rec.models / f"{self.model}-v{version}.joblib")
        return version

    def adopt(self, source: str, *, about: str, tags: Mapping[str, str]) -> str:
        """A version that came without a run, such as a vendor's."""
        found = self.recorder.client.create_model_version(
            self.model, source, tags=dict(tags), description=about, await_creation_for=0
        )
        self._stamp(str(found.version), self.recorder.clock_ms)
        return str(found.version)

    def copy(self, source: "House", version: str, *, tags: Mapping[str, str]) -> str:
        """Promote by copying into this name, as houses with one name per stage do."""
        found = self.recorder.client.copy_model_version(f"models:/{source.model}/{version}", self.model)
        for key, value in tags.items():
            self.recorder.client.set_model_version_tag(self.model, found.version, key, value)
        self._stamp(str(found.version), self.recorder.clock_ms)
        kept = self.recorder.models / f"{source.model}-v{version}.joblib"
        if kept.exists():
            kept.with_name(f"{self.model}-v{found.version}.joblib").write_bytes(kept.read_bytes())
        return str(found.version)

    def alias(self, **versions: str) -> None:
        """Point aliases at versions."""
        for alias, version in versions.items():
            self.recorder.client.set_registered_model_alias(self.model, alias, version)

    def stage(self, **versions: str) -> None:
        """Move versions to MLflow's old stages, in the order given."""
        for stage, version in versions.items():
            self.recorder.client.transition_model_version_stage(self.model, version, stage)

    def _stamp(self, version: str, moment_ms: int) -> None:
        self.recorder.stamps.append(("model_versions", f"{self.model}\n{version}", moment_ms))


def keep(pipeline: Any, path: Path) -> None:
    """Keep a fitted pipeline for later predictions, if it is small."""
    path.parent.mkdir(exist_ok=True)
    joblib.dump(pipeline, path, compress=("xz", 6))
    if path.stat().st_size > LARGEST:
        path.unlink()
