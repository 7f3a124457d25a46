"""People for whom somebody else vouches (an OIDC provider, a proxy): who they are here, and which roles groups give."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import sqlalchemy as sa

from core.errors import GatehouseError
from core.ledger import people
from core.ledger.store import Transaction
from core.services import accounts
from core.services.house import House, now_ms
from core.services.signing_in import SignedIn, Where, note_attempt, start_session

GROUPS_MOST = 2_000
EXTERNAL_LONGEST = 2_000


class TurnedAway(GatehouseError):
    """Somebody is who they say they are, and may not enter all the same."""

    title = "Not signed in"
    http_status = 403


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """Somebody at the door. All texts but external's prefix are from outside.

    external: what this person is known by for good, whatever it is called: issuer and subject, or the proxy's login.
    roles: what its groups give, or the default role.
    """

    origin: Literal["oidc", "proxy"]
    external: str
    login: str
    name: str
    mail: str
    roles: frozenset[str]


def roles_of(groups: Iterable[str], given: Mapping[str, str], default: str | None) -> frozenset[str]:
    """The roles that groups give; the default one where they give none."""
    found = frozenset(given[group] for group in groups if group in given)
    return found or (frozenset({default}) if default else frozenset())


def admit(house: House, arrival: Arrival, where: Where, *, id_token: str | None = None) -> SignedIn:
    """A session for an arrival; its person is made at first sight, its group roles become what its groups say.

    Raises TurnedAway for the disabled and erased, and for those without any role. An account is never taken over:
    one that was made in another way is another person, whatever its login.
    """
    with house.ledger_of("own").transaction(actor="system", now_ms=now_ms()) as tx:
        row = people.by_external(tx.connection, arrival.external)
        refusal = _refusal(row, arrival)
        if refusal is None and row is None:
            row = _made(tx, arrival)
        if refusal is None and row is not None:
            _renamed(tx, row, arrival)
            set_group_roles(tx, row["id"], arrival.roles)
            if not people.grants_of(tx.connection, row["id"], now_ms=tx.now_ms):
                refusal = "no role"
        if refusal is not None or row is None:
            note_attempt(tx, row, arrival.origin, refusal or "failed", where)
            session = None
        else:
            session = start_session(
                house, replace(tx, actor=row["id"]), "own", row, arrival.origin, where, id_token=id_token
            )
    if session is None:
        raise _explained(refusal)
    return session


def set_group_roles(tx: Transaction, person: str, wanted: frozenset[str]) -> None:
    """Makes the roles that come from groups exactly these; those given by hand stay. Every change is an event."""
    query = sa.select(people.grants).where(people.grants.c.holder == person, people.grants.c.origin == "group")
    held = {row.role: row.id for row in tx.connection.execute(query)}
    for role in sorted(set(held) - wanted):
        tx.connection.execute(sa.delete(people.grants).where(people.grants.c.id == held[role]))
        tx.append("role.taken", f"person:{person}", {"before": {"role": role, "project": None}, "origin": "group"})
    for role in sorted(wanted - set(held)):
        accounts.give_role(tx, person, role, None, origin="group")


def _refusal(row: dict[str, Any] | None, arrival: Arrival) -> str | None:
    if row is None:
        return None if arrival.roles else "no role"
    if row["erased_ms"] is not None:
        return "erased"
    return "disabled" if row["disabled_ms"] is not None else None


def _explained(refusal: str | None) -> TurnedAway:
    if refusal == "no role":
        return TurnedAway(
            "You have no role in Gatehouse.",
            hint="Ask to be put into a group that has one, or ask an administrator of Gatehouse for a role.",
        )
    return TurnedAway("This account may not sign in any more.", hint="Ask an administrator of Gatehouse.")


def _made(tx: Transaction, arrival: Arrival) -> dict[str, Any]:
    person = accounts.insert(
        tx, login=_free_login(tx.connection, _login(arrival.login)), name=_name(arrival), mail=_mail(arrival.mail),
        origin=arrival.origin, external=arrival.external,
    )  # fmt: skip
    row = people.by_id(tx.connection, person)
    if row is None:
        raise ValueError(f"person must be one that was just added, got {person!r}.")
    return row


def _renamed(tx: Transaction, row: dict[str, Any], arrival: Arrival) -> None:
    """Takes up a new name or address; the login stays, people and notes refer to it."""
    told = {"name": _name(arrival), "mail": _mail(arrival.mail) or row["mail"]}
    fresh = {key: value for key, value in told.items() if value != row[key]}
    if arrival.name.strip() == "":
        fresh.pop("name", None)
    if not fresh:
        return
    before = {key: tx.seal(row[key], row["id"]) for key in fresh}
    after = {key: tx.seal(value, row["id"]) for key, value in fresh.items()}
    people.change(tx.connection, row["id"], fresh)
    tx.append("person.changed", f"person:{row['id']}", {"before": before, "after": after, "by": arrival.origin})


def _login(text: str) -> str:
    """A text from outside as a login: small letters, no space, nothing invisible."""
    kept = "".join(letter for letter in text.strip().lower() if letter.isprintable() and not letter.isspace())
    return kept[: accounts.LOGIN_LONGEST - 8] or "person"


def _free_login(connection: sa.Connection, login: str) -> str:
    """That login, with a number behind it where somebody else has it."""
    number, free = 2, login
    while people.by_login(connection, free) is not None:
        free, number = f"{login}-{number}", number + 1
    return free


def _name(arrival: Arrival) -> str:
    kept = "".join(letter if letter.isprintable() else " " for letter in arrival.name or arrival.login)
    return " ".join(kept.split())[: accounts.NAME_LONGEST] or "Nameless"


def _mail(text: str) -> str:
    text = text.strip()
    return text if re.fullmatch(r"[^@\s]+@[^@\s]+", text) and len(text) <= accounts.NAME_LONGEST else ""
