"""What a person need only accept: a draft guessed from a log's columns, and proposals for its reference. Pure."""

import math
import re
from dataclasses import replace
from datetime import date, timedelta

from core.monitors.drafts import Draft, Role
from core.monitors.first import task_of, values_of
from core.monitors.guesses import Guess, Guesser, age_bands, crossed, epoch_unit, is_age, positive
from core.monitors.monitor import Scalar
from core.monitors.seen import Columns

CERTIFIED_DAYS = 99  # so many days of a reference let day-to-day variation be judged at 1 % by ranks alone
FEWEST_DAYS = 7
_CLASS_NUMBER = re.compile(r"0|[1-9]\d{0,8}")


def guessed(seen: Columns, model: str, address: str) -> tuple[Draft, dict[str, str]]:
    """The draft, and why each column has its role: column -> reason."""
    guesser = Guesser(seen)
    roles: dict[str, Role] = {}
    why: dict[str, str] = {}

    def take(role: Role, guess: Guess | None) -> Guess | None:
        if guess:
            roles[guess.column.name] = role
            why[guess.column.name] = guess.why
        return guess

    when = take("time", guesser.timestamp())
    take("id", guesser.id())
    take("version", guesser.version())
    shares = guesser.classes()
    score = None if shares else take("score", guesser.score())
    prediction = take("prediction", guesser.prediction())
    task = task_of(score, prediction, many=bool(shares))
    label = take("label", guesser.label(binary=task == "binary"))
    for name, column in shares:
        roles[column.name], why[column.name] = "probability", f"one of several columns of shares; of the class {name}"
    groups = guesser.protected()
    roles |= {column.name: "protected" for column in groups}
    why |= {column.name: "its name" for column in groups}
    take("latency", guesser.latency())
    status = guesser.status()
    take("status", status[0] if status else None)
    numeric, categorical, left = guesser.features()
    roles |= {column.name: "number" for column in numeric}
    roles |= {column.name: "category" for column in categorical}
    why |= {column.name: "numbers, no other meaning" for column in numeric}
    why |= {column.name: f"{column.distinct:,} different values" for column in categorical}
    why |= {column.name: reason for column, reason in left}
    whole = bool(label and label.column.kind == "number")
    classes: list[Scalar] = [int(n) if whole and _CLASS_NUMBER.fullmatch(n) else n for n, _ in shares]
    if not classes and task == "multiclass" and prediction:
        classes = list(values_of(prediction.column))
    pair = crossed(groups)
    draft = Draft(
        model=model, place=seen.place, address=address, types=seen.types,
        roles={column.name: roles.get(column.name, "out") for column in seen.columns},
        bands={c.name: tuple(map(float, bands)) for c in groups if is_age(c) and (bands := age_bands(c))},
        crossed=(tuple(column.name for column in pair),) if pair else (),
        errors=tuple(status[1]) if status else (), task=task, classes=tuple(classes),
        class_of={column.name: name for name, column in shares},
        positive=positive(label.column) if label and task == "binary" else 1,
        unit=(epoch_unit(when.column) or "ms") if when else "ms",
    )  # fmt: skip
    if shares and not prediction:  # a multiclass monitor needs a score: the first class's
        draft = replace(draft, roles={**draft.roles, shares[0][1].name: "score"})
    return draft, why


def label_values(seen: Columns, column: str) -> list[Scalar]:
    """All values of a column with few of them; empty where there are many or it is not there."""
    found = next((each for each in seen.columns if each.name == column), None)
    return list(values_of(found)) if found else []


def reference_days(first: date, last: date) -> tuple[date, date]:
    """The proposed reference, until excluded: the earliest part of a log that holds days from first to last.

    99 days, or a quarter where that is more; of a log that has not so many a quarter, at least 7 days. One day at least
    is left to be watched, where there are two.
    """
    days = (last - first).days + 1
    fewest = CERTIFIED_DAYS if days > CERTIFIED_DAYS else FEWEST_DAYS
    length = max(1, min(max(fewest, math.ceil(days / 4)), days - 1))
    return first, first + timedelta(days=length)
