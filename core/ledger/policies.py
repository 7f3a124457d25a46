"""How far the policy acts on each model, and the policy versions that have judged, by their content."""

from typing import Any

import sqlalchemy as sa

from core.ledger.schema import metadata
from core.ledger.texts import Words

Row = dict[str, Any]
ALL = "all"

# Grain: one category of one model, or all of its categories. Without a row it is observed only.
policy_modes = sa.Table(
    "policy_modes", metadata,
    sa.Column("model", Words, primary_key=True),
    sa.Column("category", sa.String(20), primary_key=True),     # a category, or all
    sa.Column("mode", sa.String(12), nullable=False),           # observe, warn, enforce
    sa.Column("at_ms", sa.BigInteger, nullable=False),
    sa.Column("person", sa.String(40), nullable=False),
)  # fmt: skip

# Grain: one version of one policy. Rows are never changed.
policies_published = sa.Table(
    "policies_published", metadata,
    sa.Column("name", sa.String(40), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("content_hash", sa.String(64), nullable=False),   # SHA-256 of content, in hex
    sa.Column("content", Words, nullable=False),                # canonical JSON of what the file says
    sa.Column("at_ms", sa.BigInteger, nullable=False),
)  # fmt: skip


def modes(connection: sa.Connection, model: str = "") -> dict[str, dict[str, str]]:
    """Model -> category or "all" -> mode, as stated; of one model, or of all."""
    query = sa.select(policy_modes.c.model, policy_modes.c.category, policy_modes.c.mode)
    if model:
        query = query.where(policy_modes.c.model == model)
    found: dict[str, dict[str, str]] = {}
    for row in connection.execute(query):
        found.setdefault(row.model, {})[row.category] = row.mode
    return found


def set_mode(connection: sa.Connection, model: str, category: str, mode: str, *, at_ms: int, person: str) -> None:
    """States a mode; one for all categories takes the place of those of single ones."""
    of = policy_modes.c.model == model
    if category != ALL:
        of = sa.and_(of, policy_modes.c.category == category)
    connection.execute(sa.delete(policy_modes).where(of))
    connection.execute(
        sa.insert(policy_modes).values(model=model, category=category, mode=mode, at_ms=at_ms, person=person)
    )


def published(connection: sa.Connection, name: str, version: int) -> Row | None:
    """One version of a policy, if it has judged."""
    table = policies_published
    query = sa.select(table).where(table.c.name == name, table.c.version == version)
    row = connection.execute(query).mappings().first()
    return dict(row) if row else None


def all_published(connection: sa.Connection) -> list[Row]:
    """Every version that has judged, the newest first."""
    table = policies_published
    query = sa.select(table).order_by(table.c.at_ms.desc(), table.c.name, table.c.version.desc())
    return [dict(row) for row in connection.execute(query).mappings()]
