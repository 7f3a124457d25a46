"""Notes and tags made here. What they say stands among the sealed texts alone: erasing the author erases it."""

from typing import Any

import sqlalchemy as sa

from core.ledger.schema import metadata, sealed_texts
from core.ledger.texts import Words

Row = dict[str, Any]

# Grain: one note on one subject. Deleted notes are gone from here; the trail knows that they were.
notes = sa.Table(
    "notes", metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("subject", Words, nullable=False),
    sa.Column("author", sa.String(40), nullable=False, index=True),
    sa.Column("seal", sa.String(64), nullable=False),                 # of its text
    sa.Column("created_ms", sa.BigInteger, nullable=False),
    sa.Column("edited_ms", sa.BigInteger),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Index("ix_notes_subject", "subject", "created_ms"),
)  # fmt: skip

# Grain: one key of one subject.
house_tags = sa.Table(
    "house_tags", metadata,
    sa.Column("subject", Words, primary_key=True),
    sa.Column("key", Words, primary_key=True),
    sa.Column("seal", sa.String(64), nullable=False),                 # of its value
    sa.Column("author", sa.String(40), nullable=False, index=True),
    sa.Column("set_ms", sa.BigInteger, nullable=False),
)  # fmt: skip


def notes_on(connection: sa.Connection, subject: str) -> list[Row]:
    """Notes on one subject, newest first, each with its text; None where that was erased."""
    query = (
        sa.select(notes, sealed_texts.c.text)
        .outerjoin(sealed_texts, sealed_texts.c.seal == notes.c.seal)
        .where(notes.c.subject == subject)
        .order_by(notes.c.created_ms.desc(), notes.c.id)
    )
    return [dict(row) for row in connection.execute(query).mappings()]


def note(connection: sa.Connection, note_id: str) -> Row | None:
    """One note; None when there is none of that id (any more)."""
    query = sa.select(notes).where(notes.c.id == note_id)
    row = connection.execute(query).mappings().first()
    return dict(row) if row else None


def tags(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> list[Row]:
    """Tags by subject and key, each with its value; None where that was erased."""
    query = (
        sa.select(house_tags, sealed_texts.c.text)
        .outerjoin(sealed_texts, sealed_texts.c.seal == house_tags.c.seal)
        .where(condition)
        .order_by(house_tags.c.subject, house_tags.c.key)
    )
    return [dict(row) for row in connection.execute(query).mappings()]


def tags_on(connection: sa.Connection, subject: str) -> list[Row]:
    """Tags of one subject by key."""
    return tags(connection, house_tags.c.subject == subject)


def tags_of_kind(connection: sa.Connection, kind: str) -> list[Row]:
    """Tags of all subjects of a kind, such as model."""
    return tags(connection, house_tags.c.subject.startswith(f"{kind}:", autoescape=True))
