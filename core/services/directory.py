"""Names of people by their ids, for every page that tells who did something."""

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from core.ledger.people import people
from core.services.cache import cached
from core.services.guard import needs
from core.services.house import House

OTHERS = {"system": "Gatehouse", "local": "Command line", "nobody": "Nobody"}
ERASED = "Erased person"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A person as others see it. active: may sign in.  login: "" for an erased one."""

    id: str
    name: str
    login: str
    active: bool


@needs(None)
@cached(maxsize=4, decisions=True)
def everyone(house: House) -> Mapping[str, Known]:
    """All people by id, erased and disabled ones included."""
    query = sa.select(people.c.id, people.c.name, people.c.login, people.c.disabled_ms, people.c.erased_ms)
    found = {}
    for row in house.ledger.rows(query.order_by(people.c.name, people.c.login)):
        erased = row["erased_ms"] is not None
        found[row["id"]] = Known(
            id=row["id"], name=ERASED if erased else row["name"], login="" if erased else row["login"],
            active=not erased and row["disabled_ms"] is None,
        )  # fmt: skip
    return found


@needs(None)
def name(house: House, person: str) -> str:
    """The name of an actor; "unknown" for an id that nobody has."""
    known = everyone(house).get(person)
    return known.name if known else OTHERS.get(person, "unknown")
