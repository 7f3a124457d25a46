"""Roles of people and teams: who holds which, where and until when; giving and taking them."""

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from core.errors import Conflict, Invalid, NotFound
from core.ledger.people import by_id, grants, members, people, teams
from core.ledger.store import Transaction
from core.services import projects
from core.services.accounts import give_role
from core.services.administrators import an_administrator_stays
from core.services.guard import needs
from core.services.house import House, now_ms

ORIGINS = {"manual": "Given here", "group": "Sign-in group"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A role in force. holder: id of a person or a team.  title: its name, untrusted text.

    project: its id; None: everywhere.  origin: manual (given here), group (of OIDC or the proxy).
    until_ms: when it ends by itself; None: never.
    """

    grant: str
    holder: str
    team: bool
    title: str
    role: str
    project: str | None
    origin: str
    until_ms: int | None
    created_ms: int

    @property
    def can_be_taken(self) -> bool:
        """Whether it was given here; others end where they come from."""
        return self.origin == "manual"


@needs("access_view", everywhere=True)
def listing(house: House, person: str = "") -> tuple[Held, ...]:
    """Roles in force, by holder. person: id of the one whose own and whose teams' roles are wanted."""
    names = sa.union_all(
        sa.select(people.c.id, people.c.name).where(people.c.erased_ms.is_(None)), sa.select(teams.c.id, teams.c.name)
    ).subquery()
    query = sa.select(grants, names.c.name.label("title")).where(
        names.c.id == grants.c.holder, sa.or_(grants.c.until_ms.is_(None), grants.c.until_ms > now_ms())
    )
    if person:
        own_teams = sa.select(members.c.team).where(members.c.person == person)
        query = query.where(sa.or_(grants.c.holder == person, grants.c.holder.in_(own_teams)))
    rows = house.ledger.rows(query.order_by(names.c.name, grants.c.created_ms, grants.c.id))
    return tuple(
        Held(
            grant=row["id"], holder=row["holder"], team=_is_team(row["holder"]), title=row["title"], role=row["role"],
            project=row["project"], origin=row["origin"], until_ms=row["until_ms"], created_ms=row["created_ms"],
        )
        for row in rows
    )  # fmt: skip


@needs("access", everywhere=True)
def give(house: House, holder: str, role: str, project: str | None = None, until_ms: int | None = None) -> str:
    """Gives a person or a team a role; returns the grant's id.

    holder: its id.  project: id; None for everywhere.  until_ms: when it ends by itself; None for never.
    Raises NotFound, Invalid, and Conflict for a role that is held there already.
    """
    with house.deciding("access") as tx:
        _check_holder(tx, holder)
        if until_ms is not None and until_ms <= tx.now_ms:
            raise Invalid("The end date lies in the past.", field="until", hint="Choose a later day, or none.")
        held = sa.select(grants.c.id).where(
            grants.c.holder == holder, grants.c.role == role, grants.c.origin == "manual",
            grants.c.project.is_(None) if project is None else grants.c.project == project,
            sa.or_(grants.c.until_ms.is_(None), grants.c.until_ms > tx.now_ms),
        )  # fmt: skip
        if tx.connection.execute(held).first():
            raise Conflict("This role is held there already.", hint="Take it first to change its end date.")
        return give_role(tx, holder, role, project, until_ms=until_ms)


@needs("access", everywhere=True)
def take(house: House, grant: str, *, confirmed: bool = False) -> None:
    """Takes a role. confirmed: also the administrator role of the one who acts.

    Raises NotFound, Conflict for the last administrator's, Invalid for one that was not given here or not confirmed.
    """
    with house.deciding("access") as tx:
        row = tx.connection.execute(sa.select(grants).where(grants.c.id == grant)).first()
        if row is None:
            raise NotFound("This role is not held any more.", hint="Look again.")
        if row.origin != "manual":
            raise Invalid(
                "This role comes from a group of the sign-in provider.", field="origin",
                hint="Take the person out of the group there; it ends at the next sign-in.",
            )  # fmt: skip
        if row.role == "administrator" and row.holder == house.actor.id and not confirmed:
            raise Invalid("This is your own administrator role.", field="confirmed", hint="Confirm that it is to go.")
        with an_administrator_stays(tx):
            tx.connection.execute(sa.delete(grants).where(grants.c.id == grant))
        kind = "team" if _is_team(row.holder) else "person"
        before = {"role": row.role, "project": row.project} | ({"until_ms": row.until_ms} if row.until_ms else {})
        tx.append("role.taken", f"{kind}:{row.holder}", {"before": before})


@needs("access_view", everywhere=True)
def projects_to_choose(house: House) -> Mapping[str, str]:
    """Projects that roles can be limited to: id to name."""
    return projects.names(house)


def _is_team(holder: str) -> bool:
    return holder.startswith("t_")


def _check_holder(tx: Transaction, holder: str) -> None:
    if _is_team(holder):
        known = tx.connection.execute(sa.select(teams.c.id).where(teams.c.id == holder)).first() is not None
    else:
        row = by_id(tx.connection, holder)
        known = row is not None and row["erased_ms"] is None
    if not known:
        raise NotFound("There is no such person or team.", hint="Look again: it may have been erased or dissolved.")
