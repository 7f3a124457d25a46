"""A policy: what is judged, against which limits, at which rate of false alarms. Types only; files say what.

A policy is versioned: its name and version stand beside every verdict, and a version that has judged never changes.
Sources of the shipped limits: data/policy/default.yaml.
"""

from datetime import date
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

Category = Literal["data_quality", "performance", "infrastructure", "business", "fairness"]
CATEGORIES: tuple[Category, ...] = get_args(Category)
CATEGORY_TITLE: dict[str, str] = {
    "data_quality": "Data quality",
    "performance": "Performance",
    "infrastructure": "Infrastructure",
    "business": "Business",
    "fairness": "Fairness",
}
Mode = Literal["observe", "warn", "enforce"]
MODES: tuple[Mode, ...] = get_args(Mode)
MODE_ABOUT: dict[str, str] = {
    "observe": "Judged and recorded; nobody is asked to act.",
    "warn": "Findings ask for an answer.",
    "enforce": "Findings ask for an answer, and gates and responses go by them.",
}
Outcome = Literal["pass", "fail", "not enough data", "not applicable"]
Measure = Literal["calibrated", "psi", "jensen_shannon", "hellinger", "l_infinity"]
Share = Annotated[float, Field(gt=0, lt=1)]
Text = Annotated[str, Field(min_length=1, max_length=600)]
Windows = Annotated[int, Field(ge=1, le=400)]


class Closed(BaseModel):
    """Refuses keys it does not know, and is never changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DriftRule(Closed):
    """When a column has drifted, and how many may.

    measure: "calibrated" for the tests at a stated rate of false alarms, or a fixed cut-off on an effect size.
    alpha: rate of false alarms per model and window.  floor, at_once: effects (PSI0, nats) below which nothing alarms,
    and from which one window suffices.  need, of: alarms among the last windows that make a column drifted.
    limit: the fixed cut-off; only with a fixed measure.  share: of a model's features that may have drifted.
    """

    measure: Measure = "calibrated"
    alpha: Share
    floor: Annotated[float, Field(ge=0, le=1)]
    at_once: Annotated[float, Field(gt=0, le=10)]
    need: Annotated[int, Field(ge=1, le=20)]
    of: Annotated[int, Field(ge=1, le=20)]
    limit: Annotated[float, Field(gt=0, le=10)] | None = None
    share: Share

    @model_validator(mode="after")
    def _fits(self) -> "DriftRule":
        if self.need > self.of:
            raise ValueError(f"need must be at most of ({self.of}), got {self.need}")
        if (self.measure == "calibrated") != (self.limit is None):
            raise ValueError("limit belongs to a fixed measure, and a fixed measure needs a limit")
        return self


class DataQualityRule(Closed):
    """broken: share of unusable values of a column above the reference's that is too much.

    alpha: rate of false alarms of that test per model and window.  response: what it should set off.
    """

    drift: DriftRule
    broken: Share
    alpha: Share
    response: Text


class PerformanceRule(Closed):
    """metric: "auto" (ROC AUC; accuracy for classes; mean absolute error for numbers) or a metric's name.

    degradation: relative to the reference.  windows: that many last windows with complete labels are judged together.
    """

    metric: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,40}$")] = "auto"
    degradation: Share
    windows: Windows
    response: Text


class InfrastructureRule(Closed):
    """latency_p95_ms, error_rate: limits.  windows: judged together; the last one is also judged alone."""

    latency_p95_ms: Annotated[float, Field(gt=0, le=3_600_000)]
    error_rate: Share
    windows: Windows
    response: Text


class BusinessRule(Closed):
    """alpha: of the trend test on full weeks."""

    alpha: Share
    response: Text


class FairnessLimit(Closed):
    """What of a criterion must stay within low..high. A ratio's limits lie around 1, a difference's around 0."""

    criterion: Literal["demographic_parity", "equal_opportunity", "equalised_odds", "predictive_parity"]
    of: Literal["ratio", "difference"]
    low: float | None = None
    high: float | None = None

    @model_validator(mode="after")
    def _fits(self) -> "FairnessLimit":
        equal = 1.0 if self.of == "ratio" else 0.0
        if self.low is None and self.high is None:
            raise ValueError("a limit needs low or high")
        if self.low is not None and not (0 if self.of == "ratio" else -1) < self.low < equal:
            raise ValueError(f"low must lie below {equal:g} ({'above 0' if equal else 'above -1'}), got {self.low:g}")
        if self.high is not None and self.high <= equal:
            raise ValueError(f"high must lie above {equal:g}, got {self.high:g}")
        return self


class FairnessRule(Closed):
    """windows: that many last windows are judged together.  against: attribute -> group that others are compared with;
    attributes that are not named compare each group with all others."""

    limits: tuple[FairnessLimit, ...] = Field(min_length=1, max_length=20)
    against: dict[Annotated[str, Field(max_length=80)], Text] = {}
    windows: Windows
    response: Text


class Policy(Closed):
    """One version of a policy. forecast_days: how far ahead a crossing of a limit is told."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_\-]{0,39}$")]
    version: Annotated[int, Field(ge=1)]
    dated: date
    title: Annotated[str, Field(min_length=1, max_length=80)]
    about: Text
    data_quality: DataQualityRule
    performance: PerformanceRule
    infrastructure: InfrastructureRule
    business: BusinessRule
    fairness: FairnessRule
    forecast_days: Annotated[int, Field(ge=1, le=3_650)] = 180

    def response(self, category: str) -> str:
        """What a broken rule of that category should set off, in words."""
        told: str = getattr(self, category).response
        return told
