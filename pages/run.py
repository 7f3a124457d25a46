"""Run: everything about one run (?id=source:run_id)."""

import streamlit as st

from core.errors import NotFound
from core.services import authors, notes, runs
from core.ui import curve_view, history_loading, notes_part, run_view
from core.ui.plain import plain
from core.ui.visit import current

house = current()
ref = st.query_params.get("id", "")
try:
    if not ref:
        raise NotFound("No run was named.", hint="Open one from the page Experiments, or search with Ctrl+K.")
    run = runs.run(house, ref)
except NotFound as missing:
    st.title("Run", anchor=False)
    st.error(f"**{plain(missing.message)}** {plain(missing.hint)}", icon=":material/search_off:")
    st.page_link("pages/experiments.py", label="All runs", icon=":material/arrow_back:")
    st.stop()

run_view.heading(run, authors.of(house, run.source, run.user))
notes_part.notes_and_tags(house, notes.subject_of("run", run.ref), "run")
history_loading.ensure(house, [run.ref])
left, right = st.columns([6, 5], gap="small")
with left:
    run_view.metrics(run)
    run_view.became(run)
with right:
    run_view.origin(run)
curve_view.curves(house, {run.run_no: run.name})
run_view.family(run)
left, right = st.columns(2, gap="small")
with left:
    run_view.pairs("Params", run.params, "run_params", "This run logged no param.")
with right:
    run_view.pairs("Tags", run.tags, "run_tags", "This run has no tag.")
