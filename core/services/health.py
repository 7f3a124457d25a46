"""The state of monitored models as evaluated last: verdicts by category, drift by column and window."""

from collections.abc import Mapping

from core.facts import judged
from core.facts.judged import DriftCell, Health
from core.facts.profiles import FOREVER
from core.services.cache import cached
from core.services.guard import needs
from core.services.house import House

NOT_JUDGED = "not judged"
ORDER = ("fail", "not enough data", "pass", "not applicable", NOT_JUDGED)
"""Verdicts, the one that a person should see first before the others."""


def worst(verdicts: Mapping[str, Health]) -> str:
    """The verdict that a person should see first; verdicts: by category."""
    found = {one.outcome for one in verdicts.values()}
    return next((outcome for outcome in ORDER if outcome in found), NOT_JUDGED)


@needs("view")
@cached(maxsize=4)
def fleet(house: House) -> Mapping[str, Mapping[str, Health]]:
    """Model -> category -> verdict, of all models that were evaluated."""
    found: dict[str, dict[str, Health]] = {}
    for one in judged.health(house.facts):
        found.setdefault(one.model, {})[one.category] = one
    return found


@needs("view")
def of_model(house: House, model: str) -> Mapping[str, Health]:
    """Category -> verdict; empty for a model that was not evaluated yet."""
    return fleet(house).get(model, {})


@needs("view")
@cached(maxsize=16)
def drift(
    house: House, model: str, *, version: str = "", name: str = "", from_ms: int = -1, to_ms: int = FOREVER
) -> tuple[DriftCell, ...]:
    """Drift of a model's columns, by version, window and column. to_ms is excluded; "" means all."""
    return tuple(judged.cells(house.facts, model, version=version, name=name, from_ms=from_ms, to_ms=to_ms))


@needs("view")
@cached(maxsize=16)
def drift_of_feature(house: House, name: str, *, from_ms: int = -1) -> tuple[DriftCell, ...]:
    """Drift of one feature in every model that has it."""
    return tuple(judged.cells_named(house.facts, name, from_ms=from_ms))
