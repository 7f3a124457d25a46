"""What MLflow's own client says of a store, and what the facts say of it, in the same plain shape."""

import math
from typing import Any

from mlflow import MlflowClient
from mlflow.entities import ViewType

from core.facts.store import Facts

MLFLOW_INFINITY = 1.7976931348623157e308
HOSTILE = [
    'it\'s a "name"; DROP TABLE runs; --',
    "<script>alert(1)</script><img src=x onerror=alert(2)>",
    "🚀 emoji 模型 ünïcode",
    "\u202eright to left\u202c שלום",
    "../../../etc/passwd",
    "[link](javascript:alert(1)) **bold** $x$ :red[no] :material/home:",
]


def number(value: float) -> float | str:
    """A float that equals itself: NaN and infinities as text. MLflow's SQL stores say infinity as the largest float."""
    if math.isnan(value):
        return "NaN"
    if abs(value) >= MLFLOW_INFINITY:
        return "Infinity" if value > 0 else "-Infinity"
    return value


def told_by_client(client: MlflowClient, *, logged_models: bool = True) -> dict[str, Any]:
    """Everything the client returns: experiments, runs with histories, models, versions, aliases, logged models.

    logged_models: False for MLflow 2, which has none.
    """
    experiments = _all(lambda token: client.search_experiments(view_type=ViewType.ALL, page_token=token))
    runs = []
    for start in range(0, len(experiments), 100):
        ids = [e.experiment_id for e in experiments[start : start + 100]]
        runs += _all(lambda token, ids=ids: client.search_runs(ids, run_view_type=ViewType.ALL, page_token=token))
    models = _all(lambda token: client.search_registered_models(page_token=token))
    versions = _all(lambda token: client.search_model_versions(page_token=token))
    logged = (
        _all(lambda token: client.search_logged_models([e.experiment_id for e in experiments], page_token=token))
        if experiments and logged_models
        else []
    )
    return {
        "experiments": {
            e.experiment_id: {
                "name": e.name, "lifecycle": e.lifecycle_stage, "artifact_location": e.artifact_location,
                "created": e.creation_time, "updated": e.last_update_time, "tags": dict(e.tags),
            }
            for e in experiments
        },
        "runs": {r.info.run_id: _run(client, r) for r in runs},
        "models": {
            m.name: {
                "description": m.description or "",
                "created": m.creation_timestamp,
                "updated": m.last_updated_timestamp,
                "tags": dict(m.tags),
                "aliases": {alias: str(version) for alias, version in m.aliases.items()},
            }
            for m in models
        },
        "versions": {
            f"{v.name}/{v.version}": {
                "run_id": v.run_id or "",
                "status": v.status,
                "stage": v.current_stage,
                "description": v.description or "",
                "source": v.source or "",
                "created": v.creation_timestamp,
                "updated": v.last_updated_timestamp,
                "tags": dict(v.tags),
            }
            for v in versions
        },
        "logged_models": {
            m.model_id: {
                "experiment": m.experiment_id, "name": m.name, "run_id": m.source_run_id or "", "status": str(m.status),
                "type": m.model_type or "", "artifacts": m.artifact_location, "created": m.creation_timestamp,
                "updated": m.last_updated_timestamp, "params": dict(m.params), "tags": dict(m.tags),
                "metrics": sorted((x.key, number(x.value), x.step, x.timestamp, x.run_id) for x in m.metrics or []),
            }
            for m in logged
        },
    }  # fmt: skip


