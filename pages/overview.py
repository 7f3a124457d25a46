"""Overview: the fleet at a glance, what needs a person, what changed."""

import streamlit as st

from core.services import fleet, sources
from core.services.house import now_ms
from core.ui import fleet_health_part, source_list
from core.ui import overview_parts as parts
from core.ui.visit import current

house, now = current(), now_ms()

st.title("Overview", anchor=False)
if house.active == "demo":
    parts.demo_banner(house)
if not house.sources:
    parts.nothing_yet(house)
    st.stop()

source_list.progress(house)
seen = fleet.glance(house, now_ms=now)
parts.cards(seen)
fleet_health_part.lights(house, now_ms=now)
left, right = st.columns([7, 4], gap="small")
with left:
    parts.attention(house, fleet.attention(house, now_ms=now))
    parts.what_changed(fleet.changes(house, now_ms=now))
with right:
    parts.stages(seen)
    parts.source_states(sources.statuses(house))
