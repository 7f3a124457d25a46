"""What a field of the inventory may hold: values from forms and cells made fit, and said again as people read them."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from core.errors import Invalid
from core.governance.inventory import KIND
from core.governance.inventory_fields import BY_NAME, Field
from core.ledger.people import people
from core.ledger.texts import clean as storable
from core.monitors.near import choice as in_a_row
from core.monitors.near import near, show
from core.services import directory, inventory, policy_files
from core.services import projects as project_services
from core.services.cache import cached
from core.services.guard import needs
from core.services.house import House

FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(2199, 12, 31)
MOST_ENTRIES = 50
PART = "; "
_UNWANTED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u2028\u2029\ufffe\uffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What values are held against.

    people: id -> person.  mails: mail in lower case -> ids.  choices: field -> id -> title.
    entries: key (id or ref) -> name.  keys: name in lower case -> keys.  shorter: key -> how cells name an entry.
    projects: id -> name.
    """

    people: Mapping[str, directory.Known]
    mails: Mapping[str, tuple[str, ...]]
    choices: Mapping[str, Mapping[str, str]]
    entries: Mapping[str, str]
    keys: Mapping[str, tuple[str, ...]]
    shorter: Mapping[str, str]
    projects: Mapping[str, str]


@needs("view")
@cached(maxsize=3, decisions=True)
def known(house: House, *, day: date) -> Known:
    """What values are held against now."""
    policy = policy_files.materiality(house)
    mails: dict[str, tuple[str, ...]] = {}
    for row in house.ledger.rows(sa.select(people.c.id, people.c.mail).where(people.c.erased_ms.is_(None))):
        if row["mail"]:
            mails[row["mail"].casefold()] = (*mails.get(row["mail"].casefold(), ()), row["id"])
    entries: dict[str, str] = {}
    keys: dict[str, tuple[str, ...]] = {}
    shorter: dict[str, str] = {}
    for one in inventory.entries(house, day=day):
        if one.retired_ms is None:
            keys[one.name.casefold()] = (*keys.get(one.name.casefold(), ()), one.key)
        for key in (one.id, one.ref):
            if key:
                entries.setdefault(key, one.name)
                shorter[key] = one.ref or key
    return Known(
        people=directory.everyone(house),
        mails=mails,
        choices={
            "kind": dict(KIND),
            "exposure": {each.id: each.title for each in policy.exposure},
            "purpose_class": {each.id: each.title for each in policy.purposes},
            "data_categories": {each.id: each.title for each in policy_files.data_categories(house).categories},
            "regimes": {each.id: each.title for each in policy_files.regimes(house).regimes},
        },
        entries=entries,
        keys=keys,
        shorter=shorter,
        projects=projects(house),
    )


@needs("view")
def projects(house: House) -> Mapping[str, str]:
    """Names of projects by id."""
    return project_services.names(house)


def fit(known: Known, name: str, value: Any, before: Any) -> Any:
    """The value as it is stored. What it was before may stay, also when it could not be chosen any more.

    Raises Invalid naming the field.
    """
    if name not in BY_NAME:
        close = near(name, BY_NAME)
        raise Invalid(f"There is no field {show(name)}.", field=name, hint=_meant(close, BY_NAME))
    field = BY_NAME[name]
    if field.kind in ("line", "text"):
        return _words(field, value)
    if field.kind in ("choices", "entries"):
        return _several(known, field, value, before)
    if value in (None, ""):
        if field.name == "kind":
            raise Invalid("Kind is empty.", field=field.name, hint=f"Allowed: {in_a_row(KIND.values())}.")
        return None
    if not isinstance(value, str):
        raise Invalid(f"{field.title} must be a text, got {show(value)}.", field=field.name)
    if value == before:
        return value
    if field.kind == "day":
        return _day(field, value)
    if field.kind == "person":
        return _person(known, field, value)
    options = known.projects if field.kind == "project" else known.choices[field.name]
    if value not in options:
        raise _not_listed(field, value, options.values())
    return value


def read(known: Known, name: str, text: str) -> Any:
    """What a cell's text means: ids in place of titles, logins, mails and names. Raises Invalid with the nearest."""
    field, text = BY_NAME[name], text.strip()
    if field.kind == "person":
        return _person_named(known, field, text) if text else None
    if field.kind == "choice":
        return _titled(field, text, known.choices[field.name]) if text else None
    if field.kind == "choices":
        parts = [part.strip() for part in re.split(r"[;\n]", text) if part.strip()]
        return tuple(_titled(field, part, known.choices[field.name]) for part in parts)
    if field.kind == "entries":
        return tuple(_entry_named(known, field, part.strip()) for part in text.split("\n") if part.strip())
    return text


def say(known: Known, name: str, value: Any) -> str:
    """A value as people and cells read it; what `read` takes back, where it still can be chosen."""
    field = BY_NAME[name]
    if value in (None, "", ()):
        return ""
    if field.kind == "person":
        person = known.people.get(value)
        return (person.login or f"{person.name} ({value})") if person else str(value)
    if field.kind == "choice":
        return known.choices[field.name].get(value, value)
    if field.kind == "choices":
        return PART.join(known.choices[field.name].get(each, each) for each in value)
    if field.kind == "entries":
        return "\n".join(known.shorter.get(each, each) for each in value)
    if field.kind == "project":
        return known.projects.get(value, value)
    return str(value)


