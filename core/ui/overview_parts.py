"""What the page Overview is made of."""

from collections.abc import Sequence
from itertools import chain, groupby, repeat

import streamlit as st

from core.charts import fleet as charts
from core.governance.attention import Need, plural
from core.services import find
from core.services.fleet import Change, Glance
from core.services.house import House, now_ms
from core.services.sources import SourceStatus
from core.ui import badges, moments
from core.ui.plain import plain
from core.ui.visit import leave
from core.ui.ways import way

URGENCY = {
    "now": ("red", ":material/error:", "Now"),
    "soon": ("orange", ":material/warning:", "Soon"),
    "note": ("blue", ":material/info:", "Look at it"),
}
FIRST = 12


def demo_banner(house: House) -> None:
    """Says what of the demo is real, and offers to connect one's own."""
    with st.container(border=True, key="demo_banner"):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            with st.container(width="stretch", gap="xxsmall"):
                st.markdown(":material/school: **This is the demo: a bank that does not exist, on data that does.**")
                st.caption(
                    "Real: every model, metric, history and error (trained on public data, logged by MLflow's client), "
                    "Git commits, data digests. Simulated: dates, people, teams, a vendor's model, a container digest."
                )
            if st.button("Connect your own MLflow", icon=":material/add_link:", type="primary", key="connect_own"):
                leave("/signin?change=1&next=/sources%3Fadd%3D1")
            if house.settings.sources and st.button("Show own data", icon=":material/home_work:", key="show_own"):
                leave("/signin?change=1")


def nothing_yet(house: House) -> None:
    """What an empty house shows; one that is only empty to somebody in projects says so."""
    if house.scope is not None:
        with st.container(border=True, key="nothing_yet"):
            st.subheader("Nothing is in your projects yet", anchor=False)
            st.markdown("You see what belongs to the projects that you have a role in. Ask whoever administers them.")
            st.page_link("pages/projects.py", label="Your projects", icon=":material/folder_special:")
        return
    with st.container(border=True, key="nothing_yet"):
        st.subheader("Nothing is connected yet", anchor=False)
        st.markdown(
            "Gatehouse reads an MLflow server or its database and shows its runs, models and versions. "
            "It changes nothing there."
        )
        with st.container(horizontal=True):
            if st.button("Add a source", icon=":material/add_link:", type="primary", key="add_first"):
                st.switch_page(find.link("sources"), query_params={"add": "1"})
            if house.shows_demo and st.button("Look at the demo", icon=":material/school:", key="see_demo"):
                leave("/signin?change=1")


def cards(seen: Glance) -> None:
    """The fleet in five numbers."""
    models, versions, origin, runs, failed = st.columns(5, gap="small")
    models.metric(
        "Models",
        f"{seen.models:,}",
        f"{seen.live:,} in production",
        delta_color="green" if seen.live else "off",
        delta_arrow="off",
        icon=":material/deployed_code:",
        border=True,
        height="stretch",
        chart_data=list(seen.models_by_week),
        chart_type="area",
        help="Registered models, week by week over half a year; in production by the stage maps of their sources.",
    )
    versions.metric(
        "Versions",
        f"{seen.versions:,}",
        f"{seen.week_versions:,} in 7 days",
        delta_color="blue",
        delta_arrow="off",
        icon=":material/sell:",
        border=True,
        height="stretch",
        chart_data=list(seen.versions_by_week),
        chart_type="area",
        help="Registered versions, week by week over the last half year.",
    )
    whole = seen.live > 0 and seen.whole == seen.live
    origin.metric(
        "Full lineage",
        f"{seen.whole:,} of {seen.live:,}",
        "in production",
        delta_color="green" if whole else "orange" if seen.live else "off",
        delta_arrow="off",
        icon=":material/account_tree:",
        border=True,
        height="stretch",
        chart_data=list(seen.with_part),
        chart_type="bar",
        help="In production with code, data, model and environment on record. Bars: how many have each of these.",
    )
    runs.metric(
        "Runs, 7 days",
        f"{seen.week_runs:,}",
        seen.week_runs - seen.before_runs,
        delta_color="violet",
        delta_description="vs. the 7 before",
        icon=":material/science:",
        border=True,
        height="stretch",
        chart_data=list(seen.runs_by_day),
        chart_type="bar",
        help="Runs started, by day (UTC) over the last 28.",
    )
    failed.metric(
        "Failed runs, 7 days",
        f"{seen.week_failed:,}",
        seen.week_failed - seen.before_failed,
        delta_color="inverse",
        delta_description="vs. the 7 before",
        icon=":material/running_with_errors:",
        border=True,
        height="stretch",
        chart_data=list(seen.failed_by_day),
        chart_type="bar",
        help="Runs that ended as failed or killed, by day (UTC).",
    )


