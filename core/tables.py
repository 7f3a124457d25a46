"""Arrow schemas in which connectors hand copies to the store: columns, not objects, so that 100,000 runs cost seconds.

Times are milliseconds since 1970 UTC (int64), as MLflow keeps them. Identifiers and names are untrusted text.
NaN and infinities are kept as such.
"""

from typing import Any

import pyarrow as pa

_TEXT, _INT, _REAL = pa.string(), pa.int64(), pa.float64()


def _schema(**columns: pa.DataType) -> pa.Schema:
    return pa.schema(list(columns.items()))


EXPERIMENTS = _schema(
    experiment_id=_TEXT, name=_TEXT, artifact_location=_TEXT, lifecycle_stage=_TEXT, created_ms=_INT, updated_ms=_INT
)
EXPERIMENT_TAGS = _schema(experiment_id=_TEXT, key=_TEXT, value=_TEXT)

RUNS = _schema(
    run_id=_TEXT,
    experiment_id=_TEXT,
    name=_TEXT,
    user_name=_TEXT,
    status=_TEXT,  # RUNNING, SCHEDULED, FINISHED, FAILED, KILLED
    lifecycle_stage=_TEXT,  # active, deleted
    started_ms=_INT,
    ended_ms=_INT,
    artifact_uri=_TEXT,
    source_type=_TEXT,  # NOTEBOOK, JOB, LOCAL, PROJECT, UNKNOWN
    source_name=_TEXT,
    git_commit=_TEXT,
    mark=pa.uint64(),  # fingerprint by which the connector notices that a run changed; null when it keeps none
)
PLACE = pa.struct([("step", _INT), ("time_ms", _INT)])
INPUT = pa.struct(
    [(name, _TEXT) for name in ("name", "digest", "source_type", "source", "context", "schema", "profile")]
)
WHOLE_RUNS = pa.schema(
    [
        *RUNS,
        ("parent_run_id", _TEXT),
        ("params", pa.map_(_TEXT, _TEXT)),
        ("metrics", pa.map_(_TEXT, _REAL)),  # the last value of each metric
        ("metric_points", pa.map_(_TEXT, PLACE)),  # where that last value stands
        ("tags", pa.map_(_TEXT, _TEXT)),
        ("inputs", pa.list_(INPUT)),
    ]
)
PARAMS = _schema(run_id=_TEXT, key=_TEXT, value=_TEXT)
METRICS = _schema(run_id=_TEXT, key=_TEXT, value=_REAL, step=_INT, time_ms=_INT)  # the last point of each metric
TAGS = _schema(run_id=_TEXT, key=_TEXT, value=_TEXT)
INPUTS = _schema(  # one row per data set of a run; context: training, evaluation, ... or ""
    run_id=_TEXT, name=_TEXT, digest=_TEXT, source_type=_TEXT, source=_TEXT, context=_TEXT, schema=_TEXT, profile=_TEXT
)
POINTS = _schema(run_id=_TEXT, key=_TEXT, step=_INT, time_ms=_INT, value=_REAL)  # whole metric histories

BATCH_POINTS = _schema(n=_INT, key=_TEXT, step=_INT, time_ms=_INT, value=_REAL)  # n: row of the run in its batch

MODELS = _schema(name=_TEXT, description=_TEXT, created_ms=_INT, updated_ms=_INT)
MODEL_TAGS = _schema(model=_TEXT, key=_TEXT, value=_TEXT)
VERSIONS = _schema(
    model=_TEXT,
    version=_TEXT,
    run_id=_TEXT,
    status=_TEXT,  # READY, PENDING_REGISTRATION, FAILED_REGISTRATION
    registry_stage=_TEXT,  # MLflow's own: None, Staging, Production, Archived
    description=_TEXT,
    user_name=_TEXT,
    artifact_uri=_TEXT,
    model_id=_TEXT,  # the logged model it came from (MLflow 3); null before
    created_ms=_INT,
    updated_ms=_INT,
)
VERSION_TAGS = _schema(model=_TEXT, version=_TEXT, key=_TEXT, value=_TEXT)
ALIASES = _schema(model=_TEXT, alias=_TEXT, version=_TEXT)
LOGGED_MODELS = _schema(
    model_id=_TEXT,
    experiment_id=_TEXT,
    name=_TEXT,
    run_id=_TEXT,
    status=_TEXT,  # PENDING, READY, FAILED, UNSPECIFIED
    model_type=_TEXT,
    artifact_uri=_TEXT,
    created_ms=_INT,
    updated_ms=_INT,
)
LOGGED_MODEL_PARAMS = _schema(model_id=_TEXT, key=_TEXT, value=_TEXT)
LOGGED_MODEL_TAGS = _schema(model_id=_TEXT, key=_TEXT, value=_TEXT)
LOGGED_MODEL_METRICS = _schema(
    model_id=_TEXT, run_id=_TEXT, key=_TEXT, value=_REAL, step=_INT, time_ms=_INT, dataset_name=_TEXT,
    dataset_digest=_TEXT,
)  # fmt: skip


def empty(schema: pa.Schema) -> pa.Table:
    """A table of that schema without rows."""
    return schema.empty_table()


def from_columns(schema: pa.Schema, **columns: Any) -> pa.Table:
    """A table from one list a column; every column of the schema must be given, in any order."""
    return pa.table({field.name: pa.array(columns[field.name], field.type) for field in schema}, schema=schema)
