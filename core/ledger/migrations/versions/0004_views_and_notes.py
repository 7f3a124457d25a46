"""Saved views with their defaults; notes and tags made here; an index for days of the trail."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "saved_views",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("page", sa.String(40), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("owner", sa.String(40), nullable=False),
        sa.Column("audience", sa.String(12), nullable=False),
        sa.Column("project", sa.String(40)),
        sa.Column("params", sa.Text, nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("changed_ms", sa.BigInteger, nullable=False),
        sa.Column("deleted_ms", sa.BigInteger),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_saved_views"),
    )
    op.create_index("ix_saved_views_owner", "saved_views", ["owner"])
    op.create_table(
        "view_defaults",
        sa.Column("person", sa.String(40), nullable=False),
        sa.Column("page", sa.String(40), nullable=False),
        sa.Column("view", sa.String(40), nullable=False),
        sa.PrimaryKeyConstraint("person", "page", name="pk_view_defaults"),
    )
    op.create_table(
        "notes",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("author", sa.String(40), nullable=False),
        sa.Column("seal", sa.String(64), nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("edited_ms", sa.BigInteger),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_notes"),
    )
    op.create_index("ix_notes_subject", "notes", ["subject", "created_ms"])
    op.create_index("ix_notes_author", "notes", ["author"])
    op.create_table(
        "house_tags",
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("seal", sa.String(64), nullable=False),
        sa.Column("author", sa.String(40), nullable=False),
        sa.Column("set_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("subject", "key", name="pk_house_tags"),
    )
    op.create_index("ix_house_tags_author", "house_tags", ["author"])
    _index_times("time_ms", "seq")  # days become bounds of seq without reading events


def downgrade() -> None:
    """The trail keeps what was decided; the tables go."""
    for table in ("house_tags", "notes", "view_defaults", "saved_views"):
        op.drop_table(table)
    _index_times("time_ms")


def _index_times(*columns: str) -> None:
    op.drop_index("ix_audit_events_time_ms", "audit_events")
    op.create_index("ix_audit_events_time_ms", "audit_events", list(columns))
