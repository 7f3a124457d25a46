"""MLflow read through its database: columns at the speed of the driver, changes found by marks and watermarks."""

import json
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pandas.util import hash_array

from core import tables
from core.batches import fold
from core.connectors.mlflow.dialects import Database, Sqlite, open_database
from core.errors import NotFound, SourceError
from core.records import Catalogue, Cursor, RunBatch, SourceInfo

BATCH = 10_000
FULL_EVERY_MS = 24 * 3_600_000
INFINITY = 1.7976931348623157e308  # what MLflow writes for infinity, since SQL databases have none
DEFAULT_WORKSPACE = "default"
_NUMBERED_INPUTS = pa.schema([("n", pa.int64()), *tables.INPUT])
LOGGED_STATUS = ("UNSPECIFIED", "PENDING", "READY", "FAILED")


class MlflowDatabase:
    """MLflow's backend store, read with SQL.

    An unchanged SQLite file is told by its header alone. Otherwise each run's mark (a hash of its row and tags; on
    PostgreSQL of everything but old points) is compared with the one kept here, rows beyond the watermarks of the
    append-only tables are looked at, and only runs that changed are read again. Once a day all are read again.
    """

    histories_with_runs = True

    def __init__(self, url: str, password: str | None = None) -> None:
        self._database: Database = open_database(url, password)
        dialect = "sqlite" if isinstance(self._database, Sqlite) else "postgresql"
        columns = self._database.read(_statement(f"columns_{dialect}")).to_pylist()
        self._columns = {(row["table_name"], row["column_name"]) for row in columns}
        self._has = {table for table, _ in self._columns}
        if not {"runs", "params", "tags", "latest_metrics", "metrics", "experiments"} <= self._has:
            raise SourceError(
                "The database holds no MLflow tables.",
                hint="Give the database that MLflow's backend store URI names (often mlflow.db).",
            )

    def close(self) -> None:
        self._database.close()

    def probe(self) -> SourceInfo:
        counts = self._read("counts").to_pylist()[0]
        revision = self._read("schema_revision").to_pylist() if "alembic_version" in self._has else []
        return SourceInfo(
            product="MLflow database",
            version=f"schema {revision[0]['version_num']}" if revision else "",
            experiments=counts["experiments"],
            runs=counts["runs"],
            models=counts["models"],
        )

    def unchanged(self, cursor: Cursor | None, *, now_ms: int) -> bool:
        """Whether nothing at all was written since that cursor."""
        if not cursor or cursor.get("signature") is None or now_ms - cursor["full_ms"] >= FULL_EVERY_MS:
            return False
        return bool(self._database.signature() == cursor["signature"])

    def catalogue(self) -> Catalogue:
        logged = self._optional("logged_models", tables.LOGGED_MODELS)
        return Catalogue(
            experiments=self._in_workspaces("experiments", "experiments", "name", tables.EXPERIMENTS),
            experiment_tags=self._optional("experiment_tags", tables.EXPERIMENT_TAGS),
            models=self._in_workspaces("models", "registered_models", "name", tables.MODELS),
            model_tags=self._in_workspaces("model_tags", "registered_model_tags", "model", tables.MODEL_TAGS),
            versions=self._in_workspaces("versions", "model_versions", "model", tables.VERSIONS),
            version_tags=self._in_workspaces("version_tags", "model_version_tags", "model", tables.VERSION_TAGS),
            aliases=self._in_workspaces("aliases", "registered_model_aliases", "model", tables.ALIASES),
            logged_models=logged,
            logged_model_params=self._optional("logged_model_params", tables.LOGGED_MODEL_PARAMS),
            logged_model_tags=self._optional("logged_model_tags", tables.LOGGED_MODEL_TAGS),
            logged_model_metrics=self._optional("logged_model_metrics", tables.LOGGED_MODEL_METRICS),
        )

    def batches(self, cursor: Cursor | None, known: pa.Table, *, now_ms: int) -> Iterator[RunBatch]:
        # All three are taken before a row is read, so that what is written meanwhile is found by the next sync.
        signature, watermarks = self._database.signature(), dict(self._database.watermarks())
        ids, marks = self._marks()
        full_ms = cursor["full_ms"] if cursor else now_ms
        due = now_ms - full_ms >= FULL_EVERY_MS
        appended = self._database.appended(cursor["watermarks"]) if cursor else set()
        if due or appended is None:
            changed = np.ones(len(ids), dtype=bool)
        else:
            changed = _differs(ids, marks, known) | np.isin(ids, sorted(appended))
        todo = np.flatnonzero(changed)
        # Until all are read, the old watermarks stay: a sync that dies midway is told again what was appended.
        unfinished = {
            "signature": None,
            "watermarks": cursor["watermarks"] if cursor else watermarks,
            "full_ms": 0 if due or appended is None else full_ms,
        }
        for first in range(0, len(todo), BATCH):
            picked = todo[first : first + BATCH]
            yield self._batch(ids[picked], marks[picked], unfinished, first + len(picked), len(todo))
        yield RunBatch(
            runs=tables.empty(tables.WHOLE_RUNS),
            points=tables.empty(tables.BATCH_POINTS),
            census=pa.array(ids, pa.string()),
            cursor={
                "signature": signature,
                "watermarks": watermarks,
                "full_ms": now_ms if due or appended is None else full_ms,
            },
            done=len(todo),
            total=len(todo),
        )

    def history(self, run_id: str, keys: Sequence[str]) -> pa.Table:
        points = _finite(self._read("points", [run_id]))
        if not points.num_rows and not self._read("runs", [run_id]).num_rows:
            raise NotFound(f"Run {run_id[:60]} is not in this MLflow.")
        points = points.filter(pc.is_in(points["key"], pa.array(list(keys), pa.string())))
        named = points.append_column("run_id", pa.array([run_id] * points.num_rows, pa.string()))
        return named.select(tables.POINTS.names).cast(tables.POINTS)

    def _batch(self, ids: np.ndarray, marks: np.ndarray, cursor: Cursor, done: int, total: int) -> RunBatch:
        wanted = ids.tolist()
        tags, inputs = self._read("tags", wanted), tables.empty(_NUMBERED_INPUTS)
        if "inputs" in self._has:
            inputs = self._read("inputs", wanted)
        raw = self._read("runs", wanted)
        runs = _with_tags(raw, tags, marks)
        # A run that was removed since its mark was read leaves a hole in the numbers: its rows are dropped with it.
        place = np.full(len(wanted), -1)
        place[raw["n"].to_numpy().astype(np.int64)] = np.arange(raw.num_rows)

        def placed(rows: pa.Table) -> pa.Table:
            if raw.num_rows == len(wanted) and np.array_equal(place, np.arange(len(wanted))):
                return rows
            numbers = place[rows["n"].to_numpy().astype(np.int64)]
            rows = rows.set_column(rows.schema.get_field_index("n"), "n", pa.array(numbers))
            return rows.filter(pc.greater_equal(rows["n"], 0))

        return RunBatch(
            runs=fold(
                runs,
                params=placed(self._read("params", wanted)),
                metrics=placed(_finite(self._read("metrics", wanted))),
                tags=placed(tags),
                inputs=placed(inputs),
            ),
            points=placed(_finite(self._read("points", wanted)))
            .select(tables.BATCH_POINTS.names)
            .cast(tables.BATCH_POINTS),
            cursor=cursor,
            done=done,
            total=total,
        )

    def _marks(self) -> tuple[np.ndarray, np.ndarray]:
        found = self._read(self._database.marks)
        texts = found.column(1).cast(pa.string()).to_numpy()
        return (
            found.column(0).cast(pa.string()).to_numpy().astype(str) if found.num_rows else np.array([], dtype=str),
            hash_array(texts.astype(object), categorize=False) if found.num_rows else np.array([], dtype=np.uint64),
        )

    def _in_workspaces(self, name: str, table: str, column: str, schema: pa.Schema) -> pa.Table:
        """A table whose names are told apart by workspace: "team/name" outside the default one."""
        if table not in self._has:
            return tables.empty(schema)
        found = self._read(name, workspace=(table, "workspace") in self._columns)
        if name == "versions":
            found = found.append_column("model_id", _model_ids(found["artifact_uri"]))
        elsewhere = pc.not_equal(found["workspace"].cast(pa.string()), DEFAULT_WORKSPACE)
        names = found[column].cast(pa.string())
        joined = pc.binary_join_element_wise(found["workspace"].cast(pa.string()), names, "/")
        found = found.set_column(found.schema.get_field_index(column), column, pc.if_else(elsewhere, joined, names))
        return found.select(schema.names).cast(schema)

    def _optional(self, name: str, schema: pa.Schema) -> pa.Table:
        if name not in self._has:
            return tables.empty(schema)
        found = self._read(name)
        if name == "logged_models":
            words = pa.array(
                [LOGGED_STATUS[int(s)] if 0 <= int(s) < 4 else "UNSPECIFIED" for s in found["status"].to_pylist()],
                pa.string(),
            )
            found = found.set_column(found.schema.get_field_index("status"), "status", words)
        return found.select(schema.names).cast(schema)

    def _read(self, name: str, ids: list[str] | None = None, *, workspace: bool = False) -> pa.Table:
        # Both places take fixed text: the dialect's way to unfold a bound list, and a column that old MLflow lacks.
        sql = _statement(name).replace(":ids", self._database.ids)
        sql = sql.replace(":workspace AS", "workspace AS" if workspace else f"'{DEFAULT_WORKSPACE}' AS")
        return self._database.read(sql, None if ids is None else json.dumps(ids))


