"""Tables that everything in the ledger leans on: the chain, sealed texts, work to be done, leases.

Tables of one subject stand beside what reads and writes them (people.py, projects.py, inventory.py, ...). Times are
milliseconds since 1970 UTC. Changes of tables are migrations (migrations/versions); a test holds both to the same.
"""

import sqlalchemy as sa

from core.ledger.texts import Words

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# The chain. Grain: one event. Triggers refuse UPDATE, DELETE, and an INSERT that does not continue it.
audit_events = sa.Table(
    "audit_events", metadata,
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("time_ms", sa.BigInteger, nullable=False),
    sa.Column("actor", Words, nullable=False),
    sa.Column("action", Words, nullable=False),
    sa.Column("subject", Words, nullable=False),
    sa.Column("payload", Words, nullable=False),       # canonical JSON; personal data only as seals
    sa.Column("previous", sa.String(64), nullable=False),
    sa.Column("hash", sa.String(64), nullable=False, unique=True),
    sa.Index("ix_audit_events_subject", "subject", "seq"),
    sa.Index("ix_audit_events_actor", "actor", "seq"),
    sa.Index("ix_audit_events_action", "action", "seq"),
    sa.Index("ix_audit_events_time_ms", "time_ms", "seq"),
)  # fmt: skip

# The end of the chain. Grain: one row (id 1). Locked by every write on PostgreSQL.
ledger_head = sa.Table(
    "ledger_head", metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
)  # fmt: skip

# Texts that events hold as seals only, so that they can be erased. Grain: one seal.
sealed_texts = sa.Table(
    "sealed_texts", metadata,
    sa.Column("seal", sa.String(64), primary_key=True),
    sa.Column("salt", sa.String(32), nullable=False),
    sa.Column("text", Words, nullable=False),
    sa.Column("person", sa.String(40), nullable=False, index=True),   # whom the text speaks of
    sa.Column("retain_until_ms", sa.BigInteger),                      # of a signature: kept until then, also erased
)  # fmt: skip

# Work that decisions cause elsewhere. Grain: one thing to be done, once, under its key.
outbox = sa.Table(
    "outbox", metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("key", Words, nullable=False, unique=True),             # idempotency key
    sa.Column("kind", Words, nullable=False),
    sa.Column("subject", Words, nullable=False),                      # delivered in order within a subject
    sa.Column("payload", Words, nullable=False),                      # JSON
    sa.Column("event", sa.BigInteger, nullable=False),                # seq of the event that caused it
    sa.Column("state", sa.String(12), nullable=False),                # waiting, done, failed, superseded
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("due_ms", sa.BigInteger, nullable=False),
    sa.Column("ended_ms", sa.BigInteger),
    sa.Column("outcome", Words),
    sa.Index("ix_outbox_state", "state", "due_ms"),
)  # fmt: skip

# Who may do what only one server may do at a time. Grain: one kind of work.
leases = sa.Table(
    "leases", metadata,
    sa.Column("name", sa.String(40), primary_key=True),
    sa.Column("holder", sa.String(80), nullable=False),
    sa.Column("until_ms", sa.BigInteger, nullable=False),
)  # fmt: skip
