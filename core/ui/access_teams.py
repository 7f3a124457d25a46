"""Teams: who is in which, and what each may do."""

from functools import partial

import streamlit as st

from core.governance.attention import plural
from core.services import directory, teams
from core.services.house import House
from core.services.teams import Team
from core.ui import access_roles, asking, grids
from core.ui.plain import plain
from core.ui.visit import current


def listing(house: House, *, changes: bool) -> None:
    """All teams; each can be opened for changes."""
    found, names = teams.listing(house), directory.everyone(house)
    columns = {
        "team": (grids.text("Team", 180), [team.name for team in found]),
        "count": (grids.text("Size", 90), [plural(len(team.members), "member") for team in found]),
        "members": (
            st.column_config.ListColumn("Members", width=300),
            [[names[one].name[:80] for one in team.members if one in names] for team in found],
        ),
        "roles": (
            grids.words("Roles", access_roles.BADGES, 180),
            [list(dict.fromkeys(access_roles.title(role) for role, _ in team.roles)) for team in found],
        ),
        "made": grids.moment("Since", [team.created_ms for team in found]),
    }
    if changes:
        columns["act"] = (grids.action("teams", change, found), [":material/edit: Change"] * len(found))
    grids.grid(
        columns, key="teams", alt="Teams with their members and roles", said=f"**{plural(len(found), 'team')}**",
        empty="No team yet. A team holds roles for all its members: make one, then give it a role.",
        tools=_make_button if changes else None,
    )  # fmt: skip


def _make_button() -> None:
    st.button("Make a team", icon=":material/group_add:", type="primary", key="make_team", on_click=_make)


@st.dialog("Make a team", icon=":material/group_add:")
def _make() -> None:
    name = st.text_input("Name", key="team_name", max_chars=teams.NAME_LONGEST)
    chosen = _members((), "team_new")
    if asking.buttons("Make", icon=":material/check:", key="make_team_now"):
        asking.finish(partial(_made, name, chosen))


def _made(name: str, chosen: tuple[str, ...]) -> None:
    house = current()
    team = teams.make(house, name)
    if chosen:
        teams.set_members(house, team, chosen)


@st.dialog("Change a team", icon=":material/group:")
def change(team: Team) -> None:
    """Name and members of a team, or its end."""
    name = st.text_input("Name", value=team.name, key=f"name_{team.id}", max_chars=teams.NAME_LONGEST)
    chosen = _members(team.members, team.id)
    if asking.buttons("Save", icon=":material/save:", key="save_team"):
        asking.finish(partial(_saved, team, name, chosen))
    with st.expander("Dissolve it", icon=":material/group_remove:"):
        st.markdown(
            f"**{plain(team.name)}** ends: its {plural(len(team.members), 'member')} lose what the team's "
            f"{plural(len(team.roles), 'role')} gave them."
        )
        if st.button("Dissolve the team", icon=":material/group_remove:", key="dissolve_team"):
            asking.finish(lambda: teams.dissolve(current(), team.id))


def _saved(team: Team, name: str, chosen: tuple[str, ...]) -> None:
    house = current()
    teams.set_members(house, team.id, chosen, read=team.members)
    teams.rename(house, team.id, name, read=team.name)


def _members(before: tuple[str, ...], key: str) -> tuple[str, ...]:
    names = {one.id: f"{one.name} · {one.login}" for one in directory.everyone(current()).values() if one.login}
    return tuple(
        st.multiselect(
            "Members", list(names), default=[one for one in before if one in names], key=f"members_{key}",
            format_func=lambda one: names[one], placeholder="Nobody yet",
        )
    )  # fmt: skip
