"""Links to pages that keep what they name in the address."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core.services import find


def way(page: str, label: str, *, help: str | None = None, icon: str | None = None, width: Any = "content",
        **params: str) -> None:  # fmt: skip
    """A link to a page; its bare label where there is no such page. label, help: Markdown, names in it plain."""
    if find.has(page):
        said: Mapping[str, str] = {key: value for key, value in params.items() if value}
        st.page_link(find.link(page), label=label, help=help, icon=icon, query_params=dict(said), width=width)
    else:
        st.markdown(f"{icon or ''} {label}".strip(), help=help, width=width)
