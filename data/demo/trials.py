"""The three shapes of work in the demo: a trial, a sweep of nested trials, and the same recipe over many seeds."""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sklearn.pipeline import Pipeline

from data.demo.datasets import Task, split
from data.demo.recipes import seeded
from data.demo.recorder import Interrupted, LiveRun, Origin, Recorder
from data.demo.training import Recipe, Trace, extras, fairness, fit, fit_by_rounds, quality, score, training_rows

Work = Callable[[LiveRun], Any]


def trial(task: Task, recipe: Recipe, *, full: bool = False, every: int = 0, stop: int | None = None) -> Work:
    """Fit and measure on the rows that choose (`full`: on the held-out rows too, with fairness).

    every: log a history at every so many boosting rounds; stop: the round at which the operator interrupts.
    """

    def work(live: LiveRun) -> Pipeline:
        rows = split(task)
        live.dataset(task, rows.train, "training")
        live.dataset(task, rows.valid, "evaluation")
        start = time.perf_counter()
        if every:
            made: list[Pipeline] = []
            live.trace(fit_by_rounds(task, recipe, every=every, into=made), stop=stop)
            fitted = made[0]
        else:
            fitted = fit(task, recipe)
        live.metrics({"fit.seconds": round(time.perf_counter() - start, 4)})
        measure(live, task, recipe, fitted, full=full)
        return fitted

    return work


def traced(points: Trace, *, stop: int | None = None, by: type[Exception] = Interrupted) -> Work:
    """Only a history: the points are computed while the run is open."""
    return lambda live: live.trace(points, stop=stop, by=by)


def measure(live: LiveRun, task: Task, recipe: Recipe, fitted: Pipeline, *, full: bool) -> None:
    """Log the metrics every run of the demo has; `full` adds the held-out rows and every attribute."""
    seen, rows = training_rows(task, recipe), split(task)
    chosen = score(task, fitted, rows.valid)
    train = quality(task, seen, score(task, fitted, seen), "train", full=False)
    train.pop("train.log_loss", None)
    live.metrics(train | quality(task, rows.valid, chosen, "valid", full=full) | extras(task, rows.valid, chosen))
    if full:
        held = score(task, fitted, rows.test)
        live.metrics(quality(task, rows.test, held, "test") | fairness(task, rows.test, held))
    else:
        live.metrics(fairness(task, rows.valid, chosen, only=("sex",)))


def sweep(
    recorder: Recorder,
    experiment: str,
    name: str,
    origin: Origin,
    task: Task,
    recipes: Iterable[Recipe],
    *,
    tags: Mapping[str, str],
    best: str = "valid.auc",
    every: int = 0,
) -> list[LiveRun]:
    """A parent run with one nested child per recipe; the parent carries the best child's value and id."""
    children: list[LiveRun] = []

    def work(parent: LiveRun) -> None:
        for number, recipe in enumerate(recipes):
            child = recorder.run(
                experiment, f"{name}-{number:02d}", origin, trial(task, recipe, every=every),
                params=recipe.params(), tags=tags, parent=parent, pause_s=5,
            )  # fmt: skip
            children.append(child)
        known = ((value(live, best), live.run_id) for live in children)
        found = [(reached, run_id) for reached, run_id in known if reached is not None]
        reached, winner = min(found) if best.endswith("rmse") else max(found)
        parent.metrics({f"best.{best}": reached, "children": len(children)})
        parent.notes["best_child"] = winner

    marks = dict(tags) | {"sweep": "parent"}
    parent = recorder.run(experiment, name, origin, work, params={"search": name}, tags=marks)
    return [parent, *children]


def value(live: LiveRun, metric: str) -> float | None:
    """The last value a run logged under a name, None if it logged none."""
    found = [entry.value for entry in live.pending if entry.key == metric]
    return found[-1] if found else None


def repeat(
    recorder: Recorder,
    experiment: str,
    name: str,
    origin: Origin,
    task: Task,
    recipe: Recipe,
    *,
    seeds: int,
    tags: Mapping[str, str],
    every: int = 0,
) -> list[LiveRun]:
    """The same settings on `seeds` draws of the training rows; only the param `seed` differs."""
    return [
        recorder.run(
            experiment, f"{name}-seed{seed}", origin, trial(task, seeded(recipe, seed), full=True, every=every),
            params=seeded(recipe, seed).params(), tags=dict(tags) | {"seed_group": name},
        )
        for seed in range(seeds)
    ]  # fmt: skip
