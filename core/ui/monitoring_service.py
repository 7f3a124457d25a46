"""The section Infrastructure: latency, errors, throughput and resources over time, against the policy's limits."""

from dataclasses import replace

import streamlit as st

from core.charts.over_time import Level
from core.services import monitoring_series, policy_files
from core.services.house import House
from core.services.monitoring_series import Point, Series
from core.ui.chart_frame import Explained
from core.ui.monitoring_chosen import Chosen
from core.ui.monitoring_lines import MILLISECONDS, PLAIN, SHARE, Form, draw_lines, last_of, nothing, of_version, why_not
from core.ui.plain import plain

LATENCIES = {"latency_p50": "p50", "latency_p95": "p95", "latency_p99": "p99"}
RATES = (("second", 1.0), ("minute", 60.0), ("hour", 3_600.0), ("day", 86_400.0))
SPREAD = 20.0
"""A largest latency that many times the usual one is drawn on a logarithmic axis."""
LATENCY = Explained(
    what="How long requests took: half of them less than p50, 95 % less than p95, 99 % less than p99.",
    here="The policy's limit is for p95. The last windows are judged together, the last one also alone.",
    act="If p99 alone rises, look for single slow requests; if all rise, for load or a slower machine.",
)
ERRORS = Explained(
    what="The share of requests whose status means that they were not served.",
    here="The band is Wilson's 95 % interval: with few requests a single error weighs much.",
    act="Compare the first bad window with releases of the service.",
)
THROUGHPUT = Explained(
    what="How many requests the model answered, on average over each window.",
    here="A fall may mean that callers stopped asking, or that rows of the log are missing.",
    act="Compare with what callers sent.",
)
RESOURCES = Explained(
    what="The mean of each resource that the log states, by window, in its own unit.",
    here="Resources are shown, the policy sets no limit for them.",
    act="A steady rise asks for more capacity before latency follows.",
)


def draw(house: House, chosen: Chosen) -> None:
    """Latency and errors side by side, then throughput and resources."""
    rule = chosen.monitor
    if not (rule.latency or rule.status or rule.resources):
        nothing(
            "How this model is served is not known: the monitor file names neither latency nor status. Add `latency` "
            "or `status` to it if the log has such columns."
        )
        return
    found = monitoring_series.served(
        house, chosen.model, chosen.version, from_ms=chosen.from_ms, to_ms=chosen.to_ms
    )  # fmt: skip
    if not found:
        nothing("The windows shown hold no requests of this version. Choose more windows, or **Read new rows**.")
        return
    judged = of_version(house, chosen, "infrastructure")
    if judged is not None:
        for one in (one for one in judged.details if one["metric"] == "forecast"):
            st.markdown(f":material/trending_up: {plain(str(one['why']), 400)}")
    left, right = st.columns(2, gap="small")
    with left:
        _latency(house, chosen, [one for one in found if one.metric in LATENCIES])
    with right:
        _errors(house, chosen, [one for one in found if one.metric == "error_rate"])
    left, right = st.columns(2, gap="small")
    with left:
        _throughput(chosen, [one for one in found if one.metric == "throughput"])
    with right:
        _resources(chosen, [one for one in found if one.metric == "mean"])


def _latency(house: House, chosen: Chosen, found: list[Series]) -> None:
    if chosen.monitor.latency is None or not _told(found):
        nothing("Latency is not shown: " + _why(chosen.monitor.latency, "latency", found))
        return
    limit = policy_files.policy(house).infrastructure.latency_p95_ms
    p95 = next((one for one in found if one.metric == "latency_p95"), found[0])
    last = last_of(p95, MILLISECONDS, chosen)
    sentence = f"p95 was {last}; the policy allows {MILLISECONDS.say(limit)}." if last else why_not(found)
    values = sorted(point.measured.value for one in found for point in one.points if point.measured.value)
    log = bool(values) and values[0] > 0 and values[-1] > SPREAD * values[len(values) // 2]
    draw_lines(
        chosen, "Latency", found, names=[LATENCIES[one.metric] for one in found], key="latency", sentence=sentence,
        explained=LATENCY, levels=[Level(name="Limit for p95", value=limit)], form=MILLISECONDS, zero=True, log=log,
        more="logarithmic axis" if log else "",
    )  # fmt: skip


def _errors(house: House, chosen: Chosen, found: list[Series]) -> None:
    if chosen.monitor.status is None or not _told(found):
        nothing("The error rate is not shown: " + _why(chosen.monitor.status, "status", found))
        return
    limit = policy_files.policy(house).infrastructure.error_rate
    last = last_of(found[0], SHARE, chosen)
    sentence = f"The error rate was {last}; the policy allows {SHARE.say(limit)}." if last else why_not(found)
    draw_lines(
        chosen, "Error rate", found, names=["Error rate"], key="errors", sentence=sentence, explained=ERRORS,
        levels=[Level(name="Limit", value=limit)], form=SHARE, zero=True,
    )  # fmt: skip


def _throughput(chosen: Chosen, found: list[Series]) -> None:
    if not _told(found):
        nothing("Throughput is not shown: no window shown holds requests. Choose more windows.")
        return
    largest = max(point.measured.value or 0.0 for point in found[0].points)
    unit, seconds = next((rate for rate in RATES if largest * rate[1] >= 1), RATES[-1])
    form = Form(d3=",.3~r", say=lambda value: f"{value:,.3g} requests per {unit}")
    scaled = _times(found[0], seconds)
    draw_lines(
        chosen, f"Requests per {unit}", [scaled], names=[f"Requests per {unit}"], key="throughput",
        sentence=f"The model answered {last_of(scaled, form, chosen)}.", explained=THROUGHPUT, form=form, zero=True,
    )  # fmt: skip


def _times(one: Series, factor: float) -> Series:
    """The same in another unit."""

    def scaled(end: float | None) -> float | None:
        return None if end is None else end * factor

    def point(each: Point) -> Point:
        found = each.measured
        return replace(
            each,
            measured=replace(found, value=scaled(found.value), low=scaled(found.low), high=scaled(found.high)),
        )

    return replace(one, points=tuple(point(each) for each in one.points))


def _resources(chosen: Chosen, found: list[Series]) -> None:
    if not chosen.monitor.resources:
        return
    if not _told(found):
        nothing("Resources are not shown: " + _why(chosen.monitor.resources, "resources", found))
        return
    said = [f"{one.name} was {last}" for one in found[:2] if (last := last_of(one, PLAIN, chosen))]
    draw_lines(
        chosen, "Resources", found, names=[one.name for one in found], key="resources",
        sentence="; ".join(said) + ".", explained=RESOURCES, zero=True,
    )  # fmt: skip


def _told(found: list[Series]) -> bool:
    return any(point.measured.value is not None for one in found for point in one.points)


def _why(named: object, key: str, found: list[Series]) -> str:
    if not named:
        return f"the monitor file names no column for it. Add `{key}` if the log has one."
    return plain(why_not(found)) + " Choose more windows."
