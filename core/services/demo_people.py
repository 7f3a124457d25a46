"""The demo's people: one account of each role, entered by a click, in the demo's own ledger alone."""

from core.errors import NotFound
from core.ledger import people
from core.ledger.store import Ledger
from core.services import accounts, authors, signing_in
from core.services.house import House, now_ms
from core.services.signing_in import SignedIn, Where

PEOPLE = (
    ("a.lindqvist", "Astrid Lindqvist", "ml_lead"),
    ("s.iyer", "Sanjay Iyer", "validator"),
    ("m.okafor", "Mercy Okafor", "contributor"),
    ("c.weiss", "Clara Weiss", "compliance"),
    ("r.novak", "Radek Novak", "auditor"),
    ("t.moreau", "Thomas Moreau", "viewer"),
    ("j.baumann", "Julia Baumann", "administrator"),
)
"""login, name, role. All invented."""
SOURCE = "demo"
USERS = frozenset({"a.lindqvist", "s.iyer", "m.okafor", "t.moreau", "j.baumann"})
"""Logins that the demo's runs name as their users; svc-nightly, which they name too, is nobody's."""
IN_PROJECTS = (("n.haddad", "Nadia Haddad", "contributor", "Retail credit"),)
"""login, name, role, project: people who see one project and nothing else (core/services/demo_projects.py)."""


def furnish(ledger: Ledger) -> None:
    """Adds the accounts that the demo's ledger lacks, as the people behind the users of the demo's runs."""
    with ledger.reading() as connection:
        missing = [row for row in PEOPLE if people.by_login(connection, row[0]) is None]
    if not missing:
        return
    with ledger.transaction(actor="system", now_ms=now_ms()) as tx:
        for login, name, role in missing:
            if people.by_login(tx.connection, login) is None:
                person = accounts.insert(tx, login=login, name=name, mail=f"{login}@bank.example", origin="demo")
                accounts.give_role(tx, person, role, None)
                if login in USERS:
                    authors.assign_one(tx, ("source-user", SOURCE, login), person)


def enter(house: House, login: str, where: Where) -> SignedIn:
    """A session as one of the demo's people, without a password. Raises NotFound."""
    if not house.shows_demo or login not in {row[0] for row in (*PEOPLE, *IN_PROJECTS)}:
        raise NotFound("There is no such account in the demo.", hint="Choose one of those shown.")
    with house.ledger_of("demo").transaction(actor="system", now_ms=now_ms()) as tx:
        row = people.by_login(tx.connection, login)
        if row is None or row["disabled_ms"] is not None or row["erased_ms"] is not None:
            raise NotFound("This account of the demo was disabled or erased.", hint="Enter as somebody else.")
        return signing_in.start_session(house, tx, "demo", row, "demo", where)
