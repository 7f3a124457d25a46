"""The five tables of the demo: columns, fixed splits, protected groups. The only code that reads `source/`.

Rows are split once and for all, so that every run and every later prediction speaks of the same rows:
`train` is fitted on, `valid` chooses, `test` is held out. A decision is *favourable* when it is good for
the person concerned (a loan granted, not a default predicted).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

SOURCE = Path(__file__).parent / "source"
Grouping = Callable[[pd.DataFrame], pd.Series]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Task:
    """One learning problem.

    url: where the data was published.  extract: its file in `source/`.
    numeric, categorical: the features a bank may use; protected: those it should not, by column.
    favourable: the label that is good for the person, None for a regression.
    threshold: cases with a score at or above it are predicted 1.
    groups: protected attribute -> function of a frame that names each row's group.
    """

    name: str
    url: str
    target: str
    numeric: tuple[str, ...]
    categorical: tuple[str, ...]
    protected: tuple[str, ...] = ()
    favourable: int | None = None
    threshold: float = 0.5
    groups: Mapping[str, Grouping] = field(default_factory=dict)

    @property
    def extract(self) -> Path:
        """The Parquet file the task is read from."""
        return SOURCE / f"{self.name}.parquet"

    @property
    def features(self) -> tuple[str, ...]:
        """The features without protected attributes."""
        return self.numeric + self.categorical


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """The rows of a task, by use; `later` holds test rows by year where the source spans several."""

    train: pd.DataFrame
    valid: pd.DataFrame
    test: pd.DataFrame
    later: Mapping[int, pd.DataFrame] = field(default_factory=dict)


def _named(column: str, names: Mapping[object, str]) -> Grouping:
    """Groups by code; codes without a name are "other"."""
    return lambda frame: frame[column].map(names).fillna("other")


def _banded(column: str, edges: tuple[int, ...], labels: tuple[str, ...]) -> Grouping:
    """Groups by half-open bands [edge, next edge)."""
    bounds = [-np.inf, *edges, np.inf]
    return lambda frame: pd.cut(frame[column], bounds, right=False, labels=list(labels)).astype(str)


TAIWAN = Task(
    name="taiwan_credit",
    url="https://archive.ics.uci.edu/dataset/350/default+of+credit+card+clients",
    target="default",
    numeric=(
        "LIMIT_BAL", "PAY_0", "PAY_2", "PAY_3", "PAY_4", "PAY_5", "PAY_6",
        "BILL_AMT1", "BILL_AMT2", "BILL_AMT3", "BILL_AMT4", "BILL_AMT5", "BILL_AMT6",
        "PAY_AMT1", "PAY_AMT2", "PAY_AMT3", "PAY_AMT4", "PAY_AMT5", "PAY_AMT6",
    ),
    categorical=(),
    protected=("SEX", "EDUCATION", "MARRIAGE", "AGE"),
    favourable=0,
    threshold=0.3,
    groups={
        "sex": _named("SEX", {1: "male", 2: "female"}),
        "age": _banded("AGE", (30, 50), ("under_30", "30_to_49", "50_plus")),
        "education": _named("EDUCATION", {1: "graduate", 2: "university", 3: "high_school"}),
        "marriage": _named("MARRIAGE", {1: "married", 2: "single"}),
    },
)  # fmt: skip

GERMAN = Task(
    name="german_credit",
    url="https://archive.ics.uci.edu/dataset/144/statlog+german+credit+data",
    target="bad",
    numeric=("duration", "amount", "installment_rate", "residence_since", "existing_credits", "dependants"),
    categorical=(
        "status", "credit_history", "purpose", "savings", "employment", "other_debtors", "property",
        "installment_plans", "housing", "job", "telephone",
    ),
    protected=("age", "status_sex", "foreign_worker"),
    favourable=0,
    groups={
        "sex": _named("status_sex", {"A91": "male", "A92": "female", "A93": "male", "A94": "male", "A95": "female"}),
        "age": _banded("age", (25,), ("under_25", "25_plus")),
    },
)  # fmt: skip

ADULT = Task(
    name="adult_income",
    url="https://archive.ics.uci.edu/dataset/2/adult",
    target="over_50k",
    numeric=("age", "education_num", "capital_gain", "capital_loss", "hours_per_week"),
    categorical=("workclass", "marital_status", "occupation", "relationship"),
    protected=("sex", "race", "native_country"),
    favourable=1,
    groups={
        "sex": _named("sex", {"Male": "male", "Female": "female"}),
        "race": _named("race", {"White": "white", "Black": "black", "Asian-Pac-Islander": "asian_pacific"}),
    },
)

EMPLOYMENT = Task(
    name="ma_employment",
    url="https://www.census.gov/programs-surveys/acs/microdata.html",
    target="employed",
    numeric=("SCHL",),
    categorical=("MAR", "RELP", "DIS", "ESP", "CIT", "MIG", "MIL", "ANC", "NATIVITY", "DEAR", "DEYE", "DREM"),
    protected=("SEX", "RAC1P", "AGEP"),
    favourable=1,
    groups={
        "sex": _named("SEX", {1: "male", 2: "female"}),
        "race": _named("RAC1P", {1: "white", 2: "black", 6: "asian"}),
        "age": _banded("AGEP", (40,), ("under_40", "40_plus")),
    },
)

CARS = Task(
    name="car_price",
    url="https://github.com/NannyML/nannyml/tree/main/nannyml/datasets/data",
    target="price",
    numeric=("car_age", "km_driven", "price_new", "accident_count", "door_count"),
    categorical=("fuel", "transmission"),
    groups={"fuel": lambda frame: frame["fuel"]},
)

TASKS = {task.name: task for task in (TAIWAN, GERMAN, ADULT, EMPLOYMENT, CARS)}


def read(task: Task) -> pd.DataFrame:
    """The extract with its target as 0/1 (or as a price). Employment keeps people aged 18 to 69 only."""
    table = pd.read_parquet(task.extract)
    if task is GERMAN:
        table["bad"] = (table.pop("outcome") == 2).astype("int64")
    elif task is ADULT:
        table["over_50k"] = (table.pop("income") == ">50K").astype("int64")
    elif task is EMPLOYMENT:
        table = table[table["AGEP"].between(18, 69)].reset_index(drop=True)
    # Ints become floats so that a model's signature accepts missing values at serving time.
    numbers = [*task.numeric, *(name for name in task.protected if pd.api.types.is_integer_dtype(table[name]))]
    return table.astype(dict.fromkeys(numbers, "float64"))


@cache
def split(task: Task) -> Split:
    """Train, valid and test rows: by time where the table has one, else 60 / 20 / 20 % at random (seed 20260828)."""
    table = read(task)
    if task is EMPLOYMENT:
        known = table[table["year"] == 2015].sample(frac=1, random_state=20260828)
        cut = int(len(known) * 0.8)
        later = {year: table[table["year"] == year] for year in (2016, 2017, 2018)}
        return Split(train=known[:cut], valid=known[cut:], test=later[2016], later=later)
    if task is CARS:  # the first half teaches, its end chooses, the start of the second half tests
        first, second = len(table) * 3 // 8, len(table) // 2
        return Split(train=table[:first], valid=table[first:second], test=table[second : second + 6_000])
    table = table.sample(frac=1, random_state=20260828)
    first, second = int(len(table) * 0.6), int(len(table) * 0.8)
    return Split(train=table[:first], valid=table[first:second], test=table[second:])


def groups(task: Task, frame: pd.DataFrame) -> pd.DataFrame:
    """The protected group of each row; one column per attribute."""
    return pd.DataFrame({name: of(frame) for name, of in task.groups.items()}, index=frame.index)
