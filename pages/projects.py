"""Projects: which there are; one opened (?project=id); a new one (?new=1); changing one (?project=id&edit=1)."""

import streamlit as st

from core.errors import NotFound
from core.services import projects
from core.ui import project_editor, project_list, project_view
from core.ui.plain import plain
from core.ui.visit import current

house = current()
ref = st.query_params.get("project", "")
changes = house.actor.may("projects")

if ref:
    try:
        project = projects.one(house, ref)
    except NotFound as missing:
        st.title("Projects", anchor=False)
        st.error(f"**{plain(missing.message)}** {plain(missing.hint)}", icon=":material/search_off:")
        st.page_link("pages/projects.py", label="All projects", icon=":material/arrow_back:")
        st.stop()
    if changes and "edit" in st.query_params:
        project_editor.editor(house, project)
    else:
        project_view.opened(house, project)
elif changes and "new" in st.query_params:
    project_editor.editor(house, None)
else:
    project_list.listing(house)
