"""The demo's projects, the teams that own them, and somebody who sees one of them alone."""

import sqlalchemy as sa

from core.governance.projects import Clause, Rule
from core.ledger import people
from core.ledger import projects as stored
from core.ledger.store import Ledger, Transaction
from core.services import accounts, projects
from core.services.demo_people import IN_PROJECTS
from core.services.house import now_ms

PROJECTS = (
    (
        "Retail credit", "Whether a card holder defaults next month.", "Credit risk models",
        Rule(clauses=(Clause(tags=("team=retail-credit",)),)), ("a.lindqvist", "m.okafor"),
    ),
    (
        "Consumer finance", "Loans to consumers, from application to decision.", "Lending analytics",
        Rule(clauses=(Clause(tags=("team=consumer-finance",)), Clause(experiments=("income-band/*",)))),
        ("a.lindqvist", "t.moreau"),
    ),
    (
        "Onboarding & motor", "Screening of new customers, and prices of cars.", "Onboarding and motor",
        Rule(clauses=(Clause(tags=("team=onboarding", "team=motor")),)), ("m.okafor", "s.iyer"),
    ),
)  # fmt: skip
"""name, description, owning team, rule, logins of the team. The teams hold the role of contributors in theirs."""


def furnish(ledger: Ledger) -> None:
    """Adds projects, teams and people in projects alone to a demo's ledger that never had a project."""
    with ledger.reading() as connection:
        known = bool(stored.everything(connection, archived=True))
        missing = [row for row in IN_PROJECTS if people.by_login(connection, row[0]) is None]
    if known and not missing:
        return
    with ledger.transaction(actor="system", now_ms=now_ms()) as tx:
        if not stored.everything(tx.connection, archived=True):
            for name, about, team, rule, logins in PROJECTS:
                owner = _team(tx, team, logins)
                draft = projects.Draft(name=name, description=about, rule=rule, owner=owner)
                accounts.give_role(tx, owner, "contributor", projects.add(tx, draft))
        for login, name, role, project in missing:
            row = stored.by_name(tx.connection, project.casefold())
            if row and people.by_login(tx.connection, login) is None:
                person = accounts.insert(tx, login=login, name=name, mail=f"{login}@bank.example", origin="demo")
                accounts.give_role(tx, person, role, row["id"])


def _team(tx: Transaction, name: str, logins: tuple[str, ...]) -> str:
    """The id of a team, made with these people where there is none of that name."""
    row = tx.connection.execute(sa.select(people.teams.c.id).where(people.teams.c.name == name)).first()
    if row:
        return str(row.id)
    team = people.new_id("t")
    tx.connection.execute(sa.insert(people.teams).values(id=team, name=name, created_ms=tx.now_ms))
    found = [person["id"] for login in logins if (person := people.by_login(tx.connection, login))]
    for person in found:
        tx.connection.execute(sa.insert(people.members).values(team=team, person=person))
    tx.append("team.added", f"team:{team}", {"after": {"name": name, "members": found}})
    return team
