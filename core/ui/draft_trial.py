"""Step 5 of Monitor a model: one day through the real profiling pass, and its first numbers."""

from datetime import date, timedelta
from typing import Any

import pandas as pd
import streamlit as st

from core.errors import GatehouseError
from core.governance.attention import plural
from core.monitors.drafts import checked
from core.services import monitor_drafts, monitor_drafts_trial
from core.services.house import House
from core.services.jobs import Job
from core.services.monitor_drafts_trial import Trial, TrialNumber
from core.ui import downloads, draft_frame, draft_reference
from core.ui.draft_frame import Making
from core.ui.numbers import short
from core.ui.plain import bare, plain
from core.ui.visit import current

EVERY_S = 1.0
CHOICES = 14
TITLES = {
    "roc_auc": "AUC", "accuracy": "Accuracy", "precision": "Precision", "recall": "Recall",
    "mae": "Mean absolute error", "rmse": "Root mean squared error", "label_coverage": "Rows with a label",
    "positive_share": "Decided positive", "latency_p95": "Latency, 95th percentile (ms)",
    "error_rate": "Failed requests", "throughput": "Requests a second",
}  # fmt: skip
SHARES = frozenset(("label_coverage", "positive_share", "error_rate"))


def step(house: House, made: Making) -> None:
    """Which day, its progress, and what it showed."""
    with st.container(border=True, key="draft_trial"):
        st.markdown(
            "The last day goes through the same pass that reads the whole log later. Nothing of it is kept: look "
            "whether the numbers make sense, then save."
        )
        if problems := checked(made.draft).problems:
            draft_frame.problems(made.draft, problems)
            return
        try:
            days = [day for day, _ in draft_reference.days_of(house, made).days][-CHOICES:]
            with st.container(horizontal=True, vertical_alignment="bottom"):
                day = st.selectbox(
                    "From the day", days[::-1], format_func=lambda day: f"{day:%a %-d %b %Y}", width=220,
                    key="draft_trial_day", help="That day and those after it are read; numbers are of the last one.",
                )  # fmt: skip
                again = bool(made.kept.trial)
                if st.button(
                    "Run the trial again" if again else "Run the trial", icon=":material/play_arrow:",
                    type="secondary" if again else "primary", key="draft_try",
                ) and day:  # fmt: skip
                    made.put(trial=monitor_drafts_trial.start(house, made.draft, _from(made, day)).id)
        except GatehouseError as error:
            draft_frame.mistake(error)
    if made.kept.trial:
        _followed(house, made)


def _from(made: Making, day: date) -> str:
    """Windows longer than a day are tried whole: from the first day of the week."""
    return (day - timedelta(days=day.weekday()) if made.draft.window == "week" else day).isoformat()


def running(job: Job) -> bool:
    """Whether a job has not ended."""
    return job.state in ("waiting", "running")


def progress(job: Job) -> None:
    """How far a job is."""
    told = job.progress
    share = min(told.done / told.total, 1.0) if told and told.total else 0.0
    st.progress(share, f"{plain(told.phase if told else 'Starting')} …")


def _followed(house: House, made: Making) -> None:
    try:
        job, _ = monitor_drafts_trial.outcome(house, made.kept.trial)
    except GatehouseError:
        st.caption("The last trial is not kept any more. Run it again.")
        return
    st.fragment(_shown, run_every=EVERY_S if running(job) else None)(made, running(job))


def _shown(made: Making, was_running: bool) -> None:
    job, trial = monitor_drafts_trial.outcome(current(), made.kept.trial)
    if running(job):
        progress(job)
        return
    if was_running:
        st.rerun()
    if job.error:
        draft_frame.mistake(job.error)
    elif trial:
        if trial.text != monitor_drafts.digest(checked(made.draft).text):
            st.caption(":material/history: The choices were changed after this trial. Run it again.")
        _told(trial)


def _told(trial: Trial) -> None:
    left, middle, right, last = st.columns(4, gap="small")
    left.metric("Rows", f"{trial.rows:,}", border=True, help="Of the days tried.")
    middle.metric("Left out", f"{trial.undated + trial.rejected:,}", border=True,
                  help="Of the whole log: rows without a readable time, and lines that are no rows.")  # fmt: skip
    right.metric("Features that differ", f"{trial.drifted} of {trial.tested}", border=True,
                 help="Single tests against the reference with p below 0.01. The alarms of Monitoring are stricter: "
                 "they hold the rate of false alarms over all features together.")  # fmt: skip
    last.metric("Took", f"{trial.seconds:.1f} s", border=True)
    for part, why in trial.unreadable[:3]:
        st.warning(f"{plain(part)}: {plain(why)}", icon=":material/warning:")
    if trial.contradictions:
        told = f"{plural(trial.contradictions, 'row')} with labels that contradict each other."
        st.warning(told, icon=":material/warning:")
    numbers, missing = st.container(key="draft_result").columns([3, 2], gap="small")
    with numbers, st.container(border=True):
        st.markdown(f"**First numbers** · from {date.fromisoformat(trial.day):%-d %b %Y}")
        table = pd.DataFrame([
            {
                "number": TITLES[told.metric] + (f", version {bare(told.name, 40)}" if told.name else ""),
                "value": _value(told), "about": _about(told), "rows": told.n,
            }
            for told in trial.numbers
        ])  # fmt: skip
        st.dataframe(table, hide_index=True, key="draft_numbers", column_config=_columns())
        downloads.table(table, "trial_numbers")
    with missing, st.container(border=True):
        st.markdown("**Missing values**, most first")
        shares = pd.DataFrame(
            [(bare(name, 80), 100 * share, rows) for name, share, rows in trial.missing],
            columns=["feature", "missing", "rows"],
        )
        st.dataframe(shares, hide_index=True, key="draft_missing", column_config={
            "feature": st.column_config.TextColumn("Feature"),
            "missing": st.column_config.ProgressColumn("Missing", format="%.1f%%", min_value=0, max_value=100),
            "rows": st.column_config.NumberColumn("Rows", format="localized"),
        })  # fmt: skip
        downloads.table(shares, "trial_missing")


def _value(told: TrialNumber) -> str:
    if told.value is not None:
        return _said(told, told.value)
    return "Not enough data" if told.n else "Not applicable"


def _about(told: TrialNumber) -> str:
    if told.low is not None and told.high is not None:
        return f"{_said(told, told.low)} to {_said(told, told.high)}"
    return bare(told.why, 120)


def _said(told: TrialNumber, value: float) -> str:
    return f"{value:.1%}" if told.metric in SHARES else short(value)


def _columns() -> Any:
    column = st.column_config
    return {
        "number": column.TextColumn("Number"), "value": column.TextColumn("Value"),
        "about": column.TextColumn("95 % interval, or why there is none"),
        "rows": column.NumberColumn("Rows", format="localized", width="small"),
    }  # fmt: skip
