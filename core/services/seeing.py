"""What somebody with rights in projects alone sees: the rules of those projects, laid over the facts."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from core.facts.narrowed import Narrowed, Seen
from core.facts.store import Facts
from core.governance.projects import KINDS, Kind, Rule, Thing, matching, rule_from

if TYPE_CHECKING:
    from core.ledger.store import Ledger

T = TypeVar("T")
Sight = frozenset[tuple[str, int]]
FRESH_S = 1.0
MOST_SIGHTS = 1_000
KEPT = 32
"""Sights that are kept: one a set of projects somebody is in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What is seen. experiments, models: refs "source:experiment_id", "source:name".  sources: with anything seen.

    logs: names of models whose inference logs are seen. A log names its model without a source: it is seen when every
    registered model of that name is.
    """

    experiments: frozenset[str]
    models: frozenset[str]
    sources: frozenset[str]
    logs: frozenset[str]

    def within(self, other: "Scope") -> "Scope":
        """What both hold."""
        return Scope(
            experiments=self.experiments & other.experiments, models=self.models & other.models,
            sources=self.sources & other.sources, logs=self.logs & other.logs,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Things:
    """Everything that rules are about."""

    experiments: tuple[Thing, ...]
    models: tuple[Thing, ...]

    def of(self, kind: Kind) -> tuple[Thing, ...]:
        return self.experiments if kind == "experiment" else self.models

    def scope(self, rules: list[Rule]) -> Scope:
        """What any of the rules matches."""
        whole = Rule.model_construct(clauses=tuple(clause for rule in rules for clause in rule.clauses))
        found = {kind: matching(whole, self.of(kind)) for kind in KINDS}
        names: dict[str, bool] = {}
        for model in self.models:
            names[model.name] = names.get(model.name, True) and model.ref in found["model"]
        things = [thing for kind in KINDS for thing in self.of(kind) if thing.ref in found[kind]]
        return Scope(
            experiments=found["experiment"], models=found["model"],
            sources=frozenset(thing.source for thing in things),
            logs=frozenset(name for name, whole in names.items() if whole),
        )  # fmt: skip


def things(facts: Facts) -> Things:
    """All experiments and registered models, as they are in (whole) facts."""
    found: dict[Kind, list[Thing]] = {kind: [] for kind in KINDS}
    for row in facts.read("things"):
        thing = Thing(row["kind"], f"{row['source']}:{row['id']}", row["source"], row["name"], tuple(row["tags"]))
        found[thing.kind].append(thing)
    return Things(tuple(found["experiment"]), tuple(found["model"]))


def rules(ledger: "Ledger", projects: frozenset[str]) -> dict[str, Rule]:
    """Rules of those of the projects that are in force, by id."""
    from core.ledger import projects as stored

    with ledger.reading() as connection:
        rows = stored.everything(connection)
    return {row["id"]: rule_from(stored.rule_of(row)) for row in rows if row["id"] in projects}


class Seeing:
    """Keeps scopes, and the facts narrowed to them, while rules and facts stay as they are."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, tuple[Scope, Narrowed]] = OrderedDict()
        self._things: OrderedDict[Hashable, Things] = OrderedDict()
        self._sights: OrderedDict[Hashable, tuple[int, float, Sight]] = OrderedDict()
        self._lock = threading.Lock()

    def sight(self, ledger: "Ledger", projects: frozenset[str]) -> Sight:
        """What these projects' rules are now, in short: (id, revision) of those in force.

        A change by this process is seen at once, one by another process of the same ledger within a second.
        """
        from core.ledger.projects import in_force

        if not projects:
            return frozenset()
        key, now, writes = (id(ledger), projects), time.monotonic(), ledger.writes
        before = self._sights.get(key)
        if before and before[0] == writes and now - before[1] < FRESH_S:
            return before[2]
        with ledger.reading() as connection:
            found = frozenset(in_force(connection, projects).items())
        with self._lock:
            self._sights[key] = (writes, now, found)
            while len(self._sights) > MOST_SIGHTS:
                self._sights.popitem(last=False)
        return found

    def things(self, facts: Facts, moment: Hashable) -> Things:
        """All things. moment: which facts, and their revision."""
        return _kept(self._things, self._lock, moment, lambda: things(facts), 2)[0]

    def seen(self, ledger: "Ledger", facts: Facts, moment: Hashable, projects: Sight) -> tuple[Scope, Narrowed]:
        """What members of these projects (as `sight` tells them) see. facts: the whole."""

        def make() -> tuple[Scope, Narrowed]:
            ids = frozenset(project for project, _ in projects)
            every = self.things(facts, moment)
            scope = every.scope(list(rules(ledger, ids).values()) if ids else [])
            pairs = {
                kind: frozenset(_pair(ref) for ref in refs)
                for kind, refs in (("experiment", scope.experiments), ("model", scope.models))
            }
            return scope, Narrowed(facts, Seen(experiments=pairs["experiment"], models=pairs["model"]))

        found, dropped = _kept(self._kept, self._lock, (moment, projects), make, KEPT)
        for _, narrowed in dropped:
            narrowed.close()
        return found

    def close(self) -> None:
        """Lets every cursor go."""
        with self._lock:
            for _, narrowed in self._kept.values():
                narrowed.close()
            self._kept.clear()
            self._things.clear()


def _pair(ref: str) -> tuple[str, str]:
    source, _, name = ref.partition(":")
    return source, name


def _kept(
    kept: OrderedDict[Hashable, T], lock: threading.Lock, key: Hashable, make: Callable[[], T], most: int
) -> tuple[T, list[T]]:
    """What is kept under a key, made first where it is not; and what had to go for it."""
    with lock:
        if key in kept:
            kept.move_to_end(key)
            return kept[key], []
    made = make()
    dropped = []
    with lock:
        if key in kept:  # somebody else was quicker
            dropped.append(made)
        else:
            kept[key] = made
        found = kept[key]
        while len(kept) > most:
            dropped.append(kept.popitem(last=False)[1])
    return found, dropped
