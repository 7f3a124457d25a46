"""The section Performance: one metric over time against the policy's limit, realised beside estimated (?metric=)."""

import streamlit as st

from core.analysis.estimation import ASSUMPTIONS
from core.charts.over_time import Level
from core.facts.judged import Health
from core.governance.attention import plural
from core.services import monitoring_series, policy_files
from core.services.house import House
from core.services.judge_performance import AUTO, DECIDED, LOWER_IS_BETTER, title
from core.services.monitoring_series import Series
from core.ui import url, verdicts
from core.ui.chart_frame import Explained
from core.ui.monitoring_chosen import Chosen
from core.ui.monitoring_lines import (
    PLAIN,
    SHARE,
    Form,
    draw_lines,
    last_of,
    nothing,
    of_version,
    reference_level,
    waiting,
    why_not,
)
from core.ui.plain import plain

OF_TASK = {
    "binary": (
        "roc_auc", "pr_auc", "accuracy", "precision", "recall", "f1", "specificity", "brier", "log_loss",
        "calibration_gap",
    ),
    "multiclass": ("accuracy", "macro_precision", "macro_recall", "macro_f1"),
    "regression": ("mae", "rmse", "bias", "r2"),
}  # fmt: skip
ESTIMATED = frozenset({"roc_auc", "pr_auc", "accuracy", "precision", "recall", "f1", "specificity"})
TITLES = {"calibration_gap": "Calibration gap", "bias": "Mean error"}
COVERAGE = Explained(
    what="The share of rows whose label is known by now, in each window.",
    here="Where it is low, the numbers above rest on few rows, which may not be like the others.",
    act="If it falls, ask whether labels still arrive; they are added when the log is read again.",
)


def draw(house: House, chosen: Chosen) -> None:
    """The metric chosen, its verdict and forecast, and how many labels there are."""
    metrics = OF_TASK.get(chosen.monitor.task, ())
    if chosen.monitor.label is None:
        nothing(
            "Performance cannot be told: the monitor file names no label. Add `label` to it once the truth is known "
            "for some rows; drift of predictions needs none."
        )
        return
    if not metrics:
        nothing("The task of this model has no metric of its own. Its measurements stand under Business.")
        return
    judged = of_version(house, chosen, "performance")
    rule = policy_files.policy(house).performance
    leading = str(judged.details[0]["metric"]) if judged and judged.details else ""
    leading = leading or (AUTO[chosen.monitor.task] if rule.metric == "auto" else rule.metric)
    options = [leading, *(metric for metric in metrics if metric != leading)]
    _verdict(judged, chosen)
    url.one_from_url("metric", "performance_metric", options, leading)
    metric = st.selectbox(
        "Metric", options, key="performance_metric", width=280,
        format_func=lambda name: f"{_title(name)} (judged)" if name == leading else _title(name),
    )  # fmt: skip
    url.one_to_url("metric", "performance_metric", metric, leading)
    _metric(house, chosen, metric, judged if metric == leading else None)
    _coverage(house, chosen)


def _verdict(judged: Health | None, chosen: Chosen) -> None:
    if judged is None:
        word = f"The policy judges version {chosen.live}; this one is shown without a verdict."
        st.caption(plain(word if chosen.live and chosen.live != chosen.version else "Not judged yet."))
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        verdicts.verdict(judged.outcome)
        st.markdown(plain(judged.reason, 400), width="content")
    for one in (one for one in judged.details if one["metric"] == "forecast"):
        st.markdown(f":material/trending_up: {plain(str(one['why']), 400)}")


