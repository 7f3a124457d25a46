"""Sessions: who is signed in, from where; ending them."""

from functools import partial

import streamlit as st

from core.governance.attention import plural
from core.services import directory, sessions
from core.services.house import House
from core.services.sessions import METHODS, Session
from core.ui import asking, grids
from core.ui.plain import plain

HERE = " · this one"


def listing(house: House, *, changes: bool, person: str = "") -> None:
    """Everybody's sessions, or one person's."""
    _grid(house, sessions.listing(house, person), changes=changes, mine=False, person=person)


def own(house: House) -> None:
    """The sessions of the one who looks."""
    _grid(house, sessions.own(house), changes=True, mine=True)


def _grid(house: House, found: tuple[Session, ...], *, changes: bool, mine: bool, person: str = "") -> None:
    shown = found[grids.page_of(len(found), "sessions_page")]
    columns = {
        "person": (grids.text("Person", 160), [directory.name(house, one.person)[:200] for one in shown]),
        "browser": (grids.text("Browser", 215), [one.browser + (HERE if one.current else "") for one in shown]),
        "address": (grids.text("Address", 115), [one.address for one in shown]),
        "method": (grids.text("Signed in by", 110), [METHODS.get(one.method, one.method) for one in shown]),
        "since": grids.moment("Since", [one.created_ms for one in shown]),
        "seen": grids.moment("Last seen", [one.seen_ms for one in shown], "To the minute."),
        "expires": grids.moment("Ends by itself", [one.expires_ms for one in shown]),
    }
    if mine or person:
        del columns["person"]
    else:
        del columns["expires"]
    if changes:
        columns["act"] = (
            grids.action("sessions", partial(_ask_to_end, house), shown),
            [":material/logout: End"] * len(shown),
        )
    grids.grid(
        columns, key="sessions", alt="Sessions in force", said=f"**{plural(len(found), 'session')} in force**",
        empty="Not signed in anywhere." if person else "Nobody is signed in.",
        tools=_all_button if changes and not mine and not person else None,
    )  # fmt: skip


def _all_button() -> None:
    st.button(
        "Sign everybody out", icon=":material/devices_off:", key="end_all_sessions", on_click=asking.confirm,
        args=(
            "Sign everybody out?",
            "Every session of everybody ends at once, but this one of yours. API tokens stay in force.",
            "Sign everybody out", sessions.revoke_everybody, ":material/devices_off:",
        ),
    )  # fmt: skip


def _ask_to_end(house: House, one: Session) -> None:
    said = f"**{plain(directory.name(house, one.person))}** is signed out of {plain(one.browser)}."
    if one.current:
        said += " This is the session in which you are now."
    asking.confirm(
        "End this session?", said, "End it", lambda house: sessions.revoke(house, one.id), ":material/logout:"
    )
