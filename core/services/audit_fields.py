"""What an event says, field by field: before and after, sealed texts in their places."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from core.ledger.chain import SEALED
from core.ledger.trail import Text
from core.services.audit_names import ID

State = Literal["changed", "added", "removed", "same"]
SIDES = ("before", "after")
_ABSENT = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One field. before, after: as text; "" where there was, or is, none."""

    field: str
    before: str
    after: str
    state: State


def resolved(value: Any, texts: Mapping[str, Text], erased: Any = None) -> Any:
    """The value with texts in place of their seals; `erased` in place of those that are gone."""
    if isinstance(value, Mapping):
        if set(value) == {SEALED} and isinstance(value[SEALED], str):
            held = texts.get(value[SEALED])
            return held.text if held else erased
        return {key: resolved(item, texts, erased) for key, item in value.items()}
    if isinstance(value, list):
        return [resolved(item, texts, erased) for item in value]
    return value


def changes(
    payload: Mapping[str, Any], texts: Mapping[str, Text], name: Callable[[str], str], erased: str
) -> tuple[Change, ...]:
    """Every field that stands under before or after. Two seals of one text differ, so it is the texts that count."""
    sides = [payload[side] if isinstance(payload.get(side), Mapping) else {} for side in SIDES]
    found = []
    for field in dict.fromkeys([*sides[0], *sides[1]]):
        raw = [side.get(field, _ABSENT) for side in sides]
        told = [None if one is _ABSENT else resolved(one, texts, f"({erased})") for one in raw]
        was, now = told
        same = was == now and (raw[0] == raw[1] or not _gone(raw, texts))
        state: State = "added" if was is None else "removed" if now is None else "same" if same else "changed"
        if was is None and now is None:
            state = "same"
        found.append(Change(field=field, before=_text(was, name), after=_text(now, name), state=state))
    return tuple(found)


def facts(
    payload: Mapping[str, Any], texts: Mapping[str, Text], name: Callable[[str], str], erased: str
) -> tuple[tuple[str, str], ...]:
    """What else an event says: names and values."""
    rest = {key: value for key, value in payload.items() if key not in (*SIDES, "on_behalf_of")}
    rest |= {side: payload[side] for side in SIDES if side in payload and not isinstance(payload[side], Mapping)}
    return tuple((key, _text(resolved(value, texts, f"({erased})"), name)) for key, value in rest.items())


def _gone(values: list[Any], texts: Mapping[str, Text]) -> bool:
    return any(isinstance(v, Mapping) and set(v) == {SEALED} and v[SEALED] not in texts for v in values)


def _text(value: Any, name: Callable[[str], str]) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        known = name(value) if ID.fullmatch(value) else value
        return f"{known} ({value})" if known != value else value
    return json.dumps(value, ensure_ascii=False) if isinstance(value, Mapping | list) else str(value)
