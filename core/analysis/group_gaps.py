"""One group's rate against that of a named group, or of all other groups together."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from operator import add

from core.analysis.group_rates import Decided, Rate, Share, share
from core.analysis.intervals import mover_ratio, newcombe
from core.analysis.measured import Measured, not_told

ALL_OTHERS = "all others"
_NOBODY = Share(hits=0, rows=0, least=0.0, most=0.0)
RATE_WORDS: dict[Rate, str] = {
    "positive_rate": "share decided positive",
    "negative_rate": "share decided negative",
    "tpr": "true positive rate",
    "fpr": "false positive rate",
    "fnr": "false negative rate",
    "tnr": "true negative rate",
    "ppv": "precision",
    "npv": "negative predictive value",
    "accuracy": "accuracy",
    "base_rate": "base rate",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A rate of one group against the same rate of another.

    against: the other group's name, or "all others".  hits, rows: behind the group's rate; other_hits, other_rows:
    behind the other's.  difference: group - other, in [-1, 1]; 0 means parity; Newcombe's interval.
    ratio: group / other, >= 0; 1 means parity; MOVER-R interval. Their n is rows + other_rows. A ratio to a rate of 0
    cannot be told, but its low end may be.
    """

    group: str
    against: str
    rate: Rate
    hits: int
    rows: int
    other_hits: int
    other_rows: int
    difference: Measured
    ratio: Measured


def gaps(groups: Mapping[str, Decided], rate: Rate, *, against: str | None = None) -> tuple[Gap, ...]:
    """Each group against the one named `against` (that one itself is left out), or, without it, against all others.

    groups: disjoint ones, such as those of one attribute. A named group that is none of them has no rows here, so
    that nothing can be told against it.
    """
    if against is not None:
        other = share(groups[against], rate) if against in groups else _NOBODY
        own = {name: share(decided, rate) for name, decided in groups.items() if name != against}
        return tuple(_gap(name, against, rate, found, other) for name, found in own.items())
    if len(groups) < 2:
        return ()
    whole = reduce(add, groups.values())
    found = []
    for name, decided in groups.items():
        rest = Decided(table=whole.table - decided.table, invalid=whole.invalid - decided.invalid)
        found.append(_gap(name, ALL_OTHERS, rate, share(decided, rate), share(rest, rate)))
    return tuple(found)


def _gap(group: str, against: str, rate: Rate, own: Share, other: Share) -> Gap:
    return Gap(
        group=group,
        against=against,
        rate=rate,
        hits=own.hits,
        rows=own.rows,
        other_hits=other.hits,
        other_rows=other.rows,
        difference=_difference(group, against, rate, own, other),
        ratio=_ratio(group, against, rate, own, other),
    )


def _difference(group: str, against: str, rate: Rate, own: Share, other: Share) -> Measured:
    n = own.rows + other.rows
    if not own.rows or not other.rows:
        return not_told(n, _no_rows(group, against, rate, own))
    low, high = newcombe(own.hits, own.rows, other.hits, other.rows)
    value = own.value - other.value
    binning = max(value - (own.least - other.most), own.most - other.least - value)
    return Measured(value=value, low=low, high=high, n=n, binning=binning)


def _ratio(group: str, against: str, rate: Rate, own: Share, other: Share) -> Measured:
    n = own.rows + other.rows
    if not own.rows or not other.rows:
        return not_told(n, _no_rows(group, against, rate, own))
    low, high = mover_ratio(own.hits, own.rows, other.hits, other.rows)
    if not other.hits:
        why = f"the {RATE_WORDS[rate]} of {against} is 0, so nothing can be divided by it"
        return Measured(value=None, low=low if own.hits else None, n=n, why=why)
    value = own.value / other.value
    most = own.most / other.least if other.least else math.inf
    return Measured(value=value, low=low, high=high, n=n, binning=max(value - own.least / other.most, most - value))


def _no_rows(group: str, against: str, rate: Rate, own: Share) -> str:
    return f"{against if own.rows else group} has no rows for the {RATE_WORDS[rate]}"
