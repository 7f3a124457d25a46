"""Houses with people in them, for tests of accounts and of what leans on them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from core.governance.rights import Actor
from core.ledger import chain
from core.ledger import people as kept
from core.ledger.schema import audit_events
from core.ledger.store import Ledger
from core.services import accounts, identity, passwords, signing_in
from core.services.house import House
from core.services.signing_in import Where
from core.settings import load

AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"


class People:
    """A house of one's own with people of the test's choice."""

    def __init__(self, folder: Path) -> None:
        self.house = House(load({}, folder))
        self.house.switch("own")
        self.house.ledger  # noqa: B018  opened here, so that no test measures it

    def add(self, login: str, *roles: str, name: str = "", mail: str = "") -> str:
        """A person with roles everywhere; returns its id."""
        with self.house.ledger.transaction(actor="system", now_ms=1_000) as tx:
            person = accounts.insert(
                tx, login=login, name=name or login.title(), mail=mail, origin="local", password_hash="x",
                must_change=False,
            )  # fmt: skip
            for role in roles:
                accounts.give_role(tx, person, role, None)
        return person

    def actor(self, person: str) -> Actor:
        return identity.actor_of_person(self.house, person, "own")

    def by(self, person: str) -> House:
        """The house as a person sees it now."""
        return self.house.by(self.actor(person))

    def enter(self, person: str, agent: str = AGENT) -> str:
        """A session of a person; returns its secret."""
        with self.house.ledger.transaction(actor=person, now_ms=self.now()) as tx:
            row = kept.by_id(tx.connection, person)
            return signing_in.start_session(
                self.house, tx, "own", row, "password", Where(address="10.1.2.3", agent=agent)
            ).secret

    def now(self) -> int:
        from core.services.house import now_ms

        return now_ms()

    def events(self, action: str = "") -> list[dict]:
        query = sa.select(audit_events).order_by(audit_events.c.seq)
        return [row for row in self.house.ledger.rows(query) if action in ("", row["action"])]


def broken(ledger: Ledger) -> chain.Break | None:
    """The first place at which a ledger's chain does not hold."""
    rows = ledger.rows(sa.select(audit_events).order_by(audit_events.c.seq))
    return chain.walk(chain.Event(**row) for row in rows)[2]


def texts(ledger: Ledger) -> dict[str, list[str]]:
    """Every text in every table of a ledger, by table and column."""
    found: dict[str, list[str]] = {}
    with ledger.reading() as connection:
        inspector = sa.inspect(connection)
        for table in inspector.get_table_names():
            for column in inspector.get_columns(table):
                query = sa.text(f'SELECT CAST("{column["name"]}" AS TEXT) FROM "{table}"')  # names of our own
                found[f"{table}.{column['name']}"] = [row[0] for row in connection.execute(query) if row[0] is not None]
    return found


@pytest.fixture
def staff(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[People]:
    """A house of one's own, without people; hashing a password costs nothing."""
    monkeypatch.setattr(passwords, "hashed", lambda password: f"hash of {len(password)}")
    monkeypatch.setattr(passwords, "matches", lambda password, kept: kept is not None and kept == password)
    found = People(tmp_path)
    yield found
    found.house.close()
