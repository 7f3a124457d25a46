"""How much of the truth is in: labels arrive late, and a window is judged by them only once they are complete."""

from __future__ import annotations

from core.analysis.intervals import wilson
from core.analysis.measured import Measured, not_told
from core.profiles import Errors, Output

DAY_MS = 86_400_000


def coverage(labelled: int, rows: int) -> Measured:
    """Share of rows whose label is known, in [0, 1]. Interval: Wilson's. Raises ValueError outside 0..rows."""
    if not 0 <= labelled <= rows:
        raise ValueError(f"labelled must lie between 0 and rows, got {labelled} of {rows}.")
    if not rows:
        return not_told(0, "Not enough data: there are no rows.")
    low, high = wilson(labelled, rows)
    return Measured(value=labelled / rows, low=low, high=high, n=rows)


def output_coverage(output: Output) -> Measured:
    """Share of all rows, scored or not, whose label is known."""
    negative, positive, unknown = (int(rows) for rows in output.counts.sum(axis=1) + output.invalid)
    return coverage(negative + positive, negative + positive + unknown)


def errors_coverage(errors: Errors) -> Measured:
    """Share of a regression's predicted rows whose label is known."""
    return coverage(errors.error.count, errors.error.count + errors.unlabelled)


def complete_at(*, end_ms: int, horizon_days: int) -> int:
    """When the labels of a window are taken for complete, ms since 1970 UTC. A day is 24 hours.

    end_ms: end of the window, likewise.  Raises ValueError if horizon_days is negative.
    """
    if horizon_days < 0:
        raise ValueError(f"horizon_days must be >= 0, got {horizon_days}.")
    return end_ms + horizon_days * DAY_MS


def is_mature(*, end_ms: int, horizon_days: int, as_of_ms: int) -> bool:
    """Whether the labels of a window are taken for complete at that time; until then they are maturing."""
    return as_of_ms >= complete_at(end_ms=end_ms, horizon_days=horizon_days)
