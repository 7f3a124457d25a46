"""Audit: every decision, searched and filtered; one opened (?event=seq); the chain verified; exports."""

import streamlit as st

from core.errors import GatehouseError
from core.services import audit
from core.ui import audit_check_part, audit_view
from core.ui.visit import current

house = current()
with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"):
    st.title("Audit", anchor=False, width="content")
    actions = st.container(horizontal=True, gap="small", width="content", vertical_alignment="bottom")
house.require("audit")
try:
    query = audit_view.filters(house)
    number = audit_view.number(query)
    found = audit.search(house, query, page=number, before=audit_view.asked("before"))
except GatehouseError as error:
    audit_view.mistake(error.message, error.hint)
    st.stop()
with actions:
    audit_view.export(query)
    audit_check_part.button(house)
audit_check_part.outcome(house)
if seq := audit_view.asked("event"):
    try:
        audit_view.opened(audit.event(house, seq))
    except GatehouseError as missing:
        audit_view.mistake(missing.message, missing.hint)
if clicked := audit_view.listing(query, found):
    st.query_params["event"] = str(clicked)
    st.rerun()
