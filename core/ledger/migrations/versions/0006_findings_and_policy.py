"""What people answer to findings; how far a policy acts on each model; the versions that judged."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "finding_answers",
        sa.Column("finding_id", sa.String(80), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("owner", sa.String(40)),
        sa.Column("snoozed_until_ms", sa.BigInteger),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("person", sa.String(40), nullable=False),
        sa.PrimaryKeyConstraint("finding_id", name="pk_finding_answers"),
    )
    op.create_index("ix_finding_answers_owner", "finding_answers", ["owner"])
    op.create_table(
        "policy_modes",
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("category", sa.String(20), nullable=False),
        sa.Column("mode", sa.String(12), nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("person", sa.String(40), nullable=False),
        sa.PrimaryKeyConstraint("model", "category", name="pk_policy_modes"),
    )
    op.create_table(
        "policies_published",
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("name", "version", name="pk_policies_published"),
    )


def downgrade() -> None:
    """The trail keeps what was decided; the tables go."""
    for table in ("policies_published", "policy_modes", "finding_answers"):
        op.drop_table(table)
