"""Monitor a model: from a log to its first numbers without writing YAML. A draft opened: ?draft=ID&step=2."""

import streamlit as st

from core.ui import (
    draft_columns,
    draft_frame,
    draft_labels,
    draft_log,
    draft_reference,
    draft_save,
    draft_trial,
)  # fmt: skip
from core.ui.visit import current

STEPS = {
    "1": draft_log.step, "2": draft_columns.step, "3": draft_labels.step, "4": draft_reference.step,
    "5": draft_trial.step, "6": draft_save.step,
}  # fmt: skip

house = current()
house.require("operate")
draft_frame.heading()
if house.active == "demo":
    draft_frame.demo()
    st.stop()
made = draft_frame.opened(house)
step = draft_frame.steps(made)
if made is None:
    draft_log.step(house, None)
else:
    STEPS[step](house, made)
    draft_frame.onward(step)
