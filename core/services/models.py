"""The list of registered models, each with the lineage of the version that speaks for it."""

import csv as csv_module
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa

from core.facts import registry
from core.facts.judged import Health
from core.governance.lineage import KEYS, PARTS, Lineage
from core.governance.policy import CATEGORIES
from core.services import health as healths
from core.services import notes, watching
from core.services.cache import cached
from core.services.guard import needs
from core.services.house import House
from core.services.versions import judged

STAGES = ("production", "staging", "development", "archived")


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetModel:
    """One model in the list.

    ref: "source:name".  stage: the highest that a version of it has; "" without versions.
    stages: all that its versions have.
    production, staging: versions in that stage, newest first.  aliases: "champion → v3".  tags: "key=value".
    tags_here: likewise, made here and not at the source.
    speaker: the version that speaks for the model: the newest in production, else the newest of all.
    lineage: that version's; None without versions.  gaps: parts that any version in production lacks.
    verdicts: category -> verdict on the live version; filled in by `listing` alone, empty when it is not judged.
    """

    ref: str
    source: str
    name: str
    description: str
    stage: str
    stages: frozenset[str]
    versions: int
    newest: str | None
    production: tuple[str, ...]
    staging: tuple[str, ...]
    aliases: tuple[str, ...]
    tags: tuple[str, ...]
    speaker: str | None
    lineage: Lineage | None
    gaps: tuple[str, ...]
    created_ms: int | None
    updated_ms: int | None
    tags_here: tuple[str, ...] = ()
    verdicts: Mapping[str, Health] = field(default_factory=dict)

    @property
    def health(self) -> str:
        """The verdict that a person should see first; "not judged" without any."""
        return healths.worst(self.verdicts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A page of the list. total: how many models match in all."""

    models: tuple[FleetModel, ...]
    total: int

    @property
    def table(self) -> pa.Table:
        """The same as columns: lineage parts as booleans, null without versions."""
        return _table(self.models)


@needs("view")
def listing(
    house: House,
    *,
    text: str = "",
    stage: str = "",
    source: str = "",
    gap: str = "",
    health: str = "",
    limit: int = 500,
    offset: int = 0,
) -> Listing:
    """Models by name.

    text: words that name, description, tags or tags made here hold, whatever their case.
    stage: one of STAGES; models with a version in it.
    gap: a part of lineage (or "any") that the version that speaks for the model lacks.
    health: the worst verdict, one of core.services.health.ORDER.
    """
    here = notes.tags_of_models(house)
    known = [replace(model, tags_here=here[model.ref]) if model.ref in here else model for model in fleet(house)]
    found = [model for model in known if _wanted(model, text.casefold().split(), stage, source, gap)]
    if health:
        found = [model for model in _judged(house, found) if model.health == health]
        return Listing(models=tuple(found[offset : offset + limit]), total=len(found))
    return Listing(models=tuple(_judged(house, found[offset : offset + limit])), total=len(found))


def _judged(house: House, found: Sequence[FleetModel]) -> list[FleetModel]:
    verdicts = watching.verdicts(house, [model.ref for model in found]) if found else {}
    return [replace(model, verdicts=verdicts[model.ref]) if model.ref in verdicts else model for model in found]


@needs("view")
@cached(maxsize=2)
def fleet(house: House) -> tuple[FleetModel, ...]:
    """Every model with the lineage of the version that speaks for it."""
    speakers: dict[tuple[str, str], list[tuple[str, str, Lineage]]] = {}
    for row in registry.lineage_rows(house.facts, KEYS, speaking=True):
        found = speakers.setdefault((row["source"], row["model"]), [])
        found.append((row["version"], row["stage"], judged(row)))
    return tuple(
        _fleet_model(row, speakers.get((row["source"], row["name"]), [])) for row in registry.models(house.facts)
    )


@needs("view")
def csv(house: House, *, text: str = "", stage: str = "", source: str = "", gap: str = "", health: str = "") -> bytes:
    """The whole filtered list as CSV (UTF-8). Cells that a spreadsheet would run as a formula are kept as text."""
    total = len(fleet(house))
    found = listing(house, text=text, stage=stage, source=source, gap=gap, health=health, limit=total)
    rows = found.table.to_pylist()
    out = io.StringIO()
    writer = csv_module.writer(out)
    names = _table(()).schema.names
    writer.writerow(names)
    writer.writerows([[_cell(row[name]) for name in names] for row in rows])
    return out.getvalue().encode("utf-8", "replace")


def _wanted(model: FleetModel, words: Sequence[str], stage: str, source: str, gap: str) -> bool:
    if source and model.source != source:
        return False
    if stage and stage not in model.stages:
        return False
    if gap:
        lacks = model.lineage.missing if model.lineage else PARTS
        if not (lacks if gap == "any" else gap in lacks):
            return False
    if not words:
        return True
    hay = " ".join([model.name, model.description, *model.tags, *model.tags_here, *model.aliases]).casefold()
    return all(word in hay for word in words)


def _fleet_model(row: dict[str, Any], speakers: list[tuple[str, str, Lineage]]) -> FleetModel:
    live = [entry for entry in speakers if entry[1] == "production"]
    speaker = next(iter(live or speakers), None)
    counts = {
        "production": row["production"],
        "staging": row["staging"],
        "development": row["development"],
        "archived": row["archived"],
    }
    return FleetModel(
        ref=f"{row['source']}:{row['name']}",
        source=row["source"],
        name=row["name"],
        description=row["description"] or "",
        stage=next((stage for stage, held in counts.items() if held), ""),
        stages=frozenset(stage for stage, held in counts.items() if held),
        versions=row["versions"],
        newest=row["newest"],
        production=tuple(row["production"]),
        staging=tuple(row["staging"]),
        aliases=tuple(row["aliases"]),
        tags=tuple(row["tags"]),
        speaker=speaker[0] if speaker else None,
        lineage=speaker[2] if speaker else None,
        gaps=tuple(part for part in PARTS if any(part in entry[2].missing for entry in live)),
        created_ms=row["created_ms"],
        updated_ms=row["updated_ms"],
    )


def _table(models: Sequence[FleetModel]) -> pa.Table:
    text, texts = pa.string(), pa.list_(pa.string())
    columns: dict[str, tuple[pa.DataType, list[Any]]] = {
        name: (kind, [getattr(model, name) for model in models])
        for name, kind in {
            "ref": text,
            "source": text,
            "name": text,
            "description": text,
            "stage": text,
            "versions": pa.int64(),
            "newest": text,
            "production": texts,
            "staging": texts,
            "aliases": texts,
            "tags": texts,
            "tags_here": texts,
            "speaker": text,
        }.items()
    }
    for part in PARTS:
        columns[part] = (pa.bool_(), [part not in m.lineage.missing if m.lineage else None for m in models])
    columns["health"] = (text, [model.health for model in models])
    for category in CATEGORIES:
        outcomes = [model.verdicts[category].outcome if category in model.verdicts else "" for model in models]
        columns[f"health_{category}"] = (text, outcomes)
    for name in ("created_ms", "updated_ms"):
        columns[name] = (pa.int64(), [getattr(model, name) for model in models])
    return pa.table({name: pa.array(values, kind) for name, (kind, values) in columns.items()})


def _cell(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        value = "; ".join(str(item) for item in value)
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return "'" + value
    return value
