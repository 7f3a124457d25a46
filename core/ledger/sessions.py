"""Sessions, API tokens and attempts to sign in. Only hashes of secrets are kept."""

import hashlib
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from core.ledger.schema import metadata
from core.ledger.texts import Words

Row = dict[str, Any]

# Grain: one sign-in of one browser.
sessions = sa.Table(
    "sessions", metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("digest", sa.String(64), nullable=False, unique=True),  # of the cookie's secret
    sa.Column("person", sa.String(40), nullable=False, index=True),
    sa.Column("method", sa.String(12), nullable=False),               # password, oidc, proxy, demo
    sa.Column("created_ms", sa.BigInteger, nullable=False),
    sa.Column("seen_ms", sa.BigInteger, nullable=False),
    sa.Column("expires_ms", sa.BigInteger, nullable=False),
    sa.Column("ended_ms", sa.BigInteger),
    sa.Column("ended_why", Words),                                    # signed out, revoked, disabled, ...
    sa.Column("address", Words, nullable=False),
    sa.Column("agent", Words, nullable=False),
    sa.Column("id_token", Words),                                     # of OIDC, to sign out there as well
)  # fmt: skip

# Grain: one API token.
tokens = sa.Table(
    "tokens", metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("digest", sa.String(64), nullable=False, unique=True),
    sa.Column("person", sa.String(40), nullable=False, index=True),
    sa.Column("name", Words, nullable=False),
    sa.Column("scopes", Words, nullable=False),                       # rights, JSON list
    sa.Column("created_ms", sa.BigInteger, nullable=False),
    sa.Column("expires_ms", sa.BigInteger, nullable=False),
    sa.Column("revoked_ms", sa.BigInteger),
    sa.Column("used_ms", sa.BigInteger),
)  # fmt: skip

# Grain: one attempt. Not chained: anybody at the door can make rows here, so old ones are dropped.
sign_ins = sa.Table(
    "sign_ins", metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("time_ms", sa.BigInteger, nullable=False, index=True),
    sa.Column("person", sa.String(40), index=True),                   # null: nobody of that login
    sa.Column("method", sa.String(12), nullable=False),
    sa.Column("outcome", sa.String(20), nullable=False),              # ok, wrong password, locked, disabled, ...
    sa.Column("address", Words, nullable=False),
    sa.Column("agent", Words, nullable=False),
)  # fmt: skip

# OIDC sign-ins under way. Grain: one redirect to the provider; used once.
oidc_requests = sa.Table(
    "oidc_requests", metadata,
    sa.Column("digest", sa.String(64), primary_key=True),             # of the state
    sa.Column("nonce", Words, nullable=False),
    sa.Column("verifier", Words, nullable=False),                     # PKCE
    sa.Column("next", Words, nullable=False),
    sa.Column("expires_ms", sa.BigInteger, nullable=False),
)  # fmt: skip


def digest(secret: str) -> str:
    """What is kept of a secret that has full entropy: SHA-256 in hex."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def session_of(connection: sa.Connection, secret: str, *, now_ms: int) -> Row | None:
    """The session of a cookie's secret, if it is in force."""
    query = sa.select(sessions).where(
        sessions.c.digest == digest(secret), sessions.c.ended_ms.is_(None), sessions.c.expires_ms > now_ms
    )
    row = connection.execute(query).mappings().first()
    return dict(row) if row else None


def token_of(connection: sa.Connection, secret: str, *, now_ms: int) -> Row | None:
    """The API token of that secret, if it is in force."""
    query = sa.select(tokens).where(
        tokens.c.digest == digest(secret), tokens.c.revoked_ms.is_(None), tokens.c.expires_ms > now_ms
    )
    row = connection.execute(query).mappings().first()
    return dict(row) if row else None


def add_session(connection: sa.Connection, values: Mapping[str, Any]) -> None:
    connection.execute(sa.insert(sessions).values(**values))


def end_sessions(
    connection: sa.Connection, *, now_ms: int, why: str, person: str | None = None, session: str | None = None,
    but: str | None = None, everybody: bool = False,
) -> list[str]:  # fmt: skip
    """Ends one session, all of a person or everybody's (but one); returns the ids of those that were in force."""
    conditions = [sessions.c.ended_ms.is_(None), sessions.c.expires_ms > now_ms]
    conditions += [sessions.c.person == person] if person else []
    conditions += [sessions.c.id == session] if session else []
    conditions += [sessions.c.id != but] if but else []
    if not (person or session or everybody):
        raise ValueError("A person, a session or everybody must be named.")
    ended = [row.id for row in connection.execute(sa.select(sessions.c.id).where(*conditions))]
    connection.execute(sa.update(sessions).where(*conditions).values(ended_ms=now_ms, ended_why=why, id_token=None))
    return ended


def id_token_of(connection: sa.Connection, session: str) -> str | None:
    """What the provider gave at a session's sign-in; None where it was none of OIDC."""
    found: str | None = connection.execute(sa.select(sessions.c.id_token).where(sessions.c.id == session)).scalar()
    return found


def method_of(connection: sa.Connection, session: str) -> str:
    """How a session began; "" for one that is not there."""
    return str(connection.execute(sa.select(sessions.c.method).where(sessions.c.id == session)).scalar() or "")


def forget_id_tokens(connection: sa.Connection, *, now_ms: int) -> None:
    """Sessions that are over need none any more, and each names a person."""
    over = sessions.c.expires_ms <= now_ms, sessions.c.id_token.is_not(None)
    connection.execute(sa.update(sessions).where(*over).values(id_token=None))


def add_request(connection: sa.Connection, *, values: Mapping[str, Any], now_ms: int, most: int) -> None:
    """A sign-in by OIDC that begins; those that are over go, and so do the oldest where there are more than most."""
    table = oidc_requests
    connection.execute(sa.delete(table).where(table.c.expires_ms <= now_ms))
    oldest = sa.select(table.c.expires_ms).order_by(table.c.expires_ms.desc()).offset(most - 1).limit(1)
    cut = connection.execute(oldest).scalar()
    if cut is not None:
        connection.execute(sa.delete(table).where(table.c.expires_ms <= cut))
    connection.execute(sa.insert(table).values(**values))


def take_request(connection: sa.Connection, state: str, *, now_ms: int) -> Row | None:
    """The sign-in under way that has this state, which is used up with that; None when there is none in time."""
    mine = oidc_requests.c.digest == digest(state)
    row = connection.execute(sa.select(oidc_requests).where(mine)).mappings().first()
    connection.execute(sa.delete(oidc_requests).where(mine))
    return dict(row) if row is not None and row["expires_ms"] > now_ms else None


def note_attempt(connection: sa.Connection, values: Mapping[str, Any]) -> None:
    connection.execute(sa.insert(sign_ins).values(**values))
