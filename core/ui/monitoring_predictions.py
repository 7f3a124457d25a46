"""The section Predictions: what the model predicts and what came true, against the reference, over time."""

import numpy as np
import pandas as pd
import streamlit as st

from core.analysis.intervals import wilson_ends
from core.charts.distribution import distribution
from core.charts.over_time import Level, Line, over_time
from core.governance.attention import plural
from core.services import health, monitoring, monitoring_series, policy_files
from core.services.house import House
from core.services.judgement import percent
from core.services.monitoring_series import PREDICTED, Shares
from core.ui.chart_frame import Explained, framed
from core.ui.monitoring_chosen import Chosen
from core.ui.monitoring_lines import PLAIN, SHARE, draw_lines, last_of, nothing, reference_level, why_not

TITLES = {"score": "Scores", "prediction": "Predicted numbers", "class": "Predicted classes"}
SPREAD = Explained(
    what="The share of rows in each bin of what the model predicts, in the windows shown and in the reference. Upright "
    "lines are 95 % intervals.",
    here="Where the plain bar and its interval lie away from the hatched one, predictions have moved.",
    act="See which features drifted in the same windows: predictions mostly move because inputs do.",
)
EFFECT = Explained(
    what="PSI0: how far the predictions of a window lie from the reference's, less what chance alone gives. 0 is no "
    "drift, .25 is large.",
    here="A triangle is an alarm of the test. Below the dashed line nothing alarms, however many rows there are.",
    act="If alarms persist, compare with features and with the label's rate; unlike those, this needs no label.",
)
RATE = Explained(
    what="What came true: the share of positives or of each class, or the label's mean, in each window.",
    here="Hollow points are windows whose labels are not complete; late labels can still move them.",
    act="If it moved while the scores did not, the model is no longer calibrated: see Performance.",
)


def draw(house: House, chosen: Chosen) -> None:
    """Distribution, effect and label rate."""
    shares = monitoring_series.prediction(
        house, chosen.model, chosen.version, from_ms=chosen.from_ms, to_ms=chosen.to_ms
    )  # fmt: skip
    if shares is None:
        nothing(
            "The windows shown hold no predictions of this version. Choose more windows, or name `score` or "
            "`prediction` in the model's monitor file."
        )
    else:
        left, right = st.columns(2, gap="small")
        with left:
            _distribution(shares, chosen)
        with right:
            _effect(house, chosen)
    _label_rate(house, chosen)


def _distribution(shares: Shares, chosen: Chosen) -> None:
    current = np.asarray(shares.current)
    n = int(current.sum())
    now = current / max(n, 1)
    low, high = wilson_ends(current, n)
    before = total = None
    if shares.reference is not None:
        total = sum(shares.reference)
        before = np.asarray(shares.reference) / max(total, 1)
    figure = distribution(
        shares.labels, None if before is None else before.tolist(), now.tolist(), low=low.tolist(), high=high.tolist(),
        names=("Reference", "Served"),
    )  # fmt: skip
    if before is None:
        sentence = "The reference holds no predictions of this version, so there is nothing to compare with."
    else:
        at = int(np.argmax(np.abs(now - before)))
        sentence = (
            f"The largest difference lies at “{shares.labels[at]}”: {percent(now[at])} of what was served "
            f"({percent(low[at])} to {percent(high[at])}), {percent(before[at])} of the reference."
        )
    first, last = (monitoring.label(chosen.monitor, ms) for ms in (shares.from_ms, shares.end_ms - 1))
    basis = [f"n = {n:,} rows of {plural(shares.windows, 'window')}, {first} to {last}"]
    basis += [f"reference n = {total:,}"] if total is not None else []
    basis += [f"{plural(shares.left_out, 'window')} with other bins left out"] if shares.left_out else []
    data = pd.DataFrame(
        {
            "bin": list(shares.labels), "reference_rows": shares.reference, "reference_share": before,
            "rows": current, "share": now, "low": low, "high": high,
        }
    )  # fmt: skip
    framed(TITLES[shares.kind], figure, key="prediction_shares", sentence=sentence, basis=" · ".join(basis), data=data,
           explained=SPREAD)  # fmt: skip


