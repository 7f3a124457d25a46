"""What somebody sees, and through which project somebody may do something to it.

Services read `house.facts`, which holds what the actor sees and nothing else; what is outside does not exist there, so
it is "not found", never "forbidden". Here is the rest: rights on single things.
"""

from typing import Literal

from core.errors import NotAllowed, NotFound
from core.facts import runs as facts_runs
from core.governance.rights import Right
from core.services.guard import needs
from core.services.house import House
from core.services.seeing import Scope, rules

Kind = Literal["experiment", "model", "run", "source", "log"]
"""log: the inference log of a model, by the model's name alone."""


@needs(None)
def visible(house: House) -> Scope | None:
    """What the actor sees of the shown stores; None: everything."""
    return house.scope


@needs("view")
def project_of(house: House, kind: Kind, ref: str, right: Right) -> str | None:
    """Id of the project through which the actor has a right on something it sees; None: it has it everywhere.

    ref: "source:experiment_id", "source:model", "source:run_id", a source's or (log) a model's name. What comes back is
    what `house.deciding(right, project)` takes. Raises NotFound for what is not seen (not looked up for an actor that
    sees everything), NotAllowed for what is seen without the right.
    """
    seen = house.scope
    wanted = ref
    if kind == "run":
        found = facts_runs.named(house.facts, [ref])
        if not found:
            raise _missing(kind, ref)
        kind, wanted = "experiment", f"{found[0]['source']}:{found[0]['experiment_id']}"
    if seen is not None and not holds(seen, kind, wanted):
        raise _missing(kind, ref)
    if house.actor.may(right):
        return None
    found_rules = rules(house.ledger, house.actor.places(right) or frozenset())
    things = house.things
    if not holds(things.scope(list(found_rules.values())), kind, wanted):
        house.require(right)
    for project, rule in sorted(found_rules.items()):
        alone = things.scope([rule])
        if holds(alone, kind, wanted) or (kind == "log" and any(_name(model) == wanted for model in alone.models)):
            return project
    raise _missing(kind, ref)


@needs("view")
def may(house: House, kind: Kind, ref: str, right: Right) -> bool:
    """Whether the actor has a right on something; False also for what it does not see."""
    try:
        project_of(house, kind, ref, right)
    except (NotAllowed, NotFound):
        return False
    return True


def holds(scope: Scope, kind: Kind, ref: str) -> bool:
    """Whether something (no run) is within a scope."""
    within = {"experiment": scope.experiments, "model": scope.models, "source": scope.sources, "log": scope.logs}
    return ref in within[kind]


def _missing(kind: Kind, ref: str) -> NotFound:
    noun = "inference log of" if kind == "log" else kind
    return NotFound(f"There is no {noun} {ref[:100]!r}.", hint="It may have been deleted, or not been synced yet.")


def _name(ref: str) -> str:
    return ref.partition(":")[2]
