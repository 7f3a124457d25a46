"""How requests were served: latency quantiles, errors, throughput, availability."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from core.analysis.intervals import wilson
from core.analysis.measured import Measured, not_told
from core.profiles import Counts, Floats, Service


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Quantiles of latency, ms. n is the requests with a latency."""

    p50: Measured
    p95: Measured
    p99: Measured


@dataclass(frozen=True, slots=True, kw_only=True)
class Availability:
    """Requests served without an error, against an objective.

    objective: share of requests to be served, in (0, 1).  served: share that was, in [0, 1], Wilson's interval.
    allowed: errors that the objective allows these requests.  left: share of that budget not used; below 0 when
    overspent, 1 when nothing failed.
    """

    objective: float
    served: Measured
    allowed: float
    left: Measured


def latency(service: Service, edges: ArrayLike) -> Latency:
    """p50, p95 and p99 of one window. edges: (E,) of the latency bins, ms."""
    return Latency(
        p50=quantile(service, edges, 0.50), p95=quantile(service, edges, 0.95), p99=quantile(service, edges, 0.99)
    )


def quantile(service: Service, edges: ArrayLike, share: float) -> Measured:
    """The latency, ms, that `share` of the requests do not exceed; between two requests, in proportion (as numpy does).

    Inside a bin requests are taken as evenly spread. The exact quantile lies within value +- binning, from the ends of
    its bins and the smallest and largest latency. The interval is that of order statistics (binomial ranks), moved
    outwards to the ends of their bins; an end that the n is too small for is None (both exist for the median from 6,
    for the p95 from 72, for the p99 from 368).
    share: in (0, 1).  Raises ValueError outside.
    Source: David and Nagaraja 2003, "Order Statistics", sec. 7.1.
    """
    if not 0 < share < 1:
        raise ValueError(f"share must lie between 0 and 1, got {share}.")
    n = int(service.counts.sum())
    if not n:
        return not_told(0, "no request states a latency")
    places = _Places.of(service, edges)
    position = (n - 1) * share
    below, above = math.floor(position), math.ceil(position)
    value = places.at(below) + (position - below) * (places.at(above) - places.at(below))
    least, most = places.ends(below)[0], places.ends(above)[1]
    first = int(stats.binom.ppf(0.025, n, share))
    last = int(stats.binom.ppf(0.975, n, share)) + 1
    return Measured(
        value=value,
        low=places.ends(first - 1)[0] if first >= 1 else None,
        high=places.ends(last - 1)[1] if last <= n else None,
        n=n,
        binning=max(value - least, most - value),
    )


def error_rate(service: Service) -> Measured:
    """Share of requests that ended in an error, in [0, 1], of those whose status is known; Wilson's interval."""
    told = service.requests - service.untold
    if not told:
        return not_told(0, _no_status(service))
    low, high = wilson(service.errors, told)
    return Measured(value=service.errors / told, low=low, high=high, n=told)


def throughput(service: Service, seconds: float) -> Measured:
    """Requests per second of a window that lasts `seconds`. A full count, so it has no interval.

    Raises ValueError unless seconds > 0.
    """
    if not seconds > 0:
        raise ValueError(f"seconds must be > 0, got {seconds}.")
    return Measured(value=service.requests / seconds, n=service.requests)


def availability(service: Service, objective: float) -> Availability:
    """Share of requests served, and what is left of the error budget. Raises ValueError unless 0 < objective < 1."""
    if not 0 < objective < 1:
        raise ValueError(f"objective must lie between 0 and 1, got {objective}.")
    failed = error_rate(service)
    if failed.value is None:
        nothing = not_told(0, failed.why)
        return Availability(objective=objective, served=nothing, allowed=0.0, left=nothing)
    low, high = wilson(failed.n - service.errors, failed.n)
    budget = 1 - objective
    return Availability(
        objective=objective,
        served=Measured(value=1 - failed.value, low=low, high=high, n=failed.n),
        allowed=budget * failed.n,
        left=Measured(
            value=1 - failed.value / budget, low=1 - (1 - low) / budget, high=1 - (1 - high) / budget, n=failed.n
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Places:
    """Where the latency of a rank lies. Ranks count from 0.

    lows, highs: (bins,) ends of the bins, ms, narrowed by the smallest and largest latency.  upto: (bins,) requests
    up to the bin's end.
    """

    lows: Floats
    highs: Floats
    counts: Counts
    upto: Counts

    @classmethod
    def of(cls, service: Service, edges: ArrayLike) -> _Places:
        """Of one window's profile."""
        low, high = service.latency.low, service.latency.high
        inner = np.clip(np.asarray(edges, dtype=np.float64), low, high)
        return cls(
            lows=np.concatenate(([low], inner)),
            highs=np.concatenate((inner, [high])),
            counts=service.counts,
            upto=np.cumsum(service.counts),
        )

    def ends(self, rank: int) -> tuple[float, float]:
        """Ends of what the rank's latency may be; the first and the last rank's are known."""
        if rank == 0:
            return float(self.lows[0]), float(self.lows[0])
        if rank == self.upto[-1] - 1:
            return float(self.highs[-1]), float(self.highs[-1])
        place = self._bin(rank)
        return float(self.lows[place]), float(self.highs[place])

    def at(self, rank: int) -> float:
        """The rank's latency, its bin's requests taken as evenly spread."""
        low, high = self.ends(rank)
        place = self._bin(rank)
        inside = rank - int(self.upto[place] - self.counts[place])
        return low + (high - low) * (inside + 0.5) / int(self.counts[place])

    def _bin(self, rank: int) -> int:
        return int(np.searchsorted(self.upto, rank, side="right"))


def _no_status(service: Service) -> str:
    return "no request states a status" if service.requests else "no requests"
