"""Models: all registered models; one opened (?model=source:name); one of its versions (&version=3)."""

import streamlit as st

from core.errors import NotFound
from core.services import authors, notes, versions
from core.ui import health_part, inventory_parts, model_table, model_view, notes_part, overview_parts
from core.ui.plain import plain
from core.ui.visit import current

house = current()
ref, number = st.query_params.get("model"), st.query_params.get("version")

if ref:
    try:
        model = versions.opened(house, ref)
        chosen = versions.version(house, ref, number) if number else None
    except NotFound as missing:
        st.error(f"**{plain(missing.message)}** {plain(missing.hint)}", icon=":material/search_off:")
        st.page_link("pages/models.py", label="All models", icon=":material/arrow_back:")
        st.stop()
    model_view.heading(model)
    inventory_parts.on_model(house, model.ref)
    if clicked := model_view.versions(model):
        st.query_params["version"] = clicked
        st.rerun()
    if chosen:
        trained, shown = chosen.run.user_name if chosen.run else None, chosen.version
        model_view.version(
            chosen,
            authors.of(house, chosen.source, chosen.user_name),
            authors.of(house, chosen.source, trained),
            lambda: health_part.of_model(house, model.ref, shown),
        )
        notes_part.notes_and_tags(house, notes.subject_of("version", ref, chosen.version), "version")
    else:
        health_part.of_model(house, model.ref)
    notes_part.notes_and_tags(house, notes.subject_of("model", ref), "model")
    model_view.timeline(model)
else:
    st.title("Models", anchor=False)
    if not house.sources:
        overview_parts.nothing_yet(house)
        st.stop()
    if opened := model_table.table(house, model_table.filters(house)):
        st.query_params.from_dict({"model": opened})
        st.rerun()
