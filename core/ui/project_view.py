"""One project: what is in it, who may do what there, what was done to it."""

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from core.errors import GatehouseError
from core.governance.attention import plural
from core.governance.projects import PARTS, Rule, rule_from, sentence
from core.governance.rights import ROLE
from core.services import directory, project_preview, projects
from core.services.house import House, now_ms
from core.services.projects import Happened, Held, Project
from core.ui import downloads, moments
from core.ui.plain import plain

SHOWN = 500
ACTIONS = {
    "project.added": "made it", "project.changed": "changed it", "project.archived": "archived it",
    "project.restored": "took it up again",
}  # fmt: skip
PART_NAMES = {
    "sources": "Sources", "experiments": "Experiments", "models": "Models", "tags": "Tags", "workspaces": "Workspaces",
}  # fmt: skip


def opened(house: House, project: Project) -> None:
    """Everything about one project."""
    st.page_link("pages/projects.py", label="All projects", icon=":material/arrow_back:")
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"):
        st.title(plain(project.name, 100), anchor=False, width="content")
        with st.container(horizontal=True, gap="small", width="content", vertical_alignment="bottom"):
            _actions(house, project)
    if project.archived_ms is not None:
        st.warning("Archived: roles in it give nothing.", icon=":material/inventory_2:")
    if project.description:
        st.markdown(plain(project.description, 1_000))
    owner = plain(project.owner_name) if project.owner_name else "no team yet"
    st.caption(f":material/rule: {plain(project.said, 1_000)}  \n:material/groups: Owned by {owner}")
    for column, (label, number, icon) in zip(st.columns(4, gap="small"), _figures(project), strict=True):
        column.metric(label, f"{number:,}", icon=f":material/{icon}:", border=True)
    left, right = st.columns([7, 4], gap="small")
    held = projects.contents(house, project.id)
    with left:
        things(held, "contents", "Nothing matches the rule now.")
    with right:
        _rule(project.rule)
        _members(project)
        _history(house, projects.history(house, project.id))


def things(held: Sequence[Held], key: str, empty: str) -> None:
    """Experiments and models as a table, with its export."""
    with st.container(border=True, key=f"{key}_box"):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.markdown("**What is in it**", width="content")
            if held:
                downloads.table(_table(held), key)
        if not held:
            st.caption(empty)
            return
        shown = _table(held[:SHOWN])
        st.dataframe(
            shown, hide_index=True, key=key, height=min(35 * (len(shown) + 1) + 3, 460),
            alt="Models and experiments that match", column_config=_columns(),
        )  # fmt: skip
        if len(held) > SHOWN:
            st.caption(f"The first {SHOWN:,} of {len(held):,}; the export holds all.")


def _figures(project: Project) -> tuple[tuple[str, int, str], ...]:
    return (
        ("Models", project.models, "deployed_code"), ("Versions", project.versions, "sell"),
        ("Experiments", project.experiments, "science"), ("Runs", project.runs, "play_circle"),
    )  # fmt: skip


def _table(held: Sequence[Held]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "kind": [thing.kind for thing in held],
            "name": [thing.name for thing in held],
            "holds": [plural(thing.held, "version" if thing.kind == "model" else "run") for thing in held],
            "source": [thing.source for thing in held],
        }
    )


def _columns() -> dict[str, Any]:
    column = st.column_config
    return {
        "kind": column.TextColumn("Kind", width=90), "name": column.TextColumn("Name", width="large", pinned=True),
        "holds": column.TextColumn("Holds", width=110), "source": column.TextColumn("Source", width=110),
    }  # fmt: skip


def _rule(rule: Rule) -> None:
    with st.container(border=True, key="project_rule"):
        st.markdown("**Rule**")
        if not rule.clauses:
            st.caption("No clause: nothing belongs to this project.")
        for number, clause in enumerate(rule.clauses):
            if number:
                st.caption("or")
            said = [
                f"{PART_NAMES[part]}: {', '.join(f'{plain(entry, 100)}' for entry in getattr(clause, part))}"
                for part in PARTS
                if getattr(clause, part)
            ]
            st.markdown("  \n".join(said))


def _members(project: Project) -> None:
    with st.container(border=True, key="project_members"):
        st.markdown("**Who has which role in it**")
        if not project.members:
            st.caption("Nobody has a role in this project alone. Roles are given on the page Access.")
            return
        lines = [
            f":material/{'groups' if member.team else 'person'}: {plain(member.name)} · "
            f"{ROLE[member.role].title if member.role in ROLE else plain(member.role)}"
            for member in project.members
        ]
        st.markdown("  \n".join(lines))
        st.caption("People whose role holds everywhere see it too.")


def _history(house: House, found: Sequence[Happened]) -> None:
    now = now_ms()
    with st.container(border=True, key="project_history"):
        st.markdown("**History**")
        for event in found[:20]:
            who, did = plain(directory.name(house, event.actor)), ACTIONS.get(event.action, plain(event.action))
            st.markdown(f"{who} {did} · {moments.ago(event.time_ms, now)}")
            for line in _differences(event):
                st.caption(line)


def _differences(event: Happened) -> list[str]:
    if event.action != "project.changed":
        return []
    return [
        f"{plain(name)}: {_value(name, event.before.get(name))} → {_value(name, value)}"
        for name, value in event.after.items()
    ]


def _value(name: str, value: object) -> str:
    if name == "rule":
        return plain(sentence(rule_from(value)), 200)
    return plain(value, 100) if value else "none"


def _actions(house: House, project: Project) -> None:
    if not house.actor.may("projects"):
        return
    if project.archived_ms is not None:
        if st.button("Restore", icon=":material/unarchive:", key="restore_project"):
            _do(lambda: projects.restore(house, project.id, revision=project.revision))
        return
    if st.button("Change", icon=":material/edit:", key="edit_project"):
        st.query_params.from_dict({"project": project.id, "edit": "1"})
        st.rerun()
    with st.popover("Archive", icon=":material/inventory_2:", key="archive_popover"):
        losing = project_preview.preview(house, Rule(), project=project.id).losing
        st.markdown(f"Roles in **{plain(project.name, 100)}** will give nothing any more.")
        st.markdown(losses(losing) or "Nobody loses sight of anything.")
        if st.button("Archive this project", type="primary", key="archive_project"):
            _do(lambda: projects.archive(house, project.id, revision=project.revision))


def losses(losing: project_preview.Losing) -> str:
    """How many people lose sight of how much; "" for nobody."""
    if not losing.people:
        return ""
    verb = "loses" if len(losing.people) == 1 else "lose"
    return (
        f"{plural(len(losing.people), 'person', 'people')} {verb} sight of {plural(len(losing.models), 'model')} and "
        f"{plural(len(losing.experiments), 'experiment')}"
    )


def _do(work: Callable[[], None]) -> None:
    try:
        work()
    except GatehouseError as error:
        st.error(f"**{plain(error.message)}** {plain(error.hint)}", icon=":material/error:")
        return
    st.rerun()
