"""Dialogs: doing what was asked, telling what went wrong, and secrets that are shown once."""

from collections.abc import Callable
from typing import TypeVar

import streamlit as st

from core.errors import GatehouseError
from core.services.house import House
from core.ui.plain import plain
from core.ui.visit import current

R = TypeVar("R")
_OVER = "dialog_over"


def attempt(work: Callable[[], R]) -> R | None:
    """The result, or None once the error is told."""
    try:
        return work()
    except GatehouseError as error:
        st.error(f"**{plain(error.message, 1_000)}** {plain(error.hint, 1_000)}", icon=":material/error:")
    return None


def finish(work: Callable[[], object]) -> None:
    """Does it, and closes the dialog; tells the error and leaves it open otherwise."""
    if attempt(lambda: (work(),)) is not None:
        st.rerun()


def buttons(label: str, *, icon: str, key: str, disabled: bool = False) -> bool:
    """The two ways out of a dialog. Returns whether it is to be done."""
    with st.container(horizontal=True):
        done = st.button(label, type="primary", icon=icon, key=f"{key}_do", disabled=disabled)
        if st.button("Cancel", key=f"{key}_cancel"):
            st.rerun()
    return done


def confirm(title: str, said: str, label: str, work: Callable[[House], object], icon: str) -> None:
    """Asks before something that hurts. said: Markdown.  work: what is done with the house as seen by then."""

    @st.dialog(title, icon=icon)
    def ask() -> None:
        st.markdown(said)
        if buttons(label, icon=icon, key="confirm"):
            finish(lambda: work(current()))

    ask()


def told_once(said: str, secret: str, about: str) -> None:
    """A secret that is shown now and never again; it is kept in no session."""
    st.success(said, icon=":material/key:")
    st.code(secret, language=None, wrap_lines=True)
    st.caption(about)
    st.button("Done", type="primary", icon=":material/check:", key="told_once", on_click=_over)


def over() -> None:
    """At the start of a dialog that tells a secret: closes it once that was read."""
    if st.session_state.pop(_OVER, False):
        st.rerun()


def _over() -> None:
    st.session_state[_OVER] = True
