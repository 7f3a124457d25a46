"""Deputies: who stands in for whom, and appointing somebody."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

import streamlit as st

from core.services import deputies, directory
from core.services.deputies import DAYS_MOST, Appointment
from core.services.house import House, now_ms
from core.ui import asking, grids, moments
from core.ui.plain import plain
from core.ui.visit import current

STATES = {"In force": "green", "To come": "blue", "Over": "gray", "Called off": "gray"}
ABOUT = (
    "A deputy decides on behalf of somebody who is away, and every event says so. The roles administrator and auditor "
    "do not pass on, and a deputy's deputy gains nothing."
)


def listing(house: House, *, changes: bool, person: str = "") -> None:
    """Appointments of everybody, or of one person. past ones stand in the URL as ?past=1."""
    past = False if person else st.toggle("Also past ones", key="past", bind="query-params")
    _grid(house, deputies.listing(house, person, past=past), changes=changes, mine=False, person=person)


def own(house: House) -> None:
    """For whom the one who looks stands in, and who stands in for it."""
    _grid(house, deputies.own(house), changes=True, mine=True)


def _grid(house: House, found: tuple[Appointment, ...], *, changes: bool, mine: bool, person: str = "") -> None:
    def name(one: str) -> str:
        return directory.name(house, one)[:200]

    columns = {
        "absent": (grids.text("Absent", 170), [name(one.absent) for one in found]),
        "deputy": (grids.text("Deputy", 170), [name(one.deputy) for one in found]),
        "state": (grids.words("State", STATES, 100), [[one.state.capitalize()] for one in found]),
        "from": grids.moment("From", [one.from_ms for one in found]),
        "until": grids.moment("Until", [one.until_ms for one in found]),
        "ended": grids.moment("Called off", [one.ended_ms for one in found]),
    }
    if not any(one.ended_ms for one in found):
        del columns["ended"]
    if changes and found:
        running = [one.state in ("in force", "to come") for one in found]
        columns["act"] = (
            grids.action("deputies", partial(_ask_to_end, name), found),
            [":material/event_busy: Call off" if live else "" for live in running],
        )
    grids.grid(
        columns, key="deputies", alt="Appointments of deputies", said="**Deputies**", empty=ABOUT,
        tools=partial(_button, mine=mine, person=person) if changes else None,
    )  # fmt: skip
    if found:
        st.caption(ABOUT)


def _button(*, mine: bool, person: str) -> None:
    st.button(
        "Appoint a deputy", icon=":material/supervisor_account:", key="appoint", on_click=_appoint, args=(mine, person)
    )


@st.dialog("Appoint a deputy", icon=":material/supervisor_account:")
def _appoint(mine: bool, person: str) -> None:
    house = current()
    names = {one.id: f"{one.name} · {one.login}" for one in directory.everyone(house).values() if one.active}
    absent: str | None = person or (house.actor.id if mine else None)
    if absent is None:
        absent = st.selectbox(
            "Who is away", list(names), index=None, format_func=lambda one: names[one], key="absent",
            placeholder="Choose",
        )  # fmt: skip
    deputy = st.selectbox(
        "Deputy", [one for one in names if one != absent], index=None, format_func=lambda one: names[one],
        key="deputy", placeholder="Choose",
    )  # fmt: skip
    today = moments.today(now_ms())
    days: Sequence[Any] = st.date_input(
        "First and last day", (today, today + timedelta(days=13)), min_value=today, key="deputy_days",
        max_value=today + timedelta(days=366), help=f"At most {DAYS_MOST} days.",
    )  # fmt: skip
    st.caption(ABOUT)
    ready = bool(absent and deputy and len(days) == 2)
    if asking.buttons("Appoint", icon=":material/check:", key="appoint_now", disabled=not ready) and absent and deputy:
        first, last = moments.day_ms(days[0]), moments.day_ms(days[1] + timedelta(days=1))
        asking.finish(lambda: deputies.appoint(current(), deputy, first, last, absent=absent))


def _ask_to_end(name: Callable[[str], str], one: Appointment) -> None:
    if one.state not in ("in force", "to come"):
        return
    asking.confirm(
        "Call this off?", f"**{plain(name(one.deputy))}** no longer stands in for **{plain(name(one.absent))}**.",
        "Call it off", lambda house: deputies.end(house, one.id), ":material/event_busy:",
    )  # fmt: skip
