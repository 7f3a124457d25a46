"""One feature across all models that use it: how it drifted, where it is broken, what was found about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from core.errors import NotFound
from core.facts import judged
from core.facts import profiles as stored
from core.facts.judged import DriftCell, Finding
from core.governance.attention import DAY_MS
from core.profiles import Numeric, Part
from core.services import health, profiling
from core.services.cache import cached
from core.services.guard import needs
from core.services.house import House

State = Literal["drifted", "broken", "alarm", "fine", "nothing told"]
STATES: tuple[State, ...] = get_args(State)
"""The one that a person should see first before the others."""
CHANGED = frozenset({"drifted", "broken"})
RECENT_DAYS = 30
Order = Literal["state", "name", "effect", "unusable", "alarms", "models"]
ORDERS: tuple[Order, ...] = get_args(Order)


@dataclass(frozen=True, slots=True, kw_only=True)
class Last:
    """A feature in the last window of one model's judged version.

    last_ms, end_ms: of that window.  effect: PSI0, nats; None where nothing can be told.  n: rows with a value.
    rows: all.  unusable: without a usable value.  alarms: windows of the last 30 days that alarmed, of `windows`.
    """

    model: str
    version: str
    part: str
    state: State
    last_ms: int
    end_ms: int
    effect: float | None
    n: int
    rows: int
    unusable: int
    alarms: int
    windows: int

    @property
    def unusable_share(self) -> float | None:
        """In [0, 1]; None without rows."""
        return self.unusable / self.rows if self.rows else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """A feature that is watched. name: untrusted.  uses: by model."""

    name: str
    uses: tuple[Last, ...]

    @property
    def state(self) -> State:
        """The worst one."""
        return min((use.state for use in self.uses), key=STATES.index)

    @property
    def states(self) -> list[State]:
        """All that its models are in, the worst first."""
        found = {use.state for use in self.uses}
        return [state for state in STATES if state in found]

    @property
    def worst(self) -> Last | None:
        """The use with the largest effect in its last window; None where no window tells one."""
        told = [use for use in self.uses if use.effect is not None]
        return max(told, key=lambda use: use.effect or 0.0, default=None)

    @property
    def dirtiest(self) -> Last:
        """The use with the largest share of unusable values in its last window."""
        return max(self.uses, key=lambda use: use.unusable_share or 0.0)

    @property
    def alarms(self) -> int:
        """Windows of the last 30 days that alarmed, over all models."""
        return sum(use.alarms for use in self.uses)

    @property
    def windows(self) -> int:
        """Windows of the last 30 days, over all models."""
        return sum(use.windows for use in self.uses)


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """A feature in one model. last: the last window.  cells: the judged version's windows, oldest first.

    reference_rows, reference_unusable: of the model's reference with the last window's edges; 0 rows without one.
    """

    last: Last
    cells: tuple[DriftCell, ...]
    reference_rows: int
    reference_unusable: int

    @property
    def reference_share(self) -> float | None:
        """Of unusable values in the reference, in [0, 1]."""
        return self.reference_unusable / self.reference_rows if self.reference_rows else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """One feature. uses: the worst state first.  findings: those that name it, newest first, without withdrawn ones."""

    name: str
    uses: tuple[Use, ...]
    findings: tuple[Finding, ...]


@needs("view")
def watched(house: House, *, now_ms: int) -> tuple[Feature, ...]:
    """Every feature of every judged version, by name."""
    return _watched(house, now_ms // DAY_MS)


@needs("view")
def listing(
    house: House, *, text: str = "", changed: bool = False, order: Order = "state", now_ms: int
) -> tuple[Feature, ...]:
    """Features whose name or a model's name holds all words. changed: only those that drifted or are broken.

    order: the worst, largest or most first, except by name.
    """
    words = text.casefold().split()
    found = [
        feature
        for feature in watched(house, now_ms=now_ms)
        if (not changed or CHANGED & set(feature.states))
        and all(word in " ".join([feature.name, *(use.model for use in feature.uses)]).casefold() for word in words)
    ]
    return tuple(sorted(found, key=lambda feature: (_KEYS[order](feature), feature.name.casefold(), feature.name)))


@needs("view")
def names(house: House) -> tuple[tuple[str, int], ...]:
    """(name, models that use it) of every feature that is watched, by name."""
    return _names(house)


@needs("view")
def opened(house: House, name: str, *, from_ms: int = -1, now_ms: int) -> Opened:
    """One feature in all models that use it. from_ms: of the first window. Raises NotFound."""
    return _opened(house, name, from_ms, now_ms // DAY_MS)


@cached(maxsize=4)
def _watched(house: House, today: int) -> tuple[Feature, ...]:
    found: dict[str, list[Last]] = {}
    live = _live(house)
    for row in judged.columns(house.facts, from_ms=(today + 1 - RECENT_DAYS) * DAY_MS):
        if row["version"] == live.get(row["model"]):
            found.setdefault(row["name"], []).append(_last(row))
    return tuple(Feature(name=name, uses=tuple(uses)) for name, uses in found.items())


@cached(maxsize=4)
def _names(house: House) -> tuple[tuple[str, int], ...]:
    found: dict[str, int] = {}
    live = _live(house)
    for row in judged.columns(house.facts, from_ms=0):
        if row["version"] == live.get(row["model"]):
            found[row["name"]] = found.get(row["name"], 0) + 1
    return tuple(found.items())


@cached(maxsize=16)
def _opened(house: House, name: str, from_ms: int, today: int) -> Opened:
    feature = next((one for one in _watched(house, today) if one.name == name), None)
    if feature is None:
        raise NotFound(f"No model that is judged has a feature {name[:80]!r}.", hint="See the list of features.")
    cells: dict[tuple[str, str], list[DriftCell]] = {}
    for cell in judged.cells_named(house.facts, name, from_ms=from_ms):
        cells.setdefault((cell.model, cell.version), []).append(cell)
    references = _references(house, name)
    uses = [
        Use(
            last=last, cells=tuple(cells.get((last.model, last.version), ())),
            reference_rows=references.get(last.model, (0, 0))[0],
            reference_unusable=references.get(last.model, (0, 0))[1],
        )
        for last in feature.uses
    ]  # fmt: skip
    uses.sort(key=lambda use: (STATES.index(use.last.state), -(use.last.effect or 0.0), use.last.model))
    models = {use.last.model for use in uses}
    findings = [
        one
        for one in judged.findings(house.facts)
        if one.category == "data_quality" and name in one.names and one.model in models and not one.withdrawn
    ]
    return Opened(name=name, uses=tuple(uses), findings=tuple(findings))


def _references(house: House, name: str) -> dict[str, tuple[int, int]]:
    """Model -> rows of its reference, and those without a usable value; of the newest edges."""
    kept: dict[str, tuple[str, int, int]] = {}
    seen = profiling.monitors(house).monitors
    for model, edges, part in stored.references_named(house.facts, name):
        if model in seen:
            known, rows, unusable = kept.get(model, (edges, 0, 0))
            if known != edges:
                rows, unusable = 0, 0
            more, bad = _counted(part)
            kept[model] = (edges, rows + more, unusable + bad)
    return {model: (rows, unusable) for model, (_, rows, unusable) in kept.items()}


def _counted(part: Part) -> tuple[int, int]:
    if isinstance(part, Numeric):
        return part.rows, part.nulls + part.nans + part.neg_inf + part.pos_inf + part.bad
    return getattr(part, "rows", 0), getattr(part, "nulls", 0)


def _live(house: House) -> dict[str, str]:
    """Model -> the version that is judged."""
    return {model: one.version for model, verdicts in health.fleet(house).items() for one in verdicts.values()}


def _last(row: Mapping[str, Any]) -> Last:
    state: State = "fine"
    if row["drifted"]:
        state = "drifted"
    elif row["broken"]:
        state = "broken"
    elif row["alarm"]:
        state = "alarm"
    elif row["effect"] is None:
        state = "nothing told"
    return Last(
        model=row["model"], version=row["version"], part=row["part"], state=state, last_ms=row["last_ms"],
        end_ms=row["end_ms"], effect=row["effect"], n=row["n"], rows=row["rows"], unusable=row["unusable"],
        alarms=row["alarms"], windows=row["windows"],
    )  # fmt: skip


_KEYS: Mapping[Order, Any] = {
    "state": lambda feature: (STATES.index(feature.state), -(feature.worst.effect if feature.worst else -1.0)),
    "name": lambda _: 0,
    "effect": lambda feature: -(feature.worst.effect if feature.worst else -1.0),
    "unusable": lambda feature: -(feature.dirtiest.unusable_share or 0.0),
    "alarms": lambda feature: -feature.alarms,
    "models": lambda feature: -len(feature.uses),
}
