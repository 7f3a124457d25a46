"""Which stage a registered version has, by a house's own habits (a stage map)."""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from core.settings import Stage, StageMap, StageRules


def stage_of(
    stages: StageMap,
    *,
    model: str,
    newest: bool,
    registry_stage: str | None,
    aliases: Sequence[str],
    tags: Mapping[str, str],
) -> Stage:
    """The first of production, staging, archived whose rules match; otherwise development.

    newest: whether it is the highest version of its model. A name pattern (prod.*) speaks of a model, so it holds for
        its newest version; the ones before it are archived.
    registry_stage: MLflow's own stage of the version, "None" or None when it has none.
    """
    return stage_and_reason(
        stages, model=model, newest=newest, registry_stage=registry_stage, aliases=aliases, tags=tags
    )[0]


def stage_and_reason(
    stages: StageMap,
    *,
    model: str,
    newest: bool,
    registry_stage: str | None,
    aliases: Sequence[str],
    tags: Mapping[str, str],
) -> tuple[Stage, str]:
    """The stage as `stage_of` gives it, and which rule gave it ("alias champion"); "" when none did."""
    named: tuple[tuple[Stage, StageRules], ...] = (
        ("production", stages.production),
        ("staging", stages.staging),
        ("archived", stages.archived),
    )
    for stage, rules in named:
        if pattern := _match(rules.aliases, aliases):
            return stage, f"alias {pattern}"
        if registry_stage is not None and (pattern := _match(rules.stages, [registry_stage])):
            return stage, f"MLflow stage {pattern}"
        if rules.tags and (pattern := _match(rules.tags, [f"{key}={value}" for key, value in tags.items()])):
            return stage, f"tag {pattern}"
    for stage, rules in named:
        if pattern := _match(rules.names, [model]):
            return (stage, f"name {pattern}") if newest else ("archived", f"name {pattern}, not its newest version")
    return "development", ""


def _match(patterns: Sequence[str], values: Sequence[str]) -> str | None:
    """The first pattern that a value matches, whatever their case. Only * and ? are special."""
    return next(
        (p for p in patterns for value in values if fnmatchcase(value.lower(), p.lower().replace("[", "[[]"))), None
    )
