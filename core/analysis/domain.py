"""Multivariate drift: can a classifier tell rows of the reference from rows of the window?

It sees what column by column stays hidden, such as a correlation that has turned. Gradient-boosted trees learn on four
fifths of the rows to tell the two apart, and are judged on the last fifth, five times.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special, stats
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import StratifiedKFold
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from core.analysis.measured import Measured, not_told
from core.profiles import Floats

FOLDS = 5
FEWEST = 30 * FOLDS
"""Rows of either side: under 30 in a fold the variance of its AUROC is not trusted."""
MOST_CATEGORIES = 200
"""The classifier takes 255; rarer ones are seen as one."""

Columns = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """column.  loss: AUROC lost on unseen rows when the column's values are shuffled; about 0: it is not needed.

    Columns that say the same share their loss, or hide each other's.
    """

    column: str
    loss: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """auroc: of telling window from reference, on rows not learnt from; 0.5: not to be told apart, 1: always.

    Its interval is DeLong's within folds, widened by half since the folds learn from the same rows (Nadeau and Bengio
    2003, "Inference for the generalization error"); unwidened it held .5 in 89 %, not 95 %, of samples without drift.
    n is rows of both.
    weights: one a column, the heaviest first.  rows: of (reference, window).
    """

    auroc: Measured
    weights: tuple[Weight, ...]
    rows: tuple[int, int]


def domain_drift(reference: Columns, current: Columns, *, seed: int = 0) -> Domain:
    """Learn to tell the rows of two samples apart. The same rows and seed give the same answer.

    reference, current: column -> (rows,), the same columns. Booleans and numbers are numbers (NaN: missing; inf is
    larger than all), all else categories (None and NaN: missing). Raises ValueError for columns that differ.
    Source: Lopez-Paz and Oquab 2017, "Revisiting classifier two-sample tests".
    """
    if reference.keys() != current.keys() or not reference:
        raise ValueError(f"columns must be the same, got {sorted(reference)} and {sorted(current)}.")
    names = sorted(reference)
    before, now = len(reference[names[0]]), len(current[names[0]])
    if min(before, now) < FEWEST:
        why = f"Needs {FEWEST} rows of either side, has {before:,} and {now:,}."
        return Domain(auroc=not_told(before + now, why), weights=(), rows=(before, now))
    coded = [_coded(np.asarray(reference[name]), np.asarray(current[name])) for name in names]
    rows = np.column_stack([values for values, _ in coded])
    side = np.repeat([0, 1], [before, now])
    random = np.random.default_rng(seed)
    areas, variances, losses = [], [], []
    with threadpool_limits(1, user_api="openmp"):  # so few rows are slower on many threads, far slower on busy ones
        for learn, held in StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(rows, side):
            model = HistGradientBoostingClassifier(
                max_iter=60,
                max_leaf_nodes=15,
                min_samples_leaf=20,
                categorical_features=[is_category for _, is_category in coded],
                early_stopping=False,
                random_state=seed,
            ).fit(
                np.where(np.isnan(rows[learn]).all(axis=0), 0.0, rows[learn]), side[learn]
            )  # it takes no empty column
            area, variance = auroc(side[held], model.decision_function(rows[held]))
            areas.append(area)
            variances.append(variance)
            losses.append(
                [area - _shuffled(model, rows[held], side[held], place, random) for place in range(len(names))]
            )
    weights = [Weight(column=name, loss=float(loss)) for name, loss in zip(names, np.mean(losses, axis=0), strict=True)]
    weights.sort(key=lambda weight: (-weight.loss, weight.column))
    return Domain(auroc=_over_folds(areas, variances, before, now), weights=tuple(weights), rows=(before, now))


def auroc(positive: ArrayLike, score: ArrayLike) -> tuple[float, float]:
    """Area under the ROC curve (ties count half) and its variance by DeLong, in O(n log n). Two rows of either class.

    Source: DeLong et al. 1988; Sun and Xu 2014, "Fast implementation of DeLong's algorithm".
    """
    truth, values = np.asarray(positive, dtype=bool), np.asarray(score, dtype=np.float64)
    ranks = stats.rankdata(values)
    ones, zeros = int(truth.sum()), int((~truth).sum())
    if min(ones, zeros) < 2:
        raise ValueError(f"positive must hold two rows of either class, got {ones} and {zeros}.")
    above = (ranks[truth] - stats.rankdata(values[truth])) / zeros
    below = 1 - (ranks[~truth] - stats.rankdata(values[~truth])) / ones
    variance = np.var(above, ddof=1) / ones + np.var(below, ddof=1) / zeros
    return float(np.mean(above)), float(variance)


def _over_folds(areas: list[float], variances: list[float], before: int, now: int) -> Measured:
    """Mean of the folds' areas. Where all rows are told apart, the lower end is what so many right pairs say."""
    value = float(np.mean(areas))
    reach = float(special.ndtri(0.975)) * math.sqrt(float(np.mean(variances)) * (1 / FOLDS + 1 / (FOLDS - 1)))
    low = max(0.0, value - reach) if value < 1 else 0.025 ** (1 / min(before, now))
    return Measured(value=value, low=low, high=min(1.0, value + reach), n=before + now)


def _shuffled(model: Any, rows: Floats, side: NDArray[np.int64], place: int, random: np.random.Generator) -> float:
    """Area when one column tells nothing any more."""
    mixed = rows.copy()
    mixed[:, place] = random.permutation(mixed[:, place])
    return auroc(side, model.decision_function(mixed))[0]


def _coded(reference: NDArray[Any], current: NDArray[Any]) -> tuple[Floats, bool]:
    """One column of both as numbers (NaN: missing), and whether they are codes of categories."""
    if all(values.dtype.kind in "biuf" for values in (reference, current)):
        numbers = np.concatenate([reference.astype(np.float64), current.astype(np.float64)])
        largest = float(np.finfo(np.float32).max)
        return np.clip(numbers, -largest, largest), False
    texts = [
        None if value is None or value != value else str(value) for value in (*reference.tolist(), *current.tolist())
    ]
    known, counts = np.unique([text for text in texts if text is not None], return_counts=True)
    order = np.argsort(-counts, kind="stable")
    code = {str(known[place]): float(min(rank, MOST_CATEGORIES)) for rank, place in enumerate(order)}
    return np.array([math.nan if text is None else code[text] for text in texts]), True
