"""Accounts: the first administrator, the demo's people, adding, disabling, new passwords, roles."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from core.errors import Conflict, Invalid, NotFound
from core.governance.rights import ROLE, ROLES
from core.ledger import people, sessions
from core.ledger.store import Ledger, Transaction
from core.services import passwords
from core.services.guard import needs
from core.services.house import House, now_ms

LOGIN_LONGEST, NAME_LONGEST = 100, 200
FIRST = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A person as administrators see it. roles: (role, project id or None, origin)."""

    id: str
    login: str
    name: str
    mail: str
    origin: str
    roles: tuple[tuple[str, str | None, str], ...]
    must_change: bool
    locked_until_ms: int | None
    disabled_ms: int | None
    created_ms: int


def first_administrator(ledger: Ledger) -> str | None:
    """Makes the first account of a ledger without people; returns its password, told once; None when there are some."""
    with ledger.reading() as connection:
        if connection.execute(sa.select(people.people.c.id).limit(1)).first():
            return None
    password = passwords.first()
    kept = passwords.hashed(password)
    with ledger.transaction(actor="system", now_ms=now_ms()) as tx:
        if tx.connection.execute(sa.select(people.people.c.id).limit(1)).first():
            return None
        person = insert(tx, login=FIRST, name="Administrator", mail="", origin="local", password_hash=kept)
        give_role(tx, person, "administrator", None)
    return password


@needs("access_view", everywhere=True)
def listing(house: House) -> tuple[Account, ...]:
    """All people that are not erased, by name."""
    with house.ledger.reading() as connection:
        rows = people.everyone(connection)
        held: dict[str, list[tuple[str, str | None, str]]] = {}
        query = sa.select(people.grants).where(
            sa.or_(people.grants.c.until_ms.is_(None), people.grants.c.until_ms > now_ms())
        )
        for grant in connection.execute(query):
            held.setdefault(grant.holder, []).append((grant.role, grant.project, grant.origin))
    return tuple(
        Account(
            id=row["id"], login=row["login"], name=row["name"], mail=row["mail"], origin=row["origin"],
            roles=tuple(sorted(held.get(row["id"], []), key=lambda role: (ROLES.index(role[0]), role[1] or ""))),
            must_change=row["must_change"], locked_until_ms=row["locked_until_ms"], disabled_ms=row["disabled_ms"],
            created_ms=row["created_ms"],
        )
        for row in rows
    )  # fmt: skip


@needs("access", everywhere=True)
def add(house: House, *, login: str, name: str, mail: str = "", roles: tuple[str, ...] = ("viewer",)) -> str:
    """Adds a local account with roles that hold everywhere; returns its first password, told once.

    Raises Invalid for a login that is taken or no login, and for an unknown role.
    """
    password = passwords.first()
    kept = passwords.hashed(password)
    with house.deciding("access") as tx:
        person = insert(tx, login=login, name=name, mail=mail, origin="local", password_hash=kept)
        for role in roles:
            give_role(tx, person, role, None)
    return password


@needs("access", everywhere=True)
def disable(house: House, login: str) -> None:
    """Ends every session of a person and lets nobody sign in as it again. Raises NotFound, Conflict."""
    with house.deciding("access") as tx:
        row = find(tx.connection, login)
        if row["disabled_ms"] is not None:
            raise Conflict(f"{row['login']} is disabled already.")
        _keep_an_administrator(tx, row["id"])
        people.change(tx.connection, row["id"], {"disabled_ms": tx.now_ms})
        sessions.end_sessions(tx.connection, now_ms=tx.now_ms, why="disabled", person=row["id"])
        tx.append(
            "person.disabled", f"person:{row['id']}", {"before": {"disabled": False}, "after": {"disabled": True}}
        )


@needs("access", everywhere=True)
def enable(house: House, login: str) -> None:
    """Lets a disabled person sign in again. Raises NotFound, Conflict."""
    with house.deciding("access") as tx:
        row = find(tx.connection, login)
        if row["disabled_ms"] is None:
            raise Conflict(f"{row['login']} is not disabled.")
        people.change(tx.connection, row["id"], {"disabled_ms": None})
        tx.append("person.enabled", f"person:{row['id']}", {"before": {"disabled": True}, "after": {"disabled": False}})


