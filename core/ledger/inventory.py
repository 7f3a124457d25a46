"""The inventory: one row a model the organisation answers for. Personal data only as ids of people."""

import json
from collections.abc import Collection, Mapping
from typing import Any

import sqlalchemy as sa

from core.ledger.schema import metadata
from core.ledger.texts import Words

Row = dict[str, Any]

# Grain: one entry. Rows are never deleted, they retire. A registered model that nobody described has no row.
inventory = sa.Table(
    "inventory", metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("kind", sa.String(12), nullable=False),          # own, vendor, language
    sa.Column("name", Words, nullable=False),
    sa.Column("ref", Words),                                   # "source:model" of a registered model
    sa.Column("description", Words, nullable=False),
    sa.Column("owner", sa.String(40), index=True),             # ids of people
    sa.Column("deputy", sa.String(40)),
    sa.Column("validator", sa.String(40)),
    sa.Column("project", sa.String(40)),
    sa.Column("purpose", Words, nullable=False),
    sa.Column("users", Words, nullable=False),                 # who uses its results, in words
    sa.Column("data_categories", Words, nullable=False),       # JSON list of ids
    sa.Column("vendor", Words, nullable=False),
    sa.Column("exposure", sa.String(40)),
    sa.Column("purpose_class", sa.String(40)),
    sa.Column("tier_override", sa.Integer),                    # 1 to 3; null: materiality decides
    sa.Column("override_reason", sa.String(64)),               # seal of the reason
    sa.Column("override_signature", sa.String(40)),            # id in signatures
    sa.Column("dependencies", Words, nullable=False),          # JSON list of inventory ids or refs
    sa.Column("backup", Words, nullable=False),                # what takes over, in words, or an inventory id
    sa.Column("last_review", sa.String(10)),                   # days such as 2026-11-30
    sa.Column("next_review", sa.String(10)),
    sa.Column("regimes", Words, nullable=False),               # JSON list of ids
    sa.Column("created_ms", sa.BigInteger, nullable=False),
    sa.Column("retired_ms", sa.BigInteger),
    sa.Column("revision", sa.Integer, nullable=False),
    # Two live entries never speak of one registered model.
    sa.Index(
        "uq_inventory_live_ref", "ref", unique=True,
        sqlite_where=sa.text("retired_ms IS NULL"), postgresql_where=sa.text("retired_ms IS NULL"),
    ),
)  # fmt: skip

LISTS = ("data_categories", "dependencies", "regimes")


def all_rows(connection: sa.Connection, kept: Mapping[str, Row]) -> dict[str, Row]:
    """Every entry's row by id, lists as tuples.

    kept: rows that were read before; one whose revision is still the same is not read again.
    """
    revisions = connection.execute(sa.select(inventory.c.id, inventory.c.revision)).tuples().all()
    stale = [entry for entry, revision in revisions if entry not in kept or kept[entry]["revision"] != revision]
    if 2 * len(stale) > len(revisions):
        return {row["id"]: _read(row) for row in connection.execute(sa.select(inventory)).mappings()}
    fresh = by_ids(connection, stale)
    return {entry: fresh[entry] if entry in fresh else kept[entry] for entry, _ in revisions}


def by_ids(connection: sa.Connection, ids: Collection[str]) -> dict[str, Row]:
    """The rows with these ids, by id."""
    found: dict[str, Row] = {}
    wanted = sorted(ids)
    for start in range(0, len(wanted), 500):  # databases limit how many values a statement may have
        query = sa.select(inventory).where(inventory.c.id.in_(wanted[start : start + 500]))
        found |= {row["id"]: _read(row) for row in connection.execute(query).mappings()}
    return found


def live_by_refs(connection: sa.Connection, refs: Collection[str]) -> dict[str, Row]:
    """Live rows that speak of these registered models, by ref."""
    found: dict[str, Row] = {}
    wanted = sorted(refs)
    for start in range(0, len(wanted), 500):
        query = sa.select(inventory).where(
            inventory.c.ref.in_(wanted[start : start + 500]), inventory.c.retired_ms.is_(None)
        )
        found |= {row["ref"]: _read(row) for row in connection.execute(query).mappings()}
    return found


def add(connection: sa.Connection, rows: list[Row]) -> None:
    """New rows. Raises sqlalchemy's IntegrityError for a ref that another live row has."""
    connection.execute(sa.insert(inventory), [_written(row) for row in rows])


def change(connection: sa.Connection, entry: str, revision: int, values: Mapping[str, Any]) -> bool:
    """Changes a row whose revision is that; False when it is another one by now."""
    statement = (
        sa.update(inventory)
        .where(inventory.c.id == entry, inventory.c.revision == revision)
        .values(**_written(values), revision=revision + 1)
    )
    return connection.execute(statement).rowcount == 1


def _read(row: sa.RowMapping) -> Row:
    return dict(row) | {name: tuple(json.loads(row[name])) for name in LISTS}


def _written(values: Mapping[str, Any]) -> Row:
    return {
        name: json.dumps(list(value), ensure_ascii=False) if name in LISTS else value for name, value in values.items()
    }
