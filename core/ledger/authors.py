"""Names under which people work elsewhere: users of a source, authors in Git. Without a row a name is unknown."""

from typing import Any

import sqlalchemy as sa

from core.ledger.schema import metadata
from core.ledger.texts import Words

Row = dict[str, Any]

# Grain: one name in one source of one kind.
authors = sa.Table(
    "authors", metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("kind", sa.String(12), nullable=False),                 # source-user, git-author
    sa.Column("source", Words, nullable=False),                       # the source's, or the repository's name
    sa.Column("name", Words, nullable=False),                         # as written there
    sa.Column("person", sa.String(40), nullable=False, index=True),
    sa.Column("created_ms", sa.BigInteger, nullable=False),
    sa.UniqueConstraint("kind", "source", "name", name="uq_authors_kind"),
)  # fmt: skip


def mapped(connection: sa.Connection, kind: str, source: str, name: str) -> Row | None:
    """The row of a name, if somebody is known to stand behind it."""
    query = sa.select(authors).where(authors.c.kind == kind, authors.c.source == source, authors.c.name == name)
    row = connection.execute(query).mappings().first()
    return dict(row) if row else None
