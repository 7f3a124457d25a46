"""Roles: who holds which, where and until when; giving and taking them."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial

import streamlit as st

from core.governance.rights import RIGHT, RIGHTS, ROLE, ROLES
from core.services import directory, roles, teams
from core.services.house import House, now_ms
from core.services.roles import ORIGINS, Held
from core.ui import asking, grids, moments
from core.ui.plain import plain
from core.ui.visit import current

COLOURS = {
    "viewer": "gray", "contributor": "blue", "ml_lead": "blue", "validator": "green", "compliance": "violet",
    "auditor": "orange", "administrator": "red",
}  # fmt: skip
BADGES = {ROLE[name].title: colour for name, colour in COLOURS.items()}
EVERYWHERE = "Everywhere"
NOT_NAMED = "a project"


def listing(house: House, *, changes: bool, person: str = "") -> None:
    """Roles in force. person: id of the one whose own and whose teams' roles are shown; "" for all."""
    found = roles.listing(house, person)
    projects = roles.projects_to_choose(house)
    columns = {
        "holder": (
            grids.text("Held by", 170),
            ["Own" if held.holder == person else held.title[:200] for held in found],
        ),
        "kind": (
            grids.words("Kind", {"Person": "gray", "Team": "blue"}, 85),
            [["Team" if held.team else "Person"] for held in found],
        ),
        "role": (grids.words("Role", BADGES, 165), [[title(held.role)] for held in found]),
        "where": (grids.text("Where", 160), [place(held.project, projects) for held in found]),
        "until": (
            grids.text("Until", 95),
            [moments.date(held.until_ms) if held.until_ms else "No end" for held in found],
        ),
        "origin": (
            grids.text("Comes from", 120, "Roles by a group of the sign-in provider end there, not here."),
            [ORIGINS.get(held.origin, held.origin) for held in found],
        ),
        "given": grids.moment("Since", [held.created_ms for held in found]),
    }
    if changes:
        columns["act"] = (
            grids.action("roles", partial(_ask_to_take, house.actor.id), found),
            [":material/remove_circle: Take" if held.can_be_taken else "" for held in found],
        )
    grids.grid(
        columns, key="roles", alt="Roles in force", said=f"**Roles in force** · {len(found):,}",
        empty="No role yet: nothing can be seen without one.",
        tools=partial(_give_button, person) if changes else None,
    )  # fmt: skip


def title(role: str) -> str:
    """The title of a role; its own name for one that is not known."""
    return ROLE[role].title if role in ROLE else role


def right(name: str) -> str:
    """The title of a right; its own name for one that is not known."""
    return RIGHT[name].title if name in RIGHT else name


def rights(role: str) -> str:
    """What a role may do, in a line."""
    return " · ".join(right(name) for name in RIGHTS if name in ROLE[role].rights)


def place(project: str | None, projects: Mapping[str, str]) -> str:
    """Where a role holds, in words."""
    return EVERYWHERE if project is None else projects.get(project, f"{NOT_NAMED} ({project})")


def titles(held: Sequence[tuple[str, str | None, str]]) -> list[str]:
    """Titles for a cell, each once; which project is told where the person is opened."""
    return list(dict.fromkeys(title(role) for role, _, _ in held))


def _give_button(person: str) -> None:
    st.button("Give a role", icon=":material/add_moderator:", key="give_role", on_click=give, args=(person,))


@st.dialog("Give a role", icon=":material/add_moderator:")
def give(person: str = "") -> None:
    """The form. person: id of the holder; "" to choose one."""
    house = current()
    names = {one.id: f"{one.name} · {one.login}" for one in directory.everyone(house).values() if one.active}
    names |= {team.id: f"{team.name} · team" for team in teams.listing(house)}
    holder = person or st.selectbox(
        "Person or team", list(names), index=None, format_func=lambda one: names[one], key="give_holder",
        placeholder="Choose",
    )  # fmt: skip
    role = st.selectbox("Role", ROLES, format_func=title, key="give_what", index=0)
    st.caption(f"{ROLE[role].about} {rights(role)}.")
    projects = roles.projects_to_choose(house)
    where = st.selectbox(
        "Where", [None, *projects], format_func=lambda one: place(one, projects), key="give_where",
        help="Everywhere, or in one project.",
    )  # fmt: skip
    until = st.date_input(
        "Last day", value=None, min_value=moments.today(now_ms()), key="give_until", help="Empty: no end."
    )
    if asking.buttons("Give", icon=":material/check:", key="give", disabled=not holder) and holder:
        end = moments.day_ms(until + timedelta(days=1)) if until else None
        asking.finish(lambda: roles.give(current(), holder, role, where, end))


def _ask_to_take(own: str, held: Held) -> None:
    if not held.can_be_taken:
        return
    said = f"**{plain(held.title)}** loses the role **{title(held.role)}** at once."
    if held.holder == own and held.role == "administrator":
        said += "  \n:material/warning: This is your own administrator role. You cannot give it back to yourself."
    asking.confirm(
        "Take this role?", said, "Take it", lambda house: roles.take(house, held.grant, confirmed=True),
        ":material/remove_circle:",
    )  # fmt: skip