def whole(before: Mapping[str, Any], after: Mapping[str, Any], day: date) -> None:
    """What fields must say together. Only what changes is held against it. Raises Invalid."""
    changed = {name for name in after if after[name] != before.get(name)}
    if not after["name"]:
        raise Invalid("The name is empty.", field="name", hint="Give it the name that people use.")
    if "last_review" in changed and after["last_review"] and after["last_review"] > day.isoformat():
        raise Invalid(
            f"The last review cannot be on {after['last_review']}, which is to come.", field="last_review",
            hint="Write the day on which it was completed.",
        )  # fmt: skip
    days = after["last_review"], after["next_review"]
    if changed & {"last_review", "next_review"} and all(days) and days[1] <= days[0]:
        raise Invalid(
            f"The next review ({days[1]}) is not after the last one ({days[0]}).", field="next_review",
            hint="Take a later day, or leave it empty: then it follows from the tier.",
        )  # fmt: skip


def words(text: str, *, lines: bool) -> str:
    """A text without what no cell and no database holds; without lines: on one line."""
    said = unicodedata.normalize("NFC", storable(text).replace("\r\n", "\n").replace("\r", "\n"))
    said = _UNWANTED.sub(" ", said)
    return said.replace("\t", " ").strip() if lines else " ".join(said.split())


def _words(field: Field, value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Invalid(f"{field.title} must be a text, got {show(value)}.", field=field.name)
    said = words(value, lines=field.kind == "text")
    if len(said) > field.longest:
        raise Invalid(
            f"{field.title} has {len(said):,} characters; {field.longest:,} are possible.", field=field.name,
            hint="Shorten it.",
        )  # fmt: skip
    return said


def _several(known: Known, field: Field, value: Any, before: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value, str) or not all(isinstance(each, str) for each in value):
        raise Invalid(f"{field.title} must be a list of texts.", field=field.name)
    kept = tuple(dict.fromkeys(value))
    if field.kind == "choices":
        options = known.choices[field.name]
        for each in kept:
            if each not in options and each not in (before or ()):
                raise _not_listed(field, each, options.values())
        order = list(options)
        return tuple(sorted(kept, key=lambda each: order.index(each) if each in order else len(order)))
    if len(kept) > MOST_ENTRIES:
        raise Invalid(f"{field.title} lists {len(kept)} entries; {MOST_ENTRIES} are possible.", field=field.name)
    for each in kept:
        if each not in known.entries and each not in (before or ()):
            raise _not_listed(field, each, known.entries)
    return kept


def _day(field: Field, value: str) -> str:
    try:
        day = date.fromisoformat(value)
    except ValueError:
        day = None
    if day is None or not re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        raise Invalid(f"{field.title} is no day: {show(value)}.", field=field.name, hint="Write it as 2026-11-30.")
    if not FIRST_DAY <= day <= LAST_DAY:
        raise Invalid(
            f"{field.title} is {value}, which cannot be meant.", field=field.name,
            hint=f"Days are from {FIRST_DAY} to {LAST_DAY}.",
        )  # fmt: skip
    return value


def _person(known: Known, field: Field, person: str) -> str:
    one = known.people.get(person)
    if one is None:
        raise Invalid(f"{field.title}: nobody is known as {show(person)}.", field=field.name, hint=_pick(known))
    if not one.active:
        raise Invalid(f"{field.title}: {one.name} cannot sign in any more.", field=field.name, hint=_pick(known))
    return person


def _pick(known: Known) -> str:
    return f"Choose one of the {sum(one.active for one in known.people.values()):,} people with an active account."


def _person_named(known: Known, field: Field, text: str) -> str:
    """By id, login, mail or exact name."""
    if text in known.people:
        return text
    wanted = " ".join(text.split()).casefold()
    by_login = [one.id for one in known.people.values() if one.login and one.login.casefold() == wanted]
    if by_login:
        return by_login[0]
    active = {one.id for one in known.people.values() if one.active}
    found = [person for person in known.mails.get(wanted, ()) if person in active] or [
        one.id for one in known.people.values() if one.active and " ".join(one.name.split()).casefold() == wanted
    ]
    if len(found) == 1:
        return found[0]
    if found:
        logins = [known.people[person].login for person in found]
        raise Invalid(
            f"{field.title}: {len(found)} people are called {show(text)}.", field=field.name,
            hint=f"Write the login: {in_a_row(logins)}.",
        )  # fmt: skip
    names = [part for one in known.people.values() if one.active for part in (one.login, one.name)]
    close = near(text, names)
    told = f"Did you mean {' or '.join(close)}?" if close else _pick(known)
    raise Invalid(f"{field.title}: nobody active is called {show(text)}.", field=field.name, hint=told)


def _titled(field: Field, text: str, options: Mapping[str, str]) -> str:
    for each, title in options.items():
        if text == each or text.casefold() == title.casefold():
            return each
    raise _not_listed(field, text, options.values())


def _entry_named(known: Known, field: Field, text: str) -> str:
    if text in known.entries:
        return text
    found = known.keys.get(text.casefold(), ())
    if len(found) == 1:
        return found[0]
    if found:
        raise Invalid(
            f"{field.title}: {len(found)} entries are called {show(text)}.", field=field.name,
            hint=f"Write an id or a registered model: {in_a_row(found, most=6)}.",
        )  # fmt: skip
    raise _not_listed(field, text, [*known.keys, *known.shorter.values()], few=True)


def _not_listed(field: Field, value: str, options: Iterable[str], *, few: bool = False) -> Invalid:
    listed = list(dict.fromkeys(options))
    close = near(value, listed)
    hint = _meant(close, () if few or len(listed) > 40 else listed)
    return Invalid(f"{field.title} cannot be {show(value)}.", field=field.name, hint=hint or "See the page Inventory.")


def _meant(close: Sequence[str], options: Iterable[str]) -> str:
    meant = f"Did you mean {close[0]}?" if close else ""
    allowed = f"Allowed: {in_a_row(options)}." if options else ""
    return f"{meant} {allowed}".strip()
