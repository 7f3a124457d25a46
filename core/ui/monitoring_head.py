"""The head of the page Monitoring: which model, version and windows; what leads on from here."""

import streamlit as st

from core.governance.attention import plural
from core.services import monitoring, profiling, scope
from core.services.house import House, now_ms
from core.services.monitoring import Opened
from core.ui import moments, url
from core.ui.monitoring_chosen import Chosen
from core.ui.plain import plain
from core.ui.ways import way

SPANS = {"30": 30, "90": 90, "all": 0}
SPAN_WORDS = {"30": "Last 30", "90": "Last 90", "all": "All"}


def choose(house: House) -> Chosen | None:
    """Draws the head; None where there is nothing to show, which it has then said."""
    names = monitoring.models(house)
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"):
        st.title("Monitoring", anchor=False, width="content")
        if house.actor.may_somewhere("operate"):
            st.page_link("pages/monitor_model.py", label="Monitor a model", icon=":material/add_chart:")
    if not names:
        _nothing()
        return None
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        url.one_from_url("model", "monitored", names, names[0])
        model = st.selectbox("Model", names, key="monitored", width=300)
        url.one_to_url("model", "monitored", model)
        found = monitoring.opened(house, model, as_of_ms=now_ms())
        version = _version(found)
        _span(found)
        _read(house, found)
    if not found.starts:
        st.info(
            "Nothing of this log has been read yet. **Read new rows** profiles it; `gatehouse profile` does the same.",
            icon=":material/hourglass_empty:",
        )
        return None
    _facts(found, version)
    span = SPANS[st.session_state.get("span") or "90"]
    return Chosen(
        model=model, version=version, live=found.live, monitor=found.monitor, from_ms=found.from_ms(span),
        as_of_ms=now_ms(),
    )  # fmt: skip


def _version(found: Opened) -> str:
    options = [*([found.live] if found.live in found.versions else []),
               *(name for name in found.versions if name != found.live)]  # fmt: skip
    url.one_from_url("version", "monitored_version", options, options[0] if options else None)
    version = st.selectbox(
        "Version", options, key="monitored_version", width=190, format_func=lambda name: _titled(name, found.live),
        help="The policy judges the live version: the one in production, else the one that serves most rows.",
    )  # fmt: skip
    return url.one_to_url("version", "monitored_version", version, options[0] if options else None)


def _titled(version: str, live: str) -> str:
    name = version or "(no version)"
    return f"{name} · live" if version == live else name


def _span(found: Opened) -> None:
    st.segmented_control(
        f"Windows ({found.monitor.window})", list(SPANS), default="90", required=True, key="span",
        format_func=SPAN_WORDS.__getitem__, bind="query-params",
    )  # fmt: skip


def _read(house: House, found: Opened) -> None:
    running = house.jobs.running(profiling.job_key(house.active, found.model))
    if scope.may(house, "log", found.model, "operate") and st.button(
        "Read new rows" if running is None else "Reading…", icon=":material/sync:", key="read_log",
        disabled=running is not None,
        help="Reads what is new in the log and judges the model again. The page Sources shows how far it is.",
    ):  # fmt: skip
        profiling.start(house, found.model)
        st.rerun()


def _facts(found: Opened, version: str) -> None:
    """One line: what is read, whose labels are complete, and what leads on."""
    window = found.monitor.window
    told = [
        f"{plural(len(found.starts), window)} read, {monitoring.label(found.monitor, found.starts[0])} to "
        f"{monitoring.label(found.monitor, found.starts[-1])} ({found.monitor.zone})"
    ]
    if found.mature is None:
        told.append("no labels")
    else:
        ripe = f"labels complete in {found.mature} of {len(found.starts)}"
        told.append(ripe + (f", the next on {moments.date(found.next_ms)}" if found.next_ms else ""))
    if found.live and version != found.live:
        told.append(f"verdicts below are of version {found.live}")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(plain(" · ".join(told), 400), width="stretch")
        way("findings", "Findings", icon=":material/notifications_active:", model=found.model)
        way("fairness", "Fairness", icon=":material/balance:", model=found.model)


def _nothing() -> None:
    with st.container(border=True):
        st.markdown("**No model is monitored yet**")
        st.markdown(
            "Gatehouse reads inference logs: files or tables with what a model was asked and what it answered. "
            "**Monitor a model** looks at one and sets it up with you; `gatehouse profile --init LOG` does so on the "
            "command line."
        )
