"""What a rule would do, before it is saved: what it matches, what comes in and leaves, who loses sight of what."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from core.governance.projects import LONGEST, Rule, rule_from, sentence, workspace_of
from core.governance.rights import Actor, Grant
from core.ledger import people
from core.ledger import projects as stored
from core.services.guard import needs
from core.services.house import House, now_ms
from core.services.projects import Held, holding, matched
from core.services.seeing import Scope

SUGGESTED = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """What another project matches as well."""

    project: str
    name: str
    experiments: int
    models: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Losing:
    """Who would see less. people: ids.  models, experiments: refs that at least one of them would lose sight of."""

    people: frozenset[str]
    models: frozenset[str]
    experiments: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a rule matches now.

    alone: of that, what no other project has.  comes, leaves: against the saved rule.  runs, versions: in all.
    """

    said: str
    holds: tuple[Held, ...]
    alone: tuple[Held, ...]
    overlaps: tuple[Overlap, ...]
    comes: tuple[Held, ...]
    leaves: tuple[Held, ...]
    losing: Losing
    runs: int
    versions: int

    @property
    def models(self) -> tuple[Held, ...]:
        return tuple(thing for thing in self.holds if thing.kind == "model")

    @property
    def experiments(self) -> tuple[Held, ...]:
        return tuple(thing for thing in self.holds if thing.kind == "experiment")


@needs("projects", everywhere=True)
def preview(house: House, rule: Rule, *, project: str | None = None) -> Preview:
    """What a rule matches now, beside the other projects and, of a saved project, its rule as it is."""
    with house.ledger.reading() as connection:
        rows = stored.everything(connection)
        saved = stored.by_id(connection, project) if project else None
    rules = {row["id"]: rule_from(stored.rule_of(row)) for row in rows}
    before = rule_from(stored.rule_of(saved)) if saved and saved["archived_ms"] is None else Rule()
    now, then = matched(house, before), matched(house, rule)
    others = {row["id"]: matched(house, rules[row["id"]]) for row in rows if row["id"] != project}
    held = holding(house, then)
    elsewhere = _union(others.values())
    return Preview(
        said=sentence(rule), holds=held,
        alone=tuple(thing for thing in held if not _has(elsewhere, thing)),
        overlaps=tuple(
            Overlap(
                project=row["id"], name=row["name"], experiments=len(found.experiments & then.experiments),
                models=len(found.models & then.models),
            )
            for row in rows
            if (found := others.get(row["id"]))
            and (found.experiments & then.experiments or found.models & then.models)
        ),
        comes=tuple(thing for thing in held if not _has(now, thing)),
        leaves=tuple(thing for thing in holding(house, now) if not _has(then, thing)),
        losing=_losing(house, project, now, then, others) if project else _NOBODY,
        runs=sum(thing.held for thing in held if thing.kind == "experiment"),
        versions=sum(thing.held for thing in held if thing.kind == "model"),
    )  # fmt: skip


@needs("projects", everywhere=True)
def known(house: House) -> Mapping[str, tuple[str, ...]]:
    """What stands in the facts for each part of a clause, to choose from: the most frequent first, at most 1,000."""
    every = [*house.things.models, *house.things.experiments]
    tags = Counter(tag for thing in every for tag in thing.tags if "\n" not in tag and len(tag) <= LONGEST)
    return {
        "sources": tuple(house.sources),
        "experiments": tuple(sorted({thing.name for thing in house.things.experiments})[:SUGGESTED]),
        "models": tuple(sorted({thing.name for thing in house.things.models})[:SUGGESTED]),
        "tags": tuple(tag for tag, _ in tags.most_common(SUGGESTED)),
        "workspaces": tuple(name for name, _ in Counter(workspace_of(thing.name) for thing in every).most_common(50)),
    }


_NOBODY = Losing(people=frozenset(), models=frozenset(), experiments=frozenset())


def _losing(house: House, project: str, now: Scope, then: Scope, others: dict[str, Scope]) -> Losing:
    """Who sees the project without seeing everything, and what of it they see through no other project."""
    who: set[str] = set()
    models: set[str] = set()
    experiments: set[str] = set()
    gone = now.models - then.models, now.experiments - then.experiments
    if not any(gone):
        return _NOBODY
    for person, places in _in_it(house, project):
        kept = _union(others[place] for place in places if place in others)
        lost = gone[0] - kept.models, gone[1] - kept.experiments
        if any(lost):
            who.add(person)
            models |= lost[0]
            experiments |= lost[1]
    return Losing(people=frozenset(who), models=frozenset(models), experiments=frozenset(experiments))


def _in_it(house: House, project: str) -> list[tuple[str, frozenset[str]]]:
    """People who may view in a project and not everywhere, each with all the projects they may view."""
    found = []
    with house.ledger.reading() as connection:
        holders = [
            row.holder
            for row in connection.execute(sa.select(people.grants.c.holder).where(people.grants.c.project == project))
        ]
        of_teams = sa.select(people.members.c.person).where(people.members.c.team.in_(holders))
        first = {*holders, *(row.person for row in connection.execute(of_teams))}
        deputies = sa.select(people.deputies.c.deputy).where(people.deputies.c.absent.in_(first))
        for person in sorted({*first, *(row.deputy for row in connection.execute(deputies))}):
            row = people.by_id(connection, person)
            if row is None or row["disabled_ms"] is not None or row["erased_ms"] is not None:
                continue
            held = people.grants_of(connection, person, now_ms=now_ms())
            grants = tuple(Grant(role=grant["role"], project=grant["project"]) for grant in held)
            places = Actor(id=person, kind="person", grants=grants).places("view")
            if places is not None and project in places:
                found.append((person, places))
    return found


def _union(scopes: Iterable[Scope]) -> Scope:
    found = list(scopes)
    return Scope(
        experiments=frozenset().union(*(scope.experiments for scope in found)),
        models=frozenset().union(*(scope.models for scope in found)),
        sources=frozenset(), logs=frozenset(),
    )  # fmt: skip


def _has(scope: Scope, thing: Held) -> bool:
    return thing.ref in (scope.models if thing.kind == "model" else scope.experiments)
