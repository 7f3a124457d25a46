"""My account: what people do for themselves: password, deputies, API tokens, sessions."""

import streamlit as st

from core.services import signing_in
from core.ui import access_deputies, access_sessions, access_tokens, asking
from core.ui.plain import plain
from core.ui.visit import current, leave, roles

house = current()
actor = house.actor
asking.forget()
with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"):
    with st.container(gap=None, width="content"):
        st.title("My account", anchor=False)
        st.caption(f"{plain(actor.name)} · {plain(actor.login)} · {roles(actor)}")
    with st.container(horizontal=True, gap="small", width="content"):
        if house.active == "own" and st.button("Change password", icon=":material/password:", key="new_password"):
            leave("/password")
        st.button(
            "Sign out all others", icon=":material/devices_off:", key="end_others", on_click=asking.confirm,
            args=("Sign out all others?", "All your sessions but this one end at once.", "Sign them out",
                  lambda seen: signing_in.sign_out_everywhere(seen, but_here=True), ":material/devices_off:"),
        )  # fmt: skip
with st.container(border=True, key="own_deputies"):
    access_deputies.own(house)
with st.container(border=True, key="own_tokens"):
    access_tokens.own(house)
with st.container(border=True, key="own_sessions"):
    access_sessions.own(house)
