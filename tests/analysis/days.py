"""Windows and references drawn as counts, never as rows: for the rates that alarms promise."""

import numpy as np
from scipy import special

from core.analysis.alarms import Column, Rule

RULE = Rule(alpha=0.01, floor=0.01, at_once=0.25, need=2, of=3)
WITHOUT_FLOOR = Rule(alpha=0.01, floor=-np.inf, at_once=0.25, need=2, of=3)
FEATURES, TOTAL, FINE = 30, 50_000, 50


def model_days(rng, days, n, *, shift=0.0, scale=1.0, total=TOTAL, features=FEATURES):
    """Columns of `days` windows of n rows, each against a reference drawn for it alone; the first feature moves.

    A feature's edges are quantiles of its own reference, so that its counts are even and the window falls into bins
    whose true shares are Dirichlet: exactly a reference redrawn each time, though all have the same counts.
    """
    columns = []
    for feature in range(features):
        true = rng.dirichlet(np.full(FINE, total // FINE), size=days)
        if feature == 0 and (shift or scale != 1):
            cuts = special.ndtri(np.minimum(np.cumsum(true[:, :-1], axis=1), 1.0))
            ends = np.full((days, 1), np.inf)
            true = np.diff(special.ndtr((np.hstack([-ends, cuts, ends]) - shift) / scale), axis=1)
        reference = np.full(FINE, total // FINE)
        columns.append(Column(ordered=True, reference=reference, windows=rng.multinomial(n, true)))
    return columns


def day_counts(rng, features, days, n, *, shift=0.0, first=0):
    """(features, days, bins): each feature wanders by .05 SD, autocorrelated, about a weekday cycle of .15 SD."""
    wander = np.empty((features, days))
    wander[:, 0] = rng.normal(size=features)
    for day in range(1, days):
        wander[:, day] = 0.5 * wander[:, day - 1] + 0.75**0.5 * rng.normal(size=features)
    phase = np.arange(features)[:, None] * 0.8
    mean = 0.05 * wander + 0.15 * np.sin(2 * np.pi * (first + np.arange(days)) / 7 + phase) + shift
    cuts = special.ndtri(np.arange(FINE + 1) / FINE)
    return rng.multinomial(n, np.diff(special.ndtr(cuts - mean[..., None]), axis=-1))
