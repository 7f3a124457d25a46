"""Editing a stage map while seeing what it makes of a real registry."""

from collections import Counter
from collections.abc import Iterable

import pandas as pd
import streamlit as st

from core.governance.attention import named, plural
from core.services import sources
from core.services.models import STAGES
from core.services.sources import Registry
from core.settings import StageMap, StageRules
from core.ui import badges
from core.ui.plain import plain

SHOWN = 500
EDITED = ("production", "staging", "archived")
RULES = {
    "aliases": ("Aliases", "Versions that bear one of these aliases. * and ? stand for anything."),
    "stages": ("MLflow stages", "Versions that MLflow itself has in one of these stages."),
    "names": (
        "Model names",
        "Patterns such as prod.*: the newest version of such a model, older ones count as archived.",
    ),
    "tags": ("Version tags", "Patterns key=value of tags that a version bears."),
}


def editor(found: Registry, start: StageMap, key: str) -> StageMap:
    """The controls and the preview. Returns the map as it stands. key: prefix of the widgets' keys."""
    known = _known(found)
    st.caption(
        "A version has the first stage, from left to right, of which a rule matches; without one it is in development. "
        "Choose from what this registry holds, or type your own and press Enter."
    )
    edited: dict[str, StageRules] = {}
    for column, stage in zip(st.columns(3, gap="small"), EDITED, strict=True):
        rules: StageRules = getattr(start, stage)
        with column.container(border=True, key=f"{key}_{stage}"):
            badges.stage(stage)
            edited[stage] = StageRules(
                **{
                    kind: tuple(
                        st.multiselect(
                            label,
                            _options(known[kind], getattr(rules, kind)),
                            default=list(getattr(rules, kind)),
                            accept_new_options=True,
                            key=f"{key}_{stage}_{kind}",
                            help=about,
                            placeholder="None",
                        )
                    )
                    for kind, (label, about) in RULES.items()
                }
            )
    stages = StageMap(**edited)
    _preview(found, stages)
    return stages


def _preview(found: Registry, stages: StageMap) -> None:
    if not found.versions:
        st.info("This registry holds no version yet, so there is nothing to try the map on.", icon=":material/info:")
        return
    tried = sources.preview(found, stages)
    counts = Counter(one.stage for one in tried)
    said = " · ".join(f"**{counts[stage]:,}** {badges.STAGES[stage][0].lower()}" for stage in STAGES)
    st.markdown(f"This map reads {plural(len(tried), 'version')} of {plural(found.models, 'model')} as: {said}")
    unused = sorted({alias for one in tried if not one.reason for alias in one.version.aliases})
    if unused:
        st.caption(
            f":material/info: No rule speaks of the aliases {plain(named(unused, of=len(unused), most=8), 600)}."
        )
    if not counts["production"]:
        st.warning("Nothing counts as production. If something is, add the alias, stage, name or tag that says so.")
    shown = tried[:SHOWN]
    C = st.column_config  # noqa: N806
    st.dataframe(
        pd.DataFrame(
            {
                "model": [one.version.model[:200] for one in shown],
                "version": [f"v{one.version.version}" for one in shown],
                "stage": [[badges.STAGES[one.stage][0]] for one in shown],
                "because": [one.reason[:200] or "no rule matches" for one in shown],
                "aliases": [", ".join(one.version.aliases)[:200] for one in shown],
                "registry": [
                    "" if one.version.registry_stage in (None, "None") else one.version.registry_stage for one in shown
                ],
                "tags": [", ".join(f"{k}={v}" for k, v in one.version.tags.items())[:300] for one in shown],
            }
        ),
        hide_index=True,
        key="stage_preview",
        height=min(35 * (len(shown) + 1) + 3, 420),
        alt="Every version with the stage the map gives it",
        column_config={
            "model": C.TextColumn("Model", width="medium", pinned=True),
            "version": C.TextColumn("Version", width=70),
            "stage": C.MultiselectColumn(
                "Stage",
                options=[word for word, _, _ in badges.STAGES.values()],
                color=[colour for _, _, colour in badges.STAGES.values()],
                width=115,
            ),
            "because": C.TextColumn("Because of", width="medium"),
            "aliases": C.TextColumn("Aliases", width=120),
            "registry": C.TextColumn("MLflow stage", width=110),
            "tags": C.TextColumn("Tags", width="large"),
        },
    )
    if len(tried) > SHOWN:
        st.caption(f"The first {SHOWN:,} of {len(tried):,} versions; the counts above are of all.")


def _known(found: Registry) -> dict[str, list[str]]:
    versions = found.versions
    return {
        "aliases": _often(alias for one in versions for alias in one.aliases),
        "stages": _often(one.registry_stage for one in versions if one.registry_stage not in (None, "None")),
        "names": _often(one.model for one in versions),
        "tags": _often(f"{key}={value}" for one in versions for key, value in one.tags.items()),
    }


def _often(values: Iterable[str | None], most: int = 100) -> list[str]:
    return [value for value, _ in Counter(value[:200] for value in values if value).most_common(most)]


def _options(known: list[str], stated: tuple[str, ...]) -> list[str]:
    return list(dict.fromkeys([*stated, *known]))
