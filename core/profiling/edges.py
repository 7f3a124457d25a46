"""The bins of a monitor: fixed by its reference, kept with the monitor, named by an id. Only equal ids merge."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from core.profiles import Floats

FEATURE_BINS = 50
SCORE_BINS = 512
LATENCY = np.round(np.logspace(-1, 6, 141), 6)  # 0.1 ms to 1,000 s, 20 a decade: neighbours lie 12 % apart
LOGIT = 12.0  # without labels, score edges are spaced evenly in the logit from -12 to 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Edges:
    """Everything that a profile's counts are aligned to.

    monitor_id: of the file they were learned for.
    numeric, measurements, resources, score: name -> edges; score: by class, "" in a binary task.
    categories: feature -> the reference's values.  overfull: features with more values than are kept.
    groups, segments: attribute -> values, the last two always "(other)" and "(missing)".
    schema: column -> type in the reference.  rows: of the reference.
    """

    monitor_id: str
    numeric: Mapping[str, Floats]
    categories: Mapping[str, tuple[str, ...]]
    overfull: tuple[str, ...] = ()
    score: Mapping[str, Floats] = field(default_factory=dict)
    prediction: Floats | None = None
    error: Floats | None = None
    measurements: Mapping[str, Floats] = field(default_factory=dict)
    resources: Mapping[str, Floats] = field(default_factory=dict)
    latency: Floats = field(default_factory=lambda: LATENCY)
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    segments: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    classes: tuple[str, ...] = ()
    schema: Mapping[str, str] = field(default_factory=dict)
    rows: int = 0
    stamp: str = ""

    @property
    def id(self) -> str:
        """Derived from the content."""
        return hashlib.sha256(self.to_json().encode("utf-8", "surrogatepass")).hexdigest()[:16]

    def to_json(self) -> str:
        """The whole of it, for the file beside the profiles."""
        return json.dumps({f.name: _plain(getattr(self, f.name)) for f in fields(self)}, ensure_ascii=False)


def edges_from_json(text: str) -> Edges:
    """The inverse of `to_json`. Raises ValueError, KeyError or TypeError."""
    told = json.loads(text)
    for name in ("numeric", "measurements", "resources", "score"):
        told[name] = {key: np.array(value, float) for key, value in told[name].items()}
    for name in ("prediction", "error", "latency"):
        told[name] = None if told[name] is None else np.array(told[name], float)
    for name in ("categories", "groups", "segments"):
        told[name] = {key: tuple(value) for key, value in told[name].items()}
    for name in ("overfull", "classes"):
        told[name] = tuple(told[name])
    return Edges(**told)


def quantile_edges(values: Floats, bins: int = FEATURE_BINS) -> Floats:
    """At most `bins` inner edges: quantiles of the finite values, each of which stands among them.

    Few distinct values are their own edges, so that every value has a bin of its own.
    """
    finite = np.sort(values[np.isfinite(values)])
    if not finite.size:
        return np.array([0.0])
    first = np.concatenate([[True], finite[1:] != finite[:-1]])
    if first.sum() <= bins:
        distinct: Floats = finite[first]
        return distinct
    places = np.ceil(np.arange(1, bins + 1) / (bins + 1) * finite.size).astype(int) - 1
    return np.unique(finite[places])


def balanced_edges(scores: Floats, labels: Floats, thresholds: Sequence[float], bins: int = SCORE_BINS) -> Floats:
    """Edges of a score: class-balanced quantiles, and one just below each threshold.

    scores: (n,).  labels: (n,) 0, 1 or NaN for unknown. Each class weighs half, so that a rare one gets as many
    bins as the other; a score that many rows share has a bin of its own. With fewer than two classes the edges are
    spaced evenly in the logit (scores within 0..1) or are plain quantiles (others).
    """
    usable = np.isfinite(scores)
    scores, labels = scores[usable], labels[usable]
    cuts = [np.nextafter(t, -np.inf) for t in thresholds]
    distinct, times = np.unique(scores, return_counts=True)
    heavy = distinct[times >= scores.size / bins] if scores.size else distinct
    cuts += [np.nextafter(value, -np.inf) for value in heavy]  # a bin of its own, so that its ties are known for ties
    if 0 < distinct.size <= bins:
        return np.unique([*distinct, *cuts])
    sides = [np.sort(scores[labels == side]) for side in (0, 1)]
    if all(side.size for side in sides):
        order = np.concatenate(sides)
        weight = np.concatenate([np.full(side.size, 0.5 / side.size) for side in sides])
        by_score = np.argsort(order, kind="stable")
        reached = np.cumsum(weight[by_score])
        places = np.searchsorted(reached, np.arange(1, bins + 1) / (bins + 1))
        found = order[by_score][np.minimum(places, order.size - 1)]
    elif scores.size and (scores.min() < 0 or scores.max() > 1):
        found = quantile_edges(scores, bins)
    else:
        found = 1 / (1 + np.exp(-np.linspace(-LOGIT, LOGIT, bins)))
    return np.unique([*found, *heavy, *cuts])


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return [float(x) for x in value]
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in sorted(value.items())}
    if isinstance(value, tuple):
        return list(value)
    return value
