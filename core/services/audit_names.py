"""Names of whatever events speak of, by id."""

import re
from collections.abc import Callable, Mapping

import sqlalchemy as sa

from core.ledger import inventory, people, views  # noqa: F401 - their tables are looked up by name
from core.ledger.schema import metadata
from core.services import directory, projects
from core.services.cache import cached
from core.services.guard import needs
from core.services.house import House

ID = re.compile(r"\b[a-z]{1,4}_[0-9a-f]{16}\b")
NAMED = ("teams", "saved_views", "inventory")
"""Tables with an id and a name that is nobody's personal data; the first alone for who sees projects only."""


@needs(None)
@cached(maxsize=4, decisions=True)
def names(house: House) -> Mapping[str, str]:
    """Names by id: people, teams, the program's own actors; projects one is in; views and entries for who sees all."""
    found = dict(directory.OTHERS)
    if house.actor.may_somewhere("view"):
        found |= projects.names(house)
    found |= {person.id: person.name for person in directory.everyone(house).values()}
    for table in (metadata.tables[name] for name in (NAMED if house.actor.may("view") else NAMED[:1])):
        for row in house.ledger.rows(sa.select(table.c.id, table.c.name)):
            found[row["id"]] = row["name"]
    return found


@needs(None)
def namer(house: House) -> Callable[[str], str]:
    """Names an id or a subject (kind:id); what follows the kind where nothing better is known."""
    known = names(house)

    def name(text: str) -> str:
        if text in known:
            return known[text]
        _, mark, own = text.partition(":")
        return known.get(own, own) if mark and own else text

    return name
