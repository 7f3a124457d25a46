"""All projects that somebody sees, as cards."""

import pandas as pd
import streamlit as st

from core.governance.attention import named, plural
from core.governance.rights import ROLE
from core.services import projects
from core.services.house import House
from core.services.projects import Project
from core.ui import downloads
from core.ui.plain import plain

ACROSS = 3
SHOWN = 60
NAMES = 4


def listing(house: House) -> None:
    """The page's head and a card a project."""
    changes = house.actor.may("projects")
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"):
        st.title("Projects", anchor=False, width="content")
        actions = st.container(horizontal=True, gap="small", width="content", vertical_alignment="center")
    st.caption(
        "A project is a rule over sources, names, tags and workspaces. A role in a project reaches what its rule "
        "matches; for people with roles in projects alone, nothing else is there."
    )
    with actions:
        archived = changes and st.toggle("Archived too", key="archived", bind="query-params")
    found = projects.listing(house, archived=bool(archived))
    with actions:
        if found:
            downloads.table(_frame(found), "projects")
        if changes and st.button("New project", icon=":material/create_new_folder:", type="primary", key="new_project"):
            _go(new="1")
    if not found:
        _empty(changes)
        return
    for first in range(0, min(len(found), SHOWN), ACROSS):
        for column, project in zip(st.columns(ACROSS, gap="small"), found[first : first + ACROSS], strict=False):
            with column:
                _card(project)
    if len(found) > SHOWN:
        st.caption(f"The first {SHOWN} of {len(found):,}; the export holds all.")


def counts(project: Project) -> str:
    """How much belongs to a project."""
    return (
        f"{plural(project.models, 'model')} ({plural(project.versions, 'version')}) · "
        f"{plural(project.experiments, 'experiment')} ({plural(project.runs, 'run')})"
    )


def _card(project: Project) -> None:
    with st.container(border=True, key=f"project_{project.id}", height="stretch"):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.markdown(f"**{plain(project.name, 100)}**", width="stretch")
            if project.archived_ms is not None:
                st.badge("Archived", icon=":material/inventory_2:", color="gray")
            if st.button("Open", icon=":material/arrow_forward:", type="tertiary", key=f"open_{project.id}"):
                _go(project=project.id)
        if project.description:
            st.caption(plain(project.description, 200))
        st.markdown(f":material/rule: {plain(project.said, 300)}")
        st.markdown(f":material/deployed_code: {counts(project)}")
        owner = plain(project.owner_name) if project.owner_name else "no team yet"
        st.caption(f":material/groups: Owned by {owner}  \n:material/person: {_people(project)}")


def _people(project: Project) -> str:
    names = list(dict.fromkeys(member.name for member in project.members if member.holder != project.owner))
    owning = len(names) < len({member.name for member in project.members})
    if not names:
        return "Roles in it: the owning team" if owning else "Nobody has a role in it alone"
    if owning:
        names = ["the owning team", *names]
    return f"Roles in it: {plain(named(names, of=len(names), most=NAMES))}"


def _empty(changes: bool) -> None:
    with st.container(border=True, key="no_projects"):
        st.subheader("No project yet", anchor=False)
        if changes:
            st.markdown(
                "Without projects, a role holds everywhere. Make the first one from a tag, a name pattern or a "
                "workspace; then give roles in it on the page Access."
            )
        else:
            st.markdown("You are in no project. Whoever administers this house can give you a role in one.")


def _frame(found: tuple[Project, ...]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "project": [p.name for p in found],
            "description": [p.description for p in found],
            "rule": [p.said for p in found],
            "owner": [p.owner_name for p in found],
            "models": [p.models for p in found],
            "versions": [p.versions for p in found],
            "experiments": [p.experiments for p in found],
            "runs": [p.runs for p in found],
            "roles": ["; ".join(f"{m.name}: {ROLE[m.role].title}" for m in p.members if m.role in ROLE) for p in found],
            "archived": [p.archived_ms is not None for p in found],
        }
    )


def _go(**query: str) -> None:
    st.query_params.from_dict(query)
    st.rerun()
