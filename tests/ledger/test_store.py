"""State and audit event in one transaction, on both databases."""

import sqlalchemy as sa

from core.ledger import chain
from core.ledger.schema import audit_events
from core.ledger.store import Ledger


def test_an_event_follows_the_one_before(ledger: Ledger) -> None:
    seq, last = ledger.head()
    with ledger.transaction(actor="p_1", now_ms=1) as tx:
        assert tx.append("thing.changed", "thing:1", {"after": {"x": 1}}) == seq + 1
        assert tx.append("thing.changed", "thing:1", {"after": {"x": 2}}) == seq + 2
    rows = ledger.rows(sa.select(audit_events).where(audit_events.c.seq > seq).order_by(audit_events.c.seq))
    assert chain.walk((chain.Event(**row) for row in rows), seq=seq, last=last)[2] is None
    assert ledger.head() == (seq + 2, rows[-1]["hash"])
