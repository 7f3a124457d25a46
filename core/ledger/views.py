"""Saved views: a page with its filters and columns under a name, one's own or everybody's."""

from typing import Any

import sqlalchemy as sa

from core.ledger.schema import metadata
from core.ledger.texts import Words

Row = dict[str, Any]
EVERYBODY = "*"

# Grain: one view. A deleted one stays, so that its deletion can be taken back.
saved_views = sa.Table(
    "saved_views", metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("page", sa.String(40), nullable=False),
    sa.Column("name", Words, nullable=False),
    sa.Column("owner", sa.String(40), nullable=False, index=True),   # id of a person
    sa.Column("audience", sa.String(12), nullable=False),             # private, project, everybody
    sa.Column("project", sa.String(40)),                              # with audience "project" alone
    sa.Column("params", Words, nullable=False),                       # JSON: the page's query parameters
    sa.Column("created_ms", sa.BigInteger, nullable=False),
    sa.Column("changed_ms", sa.BigInteger, nullable=False),
    sa.Column("deleted_ms", sa.BigInteger),
    sa.Column("revision", sa.Integer, nullable=False),
)  # fmt: skip

# The view a page opens with. Grain: one page of one person; "*" for everybody who chose none.
view_defaults = sa.Table(
    "view_defaults", metadata,
    sa.Column("person", sa.String(40), primary_key=True),
    sa.Column("page", sa.String(40), primary_key=True),
    sa.Column("view", sa.String(40), nullable=False),
)  # fmt: skip


def by_id(connection: sa.Connection, view: str) -> Row | None:
    """A view, deleted or not."""
    row = connection.execute(sa.select(saved_views).where(saved_views.c.id == view)).mappings().first()
    return dict(row) if row else None


def of_page(connection: sa.Connection, page: str | None) -> list[Row]:
    """All views that are not deleted, by name; of one page, or, with None, of all."""
    query = sa.select(saved_views).where(saved_views.c.deleted_ms.is_(None))
    if page is not None:
        query = query.where(saved_views.c.page == page)
    return [dict(row) for row in connection.execute(query.order_by(saved_views.c.name, saved_views.c.id)).mappings()]


def defaults(connection: sa.Connection, person: str) -> dict[tuple[str, str], str]:
    """View by (person or "*", page): those of one person and those of everybody."""
    query = sa.select(view_defaults).where(view_defaults.c.person.in_([person, EVERYBODY]))
    return {(row.person, row.page): row.view for row in connection.execute(query)}


def set_default(connection: sa.Connection, person: str, page: str, view: str | None) -> str | None:
    """Sets or, with None, takes away a default; returns the one before."""
    place = sa.and_(view_defaults.c.person == person, view_defaults.c.page == page)
    before = connection.execute(sa.select(view_defaults.c.view).where(place)).scalar()
    connection.execute(sa.delete(view_defaults).where(place))
    if view is not None:
        connection.execute(sa.insert(view_defaults).values(person=person, page=page, view=view))
    return before


def change(connection: sa.Connection, view: str, revision: int, values: dict[str, Any]) -> bool:
    """Changes a view of that revision; False when it has another one by now."""
    here = sa.and_(saved_views.c.id == view, saved_views.c.revision == revision)
    return connection.execute(sa.update(saved_views).where(here).values(revision=revision + 1, **values)).rowcount == 1
