"""Access: people, roles, teams, deputies, tokens, sessions, sign-ins, users of sources (?part=...)."""

import streamlit as st

from core.ui import (
    access_authors,
    access_deputies,
    access_people,
    access_roles,
    access_sessions,
    access_sign_ins,
    access_teams,
    access_tokens,
    asking,
    url,
)
from core.ui.visit import current

PARTS = {
    "people": ":material/person: People",
    "roles": ":material/shield_person: Roles",
    "teams": ":material/groups: Teams",
    "deputies": ":material/supervisor_account: Deputies",
    "tokens": ":material/key: API tokens",
    "sessions": ":material/devices: Sessions",
    "sign-ins": ":material/login: Sign-in log",
    "users": ":material/how_to_reg: Source users",
}

house = current()
house.require("access_view")
asking.forget()
changes = house.actor.may("access")
st.title("Access", anchor=False)
url.one_from_url("part", "part", list(PARTS), "people")
part = st.segmented_control(
    "Part", list(PARTS), format_func=PARTS.__getitem__, key="part", required=True, label_visibility="collapsed"
)
url.one_to_url("part", "part", part, "people")
if not changes:
    st.caption(":material/visibility: You see everything here and change nothing: that is for administrators.")

if part == "roles":
    access_roles.listing(house, changes=changes)
elif part == "teams":
    access_teams.listing(house, changes=changes)
elif part == "deputies":
    access_deputies.listing(house, changes=changes)
elif part == "tokens":
    access_tokens.listing(house, changes=changes)
elif part == "sessions":
    access_sessions.listing(house, changes=changes)
elif part == "sign-ins":
    access_sign_ins.listing(house)
elif part == "users":
    access_authors.part(house, changes=changes)
else:
    access_people.part(house, changes=changes)
