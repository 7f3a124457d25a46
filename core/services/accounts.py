"""Accounts: the first administrator, listing, adding, changing, disabling, new passwords, locks."""

from dataclasses import dataclass
from typing import Any, Literal, get_args

import sqlalchemy as sa

from core.errors import Conflict, Invalid, NotFound
from core.governance.rights import ROLE, ROLES
from core.ledger import people, sessions
from core.ledger.store import Ledger, Transaction
from core.services import passwords
from core.services.administrators import an_administrator_stays
from core.services.cache import cached
from core.services.guard import needs
from core.services.house import House, now_ms

LOGIN_LONGEST, NAME_LONGEST = 100, 200
FIRST = "admin"
_RANK: dict[str, int] = {name: number for number, name in enumerate(ROLES)}
_Role = tuple[str, str | None, str, int | None]  # role, project, origin or team, end
_Line = tuple[dict[str, Any], str, list[_Role], list[_Role]]  # person, what it is found by, own roles, its teams'


State = Literal["active", "locked", "must_change", "disabled"]
STATES: tuple[State, ...] = get_args(State)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A person as administrators see it.

    login, name, mail: untrusted text; mail is "" when unknown.  origin: local, oidc, proxy, demo.
    roles: (role, project id or None, origin), of its own.  team_roles: (role, project id or None, name of the team).
    teams: names.  seen_ms: when a session of it was last used; None for never.
    """

    id: str
    login: str
    name: str
    mail: str
    origin: str
    state: State
    roles: tuple[tuple[str, str | None, str], ...]
    team_roles: tuple[tuple[str, str | None, str], ...]
    teams: tuple[str, ...]
    must_change: bool
    locked_until_ms: int | None
    disabled_ms: int | None
    created_ms: int
    seen_ms: int | None


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
def listing(house: House, text: str = "", state: str = "", person: str = "") -> tuple[Account, ...]:
    """People that are not erased, by name. text: part of name, login or mail.  person: that one alone, by id."""
    now, table = now_ms(), sessions.sessions
    used = sa.select(table.c.person, sa.func.max(table.c.seen_ms).label("ms")).group_by(table.c.person)
    last = {row["person"]: row["ms"] for row in house.ledger.rows(used)}
    wanted = text.strip().lower()[:200]
    found = []
    for row, said, own, via in _book(house):
        stands = _state(row, now)
        if (wanted and wanted not in said) or (state and state != stands) or (person and person != row["id"]):
            continue
        found.append(
            Account(
                id=row["id"], login=row["login"], name=row["name"], mail=row["mail"], origin=row["origin"],
                state=stands, roles=_in_order(own, now), team_roles=_in_order(via, now),
                teams=row["teams"], must_change=row["must_change"], locked_until_ms=row["locked_until_ms"],
                disabled_ms=row["disabled_ms"], created_ms=row["created_ms"], seen_ms=last.get(row["id"]),
            )
        )  # fmt: skip
    return tuple(found)


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
        with an_administrator_stays(tx):
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


@needs("access", everywhere=True)
def lift(house: House, login: str) -> None:
    """Lifts the lock that wrong passwords put on an account. Raises NotFound, Conflict."""
    with house.deciding("access") as tx:
        row = find(tx.connection, login)
        if (row["locked_until_ms"] or 0) <= tx.now_ms:
            raise Conflict(f"{row['login']} is not locked.")
        people.change(tx.connection, row["id"], {"failures": 0, "locked_until_ms": None})
        tx.append("person.unlocked", f"person:{row['id']}", {"before": {"locked": True}, "after": {"locked": False}})


@needs("access", everywhere=True)
def change(house: House, login: str, *, name: str, mail: str, read: tuple[str, str] | None = None) -> None:
    """Changes what a person is called and its mail address.

    read: name and mail as they were when the change was begun. Raises NotFound, Invalid; Conflict when they are others.
    """
    name, mail = _named(name, mail)
    with house.deciding("access") as tx:
        row = find(tx.connection, login)
        before, after = {"name": row["name"], "mail": row["mail"]}, {"name": name, "mail": mail}
        if read is not None and read != tuple(before.values()):
            raise Conflict(
                f"{row['login']} was changed by somebody else meanwhile.", hint="Look again, then change it."
            )
        fields = [field for field in before if before[field] != after[field]]
        if not fields:
            return
        people.change(tx.connection, row["id"], {field: after[field] for field in fields})
        said = {
            when: {field: tx.seal(values[field], row["id"]) if values[field] else "" for field in fields}
            for when, values in (("before", before), ("after", after))
        }
        tx.append("person.changed", f"person:{row['id']}", said)


def insert(
    tx: Transaction, *, login: str, name: str, mail: str, origin: str, password_hash: str | None = None,
    external: str | None = None, must_change: bool | None = None,
) -> str:  # fmt: skip
    """A new person in a decision under way; returns its id. Raises Invalid."""
    login = login.strip().lower()
    if not login or len(login) > LOGIN_LONGEST or any(letter.isspace() or not letter.isprintable() for letter in login):
        raise Invalid(f"A login has 1 to {LOGIN_LONGEST} characters and no space, got {login[:40]!r}.", field="login")
    name, mail = _named(name, mail)
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


def _named(name: str, mail: str) -> tuple[str, str]:
    name, mail = " ".join(name.split()), mail.strip()
    if not name or len(name) > NAME_LONGEST:
        raise Invalid(f"A name has 1 to {NAME_LONGEST} characters.", field="name")
    if len(mail) > NAME_LONGEST or (mail and "@" not in mail):
        raise Invalid(f"This is no mail address: {mail[:60]!r}.", field="mail", hint="Leave it empty if there is none.")
    return name, mail


def give_role(
    tx: Transaction, holder: str, role: str, project: str | None, *, origin: str = "manual", until_ms: int | None = None
) -> str:
    """A role for a person or a team, in a decision under way; returns the grant's id. Raises Invalid."""
    if role not in ROLE:
        raise Invalid(f"There is no role {role[:30]!r}.", field="role", hint=f"Roles: {', '.join(ROLES)}.")
    grant = people.new_id("g")
    tx.connection.execute(
        sa.insert(people.grants).values(
            id=grant, holder=holder, role=role, project=project, origin=origin, until_ms=until_ms, created_ms=tx.now_ms
        )
    )
    kind = "team" if holder.startswith("t_") else "person"
    after = {"role": role, "project": project} | ({"until_ms": until_ms} if until_ms else {})
    tx.append("role.given", f"{kind}:{holder}", {"after": after, "origin": origin})
    return grant


