"""MLflow's JSON as columns. Pure; everything in it is untrusted: a wrong type raises SourceError, naming the field."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from core import tables
from core.batches import whole_runs
from core.errors import SourceError

Json = Mapping[str, Any]
_INT64 = 2**63
_LOGGED_STATUS = {
    "LOGGED_MODEL_READY": "READY", "LOGGED_MODEL_PENDING": "PENDING", "LOGGED_MODEL_UPLOAD_FAILED": "FAILED",
}  # fmt: skip
INFINITY = 1.7976931348623157e308  # what MLflow's SQL stores, and so its servers, say for infinity


def items(page: Json, name: str) -> list[Json]:
    """The list of objects under a name; empty when it is missing, as MLflow leaves empty lists out."""
    found = page.get(name, [])
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise _wrong(name, found, "a list of objects")
    return found


def part(item: Json, name: str) -> Json:
    """The object under a name; empty when it is missing."""
    found = item.get(name)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise _wrong(name, found, "an object")
    return found


def text(item: Json, name: str) -> str:
    """The text under a name; "" when it is missing. Numbers are taken for text: ids come as either."""
    found = item.get(name)
    if found is None:
        return ""
    if isinstance(found, bool) or not isinstance(found, str | int):
        raise _wrong(name, found, "a text")
    return str(found).encode("utf-8", "replace").decode("utf-8")


def whole(item: Json, name: str) -> int | None:
    """The whole number under a name, which may come as text; None when it is missing."""
    found = item.get(name)
    if found is None or found == "":
        return None
    try:
        number = int(found) if isinstance(found, str | int) and not isinstance(found, bool) else None
    except ValueError:
        number = None
    if number is None or not -_INT64 <= number < _INT64:
        raise _wrong(name, found, "a whole number")
    return number


def real(item: Json, name: str) -> float:
    """The number under a name; "NaN", "Infinity", "-Infinity" and MLflow's largest number for infinity included."""
    found = item.get(name)
    try:
        value = float(found) if isinstance(found, str | int | float) and not isinstance(found, bool) else None
    except (ValueError, OverflowError):
        value = None
    if value is None:
        raise _wrong(name, found, "a number")
    if abs(value) >= INFINITY:
        return float("inf") if value > 0 else float("-inf")
    return value


def experiments(found: Sequence[Json]) -> tuple[pa.Table, pa.Table]:
    """Experiments and their tags."""
    return (
        tables.from_columns(
            tables.EXPERIMENTS,
            experiment_id=[_key(e, "experiment_id") for e in found],
            name=[text(e, "name") for e in found],
            artifact_location=[text(e, "artifact_location") for e in found],
            lifecycle_stage=[text(e, "lifecycle_stage") or "active" for e in found],
            created_ms=[whole(e, "creation_time") for e in found],
            updated_ms=[whole(e, "last_update_time") for e in found],
        ),
        _tags(tables.EXPERIMENT_TAGS, [({"experiment_id": _key(e, "experiment_id")}, e) for e in found]),
    )


def runs(found: Sequence[Json]) -> pa.Table:
    """Whole runs (tables.WHOLE_RUNS)."""
    rows, params, metrics, tags, inputs = [], [], [], [], []
    for run in found:
        info, data = part(run, "info"), part(run, "data")
        run_id = text(info, "run_id") or _key(info, "run_uuid")
        own = {text(tag, "key"): text(tag, "value") for tag in items(data, "tags")}
        tags += [(run_id, key, value) for key, value in own.items()]
        params += [(run_id, text(p, "key"), text(p, "value")) for p in items(data, "params")]
        metrics += [(run_id, *_point(metric)) for metric in items(data, "metrics")]
        inputs += [(run_id, *_input(given)) for given in items(part(run, "inputs"), "dataset_inputs")]
        rows.append(
            {
                "run_id": run_id,
                "experiment_id": _key(info, "experiment_id"),
                "name": text(info, "run_name") or own.get("mlflow.runName", ""),
                "user_name": text(info, "user_id") or own.get("mlflow.user", ""),
                "status": text(info, "status"),
                "lifecycle_stage": text(info, "lifecycle_stage") or "active",
                "started_ms": whole(info, "start_time"),
                "ended_ms": whole(info, "end_time"),
                "artifact_uri": text(info, "artifact_uri"),
                "source_type": own.get("mlflow.source.type", ""),
                "source_name": own.get("mlflow.source.name", ""),
                "git_commit": own.get("mlflow.source.git.commit", ""),
                "mark": mark(run),
            }
        )
    return whole_runs(
        pa.Table.from_pylist(rows, tables.RUNS),
        params=_rows(tables.PARAMS, params),
        metrics=_rows(tables.METRICS, metrics),
        tags=_rows(tables.TAGS, tags),
        inputs=_rows(tables.INPUTS, inputs),
    )


def mark(run: Json) -> int:
    """A fingerprint of all that the server says of a run, whatever the order."""
    canonical = json.dumps(run, sort_keys=True, separators=(",", ":")).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(canonical, digest_size=8).digest(), "big")


def run_id_of(run: Json) -> str:
    info = part(run, "info")
    return text(info, "run_id") or _key(info, "run_uuid")


