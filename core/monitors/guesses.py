"""What a log's columns could mean, guessed from their names, types and values. Every guess says why."""

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from itertools import pairwise

from core.monitors.seen import Column, Columns
from core.monitors.vocabulary import (
    IDS,
    LABELS,
    LATENCIES,
    PREDICTIONS,
    PROTECTED,
    PROTECTED_PAIRS,
    SCORES,
    STATUSES,
    TIMES,
    VERSIONS,
)

_ONE_OF_MANY = re.compile(r"(y_pred_proba|pred_proba|probability|proba|prob|p|score)_(.+)")
_REAL = re.compile(r"float.*|double|real|decimal.*|numeric.*|halffloat|number")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}([ T]\d.*)?", re.ASCII)
_WRONG = re.compile(r"err(or)?s?|fail(ed|ure)?|time_?out|timed out|exception|5\d\d", re.IGNORECASE)
_AGE_OF = frozenset(("customer", "applicant", "client", "user", "person", "patient", "borrower", "employee", "member"))
_AGE_OF |= frozenset(("group", "band", "bin", "years", "year", "at", "in", "of", "application", "years", "range"))
_YES = frozenset(("yes", "true", "t", "y", "1", "positive", "pos", "bad", "default", "fraud", "churn"))


@dataclass(frozen=True, slots=True)
class Guess:
    """A column taken for something. why: the reason, for a comment.  others: columns that it could be instead."""

    column: Column
    why: str
    others: tuple[str, ...] = ()


