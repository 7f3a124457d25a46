"""Browsing runs: search, columns, groups, one run whole."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa

from core.errors import NotFound, QueryError
from core.facts import filter as search_filter
from core.facts import runs as facts_runs
from core.governance.lineage import KEYS, Dataset, Lineage, LineageRecord, lineage
from core.query import Hint, Names, parse, parse_order, to_text, unknown_names
from core.query.ast import And, Field
from core.services.cache import cached
from core.services.guard import needs
from core.services.house import House

PAGE = 500
DEFAULT_METRICS, DEFAULT_PARAMS = 6, 6
GROUP_METRICS = 8
MINUTE_MS = 60_000
EXPORT_LIMIT = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RunQuery:
    """What to show. The same query gives the same URL, table and export.

    text: in the search language.  order: like "metrics.auc desc".  experiments: refs "source:id"; empty for all.
    columns: names like "metrics.auc"; empty for the default ones.  deleted: show deleted runs as well.
    """

    text: str = ""
    order: str = ""
    experiments: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    deleted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One page of a search.

    total: runs found in all.  table: run_no, source, run_id, name, status, lifecycle_stage, user_name, started_ms,
    ended_ms, experiment_id, experiment, then c0, c1, ... for `columns`.
    hints: names of the search that no run here has.  chosen: whether the columns were named by the query.
    """

    total: int
    table: pa.Table
    columns: tuple[Field, ...]
    hints: tuple[Hint, ...]
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """Keys that occur in a scope, the most frequent first; `varying` ones differ between its runs."""

    metrics: tuple[str, ...]
    params: tuple[str, ...]
    tags: tuple[str, ...]
    varying: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """ref: "source:id".  runs: active ones.  last_ms: start of its newest run."""

    ref: str
    name: str
    source: str
    lifecycle: str
    runs: int
    last_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """Runs grouped by some values. total: groups in all.

    table: by0.., runs, n0, mean0, sd0.. (one triple a metric; finite values only, sd of n - 1), last_ms.
    """

    total: int
    by: tuple[Field, ...]
    metrics: tuple[Field, ...]
    table: pa.Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A metric of a run. last stands at step; lowest and highest are of the finite points; points None: not loaded."""

    key: str
    last: float
    step: int
    time_ms: int
    lowest: float | None
    highest: float | None
    points: int | None
    not_finite: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Everything about one run. ref: "source:run_id"."""

    ref: str
    run_no: int
    source: str
    run_id: str
    name: str
    experiment: str
    experiment_ref: str
    status: str
    lifecycle: str
    user: str
    started_ms: int | None
    ended_ms: int | None
    artifact_uri: str
    source_type: str
    source_name: str
    git_commit: str
    params: Mapping[str, str]
    tags: Mapping[str, str]
    metrics: tuple[Metric, ...]
    inputs: Sequence[Mapping[str, str]]
    histories: bool
    read_ms: int
    parent: "RunLink | None" = None
    children: tuple["RunLink", ...] = field(default=())
    versions: Sequence[Mapping[str, Any]] = field(default=())
    logged_models: Sequence[Mapping[str, Any]] = field(default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLink:
    """Another run, as far as a list needs it."""

    ref: str
    name: str
    status: str
    started_ms: int | None
    ended_ms: int | None
    metrics: Mapping[str, float]
    params: Mapping[str, str]


@needs("view")
def search(house: House, query: RunQuery, *, page: int = 1, size: int = PAGE, now_ms: int = 0) -> Found:
    """One page of the runs a query finds; page counts from 1. Raises QueryError."""
    # A relative time moves on by the minute: within one, the answer is kept.
    return _search(house, query, page, size, now_ms - now_ms % MINUTE_MS)


@cached(maxsize=128)
def _search(house: House, query: RunQuery, page: int, size: int, now_ms: int) -> Found:
    node = parse(query.text)
    where = search_filter.where(node, now_ms=now_ms)
    order = search_filter.order_by(parse_order(query.order))
    columns = columns_of(house, query)
    scope = list(query.experiments) or None
    total = _count(house, query, now_ms)
    table = facts_runs.page(
        house.facts, experiments=scope, deleted=query.deleted, where=where, order=order, columns=columns,
        limit=size, offset=(max(page, 1) - 1) * size,
    )  # fmt: skip
    here = keys(house, query.experiments, query.deleted)
    names = Names(metrics=here.metrics, params=here.params, tags=here.tags)
    return Found(
        total=total, table=table, columns=columns, hints=tuple(unknown_names(node, names)), chosen=bool(query.columns)
    )


@cached(maxsize=256)
def _count(house: House, query: RunQuery, now_ms: int) -> int:
    where = search_filter.where(parse(query.text), now_ms=now_ms)
    return facts_runs.count(
        house.facts, experiments=list(query.experiments) or None, deleted=query.deleted, where=where
    )


@needs("view")
def parts_found(house: House, query: RunQuery, *, now_ms: int) -> list[tuple[str, int]]:
    """For each part that the search joins by `and`: its text and how many runs it finds alone."""
    node = parse(query.text)
    parts = node.children if isinstance(node, And) else ()
    minute = now_ms - now_ms % MINUTE_MS
    return [(to_text(part), _count(house, replace(query, text=to_text(part)), minute)) for part in parts[:8]]


@needs("view")
def columns_of(house: House, query: RunQuery) -> tuple[Field, ...]:
    """The fields to show: the ones named, or what is sorted by, the most frequent metrics, and params that vary."""
    if query.columns:
        return tuple(part.field for name in query.columns for part in parse_order(name))
    here = keys(house, query.experiments, query.deleted)
    params = [key for key in here.params if key in here.varying][:DEFAULT_PARAMS]
    sorted_by = [part.field for part in parse_order(query.order) if part.field.kind in ("metric", "param")]
    usual = [Field("metric", key) for key in here.metrics[:DEFAULT_METRICS]] + [Field("param", key) for key in params]
    return tuple(dict.fromkeys([*sorted_by, *usual]))


@needs("view")
@cached(maxsize=64)
def keys(house: House, experiments: tuple[str, ...], deleted: bool) -> Keys:
    """The keys of a scope of experiments (refs; empty for all)."""
    found: dict[str, list[str]] = {"metric": [], "param": [], "tag": []}
    varying = set()
    for row in facts_runs.keys(house.facts, experiments=list(experiments) or None, deleted=deleted):
        found[row["kind"]].append(row["key"])
        if row["kind"] == "param" and row["varies"]:
            varying.add(row["key"])
    return Keys(
        metrics=tuple(found["metric"]),
        params=tuple(found["param"]),
        tags=tuple(found["tag"]),
        varying=frozenset(varying),
    )


@needs("view")
@cached(maxsize=16)
def experiments(house: House) -> tuple[Experiment, ...]:
    """All experiments, the one with the newest run first."""
    return tuple(
        Experiment(
            ref=f"{row['source']}:{row['experiment_id']}", name=row["name"], source=row["source"],
            lifecycle=row["lifecycle_stage"], runs=row["runs"], last_ms=row["last_ms"],
        )
        for row in house.facts.read("runs_experiments")
    )  # fmt: skip


@needs("view")
def grouped(
    house: House, query: RunQuery, by: Sequence[str], *, page: int = 1, size: int = PAGE, now_ms: int = 0
) -> Groups:
    """Runs of a query grouped by fields, with n, mean and deviation of each metric shown. Raises QueryError."""
    return _grouped(house, query, tuple(by), page, size, now_ms - now_ms % MINUTE_MS)


@cached(maxsize=64)
def _grouped(house: House, query: RunQuery, by: tuple[str, ...], page: int, size: int, now_ms: int) -> Groups:
    fields = tuple(part.field for name in by for part in parse_order(name))
    if not fields:
        raise QueryError("Nothing to group by.", hint="Choose at least one param.")
    metrics = tuple(f for f in columns_of(house, query) if f.kind == "metric")[:GROUP_METRICS]
    order = parse_order(query.order)
    sort = next((metrics.index(part.field) for part in order if part.field in metrics), None)
    descending = next((part.descending for part in order if part.field in metrics), True)
    table = facts_runs.groups(
        house.facts, experiments=list(query.experiments) or None, deleted=query.deleted,
        where=search_filter.where(parse(query.text), now_ms=now_ms), by=fields, metrics=metrics, sort=sort,
        descending=descending, limit=size, offset=(max(page, 1) - 1) * size,
    )  # fmt: skip
    if table.num_rows:
        total = table["groups"][0].as_py()
    else:
        total = _grouped(house, query, by, 1, size, now_ms).total if page > 1 else 0
    return Groups(total=total, by=fields, metrics=metrics, table=table)


@needs("view")
@cached(maxsize=64)
def sparks(house: House, run_nos: tuple[int, ...], key: str) -> Mapping[int, list[float]]:
    """A small line of one metric's history for each run that has one."""
    return facts_runs.sparks(house.facts, run_nos, key)


@needs("view")
def ref_of(house: House, text: str) -> str:
    """A run's ref from "source:run_id", or from a run id that only one source has. Raises NotFound."""
    if ":" in text:
        return text
    sources = [row["source"] for row in house.facts.read("runs_with_id", {"run_id": text})]
    if len(sources) == 1:
        return f"{sources[0]}:{text}"
    if sources:
        raise NotFound(
            f"Several sources have run {text[:60]}.",
            hint=f"Write one of {', '.join(f'{s}:{text[:60]}' for s in sources)}.",
        )
    raise NotFound(
        f"There is no run {text[:60]}.", hint="It may have been deleted at its source, or not been synced yet."
    )


@needs("view")
@cached(maxsize=64)
def names(house: House, refs: tuple[str, ...]) -> Mapping[str, str]:
    """Names of runs by ref, in the order given; "" for those that are not here."""
    found = {
        f"{row['source']}:{row['run_id']}": row["name"] or row["run_id"] for row in facts_runs.named(house.facts, refs)
    }
    return {ref: found.get(ref, "") for ref in refs}


@needs("view")
@cached(maxsize=64)
def run(house: House, ref: str) -> Run:
    """Everything about one run. Raises NotFound."""
    found = facts_runs.named(house.facts, [ref_of(house, ref)])
    if not found:
        raise NotFound(
            f"There is no run {ref[:100]}.", hint="It may have been deleted at its source, or not been synced yet."
        )
    row = found[0]
    names = {"source": row["source"], "run_id": row["run_id"]}
    parent = facts_runs.named(house.facts, [f"{row['source']}:{row['parent_run_id']}"]) if row["parent_run_id"] else []
    return Run(
        ref=f"{row['source']}:{row['run_id']}",
        run_no=row["run_no"],
        source=row["source"],
        run_id=row["run_id"],
        name=row["name"] or row["run_id"],
        experiment=row["experiment"],
        experiment_ref=f"{row['source']}:{row['experiment_id']}",
        status=row["status"] or "",
        lifecycle=row["lifecycle_stage"],
        user=row["user_name"] or "",
        started_ms=row["started_ms"],
        ended_ms=row["ended_ms"],
        artifact_uri=row["artifact_uri"] or "",
        source_type=row["source_type"] or "",
        source_name=row["source_name"] or "",
        git_commit=row["git_commit"] or "",
        params=row["params"],
        tags=row["tags"],
        metrics=_metrics(house, row),
        inputs=row["inputs"],
        histories=row["histories"],
        read_ms=row["read_ms"],
        parent=_link(parent[0]) if parent else None,
        children=tuple(_link(child) for child in house.facts.read("run_children", {**names, "limit": PAGE})),
        versions=house.facts.read("run_versions", names),
        logged_models=house.facts.read("run_logged_models", names),
    )


def _metrics(house: House, row: Mapping[str, Any]) -> tuple[Metric, ...]:
    stated = {s["key"]: s for s in house.facts.read("points_summary", {"run_no": row["run_no"]})}
    return tuple(
        Metric(
            key=key, last=value, step=row["metric_points"][key]["step"], time_ms=row["metric_points"][key]["time_ms"],
            lowest=stated.get(key, {}).get("lowest"), highest=stated.get(key, {}).get("highest"),
            points=stated.get(key, {}).get("points"), not_finite=stated.get(key, {}).get("not_finite", 0),
        )
        for key, value in sorted(row["metrics"].items())
    )  # fmt: skip


def _link(row: Mapping[str, Any]) -> RunLink:
    return RunLink(
        ref=f"{row['source']}:{row['run_id']}", name=row["name"] or row["run_id"], status=row["status"] or "",
        started_ms=row["started_ms"], ended_ms=row["ended_ms"], metrics=row["metrics"], params=row["params"],
    )  # fmt: skip


def origin(shown: Run) -> Lineage:
    """What is on record of a run's code, data and environment; a run alone proves no registered model."""
    logged = shown.logged_models[0] if shown.logged_models else {}
    said = {key: value for key, value in {**shown.params, **shown.tags}.items() if key in KEYS}
    return lineage(
        LineageRecord(
            run_id=shown.run_id, run=shown.lifecycle, git_commit=shown.git_commit,
            inputs=[Dataset(i["name"] or "", i["digest"] or "", i["context"] or "") for i in shown.inputs], said=said,
            status=None, artifact_uri=None, model_id=logged.get("model_id"), logged_status=logged.get("status"),
        )
    )  # fmt: skip