def points(run_id: str, found: Sequence[Json]) -> pa.Table:
    """A metric's history (tables.POINTS)."""
    rows = [(run_id, *_point(metric)) for metric in found]
    table = _rows(tables.METRICS, rows)  # the same columns in another order
    return table.select(tables.POINTS.names)


def models(found: Sequence[Json]) -> tuple[pa.Table, pa.Table, pa.Table]:
    """Registered models, their tags, their aliases."""
    aliases = [
        (_key(m, "name"), _key(a, "alias"), _key(a, "version")) for m in found for a in items(m, "aliases")
    ]  # fmt: skip
    return (
        tables.from_columns(
            tables.MODELS,
            name=[_key(m, "name") for m in found],
            description=[text(m, "description") for m in found],
            created_ms=[whole(m, "creation_timestamp") for m in found],
            updated_ms=[whole(m, "last_updated_timestamp") for m in found],
        ),
        _tags(tables.MODEL_TAGS, [({"model": _key(m, "name")}, m) for m in found]),
        _rows(tables.ALIASES, aliases),
    )


def versions(found: Sequence[Json]) -> tuple[pa.Table, pa.Table]:
    """Model versions and their tags."""
    return (
        tables.from_columns(
            tables.VERSIONS,
            model=[_key(v, "name") for v in found],
            version=[_key(v, "version") for v in found],
            run_id=[text(v, "run_id") for v in found],
            status=[text(v, "status") for v in found],
            registry_stage=[text(v, "current_stage") or "None" for v in found],
            description=[text(v, "description") for v in found],
            user_name=[text(v, "user_id") for v in found],
            artifact_uri=[text(v, "source") for v in found],
            model_id=[text(v, "model_id") or _model_id(text(v, "source")) for v in found],
            created_ms=[whole(v, "creation_timestamp") for v in found],
            updated_ms=[whole(v, "last_updated_timestamp") for v in found],
        ),
        _tags(tables.VERSION_TAGS, [({"model": _key(v, "name"), "version": _key(v, "version")}, v) for v in found]),
    )


def logged_models(found: Sequence[Json]) -> tuple[pa.Table, pa.Table, pa.Table, pa.Table]:
    """Logged models (MLflow 3), their params, tags and metrics."""
    infos = [part(m, "info") for m in found]
    params, metrics = [], []
    for model, info in zip(found, infos, strict=True):
        model_id = _key(info, "model_id")
        data = part(model, "data")
        params += [(model_id, text(p, "key"), text(p, "value")) for p in items(data, "params")]
        for metric in items(data, "metrics"):
            key, value, step, time_ms = _point(metric)
            name, digest = text(metric, "dataset_name"), text(metric, "dataset_digest")
            metrics.append((model_id, text(metric, "run_id"), key, value, step, time_ms, name, digest))
    return (
        tables.from_columns(
            tables.LOGGED_MODELS,
            model_id=[_key(i, "model_id") for i in infos],
            experiment_id=[text(i, "experiment_id") for i in infos],
            name=[text(i, "name") for i in infos],
            run_id=[text(i, "source_run_id") for i in infos],
            status=[_LOGGED_STATUS.get(text(i, "status"), "UNSPECIFIED") for i in infos],
            model_type=[text(i, "model_type") for i in infos],
            artifact_uri=[text(i, "artifact_uri") for i in infos],
            created_ms=[whole(i, "creation_timestamp_ms") for i in infos],
            updated_ms=[whole(i, "last_updated_timestamp_ms") for i in infos],
        ),
        _rows(tables.LOGGED_MODEL_PARAMS, params),
        _tags(tables.LOGGED_MODEL_TAGS, [({"model_id": _key(i, "model_id")}, i) for i in infos]),
        _rows(tables.LOGGED_MODEL_METRICS, metrics),
    )


def _point(metric: Json) -> tuple[str, float, int, int]:
    return text(metric, "key"), real(metric, "value"), whole(metric, "step") or 0, whole(metric, "timestamp") or 0


def _input(given: Json) -> tuple[str, ...]:
    dataset = part(given, "dataset")
    context = next((text(t, "value") for t in items(given, "tags") if text(t, "key") == "mlflow.data.context"), "")
    names = ("name", "digest", "source_type", "source")
    return (*(text(dataset, name) for name in names), context, text(dataset, "schema"), text(dataset, "profile"))


def _tags(schema: pa.Schema, owners: Sequence[tuple[Mapping[str, str], Json]]) -> pa.Table:
    rows = [
        {**names, "key": text(t, "key"), "value": text(t, "value")}
        for names, owner in owners
        for t in items(owner, "tags")
    ]
    return pa.Table.from_pylist(rows, schema)


def _rows(schema: pa.Schema, rows: Sequence[tuple[Any, ...]]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(schema)
    return pa.table(
        {field.name: pa.array(column, field.type) for field, column in zip(schema, columns, strict=True)}, schema
    )


def _key(item: Json, name: str) -> str:
    found = text(item, name)
    if not found:
        raise _wrong(name, item.get(name), "a name")
    return found


def _model_id(source: str) -> str:
    return source.removeprefix("models:/") if source.startswith("models:/m-") else ""


def _wrong(name: str, found: Any, wanted: str) -> SourceError:
    return SourceError(
        f"The server's answer cannot be read: {name} should be {wanted}, got {str(found)[:40]!r}.",
        hint="Is this MLflow 2 or 3? If so, tell us: the answer is not as documented.",
    )
