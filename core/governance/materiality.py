"""The closed lists a house judges its inventory by: materiality, regimes, data categories. Types only; files say what.

A file is versioned: its `version` stands beside every tier that is shown, so that a tier can be told from its rule.
"""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Tier = Literal[1, 2, 3]
TIERS: tuple[Tier, ...] = (1, 2, 3)
Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Title = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[^;\n]+$")]  # cells hold titles parted by ;
About = Annotated[str, Field(min_length=1, max_length=600)]


class Closed(BaseModel):
    """Refuses keys it does not know, and is never changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Choice(Closed):
    """One value of a closed list. id: as it is stored.  title: as people read it.  about: what it means."""

    id: Id
    title: Title
    about: About


class Regime(Choice):
    """A law or standard. where: whose.  text_date: of the text.  applies_from: None where that is the same day."""

    where: Title
    text_date: date
    applies_from: date | None = None


class TierMeaning(Closed):
    """What a tier asks for. review_months: how long a review lasts, 1 to 120."""

    title: Title
    meaning: About
    review_months: int = Field(ge=1, le=120)


class Materiality(Closed):
    """exposure, purposes: levels, the least first.  matrix: purpose -> exposure -> tier, whole."""

    version: int = Field(ge=1)
    dated: date
    exposure: tuple[Choice, ...] = Field(min_length=1, max_length=10)
    purposes: tuple[Choice, ...] = Field(min_length=1, max_length=10)
    tiers: dict[Tier, TierMeaning]
    matrix: dict[Id, dict[Id, Tier]]

    @model_validator(mode="after")
    def _whole(self) -> "Materiality":
        _distinct("exposure", self.exposure)
        _distinct("purposes", self.purposes)
        if set(self.tiers) != set(TIERS):
            raise ValueError("tiers must say what 1, 2 and 3 mean")
        _same("matrix", self.matrix, [each.id for each in self.purposes])
        for purpose, row in self.matrix.items():
            _same(f"matrix.{purpose}", row, [each.id for each in self.exposure])
        return self


class Regimes(Closed):
    """The regimes that can be chosen."""

    version: int = Field(ge=1)
    dated: date
    regimes: tuple[Regime, ...] = Field(max_length=100)

    @model_validator(mode="after")
    def _whole(self) -> "Regimes":
        _distinct("regimes", self.regimes)
        return self


class DataCategories(Closed):
    """The data categories that can be chosen."""

    version: int = Field(ge=1)
    dated: date
    categories: tuple[Choice, ...] = Field(max_length=100)

    @model_validator(mode="after")
    def _whole(self) -> "DataCategories":
        _distinct("categories", self.categories)
        return self


def tier_of(policy: Materiality, exposure: str | None, purpose: str | None) -> Tier | None:
    """The tier that exposure and purpose class give; None when either is unknown (to this version of the policy)."""
    return policy.matrix.get(purpose or "", {}).get(exposure or "")


def _distinct(name: str, choices: Sequence[Choice]) -> None:
    for part in ("id", "title"):
        seen = [str(getattr(each, part)).casefold() for each in choices]
        twice = next((value for value in seen if seen.count(value) > 1), None)
        if twice is not None:
            raise ValueError(f"{name} has the {part} {twice!r} twice")


def _same(name: str, given: Any, wanted: Sequence[str]) -> None:
    missing, strange = [key for key in wanted if key not in given], [key for key in given if key not in wanted]
    if strange:
        raise ValueError(f"{name} speaks of {strange[0]!r}, which is not listed above; known: {', '.join(wanted)}")
    if missing:
        raise ValueError(f"{name} says nothing of {missing[0]!r}")
