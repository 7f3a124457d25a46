"""Which columns of one model alarm in which windows: all at once, at a stated rate of false alarms.

Undated reference: two-sample tests (`drift`), Benjamini-Hochberg over the columns of one window, and an effect floor.
With no drift at most alpha of windows alarm, provided rows are independent. Dated reference of at least 1 / alpha - 1
days: by how days differ (`dated`), provided days are exchangeable. With fewer days the two-sample rule is used, and
its rate is not certified. `fixed` has the usual cut-offs, whose rate nobody states.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

import numpy as np
from scipy import special

from core.analysis.alarm_columns import (
    Alarms,
    Column,
    Rule,
    Tested,
    effect,
    jensen_shannon,
    over_windows,
    psi,
    rows,
    tables,
    thin,
)
from core.analysis.dated import dated_reference, too_few_days
from core.analysis.distances import mean_rank
from core.analysis.drift import (
    DOUBTFUL,
    DRAWS,
    Bools,
    benjamini_hochberg,
    by_draws,
    category_draws,
    sparse,
    together,
)
from core.analysis.fixed_alarms import Measure, fixed
from core.profiles import Counts, Floats

FINENESS = 20
"""A p by draws is as fine as a twentieth of the smallest that must be told: alpha shared by all columns."""

__all__ = ["Alarms", "Column", "Measure", "Rule", "drifted", "expected_false_alarms", "fixed", "judge"]


def judge(columns: Sequence[Column], rule: Rule) -> Alarms:
    """Every column in every window. Raises ValueError when columns differ in windows or days.

    The same counts give the same answer. Cells with few expected rows and p < .01 are tested by random draws, which
    takes up to a third of a second each.
    """
    tested, n, days = tables(columns), rows(columns), _days(columns)
    count = None if days is None else days[0].shape[0]
    by_days = days is not None and count is not None and count >= round(1 / rule.alpha - 1, 9)
    if days is not None and by_days:
        p, size, below = _by_days(columns, days, rule.alpha)
        adjusted, discovered = p, p < below
    else:
        most = min(DRAWS, math.ceil(FINENESS * len(columns) / rule.alpha))
        p, size = over_windows(tested, partial(_two_sample, most=most)), over_windows(tested, effect)
        adjusted = benjamini_hochberg(p) if columns else p
        discovered = adjusted <= rule.alpha
    return Alarms(
        n=n,
        p=p,
        adjusted=adjusted,
        effect=size,
        psi=over_windows(tested, psi),
        jensen_shannon=over_windows(tested, jensen_shannon),
        alarm=discovered & (size >= rule.floor),
        thin=thin(columns, n),
        certified=by_days or count is None,
        why="" if by_days or count is None else too_few_days(count, rule.alpha),
    )


def drifted(alarm: Bools, effect: Floats, rule: Rule) -> Bools:
    """(windows, columns) whether a column has drifted by then: `need` alarms in the last `of` windows, or one so large.

    alarm, effect: as in `Alarms`, windows in order of time. A window in which a column has no effect (no rows) does
    not count, and leaves the answer as it was.
    """
    found = np.zeros(alarm.shape, dtype=np.bool_)
    for column in range(alarm.shape[1]):
        told = np.flatnonzero(np.isfinite(effect[:, column]))
        if not told.size:
            continue
        mine = alarm[told, column]
        so_far = np.concatenate([np.zeros(rule.of, dtype=np.int64), np.cumsum(mine)])
        state = (so_far[rule.of :] - so_far[: -rule.of] >= rule.need) | (mine & (effect[told, column] >= rule.at_once))
        last = np.searchsorted(told, np.arange(alarm.shape[0]), side="right") - 1
        found[:, column] = np.where(last >= 0, state[last], False)
    return found


def expected_false_alarms(*, windows: int, models: int, alpha: float) -> float:
    """How many model windows alarm on average without any drift, at most."""
    return windows * models * alpha


def _two_sample(one: Tested, *, most: int) -> Floats:
    """(held,) p of `drift.drift`. most: draws of one p."""
    z = mean_rank(one.x, one.y) if one.ordered else None
    p = together(np.where(one.bins > 1, special.chdtrc(np.maximum(one.bins - 1, 1), one.x2), 1.0), z)
    draws = most if one.ordered else min(most, category_draws(one.x.size))
    for at in np.flatnonzero(sparse(one.cells_x, one.cells_y) & (p < DOUBTFUL)):
        rank = None if z is None else float(z[at])
        p[at] = by_draws(one.x, one.y[at], one.starts, float(one.x2[at]), rank, draws=draws)
    return p


def _by_days(columns: Sequence[Column], days: Sequence[Counts], alpha: float) -> tuple[Floats, Floats, float]:
    """p, PSI0, and what p must lie below."""
    fitted = dated_reference(days, ordered=[column.ordered for column in columns])
    pairs = [fit.tests(np.asarray(column.windows)) for fit, column in zip(fitted.features, columns, strict=True)]
    p, size = (np.stack([pair[side] for pair in pairs], axis=1) for side in (0, 1))
    limit = fitted.limit(alpha)
    return p, size, -math.inf if limit is None else limit


def _days(columns: Sequence[Column]) -> list[Counts] | None:
    """(days, bins) of each column, days that hold rows in any; None when the reference is undated."""
    given = [np.asarray(column.days) for column in columns if column.days is not None]
    if not given:
        return None
    if len(given) < len(columns) or len({len(days) for days in given}) > 1:
        raise ValueError("days must be given for all columns or for none, the same days in all.")
    held = np.any([days.any(axis=1) for days in given], axis=0)
    return [days[held] for days in given]
