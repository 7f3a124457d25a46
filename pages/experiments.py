"""Experiments: all runs of one, several or all experiments in one table."""

import streamlit as st

from core.errors import QueryError
from core.governance.attention import plural
from core.services import runs
from core.services.house import now_ms
from core.services.runs import PAGE, Found, Groups
from core.ui import basket, downloads, overview_parts, run_controls, run_table, search_box, views_menu
from core.ui.visit import current

house, now = current(), now_ms()

with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"):
    st.title("Experiments", anchor=False, width="content")
    actions = st.container(horizontal=True, gap="small", width="content", vertical_alignment="bottom")
if not house.sources:
    overview_parts.nothing_yet(house)
    st.stop()

views_menu.begin(house)
shape = run_controls.controls(house)
with actions:
    views_menu.menu(house)
query = shape.query
found: Groups | Found
try:
    number = run_controls.page_number(shape)
    if shape.group:
        found = runs.grouped(house, query, shape.group, page=number, now_ms=now)
    else:
        found = runs.search(house, query, page=number, now_ms=now)
except QueryError as error:
    search_box.mistake(query.text, error)
    st.stop()

if not found.total:
    run_table.nothing(house, query, now_ms=now)
    st.stop()
if isinstance(found, Found):
    search_box.hints(found.hints)
pages = -(-found.total // PAGE)
if number > pages:
    run_controls.first_page()
run_table.summary(found, query, shape.group)
key = run_table.grid_key(found)
if isinstance(found, Groups):
    row = run_table.groups(found, key)
    if row is not None:
        run_table.open_group(found, row)
else:
    opened = run_table.grid(
        house, found, spark=shape.spark, pinned=shape.pinned, several=len(query.experiments) != 1, key=key
    )
    if opened:
        st.switch_page("pages/run.py", query_params={"id": opened})
if pages > 1:
    st.pagination(pages, key="page", bind="query-params")
with actions:
    picked = basket.picked()
    if picked and st.button("Clear", icon=":material/close:", key="clear_picked", type="tertiary"):
        basket.keep([])
        st.rerun()
    if st.button(
        f"Compare {plural(len(picked), 'run')}" if picked else "Compare",
        icon=":material/compare_arrows:",
        type="primary",
        key="compare",
        disabled=len(picked) < 2,
        help="Select two or more runs in the table.",
    ):
        st.switch_page("pages/compare_runs.py", query_params={"runs": ",".join(picked)})
    downloads.runs(house, query, shape.group, now_ms=now)
