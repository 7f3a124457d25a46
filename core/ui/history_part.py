"""The history of one thing: who changed what there, and when. For pages that show the thing."""

import zlib

import streamlit as st

from core.services import audit
from core.services.house import House
from core.ui import moments
from core.ui.plain import plain


def history(house: House, subject: str, limit: int = 20) -> None:
    """The newest events of a subject, such as "inventory:i_1"; whoever holds the right audit can open them.

    Call it only for a subject that the actor was just shown.
    """
    found = audit.history(house, subject, limit=limit + 1)
    may_open = house.actor.may("audit")
    with st.container(border=True, key=f"history_{zlib.crc32(subject.encode())}"):
        st.markdown("**History**", help="Decisions made here, newest first. None can be changed afterwards.")
        if not found:
            st.caption("Nothing was decided about this here yet.")
        for line in found[:limit]:
            with st.container(horizontal=True, gap="small", vertical_alignment="center"):
                st.caption(moments.minute(line.time_ms), width=150)
                st.markdown(plain(line.said), width="stretch")
        if len(found) > limit and not may_open:
            st.caption(f"The newest {limit}.")
        if found and may_open:
            st.page_link(
                "pages/audit.py", label="All of it in the audit trail", icon=":material/history:",
                query_params={"subject": subject},
            )  # fmt: skip
