"""What the demo's people say of their models: simulated, with gaps left on purpose, in the demo's own ledger alone."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from core.governance.inventory_fields import BY_NAME, EMPTY
from core.ledger import inventory as table
from core.ledger import people
from core.ledger.store import Ledger, Transaction
from core.services.demo_people import PEOPLE
from core.services.house import now_ms
from core.services.inventory_edits import blank_row

SIMULATED = "Simulated: this entry was written for the demo."
LEAD, VALIDATOR, BUILDER, COMPLIANCE = "a.lindqvist", "s.iyer", "m.okafor", "c.weiss"
# login in place of person ids; days before today in place of dates; keys below in place of dependencies.
ENTRIES: Mapping[str, Mapping[str, Any]] = {
    "i_demo_credit_risk": {
        "name": "credit_risk", "ref": "demo:credit_risk", "owner": LEAD, "deputy": BUILDER, "validator": VALIDATOR,
        "purpose": "Decides whether a consumer loan is granted without a credit officer. Not for business loans.",
        "users": "Retail lending, branch and web", "data_categories": ("personal", "financial", "credit_bureau"),
        "exposure": "critical", "purpose_class": "automated_decision", "backup": "Version 2, then a credit officer",
        "last_review": 320, "regimes": ("eu_ai_act_annex_iii", "sr_26_2", "gdpr_22", "reg_b"),
        "dependencies": ("i_demo_scorex",),
    },
    "i_demo_consumer_loan": {
        "name": "consumer_loan", "ref": "demo:consumer_loan", "owner": BUILDER, "deputy": LEAD, "validator": BUILDER,
        "purpose": "Estimates the chance that a running loan defaults within a month, for provisions and reminders.",
        "users": "Collections, finance", "data_categories": ("personal", "financial"), "exposure": "significant",
        "purpose_class": "decision_support", "backup": "", "last_review": 410, "regimes": ("sr_26_2",),
    },
    "i_demo_employment_screen": {
        "name": "employment_screen", "ref": "demo:employment_screen", "owner": LEAD, "validator": VALIDATOR,
        "purpose": "Sorts applications for a recruiter, who reads every one of them.",
        "users": "Human resources", "data_categories": ("personal", "employment"), "exposure": "critical",
        "purpose_class": "decision_support", "backup": "Recruiters read in order of arrival", "last_review": 90,
        "regimes": ("eu_ai_act_annex_iii", "nyc_ll144", "gdpr_22"),
    },
    "i_demo_car_price": {
        "name": "car_price", "ref": "demo:car_price", "deputy": BUILDER, "validator": VALIDATOR,
        "purpose": "Values returned lease cars before auction.", "users": "Leasing", "data_categories": ("market",),
        "exposure": "limited", "purpose_class": "decision_support", "backup": "Price list of the auction house",
    },
    "i_demo_income_band": {
        "name": "prod.income_band", "ref": "demo:prod.income_band", "owner": BUILDER, "deputy": LEAD,
        "purpose": "", "users": "Marketing", "data_categories": ("personal", "public"), "exposure": "limited",
        "purpose_class": "operations", "backup": "No campaign is sent", "last_review": 30,
    },
    "i_demo_scorex": {
        "name": "ScoreX bureau score (invented)", "kind": "vendor", "vendor": "ScoreX (invented)", "owner": LEAD,
        "deputy": BUILDER, "purpose": "Bureau score taken in as a feature; version 6 of credit_risk was built by them.",
        "users": "credit_risk", "data_categories": ("personal", "credit_bureau"), "exposure": "significant",
        "purpose_class": "decision_support", "backup": "The score of the second bureau", "last_review": 200,
        "regimes": ("sr_26_2", "reg_b"),
    },
    "i_demo_letters": {
        "name": "Letter drafts", "kind": "language", "owner": COMPLIANCE, "deputy": LEAD, "validator": VALIDATOR,
        "purpose": "Drafts letters that explain a refusal; a person edits and sends each one.",
        "users": "Customer service", "vendor": "A hosted language model (invented)",
        "data_categories": ("personal", "financial", "free_text"), "exposure": "limited",
        "purpose_class": "decision_support", "backup": "Letters from templates", "last_review": 60,
        "regimes": ("eu_ai_act_transparency", "reg_b"), "dependencies": ("i_demo_credit_risk",),
    },
}  # fmt: skip


def furnish(ledger: Ledger) -> None:
    """Adds the demo's entries to a ledger without any. What somebody changed since stays as it is."""
    with ledger.reading() as connection:
        if connection.execute(sa.select(table.inventory.c.id).limit(1)).first():
            return
    with ledger.transaction(actor="system", now_ms=now_ms()) as tx:
        if not tx.connection.execute(sa.select(table.inventory.c.id).limit(1)).first():
            _write(tx)


def _write(tx: Transaction) -> None:
    ids = {login: row["id"] for login, _, _ in PEOPLE if (row := people.by_login(tx.connection, login))}
    today = datetime.fromtimestamp(tx.now_ms / 1000, UTC).date()
    for entry, said in ENTRIES.items():
        values = {**EMPTY, "description": SIMULATED, **said}
        ref = values.pop("ref", None)
        for name, value in said.items():
            kind = BY_NAME[name].kind if name in BY_NAME else ""
            if kind == "person":
                values[name] = ids.get(value)
            elif kind == "day":
                values[name] = (today - timedelta(days=value)).isoformat()
        table.add(tx.connection, [blank_row(entry, ref, values, now_ms=tx.now_ms)])
        after = {name: value for name, value in values.items() if value not in (None, "", ())}
        tx.append("inventory.added", f"inventory:{entry}", {"after": after | ({"ref": ref} if ref else {})})
