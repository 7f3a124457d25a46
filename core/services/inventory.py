"""Reading the inventory: registered models enter by themselves, rows say what people know of them.

An entry is a registered model, with its row or not described yet, or a row without a registered model (a vendor's, a
language model, one built without a run). Nothing is written when it is read.
"""

from collections import Counter, OrderedDict
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

from core.errors import Invalid, NotFound
from core.facts.syncs import sync_states
from core.governance import inventory as rules
from core.governance.inventory import GAP, KINDS, Described, EntryState, Kind, PersonState
from core.governance.inventory_fields import EMPTY
from core.governance.materiality import Materiality, Tier, tier_of
from core.governance.projects import rule_from
from core.ledger import inventory as table
from core.ledger import projects as stored
from core.ledger import signatures
from core.ledger.signatures import Signature
from core.services import directory, policy_files, projects
from core.services.cache import cached
from core.services.guard import needs
from core.services.house import House, now_ms
from core.services.models import STAGES, FleetModel, fleet

Presence = Literal["registered", "gone", "unsynced", "none"]
OUTSIDE = "outside your projects, "
"""Before the place of a dependency that the actor does not see."""
ORDERS = ("name", "kind", "tier", "owner", "stage", "due", "gaps")
REVIEWS = {"overdue": "Overdue", "30": "Due in 30 days", "90": "Due in 90 days", "never": "Never reviewed"}
SHOWN = {"live": "In use", "retired": "Retired", "all": "All"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """A tier that was set against materiality, with the signature that must stand wherever it is shown.

    reason: "" once its retention is over and the signer was erased.
    """

    tier: Tier
    reason: str
    signature: Signature | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One model that the organisation answers for.

    key: its id, or, before anybody described it, its ref; what links and edits name it by.  id: None without a row.
    revision: of its row, 0 without one.  values: what its row says, by field name.
    presence: registered (also where the actor does not see the model); gone
    (deleted at its source); unsynced (its source is not read yet); none (never registered).
    about: the registry's own description.  stage, production, newest, versions: of its registered model.
    tier: the one that holds.  tier_given: what materiality gives.  due: when the next review is due.
    gaps: codes of governance.inventory.GAP.
    """

    key: str
    id: str | None
    ref: str | None
    revision: int
    values: Mapping[str, Any]
    presence: Presence
    about: str
    stage: str
    stages: frozenset[str]
    production: tuple[str, ...]
    newest: str | None
    versions: int
    tier: Tier | None
    tier_given: Tier | None
    override: Override | None
    due: date | None
    gaps: tuple[str, ...]
    retired_ms: int | None
    hay: str = field(repr=False)

    @property
    def name(self) -> str:
        return str(self.values["name"])

    @property
    def kind(self) -> Kind:
        kind: Kind = self.values["kind"]
        return kind

    @property
    def source(self) -> str:
        return (self.ref or "").partition(":")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What the list is narrowed to, and its order; "" for everything.

    text: words that name, description, purpose, users, vendor or ref hold.  tier: "1" to "3", or "none".
    owner: a person's id, or "none".  gap: a code, or "any".  stage: one of STAGES.  regime: an id.
    review: one of REVIEWS.  shown: one of SHOWN.  order: one of ORDERS, with "-" before it for the other way.
    """

    text: str = ""
    kind: str = ""
    tier: str = ""
    owner: str = ""
    gap: str = ""
    stage: str = ""
    regime: str = ""
    review: str = ""
    shown: str = "live"
    order: str = "name"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A page of the list. total: how many entries match in all."""

    entries: tuple[Entry, ...]
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The inventory in numbers, retired entries apart.

    gaps: by code, those that occur, in the order of GAP.  tiers: by tier, None for those without one.
    undescribed: registered models without a row.  overridden: tiers set by signature.
    """

    live: int
    retired: int
    undescribed: int
    gaps: Mapping[str, int]
    tiers: Mapping[Tier | None, int]
    kinds: Mapping[str, int]
    overridden: int
    complete: int


def today() -> date:
    """The UTC day."""
    return datetime.fromtimestamp(now_ms() / 1000, UTC).date()


@needs("view")
def listing(house: House, query: Query, *, day: date, limit: int = 100, offset: int = 0) -> Listing:
    """Entries that match, in order. day: today. Raises Invalid for a filter that means nothing."""
    found = matching(house, query, day=day)
    return Listing(entries=found[offset : offset + limit], total=len(found))


@needs("view")
@cached(maxsize=16, decisions=True)
def matching(house: House, query: Query, *, day: date) -> tuple[Entry, ...]:
    """Every entry that matches, in order. Raises Invalid."""
    _check(query)
    words = query.text[:500].casefold().split()
    found = [entry for entry in entries(house, day=day) if _wanted(entry, query, words, day)]
    order = query.order.removeprefix("-")
    found.sort(key=_ORDERING[order](house), reverse=query.order.startswith("-"))
    return tuple(found)


@needs("view")
@cached(maxsize=4, decisions=True)
def summary(house: House, *, day: date) -> Summary:
    """The inventory in numbers."""
    every = entries(house, day=day)
    live = [entry for entry in every if entry.retired_ms is None]
    gaps = Counter(code for entry in live for code in entry.gaps)
    tiers = Counter(entry.tier for entry in live)
    return Summary(
        live=len(live),
        retired=len(every) - len(live),
        undescribed=sum(entry.id is None for entry in live),
        gaps={code: gaps[code] for code in GAP if gaps[code]},
        tiers={tier: tiers[tier] for tier in (1, 2, 3, None)},
        kinds={kind: sum(entry.kind == kind for entry in live) for kind in KINDS},
        overridden=sum(entry.override is not None for entry in live),
        complete=sum(not entry.gaps for entry in live),
    )


@needs("view")
def entry(house: House, key: str, *, day: date) -> Entry:
    """One entry by its id or by the ref of its registered model. Raises NotFound."""
    found = by_key(house, day=day).get(key)
    if found is None:
        raise NotFound(
            f"There is no entry {key[:80]!r} in the inventory.",
            hint="It may be out of your projects, or the model was deleted at its source; see the page Inventory.",
        )
    return found


@needs("view")
def find(house: House, key: str, *, day: date) -> Entry | None:
    """The same; None when there is none."""
    return by_key(house, day=day).get(key)


@needs("view")
def dependents(house: House, key: str, *, day: date) -> tuple[Entry, ...]:
    """Live entries that say they depend on this one."""
    one = entry(house, key, day=day)
    own = {one.key, one.ref}
    return tuple(
        other for other in entries(house, day=day)
        if other.retired_ms is None and own.intersection(other.values["dependencies"])
    )  # fmt: skip


@needs("view")
@cached(maxsize=3, decisions=True)
def entries(house: House, *, day: date) -> tuple[Entry, ...]:
    """Everything the actor sees, by name."""
    models = {model.ref: model for model in fleet(house)}
    whole = set(models) if house.sight is None else {model.ref for model in house.things.models}
    before = _kept(house)
    with house.ledger.reading() as connection:
        rows = table.all_rows(connection, before.rows)
        overridden = [row for row in rows.values() if row["tier_override"]]
        signed = signatures.by_ids(connection, {row["override_signature"] for row in overridden})
        reasons = signatures.texts(connection, {row["override_reason"] for row in overridden})
    people = {person.id: _state(person) for person in directory.everyone(house).values()}
    making = _Making(
        policy=policy_files.materiality(house), day=day, people=people, states=_states(list(rows.values()), whole),
        whole=whole,
        synced=frozenset(name for name, state in sync_states(house.facts).items() if state.complete_ms is not None),
        belongs=homes(house), before=before.made, made={},
    )  # fmt: skip
    for row in rows.values():
        override = _override(row, signed, reasons) if row["tier_override"] else None
        making.add(row, models.get(row["ref"] or ""), override)
    described = {row["ref"] for row in rows.values() if row["ref"]}
    for ref, model in models.items():
        if ref not in described:
            making.add({**EMPTY, "name": model.name, "id": None, "ref": ref, "revision": 0, "retired_ms": None}, model)
    before.rows, before.made = rows, making.made
    sees = _visible(house)
    shown = [one for _, _, _, one in making.made.values() if sees(one)]
    if house.sight is not None:
        names = {name for one in shown for name in (one.id, one.ref) if name}
        shown = [_veiled(one, names) for one in shown]
    return tuple(sorted(shown, key=lambda one: (one.name.casefold(), one.key)))


def _veiled(one: Entry, names: Collection[str]) -> Entry:
    """An entry whose dependencies outside of what is seen are named by their place alone. names: ids and refs seen."""
    needed = one.values["dependencies"]
    veiled = tuple(key if key in names else f"{OUTSIDE}{place}" for place, key in enumerate(needed))
    return one if veiled == needed else replace(one, values={**one.values, "dependencies": veiled})


def unveiled(keys: Sequence[str], row: Sequence[str]) -> tuple[str, ...]:
    """Dependencies to be written, those outside as the row of the same revision names them."""
    places = {f"{OUTSIDE}{place}": key for place, key in enumerate(row)}
    return tuple(places.get(key, key) for key in keys)


class _Kept:
    """Rows and entries as they were read last: after a decision about one of 5,000, only that one is made anew."""

    def __init__(self) -> None:
        self.rows: Mapping[str, table.Row] = {}
        self.made: Mapping[str, tuple[object, object, object, Entry]] = {}


_KEPT: OrderedDict[Hashable, _Kept] = OrderedDict()
_KEPT_HOUSES = 8


def _kept(house: House) -> _Kept:
    kept = _KEPT.setdefault((house.serial, house.active, house.sight), _Kept())
    _KEPT.move_to_end((house.serial, house.active, house.sight))
    while len(_KEPT) > _KEPT_HOUSES:
        _KEPT.popitem(last=False)
    return kept


def _visible(house: House) -> Callable[[Entry], bool]:
    """What the actor sees of the inventory: entries of its projects, and registered models that its fleet holds."""
    places = house.actor.places("view")
    if places is None:
        return lambda _: True
    seen = {model.ref for model in fleet(house)}
    elsewhere = _held_by_rules(house) - seen
    return lambda one: one.ref in seen or (one.values["project"] in places and one.ref not in elsewhere)


def _held_by_rules(house: House) -> frozenset[str]:
    """Registered models that any project's rule holds: where their rows say they belong means nothing."""
    with house.ledger.reading() as connection:
        found = [rule_from(stored.rule_of(row)) for row in stored.everything(connection)]
    return house.things.scope(found).models


@needs("view")
def homes(house: House) -> Callable[[str | None, str | None], str | None]:
    """Says to which project an entry belongs, by its ref and by what its row states; None: to none.

    A registered model belongs where projects' rules put it, anything else where its row says. Of several projects it
    is one in which the actor may edit the inventory, if there is one.
    """
    held, mine = projects.of_models(house), house.actor.places("inventory")

    def home(ref: str | None, stated: str | None) -> str | None:
        found = held.get(ref, ()) if ref else ()
        found = found or ((stated,) if stated else ())
        return next((place for place in found if mine is not None and place in mine), next(iter(found), None))

    return home


@needs("view")
@cached(maxsize=2, decisions=True)
def by_key(house: House, *, day: date) -> Mapping[str, Entry]:
    """Every entry the actor sees, by its id and by its ref."""
    found: dict[str, Entry] = {}
    for one in sorted(entries(house, day=day), key=lambda one: one.retired_ms is None):  # a live one outdoes a retired
        found |= {name: one for name in (one.id, one.ref) if name}
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Making:
    """What entries are made from. whole: refs of all registered models, whoever asks.

    before, made: key -> what an entry was made from, and the entry."""

    policy: Materiality
    day: date
    people: Mapping[str, PersonState]
    states: Mapping[str, EntryState]
    whole: Collection[str]
    synced: frozenset[str]
    belongs: Callable[[str | None, str | None], str | None]
    before: Mapping[str, tuple[object, object, object, Entry]]
    made: dict[str, tuple[object, object, object, Entry]]

    def add(self, row: Mapping[str, Any], model: FleetModel | None, override: Override | None = None) -> None:
        """Makes the entry of a row, or takes the one that was made from the same."""
        ref, owner = row["ref"], row["owner"]
        owner_state: PersonState | None = self.people.get(owner, "unknown") if owner else None
        dependencies = tuple(self.states.get(key, "unknown") for key in row["dependencies"])
        project = self.belongs(ref, row["project"])
        presence: Presence = "none" if not ref else "registered" if ref in self.whole else "unsynced"
        if presence == "unsynced" and ref.partition(":")[0] in self.synced:
            presence = "gone"
        mark = (row["revision"], owner_state, dependencies, project, presence, self.day, override)
        key = row["id"] or ref
        last = self.before.get(key)
        if last is None or last[0] is not model or last[1] is not self.policy or last[2] != mark:
            one = self._entry(row, model, override, owner_state, dependencies, project, presence)
            last = (model, self.policy, mark, one)
        self.made[key] = last

    def _entry(
        self, row: Mapping[str, Any], model: FleetModel | None, override: Override | None,
        owner_state: PersonState | None, dependencies: tuple[EntryState, ...], project: str | None, presence: Presence,
    ) -> Entry:  # fmt: skip
        values = {name: row[name] for name in EMPTY}
        given = tier_of(self.policy, values["exposure"], values["purpose_class"])
        holding = override.tier if override else given
        last, stated = _day(values["last_review"]), _day(values["next_review"])
        named = ("kind", "owner", "deputy", "validator", "purpose", "vendor", "exposure", "purpose_class", "backup")
        described = Described(
            **{name: values[name] for name in named}, owner_state=owner_state, project=project, last_review=last,
            next_review=stated, dependencies=dependencies, live=bool(model and model.production),
            retired=row["retired_ms"] is not None,
        )  # fmt: skip
        about = model.description if model else ""
        searched = ("name", "description", "purpose", "users", "vendor")
        return Entry(
            key=row["id"] or row["ref"], id=row["id"], ref=row["ref"], revision=row["revision"], values=values,
            presence=presence, about=about, stage=model.stage if model else "",
            stages=model.stages if model else frozenset(), production=model.production if model else (),
            newest=model.newest if model else None, versions=model.versions if model else 0, tier=holding,
            tier_given=given, override=override, due=rules.due(self.policy, holding, last, stated),
            gaps=rules.gaps(self.policy, described, holding, self.day), retired_ms=row["retired_ms"],
            hay=" ".join([*(values[name] for name in searched), row["ref"] or "", about]).casefold(),
        )  # fmt: skip


def _override(row: Mapping[str, Any], signed: Mapping[str, Signature], reasons: Mapping[str, str]) -> Override:
    return Override(
        tier=row["tier_override"],
        reason=reasons.get(row["override_reason"], ""),
        signature=signed.get(row["override_signature"]),
    )


def _states(rows: Sequence[Mapping[str, Any]], models: Collection[str]) -> dict[str, EntryState]:
    """What can be depended on, by id and by ref; models: refs. Of the whole: a gap is no other for who sees less."""
    found: dict[str, EntryState] = dict.fromkeys(models, "live")
    for row in sorted(rows, key=lambda row: row["retired_ms"] is None):
        state: EntryState = "live" if row["retired_ms"] is None else "retired"
        found[row["id"]] = state
        if row["ref"] and row["ref"] not in models:
            found[row["ref"]] = state
    return found


def _state(person: directory.Known) -> PersonState:
    return "active" if person.active else "disabled" if person.login else "erased"


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _check(query: Query) -> None:
    allowed: dict[str, Sequence[str]] = {
        "kind": ("", *KINDS), "tier": ("", "1", "2", "3", "none"), "gap": ("", "any", *GAP), "stage": ("", *STAGES),
        "review": ("", *REVIEWS), "shown": tuple(SHOWN), "order": (*ORDERS, *(f"-{name}" for name in ORDERS)),
    }  # fmt: skip
    for name, values in allowed.items():
        given = getattr(query, name)
        if given not in values:
            known = ", ".join(value for value in values if value)
            raise Invalid(f"{name} cannot be {given[:40]!r}.", field=name, hint=f"Allowed: {known}.")


def _wanted(one: Entry, query: Query, words: Sequence[str], day: date) -> bool:
    return (
        (query.shown == "all" or (one.retired_ms is not None) == (query.shown == "retired"))
        and (not query.kind or one.kind == query.kind)
        and (not query.tier or (str(one.tier) if one.tier else "none") == query.tier)
        and (not query.owner or (one.values["owner"] or "none") == query.owner)
        and (not query.gap or (bool(one.gaps) if query.gap == "any" else query.gap in one.gaps))
        and (not query.stage or query.stage in one.stages)
        and (not query.regime or query.regime in one.values["regimes"])
        and (not query.review or _review(one, query.review, day))
        and all(word in one.hay for word in words)
    )


def _review(one: Entry, wanted: str, day: date) -> bool:
    if wanted == "never":
        return one.values["last_review"] is None
    if one.due is None:
        return False
    return one.due < day if wanted == "overdue" else day <= one.due <= day + timedelta(days=int(wanted))


def _owner_order(house: House) -> Callable[[Entry], Any]:
    names = {person.id: person.name.casefold() for person in directory.everyone(house).values()}
    return lambda one: (one.values["owner"] is None, names.get(one.values["owner"], ""))


_ORDERING: Mapping[str, Callable[[House], Callable[[Entry], Any]]] = {
    "name": lambda _: lambda one: one.name.casefold(),
    "kind": lambda _: lambda one: KINDS.index(one.kind),
    "tier": lambda _: lambda one: one.tier or 9,
    "owner": _owner_order,
    "stage": lambda _: lambda one: STAGES.index(one.stage) if one.stage else 9,
    "due": lambda _: lambda one: one.due or date.max,
    "gaps": lambda _: lambda one: -len(one.gaps),
}
