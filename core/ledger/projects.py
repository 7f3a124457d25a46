"""Projects: rules that scope rights, policy, messages and maturity. They name things, never people."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from core.ledger.schema import metadata
from core.ledger.texts import Words

Row = dict[str, Any]

# Grain: one project. Rows are never deleted: grants and events name their ids.
projects = sa.Table(
    "projects", metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("name", Words, nullable=False),
    sa.Column("name_key", Words, nullable=False),            # the name as it is compared: without case
    sa.Column("description", Words, nullable=False),
    sa.Column("rule", Words, nullable=False),                # JSON (core/governance/projects.py)
    sa.Column("owner", sa.String(40)),                       # id of the team that owns it
    sa.Column("revision", sa.Integer, nullable=False),       # grows with every change, from 1
    sa.Column("created_ms", sa.BigInteger, nullable=False),
    sa.Column("archived_ms", sa.BigInteger),
    sa.Index(
        "uq_projects_name_key", "name_key", unique=True,
        sqlite_where=sa.text("archived_ms IS NULL"), postgresql_where=sa.text("archived_ms IS NULL"),
    ),
)  # fmt: skip


def everything(connection: sa.Connection, *, archived: bool = False) -> list[Row]:
    """All projects by name, archived ones only when asked for."""
    query = sa.select(projects).order_by(projects.c.name_key, projects.c.id)
    if not archived:
        query = query.where(projects.c.archived_ms.is_(None))
    return [dict(row) for row in connection.execute(query).mappings()]


def by_id(connection: sa.Connection, project: str) -> Row | None:
    row = connection.execute(sa.select(projects).where(projects.c.id == project)).mappings().first()
    return dict(row) if row else None


def by_name(connection: sa.Connection, key: str) -> Row | None:
    """The live project with that compared name."""
    query = sa.select(projects).where(projects.c.name_key == key, projects.c.archived_ms.is_(None))
    row = connection.execute(query).mappings().first()
    return dict(row) if row else None


def in_force(connection: sa.Connection, ids: Iterable[str]) -> dict[str, int]:
    """Of these projects those that are not archived, each with its revision."""
    query = sa.select(projects.c.id, projects.c.revision).where(
        projects.c.id.in_(sorted(ids)), projects.c.archived_ms.is_(None)
    )
    return {row.id: row.revision for row in connection.execute(query)}


def add(connection: sa.Connection, values: Mapping[str, Any]) -> None:
    connection.execute(sa.insert(projects).values(revision=1, **values))


def change(connection: sa.Connection, project: str, revision: int, values: Mapping[str, Any]) -> bool:
    """Changes a project that still has that revision; False when it has another one."""
    done = connection.execute(
        sa.update(projects)
        .where(projects.c.id == project, projects.c.revision == revision)
        .values(revision=revision + 1, **values)
    )
    return bool(done.rowcount)


def rule_of(row: Mapping[str, Any]) -> Any:
    """The rule of a row as JSON values."""
    return json.loads(row["rule"])


def rule_text(rule: Any) -> str:
    """A rule as it is kept in a row."""
    return json.dumps(rule, ensure_ascii=False, separators=(",", ":"))
