"""A few notes and tags of the demo's people, in the demo's own ledger alone."""

import sqlalchemy as sa

from core.ledger import people
from core.ledger.schema import audit_events
from core.ledger.store import Ledger
from core.services import notes
from core.services.house import now_ms

NOTES = (
    ("s.iyer", "model:demo:credit_risk",
     "Calibration checked on the October sample: within 1 point in all deciles.\nThe tail above 0.8 has few cases."),
    ("a.lindqvist", "model:demo:car_price",
     "Version 4 stays in staging until the dealers' price list of the fourth quarter is in the training data."),
    ("m.okafor", "version:demo:credit_risk/6",
     "Asked the vendor for a description of the training data. Until it is here, this is for comparison only."),
)  # fmt: skip
TAGS = (
    ("s.iyer", "model:demo:credit_risk", "review", "annual"),
    ("a.lindqvist", "model:demo:car_price", "portfolio", "retail"),
)
"""login of the author, subject, text; login, subject, key, value."""


def furnish(ledger: Ledger) -> None:
    """Adds them once: what somebody deletes stays deleted."""
    made = sa.select(audit_events.c.seq).where(audit_events.c.action.in_(["note.added", "tag.set"])).limit(1)
    with ledger.reading() as connection:
        if connection.execute(made).first():
            return
        ids = {login: (people.by_login(connection, login) or {}).get("id") for login, *_ in (*NOTES, *TAGS)}
    for login, subject, text in NOTES:
        if author := ids[login]:
            with ledger.transaction(actor=author, now_ms=now_ms()) as tx:
                notes.write(tx, subject, text)
    for login, subject, key, value in TAGS:
        if author := ids[login]:
            with ledger.transaction(actor=author, now_ms=now_ms()) as tx:
                notes.put_tag(tx, subject, key, value)
