"""Dialogs: doing what was asked, telling what went wrong, and secrets that are shown once."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import streamlit as st

from core.errors import GatehouseError
from core.services.house import House
from core.ui.plain import plain
from core.ui.visit import current

R = TypeVar("R")
_TOLD, _ERROR, _READ = "dialog_told", "dialog_error", "dialog_read"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A secret that is shown once. said, about: Markdown above and below it."""

    said: str
    secret: str = field(repr=False)
    about: str


def forget() -> None:
    """At the start of a page with such dialogs: a secret whose dialog was closed before it was shown is gone."""
    st.session_state.pop(_TOLD, None)


def told() -> bool:
    """At the start of a dialog that makes a secret: shows the one just made, and says whether it did.

    It lives in the session between the click and this very run, which takes it out. Read, it closes the dialog.
    """
    if st.session_state.pop(_READ, False):
        st.rerun()
    found: Told | None = st.session_state.pop(_TOLD, None)
    if found is None:
        return False
    st.success(found.said, icon=":material/key:")
    st.code(found.secret, language=None, wrap_lines=True)
    st.caption(found.about)
    st.button("Done", type="primary", icon=":material/check:", key="told_once", on_click=_read)
    return True


def make(label: str, work: Callable[[], Told], *, icon: str, key: str) -> None:
    """The two ways out of such a dialog. work: takes what was entered from the session and makes the secret."""
    with st.container(horizontal=True):
        st.button(label, type="primary", icon=icon, key=f"{key}_do", on_click=_make, args=(work,))
        if st.button("Cancel", key=f"{key}_cancel"):
            st.rerun()
    error: GatehouseError | None = st.session_state.pop(_ERROR, None)
    if error:
        st.error(f"**{plain(error.message, 1_000)}** {plain(error.hint, 1_000)}", icon=":material/error:")


def _make(work: Callable[[], Told]) -> None:
    try:
        st.session_state[_TOLD] = work()
    except GatehouseError as error:
        st.session_state[_ERROR] = error


def _read() -> None:
    st.session_state[_READ] = True
