"""Findings across the fleet: what was observed, what people answered, and the state that follows from both."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from core.errors import Invalid, NotFound
from core.facts import judged
from core.facts.judged import Finding
from core.governance.answers import OVER, STATES, Again, Answer, State, state_of
from core.governance.finding_groups import together
from core.governance.policy import CATEGORIES, Mode
from core.ledger import findings as kept
from core.services import inventory, policy_modes, profiling, projects
from core.services.cache import cached
from core.services.guard import needs
from core.services.house import House, now_ms

DAY_MS = 86_400_000
SEVERITIES = ("high", "medium", "low")
SHOWN: Mapping[str, frozenset[State]] = {
    "open": frozenset({"open", "acknowledged"}),
    "observed": frozenset({"observed"}),
    "snoozed": frozenset({"snoozed"}),
    "resolved": OVER,
    "all": frozenset(STATES),
}
AGES: Mapping[str, tuple[int, int]] = {"7": (0, 7), "30": (7, 30), "older": (30, 36_500)}
"""Days since the first window that broke the rule began: from, to (excluded)."""
TEXT_LONGEST = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What the list is narrowed to; "" for everything.

    project: id of a project, or of a team that owns projects.  category, severity, state, model: exact.
    age: a key of AGES.  text: words that title, reason, names, model or cause hold.  shown: a key of SHOWN; a state
    goes before it.
    """

    project: str = ""
    category: str = ""
    severity: str = ""
    age: str = ""
    state: str = ""
    model: str = ""
    text: str = ""
    shown: str = "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A finding with all that was decided about it. finding: as observed; its texts are untrusted.

    answer: the last one, None before the first.  mode: of the policy for its model and category.
    owner: id of the person who is to answer: the finding's own, else the inventory's owner of the model; None: nobody.
    projects: ids of those that hold the model and that the actor is in.  zone: of the model's windows.
    """

    finding: Finding
    answer: Answer | None
    mode: Mode
    owner: str | None
    projects: tuple[str, ...]
    zone: str
    hay: str = field(repr=False)

    @property
    def revision(self) -> int:
        """To be handed back with an answer; 0 before the first."""
        return self.answer.revision if self.answer else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A finding in the state it has now. again: why it is open again.  days: since its first window began."""

    one: Answered
    state: State
    again: Again
    days: int

    @property
    def id(self) -> str:
        return self.one.finding.finding_id

    @property
    def finding(self) -> Finding:
        return self.one.finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """items: those that match, the most severe first, then the newest.

    counts: how many would match under each key of SHOWN, whatever is shown now.  known: how many there are in all.
    """

    items: tuple[Shown, ...]
    counts: Mapping[str, int]
    known: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Findings that belong together. key: id of the first one.  by: what joins them.  shared: its names (untrusted)."""

    key: str
    by: Literal["alone", "features", "source"]
    shared: tuple[str, ...]
    members: tuple[Shown, ...]

    @property
    def models(self) -> tuple[str, ...]:
        return tuple(sorted({one.finding.model for one in self.members}))

    @property
    def severity(self) -> str:
        return min((one.finding.severity for one in self.members), key=_rank)


@needs("view")
def listing(house: House, query: Query, now_ms: int) -> Listing:
    """Findings that match. Raises Invalid for a filter that means nothing."""
    check(query)
    every = states(house, now_ms)
    places = _places(house, query.project)
    words = query.text[:TEXT_LONGEST].casefold().split()
    matching = [one for one in every if _wanted(one, query, places, words)]
    counts = {name: sum(one.state in among for one in matching) for name, among in SHOWN.items()}
    among = frozenset({query.state}) if query.state else SHOWN[query.shown]
    items = sorted((one for one in matching if one.state in among), key=_order)
    return Listing(items=tuple(items), counts=counts, known=len(every))


@needs("view")
def groups(house: House, query: Query, now_ms: int) -> tuple[Group, ...]:
    """The same findings, those of one category and cause that share a feature or a source together, across models."""
    return grouped(listing(house, query, now_ms).items)


def grouped(items: Sequence[Shown]) -> tuple[Group, ...]:
    """Findings in groups, each with its members in their order."""
    by_id = {one.id: one for one in items}
    found = []
    for each in together(one.finding for one in items):
        by: Literal["alone", "features", "source"] = "alone"
        if len(each.ids) > 1:
            by = "features" if each.features else "source"
        found.append(
            Group(
                key=min(each.ids), by=by, members=tuple(by_id[one] for one in each.ids),
                shared=each.features or ((each.source,) if each.source else ()),
            )
        )  # fmt: skip
    return tuple(found)


@needs("view")
def one(house: House, finding_id: str, now_ms: int) -> Shown:
    """One finding. Raises NotFound, also for one of a model that the actor does not see."""
    found = _by_id(house, inventory.today()).get(finding_id)
    if found is None:
        raise NotFound(f"There is no finding {finding_id[:80]!r}.", hint="See the page Findings.")
    return shown(found, now_ms)


@needs("view")
def counts(house: House) -> Mapping[str, Mapping[str, int]]:
    """Model -> category -> how many findings ask for an answer now."""
    found: dict[str, Counter[str]] = {}
    for each in states(house, now_ms()):
        if each.state == "open":
            found.setdefault(each.finding.model, Counter())[each.finding.category] += 1
    return found


@needs("view")
def states(house: House, now_ms: int) -> tuple[Shown, ...]:
    """Every finding that the actor sees, in the state it has at a moment."""
    return tuple(shown(each, now_ms) for each in _by_id(house, inventory.today()).values())


def shown(found: Answered, now_ms: int) -> Shown:
    """A finding in the state it has at a moment."""
    finding = found.finding
    state, again = state_of(
        last_ms=finding.last_ms, cleared_ms=finding.cleared_ms, withdrawn=finding.withdrawn, answer=found.answer,
        mode=found.mode, now_ms=now_ms,
    )  # fmt: skip
    return Shown(one=found, state=state, again=again, days=max(now_ms - finding.first_ms, 0) // DAY_MS)


def check(query: Query) -> None:
    """Raises Invalid for a filter that means nothing."""
    allowed: dict[str, Sequence[str]] = {
        "category": ("", *CATEGORIES), "severity": ("", *SEVERITIES), "age": ("", *AGES), "state": ("", *STATES),
        "shown": tuple(SHOWN),
    }  # fmt: skip
    for name, values in allowed.items():
        given = getattr(query, name)
        if given not in values:
            known = ", ".join(value for value in values if value)
            raise Invalid(f"{name} cannot be {given[:40]!r}.", field=name, hint=f"Allowed: {known}.")


@cached(maxsize=4, decisions=True)
def _by_id(house: House, day: date) -> Mapping[str, Answered]:
    observed = judged.findings(house.facts)
    if not observed:
        return {}
    with house.ledger.reading() as connection:
        rows = kept.by_ids(connection, [each.finding_id for each in observed])
    modes = policy_modes.modes(house)
    owners = _owners(house, day)
    monitors = profiling.monitors(house).monitors
    held, unset = _held(house), policy_modes.Modes(model="", stated={})
    found = {}
    for each in observed:
        row = rows.get(each.finding_id)
        answer = Answer(**{name: row[name] for name in Answer.__dataclass_fields__}) if row else None
        said = (each.title, each.reason, each.model, each.cause.replace("_", " "), *each.names)
        found[each.finding_id] = Answered(
            finding=each, answer=answer, mode=modes.get(each.model, unset).of(each.category),
            owner=(answer.owner if answer else None) or owners.get(each.model), projects=held.get(each.model, ()),
            zone=monitors[each.model].monitor.zone if each.model in monitors else "UTC", hay=" ".join(said).casefold(),
        )  # fmt: skip
    return found


def _owners(house: House, day: date) -> Mapping[str, str]:
    """Model's name -> owner in the inventory. Where sources have models of one name, the first by source's name."""
    found: dict[str, str] = {}
    for each in sorted(inventory.entries(house, day=day), key=lambda each: each.ref or ""):
        owner = each.values["owner"]
        if each.ref and owner and each.retired_ms is None:
            found.setdefault(each.ref.partition(":")[2], owner)
    return found


def _held(house: House) -> Mapping[str, tuple[str, ...]]:
    """Model's name -> ids of the projects that hold a registered model of that name."""
    found: dict[str, tuple[str, ...]] = {}
    for ref, ids in projects.of_models(house).items():
        name = ref.partition(":")[2]
        found[name] = tuple(dict.fromkeys((*found.get(name, ()), *ids)))
    return found


def _places(house: House, wanted: str) -> frozenset[str]:
    """Ids of the projects that a filter means: itself, and those of a team."""
    if not wanted:
        return frozenset()
    return frozenset({wanted, *(one.id for one in projects.listing(house) if one.owner == wanted)})


def _wanted(one: Shown, query: Query, places: frozenset[str], words: Sequence[str]) -> bool:
    finding = one.finding
    low, high = AGES.get(query.age, (0, 0))
    return (
        (not query.category or finding.category == query.category)
        and (not query.severity or finding.severity == query.severity)
        and (not query.model or finding.model == query.model)
        and (not query.age or low <= one.days < high)
        and (not query.project or bool(places.intersection(one.one.projects)))
        and all(word in one.one.hay for word in words)
    )


def _order(one: Shown) -> tuple[int, int, str]:
    return _rank(one.finding.severity), -one.finding.last_ms, one.id


def _rank(severity: str) -> int:
    return SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES)
