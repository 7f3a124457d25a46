"""Rates of one group at a decision threshold, from its profile."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from core.analysis.intervals import wilson
from core.analysis.measured import Measured, not_told
from core.profiles import Counts, Output

Favourable = Literal["positive", "negative"]
Rate = Literal["positive_rate", "negative_rate", "tpr", "fpr", "fnr", "tnr", "ppv", "npv", "accuracy", "base_rate"]

# Rate -> (cells that count, cells that do not), a cell being (decision, label) with label 2 for "not known yet".
CELLS: dict[Rate, tuple[tuple[tuple[int, int], ...], tuple[tuple[int, int], ...]]] = {
    "positive_rate": (((1, 0), (1, 1), (1, 2)), ((0, 0), (0, 1), (0, 2))),
    "negative_rate": (((0, 0), (0, 1), (0, 2)), ((1, 0), (1, 1), (1, 2))),
    "tpr": (((1, 1),), ((0, 1),)),
    "fpr": (((1, 0),), ((0, 0),)),
    "fnr": (((0, 1),), ((1, 1),)),
    "tnr": (((0, 0),), ((1, 0),)),
    "ppv": (((1, 1),), ((1, 0),)),
    "npv": (((0, 0),), ((0, 1),)),
    "accuracy": (((0, 0), (1, 1)), ((0, 1), (1, 0))),
    "base_rate": (((0, 1), (1, 1)), ((0, 0), (1, 0))),
}
_NO_ROWS: dict[Rate, str] = {
    "positive_rate": "no rows with a score",
    "negative_rate": "no rows with a score",
    "tpr": "no labelled row is positive",
    "fpr": "no labelled row is negative",
    "fnr": "no labelled row is positive",
    "tnr": "no labelled row is negative",
    "ppv": "no labelled row was decided positive",
    "npv": "no labelled row was decided negative",
    "accuracy": "no labels yet",
    "base_rate": "no labels yet",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """Where scores are cut into decisions.

    asked: the threshold asked for.  at: the one judged at; a row is positive when its score is at least that.
    exact: at is asked. Otherwise it is the nearest that the bins can tell, and rates carry their binning error.
    first: the first bin decided positive.  widest, narrowest: the same if all, or no rows of the bin that holds the
    asked threshold were positive; both equal first where exact.
    """

    asked: float
    at: float
    exact: bool
    first: int
    widest: int
    narrowest: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """Rows of one group by decision and label. Groups add up.

    table: (3, 2, 3) rows: read at the cut's first, widest and narrowest bin; decided negative, positive; labelled
    negative, positive, not yet.  invalid: rows without a usable score, on which no decision can be told.
    """

    table: Counts
    invalid: int

    def __add__(self, other: Decided) -> Decided:
        return Decided(table=self.table + other.table, invalid=self.invalid + other.invalid)

    @property
    def rows(self) -> int:
        """Rows decided on."""
        return int(self.table[0].sum())

    @property
    def labelled(self) -> int:
        """Rows decided on whose label is known."""
        return int(self.table[0, :, :2].sum())


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """hits of rows. The exact share at the asked threshold lies in [least, most]."""

    hits: int
    rows: int
    least: float
    most: float

    @property
    def value(self) -> float:
        """hits / rows; NaN without rows."""
        return self.hits / self.rows if self.rows else math.nan


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRates:
    """What happened to one group. Rates are shares in [0, 1] with Wilson intervals.

    rows: decided on.  labelled: of these, with a label.  invalid: without a usable score, in no rate.
    selection_rate: share of rows with the favourable decision, labelled or not.  The others are over labelled rows:
    tpr, fnr of the positive ones; fpr, tnr of the negative ones; ppv (npv): share of rows decided positive (negative)
    that are so; base_rate: share that is positive.
    """

    group: str
    rows: int
    labelled: int
    invalid: int
    selection_rate: Measured
    tpr: Measured
    fpr: Measured
    fnr: Measured
    tnr: Measured
    ppv: Measured
    npv: Measured
    base_rate: Measured


def cut_at(edges: ArrayLike, threshold: float) -> Cut:
    """The cut for "positive from threshold on". Exact when the number just below threshold is one of the edges.

    edges: (E,), E >= 1, increasing.  Raises ValueError without edges or for a threshold that is no finite number.
    """
    places = np.asarray(edges, dtype=np.float64)
    if not places.size:
        raise ValueError("edges must not be empty.")
    if not math.isfinite(threshold):
        raise ValueError(f"threshold must be finite, got {threshold}.")
    below = math.nextafter(threshold, -math.inf)
    place = int(np.searchsorted(places, below))
    if place < places.size and places[place] == below:
        first = place + 1
        return Cut(asked=threshold, at=threshold, exact=True, first=first, widest=first, narrowest=first)
    beside = [at for at in (place - 1, place) if 0 <= at < places.size]
    nearest = min(beside, key=lambda at: abs(places[at] - below))
    return Cut(
        asked=threshold,
        at=math.nextafter(float(places[nearest]), math.inf),
        exact=False,
        first=nearest + 1,
        widest=place,
        narrowest=place + 1,
    )


def decide(output: Output, cut: Cut) -> Decided:
    """Decisions of the group whose scores `output` holds."""
    reads = (cut.first, cut.widest, cut.narrowest)
    table = [[output.counts[:, :at].sum(axis=1), output.counts[:, at:].sum(axis=1)] for at in reads]
    return Decided(table=np.array(table, dtype=np.int64), invalid=int(output.invalid.sum()))


def share(decided: Decided, rate: Rate) -> Share:
    """The counts behind a rate of one group."""
    counting, others = CELLS[rate]
    tables = decided.table.tolist()
    hits = sum(tables[0][decision][label] for decision, label in counting)
    misses = sum(tables[0][decision][label] for decision, label in others)
    # Cells may move against each other when the cut does (PPV's, accuracy's), so each end pairs the worst of each.
    fewest, most = _ends(tables[1:], counting)
    fewest_misses, most_misses = _ends(tables[1:], others)
    return Share(
        hits=hits,
        rows=hits + misses,
        least=fewest / (fewest + most_misses) if fewest else 0.0,
        most=most / (most + fewest_misses) if most else 0.0,
    )


def _ends(tables: list[list[list[int]]], cells: tuple[tuple[int, int], ...]) -> tuple[int, int]:
    """The fewest and most rows that these cells can hold together."""
    found = [[table[decision][label] for table in tables] for decision, label in cells]
    return sum(map(min, found)), sum(map(max, found))


def rate_of(decided: Decided, rate: Rate) -> Measured:
    """A rate of one group, in [0, 1], with its Wilson interval at the cut taken."""
    found = share(decided, rate)
    if not found.rows:
        waiting = decided.rows and not decided.labelled
        return not_told(0, _NO_ROWS["base_rate"] if waiting else _NO_ROWS[rate])
    low, high = wilson(found.hits, found.rows)
    binning = max(found.value - found.least, found.most - found.value)
    return Measured(value=found.value, low=low, high=high, n=found.rows, binning=binning)


def group_rates(group: str, decided: Decided, favourable: Favourable) -> GroupRates:
    """Every rate of one group."""
    return GroupRates(
        group=group,
        rows=decided.rows,
        labelled=decided.labelled,
        invalid=decided.invalid,
        selection_rate=rate_of(decided, "positive_rate" if favourable == "positive" else "negative_rate"),
        tpr=rate_of(decided, "tpr"),
        fpr=rate_of(decided, "fpr"),
        fnr=rate_of(decided, "fnr"),
        tnr=rate_of(decided, "tnr"),
        ppv=rate_of(decided, "ppv"),
        npv=rate_of(decided, "npv"),
        base_rate=rate_of(decided, "base_rate"),
    )
