"""Sources and inference logs: how they stand; adding a source (?add=1); its stage map (?stages=name)."""

import streamlit as st

from core.ui import log_list, overview_parts, source_form, source_list
from core.ui.visit import current

house = current()
with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"):
    st.title("Sources", anchor=False, width="content")
    with st.container(horizontal=True, gap="small", width="content", vertical_alignment="bottom"):
        if st.button(
            "Add a source", icon=":material/add_link:", type="primary", key="add", disabled="add" in st.query_params
        ):
            st.query_params.from_dict({"add": "1"})
            st.rerun()

if "add" in st.query_params:
    source_form.add(house)
elif name := st.query_params.get("stages"):
    source_form.edit_stages(house, name)
if house.sources:
    source_list.listing(house)
elif "add" not in st.query_params:
    overview_parts.nothing_yet(house)
if "add" not in st.query_params and "stages" not in st.query_params:
    log_list.listing(house)
