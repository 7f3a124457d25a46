"""Features: every feature that is watched; one opened in all models that use it (?feature=NAME)."""

import streamlit as st

from core.errors import NotFound
from core.services import features
from core.services.house import now_ms
from core.ui import feature_list, feature_view
from core.ui.plain import plain
from core.ui.visit import current

house, now = current(), now_ms()
name = st.query_params.get("feature", "")

if name:
    st.page_link("pages/features.py", label="All features", icon=":material/arrow_back:")
    st.title(plain(name, 120), anchor=False)
    from_ms = feature_view.period(now)
    try:
        opened = features.opened(house, name, from_ms=from_ms, now_ms=now)
    except NotFound as missing:
        st.error(f"**{plain(missing.message)}** {plain(missing.hint)}", icon=":material/search_off:")
        st.stop()
    feature_view.course(house, opened)
    if model := feature_view.uses(opened):
        feature_view.leave_for(model, name)
    feature_view.findings(opened)
else:
    st.title("Features", anchor=False)
    st.caption("Every feature that a monitored model uses, across all models. Open one to see where it moved.")
    if not features.names(house):
        feature_list.nothing_yet()
        st.stop()
    if clicked := feature_list.table(house, feature_list.filters(), now_ms=now):
        st.query_params.from_dict({"feature": clicked})
        st.rerun()
