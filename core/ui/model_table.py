"""The table of registered models with its filters."""

from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd
import streamlit as st

from core.governance.lineage import PARTS
from core.services import models
from core.services.house import House
from core.services.models import FleetModel
from core.ui import badges, moments, url, verdicts

PAGE = 100
GAPS = {"any": "Any part missing"} | {part: f"{badges.PARTS[part]} missing" for part in PARTS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What the table is narrowed to; "" for everything."""

    text: str
    stage: str
    source: str
    gap: str
    health: str


def filters(house: House) -> Filters:
    """The controls above the table. Their values stand in the URL."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        text = st.text_input(
            "Search",
            key="q",
            type="search",
            live=True,
            placeholder="Name, description, tag or alias",
            icon=":material/search:",
            bind="query-params",
            width=280,
        )
        stage = st.pills(
            "Stage",
            list(models.STAGES),
            format_func=lambda name: badges.STAGES[name][0],
            key="stage",
            bind="query-params",
        )
        gap = st.selectbox(
            "Lineage",
            list(GAPS),
            index=None,
            format_func=GAPS.__getitem__,
            key="gap",
            placeholder="All",
            bind="query-params",
            width=165,
            help="Of the version that speaks for the model: the newest in production, else the newest.",
        )
        url.one_from_url("health", "health", list(verdicts.VERDICTS))
        health = st.selectbox(
            "Health",
            list(verdicts.VERDICTS),
            index=None,
            format_func=lambda outcome: verdicts.VERDICTS[outcome][0],
            key="health",
            placeholder="All",
            width=150,
            help="The worst verdict on the live version.",
        )
        url.one_to_url("health", "health", health)
        source = None
        if len(house.sources) > 1:
            source = st.selectbox(
                "Source",
                list(house.sources),
                index=None,
                key="source",
                placeholder="All",
                bind="query-params",
                width=170,
            )
    return Filters(text=text or "", stage=stage or "", source=source or "", gap=gap or "", health=health or "")


def table(house: House, wanted: Filters) -> str | None:
    """A page of the table. Returns the ref of a model whose name was just clicked."""
    shown: dict[str, Any] = asdict(wanted)
    total = models.listing(house, **shown, limit=0).total
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.caption(f"{total:,} of {len(models.fleet(house)):,} models. Click a name to open it.", width="content")
        st.download_button(
            "Export CSV",
            lambda: models.csv(house, **shown),
            "models.csv",
            "text/csv",
            icon=":material/download:",
            key="export_models",
            on_click="ignore",
            help="All models that match, not only this page.",
        )
    if not total:
        with st.container(border=True, key="no_models"):
            st.markdown("**No model matches.** Take a filter away, or search for less.")
        return None
    number = 1
    if total > PAGE:
        number = st.pagination(-(-total // PAGE), key=f"page_{hash(wanted)}")
    found = models.listing(house, **shown, limit=PAGE, offset=(number - 1) * PAGE)
    return _grid(found.models, several=len(house.sources) > 1)


def _grid(found: tuple[FleetModel, ...], *, several: bool) -> str | None:
    C = st.column_config  # noqa: N806
    marks, mark_colours = badges.lineage_options()
    judged, judged_colours = verdicts.mark_options()
    frame = pd.DataFrame(
        {
            "model": [model.name[:200] for model in found],
            "stage": [[badges.STAGES[model.stage][0]] if model.stage else [] for model in found],
            "health": [[_worst(model)] for model in found],
            "versions": [model.versions for model in found],
            "production": [_numbers(model.production) for model in found],
            "staging": [_numbers(model.staging) for model in found],
            "newest": [f"v{model.newest}" if model.newest else "" for model in found],
            "here": [list(model.tags_here) for model in found],
            "updated": moments.column([model.updated_ms for model in found]),
            "lineage": [badges.lineage_marks(model.lineage) for model in found],
            "verdicts": [verdicts.marks(model.verdicts) if model.verdicts else [] for model in found],
            "description": [model.description[:300] for model in found],
            "source": [model.source for model in found],
        }
    )
    hidden = {"source"} if not several else set()
    hidden |= set() if any(model.verdicts for model in found) else {"verdicts"}
    hidden |= set() if any(model.tags_here for model in found) else {"here"}
    clicked = C.ButtonColumn("Model", pinned=True, alignment="left", type="tertiary", key="opened_model", width=190)
    st.dataframe(
        frame,
        key="models_grid",
        hide_index=True,
        placeholder="",
        row_height=38,
        height=min(38 * len(found) + 37, 720),
        alt="Registered models with stage, versions, lineage and last change",
        column_order=[name for name in frame.columns if name not in hidden],
        column_config={
            "model": clicked,
            "stage": C.MultiselectColumn(
                "Stage",
                options=[word for word, _, _ in badges.STAGES.values()],
                width=115,
                color=[colour for _, _, colour in badges.STAGES.values()],
            ),
            "health": C.MultiselectColumn(
                "Health",
                options=[_word(outcome) for outcome in verdicts.VERDICTS],
                width=150,
                color=[colour for _, _, colour in verdicts.VERDICTS.values()],
                help="The worst verdict on the live version. All five stand at the end of the row.",
            ),
            "verdicts": C.MultiselectColumn(
                "Verdicts",
                options=judged,
                color=judged_colours,
                width=560,
                help="Of the live version: ✓ pass, ✗ fail, … not enough data, – not applicable, ? not judged.",
            ),
            "versions": C.NumberColumn("Versions", format="localized", width=80),
            "production": C.TextColumn("In production", width=105),
            "staging": C.TextColumn("Candidate", width=90, help="Versions in staging."),
            "newest": C.TextColumn("Newest", width=70),
            "lineage": C.MultiselectColumn(
                "Lineage",
                options=marks,
                color=mark_colours,
                width=330,
                help="Of the newest version in production, else of the newest. ✓ on record, – missing.",
            ),
            "here": C.ListColumn("Tags made here", width=170, help="Set in Gatehouse, unknown to the source."),
            "updated": C.DatetimeColumn("Changed", format="D MMM YYYY", width=105),
            "description": C.TextColumn("Description", width="large"),
            "source": C.TextColumn("Source", width=110),
        },
    )
    click = st.session_state.get("opened_model")
    row = click["row"] if click else None
    return found[row].ref if row is not None and row < len(found) else None


def _word(outcome: str) -> str:
    return f"{verdicts.GLYPHS[outcome]} {verdicts.VERDICTS[outcome][0]}"


def _worst(model: FleetModel) -> str:
    return _word(model.health)


def _numbers(versions: tuple[str, ...]) -> str:
    more = f" +{len(versions) - 2}" if len(versions) > 2 else ""
    return ", ".join(f"v{version}" for version in versions[:2]) + more
