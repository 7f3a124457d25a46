"""Fairness: one model's groups against the policy's limits, over time, and at other thresholds (?model=...)."""

import streamlit as st

from core.errors import NotFound
from core.services import fairness_view
from core.services.house import now_ms
from core.ui import fairness_explorer, fairness_groups, fairness_pick, fairness_time, fairness_verdicts
from core.ui.plain import plain
from core.ui.visit import current

house, now = current(), now_ms()
st.title("Fairness", anchor=False)
picked = fairness_pick.pick(house)
if picked is None:
    st.stop()
try:
    seen = fairness_view.view(
        house, picked.known.model, picked.version, picked.family, picked.windows, now_ms=now
    )  # fmt: skip
except NotFound as missing:
    st.info(f"**{plain(missing.message)}** {plain(missing.hint)}", icon=":material/hourglass_empty:")
    st.stop()

fairness_verdicts.verdicts(seen)
rate, of = fairness_groups.groups(seen)
fairness_time.over_time(house, seen, rate, of, now_ms=now)
fairness_explorer.explorer(seen, now_ms=now)
fairness_groups.calibration(seen)
