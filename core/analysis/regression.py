"""How far a regression's predictions lie from the labels, from moments of its errors. All values are exact.

The mean absolute percentage error is not told: profiles do not keep relative errors.
Sources: Student 1908; Bonett 2006, "Approximate confidence interval for standard
deviation of nonnormal distributions" (log scale, small-sample factor).
"""

from __future__ import annotations

import math

from scipy import special

from core.analysis.intervals import mean
from core.analysis.measured import Measured, not_told
from core.profiles import Errors, Moments

FEW = 30
"""Rows below which the interval of a mean of skewed numbers is not told."""
Z = float(special.ndtri(0.975))
NO_ROWS = "Not enough data: no row has both a prediction and a label."


def mae(errors: Errors) -> Measured:
    """Mean absolute error, in the label's unit, >= 0. Interval: Student's t."""
    return _mean(errors.absolute, least=0.0)


def bias(errors: Errors) -> Measured:
    """Mean of prediction minus label, in the label's unit; above 0 when predictions are too high. Interval: t."""
    return _mean(errors.error, least=-math.inf)


def rmse(errors: Errors) -> Measured:
    """Root of the mean squared error, in the label's unit, >= 0.

    Interval: of the mean square on the log scale, where its skew does less harm, the upper end raised by Bonett's
    n / (n - 1.96). Long-tailed errors in few rows still escape it (Laplace, 100 rows: 92 %; normal: 94.7 %).
    """
    n = errors.squared.count
    if not n:
        return not_told(0, NO_ROWS)
    value = math.sqrt(errors.squared.mean)
    if n < FEW:
        return Measured(value=value, n=n)
    reach, more = _log_reach(errors.squared) / 2, n / (n - Z)
    high = value * math.sqrt(more) * math.exp(more * reach)
    return Measured(value=value, low=value * math.exp(-reach), high=high, n=n)


def r2(errors: Errors) -> Measured:
    """Share of the labels' variance that the predictions explain: 1 - sum of squared errors / sum of squared distances
    of the labels from their mean. At most 1; 0 for predicting the mean, below 0 for worse.

    Interval: wide on purpose. How squared errors and labels vary together, and the labels' fourth moment, are not kept;
    the largest that range and variance of the labels allow is taken, and the two uncertainties are added up.
    """
    n, label = errors.label.count, errors.label
    if not n:
        return not_told(0, NO_ROWS)
    if not label.m2 > 0:
        return not_told(n, "All labels are equal: there is no variance to explain.")
    unexplained = errors.squared.total / label.m2
    if n < FEW:
        return Measured(value=1 - unexplained, n=n)
    furthest = max(label.high - label.mean, label.mean - label.low) ** 2
    spread = label.m2 / n
    reach = _log_reach(errors.squared) + Z * math.sqrt(max(furthest / spread - 1, 0.0) / n)
    factor = math.exp(min(reach, 700.0))
    return Measured(value=1 - unexplained, low=1 - unexplained * factor, high=1 - unexplained / factor, n=n)


def _mean(moments: Moments, *, least: float) -> Measured:
    if not moments.count:
        return not_told(0, NO_ROWS)
    if moments.count < FEW:
        return Measured(value=moments.mean, n=moments.count)
    low, high = mean(moments)
    return Measured(value=moments.mean, low=max(low, least), high=high, n=moments.count)


def _log_reach(squared: Moments) -> float:
    """Half the interval of the logarithm of a mean of squares; 0 when all are 0."""
    if not squared.mean > 0:
        return 0.0
    return Z * math.sqrt(squared.variance / squared.count) / squared.mean
