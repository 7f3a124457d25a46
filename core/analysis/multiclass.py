"""Performance over several classes: from predicted against true classes, or from one profile a class against the rest.

Macro: the plain mean over classes. A class that is neither labelled nor predicted in the window is left out of it, as
scikit-learn does; a class of the window whose own number cannot be told makes the macro number untold, where
scikit-learn would count it as 0. Intervals of macro numbers run from the mean of the classes' lower ends to the mean
of their upper ends: a mean's standard error is at most the mean of the standard errors, however classes hang together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.analysis import classification
from core.analysis.intervals import wilson
from core.analysis.measured import Measured, not_told
from core.profiles import Confusion, Floats, Output


@dataclass(frozen=True, slots=True, kw_only=True)
class PerClass:
    """One number, in the unit of its measure, for every class and as the mean over classes.

    classes: class -> number, in the order given.  macro: its n is the labelled rows.
    """

    classes: Mapping[str, Measured]
    macro: Measured


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictions:
    """Shares in [0, 1] over rows with a label. A prediction that is no known class counts as wrong."""

    accuracy: Measured
    precision: PerClass
    recall: PerClass
    f1: PerClass


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """Each class's scores against the rest: areas in [0, 1]; Brier in [0, 1]; log loss in nats, >= 0.

    brier_total: mean over rows of the squared distances summed over classes, in [0, 2].
    log_loss_total: mean over rows of -ln(probability given to the true class), nats.
    """

    roc_auc: PerClass
    pr_auc: PerClass
    brier: PerClass
    log_loss: PerClass
    brier_total: Measured
    log_loss_total: Measured


def predictions(confusion: Confusion, classes: Sequence[str]) -> Predictions:
    """classes: names in the order of the confusion's rows. Raises ValueError if their number does not fit."""
    size = len(classes)
    if confusion.counts.shape != (size + 1, size + 1):
        raise ValueError(f"confusion must be ({size + 1}, {size + 1}) for these classes, got {confusion.counts.shape}.")
    known = confusion.counts[:size]
    right, truly, predicted = (part.tolist() for part in (known.diagonal(), known.sum(axis=1), known.sum(axis=0)))
    n, seen = sum(truly), [bool(truly[i] or predicted[i]) for i in range(size)]
    each = list(zip(right, truly, predicted, strict=False))
    return Predictions(
        accuracy=_share(sum(right), n, "no row has a label"),
        precision=_per_class(
            classes, [_share(k, said, "no labelled row is predicted to be it") for k, _, said in each], seen, n
        ),
        recall=_per_class(classes, [_share(k, rows, "no row is labelled so") for k, rows, _ in each], seen, n),
        f1=_per_class(classes, [_f1(k, rows + said - k) for k, rows, said in each], seen, n),
    )


def scores(outputs: Mapping[str, Output], edges: Mapping[str, Floats]) -> Scores:
    """outputs, edges: class -> profile of its score against the rest, and the edges it was counted with.

    Totals are told only where every class rests on the same rows, each of which has one of the classes.
    """
    names = list(outputs)
    n = max((int(output.counts[:2].sum()) for output in outputs.values()), default=0)
    seen = [bool(output.positives.any()) for output in outputs.values()]

    def each(numbers: Sequence[Measured]) -> PerClass:
        return _per_class(names, numbers, seen, n)

    squared = [float(np.sum(output.squared_error)) for output in outputs.values()]
    lost = [float(output.log_loss[1]) if output.positives.any() else 0.0 for output in outputs.values()]
    return Scores(
        roc_auc=each([classification.roc_auc(output, edges[name]) for name, output in outputs.items()]),
        pr_auc=each([classification.pr_auc(output, edges[name]) for name, output in outputs.items()]),
        brier=each([classification.brier(output, edges[name]) for name, output in outputs.items()]),
        log_loss=each([classification.log_loss(output) for output in outputs.values()]),
        brier_total=_total(outputs, sum(squared), n),
        log_loss_total=_total(outputs, sum(lost), n),
    )


def _per_class(classes: Sequence[str], numbers: Sequence[Measured], seen: Sequence[bool], n: int) -> PerClass:
    told = dict(zip(classes, numbers, strict=True))
    return PerClass(
        classes=told, macro=_macro([item for item, here in zip(told.items(), seen, strict=True) if here], n)
    )


def _macro(numbers: Sequence[tuple[str, Measured]], n: int) -> Measured:
    if not numbers:
        return not_told(n, "Not enough data: no row has a label.")
    for name, number in numbers:
        if number.value is None:
            return not_told(n, f"Class {name}: {number.why}")
    lows = [number.low for _, number in numbers if number.low is not None]
    highs = [number.high for _, number in numbers if number.high is not None]
    size = len(numbers)
    return Measured(
        value=sum(number.value for _, number in numbers if number.value is not None) / size,
        low=sum(lows) / size if len(lows) == size else None,
        high=sum(highs) / size if len(highs) == size else None,
        n=n,
        binning=sum(number.binning for _, number in numbers) / size,
    )


def _total(outputs: Mapping[str, Output], total: float, n: int) -> Measured:
    if not n:
        return not_told(0, "Not enough data: no scored row has a label.")
    labelled = {int(output.counts[:2].sum()) for output in outputs.values()}
    if labelled != {n} or sum(int(output.positives.sum()) for output in outputs.values()) != n:
        return not_told(n, "Some rows miss the score of a class, or have a label that is none of the classes.")
    if not np.isfinite(total):
        return not_told(n, "The scores are no probabilities: some lie outside 0 to 1.")
    return Measured(value=total / n, n=n)


def _share(k: int, n: int, nothing: str) -> Measured:
    if not n:
        return not_told(0, f"Not enough data: {nothing}.")
    low, high = wilson(k, n)
    return Measured(value=k / n, low=low, high=high, n=n)


def _f1(right: int, either: int) -> Measured:
    """F1 = 2J / (1 + J), J the share of rows right among those labelled or predicted so; interval by J's."""
    share = _share(right, either, "no row is labelled or predicted so")
    if share.value is None or share.low is None or share.high is None:
        return share
    value, low, high = (2 * part / (1 + part) for part in (share.value, share.low, share.high))
    return Measured(value=value, low=low, high=high, n=either)
