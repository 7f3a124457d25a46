"""The log of attempts to sign in: who, when, from where, and how it ended."""

from dataclasses import dataclass

import sqlalchemy as sa

from core.governance.browsers import in_words
from core.ledger.sessions import sign_ins
from core.services.guard import needs
from core.services.house import House, now_ms

OUTCOMES = {
    "ok": "Signed in", "wrong": "Wrong password", "locked": "Account locked", "disabled": "Account disabled",
    "nobody": "Unknown login",
}  # fmt: skip
DAYS_MOST = 3_650
DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt. person: id; None where nobody has that login.  outcome: see OUTCOMES; others are told as they are.

    address: untrusted text.  browser: in words.
    """

    id: str
    time_ms: int
    person: str | None
    method: str
    outcome: str
    address: str
    browser: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """total: attempts that match.  attempts: the newest of them, newest first."""

    total: int
    attempts: tuple[Attempt, ...]


@needs("access_view", everywhere=True)
def listing(house: House, *, person: str = "", outcome: str = "", days: int = 30, limit: int = 500) -> Found:
    """Attempts of the last days. person: id.  outcome: one of OUTCOMES, or "failed" for all but "ok"."""
    conditions = [sign_ins.c.time_ms >= now_ms() - max(1, min(days, DAYS_MOST)) * DAY_MS]
    conditions += [sign_ins.c.person == person] if person else []
    if outcome == "failed":
        conditions.append(sign_ins.c.outcome != "ok")
    elif outcome:
        conditions.append(sign_ins.c.outcome == outcome)
    with house.ledger.reading() as connection:
        total = connection.execute(sa.select(sa.func.count()).select_from(sign_ins).where(*conditions)).scalar_one()
        query = sa.select(sign_ins).where(*conditions).order_by(sign_ins.c.time_ms.desc(), sign_ins.c.id)
        rows = connection.execute(query.limit(limit)).all()
    return Found(
        total=int(total),
        attempts=tuple(
            Attempt(
                id=row.id, time_ms=row.time_ms, person=row.person, method=row.method, outcome=row.outcome,
                address=row.address, browser=in_words(row.agent) if row.agent else "",
            )
            for row in rows
        ),
    )  # fmt: skip
