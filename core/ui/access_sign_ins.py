"""The log of sign-ins, with its filters."""

import streamlit as st

from core.governance.attention import plural
from core.services import directory, sign_in_log
from core.services.house import House
from core.services.sessions import METHODS
from core.services.sign_in_log import OUTCOMES
from core.ui import grids, url

DAYS = {1: "1 day", 7: "7 days", 30: "30 days", 365: "1 year"}
CHOICES = {"failed": "All that failed", **OUTCOMES}
COLOURS = {
    "Signed in": "green", "Wrong password": "orange", "Account locked": "red", "Account disabled": "red",
    "Unknown login": "orange",
}  # fmt: skip
SHOWN = 500
MOST = 20_000


def listing(house: House) -> None:
    """Attempts, newest first. Filters stand in the URL."""
    names = {one.id: f"{one.name} · {one.login}" for one in directory.everyone(house).values() if one.login}
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        url.one_from_url("who", "who", list(names))
        person = st.selectbox(
            "Person", list(names), format_func=lambda one: names[one], key="who", placeholder="Everybody", width=260,
            index=None,
        )  # fmt: skip
        url.one_to_url("who", "who", person)
        outcome = st.selectbox(
            "Outcome", list(CHOICES), index=None, format_func=CHOICES.__getitem__, key="outcome", placeholder="All",
            bind="query-params", width=190,
        )  # fmt: skip
        days = st.segmented_control(
            "Time", list(DAYS), default=30, format_func=DAYS.__getitem__, key="days", bind="query-params", required=True
        )
    found = sign_in_log.listing(
        house, person=person or "", outcome=outcome or "", days=days if isinstance(days, int) else 30, limit=SHOWN
    )
    shown = found.attempts
    columns = {
        "when": grids.moment("When", [one.time_ms for one in shown]),
        "person": (
            grids.text("Person", 200),
            [directory.name(house, one.person)[:200] if one.person else "Nobody of that login" for one in shown],
        ),
        "outcome": (
            grids.words("Outcome", COLOURS, 150), [[OUTCOMES.get(one.outcome, one.outcome)] for one in shown]
        ),
        "method": (grids.text("By", 130), [METHODS.get(one.method, one.method) for one in shown]),
        "browser": (grids.text("Browser", 220), [one.browser for one in shown]),
        "address": (grids.text("Address", 150), [one.address for one in shown]),
    }  # fmt: skip
    more = f", the newest {SHOWN:,} of them shown" if found.total > SHOWN else ""
    grids.grid(
        columns, key="sign_ins", alt="Attempts to sign in",
        said=f"**{plural(found.total, 'attempt')}{more}**",
        empty="No attempt matches. Take a filter away, or choose a longer time.",
    )  # fmt: skip
