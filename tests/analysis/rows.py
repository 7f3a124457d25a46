"""Profiles made from raw rows with plain numpy: an oracle that shares no code with the pass."""

import numpy as np

from core.profiles import Confusion, Errors, Moments, Output

CLIP = 1e-15


def balanced_edges(scores, labels, thresholds=(0.5,), bins=512):
    """Quantiles of the scores with each class weighted half, and the number just below every threshold."""
    scores, labels = np.asarray(scores, float), np.asarray(labels)
    order = np.argsort(scores, kind="stable")
    share = np.where(labels[order] == 1, 0.5 / max((labels == 1).sum(), 1), 0.5 / max((labels == 0).sum(), 1))
    reached = np.cumsum(share)
    at = np.searchsorted(reached, np.arange(1, bins) / bins * reached[-1])
    return with_thresholds(scores[order][np.minimum(at, len(scores) - 1)], thresholds)


def with_thresholds(edges, thresholds=(0.5,)):
    return np.unique(np.concatenate([edges, [np.nextafter(t, -np.inf) for t in thresholds]]))


def bins_of(values, edges):
    """Index of the bin: edges[i - 1] < x <= edges[i]."""
    return np.searchsorted(edges, values, side="left")


def output(scores, labels, edges) -> Output:
    """labels: 0, 1, or anything else (NaN, -1) for unknown."""
    scores, labels = np.asarray(scores, float), np.asarray(labels, float)
    label = np.where(labels == 0, 0, np.where(labels == 1, 1, 2))
    valid = np.isfinite(scores)
    counts, sums, squares, losses, invalid = [], [], [], [], []
    for which in range(3):
        mine = scores[(label == which) & valid]
        counts.append(np.bincount(bins_of(mine, edges), minlength=len(edges) + 1))
        sums.append(mine.sum())
        invalid.append(((label == which) & ~valid).sum())
        if which < 2:
            probable = bool(((mine >= 0) & (mine <= 1)).all())
            clipped = np.clip(mine, CLIP, 1 - CLIP)
            squares.append(((mine - which) ** 2).sum() if probable else np.nan)
            losses.append(-np.log(clipped if which else 1 - clipped).sum() if probable else np.nan)
    return Output(
        counts=np.array(counts, np.int64),
        scores=np.array(sums),
        squared_error=np.array(squares),
        log_loss=np.array(losses),
        invalid=np.array(invalid, np.int64),
    )


def counted(negatives, positives, unknown=None) -> Output:
    """A profile of counts alone; its sums are NaN."""
    unknown = np.zeros_like(negatives) if unknown is None else unknown
    return Output(
        counts=np.array([negatives, positives, unknown], np.int64),
        scores=np.full(3, np.nan),
        squared_error=np.full(2, np.nan),
        log_loss=np.full(2, np.nan),
        invalid=np.zeros(3, np.int64),
    )


def moments(values) -> Moments:
    values = np.asarray(values, float)
    if not len(values):
        return Moments()
    return Moments(
        count=len(values),
        mean=float(values.mean()),
        m2=float(((values - values.mean()) ** 2).sum()),
        low=float(values.min()),
        high=float(values.max()),
    )


def errors(predictions, labels, edges=()) -> Errors:
    """NaN labels are unknown."""
    predictions, labels = np.asarray(predictions, float), np.asarray(labels, float)
    known = np.isfinite(labels)
    error = (predictions - labels)[known]
    return Errors(
        error=moments(error),
        absolute=moments(np.abs(error)),
        squared=moments(error**2),
        label=moments(labels[known]),
        counts=np.bincount(bins_of(error, np.asarray(edges, float)), minlength=len(edges) + 1),
        unlabelled=int((~known).sum()),
    )


def confusion(true, predicted, classes) -> Confusion:
    """Classes outside `classes` are unknown labels, or predictions that are no known class."""
    place = {name: index for index, name in enumerate(classes)}
    size = len(classes) + 1
    row = [place.get(name, size - 1) for name in true]
    column = [place.get(name, size - 1) for name in predicted]
    counts = np.zeros((size, size), np.int64)
    np.add.at(counts, (row, column), 1)
    return Confusion(counts=counts)
