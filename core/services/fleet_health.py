"""The health of the fleet: every model with its verdicts, worst first, and what of it needs a person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from core.facts.judged import Health
from core.governance.attention import Need, named, plural
from core.governance.policy import CATEGORIES, CATEGORY_TITLE
from core.services import health, policy_modes, profiling, watching
from core.services.cache import cached
from core.services.guard import needs
from core.services.house import House
from core.services.models import fleet

SINGLE_NEEDS = 6
"""So many failing models are told one by one; the others together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A model. ref: "source:name"; "" for one that is monitored but in no registry.

    verdicts: by category; empty when it is not judged yet, or not monitored.
    """

    name: str
    ref: str
    monitored: bool
    verdicts: Mapping[str, Health] = field(default_factory=dict)

    @property
    def version(self) -> str:
        """The live version, as judged; "" when it is not judged."""
        return next((one.version for one in self.verdicts.values()), "")

    @property
    def worst(self) -> str:
        """The verdict that a person should see first."""
        return health.worst(self.verdicts)


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetHealth:
    """Every model, the worst verdicts first, those without a monitor last."""

    models: tuple[Watched, ...]

    @property
    def monitored(self) -> int:
        return sum(model.monitored for model in self.models)

    @property
    def judged(self) -> int:
        return sum(bool(model.verdicts) for model in self.models)

    @property
    def failing(self) -> int:
        return sum(model.worst == "fail" for model in self.models)

    @property
    def unregistered(self) -> int:
        """Models that are monitored but in no registry."""
        return sum(not model.ref for model in self.models)

    @property
    def sentence(self) -> str:
        """ "5 of 6 models are monitored, 3 fail something."."""
        total = len(self.models)
        said = f"{self.monitored:,} of {plural(total, 'model')} {'is' if self.monitored == 1 else 'are'} monitored"
        if not self.monitored:
            return f"{said}."
        if not self.judged:
            return f"{said}, none is judged yet."
        fails = "none fails" if not self.failing else f"{self.failing:,} {'fails' if self.failing == 1 else 'fail'}"
        waiting = self.monitored - self.judged
        rest = f", {waiting:,} {'is' if waiting == 1 else 'are'} not judged yet" if waiting else ""
        return f"{said}, {fails} {'anything' if not self.failing else 'something'}{rest}."


@needs("view")
def standing(house: House) -> FleetHealth:
    """Every registered model and every other one that is monitored."""
    refs = [model.ref for model in fleet(house)]
    verdicts = watching.verdicts(house, refs)
    found = [
        Watched(name=ref.partition(":")[2], ref=ref, monitored=ref in verdicts, verdicts=verdicts.get(ref, {}))
        for ref in refs
    ]
    covered, known = {ref.partition(":")[2] for ref in verdicts}, health.fleet(house)
    found += [
        Watched(name=name, ref="", monitored=True, verdicts=known.get(name, {}))
        for name in sorted({*profiling.monitors(house).monitors, *known} - covered)
    ]
    place = {outcome: at for at, outcome in enumerate(health.ORDER)}
    found.sort(key=lambda model: (place[model.worst], not model.monitored, model.name.casefold(), model.ref))
    return FleetHealth(models=tuple(found))


@needs("view")
@cached(maxsize=4, decisions=True)
def failing(house: House) -> tuple[Need, ...]:
    """One need for each model that fails something, whatever it fails; beyond the first few one for all the rest.

    Where the policy only observes all that fails, it is worth a look and nobody is asked to act.
    """
    found = []
    modes = policy_modes.modes(house)
    for model, verdicts in health.fleet(house).items():
        bad = [verdicts[each] for each in CATEGORIES if each in verdicts and verdicts[each].outcome == "fail"]
        if bad:
            asked = any(modes[model].of(one.category) != "observe" for one in bad) if model in modes else False
            found.append((not asked, -len(bad), model, bad))
    found.sort(key=lambda each: each[:3])
    told = [_need(model, bad, asked=not observed) for observed, _, model, bad in found[:SINGLE_NEEDS]]
    if rest := found[SINGLE_NEEDS:]:
        names = [model for _, _, model, _ in rest]
        told.append(
            Need(
                urgency="note" if rest[0][0] else "now",
                title=f"{plural(len(rest), 'more model')} {'fails' if len(rest) == 1 else 'fail'} something",
                detail=named(names, of=len(names)),
                hint="Open the list of models that fail.",
                page="models",
                params=(("health", "fail"),),
            )
        )
    return tuple(told)


def _need(model: str, bad: Sequence[Health], *, asked: bool) -> Need:
    titles = [CATEGORY_TITLE[one.category] for one in bad]
    said = titles[0] if len(titles) == 1 else f"{', '.join(titles[:-1])} and {titles[-1]}"
    reasons = [f"{CATEGORY_TITLE[one.category]}: {one.reason}" for one in bad] if len(bad) > 1 else [bad[0].reason]
    return Need(
        urgency="now" if asked else "note",
        title=f"{model} (version {bad[0].version}) fails {said}",
        detail=" ".join(reasons),
        hint="Open it to see which windows, features or groups, and what the policy asks for."
        if asked
        else "Observed only: the policy asks nobody yet (Findings, Policy and modes).",
        page="monitoring",
        params=(("model", model),),
    )
