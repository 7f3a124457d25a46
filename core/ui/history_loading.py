"""Histories that have not been read from a REST source yet: read now, while the page waits for them."""

from collections.abc import Sequence

import streamlit as st

from core.errors import GatehouseError
from core.services import histories, work
from core.services.house import House
from core.services.jobs import Job
from core.ui.plain import plain
from core.ui.visit import current

EVERY_S = 0.5


def ensure(house: House, refs: Sequence[str]) -> None:
    """Starts to read what is missing and shows how far that is; the page is drawn anew when it is done."""
    lacking = histories.missing(house, refs)
    if not lacking:
        return
    job = histories.loading(house, lacking)
    if job is None:
        job = _start(house, lacking)
    if job is None:
        return
    if job.state == "failed" and job.error:
        with st.container(border=True, key="histories_failed"):
            st.markdown(f":material/error: **The histories could not be read.** {plain(job.error.message, 500)}")
            st.caption(plain(job.error.hint, 500) + " The last values are shown as they were synced.")
            if st.button("Try again", icon=":material/refresh:", key="histories_again"):
                _start(house, lacking)
                st.rerun()
    elif job.state in ("waiting", "running"):
        st.fragment(_progress, run_every=EVERY_S)(job.id)


def _start(house: House, lacking: Sequence[str]) -> Job | None:
    try:
        return histories.start_loading(house, lacking)
    except GatehouseError as error:
        st.error(f"**{plain(error.message, 500)}** {plain(error.hint, 500)}", icon=":material/error:")
        return None


def _progress(job_id: str) -> None:
    job = work.job(current(), job_id)
    if job.state not in ("waiting", "running"):
        st.rerun()
    done, total = (job.progress.done, job.progress.total or 1) if job.progress else (0, 1)
    st.progress(min(done / total, 1.0), f"Reading metric histories from the source: {done:,} of {total:,} runs")
