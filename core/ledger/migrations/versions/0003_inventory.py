"""inventory, signatures"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

LIVE = sa.text("retired_ms IS NULL")


def upgrade() -> None:
    op.create_table(
        "inventory",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("ref", sa.Text),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("owner", sa.String(40)),
        sa.Column("deputy", sa.String(40)),
        sa.Column("validator", sa.String(40)),
        sa.Column("project", sa.String(40)),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("users", sa.Text, nullable=False),
        sa.Column("data_categories", sa.Text, nullable=False),
        sa.Column("vendor", sa.Text, nullable=False),
        sa.Column("exposure", sa.String(40)),
        sa.Column("purpose_class", sa.String(40)),
        sa.Column("tier_override", sa.Integer),
        sa.Column("override_reason", sa.String(64)),
        sa.Column("override_signature", sa.String(40)),
        sa.Column("dependencies", sa.Text, nullable=False),
        sa.Column("backup", sa.Text, nullable=False),
        sa.Column("last_review", sa.String(10)),
        sa.Column("next_review", sa.String(10)),
        sa.Column("regimes", sa.Text, nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("retired_ms", sa.BigInteger),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_inventory"),
    )
    op.create_index("ix_inventory_owner", "inventory", ["owner"])
    op.create_index(
        "uq_inventory_live_ref", "inventory", ["ref"], unique=True, sqlite_where=LIVE, postgresql_where=LIVE
    )
    op.create_table(
        "signatures",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("event", sa.BigInteger, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("person", sa.String(40), nullable=False),
        sa.Column("seal", sa.String(64), nullable=False),
        sa.Column("meaning", sa.String(16), nullable=False),
        sa.Column("time_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_signatures"),
    )
    for name in ("event", "subject", "person"):
        op.create_index(f"ix_signatures_{name}", "signatures", [name])


def downgrade() -> None:
    op.drop_table("signatures")
    op.drop_table("inventory")
