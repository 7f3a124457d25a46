"""What becomes known after a prediction: labels that arrive late, money booked with them, reviews.

Labels are the data's own. When they arrive, what a loan earns and who was looked at by a person is simulated.
"""

from datetime import timedelta

import numpy as np
import pandas as pd

from data.demo.served import LAST, ZONE

NOW = pd.Timestamp(LAST + timedelta(days=1), tz=ZONE).tz_convert("UTC")  # the log is as of this moment
MARGIN, LOSS, HANDLING = 0.06, 0.30, 1_200.0  # of the limit, of the limit, New Taiwan dollars a request
DELAYS = {"credit_risk": (14, 30), "car_price": (3, 14)}  # days


def arrivals(requests: pd.DataFrame, delay: tuple[int, int], rng: np.random.Generator) -> pd.DataFrame:
    """id, label, arrived_at of each request (id, predicted_at, label), by arrival; most come in the first half."""
    least, most = delay
    days = least + (most - least) * rng.beta(1.5, 2.5, len(requests))
    arrived = (requests["predicted_at"] + pd.to_timedelta(days * 86_400_000, unit="ms")).dt.ceil("s").dt.as_unit("ms")
    found = requests[["id", "label"]].assign(arrived_at=arrived)
    return found.sort_values(["arrived_at", "id"], ignore_index=True)


def stated_twice(labels: pd.DataFrame) -> pd.DataFrame:
    """The same, with the earliest label stated once more nine days later: a source that repeats itself."""
    again = labels.iloc[[0]].assign(arrived_at=labels["arrived_at"].iloc[0] + timedelta(days=9))
    return pd.concat([labels, again]).sort_values(["arrived_at", "id"], ignore_index=True)


def booked(limit: pd.Series, score: pd.Series, label: pd.Series, known: pd.Series, threshold: float) -> pd.DataFrame:
    """granted, granted_amount, profit, cost of each request, in New Taiwan dollars.

    Granted below the threshold, up to the limit asked for. Profit and cost are booked when the label is known:
    a granted card that is paid back earns MARGIN of its limit, one that is not loses LOSS of it, a refused one
    earns nothing; each request costs HANDLING. A request without a score is not decided.
    """
    decided = score.notna()
    granted = (score < threshold).astype("boolean").where(decided)
    given = granted.fillna(False).astype(bool)
    earned = limit * np.where(label == 1, -LOSS, MARGIN) * given
    settled = decided & known
    return pd.DataFrame(
        {
            "granted": granted,
            "granted_amount": (limit * given).where(decided),
            "profit": earned.round(2).where(settled),
            "cost": pd.Series(HANDLING, index=limit.index).where(settled),
        }
    )


def reviewed(score: pd.Series, threshold: float, rng: np.random.Generator) -> pd.Series:
    """Whether a person looked at the case: likelier the nearer its score is to the threshold; unknown without one."""
    chance = 0.03 + 0.45 * np.exp(-(((score.fillna(0) - threshold) / 0.12) ** 2))
    return pd.Series(rng.random(len(score)) < chance, index=score.index).astype("boolean").where(score.notna())
