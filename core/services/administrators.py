"""No decision leaves the house without an administrator."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from core.errors import Conflict
from core.ledger.people import grants, members, people
from core.ledger.store import Transaction


@contextmanager
def an_administrator_stays(tx: Transaction) -> Iterator[None]:
    """Around a change of people, roles or teams: raises Conflict if nobody could administer after it.

    Only roles without an end date count: others are gone some day without anybody deciding.
    """
    before = lasting(tx.connection)
    yield
    if before and not lasting(tx.connection):
        raise Conflict("This is the last administrator.", hint="Make somebody else one first, without an end date.")


def lasting(connection: sa.Connection) -> frozenset[str]:
    """Ids of those who may sign in and are administrators everywhere without an end date, themselves or by a team."""
    in_teams = sa.select(members.c.person, members.c.team)
    team_of: dict[str, list[str]] = {}
    for row in connection.execute(in_teams):
        team_of.setdefault(row.team, []).append(row.person)
    query = sa.select(grants.c.holder).where(
        grants.c.role == "administrator", grants.c.project.is_(None), grants.c.until_ms.is_(None)
    )
    holders = [row.holder for row in connection.execute(query)]
    named = {person for holder in holders for person in [holder, *team_of.get(holder, [])]}
    able = sa.select(people.c.id).where(people.c.disabled_ms.is_(None), people.c.erased_ms.is_(None))
    return frozenset(row.id for row in connection.execute(able) if row.id in named)
