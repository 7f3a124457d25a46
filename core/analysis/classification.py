"""How well scores tell positives from negatives, from a profile of scores by label.

Rows of one bin count as tied; `binning` says what that can cost. edges: (E,) those that the output was counted with.
With few rows of either class a number loses its interval; without any it is not told.

Sources: Bamber 1975 (tied AUC); DeLong et al. 1988 and, on the logit scale, Pepe 2003, sec. 5.2; Newcombe 2006,
"Confidence intervals for an effect size measure based on the Mann-Whitney statistic", part 2, method 5; Wilson 1927.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

from core.analysis.intervals import wilson
from core.analysis.measured import Measured, not_told
from core.profiles import Floats, Output

FEW = 30
"""Rows of either class below which the normal approximation of a rank statistic is not trusted."""
MISRANKED = 10
"""Misranked rows of the rarer class below which the interval of an AUC must also hold Newcombe's."""
Z = float(special.ndtri(0.975))
Count = Callable[["Decisions"], tuple[int, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Curves:
    """Points of the ROC curve (fpr, recall) and of the PR curve (recall, precision), from the highest scores down.

    edges: (points,) rows above this score are selected; the first, inf, selects none, the last, -inf, all.
    fpr, recall, precision: (points,) in [0, 1]; precision is 1 where nothing is selected.
    """

    edges: Floats
    fpr: Floats
    recall: Floats
    precision: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """What a threshold decides. Rows with scores above `edge` are selected, decided positive.

    threshold: asked for.  edge: used.  tp, fp, tn, fn: labelled rows.  selected, rows: whatever the label; rows
    without a score are in none.  unsure: rows of labels 0, 1, unknown in the bin that the threshold cuts in two; all 0
    where the threshold is an edge and so the counts are exact.  selects: whether those rows were counted as selected.
    """

    threshold: float
    edge: float
    tp: int
    fp: int
    tn: int
    fn: int
    selected: int
    rows: int
    unsure: tuple[int, int, int]
    selects: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Shares in [0, 1] at a threshold: of labelled rows, but selection, which is of all rows with a score."""

    accuracy: Measured
    precision: Measured
    recall: Measured
    f1: Measured
    specificity: Measured
    selection: Measured


def roc_auc(output: Output, edges: Floats) -> Measured:
    """Area under the ROC curve: chance that a positive scores above a negative, ties counting half. In [0, 1].

    binning: half the share of pairs of both classes that share a bin; one that can hold one number only adds nothing.
    Interval: DeLong on the bins, logit scale. Hanley-McNeil guesses the spread of scores from the AUC and covers 86 %
    where 30 positives spread twice as wide as 1,000 negatives. With few misranked rows DeLong's variance is too
    uncertain itself (85 % at AUC .99, 30 positives): the interval is then stretched to hold Newcombe's, wide there.
    """
    q, p = _by_label(output, edges)
    if missing := _missing(p, q):
        return missing
    positives, negatives, value = p.sum(), q.sum(), float(tied_auc(p, q))
    binning = float((p * q)[~_single(edges)].sum() / (2 * positives * negatives))
    low, high = _auc_interval(value, p, q) if min(positives, negatives) >= FEW else (None, None)
    return Measured(value=value, low=low, high=high, n=int(positives + negatives), binning=binning)


def pr_auc(output: Output, edges: Floats) -> Measured:
    """Average precision: mean over positives of the precision at their score. In (0, 1]; a coin gives the base rate.

    value: rows of a bin tied, as in scikit-learn.  binning: to the further end of the range over all orders of rows
    inside their bins: positives of a bin tied and first at best, last and one by one at worst.
    Interval: influence of every row on the value (rows are independent, labels random), on the logit scale.
    """
    q, p = (row[::-1] for row in _by_label(output, edges))
    if missing := _missing(p, q):
        return missing
    hits, misses, positives = p.cumsum(), q.cumsum(), p.sum()
    own = p * _share(hits, hits + misses)
    value = float(own.sum() / positives)
    single = _single(edges)[::-1]
    best = np.where(single, own, p * _share(hits, hits + misses - q))
    # The j-th positive of a bin that comes last has precision f(j) = (before + j) / (before + j + misses). f is
    # concave, so its integral from 1/2 to p + 1/2 lies below the sum over j, closely.
    worst = np.where(single, own, p - misses * np.log1p(p / (hits - p + misses + 0.5)))
    binning = max(float(best.sum() / positives) - value, value - float(worst.sum() / positives), 0.0)
    low, high = _precision_interval(value, p, q) if min(positives, q.sum()) >= FEW else (None, None)
    return Measured(value=value, low=low, high=high, n=int(positives + q.sum()), binning=binning)


def curves(output: Output, edges: Floats) -> Curves | None:
    """One point for every bin with labelled rows, and the start. None without rows of both classes."""
    q, p = (row[::-1] for row in _by_label(output, edges))
    if _missing(p, q):
        return None
    taken = np.flatnonzero(p + q)
    hits, misses = (np.append(0.0, row.cumsum()[taken]) for row in (p, q))
    return Curves(
        edges=np.concatenate([[math.inf], np.append(-math.inf, edges)[::-1][taken[:-1]], [-math.inf]]),
        fpr=misses / misses[-1],
        recall=hits / hits[-1],
        precision=_share(hits, hits + misses, nothing=1.0),
    )


def decide(output: Output, edges: Floats, threshold: float) -> Decisions:
    """Counts at a threshold; where it is no edge, at the edge nearest to it. Raises ValueError if it is NaN."""
    if math.isnan(threshold):
        raise ValueError(f"threshold must be a number, got {threshold}.")
    _by_label(output, edges)
    counts = output.counts
    cut = np.nextafter(threshold, -math.inf)
    at = int(np.searchsorted(edges, cut))
    exact = at < len(edges) and bool(edges[at] == cut)
    # Else the cut lies inside bin `at`, whose rows are selected if the edge below is nearer, or there is none above.
    selects = not exact and (at == len(edges) or (at > 0 and bool(cut - edges[at - 1] < edges[at] - cut)))
    used = at - selects
    (tn, fn, _), (fp, tp, selected) = counts[:, : used + 1].sum(axis=1), counts[:, used + 1 :].sum(axis=1)
    return Decisions(
        threshold=threshold, edge=float(edges[used]) if used >= 0 else -math.inf, selects=selects,
        tp=int(tp), fp=int(fp), tn=int(tn), fn=int(fn), selected=int(tp + fp + selected), rows=int(counts.sum()),
        unsure=(0, 0, 0) if exact else (int(counts[0, at]), int(counts[1, at]), int(counts[2, at])),
    )  # fmt: skip


def rates(made: Decisions) -> Rates:
    """Every rate at a threshold. binning: to the further end of what the unsure rows allow.

    Intervals are Wilson's. F1 = 2J / (1 + J) rises with J = tp / (tp + fp + fn), a share of the rows that are positive
    or selected; so the ends of J's interval, put through the same formula, are those of F1.
    """
    none = "no row is labelled positive"
    return Rates(
        accuracy=_rate(made, lambda d: (d.tp + d.tn, d.tp + d.fp + d.tn + d.fn), "no scored row has a label"),
        precision=_rate(made, lambda d: (d.tp, d.tp + d.fp), "no labelled row is selected"),
        recall=_rate(made, lambda d: (d.tp, d.tp + d.fn), none),
        f1=_rate(made, lambda d: (d.tp, d.tp + d.fp + d.fn if d.tp + d.fn else 0), none, lambda j: 2 * j / (1 + j)),
        specificity=_rate(made, lambda d: (d.tn, d.tn + d.fp), "no row is labelled negative"),
        selection=_rate(made, lambda d: (d.selected, d.rows), "no row has a score"),
    )


def log_loss(output: Output) -> Measured:
    """Mean of -ln(probability given to the true label), nats, >= 0. No interval: squares are not kept."""
    return _of_probabilities(output, output.log_loss)


def brier(output: Output, edges: Floats) -> Measured:
    """Mean squared distance of score and label, in [0, 1]. Interval: normal, the largest variance the bins allow."""
    q, p = _by_label(output, edges)
    told = _of_probabilities(output, output.squared_error)
    if told.value is None or told.n < FEW:
        return told
    ends = np.clip(np.concatenate([[0.0], edges, [1.0]]), 0.0, 1.0)
    fourth = (p @ (1 - ends[:-1]) ** 4 + q @ ends[1:] ** 4) / told.n
    reach = Z * math.sqrt(max(float(fourth) - told.value**2, 0.0) / (told.n - 1))
    return Measured(value=told.value, low=max(told.value - reach, 0.0), high=min(told.value + reach, 1.0), n=told.n)


def tied_auc(positives: Floats, negatives: Floats) -> Floats:
    """AUC over the last axis, bins in rising order, rows of one bin tied; NaN without rows of both classes."""
    below = negatives.cumsum(-1) - negatives / 2
    pairs = positives.sum(-1) * negatives.sum(-1)
    return _share((positives * below).sum(-1), pairs, nothing=math.nan)


def average_precision(positives: Floats, negatives: Floats) -> Floats:
    """Average precision over the last axis, bins in rising order, rows of one bin tied; NaN without positives."""
    p, q = positives[..., ::-1], negatives[..., ::-1]
    hits = p.cumsum(-1)
    return _share((p * _share(hits, hits + q.cumsum(-1))).sum(-1), p.sum(-1), nothing=math.nan)


def _auc_interval(value: float, p: Floats, q: Floats) -> tuple[float, float]:
    positives, negatives = float(p.sum()), float(q.sum())
    beaten = (q.cumsum() - q / 2) / negatives - value
    beating = (positives - p.cumsum() + p / 2) / positives - value
    variance = float(p @ beaten**2 / (positives**2 - positives) + q @ beating**2 / (negatives**2 - negatives))
    sure = variance > 0 and 0 < value < 1
    low, high = _logit_interval(value, variance) if sure else (value, value)
    if sure and min(positives, negatives) * min(value, 1 - value) >= MISRANKED:
        return low, high
    wide = _newcombe(value, positives, negatives)
    return min(low, wide[0]), max(high, wide[1])


def _newcombe(value: float, positives: float, negatives: float) -> tuple[float, float]:
    """AUCs whose distance from the value is within Z of their own Hanley-McNeil standard errors."""
    half = (positives + negatives) / 2 - 1

    def beyond(auc: float) -> float:
        mixed = 1 + half * ((1 - auc) / (2 - auc) + auc / (1 + auc))
        return (auc - value) ** 2 - Z**2 * auc * (1 - auc) * mixed / (positives * negatives)

    inner = min(max(value, 1e-9), 1 - 1e-9)  # 0 and 1 are roots themselves
    low = optimize.brentq(beyond, 0.0, inner) if beyond(0.0) > 0 > beyond(inner) else value
    high = optimize.brentq(beyond, inner, 1.0) if beyond(1.0) > 0 > beyond(inner) else value
    return float(low), float(high)


def _precision_interval(value: float, p: Floats, q: Floats) -> tuple[float, float]:
    """p, q: bins in falling order."""
    if not 0 < value < 1:
        return wilson(int(p.sum()), int(p.sum()))
    hits, misses, positives, selected = p.cumsum(), q.cumsum(), p.sum(), np.maximum((p + q).cumsum(), 1)
    later_hit = (p * misses / selected**2)[::-1].cumsum()[::-1]
    later_miss = (p * hits / selected**2)[::-1].cumsum()[::-1]
    variance = (p @ (hits / selected - value + later_hit) ** 2 + q @ later_miss**2) / positives**2
    return _logit_interval(value, float(variance))


def _logit_interval(value: float, variance: float) -> tuple[float, float]:
    reach = Z * math.sqrt(variance) / (value * (1 - value))
    centre = float(special.logit(value))
    return float(special.expit(centre - reach)), float(special.expit(centre + reach))


def _of_probabilities(output: Output, sums: Floats) -> Measured:
    """Mean over labelled rows of what is summed for labels 0 and 1."""
    rows = [int(output.negatives.sum()), int(output.positives.sum())]
    n = sum(rows)
    if not n:
        return not_told(0, "Not enough data: no scored row has a label.")
    total = sum(float(part) for part, count in zip(sums, rows, strict=True) if count)
    if not math.isfinite(total):
        return not_told(n, "The scores are no probabilities: some lie outside 0 to 1.")
    return Measured(value=total / n, n=n)


def _rate(made: Decisions, count: Count, nothing: str, shape: Callable[[float], float] = float) -> Measured:
    k, n = count(made)
    if not n:
        return not_told(0, f"Not enough data: {nothing}.")
    others = [shape(part / whole) for part, whole in map(count, _could_be(made)) if whole]
    value, (low, high) = shape(k / n), wilson(k, n)
    binning = max((abs(other - value) for other in others), default=0.0)
    return Measured(value=value, low=shape(low), high=shape(high), n=n, binning=binning)


def _could_be(made: Decisions) -> list[Decisions]:
    """The corners of what the exact counts can be; every rate has its extremes there."""
    q, p, u = np.multiply(made.unsure, -1 if made.selects else 1).tolist()
    return [
        replace(made, tp=made.tp + p, fn=made.fn - p, fp=made.fp + q, tn=made.tn - q, selected=made.selected + more)
        for q, p, more in ((q, 0, 0), (0, p, 0), (q, p, p + q + u))
    ]


def _by_label(output: Output, edges: Floats) -> tuple[Floats, Floats]:
    """Negatives and positives in bins, as floats: products of large counts do not overflow."""
    if output.counts.shape != (3, len(edges) + 1):
        raise ValueError(f"output must have counts (3, {len(edges) + 1}) for these edges, got {output.counts.shape}.")
    return output.negatives.astype(np.float64), output.positives.astype(np.float64)


def _missing(p: Floats, q: Floats) -> Measured | None:
    """The answer where a class has no rows."""
    lacking = "positive" if q.any() else "negative" if p.any() else "positive or negative"
    n = int(p.sum() + q.sum())
    return None if p.any() and q.any() else not_told(n, f"Not enough data: no row is labelled {lacking}.")


def _single(edges: Floats) -> NDArray[np.bool_]:
    """(edges + 1,) bins that can hold one floating-point number only."""
    single: NDArray[np.bool_] = np.append(-math.inf, np.nextafter(edges, math.inf)) == np.append(edges, math.inf)
    return single


def _share(part: Floats, whole: Floats, *, nothing: float = 0.0) -> Floats:
    """part / whole; `nothing` where whole is 0."""
    result: Floats = np.divide(part, whole, out=np.full(np.shape(whole), nothing), where=np.asarray(whole) > 0)
    return result
