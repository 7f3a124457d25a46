"""What stands on a page in place of what cannot be shown: no page needs to care who may open it."""

from typing import Any

import streamlit as st

from core.errors import GatehouseError, NotAllowed, NotSignedIn
from core.ui.plain import plain


class Guarded:
    """A page whose errors of our family become a clear message."""

    def __init__(self, page: Any) -> None:
        self._page = page

    def run(self) -> None:
        try:
            self._page.run()
        except GatehouseError as error:
            show(error)


def show(error: GatehouseError) -> None:
    """A box that says what happened and what to do next."""
    icon = ":material/lock:" if isinstance(error, NotAllowed | NotSignedIn) else ":material/error:"
    with st.container(border=True, key="refused"):
        st.subheader(f"{icon} {error.title}", anchor=False)
        st.markdown(plain(error.message, 1_000))
        if error.hint:
            st.caption(plain(error.hint, 1_000))
        if isinstance(error, NotSignedIn):
            st.link_button("Sign in", "/signin", icon=":material/login:")
