"""A first monitor file, written after a look at a log. Its guesses are comments beside the values."""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from core.monitors.guesses import Guess, Guesser, age_bands, crossed, epoch_unit, is_age, positive, tokens
from core.monitors.near import choice
from core.monitors.seen import Column, Columns
from core.monitors.written import quoted, remark, scalar

_REFERENCE_DAYS = 28
_PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000}


def propose(seen: Columns, model: str, log: str) -> str:
    """The text of a monitor file for a log that was looked at.

    It loads as it is when a timestamp and a score or prediction were found; what was not found stands there as a
    comment that says what to write. log: the path or glob that was looked at.
    """
    guesser = Guesser(seen)
    when = guesser.timestamp()
    identity, version, output = guesser.id(), guesser.version(), _output(guesser)
    lines = [
        f"# A first monitor file, guessed from {seen.rows:,} rows. Read every line before you trust a number.",
        f"model: {quoted(model)}",
        "log:",
        f"  {seen.place}: {scalar(log)}",
        "",
        *_timestamp(when),
        *_one("id", identity, "# id: NAME  # a column that names each row; needed to join labels that arrive late"),
        *_one("version", version, '# version: NAME  # a column; or fixed_version: "1" when all rows are of one'),
        "",
        *output,
        "",
        *_protected(guesser.protected()),
        *_reference(when, seen, log),
        "",
        *_one("latency", guesser.latency(), "# latency: NAME  # a column of milliseconds"),
        *_status(guesser),
        *_features(guesser, labelled="label:" in output),
        "# kpis:          # business figures, such as",
        "#   revenue: {figure: NAME, better: higher}",
        "# measurements:  # numbers or yes/no that the log states itself, such as",
        "#   ndcg: {column: NAME, kind: number}",
    ]
    return "\n".join(lines) + "\n"


def _timestamp(guess: Guess | None) -> list[str]:
    if guess is None:
        return [
            "# timestamp:      # no column of times was found: name the one that says when the prediction was made",
            "#   column: NAME",
            "#   unit: ms      # of numbers: s, ms or us since 1970",
        ]
    unit = epoch_unit(guess.column)
    zoned = "zone" in guess.column.type.casefold() or "tz" in guess.column.type.casefold()
    lines = ["timestamp:", f"  column: {scalar(guess.column.name)}{_because(guess)}"]
    if unit:
        lines.append(f"  unit: {unit}")
    elif not zoned:
        lines.append("  naive: utc  # or local, when times without a zone are those of `zone`")
    return [*lines, "zone: UTC  # where the business day begins, such as Europe/Vienna"]


def _one(key: str, guess: Guess | None, otherwise: str) -> list[str]:
    return [f"{key}: {scalar(guess.column.name)}{_because(guess)}"] if guess else [otherwise]


def _output(guesser: Guesser) -> list[str]:
    classes = guesser.classes()
    score = None if classes else guesser.score()
    prediction = guesser.prediction()
    lines: list[str] = []
    task = task_of(score, prediction, many=bool(classes))
    label = guesser.label(binary=task == "binary")
    if classes:
        whole = bool(label and label.column.kind == "number")
        names = [int(name) if whole and re.fullmatch(r"0|[1-9]\d{0,8}", name) else name for name, _ in classes]
        lines += [f"task: {task}  # several columns hold a probability each", f"classes: {_flow(names)}"]
        lines += ["probabilities:", *(f"  {quoted(name)}: {scalar(c.name)}" for name, c in classes)]
        if not prediction:
            lines.append(f"score: {scalar(classes[0][1].name)}  # the first class's; better a prediction: NAME")
    elif task == "multiclass" and prediction:
        lines += [f"task: {task}  # the prediction has few values", f"classes: {_flow(values_of(prediction.column))}"]
    else:
        lines.append(f"task: {task}  # binary, multiclass, regression or other")
    if score:
        lines.append(f"score: {scalar(score.column.name)}{_because(score)}")
    if prediction:
        lines.append(f"prediction: {scalar(prediction.column.name)}{_because(prediction)}")
    if not (score or prediction or classes):
        lines.append("# score: NAME  # no column of scores was found; or prediction: NAME for values and classes")
    return [*lines, *_label(label, guesser, binary=task == "binary")]


def task_of(score: Guess | None, prediction: Guess | None, *, many: bool) -> str:
    if many:
        return "multiclass"
    if score or not prediction or prediction.column.distinct <= 2:
        return "binary"
    if len(values_of(prediction.column)) == prediction.column.distinct:
        return "multiclass"
    return "regression" if prediction.column.kind == "number" else "other"


def _label(label: Guess | None, guesser: Guesser, *, binary: bool) -> list[str]:
    if label is None:
        two = [c.name for c in guesser.seen.columns if c.distinct == 2 and c.name not in guesser.taken]
        known = f"; columns of two values: {remark(choice(two, most=8))}" if two and binary else ""
        return [
            f"# label:         # no column of labels was found{known}",
            "#   column: NAME",
            "#   table: {files: labels/*.parquet}  # when labels arrive late, in a table of their own",
        ]
    lines = ["label:", f"  column: {scalar(label.column.name)}{_because(label)}"]
    if binary:
        values = remark(", ".join(label.column.examples))
        lines.append(f"positive: {scalar(positive(label.column))}  # the label that counts as 1; seen: {values}")
        lines.append("favourable: positive  # or negative: which decision is good for the person concerned")
        lines.append("thresholds: [0.5]  # a score of at least this decides positive")
    return lines


