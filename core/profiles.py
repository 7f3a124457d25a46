"""Profiles: mergeable summaries of inference logs. What the pass writes, the store indexes and analysis reads.

Every part can be added to another one of the same key kind and the same edges: merging is associative and
commutative, counts exactly, floating-point sums up to rounding. Arrays are never changed after they were made.

Bins: `edges` (E,) increase strictly and are finite; `counts` (E + 1,) where counts[i] counts edges[i-1] < x <= edges[i]
(the first bin is open below, the last one above). A decision threshold t ("positive from t on") is kept as the edge
just below t, so that everything at or above t lies in later bins.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]
Role = Literal["reference", "serving", "evaluation"]
LABELS = ("0", "1", "unknown")
MOST_UNSEEN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """Count, mean and spread of finite numbers.

    count: how many.  mean: their mean, 0.0 when none.  m2: sum of squared distances from the mean.
    low, high: smallest and largest; inf and -inf when none.
    """

    count: int = 0
    mean: float = 0.0
    m2: float = 0.0
    low: float = math.inf
    high: float = -math.inf

    def __add__(self, other: Moments) -> Moments:
        count = self.count + other.count
        if not count:
            return self
        if not self.count or not other.count:
            return self if self.count else other
        shift = other.mean - self.mean
        return Moments(
            count=count,
            mean=(self.mean * self.count + other.mean * other.count) / count,
            m2=self.m2 + other.m2 + shift * shift * (self.count * other.count / count),
            low=min(self.low, other.low),
            high=max(self.high, other.high),
        )

    @property
    def total(self) -> float:
        """Sum of the numbers."""
        return self.mean * self.count

    @property
    def variance(self) -> float:
        """Sample variance (n - 1); NaN below two numbers."""
        return self.m2 / (self.count - 1) if self.count > 1 else math.nan


@dataclass(frozen=True, slots=True, kw_only=True)
class Numeric:
    """One numeric column of one window: a feature, a regression output, a measurement, a resource.

    rows: all rows.  nulls, nans, neg_inf, pos_inf, bad: rows without a finite number, counted apart; bad could not be
    read as a number.  moments, counts: of the finite ones.  counts: (edges + 1,).
    """

    rows: int
    nulls: int = 0
    nans: int = 0
    neg_inf: int = 0
    pos_inf: int = 0
    bad: int = 0
    moments: Moments
    counts: Counts

    def __add__(self, other: Numeric) -> Numeric:
        return Numeric(
            rows=self.rows + other.rows,
            nulls=self.nulls + other.nulls,
            nans=self.nans + other.nans,
            neg_inf=self.neg_inf + other.neg_inf,
            pos_inf=self.pos_inf + other.pos_inf,
            bad=self.bad + other.bad,
            moments=self.moments + other.moments,
            counts=self.counts + other.counts,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Categorical:
    """One categorical column of one window.

    rows: all rows.  nulls: rows without a value.  counts: (categories,), aligned to the monitor's categories.
    unseen: rows whose value the reference does not have.  examples: unseen values -> rows, at most 20, largest first;
    their counts are lower bounds after merging.
    """

    rows: int
    nulls: int = 0
    counts: Counts
    unseen: int = 0
    examples: Mapping[str, int] = field(default_factory=dict)

    def __add__(self, other: Categorical) -> Categorical:
        examples = dict(self.examples)
        for value, count in other.examples.items():
            examples[value] = examples.get(value, 0) + count
        kept = sorted(examples.items(), key=lambda item: (-item[1], item[0]))[:MOST_UNSEEN]
        return Categorical(
            rows=self.rows + other.rows,
            nulls=self.nulls + other.nulls,
            counts=self.counts + other.counts,
            unseen=self.unseen + other.unseen,
            examples=dict(kept),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """Scores by label, of one group (or of all rows) in one window. One class against the rest.

    counts: (3, edges + 1): scores in bins, for label 0 (negative), 1 (positive) and not known yet.
    scores: (3,) sum of the scores.  squared_error: (2,) sum of (score - label)^2 for labels 0 and 1.
    log_loss: (2,) sum of -ln(probability given to the true label), scores clipped to [1e-15, 1 - 1e-15].
    invalid: (3,) rows whose score is missing or no finite number; they are in no other field.
    squared_error and log_loss are NaN where scores are no probabilities (outside 0..1).
    """

    counts: Counts
    scores: Floats
    squared_error: Floats
    log_loss: Floats
    invalid: Counts

    def __add__(self, other: Output) -> Output:
        return Output(
            counts=self.counts + other.counts,
            scores=self.scores + other.scores,
            squared_error=self.squared_error + other.squared_error,
            log_loss=self.log_loss + other.log_loss,
            invalid=self.invalid + other.invalid,
        )

    @property
    def negatives(self) -> Counts:
        """(edges + 1,) scores of rows labelled 0."""
        side: Counts = self.counts[0]
        return side

    @property
    def positives(self) -> Counts:
        """(edges + 1,) scores of rows labelled 1."""
        side: Counts = self.counts[1]
        return side

    @property
    def unknown(self) -> Counts:
        """(edges + 1,) scores of rows without a label yet."""
        side: Counts = self.counts[2]
        return side


@dataclass(frozen=True, slots=True, kw_only=True)
class Confusion:
    """Predicted against true classes. counts: (classes + 1, classes + 1), row: true class, column: predicted class.

    The last row holds rows whose label is not known, the last column predictions that are no known class.
    """

    counts: Counts

    def __add__(self, other: Confusion) -> Confusion:
        return Confusion(counts=self.counts + other.counts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Errors:
    """A regression's errors (prediction - label) over rows that have both.

    error, absolute, squared: moments of the error, of its size and of its square.  label: moments of the labels.
    counts: (edges + 1,) errors in bins.  unlabelled: rows without a label yet.
    """

    error: Moments
    absolute: Moments
    squared: Moments
    label: Moments
    counts: Counts
    unlabelled: int = 0

    def __add__(self, other: Errors) -> Errors:
        return Errors(
            error=self.error + other.error,
            absolute=self.absolute + other.absolute,
            squared=self.squared + other.squared,
            label=self.label + other.label,
            counts=self.counts + other.counts,
            unlabelled=self.unlabelled + other.unlabelled,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """How requests were served.

    requests: all.  errors: those with an error status.  untold: those whose status is missing.
    latency: moments of finite latencies, ms.  counts: (edges + 1,) latencies in log-spaced bins.
    """

    requests: int
    errors: int = 0
    untold: int = 0
    latency: Moments = Moments()
    counts: Counts

    def __add__(self, other: Service) -> Service:
        return Service(
            requests=self.requests + other.requests,
            errors=self.errors + other.errors,
            untold=self.untold + other.untold,
            latency=self.latency + other.latency,
            counts=self.counts + other.counts,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Kpi:
    """A business figure of one arm ("" where there are no arms).

    rows: all rows.  figure, cost, value: moments over the rows that state them.
    """

    rows: int
    figure: Moments = Moments()
    cost: Moments = Moments()
    value: Moments = Moments()

    def __add__(self, other: Kpi) -> Kpi:
        return Kpi(
            rows=self.rows + other.rows,
            figure=self.figure + other.figure,
            cost=self.cost + other.cost,
            value=self.value + other.value,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """How much there was. rows: all rows of the window.  labelled: those with a label by now."""

    rows: int
    labelled: int = 0

    def __add__(self, other: Rows) -> Rows:
        return Rows(rows=self.rows + other.rows, labelled=self.labelled + other.labelled)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Some whole rows, chosen by a hash of the row's id: the `most` smallest hashes of all rows below `limit`.

    rows: (hash, row as JSON text), smallest hash first.  limit: hashes at or above it were not looked at.
    """

    rows: tuple[tuple[int, str], ...]
    limit: int
    most: int

    def __add__(self, other: Sample) -> Sample:
        limit, most = min(self.limit, other.limit), self.most + other.most
        kept = sorted(row for row in (*self.rows, *other.rows) if row[0] < limit)
        return Sample(rows=tuple(kept[:most]), limit=limit, most=most)


Part = Numeric | Categorical | Output | Confusion | Errors | Service | Kpi | Rows | Sample
