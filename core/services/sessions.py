"""Sessions in force: who is signed in, since when and from where; ending them at once."""

from dataclasses import dataclass

import sqlalchemy as sa

from core.errors import NotFound
from core.governance.browsers import in_words
from core.ledger import sessions as kept
from core.services.guard import needs
from core.services.house import House, now_ms

_table = kept.sessions
METHODS = {"password": "Password", "oidc": "OpenID Connect", "proxy": "Proxy", "demo": "Demo"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A browser that is signed in. person: id.  browser: in words.  address: untrusted text.

    current: the one through which this was asked.
    """

    id: str
    person: str
    method: str
    created_ms: int
    seen_ms: int
    expires_ms: int
    address: str
    browser: str
    current: bool


@needs("access_view", everywhere=True)
def listing(house: House, person: str = "") -> tuple[Session, ...]:
    """All sessions in force, those used last first. person: id of the one whose they are."""
    return _found(house, person)


@needs(None)
def own(house: House) -> tuple[Session, ...]:
    """Sessions in force of the one who acts."""
    return _found(house, house.actor.id)


@needs(None)
def revoke(house: House, session: str) -> None:
    """Ends a session at once: one's own, or with the right "access" anybody's. Raises NotFound, NotAllowed."""
    owner = sa.select(_table.c.person).where(_table.c.id == session)
    with house.ledger.reading() as connection:
        mine = connection.execute(owner).scalar() == house.actor.id and house.actor.kind == "person"
    grant = None if mine else house.require("access")
    with house.ledger.transaction(
        actor=house.actor.id, now_ms=now_ms(), on_behalf_of=grant.on_behalf_of if grant else None
    ) as tx:
        if not kept.end_sessions(tx.connection, now_ms=tx.now_ms, why="revoked", session=session):
            raise NotFound("This session is over already.", hint="Look again.")
        person = tx.connection.execute(owner).scalar()
        tx.append("session.ended", f"person:{person}", {"session": session, "why": "revoked"})


@needs("access", everywhere=True)
def revoke_person(house: House, person: str) -> int:
    """Ends all sessions of a person, by id; returns how many."""
    with house.deciding("access") as tx:
        ended = kept.end_sessions(tx.connection, now_ms=tx.now_ms, why="revoked", person=person)
        if ended:
            tx.append("session.ended", f"person:{person}", {"sessions": ended, "why": "revoked"})
    return len(ended)


@needs("access", everywhere=True)
def revoke_everybody(house: House, *, but_here: bool = True) -> int:
    """Ends everybody's sessions; returns how many. but_here: all but the one through which this is asked."""
    with house.deciding("access") as tx:
        ended = kept.end_sessions(
            tx.connection, now_ms=tx.now_ms, why="everybody signed out", everybody=True,
            but=house.actor.session if but_here else None,
        )  # fmt: skip
        tx.append("session.all_ended", "house:sessions", {"sessions": len(ended), "why": "everybody signed out"})
    return len(ended)


def _found(house: House, person: str) -> tuple[Session, ...]:
    query = sa.select(_table).where(_table.c.ended_ms.is_(None), _table.c.expires_ms > now_ms())
    if person:
        query = query.where(_table.c.person == person)
    rows = house.ledger.rows(query.order_by(_table.c.seen_ms.desc(), _table.c.id))
    return tuple(
        Session(
            id=row["id"], person=row["person"], method=row["method"], created_ms=row["created_ms"],
            seen_ms=row["seen_ms"], expires_ms=row["expires_ms"], address=row["address"],
            browser=in_words(row["agent"]), current=row["id"] == house.actor.session,
        )
        for row in rows
    )  # fmt: skip
