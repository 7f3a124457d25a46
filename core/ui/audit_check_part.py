"""The button that verifies the chain, and what was found."""

import streamlit as st

from core.errors import GatehouseError
from core.services import audit_check
from core.services.audit_check import Checked
from core.services.house import House
from core.services.jobs import Job
from core.ui import moments
from core.ui.plain import plain
from core.ui.visit import current

EVERY_S = 0.5


def button(house: House) -> None:
    """Starts a verification."""
    job = audit_check.latest(house)
    busy = job is not None and job.state in ("waiting", "running")
    if st.button(
        "Verify", icon=":material/verified_user:", key="verify", type="primary", disabled=busy,
        help="Recomputes every hash from the first event to the last.",
    ):  # fmt: skip
        try:
            audit_check.start(house)
        except GatehouseError as error:
            st.toast(plain(error.message))
        st.rerun()


def outcome(house: House) -> None:
    """How far the newest verification is, or what it found."""
    job = audit_check.latest(house)
    if job is None:
        return
    if job.state in ("waiting", "running"):
        st.fragment(_progress, run_every=EVERY_S)()
    elif job.state == "failed" and job.error:
        st.error(f"**{plain(job.error.message)}** {plain(job.error.hint)}", icon=":material/error:")
    elif job.result:
        _found(Checked(**job.result))


def _found(checked: Checked) -> None:
    at = moments.minute(checked.verified_ms)
    if checked.intact:
        count = f"{checked.events:,} event{'s' if checked.events != 1 else ''}"
        st.success(
            f"**{count}, chain intact**, verified {at}. Head hash `{checked.head}`", icon=":material/verified_user:"
        )
        return
    st.error(
        f"**The chain is broken at event {checked.broken:,}:** {plain(checked.reason)}. "
        f"{checked.events:,} events before it hold. Verified {at}.",
        icon=":material/gpp_bad:",
    )
    if st.button(f"Open event {checked.broken:,}", icon=":material/open_in_new:", key="open_broken"):
        st.query_params["event"] = str(checked.broken)
        st.rerun()


def _progress() -> None:
    job: Job | None = audit_check.latest(current())
    if job is None or job.state not in ("waiting", "running"):
        st.rerun()
    done, total = (job.progress.done, job.progress.total or 1) if job and job.progress else (0, 1)
    st.progress(min(done / total, 1.0), f"Recomputing hashes: {done:,} of {total:,} events")
