"""One model opened, and one of its versions."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from core.governance.attention import plural
from core.services import find
from core.services.authors import Author
from core.services.house import now_ms
from core.services.versions import Event, ModelDetail, VersionDetail
from core.ui import badges, moments
from core.ui.badges import SIGNS
from core.ui.plain import plain

KEY_METRICS = 6
EVENTS = 12
PART_WIDTH = 185


def heading(model: ModelDetail) -> None:
    """Name, description, tags, and the way back."""
    st.page_link(find.link("models"), label="All models", icon=":material/arrow_back:")
    st.title(plain(model.name), anchor=False)
    facts = [plain(model.source), plural(len(model.versions), "version")]
    facts += [f"registered {moments.date(model.created_ms)}"] if model.created_ms else []
    st.caption(" · ".join(facts))
    if model.description:
        st.markdown(plain(model.description, 4_000))
    tags(model.tags)


def tags(said: Mapping[str, str]) -> None:
    """Tags as badges, those of MLflow itself left out."""
    shown = [(key, value) for key, value in said.items() if not key.startswith("mlflow.")]
    if shown:
        with st.container(horizontal=True, gap="xsmall"):
            for key, value in shown[:30]:
                st.badge(plain(f"{key}: {value}", 80), color="gray", help=plain(f"{key} = {value}", 1_000))


def versions(model: ModelDetail) -> str | None:
    """The table of versions. Returns the version that was just clicked."""
    C = st.column_config  # noqa: N806
    keys = metric_keys(model.versions)
    marks, mark_colours = badges.lineage_options()
    columns: dict[str, Any] = {
        "version": [f"v{version.version}" for version in model.versions],
        "stage": [[badges.STAGES[version.stage][0]] for version in model.versions],
        "aliases": [list(version.aliases) for version in model.versions],
        "status": [version.status or "" for version in model.versions],
        "lineage": [badges.lineage_marks(version.lineage) for version in model.versions],
    }
    columns |= {f"metric {key}": [version.metrics.get(key) for version in model.versions] for key in keys}
    columns |= {
        "run": [_run_name(version) for version in model.versions],
        "created": moments.column([version.created_ms for version in model.versions]),
        "description": [(version.description or "")[:300] for version in model.versions],
    }
    st.dataframe(
        pd.DataFrame(columns),
        key="versions_grid",
        hide_index=True,
        placeholder="",
        row_height=38,
        height=min(38 * len(model.versions) + 37, 520),
        alt="Versions of the model with stage, aliases, status, lineage and metrics",
        column_config={  # type: ignore[arg-type]
            "version": C.ButtonColumn(
                "Version", pinned=True, alignment="left", type="tertiary", key="opened_version", width=80
            ),
            "stage": C.MultiselectColumn(
                "Stage",
                options=[word for word, _, _ in badges.STAGES.values()],
                width=115,
                color=[colour for _, _, colour in badges.STAGES.values()],
            ),
            "aliases": C.MultiselectColumn(
                "Aliases",
                options=sorted({alias for version in model.versions for alias in version.aliases}),
                color="violet",
                width=130,
            ),
            "status": C.TextColumn("Status", width=80, help="READY: its files are stored."),
            "lineage": C.MultiselectColumn(
                "Lineage",
                options=marks,
                color=mark_colours,
                width=330,
                help="✓ on record, – missing. Open a version for the evidence.",
            ),
            "run": C.TextColumn("Run", width="medium"),
            "created": C.DatetimeColumn("Registered", format="D MMM YYYY, HH:mm", width="medium"),
            "description": C.TextColumn("Description", width="large"),
        }
        | {f"metric {key}": C.NumberColumn(key[:60], format="%.5g", width=115) for key in keys},
    )
    click = st.session_state.get("opened_version")
    row = click["row"] if click else None
    return model.versions[row].version if row is not None and row < len(model.versions) else None


def timeline(model: ModelDetail) -> None:
    """What happened to the model, newest first."""
    with st.container(border=True, key="timeline"):
        st.markdown(
            "**History**",
            help="Registrations are dated by the registry. Aliases and stages by the syncs between which they moved: "
            "MLflow keeps no history of them.",
        )
        whole = len(model.events) <= EVENTS or st.session_state.get("all_events", False)
        for event in model.events if whole else model.events[:EVENTS]:
            with st.container(horizontal=True, gap="small", vertical_alignment="center"):
                st.caption(_seen(event), width=250)
                said = f"the model {event.told.text}" if event.kind == "model" else event.told.text
                st.markdown(f":material/{SIGNS[event.told.sign]}: {plain(said)}", width="stretch")
        if len(model.events) > EVENTS:
            st.toggle(f"Show all {len(model.events)}", key="all_events")


def version(opened: VersionDetail, author: Author, trainer: Author, health: Callable[[], None]) -> None:
    """Everything about one version. author, trainer: who stands behind the users of the version and of its run.

    health: draws its verdicts.
    """
    with st.container(border=True, key="version_head"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.subheader(f"Version {plain(opened.version)}", anchor=False, width="content")
            badges.stage(opened.stage)
            for alias in opened.aliases:
                st.badge(plain(alias, 60), icon=":material/label:", color="violet")
            if opened.status not in (None, "READY"):
                st.badge(plain(opened.status), icon=":material/warning:", color="red")
        if opened.description:
            st.markdown(plain(opened.description, 4_000))
        facts = [f"registered {moments.minute(opened.created_ms)}" if opened.created_ms else ""]
        facts += [f"by {plain(author.said, 120)}"]
        facts += [f"MLflow stage {plain(opened.registry_stage)}" if opened.registry_stage not in (None, "None") else ""]
        st.caption(" · ".join(fact for fact in facts if fact))
        tags(opened.tags)
    health()
    left, right = st.columns([6, 5], gap="small")
    with left:
        origin(opened)
    with right:
        run(opened, trainer)


def origin(opened: VersionDetail) -> None:
    """Its lineage, each part with its evidence, or with what is missing and how to add it."""
    with st.container(border=True, key="lineage"):
        missing = opened.lineage.missing
        st.markdown(
            "**Lineage**", help="What is on record of where this version comes from. Nothing is looked up elsewhere."
        )
        st.caption(f"{4 - len(missing)} of 4 parts are on record." if missing else "All four parts are on record.")
        for part in opened.lineage.parts:
            word = badges.PARTS[part.name]
            with st.container(horizontal=True, gap="small", vertical_alignment="top"):
                if part.present:
                    st.badge(word, icon=":material/check:", color="green", width=PART_WIDTH)
                else:
                    st.badge(f"{word} missing", icon=":material/close:", color="orange", width=PART_WIDTH)
                with st.container(width="stretch", gap=None):
                    for proof in part.evidence:
                        st.caption(plain(proof.label))
                        st.text(proof.value[:500])
                    if part.advice:
                        st.markdown(plain(part.advice))


def run(opened: VersionDetail, trainer: Author) -> None:
    """The run it came from, with its metrics. trainer: who stands behind its user."""
    with st.container(border=True, key="its_run"):
        st.markdown("**Its run**")
        if opened.run is None:
            st.caption("It was registered without a run, so nothing is known of its training.")
            return
        if opened.run.lifecycle is None:
            st.caption(f"Its run {plain(opened.run.run_id)} is no longer at the source.")
            return
        label = f"**{plain(opened.run.name or opened.run.run_id, 80)}**"
        st.page_link(find.link("run"), label=label, icon=":material/play_circle:", query_params={"id": opened.run.ref})
        facts = [opened.run.experiment, (opened.run.status or "").lower(), f"by {trainer.said}"[:120]]
        facts += ["deleted at the source" if opened.run.lifecycle == "deleted" else None]
        facts += [f"started {moments.ago(opened.run.started_ms, now_ms())}" if opened.run.started_ms else None]
        st.caption(" · ".join(plain(fact) for fact in facts if fact))
        if opened.metrics:
            rows = sorted(opened.metrics.items())
            st.dataframe(
                pd.DataFrame({"metric": [key[:200] for key, _ in rows], "value": [value for _, value in rows]}),
                hide_index=True,
                key="version_metrics",
                height=min(35 * (len(rows) + 1) + 3, 420),
                alt="Metrics of its run",
                column_config={"metric": "Metric", "value": st.column_config.NumberColumn("Value", format="%.6g")},
            )


def metric_keys(found: Sequence[VersionDetail]) -> list[str]:
    """The metrics to show for a model: those that most versions have and that differ between them."""
    held: dict[str, list[float]] = {}
    for one in found:
        for key, value in one.metrics.items():
            held.setdefault(key, []).append(value)

    def weight(key: str) -> tuple[bool, int, bool, str]:
        return (len(set(held[key])) < 2, -len(held[key]), not key.startswith(("test", "val", "eval")), key)

    return sorted(held, key=weight)[:KEY_METRICS]


def _run_name(opened: VersionDetail) -> str:
    if opened.run is None:
        return "none"
    return (opened.run.name or opened.run.run_id)[:120] if opened.run.lifecycle else "no longer there"


def _seen(event: Event) -> str:
    if event.baseline:
        return f"found on {moments.minute(event.seen_ms)}"
    if event.since_ms is None:
        return moments.minute(event.seen_ms)
    return f"between {moments.minute(event.since_ms)} and {moments.minute(event.seen_ms)}"
