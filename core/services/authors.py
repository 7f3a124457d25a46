"""Who stands behind a user of a source or an author in Git. A name without a person is "unknown", never nobody."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import sqlalchemy as sa

from core.errors import Invalid, NotFound
from core.governance.naming import Candidate, Known, Suggestion, suggest
from core.ledger import authors as kept
from core.ledger import people
from core.ledger.store import Transaction
from core.services import directory
from core.services.cache import cached
from core.services.guard import needs
from core.services.house import House

Kind = Literal["source-user", "git-author"]
Key = tuple[Kind, str, str]
KINDS: tuple[Kind, ...] = get_args(Kind)
NAME_LONGEST = 400
MOST = 5_000
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """name: as the source writes it, untrusted; "" where it names nobody.  person: id; None: unknown.

    person_name: untrusted text; "unknown" without a person.
    """

    name: str
    person: str | None
    person_name: str

    @property
    def said(self) -> str:
        """Such as "m.okafor · Mercy Okafor", "x · unknown person"."""
        known = self.person_name if self.person else "unknown person"
        return f"{self.name} · {known}" if self.name else known


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceUser:
    """A user that the facts know. runs, versions: how many name it.  suggestions: for one without a person."""

    source: str
    name: str
    runs: int
    versions: int
    person: str | None
    suggestions: tuple[Suggestion, ...]


@needs("view")
def of(house: House, source: str, user_name: str | None, kind: Kind = "source-user") -> Author:
    """Who stands behind a name in a source."""
    name = user_name or ""
    person = _mapping(house).get((kind, source, name))
    return Author(name=name, person=person, person_name=directory.name(house, person) if person else UNKNOWN)


@needs("access_view", everywhere=True)
@cached(maxsize=16, decisions=True)
def source_users(
    house: House, text: str = "", state: str = "", limit: int = MOST, offset: int = 0
) -> tuple[int, tuple[SourceUser, ...]]:
    """Users that runs and versions of the shown sources name: how many match, and those asked for, most runs first.

    text: part of the name.  state: "known", "unknown" or "" for both.
    """
    mapping, wanted = _mapping(house), text.strip().lower()[:200]
    matching = []
    for row in house.facts.read("source_users", {"limit": MOST}):
        person = mapping.get(("source-user", row["source"], row["user_name"]))
        if wanted in row["user_name"].lower() and state in ("", "known" if person else "unknown"):
            matching.append((row, person))
    with house.ledger.reading() as connection:
        known = Known(
            Candidate(id=row["id"], login=row["login"], name=row["name"], mail=row["mail"])
            for row in people.everyone(connection)
        )
    return len(matching), tuple(
        SourceUser(
            source=row["source"], name=row["user_name"], runs=row["runs"], versions=row["versions"], person=person,
            suggestions=() if person else suggest(row["user_name"], known),
        )
        for row, person in matching[offset : offset + limit]
    )  # fmt: skip


@needs("access", everywhere=True)
def assign(house: House, chosen: Mapping[Key, str | None]) -> int:
    """Says who stands behind names; returns how many changed. chosen: id of a person; None: unknown again.

    All or nothing: raises NotFound for a person that is not here, Invalid for a name that is too long.
    """
    with house.deciding("access") as tx:
        return sum(assign_one(tx, key, person) for key, person in chosen.items())


def assign_one(tx: Transaction, key: Key, person: str | None) -> bool:
    """The same for one name, in a decision under way; returns whether it changed."""
    kind, source, name = key
    if kind not in KINDS or not name or max(len(name), len(source)) > NAME_LONGEST:
        raise Invalid(f"A name here has 1 to {NAME_LONGEST} characters, got {len(name)}.", field="name")
    row = kept.mapped(tx.connection, kind, source, name)
    before = row["person"] if row else None
    if before == person:
        return False
    if person is not None:
        known = people.by_id(tx.connection, person)
        if known is None or known["erased_ms"] is not None:
            raise NotFound("There is no such person.", hint="Look again: it may have been erased.")
    table, author = kept.authors, row["id"] if row else people.new_id("a")
    if row:
        tx.connection.execute(sa.delete(table).where(table.c.id == author))
    if person is not None:
        tx.connection.execute(
            sa.insert(table).values(
                id=author, kind=kind, source=source, name=name, person=person, created_ms=tx.now_ms
            )
        )  # fmt: skip
    said = {
        "kind": kind, "source": source, "name": tx.seal(name, person or before or ""),
        "before": {"person": before}, "after": {"person": person},
    }  # fmt: skip
    tx.append("author.assigned", f"author:{author}", said)
    return True


@needs(None)
@cached(maxsize=4, decisions=True)
def _mapping(house: House) -> Mapping[Key, str]:
    """Every known name to the id of its person."""
    query = sa.select(kept.authors.c.kind, kept.authors.c.source, kept.authors.c.name, kept.authors.c.person)
    return {(row["kind"], row["source"], row["name"]): row["person"] for row in house.ledger.rows(query)}