def attention(house: House, found: Sequence[Need]) -> None:
    """What needs a person, most urgent first."""
    with st.container(border=True, key="attention"):
        st.markdown("**What needs a person**", help="Worked out from the records alone, at every look.")
        if not found and any(house.syncing(name) for name in house.sources):
            st.caption("Nothing so far; a sync is under way.")
        elif not found:
            st.markdown(
                ":green[:material/task_alt:] Nothing. Sources, verdicts, lineage, candidates and runs are in order."
            )
        for number, need in enumerate(found):
            colour, icon, word = URGENCY[need.urgency]
            with st.container(horizontal=True, vertical_alignment="top", gap="small", key=f"need_{number}"):
                st.badge(word, icon=icon, color=colour)  # type: ignore[arg-type]
                with st.container(gap=None, width="stretch"):
                    st.markdown(f"**{plain(need.title)}**")
                    st.caption(f"{plain(need.detail, 600)}  \n{plain(need.hint)}")
                way(need.page, "Open", icon=":material/arrow_forward:", **dict(need.params))


def stages(seen: Glance) -> None:
    """Models by stage."""
    with st.container(border=True, key="stages"):
        st.markdown("**Versions by stage**", help="By the stage map of each source; see Sources.")
        if not seen.versions:
            st.caption("No version is registered yet.")
            return
        figure = charts.stages([(count.stage, count.versions) for count in seen.stages])
        st.plotly_chart(figure, key="stages_chart", config={"displayModeBar": False})


def source_states(found: Sequence[SourceStatus]) -> None:
    """How each source's last sync went."""
    now = now_ms()
    with st.container(border=True, key="source_states"):
        st.markdown("**Sources**")
        for status in found[:FIRST]:
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                badges.state("stale" if status.stale and status.state == "ok" else status.state)
                st.markdown(f"**{plain(status.name)}**", width="content")
                st.caption(
                    f"{plural(status.runs, 'run')} · synced {moments.ago(status.complete_ms, now)}", width="content"
                )
        label = "All sources" if len(found) <= FIRST else f"All {len(found)} sources"
        st.page_link(find.link("sources"), label=label, icon=":material/hub:")


def what_changed(found: Sequence[Change]) -> None:
    """Changes by day, in plain sentences that lead to what changed."""
    with st.container(border=True, key="what_changed"):
        st.markdown(
            "**What changed**",
            help="Registrations are dated by the registry. Moved aliases, moved stages, deletions and outages by the "
            "sync that saw them: MLflow keeps no history of these.",
        )
        if not found:
            st.caption("Nothing yet. Registrations, moved aliases and stages, deletions and outages will stand here.")
            return
        whole = len(found) <= FIRST or st.session_state.get("all_changes", False)
        now = now_ms()
        with st.container(gap="xxsmall"):
            for day, changes in groupby(
                found if whole else found[:FIRST], key=lambda change: moments.day(change.seen_ms, now)
            ):
                for first, change in zip(chain([True], repeat(False)), changes, strict=False):
                    _change(change, day if first else "")
        if len(found) > FIRST:
            st.toggle(f"Show all {len(found)}", key="all_changes")


def _change(change: Change, day: str) -> None:
    told = change.told
    label = f"**{plain(told.name, 80)}** {plain(told.text, 160)}"
    icon = f":material/{badges.SIGNS[told.sign]}:"
    when = moments.clock(change.seen_ms)
    if change.since_ms is not None:
        when = f"seen at {when}"
    with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap="small"):
        st.caption(day, width=110)
        if change.page:
            params = dict(change.params)
            st.page_link(find.link(change.page), label=label, icon=icon, query_params=params, width="stretch")
        else:
            st.markdown(f"{icon} {label}", width="stretch")
        st.caption(f"{plain(change.source)} · {when}", width="content")
