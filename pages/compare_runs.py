"""Compare runs: 2 to 200 runs side by side (?runs=source:id,source:id&baseline=source:id)."""

import streamlit as st

from core.ui import comparison_view as view
from core.ui import curve_view, downloads, history_loading, overview_parts
from core.ui.visit import current

house = current()
with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"):
    st.title("Compare runs", anchor=False, width="content")
    actions = st.container(horizontal=True, gap="small", width="content", vertical_alignment="bottom")
if not house.sources:
    overview_parts.nothing_yet(house)
    st.stop()

with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
    chosen = view.selection(house)
    beside = st.container(width=280)
compared = view.found(house, chosen) if len(chosen) > 1 else None
if compared is None or len(compared.runs) < 2:
    view.empty(chosen)
    st.stop()

with beside:
    base = view.baseline(compared)
shown, any_shown = view.table(compared, base)
with actions:
    if any_shown:
        downloads.table(shown, "comparison")
history_loading.ensure(house, [run.ref for run in compared.runs])
names = {run.run_no: view.label(run) for run in compared.runs}
curve_view.curves(house, names, baseline=compared.runs[base].run_no)
view.parallel_view(compared)
view.scatter_view(compared, base)