def find(connection: sa.Connection, login: str) -> dict[str, Any]:
    """A person by login. Raises NotFound."""
    row = people.by_login(connection, login)
    if row is None or row["erased_ms"] is not None:
        raise NotFound(f"Nobody has the login {login[:60]!r}.", hint="See `gatehouse user list`, or the page Access.")
    return row


def _state(row: dict[str, Any], now: int) -> State:
    if row["disabled_ms"] is not None:
        return "disabled"
    if (row["locked_until_ms"] or 0) > now:
        return "locked"
    return "must_change" if row["must_change"] else "active"


@needs("access_view", everywhere=True)
@cached(maxsize=2, decisions=True)
def _book(house: House) -> list[_Line]:
    """All people with every role they were given; what passes with time is left to the reader."""
    with house.ledger.reading() as connection:
        rows = people.everyone(connection)
        held: dict[str, list[Any]] = {}
        for grant in connection.execute(sa.select(people.grants)):
            held.setdefault(grant.holder, []).append(grant)
        teams: dict[str, list[Any]] = {}
        query = sa.select(people.members.c.person, people.teams.c.id, people.teams.c.name).where(
            people.teams.c.id == people.members.c.team
        )
        for team in connection.execute(query.order_by(people.teams.c.name)):
            teams.setdefault(team.person, []).append(team)
    book = []
    for row in rows:
        within = teams.get(row["id"], [])
        own = [(g.role, g.project, g.origin, g.until_ms) for g in held.get(row["id"], [])]
        via = [(g.role, g.project, team.name, g.until_ms) for team in within for g in held.get(team.id, [])]
        said = f"{row['name']}\n{row['login']}\n{row['mail']}".lower()
        book.append((row | {"teams": tuple(team.name for team in within)}, said, own, via))
    return book


def _in_order(roles: list[_Role], now: int) -> tuple[tuple[str, str | None, str], ...]:
    if not roles:
        return ()
    in_force = [role[:3] for role in roles if role[3] is None or role[3] > now]
    return tuple(sorted(in_force, key=lambda role: (_RANK.get(role[0], len(_RANK)), role[1] or "", role[2])))