@dataclass(slots=True)
class Guesser:
    """Takes columns one meaning after the other; a column has one meaning."""

    seen: Columns
    taken: set[str] = field(default_factory=set)

    def timestamp(self) -> Guess | None:
        def fits(column: Column) -> str:
            birth = {"birth", "dob", "born"} & set(tokens(column.name))
            if column.kind == "time" and not re.match(r"time\b(?!stamp)", column.type.casefold()) and not birth:
                return f"its type is {column.type}"
            if not _telling(column, TIMES, ("timestamp", "time", "ts", "datetime", "date", "at")) or birth:
                return ""
            if column.kind == "text" and column.examples and all(_DAY.fullmatch(text) for text in column.examples):
                return "its name, and its texts are dates"
            epoch = epoch_unit(column)
            return f"its name, and its numbers are {epoch} since 1970" if epoch else ""

        late = ("label", "outcome", "target", "updated", "deleted", "due")
        return self._take(TIMES, fits, last=lambda column: bool(set(late) & set(tokens(column.name))))

    def id(self) -> Guess | None:
        def fits(column: Column) -> str:
            named = _telling(column, IDS, ("id", "uuid", "guid", "key"))
            unique = self.seen.rows > 1 and column.distinct == self.seen.rows
            whole = column.kind == "text" or (column.kind == "number" and not _REAL.fullmatch(column.type.casefold()))
            return "its name, and every row has its own value" if named and unique and whole else ""

        return self._take(IDS, fits)

    def classes(self) -> list[tuple[str, Column]]:
        """Class -> the column of its probability, where several columns hold one each."""
        groups: dict[str, list[tuple[str, Column]]] = {}
        for column in self._free():
            found = _ONE_OF_MANY.fullmatch(column.name)
            if found and _is_share(column):
                groups.setdefault(found[1], []).append((found[2], column))
        best = max(groups.values(), key=len, default=[])
        if len(best) < 3:
            return []
        self.taken |= {column.name for _, column in best}
        return best

    def score(self) -> Guess | None:
        def fits(column: Column) -> str:
            named = _telling(column, SCORES, ("score", "prob", "proba", "probability")) or column.name[:2] == "p_"
            decided = column.distinct <= 2 and not {"prob", "proba", "probability", "score"} & set(tokens(column.name))
            return "its name, and its numbers lie in 0..1" if named and _is_share(column) and not decided else ""

        negative = ("0", "no", "false", "negative", "neg")
        return self._take(SCORES, fits, last=lambda column: tokens(column.name)[-1:] in [[word] for word in negative])

    def prediction(self) -> Guess | None:
        return self._take(PREDICTIONS, lambda c: "its name" if _telling(c, PREDICTIONS) and c.distinct else "")

    def label(self, *, binary: bool) -> Guess | None:
        def fits(column: Column) -> str:
            if not _telling(column, LABELS, ("label", "target", "outcome")) or column.kind in ("time", "other"):
                return ""
            if binary and not 1 <= column.distinct <= 2:
                return ""
            return f"its name, and it has {column.distinct} values" if column.distinct else ""

        return self._take(LABELS, fits)

    def version(self) -> Guess | None:
        return self._take(
            VERSIONS,
            lambda c: "its name" if _telling(c, VERSIONS, ("version",)) and c.distinct <= 100 and _simple(c) else "",
        )

    def latency(self) -> Guess | None:
        def fits(column: Column) -> str:
            positive = column.kind == "number" and isinstance(column.low, float) and column.low >= 0
            return "its name; milliseconds are meant" if positive and _telling(column, LATENCIES, ("latency",)) else ""

        return self._take(LATENCIES, fits)

    def status(self) -> tuple[Guess, list[str | int | bool]] | None:
        """The status column and the values that mean an error."""

        def fits(column: Column) -> str:
            told = _telling(column, STATUSES, ("status",)) and errors(column)
            return "its name and values" if told else ""

        found = self._take(STATUSES, fits)
        return (found, errors(found.column)) if found else None

    def protected(self) -> list[Column]:
        found = [column for column in self._free() if _is_protected(column)]
        self.taken |= {column.name for column in found}
        return found

    def features(self) -> tuple[list[Column], list[Column], list[tuple[Column, str]]]:
        """The numeric, the categorical, and those left out with the reason."""
        numeric: list[Column] = []
        categorical: list[Column] = []
        left: list[tuple[Column, str]] = []
        for column in self._free():
            if tokens(column.name)[-1:] in (["id"], ["uuid"], ["guid"], ["key"]):
                left.append((column, "an identifier by its name"))
            elif column.kind == "number":
                numeric.append(column)
            elif column.kind == "text" and column.distinct > max(100, self.seen.rows // 10):
                left.append((column, f"{column.distinct:,} different texts"))
            elif column.kind in ("text", "yes_no"):
                categorical.append(column)
            else:
                left.append((column, f"of type {column.type[:60]}"))
        return numeric, categorical, left

    def _free(self) -> Iterable[Column]:
        return [c for c in self.seen.columns if c.name not in self.taken and 0 < len(c.name) <= 2_000]

    def _take(
        self, names: Collection[str], fits: Callable[[Column], str], *, last: Callable[[Column], bool] | None = None
    ) -> Guess | None:
        order = list(names)
        found = [(column, why) for column in self._free() if (why := fits(column))]
        if not found:
            return None

        def rank(each: tuple[Column, str]) -> tuple[bool, int]:
            name = "_".join(tokens(each[0].name))
            return last is not None and last(each[0]), order.index(name) if name in order else len(order)

        found.sort(key=rank)
        column, why = found[0]
        self.taken.add(column.name)
        return Guess(column, why, tuple(other.name for other, _ in found[1:6]))


def tokens(name: str) -> list[str]:
    """The words of a column's name: HTTPStatus_code -> http, status, code."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name[:200])
    return [word for word in re.split(r"[\W_]+", spaced.casefold()) if word]


def epoch_unit(column: Column) -> str:
    """s, ms or us when the numbers can be times since 1970 (from 1973 on); else ""."""
    low, high = column.low, column.high
    if column.kind != "number" or not isinstance(low, float) or not isinstance(high, float) or low < 1e8:
        return ""
    return next((unit for unit, limit in (("s", 1e10), ("ms", 1e13), ("us", 1e16)) if high < limit <= low * 100), "")


def errors(column: Column) -> list[str | int | bool]:
    """Values of a status column that mean the request was not served; empty when its values do not tell."""
    if column.kind == "yes_no":
        return [True] if {"error", "failed", "failure"} & set(tokens(column.name)) else []
    low, high = column.low, column.high
    if column.kind == "number" and isinstance(low, float) and isinstance(high, float):
        if low >= 100 and high < 600:
            return [500, 502, 503, 504]
        return [1] if (low, high) in ((0, 1), (0, 0)) and {"error", "failed"} & set(tokens(column.name)) else []
    return [text for text in column.examples if _WRONG.fullmatch(text.strip())]


def positive(column: Column) -> str | int | float | bool:
    """The value of a two-valued label that most likely counts as 1."""
    if column.kind == "yes_no":
        return True
    if column.kind == "number":
        high = column.high if isinstance(column.high, float) else 1.0
        return int(high) if high.is_integer() else high
    telling = [text for text in column.examples if text.strip().casefold() in _YES]
    return telling[0] if telling else str(column.high or "1")


def age_bands(column: Column) -> list[int]:
    """Inner edges that lie inside an age's range; none when it is no number."""
    low, high = column.low, column.high
    if column.kind != "number" or not isinstance(low, float) or not isinstance(high, float) or column.distinct <= 10:
        return []
    return [edge for edge in (25, 40, 60) if low < edge <= high]


def is_age(column: Column) -> bool:
    """A person's age, not a car's."""
    words = set(tokens(column.name))
    return bool({"age", "agep"} & words) and words - {"age", "agep"} <= _AGE_OF


def crossed(columns: list[Column]) -> list[Column]:
    """The two attributes whose intersections are looked at first: sex, then origin, then age, then others."""

    def rank(column: Column) -> int:
        words = set(tokens(column.name))
        orders = ({"sex", "gender"}, {"race", "rac1p", "ethnicity", "ethnic"}, {"age", "agep"})
        return next((at for at, names in enumerate(orders) if words & names), len(orders))

    return sorted(columns, key=rank)[:2] if len(columns) > 1 else []


def _telling(column: Column, names: Collection[str], endings: Collection[str] = ()) -> bool:
    words = tokens(column.name)
    return "_".join(words) in names or (bool(words) and words[-1] in endings)


def _is_share(column: Column) -> bool:
    real = _REAL.fullmatch(column.type.casefold()) is not None
    low, high = column.low, column.high
    return real and isinstance(low, float) and isinstance(high, float) and low >= 0 and high <= 1


def _is_protected(column: Column) -> bool:
    words = tokens(column.name)
    pairs = set(pairwise(words))
    named = is_age(column) or set(words) & (PROTECTED - {"age", "agep"}) or pairs & PROTECTED_PAIRS
    return _simple(column) and bool(named)


def _simple(column: Column) -> bool:
    return column.kind in ("text", "number", "yes_no")