def told_by_facts(facts: Facts, source: str) -> dict[str, Any]:
    """The same from the store."""
    values = {"source": source}
    points: dict[tuple[str, str], list] = {}
    for row in facts.rows(
        "SELECT r.run_id, p.key, p.step, p.time_ms, p.value FROM points p JOIN runs r USING (run_no)"
        " WHERE r.source = $source", values,
    ):  # fmt: skip
        points.setdefault((row["run_id"], row["key"]), []).append((row["step"], row["time_ms"], number(row["value"])))
    aliases: dict[str, dict[str, str]] = {}
    versions = facts.rows("SELECT * FROM versions WHERE source = $source", values)
    for v in versions:
        aliases.setdefault(v["model"], {}).update(dict.fromkeys(v["aliases"], v["version"]))
    return {
        "experiments": {
            e["experiment_id"]: {
                "name": e["name"],
                "lifecycle": e["lifecycle_stage"],
                "artifact_location": e["artifact_location"],
                "created": e["created_ms"],
                "updated": e["updated_ms"],
                "tags": e["tags"],
            }
            for e in facts.rows("SELECT * FROM experiments WHERE source = $source", values)
        },
        "runs": {
            r["run_id"]: {
                "experiment": r["experiment_id"],
                "name": r["name"] or "",
                "user": r["user_name"] or "",
                "status": r["status"],
                "lifecycle": r["lifecycle_stage"],
                "started": r["started_ms"],
                "ended": r["ended_ms"],
                "artifacts": r["artifact_uri"] or "",
                "params": r["params"],
                "metrics": {
                    key: (number(value), r["metric_points"][key]["step"], r["metric_points"][key]["time_ms"])
                    for key, value in r["metrics"].items()
                },
                "tags": r["tags"],
                "inputs": sorted(
                    (
                        i["name"],
                        i["digest"],
                        i["source_type"],
                        i["source"],
                        i["context"] or "",
                        i["schema"] or "",
                        i["profile"] or "",
                    )
                    for i in r["inputs"]
                ),
                "histories": {key: sorted(points.get((r["run_id"], key), []), key=repr) for key in r["metrics"]},
            }
            for r in facts.rows("SELECT * FROM runs WHERE source = $source", values)
        },
        "models": {
            m["name"]: {
                "description": m["description"] or "",
                "created": m["created_ms"],
                "updated": m["updated_ms"],
                "tags": m["tags"],
                "aliases": aliases.get(m["name"], {}),
            }
            for m in facts.rows("SELECT * FROM models WHERE source = $source", values)
        },
        "versions": {
            f"{v['model']}/{v['version']}": {
                "run_id": v["run_id"] or "",
                "status": v["status"],
                "stage": v["registry_stage"],
                "description": v["description"] or "",
                "source": v["artifact_uri"] or "",
                "created": v["created_ms"],
                "updated": v["updated_ms"],
                "tags": v["tags"],
            }
            for v in versions
        },
        "logged_models": {
            m["model_id"]: {
                "experiment": m["experiment_id"],
                "name": m["name"],
                "run_id": m["run_id"] or "",
                "status": m["status"],
                "type": m["model_type"] or "",
                "artifacts": m["artifact_uri"],
                "created": m["created_ms"],
                "updated": m["updated_ms"],
                "params": m["params"],
                "tags": m["tags"],
                "metrics": sorted(
                    (x["key"], number(x["value"]), x["step"], x["time_ms"], x["run_id"]) for x in m["metrics"]
                ),
            }
            for m in facts.rows("SELECT * FROM logged_models WHERE source = $source", values)
        },
    }


def _run(client: MlflowClient, run: Any) -> dict[str, Any]:
    info, data = run.info, run.data
    inputs = run.inputs.dataset_inputs if run.inputs else []
    last = {m.key: m for m in data._metric_objs}  # the step and time of a last value are not on its public face
    return {
        "experiment": info.experiment_id,
        "name": info.run_name or "",
        "user": info.user_id or "",
        "status": info.status,
        "lifecycle": info.lifecycle_stage,
        "started": info.start_time,
        "ended": info.end_time,
        "artifacts": info.artifact_uri or "",
        "params": dict(data.params),
        "metrics": {key: (number(value), last[key].step, last[key].timestamp) for key, value in data.metrics.items()},
        "tags": dict(data.tags),
        "inputs": sorted(
            (
                i.dataset.name,
                i.dataset.digest,
                i.dataset.source_type,
                i.dataset.source,
                next((t.value for t in i.tags if t.key == "mlflow.data.context"), ""),
                i.dataset.schema or "",
                i.dataset.profile or "",
            )
            for i in inputs
        ),
        "histories": {
            key: sorted(
                ((m.step, m.timestamp, number(m.value)) for m in client.get_metric_history(info.run_id, key)), key=repr
            )
            for key in data.metrics
        },
    }


def _all(page: Any) -> list[Any]:
    found, token = [], None
    while True:
        part = page(token)
        found += list(part)
        token = part.token
        if not token:
            return found
