"""What is wrong with a monitor's values, key by key: the line, what is allowed, and the nearest name."""

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Literal, get_args, get_origin
from zoneinfo import available_timezones

from pydantic import BaseModel, ValidationError

from core.errors import MonitorError
from core.monitors.monitor import Monitor, Unfit
from core.monitors.near import choice, near, show
from core.monitors.tree import Keys, Place

OWN_KEYS = ("extends", "abstract")
_WANTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "dict_type": "a mapping of keys to values",
    "model_type": "a mapping of keys to values",
}
_EXAMPLES = {
    "model": "model: credit_default",
    "log": "log: and below it files: logs/*.parquet",
    "timestamp": "timestamp: and below it column: NAME",
    "reference": "reference: and below it since: 2026-01-01 and until: 2026-02-01",
}


def mistakes(
    error: ValidationError, places: Mapping[Keys, Place], values: Any, *, partial: bool = False
) -> list[MonitorError]:
    """Every mistake of a file once, in the order of its lines.

    values: what was validated.  partial: it is only to be extended, so what it lacks is no mistake.
    """
    found: dict[tuple[Keys, str], MonitorError] = {}
    unknown = [e["loc"] for e in error.errors(include_url=False) if e["type"] == "extra_forbidden"]
    for each in error.errors(include_url=False):
        kind, loc = each["type"], _real(each["loc"], values)
        if (kind == "missing" and _misspelt(loc, unknown)) or (partial and kind in ("missing", "value_error")):
            continue
        union = _shape(loc[:-1] if kind == "missing" else loc)
        told = "scalar" if len(_members(union)) > 2 and kind in _WANTED else kind
        if told == "scalar" and (loc, told) in found:
            continue
        if isinstance(cause := (each.get("ctx") or {}).get("error"), Unfit):
            loc = (*loc, *cause.key)
        made = _one(told, loc, _at(values, loc), each, cause)
        place = _place(places, loc)
        found[loc, told] = MonitorError(made.sentence, file=place.file, line=place.line, near=made.near, hint=made.hint)
    return sorted(found.values(), key=lambda problem: (problem.file, problem.line or 0))


def _one(kind: str, loc: Keys, got: Any, each: Any, cause: object) -> MonitorError:
    name, parent = _dotted(loc), _dotted(loc[:-1])
    if kind == "extra_forbidden":
        known = [*_keys(loc[:-1]), *(OWN_KEYS if len(loc) == 1 else ())]
        close = near(str(loc[-1]), known)
        where = f" in {parent}" if parent else ""
        return MonitorError(f"There is no key {show(loc[-1])}{where}.", near=close, hint=_hint(close, known))
    if kind == "missing":
        example = _EXAMPLES.get(str(loc[-1]), f"{loc[-1]}: ...") if len(loc) == 1 else f"{loc[-1]}: ..."
        where = f" in {parent}" if parent else ""
        return MonitorError(f"The key {loc[-1]!r} is missing{where}.", hint=f"Write {example}.")
    if kind == "literal_error":
        known = [value for member in _members(_shape(loc)) for value in get_args(member)]
        close = near(str(got), known)
        return MonitorError(f"{name} cannot be {show(got)}.", near=close, hint=_hint(close, known))
    if kind in ("scalar", *_WANTED):
        wanted = "text, a number, true or false" if kind == "scalar" else _WANTED[kind]
        if got is None:
            return MonitorError(f"{name} has no value.", hint=f"Write {wanted}, or take the key out.")
        return MonitorError(f"{name} must be {wanted}, got {_kind(got)}.", hint=_cure(kind, loc, got))
    if kind == "string_pattern_mismatch" and loc[-1] in ("since", "until"):
        return MonitorError(f"{name} is no day: {show(got)}.", hint="Write it as 2026-01-31.")
    if kind == "string_pattern_mismatch":
        hint = "Use letters of a to z, digits, _ . and -, not beginning with . or -, at most 80."
        return MonitorError(f"{show(each['input'])} in {parent or name} cannot be a name.", hint=hint)
    if kind == "string_too_short":
        return MonitorError(f"{name} is empty.", hint="Write a text, or take the key out.")
    if kind == "string_too_long":
        return MonitorError(f"{name} is longer than {each['ctx']['max_length']:,} characters.", hint="Shorten it.")
    if kind == "value_error":
        said = str(each["msg"]).removeprefix("Value error, ")
        if isinstance(cause, Unfit):
            close = near(cause.got, cause.known) if cause.known else ()
            return MonitorError(f"{said}.", near=close, hint=_hint(close, cause.known) or "Change one of them.")
        if loc == ("zone",):
            close = near(str(got), _zones())
            hint = _hint(close, ()) or "Use a name such as Europe/Vienna or UTC."
            return MonitorError(f"zone is no time zone: {show(got)}.", near=close, hint=hint)
        hint = "A key that is inherited is taken back by `key: null`." if "exactly one" in said else "Correct it."
        return MonitorError(f"{name or 'The monitor'}: {said}.", hint=hint)
    said = str(each["msg"]).replace("Input should be", "must be")
    return MonitorError(f"{name} {said[:1].lower()}{said[1:]}, got {show(got)}.", hint="Correct it.")


