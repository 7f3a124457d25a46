"""Which parts of a version's origin are on record: its code, its data, the model itself, its environment."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

PartName = Literal["code", "data", "model", "environment"]
PARTS: tuple[PartName, ...] = ("code", "data", "model", "environment")

COMMIT = ("git.commit", "git_commit", "git.sha", "git_sha", "mlflow.source.git.commit", "commit_sha")
DATA = {
    "dvc.rev": "DVC revision",
    "dvc.md5": "DVC MD5",
    "dvc_rev": "DVC revision",
    "delta.version": "Delta Lake version",
    "delta_version": "Delta Lake version",
    "delta.table_version": "Delta Lake version",
    "lakefs.commit": "lakeFS commit",
    "lakefs.ref": "lakeFS reference",
    "lakefs_commit": "lakeFS commit",
    "data.digest": "Data digest",
    "data.version": "Data version",
    "data_version": "Data version",
    "dataset.digest": "Data digest",
}
IMAGE = (
    "docker.image",
    "docker_image",
    "docker.digest",
    "container.image",
    "container.digest",
    "image.digest",
    "mlflow.docker.image.uri",
    "mlflow.docker.image.id",
)
PINNED = {
    "env.requirements_sha256": "Requirements, SHA-256",
    "requirements_sha256": "Requirements, SHA-256",
    "requirements.sha256": "Requirements, SHA-256",
    "env.lock_sha256": "Lock file, SHA-256",
    "conda.sha256": "Conda environment, SHA-256",
    "env.digest": "Environment digest",
    "environment.digest": "Environment digest",
}
LOGGED = "mlflow.log-model.history"
KEYS: tuple[str, ...] = (*COMMIT, *DATA, *IMAGE, *PINNED, LOGGED)
"""Every key, of tags or params, that can be evidence. Nothing else needs to be read for a judgement."""

ADD_CODE = "Start the training from a Git checkout, or tag the version git.commit=<SHA>."
ADD_DATA = 'Add mlflow.log_input(dataset, context="training"), or a tag dvc.rev, delta.version or lakefs.commit.'
ADD_ENVIRONMENT = (
    "Tag the version env.requirements_sha256=<SHA-256 of the pinned requirements> "
    "or docker.image=<image@sha256:digest>."
)

_HEX = re.compile(r"[0-9a-fA-F]{7,64}")
_DIGEST = re.compile(r"(sha256:)[0-9a-fA-F]{64}")
_TRAINING = ("training", "train", "fit", "")


@dataclass(frozen=True, slots=True)
class Dataset:
    """An input of a run. context: what it was used for, "" when it is not said."""

    name: str
    digest: str
    context: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageRecord:
    """What is on record of one version.

    run: "active" or "deleted"; None when the version names no run, or one that the source no longer has.
    said: tags and params by key: of the version first, then of its logged model, then of its run.
    logged_status: state of the logged model; None when there is none.
    """

    run_id: str | None
    run: str | None
    git_commit: str | None
    inputs: Sequence[Dataset]
    said: Mapping[str, str]
    status: str | None
    artifact_uri: str | None
    model_id: str | None
    logged_status: str | None


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that proves a part. label: what it is.  value: as recorded, untrusted."""

    label: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """advice: what is missing and how to add it; "" when the part is present."""

    name: PartName
    evidence: tuple[Evidence, ...]
    advice: str

    @property
    def present(self) -> bool:
        return bool(self.evidence)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """The four parts of a version's origin."""

    code: Part
    data: Part
    model: Part
    environment: Part

    @property
    def parts(self) -> tuple[Part, ...]:
        return (self.code, self.data, self.model, self.environment)

    @property
    def missing(self) -> tuple[PartName, ...]:
        return tuple(part.name for part in self.parts if not part.present)


def lineage(record: LineageRecord) -> Lineage:
    """Judges a version by what is on record alone; nothing is looked up."""
    return Lineage(code=_code(record), data=_data(record), model=_model(record), environment=_environment(record))


def _part(name: PartName, found: list[Evidence], advice: str) -> Part:
    return Part(name=name, evidence=tuple(found), advice="" if found else advice)


def _code(record: LineageRecord) -> Part:
    claims = [("Git commit of its run", record.git_commit or "")]
    claims += [(f"Tag {key}", record.said[key]) for key in COMMIT if key in record.said]
    found: dict[str, Evidence] = {}
    for label, value in claims:
        if _HEX.fullmatch(value.strip()):
            found.setdefault(value.strip(), Evidence(label, value.strip()))
    if any(value for _, value in claims):
        advice = f"What stands there is no Git commit. {ADD_CODE}"
    elif record.run is None:
        advice = f"{_no_run(record)} Register from a run, or tag the version git.commit=<SHA>."
    else:
        advice = f"Its run names no commit. {ADD_CODE}"
    return _part("code", list(found.values()), advice)


def _data(record: LineageRecord) -> Part:
    found = [Evidence(label, record.said[key]) for key, label in DATA.items() if record.said.get(key, "").strip()]
    trained = [data for data in record.inputs if data.context.lower() in _TRAINING]
    found += [Evidence(f"Digest of {data.name or 'its training data'}", data.digest) for data in trained if data.digest]
    if record.inputs and not trained:
        advice = f"Only evaluation data is on record. {ADD_DATA}"
    elif record.run is None:
        advice = f"{_no_run(record)} Tag the version dvc.rev, delta.version or lakefs.commit."
    else:
        advice = f"Its run logged no data set. {ADD_DATA}"
    return _part("data", found, advice)


def _model(record: LineageRecord) -> Part:
    if record.status not in (None, "", "READY"):
        return _part(
            "model", [], f"Its registration is {record.status}, not READY. Register it again once its files are stored."
        )
    if record.logged_status not in (None, "READY", "UNSPECIFIED"):
        return _part(
            "model",
            [],
            f"Its logged model is {record.logged_status}, not READY. Log the model again and register that.",
        )
    found = [Evidence("Logged model", record.model_id)] if record.model_id else []
    if record.artifact_uri:
        found.append(Evidence("Artifacts", record.artifact_uri))
    return _part("model", found, "It names no artifacts. Register it with the URI of its files.")


def _environment(record: LineageRecord) -> Part:
    found, loose = [], ""
    for key in IMAGE:
        value = record.said.get(key, "").strip()
        if _DIGEST.search(value):
            found.append(Evidence("Container image", value))
        elif value:
            loose = f"The image in {key} has no digest, so it can change. Name it as image@sha256:<digest>."
    found += [Evidence(label, record.said[key]) for key, label in PINNED.items() if record.said.get(key, "").strip()]
    if files := _environment_files(record.said.get(LOGGED, "")):
        found.append(Evidence("Stored with the model", files))
    return _part("environment", found, loose or ADD_ENVIRONMENT)


def _environment_files(history: str) -> str:
    """Names of environment files that MLflow 2 stored beside the model, from the history it keeps in a tag."""
    if '"env"' not in history:
        return ""
    try:
        env = json.loads(history)[-1]["flavors"]["python_function"]["env"]
        files = env.values() if isinstance(env, dict) else [env]
        return ", ".join(sorted({name for name in files if isinstance(name, str)}))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return ""


def _no_run(record: LineageRecord) -> str:
    return "Its run is no longer at the source." if record.run_id else "It came without a run."
