"""The usual cut-offs: a column alarms when one measure passes a fixed limit, whatever the number of rows.

No rate of false alarms is stated by such a rule. What it would be without drift is computed where that can be done
from the number of rows alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
from scipy import special

from core.analysis import divergences
from core.analysis.alarm_columns import (
    Alarms,
    Column,
    Tested,
    effect,
    jensen_shannon,
    over_windows,
    psi,
    rows,
    tables,
    thin,
)
from core.analysis.drift import SPARSE
from core.profiles import Counts, Floats

Measure = Literal["psi", "jensen_shannon", "hellinger", "l_infinity", "ks", "ks_p", "chi_square_p"]
_WORDS: dict[Measure, str] = {
    "psi": "PSI above",
    "jensen_shannon": "Jensen-Shannon distance above",
    "hellinger": "Hellinger distance above",
    "l_infinity": "L-infinity distance above",
    "ks": "Kolmogorov-Smirnov distance above",
    "ks_p": "p of Kolmogorov-Smirnov below",
    "chi_square_p": "p of chi-square below",
}
_BOUNDS: dict[Measure, str] = {
    "psi": "at least about ",
    "jensen_shannon": "at least about ",
    "hellinger": "at least about ",
    "ks": "at most ",
    "ks_p": "at most ",
}
NO_RATE = "A fixed cut-off has no stated rate of false alarms."


def fixed(columns: Sequence[Column], *, measure: Measure, limit: float) -> Alarms:
    """Alarm where a measure lies above the limit (a p: below it). Not certified; `why` tells its rate without drift.

    Measured in the cells that are tested (about ten of an ordered column), as the usual cut-offs were made for those;
    Kolmogorov-Smirnov's in all bins, NaN for categories. p and adjusted hold the p where one is cut off, else NaN.
    Raises ValueError for a limit that is no finite number above 0.
    """
    if not (limit > 0 and math.isfinite(limit)):
        raise ValueError(f"limit must be a finite number above 0, got {limit}.")
    tested, n = tables(columns), rows(columns)
    found = over_windows(tested, _MEASURES[measure])
    is_p = measure.endswith("_p")
    p = found if is_p else np.full(found.shape, np.nan)
    return Alarms(
        n=n,
        p=p,
        adjusted=p,
        effect=over_windows(tested, effect),
        psi=over_windows(tested, psi),
        jensen_shannon=over_windows(tested, jensen_shannon),
        alarm=found < limit if is_p else found > limit,
        thin=thin(columns, n),
        certified=False,
        why=_why(tested, n, measure, limit),
    )


def rate_without_drift(tested: Sequence[Tested], n: int, *, measure: Measure, limit: float) -> float | None:
    """Share of windows of n rows in which any column passes the limit without drift, columns taken as independent.

    PSI and 8 times the squared Hellinger or Jensen-Shannon (nats) distance follow chi2(k - 1) / h, h = nN / (n + N),
    where differences are small. With few rows they pass a limit more often: 12 % where this says 9 (200 rows, ten
    cells). sqrt(h) times Kolmogorov-Smirnov's follows Kolmogorov's law, at most.
    None where that is not so: L-infinity, cells with fewer than five expected rows, no rows.
    Source: Yurdakul and Naranjo 2020, "Statistical properties of the population stability index".
    """
    spared = 1.0
    for one in tested:
        if measure.startswith("ks") and not one.ordered:
            continue
        if not one.total or not n:
            return None
        h = one.total / (one.total + n) * n
        freedom = int(np.count_nonzero(one.cells_x)) - 1
        if measure == "ks":
            spared *= 1 - float(special.kolmogorov(math.sqrt(h) * limit))
        elif measure == "ks_p":
            spared *= 1 - min(1.0, limit)
        elif measure == "l_infinity" or _rarest(one) * min(n / one.total, 1) < SPARSE:
            return None
        elif measure == "chi_square_p":
            spared *= 1 - min(1.0, limit) if freedom else 1.0
        elif freedom:
            as_psi = {"psi": limit, "hellinger": 8 * limit**2}.get(measure, 8 * math.log(2) * limit**2)
            spared *= 1 - float(special.chdtrc(freedom, h * as_psi))
    return 1 - spared


def _why(tested: Sequence[Tested], n: Counts, measure: Measure, limit: float) -> str:
    usual = int(np.median(n[n > 0])) if n.any() else 0
    rate = rate_without_drift(tested, usual, measure=measure, limit=limit) if usual else None
    if rate is None:
        return NO_RATE
    bound = _BOUNDS.get(measure, "about ")
    share = f"{bound}{100 * rate:.{0 if rate >= 0.1 else 1}f} %" if rate >= 0.001 else "fewer than 0.1 %"
    columns = f"any of {len(tested)} columns" if len(tested) > 1 else "the column"
    return (
        f"{NO_RATE} With {usual:,} rows a window and no drift, {_WORDS[measure]} {limit:g} is found in {columns} "
        f"in {share} of windows, if columns and rows are independent."
    )


def _rarest(one: Tested) -> int:
    """Rows of the reference in the rarest cell that holds any."""
    return int(one.cells_x[one.cells_x > 0].min())


def _p_of_ks(one: Tested) -> Floats:
    h = one.total / (one.total + one.n) * one.n
    return np.asarray(special.kolmogorov(np.sqrt(h) * _ks(one)))


def _ks(one: Tested) -> Floats:
    return divergences.kolmogorov_smirnov(one.x, one.y) if one.ordered else np.full(len(one.y), np.nan)


def _p_of_chi_square(one: Tested) -> Floats:
    """NaN where all rows lie in one cell, as in `distances.chi_square`."""
    return np.asarray(np.where(one.bins > 1, special.chdtrc(np.maximum(one.bins - 1, 1), one.x2), np.nan))


_MEASURES: dict[Measure, Callable[[Tested], Floats]] = {
    "psi": psi,
    "jensen_shannon": jensen_shannon,
    "hellinger": lambda one: divergences.hellinger(one.cells_x, one.cells_y),
    "l_infinity": lambda one: divergences.l_infinity(one.cells_x, one.cells_y),
    "ks": _ks,
    "ks_p": _p_of_ks,
    "chi_square_p": _p_of_chi_square,
}
