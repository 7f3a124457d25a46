"""Teams: people who hold roles together."""

from dataclasses import dataclass

import sqlalchemy as sa

from core.errors import Conflict, Invalid, NotFound
from core.ledger import people
from core.ledger import projects as stored
from core.ledger.people import grants, members, teams
from core.ledger.store import Transaction
from core.services.administrators import an_administrator_stays
from core.services.guard import needs
from core.services.house import House, now_ms

NAME_LONGEST = 80
NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """A team. name: untrusted text.  members: ids of people.  roles: (role, project id or None) in force."""

    id: str
    name: str
    members: tuple[str, ...]
    roles: tuple[tuple[str, str | None], ...]
    created_ms: int


@needs("access_view", everywhere=True)
def listing(house: House) -> tuple[Team, ...]:
    """All teams, by name."""
    with house.ledger.reading() as connection:
        rows = list(connection.execute(sa.select(teams).order_by(teams.c.name)))
        within: dict[str, list[str]] = {}
        query = sa.select(members).where(members.c.person == people.people.c.id).order_by(people.people.c.name)
        for row in connection.execute(query):
            within.setdefault(row.team, []).append(row.person)
        held: dict[str, list[tuple[str, str | None]]] = {}
        in_force = sa.or_(grants.c.until_ms.is_(None), grants.c.until_ms > now_ms())
        for row in connection.execute(sa.select(grants).where(in_force).order_by(grants.c.created_ms)):
            held.setdefault(row.holder, []).append((row.role, row.project))
    return tuple(
        Team(
            id=row.id, name=row.name, members=tuple(within.get(row.id, [])), roles=tuple(held.get(row.id, [])),
            created_ms=row.created_ms,
        )
        for row in rows
    )  # fmt: skip


@needs("access", everywhere=True)
def make(house: House, name: str) -> str:
    """A new team; returns its id. Raises Invalid, Conflict for a name that is taken."""
    name = _named(name)
    with house.deciding("access") as tx:
        _check_free(tx, name)
        team = people.new_id("t")
        tx.connection.execute(sa.insert(teams).values(id=team, name=name, created_ms=tx.now_ms))
        tx.append("team.made", f"team:{team}", {"after": {"name": name}})
    return team


@needs("access", everywhere=True)
def rename(house: House, team: str, name: str, *, read: str | None = None) -> None:
    """read: its name when the change was begun. Raises NotFound, Invalid, Conflict."""
    name = _named(name)
    with house.deciding("access") as tx:
        before = _name_of(tx, team)
        if read is not None and read != before:
            raise Conflict(f"The team is called {before} by now.", hint="Look again, then change it.")
        if name == before:
            return
        _check_free(tx, name)
        tx.connection.execute(sa.update(teams).where(teams.c.id == team).values(name=name))
        tx.append("team.renamed", f"team:{team}", {"before": {"name": before}, "after": {"name": name}})


@needs("access", everywhere=True)
def dissolve(house: House, team: str) -> None:
    """Ends a team with the roles that it gave.

    Raises NotFound, Conflict when it owns projects, or nobody could administer after it.
    """
    with house.deciding("access") as tx:
        name = _name_of(tx, team)
        owned = [row["name"] for row in stored.everything(tx.connection, archived=True) if row["owner"] == team]
        if owned:
            listed = ", ".join(sorted(owned)[:NAMED]) + (
                f" and {len(owned) - NAMED} more" if len(owned) > NAMED else ""
            )
            raise Conflict(f"{name} owns {listed}.", hint="Give these projects another owner first.")
        within = [row.person for row in tx.connection.execute(sa.select(members).where(members.c.team == team))]
        held = [row.role for row in tx.connection.execute(sa.select(grants).where(grants.c.holder == team))]
        with an_administrator_stays(tx):
            tx.connection.execute(sa.delete(members).where(members.c.team == team))
            tx.connection.execute(sa.delete(grants).where(grants.c.holder == team))
            tx.connection.execute(sa.delete(teams).where(teams.c.id == team))
        before = {"name": name, "members": sorted(within), "roles": sorted(held)}
        tx.append("team.dissolved", f"team:{team}", {"before": before})


@needs("access", everywhere=True)
def set_members(house: House, team: str, chosen: tuple[str, ...], *, read: tuple[str, ...] | None = None) -> None:
    """Makes these people its members, and nobody else.

    chosen: ids.  read: its members when the change was begun. Raises NotFound, Conflict.
    """
    with house.deciding("access") as tx:
        _name_of(tx, team)
        before = {row.person for row in tx.connection.execute(sa.select(members).where(members.c.team == team))}
        after = set(chosen)
        if read is not None and set(read) != before:
            raise Conflict("Somebody else changed its members meanwhile.", hint="Look again, then change them.")
        for person in sorted(after - before):
            row = people.by_id(tx.connection, person)
            if row is None or row["erased_ms"] is not None:
                raise NotFound("One of them is no person here.", hint="Look again: it may have been erased.")
        if after == before:
            return
        with an_administrator_stays(tx):
            tx.connection.execute(
                sa.delete(members).where(members.c.team == team, members.c.person.in_(before - after))
            )
            for person in sorted(after - before):
                tx.connection.execute(sa.insert(members).values(team=team, person=person))
        tx.append(
            "team.members_changed", f"team:{team}",
            {"before": {"members": sorted(before - after)}, "after": {"members": sorted(after - before)}},
        )  # fmt: skip


def _named(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > NAME_LONGEST:
        raise Invalid(f"A team's name has 1 to {NAME_LONGEST} characters, got {len(name)}.", field="name")
    return name


def _check_free(tx: Transaction, name: str) -> None:
    for row in tx.connection.execute(sa.select(teams.c.name)):
        if row.name.casefold() == name.casefold():
            raise Conflict(f"There is a team {row.name} already.", hint="Choose another name.")


def _name_of(tx: Transaction, team: str) -> str:
    row = tx.connection.execute(sa.select(teams.c.name).where(teams.c.id == team)).first()
    if row is None:
        raise NotFound("There is no such team.", hint="It may have been dissolved meanwhile.")
    return str(row.name)