def _effect(house: House, chosen: Chosen) -> None:
    found = health.drift(
        house, chosen.model, version=chosen.version, name="", from_ms=chosen.from_ms, to_ms=chosen.to_ms
    )  # fmt: skip
    cells = [cell for cell in found if cell.part in PREDICTED and not cell.name]
    if not any(cell.effect is not None for cell in cells):
        nothing(
            "Drift of the predictions is not told: no window shown was judged against a reference with predictions. "
            "**Read new rows** judges what is new."
        )
        return
    rule = policy_files.policy(house).data_quality.drift
    labels = [monitoring.label(chosen.monitor, cell.window_ms) for cell in cells]
    line = Line(
        name="PSI0", values=[cell.effect for cell in cells], alarm=[cell.alarm for cell in cells],
        texts=[f"n = {cell.n:,}, adjusted p = {'unknown' if cell.adjusted is None else f'{cell.adjusted:.2g}'}"
               for cell in cells],
    )  # fmt: skip
    limit = rule.floor if rule.limit is None else rule.limit
    name = "Smallest effect that alarms" if rule.limit is None else "Limit"
    figure = over_time(labels, [line], levels=[Level(name=name, value=limit)], form=".3~f", zero=True)
    alarms = [label for label, cell in zip(labels, cells, strict=True) if cell.alarm]
    drifted = sum(cell.drifted for cell in cells)
    sentence = f"None of {plural(len(cells), 'window')} alarms."
    if alarms:
        sentence = f"{len(alarms)} of {plural(len(cells), 'window')} alarm, the last one on {alarms[-1]}; "
        sentence += f"drift persisted in {drifted}." if drifted else "drift did not persist in any."
    sizes = sorted(cell.n for cell in cells)
    basis = f"n = {sizes[len(sizes) // 2]:,} rows in a usual window · {labels[0]} to {labels[-1]} · against the "
    basis += f"reference, {rule.alpha:.0%} false alarms a window with all columns together"
    columns = ("n", "effect", "psi", "jensen_shannon", "p", "adjusted", "alarm", "drifted")
    data = {"window": labels} | {each: [getattr(cell, each) for cell in cells] for each in columns}
    framed("How far predictions moved", figure, key="prediction_effect", sentence=sentence, basis=basis, data=data,
           explained=EFFECT)  # fmt: skip


def _label_rate(house: House, chosen: Chosen) -> None:
    if chosen.monitor.label is None:
        nothing("What came true is not shown: the monitor file names no label. Add `label` to it once there is one.")
        return
    found = monitoring_series.label_rate(
        house, chosen.model, chosen.version, from_ms=chosen.from_ms, to_ms=chosen.to_ms, as_of_ms=chosen.as_of_ms
    )  # fmt: skip
    if not any(point.measured.value is not None for one in found for point in one.points):
        nothing("No window shown has a label yet. Labels are added when the log is read again; choose earlier windows.")
        return
    mean = found[0].metric == "label_mean"
    form = PLAIN if mean else SHARE
    names = [one.name or ("Mean of the label" if mean else "Share of positives") for one in found]
    levels = [
        level
        for one, name in zip(found, names, strict=True)
        for level in reference_level(one, "Reference" if len(found) == 1 else f"{name}, reference")
    ]
    told = last_of(found[0], form, chosen)
    sentence = f"{names[0]}: {told}" if told else f"{names[0]}: {why_not(found[:1])}"
    before = found[0].reference
    if told:
        known = before is not None and before.value is not None
        sentence += f"; {form.say(before.value)} in the reference." if known else "."  # type: ignore[union-attr,arg-type]
    draw_lines(
        chosen, "What came true", found, names=names, key="label_rate", sentence=sentence, explained=RATE,
        levels=levels, form=form, zero=not mean,
    )  # fmt: skip