def _finite(points: pa.Table) -> pa.Table:
    """Values as they were logged: MLflow keeps NaN as a mark beside 0, and infinity as the largest number."""
    value = points["value"].cast(pa.float64())
    value = pc.if_else(pc.greater_equal(value, INFINITY), pa.scalar(np.inf), value)
    value = pc.if_else(pc.less_equal(value, -INFINITY), pa.scalar(-np.inf), value)
    value = pc.if_else(points["is_nan"].cast(pa.bool_()), pa.scalar(np.nan), value)
    return points.set_column(points.schema.get_field_index("value"), "value", value)


def _with_tags(runs: pa.Table, tags: pa.Table, marks: np.ndarray) -> pa.Table:
    """Runs (numbered by n) completed by what MLflow keeps in tags, and by their marks."""

    def tag(name: str) -> dict[int, str]:
        found = tags.filter(pc.equal(tags["key"], name))
        return dict(zip(found["n"].to_pylist(), found["value"].to_pylist(), strict=True))

    rows = runs.to_pydict()
    numbers = rows["n"]

    def first(column: str, name: str, but: str = "") -> list[str]:
        by_run = tag(name)
        return [own if own and own != but else by_run.get(n, own) for own, n in zip(rows[column], numbers, strict=True)]

    commits = tag("mlflow.source.git.commit")
    plain = ("run_id", "experiment_id", "status", "lifecycle_stage", "started_ms", "ended_ms", "artifact_uri")
    return tables.from_columns(
        tables.RUNS,
        **{name: rows[name] for name in plain},
        name=first("name", "mlflow.runName"),
        user_name=first("user_name", "mlflow.user"),
        source_type=first("source_type", "mlflow.source.type", but="UNKNOWN"),
        source_name=first("source_name", "mlflow.source.name"),
        git_commit=[commits.get(n, own) for own, n in zip(rows["source_version"], numbers, strict=True)],
        mark=marks[np.array(numbers, dtype=np.int64)],
    )


def _differs(ids: np.ndarray, marks: np.ndarray, known: pa.Table) -> np.ndarray:
    """Which runs are new or bear another mark than the known one."""
    known = known.filter(pc.is_valid(known["mark"]))
    if not known.num_rows:
        return np.ones(len(ids), dtype=bool)
    old_ids = known["run_id"].to_numpy().astype(str)
    order = np.argsort(old_ids)
    old_ids, old_marks = old_ids[order], known["mark"].to_numpy()[order]
    at = np.minimum(np.searchsorted(old_ids, ids), len(old_ids) - 1)
    changed: np.ndarray = (old_ids[at] != ids) | (old_marks[at] != marks)
    return changed


def _model_ids(uris: pa.ChunkedArray) -> pa.Array:
    found = [uri.removeprefix("models:/") if uri and uri.startswith("models:/m-") else "" for uri in uris.to_pylist()]
    return pa.array(found, pa.string())


@cache
def _statement(name: str) -> str:
    text = (Path(__file__).parent / "sql" / f"{name}.sql").read_text(encoding="utf-8")
    return "\n".join(line for line in text.splitlines() if not line.startswith("--"))
