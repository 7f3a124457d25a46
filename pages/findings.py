"""Findings: what broke the policy, across all models; one finding (?finding=id), a group, and the policy itself."""

import streamlit as st

from core.services.house import now_ms
from core.ui import findings_answers, findings_opened, findings_policy, findings_table, url
from core.ui.visit import current

PARTS = {"findings": "Findings", "policy": "Policy and modes"}
house, now = current(), now_ms()

if finding := st.query_params.get("finding"):
    findings_opened.opened(house, finding, now)
    st.stop()
with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"):
    st.title("Findings", anchor=False, width="content")
    url.one_from_url("part", "findings_part", list(PARTS), "findings")
    part = st.segmented_control(
        "Part", list(PARTS), key="findings_part", format_func=PARTS.__getitem__, label_visibility="collapsed",
        required=True,
    )  # fmt: skip
if url.one_to_url("part", "findings_part", part, "findings") == "policy":
    findings_policy.policy(house)
    st.stop()
query = findings_table.query(house, now)
if (group := st.query_params.get("group")) and findings_opened.group(house, group, query, now):
    st.stop()
findings_answers.done()
findings_table.table(house, query, now)
