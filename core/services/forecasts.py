"""When a judged number will cross its limit, if its weekly trend goes on."""

from __future__ import annotations

from collections.abc import Sequence

from core.analysis.forecast import Beyond, forecast
from core.analysis.measured import Measured
from core.governance.attention import DAY_MS
from core.governance.policy import Policy
from core.services import judge_performance, judge_service
from core.services.judge_performance import LOWER_IS_BETTER, title
from core.services.judgement import Detail, Judgement, day, detail
from core.services.profile_book import Book

Week = tuple[int, int, float]
SERVED = {"latency_p95": "p95 latency", "error_rate": "Error rate"}


def forecasts(kept: Book, version: str, found: Judgement, policy: Policy, as_of_ms: int) -> list[Detail]:
    """A detail "forecast" for each number of a verdict that has a limit and whose weeks move towards it.

    value, low, high: days from the end of the last full week; at_ms, low_ms, high_ms: the same as dates; group: which
    number it is of; why: the sentence.
    """
    told = []
    for one in found.details:
        metric, limit = str(one["metric"]), one["limit"]
        if limit is None:
            continue
        if found.category == "performance":
            weeks = judge_performance.weekly(kept, version, metric, as_of_ms=as_of_ms)
            beyond: Beyond = "above" if metric in LOWER_IS_BETTER else "below"
            told += _told(kept, metric, title(metric), weeks, float(limit), beyond, policy)
        elif found.category == "infrastructure" and metric in SERVED:
            weeks = judge_service.weekly(kept, version, metric)
            told += _told(kept, metric, SERVED[metric], weeks, float(limit), "above", policy)
    return told


def _told(
    kept: Book, metric: str, name: str, weeks: Sequence[Week], limit: float, beyond: Beyond, policy: Policy
) -> list[Detail]:
    middles = [(start + end) / 2 / DAY_MS for start, end, _ in weeks]
    found = forecast(
        middles, [value for _, _, value in weeks], limit=limit, beyond=beyond, horizon=policy.forecast_days
    )
    crosses = found.crosses
    if crosses.value is None or crosses.low is None or crosses.high is None:
        return []
    middle, end = middles[-1], weeks[-1][1]
    dates = [int((middle + days) * DAY_MS) for days in (crosses.value, crosses.low, crosses.high)]
    shift = end / DAY_MS - middle
    number = Measured(value=crosses.value - shift, low=crosses.low - shift, high=crosses.high - shift, n=crosses.n)
    sentence = (
        f"{name} is on its way to the limit of {limit:.4g}: at its pace of {len(weeks)} weeks it crosses it about "
        f"{day(kept, dates[0])} (between {day(kept, dates[1])} and {day(kept, dates[2])})."
    )
    return [
        detail("forecast", number, "", group=metric, limit=limit, why=sentence, at_ms=dates[0], low_ms=dates[1],
               high_ms=dates[2])
    ]  # fmt: skip
