"""Projects as people see and change them: which there are, what is in them, who may do what there."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from core.errors import Conflict, Invalid, NotFound
from core.governance.projects import KINDS, Kind, Rule, as_json, rule_from, sentence
from core.governance.rights import ROLES
from core.ledger import people
from core.ledger import projects as stored
from core.ledger.schema import audit_events
from core.ledger.store import Transaction, payload_of
from core.services import directory
from core.services.cache import cached
from core.services.guard import needs
from core.services.house import House, now_ms
from core.services.seeing import Scope

NAME_LONGEST, ABOUT_LONGEST = 100, 1_000
HISTORY = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A role held in a project. holder: id of a person or a team.  name: untrusted."""

    holder: str
    name: str
    team: bool
    role: str
    until_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """An experiment or model. held: its active runs, or its versions."""

    kind: Kind
    ref: str
    source: str
    name: str
    held: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """One project. owner: id of a team, None for none.  said: its rule in words (untrusted names).

    experiments, models, runs, versions: how many belong to it now.  members: roles held in it, none of everywhere.
    """

    id: str
    name: str
    description: str
    rule: Rule
    said: str
    owner: str | None
    owner_name: str
    revision: int
    created_ms: int
    archived_ms: int | None
    experiments: int
    models: int
    runs: int
    versions: int
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a person may change of a project."""

    name: str
    description: str = ""
    rule: Rule
    owner: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """One change of a project, as the audit trail keeps it. actor: an id."""

    seq: int
    time_ms: int
    actor: str
    action: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]


@needs("view")
def listing(house: House, *, archived: bool = False) -> tuple[Project, ...]:
    """The projects that the actor is in, or all for one who sees everything; by name. archived: those as well."""
    with house.ledger.reading() as connection:
        rows = stored.everything(connection, archived=archived)
        team_names = {row.id: row.name for row in connection.execute(sa.select(people.teams))}
        held = _members(house, connection, team_names)
    places = house.actor.places("view")
    return tuple(
        _project(house, row, team_names, held.get(row["id"], ()))
        for row in rows
        if places is None or (row["id"] in places and row["archived_ms"] is None)
    )


@needs("view")
def one(house: House, project: str) -> Project:
    """One project. Raises NotFound, also for one that the actor is not in."""
    for found in listing(house, archived=True):
        if found.id == project:
            return found
    raise _missing(project)


@needs("view")
def contents(house: House, project: str) -> tuple[Held, ...]:
    """What belongs to a project now, models first, the fullest first. Raises NotFound."""
    return holding(house, matched(house, one(house, project).rule))


@needs("view")
def history(house: House, project: str) -> tuple[Happened, ...]:
    """What was done to a project, newest first. Raises NotFound."""
    one(house, project)
    query = (
        sa.select(audit_events)
        .where(audit_events.c.subject == f"project:{project}")
        .order_by(audit_events.c.seq.desc())
        .limit(HISTORY)
    )
    found = []
    for row in house.ledger.rows(query):
        said = payload_of(row["payload"])
        found.append(
            Happened(
                seq=row["seq"], time_ms=row["time_ms"], actor=row["actor"], action=row["action"],
                before=said.get("before", {}), after=said.get("after", {}),
            )
        )  # fmt: skip
    return tuple(found)


@needs("view")
def teams(house: House) -> Mapping[str, str]:
    """Names of teams by id, by name."""
    query = sa.select(people.teams.c.id, people.teams.c.name).order_by(people.teams.c.name)
    return {row["id"]: row["name"] for row in house.ledger.rows(query)}


@needs("projects", everywhere=True)
def save(house: House, draft: Draft, *, project: str | None = None, revision: int = 0) -> str:
    """Makes a project, or changes one that still has that revision; returns its id. Saving no change writes nothing.

    Raises Invalid (for a name that is taken, a team that is none), NotFound, Conflict.
    """
    wanted = _checked(draft)
    with house.deciding("projects") as tx:
        if (
            draft.owner is not None
            and not tx.connection.execute(sa.select(people.teams.c.id).where(people.teams.c.id == draft.owner)).first()
        ):
            raise Invalid("There is no such team.", field="owner", hint="Choose one of those shown, or none.")
        return _add(tx, wanted) if project is None else _change(tx, project, revision, wanted)


@needs("projects", everywhere=True)
def archive(house: House, project: str, *, revision: int) -> None:
    """Ends a project: roles in it give nothing any more. Raises NotFound, Conflict."""
    with house.deciding("projects") as tx:
        row = _row(tx.connection, project)
        if row["archived_ms"] is not None:
            raise Conflict(f"{row['name']} is archived already.", hint="Look at it again.")
        _write(tx, project, revision, {"archived_ms": tx.now_ms})
        tx.append("project.archived", f"project:{project}", _turned("archived", True))


@needs("projects", everywhere=True)
def restore(house: House, project: str, *, revision: int) -> None:
    """Takes an archived project up again, with the roles that were held in it. Raises NotFound, Conflict."""
    with house.deciding("projects") as tx:
        row = _row(tx.connection, project)
        if row["archived_ms"] is None:
            raise Conflict(f"{row['name']} is not archived.", hint="Look at it again.")
        _free(tx.connection, row["name"])
        _write(tx, project, revision, {"archived_ms": None})
        tx.append("project.restored", f"project:{project}", _turned("archived", False))


def add(tx: Transaction, draft: Draft) -> str:
    """A new project in a decision under way; returns its id. Raises Invalid."""
    return _add(tx, _checked(draft))


@needs("view")
@cached(maxsize=256)
def matched(house: House, rule: Rule) -> Scope:
    """What of that which the actor sees belongs to a rule now."""
    found, seen = house.things.scope([rule]), house.scope
    return found if seen is None else found.within(seen)


@needs("view")
def of_models(house: House) -> Mapping[str, tuple[str, ...]]:
    """Registered models that the actor sees -> ids of the projects in force that hold them, of those it is in."""
    places = house.actor.places("view")
    with house.ledger.reading() as connection:
        rows = stored.everything(connection)
    found: dict[str, tuple[str, ...]] = {}
    for row in rows:
        if places is None or row["id"] in places:
            for ref in matched(house, rule_from(stored.rule_of(row))).models:
                found[ref] = (*found.get(ref, ()), row["id"])
    return found


@needs("view")
def names(house: House) -> Mapping[str, str]:
    """Names of the projects in force that the actor is in, by id, by name."""
    places = house.actor.places("view")
    with house.ledger.reading() as connection:
        rows = stored.everything(connection)
    return {row["id"]: row["name"] for row in rows if places is None or row["id"] in places}


@needs("view")
def holding(house: House, scope: Scope) -> tuple[Held, ...]:
    """What is in a scope that the actor sees, with how much it holds; models first, the fullest first."""
    counts, every, seen = _held(house), house.things, house.scope
    scope = scope if seen is None else scope.within(seen)
    refs = {"experiment": scope.experiments, "model": scope.models}
    found = [
        Held(kind=kind, ref=thing.ref, source=thing.source, name=thing.name, held=counts.get((kind, thing.ref), 0))
        for kind in KINDS
        for thing in every.of(kind)
        if thing.ref in refs[kind]
    ]
    return tuple(sorted(found, key=lambda thing: (thing.kind != "model", -thing.held, thing.name)))


@cached(maxsize=4)
def _held(house: House) -> Mapping[tuple[str, str], int]:
    return {(r["kind"], f"{r['source']}:{r['id']}"): r["held"] for r in house.facts.read("things_held")}


def _project(
    house: House, row: Mapping[str, Any], team_names: Mapping[str, str], members: tuple[Member, ...]
) -> Project:
    rule = rule_from(stored.rule_of(row))
    scope, counts = matched(house, rule), _held(house)
    return Project(
        id=row["id"], name=row["name"], description=row["description"], rule=rule, said=sentence(rule),
        owner=row["owner"], owner_name=team_names.get(row["owner"] or "", ""), revision=row["revision"],
        created_ms=row["created_ms"], archived_ms=row["archived_ms"], members=members,
        experiments=len(scope.experiments), models=len(scope.models),
        runs=sum(counts.get(("experiment", ref), 0) for ref in scope.experiments),
        versions=sum(counts.get(("model", ref), 0) for ref in scope.models),
    )  # fmt: skip


def _members(house: House, connection: sa.Connection, team_names: Mapping[str, str]) -> dict[str, tuple[Member, ...]]:
    """Project -> roles held in it."""
    query = sa.select(people.grants).where(
        people.grants.c.project.is_not(None),
        sa.or_(people.grants.c.until_ms.is_(None), people.grants.c.until_ms > now_ms()),
    )
    known = directory.everyone(house)
    found: dict[str, list[Member]] = {}
    for row in connection.execute(query):
        if row.holder in known and not known[row.holder].active:
            continue
        name = team_names.get(row.holder) or directory.name(house, row.holder)
        found.setdefault(row.project, []).append(
            Member(holder=row.holder, name=name, team=row.holder in team_names, role=row.role, until_ms=row.until_ms)
        )
    return {
        project: tuple(sorted(held, key=lambda m: (ROLES.index(m.role) if m.role in ROLES else 99, m.name, m.holder)))
        for project, held in found.items()
    }  # fmt: skip


def _checked(draft: Draft) -> dict[str, Any]:
    """A draft as columns. Raises Invalid."""
    name, about = " ".join(draft.name.split()), draft.description.strip()
    if not name or len(name) > NAME_LONGEST or not name.isprintable():
        raise Invalid(
            f"A project's name has 1 to {NAME_LONGEST} letters, got {name[:40]!r}.", field="name",
            hint="Such as Retail credit.",
        )  # fmt: skip
    if len(about) > ABOUT_LONGEST:
        raise Invalid(f"A description has at most {ABOUT_LONGEST:,} letters, got {len(about):,}.", field="description")
    return {
        "name": name, "description": about, "rule": as_json(rule_from(as_json(draft.rule))), "owner": draft.owner,
    }  # fmt: skip


def _columns(wanted: Mapping[str, Any]) -> dict[str, Any]:
    return {**wanted, "name_key": wanted["name"].casefold(), "rule": stored.rule_text(wanted["rule"])}


def _add(tx: Transaction, wanted: Mapping[str, Any]) -> str:
    _free(tx.connection, wanted["name"])
    project = people.new_id("pr")
    stored.add(tx.connection, {"id": project, "created_ms": tx.now_ms, **_columns(wanted)})
    tx.append("project.added", f"project:{project}", {"after": dict(wanted)})
    return project


def _change(tx: Transaction, project: str, revision: int, wanted: Mapping[str, Any]) -> str:
    row = _row(tx.connection, project)
    before = {**{name: row[name] for name in wanted}, "rule": stored.rule_of(row)}
    changed = [name for name in wanted if wanted[name] != before[name]]
    if row["revision"] != revision:
        raise _meanwhile(row["name"])
    if not changed:
        return project
    if wanted["name"].casefold() != row["name_key"] and row["archived_ms"] is None:
        _free(tx.connection, wanted["name"])
    _write(tx, project, revision, _columns(wanted))
    said = {side: {name: values[name] for name in changed} for side, values in (("before", before), ("after", wanted))}
    tx.append("project.changed", f"project:{project}", said)
    return project


def _turned(name: str, to: bool) -> dict[str, Any]:
    return {"before": {name: not to}, "after": {name: to}}


def _write(tx: Transaction, project: str, revision: int, values: Mapping[str, Any]) -> None:
    if not stored.change(tx.connection, project, revision, values):
        raise _meanwhile("This project")


def _free(connection: sa.Connection, name: str) -> None:
    if stored.by_name(connection, name.casefold()):
        raise Invalid(f"There is a project {name[:60]} already.", field="name", hint="Choose another name.")


def _row(connection: sa.Connection, project: str) -> dict[str, Any]:
    row = stored.by_id(connection, project)
    if row is None:
        raise _missing(project)
    return row


def _missing(project: str) -> NotFound:
    return NotFound(f"There is no project {project[:40]!r}.", hint="See the page Projects for those you are in.")


def _meanwhile(name: str) -> Conflict:
    return Conflict(f"{name} was changed by somebody else.", hint="Look at it again and repeat your change.")
