"""Recipes become fitted scikit-learn pipelines; predictions become metrics. Knows nothing of MLflow."""

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge, SGDClassifier, SGDRegressor
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    brier_score_loss,
    f1_score,
    log_loss,
    mean_absolute_error,
    mean_squared_error,
    r2_score,
    recall_score,
    roc_auc_score,
)
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from data.demo.datasets import Task, groups, split

SMALLEST_GROUP = 30
ESTIMATORS = {
    "logistic": LogisticRegression,
    "boosting": HistGradientBoostingClassifier,
    "forest": RandomForestClassifier,
    "sgd": SGDClassifier,
    "ridge": Ridge,
    "boosting_regressor": HistGradientBoostingRegressor,
    "sgd_regressor": SGDRegressor,
}
Side = tuple[pd.DataFrame, Any, np.ndarray]
Trace = Iterator[tuple[int, dict[str, float]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What is needed to fit a model again.

    estimator: a key of ESTIMATORS.  settings: its hyperparameters.
    protected: protected columns used as features on top of the task's own.
    extra: further columns asked for by name.  rows: how many training rows are drawn, with `seed`.
    """

    estimator: str
    settings: dict[str, Any] = field(default_factory=dict)
    protected: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    rows: int = 8_000
    seed: int = 0

    def params(self) -> dict[str, str]:
        """As MLflow params: one per setting, empty ones left out."""
        flat = {name: value for name, value in asdict(self).items() if name not in ("settings", "extra")}
        flat["protected"] = ",".join(self.protected)
        return {name: str(value) for name, value in {**flat, **self.settings}.items() if value != ""}


def training_rows(task: Task, recipe: Recipe) -> pd.DataFrame:
    """The rows the recipe is fitted on."""
    rows = split(task).train
    return rows.sample(min(recipe.rows, int(len(rows) * 0.9)), random_state=recipe.seed)


def pipeline(task: Task, recipe: Recipe) -> Pipeline:
    """An unfitted pipeline from raw columns to a score."""
    texts = [*task.categorical, *(name for name in recipe.protected if name in ("status_sex", "sex", "race", "RAC1P"))]
    numbers = [*task.numeric, *(name for name in recipe.protected if name not in texts), *recipe.extra]
    settings = dict(recipe.settings)
    if recipe.estimator != "ridge":
        settings["random_state"] = recipe.seed
    model = ESTIMATORS[recipe.estimator](**settings)
    if recipe.estimator.startswith(("boosting", "forest")):
        encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
        prepare = ColumnTransformer([("categories", encoder, texts), ("numbers", "passthrough", numbers)])
    else:
        encoder = OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=20)
        scaled = make_pipeline(SimpleImputer(), StandardScaler())
        prepare = ColumnTransformer([("categories", encoder, texts), ("numbers", scaled, numbers)])
    return Pipeline([("prepare", prepare), ("model", model)])


def fit(task: Task, recipe: Recipe) -> Pipeline:
    """Fit at once. Whatever scikit-learn refuses, it raises."""
    rows = training_rows(task, recipe)
    return pipeline(task, recipe).fit(rows, rows[task.target])


def fit_by_rounds(task: Task, recipe: Recipe, *, every: int, into: list[Pipeline]) -> Trace:
    """Boost `every` rounds at a time and yield (round, losses and AUC); the fitted pipeline is put into `into`."""
    rows, valid, rounds = training_rows(task, recipe), split(task).valid, recipe.settings["max_iter"]
    whole = pipeline(task, recipe)
    prepare, model = whole["prepare"].fit(rows), whole["model"].set_params(warm_start=True, early_stopping=False)
    seen, unseen = prepare.transform(rows), prepare.transform(valid)
    for step in range(every, rounds + 1, every):
        model.set_params(max_iter=step).fit(seen, rows[task.target])
        yield step, _losses(task, (rows, model, seen), (valid, model, unseen))
    into.append(whole)


def fit_by_epochs(task: Task, recipe: Recipe, *, epochs: int, into: list[Pipeline]) -> Trace:
    """One pass of stochastic gradient descent at a time; yields like `fit_by_rounds`."""
    rows, valid = training_rows(task, recipe), split(task).valid
    whole = pipeline(task, recipe)
    prepare, model = whole["prepare"].fit(rows), whole["model"]
    seen, unseen = prepare.transform(rows), prepare.transform(valid)
    first = {} if task.favourable is None else {"classes": np.array([0, 1])}
    scale = rows[task.target].max() if task.favourable is None else 1
    for epoch in range(1, epochs + 1):
        model.partial_fit(seen, rows[task.target] / scale if scale != 1 else rows[task.target], **first)
        yield epoch, _losses(task, (rows, model, seen), (valid, model, unseen), scale=scale)
    into.append(whole)


def descend(
    task: Task, recipe: Recipe, *, epochs: int, rate: float, momentum: float = 0.9, scaled: bool = True
) -> Trace:
    """Least squares by plain gradient descent in NumPy: unlike scikit-learn's, it does not stop where it diverges.

    Above a rate of 2 (1 + momentum) / (largest eigenvalue of the Hessian) the loss grows to inf, then to nan.
    Numbers left unscaled (the classic slip) put that eigenvalue at 1e10. Losses are in squared thousands.
    """
    rows, valid = training_rows(task, recipe), split(task).valid
    prepare = pipeline(task, recipe)["prepare"].fit(rows)
    seen, unseen = (
        np.column_stack([np.ones(len(x)), prepare.transform(x) if scaled else x[list(task.numeric)].to_numpy()])
        for x in (rows, valid)
    )
    goal, held = rows[task.target].to_numpy() / 1e3, valid[task.target].to_numpy() / 1e3
    weights, velocity = np.zeros(seen.shape[1]), np.zeros(seen.shape[1])
    with np.errstate(all="ignore"):
        for epoch in range(1, epochs + 1):
            velocity = momentum * velocity - rate * 2 * seen.T @ (seen @ weights - goal) / len(goal)
            weights = weights + velocity
            losses = {"train.loss": np.mean((seen @ weights - goal) ** 2)}
            losses["valid.loss"] = np.mean((unseen @ weights - held) ** 2)
            yield epoch, {name: float(value) for name, value in losses.items()}


def _losses(task: Task, seen: Side, unseen: Side, *, scale: float = 1) -> dict[str, float]:
    """Loss on both sides; AUC on unseen rows of a classifier, RMSE of a regressor."""
    found: dict[str, float] = {}
    for name, (frame, model, matrix) in (("train", seen), ("valid", unseen)):
        goal = frame[task.target]
        if task.favourable is None:
            found[f"{name}.loss"] = mean_squared_error(goal / 1e3, model.predict(matrix) * scale / 1e3)
        else:
            score = model.predict_proba(matrix)[:, 1]
            found[f"{name}.loss"] = log_loss(goal, score)
            if name == "valid":
                found["valid.auc"] = roc_auc_score(goal, score)
    return found


def score(task: Task, fitted: Pipeline, frame: pd.DataFrame) -> np.ndarray:
    """Probability of label 1, or the predicted number."""
    return np.asarray(fitted.predict(frame) if task.favourable is None else fitted.predict_proba(frame)[:, 1])


def quality(task: Task, frame: pd.DataFrame, scores: np.ndarray, prefix: str, *, full: bool = True) -> dict[str, float]:
    """The usual metrics of a classifier or a regression, named `prefix.metric`."""
    goal = frame[task.target]
    if task.favourable is None:
        found = {"rmse": mean_squared_error(goal, scores) ** 0.5, "mae": mean_absolute_error(goal, scores)}
        found |= {"r2": r2_score(goal, scores)} if full else {}
        return {f"{prefix}.{name}": float(value) for name, value in found.items()}
    found = {"auc": roc_auc_score(goal, scores), "log_loss": log_loss(goal, scores)}
    if full:
        labels = scores >= task.threshold
        found |= {"brier": brier_score_loss(goal, scores), "average_precision": average_precision_score(goal, scores)}
        found |= {"accuracy": accuracy_score(goal, labels), "recall": recall_score(goal, labels)}
    return {f"{prefix}.{name}": float(value) for name, value in found.items()}


def extras(task: Task, frame: pd.DataFrame, scores: np.ndarray) -> dict[str, float]:
    """Two metrics whose names need quoting, as houses have them."""
    goal = frame[task.target].to_numpy()
    if task.favourable is None:
        near = np.abs(scores / goal - 1) <= 0.1
        return {"share within 10 percent": float(near.mean())}
    top = np.argsort(-scores, kind="stable")[: len(scores) // 10]
    return {"f1 at 0.5": f1_score(goal, scores >= 0.5), "lift top 1:10": float(goal[top].mean() / goal.mean())}


def fairness(
    task: Task, frame: pd.DataFrame, scores: np.ndarray, *, detail: bool = False, only: tuple[str, ...] = ()
) -> dict[str, float]:
    """Differences between the best and the worst served group, on favourable decisions.

    `fair.dp_difference.<attribute>`: selection rates (demographic parity); `fair.tpr_difference.<attribute>`: shares
    selected among those who deserve it (equal opportunity). 0 means parity. Groups below 30 rows are left out of
    differences; `detail` adds each group's n, rate and AUC, and shows the small ones' n as well.
    """
    found: dict[str, float] = {}
    if task.favourable is None:
        return found
    selected = (scores >= task.threshold) == bool(task.favourable)
    deserving = (frame[task.target] == task.favourable).to_numpy()
    for attribute, members in groups(task, frame).items():
        if only and attribute not in only:
            continue
        rates, chances = [], []
        for group in sorted(members.unique()):
            inside = (members == group).to_numpy()
            if detail:
                found[f"fair.n.{attribute}:{group}"] = int(inside.sum())
            if inside.sum() < SMALLEST_GROUP or not deserving[inside].any():
                continue
            rates.append(selected[inside].mean())
            chances.append(selected[inside & deserving].mean())
            if detail:
                found[f"fair.selection_rate.{attribute}:{group}"] = float(rates[-1])
                found[f"fair.tpr.{attribute}:{group}"] = float(chances[-1])
                if 0 < deserving[inside].sum() < inside.sum():
                    value = roc_auc_score(frame[task.target][inside], scores[inside])
                    found[f"slice/auc/{attribute}:{group}"] = float(value)
        if len(rates) > 1:  # one group left is no comparison, and must not read as parity
            found[f"fair.dp_difference.{attribute}"] = float(max(rates) - min(rates))
            found[f"fair.tpr_difference.{attribute}"] = float(max(chances) - min(chances))
    return found


def latency(fitted: Pipeline, frame: pd.DataFrame, *, calls: int = 40) -> dict[str, float]:
    """Milliseconds of single-row predictions on this machine: median and 95th percentile."""
    taken = []
    for position in range(calls):
        start = time.perf_counter()
        fitted.predict(frame.iloc[[position]])
        taken.append((time.perf_counter() - start) * 1e3)
    return {"predict p50 ms": float(np.median(taken)), "predict p95 ms": float(np.quantile(taken, 0.95))}
