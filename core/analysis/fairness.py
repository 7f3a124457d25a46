"""Fairness of one window: rates of every group, how they compare, and whether scores mean the same for all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from numpy.typing import ArrayLike

from core.analysis.group_calibration import GroupCalibration, calibration_by_group
from core.analysis.group_gaps import ALL_OTHERS
from core.analysis.group_rates import Cut, Favourable, GroupRates, cut_at, decide, group_rates
from core.analysis.parity import CRITERIA, Parity, parity
from core.profiles import Output


@dataclass(frozen=True, slots=True, kw_only=True)
class Fairness:
    """Every fairness number of one family of disjoint groups, such as those of one attribute.

    cut: the threshold judged at, and whether it is the one asked for.  favourable: the decision good for the person.
    against: the group that others are compared with, or "all others".
    rates: one for each group, however small.  parities: demographic parity, equal opportunity, equalised odds,
    predictive parity.  calibration: one for each group.
    """

    cut: Cut
    favourable: Favourable
    against: str
    rates: tuple[GroupRates, ...]
    parities: tuple[Parity, ...]
    calibration: tuple[GroupCalibration, ...]

    @property
    def note(self) -> str:
        """What to know about the threshold; empty when it is the one asked for."""
        if self.cut.exact:
            return ""
        return f"Judged at {self.cut.at:.6g}, the nearest to {self.cut.asked:.6g} that the profiles' bins can tell."


def fairness(
    groups: Mapping[str, Output],
    edges: ArrayLike,
    threshold: float,
    *,
    favourable: Favourable = "positive",
    against: str | None = None,
) -> Fairness:
    """Every fairness number of disjoint groups, with "positive" decided from `threshold` on.

    groups: group -> its profile.  edges: (E,) of the profiles, E >= 1.  against: the group to compare with; without
    it each group is compared with all others together.  A threshold that is no edge is moved to the nearest one.
    Raises ValueError without edges or for a threshold that is no finite number.
    """
    cut = cut_at(edges, threshold)
    decided = {name: decide(output, cut) for name, output in groups.items()}
    return Fairness(
        cut=cut,
        favourable=favourable,
        against=against or ALL_OTHERS,
        rates=tuple(group_rates(name, one, favourable) for name, one in decided.items()),
        parities=tuple(parity(decided, criterion, favourable=favourable, against=against) for criterion in CRITERIA),
        calibration=calibration_by_group(groups, edges, against=against),
    )
