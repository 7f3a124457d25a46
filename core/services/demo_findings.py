"""How far the demo's policy acts on each model, and a few answers of its people, in the demo's own ledger alone."""

from collections.abc import Sequence

import sqlalchemy as sa

from core.facts import judged
from core.facts.store import Facts
from core.governance.answers import EVENT, GIVES, Act
from core.ledger import findings as kept
from core.ledger import people
from core.ledger import policies as modes
from core.ledger.schema import audit_events
from core.ledger.store import Ledger
from core.services.house import now_ms

MODES = (
    ("a.lindqvist", "credit_risk", "all", "warn", "The team answers by the next working day."),
    ("a.lindqvist", "prod.income_band", "all", "enforce", "It decides about loans: what fails must stop a promotion."),
    ("a.lindqvist", "car_price", "data_quality", "warn", "Only its data are looked at daily."),
)  # fmt: skip
"""login, model, category, mode, reason. Models that are not named here are observed only."""
ANSWERS: Sequence[tuple[str, str, str, str, Act, str]] = (
    ("s.iyer", "credit_risk", "data_quality", "drift", "acknowledge",
     "Seen. The new card product reaches other customers; a retraining set is being put together."),
)  # fmt: skip
"""login, model, category, cause, act, reason: of the newest such finding that data did not end."""


def furnish(ledger: Ledger) -> None:
    """Sets the modes once: what somebody changes stays changed."""
    made = sa.select(audit_events.c.seq).where(audit_events.c.action == "policy.mode_changed").limit(1)
    with ledger.reading() as connection:
        if connection.execute(made).first():
            return
        ids = {login: (people.by_login(connection, login) or {}).get("id") for login, *_ in MODES}
    for login, model, category, mode, reason in MODES:
        if person := ids[login]:
            with ledger.transaction(actor=person, now_ms=now_ms()) as tx:
                modes.set_mode(tx.connection, model, category, mode, at_ms=tx.now_ms, person=person)
                tx.append(
                    "policy.mode_changed", f"monitor:{model}",
                    {
                        "category": category, "mode": mode, "before": {category: "observe"},
                        "after": {category: mode}, "reason": tx.seal(reason, person),
                    },
                )  # fmt: skip


def furnish_answers(ledger: Ledger, facts: Facts) -> None:
    """Answers once, as soon as there is such a finding: what somebody reopens stays open."""
    made = sa.select(audit_events.c.seq).where(audit_events.c.action.in_(EVENT.values())).limit(1)
    with ledger.reading() as connection:
        if connection.execute(made).first():
            return
        ids = {login: (people.by_login(connection, login) or {}).get("id") for login, *_ in ANSWERS}
    for login, model, category, cause, act, reason in ANSWERS:
        person = ids[login]
        found = [
            one for one in judged.findings(facts, model=model)
            if (one.category, one.cause) == (category, cause) and one.cleared_ms is None and not one.withdrawn
        ]  # fmt: skip
        if not person or not found:
            continue
        with ledger.transaction(actor=person, now_ms=now_ms()) as tx:
            values = {
                "state": GIVES[act], "owner": None, "snoozed_until_ms": None, "at_ms": tx.now_ms, "person": person,
            }  # fmt: skip
            if kept.write(tx.connection, found[0].finding_id, 0, values):
                tx.append(
                    EVENT[act], f"finding:{found[0].finding_id}",
                    {
                        "model": model, "category": category, "cause": cause, "before": {"state": "open"},
                        "after": {"state": GIVES[act]}, "reason": tx.seal(reason, person),
                    },
                )  # fmt: skip