def _hint(close: tuple[str, ...], known: Any) -> str:
    meant = f"Did you mean {close[0]}?" if close else ""
    allowed = f"Allowed here: {choice(known)}." if known else ""
    return f"{meant} {allowed}".strip()


def _cure(kind: str, loc: Keys, got: Any) -> str:
    if kind == "string_type" and isinstance(got, int | float):
        return f"Write it in quotes: '{got}'."
    if kind == "string_type" and isinstance(got, dict) and "model" in got:
        return "A text with {model} must stand in quotes."
    if kind == "tuple_type" and not isinstance(got, dict | list):
        return f"Write [{got}]."
    if kind == "bool_type" and isinstance(got, str) and got.casefold() in ("yes", "no", "on", "off", "y", "n"):
        return f"Write {'true' if got.casefold() in ('yes', 'on', 'y') else 'false'}."
    if kind == "model_type" and isinstance(got, str):
        keys = _keys(loc)
        first = "column" if "column" in keys else keys[0]
        return f"Write `{first}: {got}` below it, indented. Keys there: {choice(keys)}."
    if kind in ("model_type", "dict_type"):
        keys = _keys(loc)
        return f"Write keys below it, indented{': ' + choice(keys) if keys else ''}."
    return "A number stands without quotes." if kind in ("int_type", "float_type") else "Correct it."


def _kind(got: Any) -> str:
    if isinstance(got, bool):
        return f"{str(got).lower()}"
    if isinstance(got, dict):
        return "a mapping"
    if isinstance(got, list):
        return "a list"
    return f"the text {show(got)}" if isinstance(got, str) else f"the number {show(got)}"


def _misspelt(missing: Keys, unknown: list[tuple[int | str, ...]]) -> bool:
    """Whether a missing key is there under a name that is nearly its own."""
    beside = [str(loc[-1]) for loc in unknown if loc[:-1] == missing[:-1]]
    return any(near(name, _keys(missing[:-1]))[:1] == (str(missing[-1]),) for name in beside)


def _dotted(loc: Keys) -> str:
    text = ".".join(str(part) if not isinstance(part, int) else f"[{part + 1}]" for part in loc).replace(".[", "[")
    return text if text.isprintable() and len(text) <= 200 else repr(text[:200])


def _place(places: Mapping[Keys, Place], loc: Keys) -> Place:
    while loc not in places:
        loc = loc[:-1]
    return places[loc]


def _real(loc: tuple[int | str, ...], values: Any) -> Keys:
    """The part of pydantic's location that is a path in the file, without names of types and "[key]"."""
    for at, part in enumerate(loc):
        inside = part in values if isinstance(values, dict) else isinstance(values, list) and isinstance(part, int)
        if not inside:
            return loc[: at + 1] if isinstance(values, dict) and part in _keys(loc[:at]) else loc[:at]
        values = values[part]
    return loc


def _at(values: Any, loc: Keys) -> Any:
    for part in loc:
        try:
            values = values[part]
        except (KeyError, IndexError, TypeError):
            return None
    return values


def _members(shape: Any) -> tuple[Any, ...]:
    """What a type may be, None left out."""
    while get_origin(shape) is Annotated:
        shape = get_args(shape)[0]
    if get_origin(shape) in (Literal, dict, tuple) or not get_args(shape):
        return (shape,)
    return tuple(member for each in get_args(shape) if each is not type(None) for member in _members(each))


def _shape(loc: Keys) -> Any:
    """The declared type at a path; None where there is none."""
    shape: Any = Monitor
    for part in loc:
        (shape, *_) = _members(shape)
        if isinstance(shape, type) and issubclass(shape, BaseModel):
            known = shape.model_fields.get(str(part))
            shape = known.annotation if known else None
        else:
            arguments = get_args(shape)
            shape = (arguments[1] if get_origin(shape) is dict else arguments[0]) if arguments else None
        if shape is None:
            return None
    return shape


def _keys(loc: Keys) -> list[str]:
    (shape, *_) = _members(_shape(loc))
    return list(shape.model_fields) if isinstance(shape, type) and issubclass(shape, BaseModel) else []


@cache
def _zones() -> tuple[str, ...]:
    return tuple(sorted(available_timezones()))
