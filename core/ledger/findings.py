"""What people answered to findings. Reasons stand among the sealed texts alone; people by id."""

from collections.abc import Collection, Mapping
from typing import Any

import sqlalchemy as sa

from core.ledger.schema import metadata

Row = dict[str, Any]

# Grain: one finding that somebody answered, or that has an owner of its own. Without a row it is open.
finding_answers = sa.Table(
    "finding_answers", metadata,
    sa.Column("finding_id", sa.String(80), primary_key=True),
    sa.Column("state", sa.String(12), nullable=False),          # open, acknowledged, snoozed, resolved
    sa.Column("owner", sa.String(40), index=True),              # id of a person; null: the inventory's owner
    sa.Column("snoozed_until_ms", sa.BigInteger),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("at_ms", sa.BigInteger, nullable=False),          # of the state; a change of owner leaves it
    sa.Column("person", sa.String(40), nullable=False),         # who gave that state
)  # fmt: skip


def all_rows(connection: sa.Connection) -> dict[str, Row]:
    """Every answer by finding."""
    return {row["finding_id"]: dict(row) for row in connection.execute(sa.select(finding_answers)).mappings()}


def by_ids(connection: sa.Connection, ids: Collection[str]) -> dict[str, Row]:
    """Answers to these findings, by finding."""
    found: dict[str, Row] = {}
    wanted = sorted(ids)
    for start in range(0, len(wanted), 500):  # databases limit how many values a statement may have
        query = sa.select(finding_answers).where(finding_answers.c.finding_id.in_(wanted[start : start + 500]))
        found |= {row["finding_id"]: dict(row) for row in connection.execute(query).mappings()}
    return found


def write(connection: sa.Connection, finding_id: str, revision: int, values: Mapping[str, Any]) -> bool:
    """Writes an answer over the one of that revision, 0 for none yet; False when it is another one by now."""
    if revision == 0:
        if finding_id in by_ids(connection, [finding_id]):  # writers take turns: nobody can come between
            return False
        connection.execute(sa.insert(finding_answers).values(finding_id=finding_id, revision=1, **values))
        return True
    table = finding_answers
    statement = (
        sa.update(table)
        .where(table.c.finding_id == finding_id, table.c.revision == revision)
        .values(**values, revision=revision + 1)
    )
    return connection.execute(statement).rowcount == 1
