"""The connected sources: how each one stands, and what can be done with it."""

from collections.abc import Callable

import streamlit as st

from core.errors import GatehouseError
from core.governance.attention import plural
from core.services import sources
from core.services.house import House, now_ms
from core.services.jobs import Job
from core.services.sources import REST_SWEEP_H, SourceStatus
from core.ui import badges, moments
from core.ui.plain import plain
from core.ui.visit import current

EVERY_S = 1.0


def listing(house: House) -> None:
    """All shown sources; while one is syncing, this part alone is drawn again every second."""
    running = any(status.job for status in sources.statuses(house))
    st.fragment(_listing, run_every=EVERY_S if running else None)(running)


def progress(house: House) -> None:
    """The syncs under way, if any; when the last has ended, the page is drawn anew."""
    if any(status.job for status in sources.statuses(house)):
        st.fragment(_running, run_every=EVERY_S)()


def _running() -> None:
    found = [status for status in sources.statuses(current()) if status.job]
    if not found:
        st.rerun()
    for status in found:
        if status.job:
            _progress(status.job, f"{plain(status.name)}: ")


def _listing(was_running: bool) -> None:
    found = sources.statuses(current())
    if was_running and not any(status.job for status in found):
        st.rerun()
    for status in found:
        with st.container(border=True, key=f"source_{status.name}"):
            _head(status)
            _state(status)


def _head(status: SourceStatus) -> None:
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small", width="content"):
            st.subheader(plain(status.name), anchor=False, width="content")
            badges.state("stale" if status.stale and status.state == "ok" else status.state)
        with st.container(horizontal=True, gap="xsmall", width="content"):
            if st.button(
                "Sync now", icon=":material/sync:", key=f"sync_{status.name}", disabled=status.job is not None
            ):
                _try(lambda: sources.start_sync(current(), status.name))
            if status.editable:
                if st.button("Stage map", icon=":material/rule:", key=f"stages_{status.name}"):
                    st.query_params.from_dict({"stages": status.name})
                    st.rerun()
                if st.button(
                    "Remove", icon=":material/delete:", key=f"remove_{status.name}", disabled=status.job is not None
                ):
                    _remove(status.name)
    st.caption(f"{plain(sources.address(status.source))} · {_interval(status)} · stated in {plain(status.origin)}")


def _state(status: SourceStatus) -> None:
    now = now_ms()
    if status.job:
        _progress(status.job)
    if status.error:
        st.error(f"**{plain(status.error, 1_000)}**  \n{plain(status.hint or '', 1_000)}", icon=":material/error:")
    if status.complete_ms is None:
        if not status.job:
            st.caption("Nothing of it has been read yet.")
        return
    parts = [plural(status.runs, "run"), plural(status.experiments, "experiment"), plural(status.models, "model")]
    said = f"{' · '.join(parts)}. Last complete sync {moments.ago(status.complete_ms, now)}"
    if status.state == "ok" and status.runs_read is not None:
        said += f": {plural(status.runs_read, 'run')} read, {status.runs_removed or 0:,} removed"
    st.markdown(f"{said}.")
    if status.rest:
        oldest = (
            f" The row read longest ago is from {moments.ago(status.oldest_read_ms, now)}."
            if status.oldest_read_ms
            else ""
        )
        st.caption(
            ":material/schedule: Read over REST, which cannot tell what changed: new and recent runs are read at every "
            f"sync, older rows can be up to {REST_SWEEP_H} h old.{oldest}"
        )
    elif status.error:
        st.caption("What was synced before is kept and shown.")


def _progress(job: Job, who: str = "") -> None:
    progress = job.progress
    if progress is None:
        st.progress(0.0, f"{who}Waiting to start")
        return
    said = who + progress.phase
    if progress.total:
        said += f": {progress.done:,} of {progress.total:,} {progress.unit}"
    elif progress.done:
        said += f": {progress.done:,} {progress.unit}"
    if progress.seconds_left is not None and progress.total and progress.done < progress.total:
        said += f" · about {moments.lasting(progress.seconds_left)} left"
    st.progress(min(progress.done / progress.total, 1.0) if progress.total else 0.0, said)


def _interval(status: SourceStatus) -> str:
    seconds = status.source.interval_s
    return f"syncs every {moments.lasting(seconds)}" if seconds else "syncs on demand only"


@st.dialog("Remove this source?", icon=":material/delete:")
def _remove(name: str) -> None:
    st.markdown(
        f"**{plain(name)}** is taken out of the settings, and its copies of runs and models are deleted here. "
        "Nothing changes at the source itself. What was observed of it (moved aliases, deletions, outages) is kept."
    )
    with st.container(horizontal=True):
        if st.button("Remove", type="primary", icon=":material/delete:", key="confirm_remove"):
            _try(lambda: sources.remove(current(), name))
        if st.button("Keep it", key="cancel_remove"):
            st.rerun()


def _try(work: Callable[[], object]) -> None:
    try:
        work()
    except GatehouseError as error:
        st.error(f"**{plain(error.message, 1_000)}** {plain(error.hint, 1_000)}", icon=":material/error:")
    else:
        st.rerun()
