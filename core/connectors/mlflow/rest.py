"""MLflow read through its REST API, which cannot be asked what changed."""

import math
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from core import tables
from core.connectors.http import HttpClient
from core.connectors.mlflow import parse
from core.errors import NotFound
from core.records import Catalogue, Cursor, RunBatch, SourceInfo

API = "api/2.0/mlflow"
PAGE = 500
REGISTRY_PAGE = 1_000
EXPERIMENTS_AT_ONCE = 20
RECENT_MS = 24 * 3_600_000
SWEEP_MS = 20 * 3_600_000  # every experiment is listed anew within this, so that a day holds with an hour's outage
HISTORY_PAGE = 10_000
WORKERS = 4
UNFINISHED = ("RUNNING", "SCHEDULED")


class MlflowRest:
    """An MLflow 2 or 3 server.

    Each sync reads the runs started within the last day and those known as running. A rolling sweep lists every
    experiment anew, a part at each sync and all within 20 hours: it finds changes to older runs and deletions. So new
    and running runs are as fresh as the last sync, everything else is at most a day old.
    Metric histories are read on demand.
    """

    histories_with_runs = False

    def __init__(self, client: HttpClient) -> None:
        self._client = client
        self._experiments: list[str] | None = None

    def close(self) -> None:
        self._client.close()

    def probe(self) -> SourceInfo:
        found = self._client.post(f"{API}/experiments/search", {"max_results": 1, "view_type": "ALL"})
        parse.experiments(parse.items(found, "experiments"))
        try:
            version = self._client.text("version")
        except NotFound:
            version = ""
        if len(version) > 20 or "<" in version:
            version = ""
        return SourceInfo(product="MLflow", version=version, experiments=None, runs=None, models=None)

    def unchanged(self, cursor: Cursor | None, *, now_ms: int) -> bool:  # noqa: ARG002  it never can tell
        return False

    def catalogue(self) -> Catalogue:
        experiments, experiment_tags = parse.experiments(
            self._post_all("experiments/search", "experiments", {"max_results": REGISTRY_PAGE, "view_type": "ALL"})
        )
        self._experiments = experiments["experiment_id"].to_pylist()
        models, model_tags, aliases = parse.models(self._get_all("registered-models/search", "registered_models"))
        versions, version_tags = parse.versions(self._get_all("model-versions/search", "model_versions"))
        logged, logged_params, logged_tags, logged_metrics = parse.logged_models(self._logged_models())
        return Catalogue(
            experiments=experiments,
            experiment_tags=experiment_tags,
            models=models,
            model_tags=model_tags,
            versions=versions,
            version_tags=version_tags,
            aliases=aliases,
            logged_models=logged,
            logged_model_params=logged_params,
            logged_model_tags=logged_tags,
            logged_model_metrics=logged_metrics,
        )

    def batches(self, cursor: Cursor | None, known: pa.Table, *, now_ms: int) -> Iterator[RunBatch]:
        if self._experiments is None:
            self.catalogue()
        everywhere = self._experiments or []
        swept: dict[str, int] = {e: ms for e, ms in (cursor or {}).get("swept", {}).items() if e in set(everywhere)}
        last_ms = (cursor or {}).get("last_ms")
        marks = dict(zip(known["run_id"].to_pylist(), known["mark"].to_pylist(), strict=True))
        progress = _Progress()

        def batch(runs: Sequence[parse.Json], **more: Any) -> RunBatch:
            unique = {parse.run_id_of(run): run for run in runs}
            fresh = {run_id: run for run_id, run in unique.items() if marks.get(run_id) != parse.mark(run)}
            marks.update({run_id: parse.mark(run) for run_id, run in fresh.items()})
            progress.done += len(unique)
            return RunBatch(
                runs=parse.runs(list(fresh.values())),
                seen=pa.array([run_id for run_id in unique if run_id not in fresh], pa.string()),
                cursor={"swept": dict(swept), "last_ms": last_ms},
                done=progress.done,
                total=None,
                **more,
            )

        due = _due(everywhere, swept, last_ms, now_ms)
        settled = [e for e in everywhere if e not in set(due)]
        for chunk in _chunks(settled, EXPERIMENTS_AT_ONCE * 10):
            for page in self._recent(chunk, now_ms - RECENT_MS):
                yield batch(page)
        unfinished = known.filter(pc.is_in(known["status"], pa.array(UNFINISHED)))["run_id"].to_pylist()
        for chunk in _chunks(unfinished, PAGE):
            yield batch(self._one_by_one(chunk))
        by_experiment = _by_experiment(known)
        for chunk in _chunks(due, EXPERIMENTS_AT_ONCE):
            seen: set[str] = set()
            for page in self._search(chunk, "attributes.start_time DESC"):
                seen.update(parse.run_id_of(run) for run in page)
                yield batch(page)
            # Pages shift when runs come or go: a run that was not listed is asked for before it counts as gone.
            missed = [run_id for e in chunk for run_id in by_experiment.get(e, []) if run_id not in seen]
            found = self._one_by_one(missed)
            seen.update(parse.run_id_of(run) for run in found)
            swept.update(dict.fromkeys(chunk, now_ms))
            yield batch(found, census=pa.array(sorted(seen), pa.string()), scope=chunk)
        last_ms = now_ms
        gone = sorted(set(by_experiment) - set(everywhere))
        yield batch([], census=pa.array([], pa.string()), scope=gone)

    def history(self, run_id: str, keys: Sequence[str]) -> pa.Table:
        with ThreadPoolExecutor(WORKERS) as pool:
            parts = list(pool.map(lambda key: self._history(run_id, key), keys))
        found = pa.concat_tables([tables.empty(tables.POINTS), *parts])
        if keys and not found.num_rows:  # MLflow answers an unknown run with an empty history
            self._client.get(f"{API}/runs/get", {"run_id": run_id})
        return found

    # -- requests -------------------------------------------------------------------------------------------------

    def _history(self, run_id: str, key: str) -> pa.Table:
        found: list[parse.Json] = []
        query = {"run_id": run_id, "metric_key": key, "max_results": HISTORY_PAGE}
        for page in self._pages(lambda token: self._client.get(f"{API}/metrics/get-history", query | token)):
            found += parse.items(page, "metrics")
        return parse.points(run_id, found)

    def _recent(self, experiments: Sequence[str], since_ms: int) -> Iterator[list[parse.Json]]:
        """Runs started since then: newest first, until a page reaches further back."""
        for page in self._search(experiments, "attributes.start_time DESC"):
            starts = [parse.whole(parse.part(run, "info"), "start_time") for run in page]
            recent = [run for run, start in zip(page, starts, strict=True) if start is None or start >= since_ms]
            if recent:
                yield recent
            if any(start is not None and start < since_ms for start in starts):
                return

    def _search(self, experiments: Sequence[str], order: str) -> Iterator[list[parse.Json]]:
        if not experiments:
            return
        body = {
            "experiment_ids": list(experiments), "max_results": PAGE, "run_view_type": "ALL", "order_by": [order],
        }  # fmt: skip
        for page in self._pages(lambda token: self._client.post(f"{API}/runs/search", body | token)):
            yield parse.items(page, "runs")

    def _one_by_one(self, run_ids: Sequence[str]) -> list[parse.Json]:
        def get(run_id: str) -> parse.Json | None:
            try:
                return parse.part(self._client.get(f"{API}/runs/get", {"run_id": run_id}), "run")
            except NotFound:
                return None

        with ThreadPoolExecutor(WORKERS) as pool:
            return [run for run in pool.map(get, run_ids) if run]

    def _logged_models(self) -> list[parse.Json]:
        found: list[parse.Json] = []
        for chunk in _chunks(self._experiments or [], EXPERIMENTS_AT_ONCE):
            body = {"experiment_ids": chunk, "max_results": 100}
            try:
                for page in self._pages(partial(self._logged_models_page, body)):
                    found += parse.items(page, "models")
            except NotFound:  # MLflow 2 has none
                return []
        return found

    def _post_all(self, path: str, name: str, body: Mapping[str, Any]) -> list[parse.Json]:
        pages = self._pages(lambda token: self._client.post(f"{API}/{path}", {**body, **token}))
        return [item for page in pages for item in parse.items(page, name)]

    def _get_all(self, path: str, name: str) -> list[parse.Json]:
        pages = self._pages(lambda token: self._client.get(f"{API}/{path}", {"max_results": REGISTRY_PAGE, **token}))
        return [item for page in pages for item in parse.items(page, name)]

    def _logged_models_page(self, body: parse.Json, token: parse.Json) -> parse.Json:
        return self._client.post(f"{API}/logged-models/search", {**body, **token})

    @staticmethod
    def _pages(ask: Any) -> Iterator[parse.Json]:
        token: dict[str, str] = {}
        told: set[str] = set()
        while True:
            page: parse.Json = ask(token)
            yield page
            following = parse.text(page, "next_page_token")
            if not following or following in told:  # a server that repeats a token would never end
                return
            told.add(following)
            token = {"page_token": following}


class _Progress:
    done = 0


def _due(everywhere: Sequence[str], swept: Mapping[str, int], last_ms: int | None, now_ms: int) -> list[str]:
    """Experiments to list anew: never listed, or long ago, or the oldest as far as the share of this sync goes."""
    oldest = sorted(everywhere, key=lambda e: swept.get(e, 0))
    overdue = [e for e in oldest if now_ms - swept.get(e, 0) >= SWEEP_MS]
    share = math.ceil(len(everywhere) * (now_ms - last_ms) / SWEEP_MS) if last_ms else 0
    return oldest[: max(len(overdue), share)]


def _by_experiment(known: pa.Table) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for run_id, experiment in zip(known["run_id"].to_pylist(), known["experiment_id"].to_pylist(), strict=True):
        grouped.setdefault(experiment, []).append(run_id)
    return grouped


def _chunks(items: Sequence[str], size: int) -> Iterator[list[str]]:
    for first in range(0, len(items), size):
        yield list(items[first : first + size])
