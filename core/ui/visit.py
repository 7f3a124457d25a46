"""Who looks at the page, and the house as that person sees it."""

from typing import NoReturn

import streamlit as st

from core.errors import GatehouseError
from core.governance.rights import NOBODY, ROLE, Actor
from core.services import house as houses
from core.services import identity, oidc_sign_in
from core.services.house import House
from core.ui.plain import plain

_GO = "export default ({data}) => { window.location.assign(data.to) }"


def current() -> House:
    """The house as the one who is signed in sees it; asked anew at every run, so that revoking works at once.

    Where nobody is (any more), the browser goes to the sign-in page and the run ends.
    """
    house = houses.current()
    if house.actor is not NOBODY:
        return house  # a house that a test holds open for somebody
    actor = identity.actor_of_session(house, st.context.cookies.get(identity.cookie(house.settings), ""))
    if actor.kind == "nobody":
        leave("/signin")
    if actor.must_change:
        leave("/password")
    return house.by(actor)


def leave(to: str) -> NoReturn:
    """Sends the browser to a page of this server outside Streamlit, and ends the run."""
    st.components.v2.component("gatehouse_leave", js=_GO)(key="leave", data={"to": to})
    st.stop()


def badge(house: House) -> None:
    """The signed-in name and role, and the ways out."""
    actor = house.actor
    with st.container(key="whoami", gap="xxsmall"):
        with st.popover(plain(actor.name or actor.login, 40), icon=":material/account_circle:", width="stretch"):
            st.markdown(f"**{plain(actor.name)}**")
            st.caption(plain(actor.login))
            st.markdown(roles(actor))
            st.page_link("pages/account.py", label="My account", icon=":material/manage_accounts:")
            if st.button("Sign out", icon=":material/logout:", key="sign_out", width="stretch"):
                _out(house, everywhere=False)
            if st.button("Sign out everywhere", icon=":material/devices:", key="sign_out_all", width="stretch"):
                _out(house, everywhere=True)
            if house.active == "own" and st.button(
                "Change password", icon=":material/password:", key="change_password", width="stretch"
            ):
                leave("/password")
        st.caption(roles(actor))


def roles(actor: Actor) -> str:
    """The titles of the roles held, those in projects alone marked as such."""
    everywhere = {grant.role for grant in actor.grants if grant.project is None}
    titles = [
        ROLE[name].title + ("" if name in everywhere else " (in projects)") for name in actor.roles() if name in ROLE
    ]
    return " · ".join(titles) or "No role yet"


def _out(house: House, *, everywhere: bool) -> None:
    try:
        to = oidc_sign_in.sign_out(house, everywhere=everywhere)
    except GatehouseError as error:
        st.error(f"{plain(error.message)} {plain(error.hint)}", icon=":material/error:")
        return
    leave(to)