def _protected(columns: list[Column]) -> list[str]:
    if not columns:
        return ["# protected:      # sex, age, origin: no such column was found", "#   sex: {column: NAME}", ""]
    lines = ["protected:  # by their names; take out what is none"]
    names: dict[str, str] = {}
    for column in columns:
        name = names[column.name] = name_for(column.name, names.values())
        lines += [f"  {quoted(name)}:", f"    column: {scalar(column.name)}{_seen(column)}"]
        if is_age(column) and (bands := age_bands(column)):
            lines.append(f"    bands: {_flow(bands)}  # inner edges of the groups; each belongs to the upper one")
        elif column.distinct > 20:
            lines[-1] += "; many groups: some will be too small to judge"
    if pair := crossed(columns):
        lines.append(f"intersections: [{_flow(names[column.name] for column in pair)}]")
    return [*lines, ""]


def _reference(when: Guess | None, seen: Columns, log: str) -> list[str]:
    first, last = days_of(when.column) if when else (None, None)
    if when is None:
        return [
            "# reference:      # what is normal: a window of the log, or a table of its own",
            "#   since: 2026-01-01",
            "#   until: 2026-02-01",
        ]
    if first is None or last is None:
        return [
            "reference:  # no days were found; better the validation data",
            f"  table: {{{seen.place}: {scalar(log)}}}",
        ]
    length = min(_REFERENCE_DAYS, max(1, ((last - first).days + 1) // 2))
    return [
        "reference:  # the first days that were seen; better the validation data, by `table: {files: ...}`",
        f"  since: {first.isoformat()}",
        f"  until: {(first + timedelta(days=length)).isoformat()}",
    ]


def _status(guesser: Guesser) -> list[str]:
    found = guesser.status()
    if not found:
        return ["# status: {column: NAME, errors: [500, 503]}  # values that mean the request was not served"]
    guess, values = found
    lines = ["status:", f"  column: {scalar(guess.column.name)}{_because(guess)}"]
    return [*lines, f"  errors: {_flow(values)}  # values that mean the request was not served"]


def _features(guesser: Guesser, *, labelled: bool) -> list[str]:
    numeric, categorical, left = guesser.features()
    lines = ["features:" if labelled else "features:  # the label is no feature: take it out"]
    if numeric:
        lines.append("  numeric:")
        for column in numeric:
            few = f"  # {column.distinct} values: categorical, if they are codes" if 0 < column.distinct <= 10 else ""
            lines.append(f"    - {scalar(column.name)}{few}")
    if categorical:
        lines += ["  categorical:", *(f"    - {scalar(column.name)}" for column in categorical)]
    if not numeric and not categorical:
        lines.append("  all: false  # nothing else was found; name columns under numeric: and categorical:")
    lines += [f"  # left out: {remark(column.name)}, {remark(why)}" for column, why in left]
    return lines


def _because(guess: Guess) -> str:
    others = f"; could also be {remark(choice(guess.others))}" if guess.others else ""
    return f"  # {remark(guess.why)}{others}"


def _seen(column: Column) -> str:
    return f"  # {column.distinct} values, such as {remark(', '.join(column.examples[:3]))}"


def values_of(column: Column) -> list[str | int | bool]:
    """All values of a column, when the examples are all."""
    if column.distinct != len(column.examples) or column.kind in ("time", "other"):
        return []
    if column.kind == "yes_no":
        return [text == "true" for text in column.examples]
    if column.kind == "number":
        whole = all(re.fullmatch(r"-?\d{1,18}", text, re.ASCII) for text in column.examples)
        return sorted(int(text) for text in column.examples) if whole else []
    return sorted(column.examples)


def days_of(column: Column) -> tuple[date | None, date | None]:
    """The first and last day that were seen; None where they cannot be told."""
    try:
        if unit := epoch_unit(column):
            ends = [
                datetime.fromtimestamp(float(end or 0) / _PER_SECOND[unit], UTC) for end in (column.low, column.high)
            ]
            return ends[0].date(), ends[1].date()
        first, last = (date.fromisoformat(str(end)[:10]) for end in (column.low, column.high))
    except (ValueError, OverflowError, OSError):
        return None, None
    return (first, last) if 1900 < first.year <= last.year < 9_000 else (None, None)


def name_for(column: str, used: Iterable[str]) -> str:
    """A name for an attribute: the column's words, made different from those used."""
    plain = "_".join(word for word in tokens(column) if word.isascii())[:70] or "attribute"
    known = set(used)
    return next(name for name in (plain, *(f"{plain}_{n}" for n in range(2, 10_000))) if name not in known)


def _flow(values: Iterable[str | int | float | bool]) -> str:
    return "[" + ", ".join(scalar(value) for value in values) + "]"
