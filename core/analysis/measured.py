"""What every statistic answers with."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One number, and how far it can be trusted.

    value: None where it cannot be told; `why` then says so in words a user understands.
    low, high: ends of the 95 % confidence interval; None where none is known.
    n: rows (or windows, where said) the number rests on.
    binning: the exact value lies within value +- binning; 0.0 where it is exact.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    n: int
    binning: float = 0.0
    why: str = ""


def not_told(n: int, why: str) -> Measured:
    """A number that cannot be told, with the reason."""
    return Measured(value=None, n=n, why=why)
