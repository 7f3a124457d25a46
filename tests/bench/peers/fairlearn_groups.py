"""Fairlearn's MetricFrame: four rates by day and group of a log. Run in Fairlearn's own environment: FOLDER GROUP ...

GROUP: a column, or several joined by commas for their intersection; one MetricFrame each.
"""

import sys

from clock import read, tell, timed
from fairlearn.metrics import MetricFrame, false_positive_rate, selection_rate, true_positive_rate
from sklearn.metrics import precision_score


def ppv(y_true, y_pred) -> float:
    """Precision; NaN where none was selected."""
    return precision_score(y_true, y_pred, zero_division=float("nan"))


METRICS = {"selection_rate": selection_rate, "tpr": true_positive_rate, "fpr": false_positive_rate, "ppv": ppv}


def rates(log, decided, days, columns):
    """One row a day and group, a column a metric."""
    return MetricFrame(
        metrics=METRICS,
        y_true=log["label"],
        y_pred=decided,
        sensitive_features=log[columns],
        control_features=days,
    ).by_group


groups = {group: group.split(",") for group in sys.argv[2:]}
used = sorted({column for columns in groups.values() for column in columns})
_, log, reading = read(sys.argv[1], ["ts", "score", "label", *used])
decided = (log["score"] >= 0.5).astype(int)
days = log["ts"].dt.strftime("%Y-%m-%d").rename("day")
rates(log.head(2_000), decided.head(2_000), days.head(2_000), used)
each, found = {}, {}
for group, columns in groups.items():
    frame, each[group] = timed(lambda: rates(log, decided, days, columns))  # noqa: B023 - called at once
    for key, row in zip(frame.index, frame.to_numpy().tolist(), strict=True):
        found["|".join((group, *key))] = row
tell("fairlearn", rows=len(log), reading_s=reading, working_s=sum(each.values()), each=each, rates=found)
