"""The button that verifies the chain, and what was found."""

import streamlit as st

from core.errors import GatehouseError
from core.governance.attention import plural
from core.services import audit_check
from core.services.audit_check import Checked
from core.services.house import House
from core.services.jobs import Job
from core.ui import moments
from core.ui.plain import plain
from core.ui.visit import current

EVERY_S = 0.5
SHOWN = 5


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
        signed = f" Agrees with {plural(checked.checkpoints, 'signed checkpoint')}." if checked.checkpoints else ""
        st.success(
            f"**{count}, chain intact**, verified {at}.{signed} Head hash `{checked.head}`",
            icon=":material/verified_user:",
        )
        return
    told = "  \n".join(plain(problem, 400) for problem in checked.problems[:SHOWN])
    more = len(checked.problems) - SHOWN
    st.error(
        f"**Not as it was written.** {told}{f'  {chr(10)}And {more:,} more.' if more > 0 else ''}  \n"
        f"{checked.events:,} events hold. Verified {at}. The page and `gatehouse verify` say the same.",
        icon=":material/gpp_bad:",
    )
    if checked.broken and st.button(f"Open event {checked.broken:,}", icon=":material/open_in_new:", key="open_broken"):
        st.query_params["event"] = str(checked.broken)
        st.rerun()


def _progress() -> None:
    job: Job | None = audit_check.latest(current())
    if job is None or job.state not in ("waiting", "running"):
        st.rerun()
    done, total = (job.progress.done, job.progress.total or 1) if job and job.progress else (0, 1)
    st.progress(min(done / total, 1.0), f"Recomputing hashes: {done:,} of {total:,} events")