@needs("access", everywhere=True)
def reset(house: House, login: str) -> str:
    """A new first password for a local account, told once; its sessions end, a lock is lifted. Raises NotFound."""
    password = passwords.first()
    kept = passwords.hashed(password)
    with house.deciding("access") as tx:
        row = find(tx.connection, login)
        if row["origin"] != "local":
            raise Invalid(f"{row['login']} signs in elsewhere and has no password here.")
        people.change(
            tx.connection, row["id"],
            {"password_hash": kept, "must_change": True, "failures": 0, "locked_until_ms": None},
        )  # fmt: skip
        sessions.end_sessions(tx.connection, now_ms=tx.now_ms, why="new password", person=row["id"])
        tx.append("person.password_reset", f"person:{row['id']}", {})
    return password


def insert(
    tx: Transaction, *, login: str, name: str, mail: str, origin: str, password_hash: str | None = None,
    external: str | None = None, must_change: bool | None = None,
) -> str:  # fmt: skip
    """A new person in a decision under way; returns its id. Raises Invalid."""
    login, name, mail = login.strip().lower(), " ".join(name.split()), mail.strip()
    if not login or len(login) > LOGIN_LONGEST or any(letter.isspace() or not letter.isprintable() for letter in login):
        raise Invalid(f"A login has 1 to {LOGIN_LONGEST} characters and no space, got {login[:40]!r}.", field="login")
    if not name or len(name) > NAME_LONGEST:
        raise Invalid(f"A name has 1 to {NAME_LONGEST} characters.", field="name")
    if len(mail) > NAME_LONGEST or (mail and "@" not in mail):
        raise Invalid(f"This is no mail address: {mail[:60]!r}.", field="mail", hint="Leave it empty if there is none.")
    if people.by_login(tx.connection, login):
        raise Invalid(f"The login {login} is taken.", field="login", hint="Choose another one.")
    person = people.new_id("p")
    people.add(
        tx.connection,
        {
            "id": person, "login": login, "name": name, "mail": mail, "origin": origin, "external": external,
            "password_hash": password_hash, "created_ms": tx.now_ms,
            "must_change": password_hash is not None if must_change is None else must_change,
        },
    )  # fmt: skip
    said: dict[str, Any] = {"login": tx.seal(login, person), "name": tx.seal(name, person), "origin": origin}
    if mail:
        said["mail"] = tx.seal(mail, person)
    tx.append("person.added", f"person:{person}", {"after": said})
    return person


def give_role(tx: Transaction, holder: str, role: str, project: str | None, *, origin: str = "manual") -> str:
    """A role for a person or a team, in a decision under way; returns the grant's id. Raises Invalid."""
    if role not in ROLE:
        raise Invalid(f"There is no role {role[:30]!r}.", field="role", hint=f"Roles: {', '.join(ROLES)}.")
    grant = people.new_id("g")
    tx.connection.execute(
        sa.insert(people.grants).values(
            id=grant, holder=holder, role=role, project=project, origin=origin, until_ms=None, created_ms=tx.now_ms
        )
    )
    kind = "team" if holder.startswith("t_") else "person"
    tx.append("role.given", f"{kind}:{holder}", {"after": {"role": role, "project": project}, "origin": origin})
    return grant


def find(connection: sa.Connection, login: str) -> dict[str, Any]:
    """A person by login. Raises NotFound."""
    row = people.by_login(connection, login)
    if row is None or row["erased_ms"] is not None:
        raise NotFound(f"Nobody has the login {login[:60]!r}.", hint="See `gatehouse user list`, or the page Access.")
    return row


def _keep_an_administrator(tx: Transaction, person: str) -> None:
    """Raises Conflict when nobody else could administer after this."""
    others = sa.select(people.people.c.id).where(
        people.people.c.id == people.grants.c.holder, people.grants.c.role == "administrator",
        people.grants.c.project.is_(None), people.people.c.disabled_ms.is_(None), people.people.c.erased_ms.is_(None),
        people.people.c.id != person,
    )  # fmt: skip
    holds = sa.select(people.grants.c.id).where(
        people.grants.c.holder == person, people.grants.c.role == "administrator", people.grants.c.project.is_(None)
    )
    if tx.connection.execute(holds).first() and not tx.connection.execute(others.limit(1)).first():
        raise Conflict("This is the last administrator.", hint="Make somebody else one first.")
