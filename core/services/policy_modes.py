"""How far the policy acts on each model: observe, warn or enforce, by category or for all of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.errors import Invalid, NotFound
from core.facts import judged
from core.governance.answers import mode_of
from core.governance.policy import CATEGORIES, MODES, Mode
from core.governance.rights import Right
from core.ledger import policies as kept
from core.services import profile_rows, profiling, scope
from core.services.cache import cached
from core.services.guard import needs
from core.services.house import House

ALL = kept.ALL
MOST = 2_000
REASON_LONGEST = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Modes:
    """One model's. stated: what was decided, category or "all" -> mode; empty before anybody decided."""

    model: str
    stated: Mapping[str, str]

    def of(self, category: str) -> Mode:
        """The mode of one category."""
        return mode_of(self.stated, category)

    @property
    def each(self) -> Mapping[str, Mode]:
        """Category -> mode."""
        return {category: self.of(category) for category in CATEGORIES}


@needs("view")
@cached(maxsize=4, decisions=True)
def modes(house: House) -> Mapping[str, Modes]:
    """Of every model that is monitored, profiled or judged, by model."""
    stated = _stated(house)
    names = {row["model"] for row in profile_rows.models(house)} | {one.model for one in judged.health(house.facts)}
    names |= {one.model for one in judged.findings(house.facts)} | set(profiling.monitors(house).monitors)
    return {name: Modes(model=name, stated=stated.get(name, {})) for name in sorted(names)}


@needs("view")
def mode(house: House, model: str, category: str) -> Mode:
    """The mode of one category of a model; observe where nothing is stated, and for models the actor does not see."""
    found = modes(house).get(model)
    return found.of(category) if found else "observe"


@needs("view")
def set_mode(house: House, models: Sequence[str], category: str, mode: str, reason: str = "") -> tuple[str, ...]:
    """Sets the mode of one category, or of all, of several models, in one transaction; returns those that changed.

    Raising a mode needs the right "inventory", lowering one from enforce needs "decide". A mode for all categories
    takes the place of those of single ones. Raises Invalid, NotFound, NotAllowed.
    """
    _check(models, category, mode, reason)
    known = modes(house)
    changing = []
    for model in dict.fromkeys(models):
        if model not in known:
            raise NotFound(f"There is no monitored model {model[:100]!r}.", hint="See the page Sources.")
        before = known[model]
        after = {ALL: mode} if category == ALL else {**before.stated, category: mode}
        if {each: mode_of(after, each) for each in CATEGORIES} != dict(before.each) or _narrows(before, category):
            changing.append((before, after))
    if not changing:
        return ()
    through: list[tuple[Right, str | None]] = [
        (right, scope.project_of(house, "log", before.model, right))
        for before, after in changing
        for right in needed(before, after)
    ]
    with house.deciding(*through[0]) as tx:
        for before, after in changing:
            kept.set_mode(tx.connection, before.model, category, mode, at_ms=tx.now_ms, person=tx.actor)
            said = tx.seal(reason.strip(), tx.actor) if reason.strip() else None
            touched = [each for each in CATEGORIES if mode_of(after, each) != before.of(each)]
            tx.append(
                "policy.mode_changed", f"monitor:{before.model}",
                {
                    "category": category, "mode": mode,
                    "before": {each: before.of(each) for each in touched},
                    "after": {each: mode_of(after, each) for each in touched},
                    **({"reason": said} if said else {}),
                },
            )  # fmt: skip
    return tuple(before.model for before, _ in changing)


def needed(before: Modes, after: Mapping[str, str]) -> tuple[Right, ...]:
    """The rights that a change needs."""
    lowers = any(before.of(each) == "enforce" and mode_of(after, each) != "enforce" for each in CATEGORIES)
    others = any(before.of(each) not in ("enforce", mode_of(after, each)) for each in CATEGORIES)
    rights: list[Right] = ["decide"] if lowers else []
    return tuple(rights) if lowers and not others else (*rights, "inventory")


def _narrows(before: Modes, category: str) -> bool:
    """Whether modes of single categories are given up for one of all."""
    return category == ALL and any(each != ALL for each in before.stated)


def _stated(house: House) -> Mapping[str, Mapping[str, str]]:
    with house.ledger.reading() as connection:
        return kept.modes(connection)


def _check(models: Sequence[str], category: str, mode: str, reason: str) -> None:
    if not models or len(models) > MOST:
        raise Invalid(f"Choose 1 to {MOST:,} models, got {len(models):,}.", field="models")
    if category not in (ALL, *CATEGORIES):
        known = ", ".join((ALL, *CATEGORIES))
        raise Invalid(f"category cannot be {category[:40]!r}.", field="category", hint=f"Allowed: {known}.")
    if mode not in MODES:
        raise Invalid(f"mode cannot be {mode[:40]!r}.", field="mode", hint=f"Allowed: {', '.join(MODES)}.")
    if len(reason) > REASON_LONGEST:
        raise Invalid(f"A reason has at most {REASON_LONGEST:,} characters.", field="reason")
