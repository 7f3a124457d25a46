"""People: the list, and one of them opened (?person=id) with everything that is known here."""

from functools import partial

import streamlit as st

from core.errors import NotFound
from core.governance.attention import plural
from core.services import accounts
from core.services.accounts import Account
from core.services.house import House, now_ms
from core.ui import (
    access_deputies,
    access_dialogs,
    access_roles,
    access_sessions,
    access_tokens,
    badges,
    grids,
    moments,
)  # fmt: skip
from core.ui.plain import plain

STATES: dict[str, tuple[str, str, badges.Colour]] = {
    "active": ("Active", ":material/check_circle:", "green"),
    "locked": ("Locked", ":material/lock_clock:", "orange"),
    "must_change": ("First password", ":material/password:", "blue"),
    "disabled": ("Disabled", ":material/block:", "gray"),
}
ORIGINS = {"local": "Local", "oidc": "OpenID Connect", "proxy": "Proxy", "demo": "Demo"}


def part(house: House, *, changes: bool) -> None:
    """The list, or the person that is opened."""
    if chosen := st.query_params.get("person"):
        _opened(house, chosen, changes=changes)
    elif clicked := _listing(house, changes=changes):
        st.query_params["person"] = clicked
        st.rerun()


def _listing(house: House, *, changes: bool) -> str | None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        text = st.text_input(
            "Search", key="q", type="search", live=True, placeholder="Name, login or mail", icon=":material/search:",
            bind="query-params", width=320,
        )  # fmt: skip
        state = st.pills(
            "State", list(STATES), format_func=lambda one: STATES[one][0], key="state", bind="query-params"
        )
    found = accounts.listing(house, text or "", state or "")
    shown = found[grids.page_of(len(found), "people_page")]
    columns = {
        "open": (grids.opener("Name", "people", 165), [one.name[:200] for one in shown]),
        "login": (grids.text("Login", 105), [one.login for one in shown]),
        "state": (
            grids.words("State", {word: colour for word, _, colour in STATES.values()}, 125),
            [[STATES[one.state][0]] for one in shown],
        ),
        "roles": (
            grids.words("Roles", access_roles.BADGES, 205, "Own ones and those of teams, everywhere or in projects."),
            [access_roles.titles([*one.roles, *one.team_roles]) for one in shown],
        ),
        "teams": (st.column_config.ListColumn("Teams", width=160), [list(one.teams) for one in shown]),
        "seen": grids.moment("Last seen", [one.seen_ms for one in shown], "Empty: never."),
        "mail": (grids.text("Mail", 210), [one.mail for one in shown]),
        "from": (grids.text("Signs in by", 120), [ORIGINS.get(one.origin, one.origin) for one in shown]),
        "added": grids.moment("Added", [one.created_ms for one in shown]),
    }
    row = grids.grid(
        columns, key="people", alt="People with state, roles and teams",
        said=f"**{len(found):,} {'person' if len(found) == 1 else 'people'}** · click a name to open",
        empty="Nobody matches. Take a filter away, or search for less.",
        tools=_add_button if changes else None,
    )  # fmt: skip
    return shown[row].id if row is not None else None


def _add_button() -> None:
    st.button(
        "Add a local account", icon=":material/person_add:", type="primary", key="add_person",
        on_click=access_dialogs.add,
    )  # fmt: skip


def _opened(house: House, person: str, *, changes: bool) -> None:
    if st.button("All people", icon=":material/arrow_back:", type="tertiary", key="all_people"):
        del st.query_params["person"]
        st.rerun()
    found = accounts.listing(house, person=person)
    if not found:
        raise NotFound("There is no such person.", hint="It may have been erased. See all people.")
    one = found[0]
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small", width="content"):
            st.subheader(plain(one.name, 120), anchor=False, width="content")
            word, icon, colour = STATES[one.state]
            st.badge(word, icon=icon, color=colour)
        if changes:
            _actions(one)
    now = now_ms()
    told = [plain(one.login), plain(one.mail), f"signs in by {ORIGINS.get(one.origin, plain(one.origin))}"]
    told += [f"added {moments.ago(one.created_ms, now)}", f"last seen {moments.ago(one.seen_ms, now)}"]
    told += [f"locked until {moments.clock(one.locked_until_ms or 0)}"] if one.state == "locked" else []
    told += [f"{plural(len(one.teams), 'team')}: {plain(', '.join(one.teams))}"] if one.teams else []
    st.caption(" · ".join(piece for piece in told if piece))
    with st.container(border=True, key="person_roles"):
        access_roles.listing(house, changes=changes, person=person)
    with st.container(border=True, key="person_deputies"):
        access_deputies.listing(house, changes=changes, person=person)
    with st.container(border=True, key="person_sessions"):
        access_sessions.listing(house, changes=changes, person=person)
    with st.container(border=True, key="person_tokens"):
        access_tokens.listing(house, changes=changes, person=person)


def _actions(one: Account) -> None:
    act = access_dialogs
    with st.container(horizontal=True, gap="small", width="content"):
        st.button("Change", icon=":material/edit:", key="change_person", on_click=act.change, args=(one,))
        if one.origin == "local":
            st.button("New password", icon=":material/password:", key="reset_person", on_click=act.reset, args=(one,))
        if one.state == "locked":
            st.button("Lift the lock", icon=":material/lock_open:", key="lift", on_click=partial(act.lift, one))
        if one.state == "disabled":
            st.button("Enable", icon=":material/person_check:", key="enable", on_click=partial(act.enable, one))
        else:
            st.button("Disable", icon=":material/block:", key="disable", on_click=partial(act.disable, one))
        st.button("Erase", icon=":material/person_remove:", key="erase", on_click=act.erase, args=(one,))
