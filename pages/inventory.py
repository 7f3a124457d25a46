"""Inventory: every model the organisation answers for; one entry (?entry=id or ref), adding, bulk editing, Excel."""

import streamlit as st

from core.errors import NotFound
from core.services import inventory
from core.ui import inventory_bulk, inventory_entry, inventory_files, inventory_form, inventory_parts, inventory_table
from core.ui.visit import current

house, day = current(), inventory.today()
may_edit = inventory_parts.can_edit(house)

if key := st.query_params.get("entry"):
    try:
        one = inventory.entry(house, key, day=day)
    except NotFound as missing:
        inventory_parts.problem(missing.message, missing.hint)
        st.page_link("pages/inventory.py", label="All of the inventory", icon=":material/arrow_back:")
        st.stop()
    inventory_entry.opened(house, one, day)
    st.stop()

with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"):
    st.title("Inventory", anchor=False, width="content")
    actions = st.container(horizontal=True, gap="small", width="content", vertical_alignment="bottom")
if may_edit and "import" in st.query_params:
    inventory_files.importing(house)
    st.stop()
if may_edit and "add" in st.query_params:
    inventory_form.add(house, day)
    st.stop()

inventory_table.cards(house, day)
query = inventory_table.filters(house, day)
if may_edit and "bulk" in st.query_params:
    inventory_bulk.editor(house, *inventory_table.to_edit(house, query, day), day)
    st.stop()
opened, listed = inventory_table.table(house, query, day)
if opened:
    st.query_params.from_dict({"entry": opened})
    st.rerun()
with actions:
    inventory_files.export(house, query, day)
    if may_edit:
        inventory_table.actions(listed)
