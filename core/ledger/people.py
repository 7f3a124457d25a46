"""People and how they may enter. What names a person stands here and in sealed texts, never in the chain."""

import secrets
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from core.governance.rights import NOT_PASSED_ON
from core.ledger.schema import metadata
from core.ledger.texts import Words

Row = dict[str, Any]

# Grain: one person. Rows are never deleted: events name their ids. An erased person has no name, mail or login left.
people = sa.Table(
    "people", metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("login", Words, nullable=False, unique=True),   # lower case
    sa.Column("name", Words, nullable=False),
    sa.Column("mail", Words, nullable=False),                 # "" when unknown
    sa.Column("origin", sa.String(12), nullable=False),       # local, oidc, proxy: how this person signs in
    sa.Column("external", Words, unique=True),                # issuer and subject of an OIDC account
    sa.Column("password_hash", Words),                        # argon2; local accounts alone
    sa.Column("must_change", sa.Boolean, nullable=False),     # the password was set by somebody else
    sa.Column("failures", sa.Integer, nullable=False),        # wrong passwords since the last right one
    sa.Column("locked_until_ms", sa.BigInteger),
    sa.Column("created_ms", sa.BigInteger, nullable=False),
    sa.Column("disabled_ms", sa.BigInteger),
    sa.Column("erased_ms", sa.BigInteger),
)  # fmt: skip

# Roles held. Grain: one role of one holder in one place.
grants = sa.Table(
    "grants", metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("holder", sa.String(40), nullable=False, index=True),  # id of a person or a team
    sa.Column("role", sa.String(20), nullable=False),
    sa.Column("project", sa.String(40)),                              # null: everywhere
    sa.Column("origin", sa.String(12), nullable=False),               # manual, group (of OIDC or the proxy)
    sa.Column("until_ms", sa.BigInteger),
    sa.Column("created_ms", sa.BigInteger, nullable=False),
)  # fmt: skip

# Who stands in for whom, and when. Grain: one appointment.
deputies = sa.Table(
    "deputies", metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("absent", sa.String(40), nullable=False, index=True),
    sa.Column("deputy", sa.String(40), nullable=False, index=True),
    sa.Column("from_ms", sa.BigInteger, nullable=False),
    sa.Column("until_ms", sa.BigInteger, nullable=False),
    sa.Column("ended_ms", sa.BigInteger),                             # called off before its end
)  # fmt: skip

teams = sa.Table(
    "teams", metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("name", Words, nullable=False, unique=True),
    sa.Column("created_ms", sa.BigInteger, nullable=False),
)  # fmt: skip

# Grain: one person in one team.
members = sa.Table(
    "members", metadata,
    sa.Column("team", sa.String(40), primary_key=True),
    sa.Column("person", sa.String(40), primary_key=True, index=True),
)  # fmt: skip


def new_id(kind: str) -> str:
    """A fresh id. kind: a short prefix, such as p for people."""
    return f"{kind}_{secrets.token_hex(8)}"


def by_id(connection: sa.Connection, person: str) -> Row | None:
    return _one(connection, people.c.id == person)


def by_login(connection: sa.Connection, login: str) -> Row | None:
    """The person with that login, whatever its case."""
    return _one(connection, people.c.login == login.strip().lower())


def by_external(connection: sa.Connection, external: str) -> Row | None:
    return _one(connection, people.c.external == external)


def everyone(connection: sa.Connection) -> list[Row]:
    """All people that are not erased, by name."""
    query = sa.select(people).where(people.c.erased_ms.is_(None)).order_by(people.c.name, people.c.login)
    return [dict(row) for row in connection.execute(query).mappings()]


def add(connection: sa.Connection, values: Mapping[str, Any]) -> None:
    connection.execute(sa.insert(people).values(failures=0, **values))


def change(connection: sa.Connection, person: str, values: Mapping[str, Any]) -> None:
    connection.execute(sa.update(people).where(people.c.id == person).values(**values))


def grants_of(connection: sa.Connection, person: str, *, now_ms: int) -> list[Row]:
    """Roles that are in force for a person: its own, its teams', and those of people it stands in for.

    A deputy gains neither the roles of NOT_PASSED_ON, nor what the absent one has as somebody's deputy, nor anything of
    one who is disabled or erased.
    Rows: role, project (None: everywhere), via ("" own, a team's id), on_behalf_of (None, or the absent person's id).
    """
    standing_in = sa.select(deputies.c.absent).where(
        deputies.c.deputy == person, deputies.c.from_ms <= now_ms, deputies.c.until_ms > now_ms,
        deputies.c.ended_ms.is_(None), people.c.id == deputies.c.absent, people.c.disabled_ms.is_(None),
        people.c.erased_ms.is_(None),
    )  # fmt: skip
    absent = [row.absent for row in connection.execute(standing_in)]
    found: list[Row] = []
    for holder in dict.fromkeys([person, *absent]):
        team_ids = [r.team for r in connection.execute(sa.select(members.c.team).where(members.c.person == holder))]
        query = sa.select(grants).where(
            grants.c.holder.in_([holder, *team_ids]),
            sa.or_(grants.c.until_ms.is_(None), grants.c.until_ms > now_ms),
        )  # fmt: skip
        found += [
            {
                "role": row.role, "project": row.project, "via": "" if row.holder == holder else row.holder,
                "on_behalf_of": None if holder == person else holder,
            }
            for row in connection.execute(query) if holder == person or row.role not in NOT_PASSED_ON
        ]  # fmt: skip
    return found


def _one(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> Row | None:
    row = connection.execute(sa.select(people).where(condition)).mappings().first()
    return dict(row) if row else None