def _metric(house: House, chosen: Chosen, metric: str, judged: Health | None) -> None:
    found = _series(house, chosen, metric)
    estimates = _estimates(house, chosen, metric, found)
    if not any(point.measured.value is not None for one in (found, *estimates) for point in one.points):
        nothing(plain(f"{_title(metric)} cannot be told in these windows. {why_not([found])} Choose more windows."))
        return
    form = SHARE if metric in DECIDED or metric.startswith("macro_") else PLAIN
    limit = _limit(judged)
    levels = reference_level(found)
    levels += [Level(name="Limit of the policy", value=limit)] if limit is not None else []
    names = [_title(metric), *(f"{_title(metric)}, estimated" for _ in estimates)]
    draw_lines(
        chosen, f"{_title(metric)} over time", [found, *estimates], names=names, key="performance",
        faint=[False, *(True for _ in estimates)], levels=levels, form=form,
        sentence=_sentence(chosen, metric, found, form, limit), explained=_explained(chosen, metric, bool(estimates)),
        more=ASSUMPTIONS if estimates else "",
    )  # fmt: skip


def _series(house: House, chosen: Chosen, metric: str) -> Series:
    return monitoring_series.performance(
        house, chosen.model, chosen.version, metric, from_ms=chosen.from_ms, to_ms=chosen.to_ms,
        as_of_ms=chosen.as_of_ms,
    )  # fmt: skip


def _estimates(house: House, chosen: Chosen, metric: str, found: Series) -> list[Series]:
    """The estimate, if a person asks for it: it takes longer than all else on the page."""
    if metric not in ESTIMATED or chosen.monitor.task != "binary":
        return []
    late = waiting([found])
    word = f"; labels of {plural(late, 'window')} are not complete" if late else ""
    asked = st.toggle(
        f"Show what the scores alone promise{word}", key="estimated", bind="query-params", help=ASSUMPTIONS
    )
    if not asked:
        return []
    with st.spinner("Estimating each window"):
        return [
            monitoring_series.estimated(
                house, chosen.model, chosen.version, metric, from_ms=chosen.from_ms, to_ms=chosen.to_ms
            )
        ]


def _limit(judged: Health | None) -> float | None:
    known = judged.details[0]["limit"] if judged and judged.details else None
    return None if known is None else float(known)


def _sentence(chosen: Chosen, metric: str, found: Series, form: Form, limit: float | None) -> str:
    told = last_of(found, form, chosen)
    if not told:
        return f"{_title(metric)} is not known yet: {why_not([found])}"
    said = f"{_title(metric)} was {told}, the last window with complete labels"
    if found.reference is not None and found.reference.value is not None:
        said += f"; {form.say(found.reference.value)} in the reference"
    if limit is not None:
        side = "at most" if metric in LOWER_IS_BETTER else "at least"
        said += f"; the policy allows {side} {form.say(limit)}, of the last windows together"
    return said + "."


def _explained(chosen: Chosen, metric: str, estimated: bool) -> Explained:
    better = "Lower is better." if metric in LOWER_IS_BETTER else "Higher is better."
    if metric in ("bias", "calibration_gap"):
        better = "Best is 0."
    days = chosen.monitor.label.complete_after_days if chosen.monitor.label else 0
    estimate = " The dashed line is an estimate from the scores alone, which needs no labels." if estimated else ""
    return Explained(
        what=f"{_title(metric)} of what the model predicted against what came true, window by window. {better}",
        here=f"Labels of a window are complete {plural(days, 'day')} after its end; hollow points still wait for some."
        f"{estimate}",
        act="If it falls below the limit for good, look at drift in the same windows, then retrain or roll back.",
    )


def _coverage(house: House, chosen: Chosen) -> None:
    found = _series(house, chosen, "label_coverage")
    if not found.points:
        return
    late = waiting([found])
    told = last_of(found, SHARE, chosen)
    sentence = f"Of rows in the last window with complete labels, {told} have one." if told else "No window has all."
    sentence += f" Labels of {plural(late, 'window')} are still coming in." if late else ""
    with st.expander("How many labels are in", icon=":material/label:"):
        draw_lines(
            chosen, "Rows with a label", [found], names=["Share with a label"], key="coverage", sentence=sentence,
            explained=COVERAGE, form=SHARE, zero=True,
        )  # fmt: skip


def _title(metric: str) -> str:
    return TITLES.get(metric) or title(metric)
