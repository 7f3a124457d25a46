"""Step 6 of Monitor a model: the file as a diff, saving it, and the log being read."""

import streamlit as st

from core.errors import GatehouseError
from core.governance.attention import plural
from core.services import find, monitor_drafts_save, work
from core.services.house import House
from core.ui import draft_frame
from core.ui.draft_frame import Making
from core.ui.draft_trial import EVERY_S, progress, running
from core.ui.plain import plain
from core.ui.visit import current

SHORT = 26


def step(house: House, made: Making) -> None:
    """What would be written, and writing it."""
    if made.kept.reading:
        _reading(house, made)
        return
    try:
        seen = monitor_drafts_save.preview(house, made.draft)
    except GatehouseError as error:
        draft_frame.mistake(error)
        return
    with st.container(border=True, key="draft_save"):
        new = "a new file" if not seen.digest else "a file that is there"
        told = f"{plural(seen.added, 'line')} added" + (f", {seen.removed} removed" if seen.removed else "")
        st.markdown(f"**monitors/{plain(seen.file)}**, {new}: {told if seen.diff else 'nothing would change'}.")
        draft_frame.problems(made.draft, seen.checked.problems)
        if seen.refused:
            st.error(f"**{plain(seen.refused, 1_000)}**  \n{plain(seen.hint, 1_000)}", icon=":material/lock:")
        with st.container(horizontal=True, vertical_alignment="center"):
            ready = not (seen.refused or seen.checked.problems)
            if st.button(
                "Save and read the log", icon=":material/save:", type="primary", key="draft_write", disabled=not ready
            ):
                try:
                    made.put(reading=monitor_drafts_save.save(house, made.draft, seen.digest).id)
                except GatehouseError as error:
                    draft_frame.mistake(error)
                else:
                    st.rerun()
            st.download_button(
                "YAML", lambda: seen.checked.text, seen.file.rpartition("/")[2], "text/yaml", key="draft_yaml",
                icon=":material/download:", on_click="ignore",
            )  # fmt: skip
            st.caption("The file is written, then all of the log is read. Both are noted in the audit trail.")
        if not seen.checked.problems:
            told = seen.diff or seen.checked.text
            short = len(told.splitlines()) <= SHORT
            st.code(told, language="diff" if seen.diff else "yaml", height="content" if short else 560)


def _reading(house: House, made: Making) -> None:
    try:
        job = work.job(house, made.kept.reading)
    except GatehouseError:
        made.put(reading="")
        st.rerun()
    with st.container(border=True, key="draft_reading"):
        st.markdown(f":green[:material/check_circle:] **Saved.** The log of {plain(made.draft.model)} is being read.")
        st.fragment(_followed, run_every=EVERY_S if running(job) else None)(made, running(job))


def _followed(made: Making, was_running: bool) -> None:
    """Its progress; at the end the page with the numbers, or what went wrong."""
    house = current()
    job = work.job(house, made.kept.reading)
    if running(job):
        progress(job)
        st.caption("This page may be left: the log is read on, and the page Sources shows how far.")
        return
    wrong = job.error or None
    told = (job.result or {}).get("error")
    if wrong:
        draft_frame.mistake(wrong)
    elif told:
        draft_frame.mistake(GatehouseError(told["message"], hint=told["hint"]))
    if was_running and not wrong and not told:
        _leave(made.draft.model)
    with st.container(horizontal=True):
        if st.button("See its numbers", icon=":material/monitoring:", type="primary", key="draft_see"):
            _leave(made.draft.model)
        if st.button("Change the monitor", icon=":material/edit:", key="draft_change"):
            made.put(reading="")
            st.rerun()


def _leave(model: str) -> None:
    """To the page of its numbers."""
    st.switch_page(find.link("monitoring"), query_params={"model": model})
