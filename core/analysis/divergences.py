"""The formulas behind `distances`, for many windows at once: plain arrays in, plain arrays out.

x, y: counts of reference and window, broadcast against each other over (..., bins); both sides need rows.
What each number means, its range and its source stand in `distances`.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from core.profiles import Counts, Floats

HALF_A_ROW = 0.5
"""What a bin that one side has never seen counts for there, in PSI."""


def psi(x: Counts, y: Counts) -> Floats:
    """(...) population stability index, nats."""
    total, n = x.sum(-1, keepdims=True), y.sum(-1, keepdims=True)
    p, q = np.where(x > 0, x, HALF_A_ROW) / total, np.where(y > 0, y, HALF_A_ROW) / n
    return np.asarray(np.sum(np.where(x + y > 0, (q - p) * np.log(q / p), 0.0), axis=-1))


def jensen_shannon(x: Counts, y: Counts) -> Floats:
    """(...) root of the divergence in bits."""
    p, q = _shares(x), _shares(y)
    middle = p + q
    lean = np.divide(q - p, middle, out=np.zeros_like(middle), where=middle > 0)
    bits = np.sum(middle * (special.xlog1py(1 + lean, lean) + special.xlog1py(1 - lean, -lean)), axis=-1)
    return np.asarray(np.minimum(1.0, np.sqrt(np.maximum(0.0, bits / (4 * math.log(2))))))


def hellinger(x: Counts, y: Counts) -> Floats:
    """(...) 0..1."""
    apart = np.linalg.norm(np.sqrt(_shares(x)) - np.sqrt(_shares(y)), axis=-1)
    return np.asarray(np.minimum(1.0, apart / math.sqrt(2)))


def l_infinity(x: Counts, y: Counts) -> Floats:
    """(...) 0..1."""
    return np.asarray(np.max(np.abs(_shares(x) - _shares(y)), axis=-1))


def kolmogorov_smirnov(x: Counts, y: Counts) -> Floats:
    """(...) largest distance of the distribution functions at the edges; bins in order. 0..1."""
    gap = np.cumsum(x, axis=-1) / x.sum(-1, keepdims=True) - np.cumsum(y, axis=-1) / y.sum(-1, keepdims=True)
    return np.asarray(np.max(np.abs(gap), axis=-1))


def psi0(x2: ArrayLike, bins: ArrayLike, total: ArrayLike, n: ArrayLike) -> Floats:
    """(...) corrected PSI of Pearson's x2 on `bins` bins that hold rows, of total and n rows; 0 below two bins."""
    k, all_n, all_total = np.asarray(bins), np.asarray(n), np.asarray(total)
    value = (np.asarray(x2) - (k - 1)) / (all_total / (all_total + all_n) * all_n)
    return np.asarray(np.where(k < 2, 0.0, value))


def _shares(counts: Counts) -> Floats:
    return np.asarray(counts / counts.sum(-1, keepdims=True))
