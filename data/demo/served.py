"""Which registered model serves which held-out rows, from which day on. The days are simulated, the rows are not."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Literal

import joblib
import pandas as pd

from data.demo.datasets import ADULT, CARS, EMPLOYMENT, GERMAN, TAIWAN, Task, groups, read, split

MODELS = Path(__file__).parent / "models"
ZONE = "Europe/Vienna"
LAST = date(2026, 11, 22)
CODED = frozenset({"SEX", "EDUCATION"})  # small whole numbers that the splits hold as floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """One registered version in production.

    days: first day of each stretch of rows, the last one ending on LAST; as many as `rows` gives frames.
    rows: held-out rows in the order they are asked for, one frame a stretch.
    plain: columns of the source logged beside the features.  grouped: attributes logged as readable group names,
    column `<attribute>_group`.  part: days that share a file.  seed: of everything drawn for this log.
    """

    model: str
    version: str
    task: Task
    days: tuple[date, ...]
    rows: Callable[[], tuple[pd.DataFrame, ...]]
    prefix: str
    plain: tuple[str, ...] = ()
    grouped: tuple[str, ...] = ()
    part: Literal["day", "week", "month"]
    seed: int

    @property
    def answer(self) -> str:
        """The column of what the model said."""
        return "prediction" if self.task.favourable is None else "score"

    def columns(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Features, protected attributes and the row's id in the extract, as logged and as in the reference."""
        kept = frame[[*self.task.features, *self.plain]].copy()
        whole = [name for name in kept if name in CODED]
        kept = kept.astype(dict.fromkeys(whole, "int8"))
        members = groups(self.task, frame)
        for attribute in self.grouped:
            kept[f"{attribute}_group"] = members[attribute]
        kept["source_id"] = frame["id"].astype("int32")
        return kept


def _tested(task: Task) -> Callable[[], tuple[pd.DataFrame, ...]]:
    return lambda: (split(task).test,)


def _years() -> tuple[pd.DataFrame, ...]:
    later = split(EMPLOYMENT).later
    return tuple(later[year] for year in sorted(later))


def _second_half() -> tuple[pd.DataFrame, ...]:
    """The test rows and the 10,000 after them: no version has seen either, and what changes, changes after the test."""
    table = read(CARS)
    return (table[len(table) // 2 :],)


CREDIT = Served(
    model="credit_risk", version="3", task=TAIWAN, days=(date(2026, 9, 28),), rows=_tested(TAIWAN), prefix="cr",
    plain=("SEX", "AGE", "EDUCATION"), grouped=("education", "marriage"), part="day", seed=11,
)  # fmt: skip
LOAN = Served(
    model="consumer_loan", version="2", task=GERMAN, days=(date(2026, 9, 28),), rows=_tested(GERMAN), prefix="cl",
    plain=("age",), grouped=("sex",), part="month", seed=12,
)  # fmt: skip
SCREEN = Served(
    model="employment_screen", version="2", task=EMPLOYMENT, rows=_years, prefix="es",
    days=(date(2026, 10, 3), date(2026, 10, 20), date(2026, 11, 6)),
    plain=("AGEP", "SEX", "year"), grouped=("race",), part="week", seed=13,
)  # fmt: skip
PRICE = Served(
    model="car_price", version="3", task=CARS, days=(date(2026, 10, 22),), rows=_second_half, prefix="cp",
    part="week", seed=14,
)  # fmt: skip
INCOME = Served(
    model="prod.income_band", version="2", task=ADULT, days=(date(2026, 10, 29),), rows=_tested(ADULT), prefix="ib",
    plain=("sex",), grouped=("race",), part="week", seed=15,
)  # fmt: skip
SERVED = (CREDIT, LOAN, SCREEN, PRICE, INCOME)
CHALLENGER = "5"  # of credit_risk


@cache
def pipeline(model: str, version: str) -> Any:
    """The registered pipeline. Unpickling runs code: these files are the demo's own."""
    return joblib.load(MODELS / f"{model}-v{version}.joblib")
