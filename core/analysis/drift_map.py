"""Drift of one version's columns over windows, as it is drawn and told."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.analysis.drift import Bools
from core.profiles import Counts, Floats

PREDICTED = ("output", "prediction", "confusion")
PREDICTION = "prediction"


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftMap:
    """Columns of one version over windows, those that drifted last first, predictions before features.

    keys: (part, name).  starts: of the windows.  (columns, windows) effect (PSI0, nats; NaN where nothing is told),
    adjusted, psi, jensen_shannon, n, rows, unusable, alarm, drifted, broken.
    expected: alarms of whole windows that chance alone explains, at most.  alarming: windows in which anything alarms.
    smallest: shift that alarms in 80 % of windows of the usual size, standard deviations; None where not known.
    typical: rows of such a window.  why: '' or why the rate is not certified.
    """

    keys: tuple[tuple[str, str], ...]
    starts: tuple[int, ...]
    effect: Floats
    adjusted: Floats
    psi: Floats
    jensen_shannon: Floats
    n: Counts
    rows: Counts
    unusable: Counts
    alarm: Bools
    drifted: Bools
    broken: Bools
    expected: float
    alarming: int
    smallest: float | None
    typical: int
    why: str

    @property
    def names(self) -> tuple[str, ...]:
        """As people read them."""
        return tuple(name or PREDICTION for _, name in self.keys)

    @property
    def features(self) -> Bools:
        """(columns,) which are features."""
        return np.array([part not in PREDICTED for part, _ in self.keys], dtype=np.bool_)
