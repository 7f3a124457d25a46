"""Ctrl+K: finds models, versions, runs, experiments and pages from anywhere, by keyboard alone."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from core.services import find
from core.ui.visit import current

KEY = "palette"
LONGEST = 300
_FOLDER = Path(__file__).parent


@st.fragment
def mount() -> None:
    """Draws the button that opens the palette, and answers it. Typing reruns nothing else of the page."""
    state = st.session_state.get(KEY) or {}
    asked = _text(state.get("asked"))
    opened = state.get("opened")
    if isinstance(opened, dict):
        _open(opened)
    data = {"start": _start(), "text": asked, "hits": _told(find.find(current(), asked)) if asked else []}
    _component()(key=KEY, data=data, on_asked_change=_nothing, on_opened_change=_nothing)


def _open(opened: dict[str, Any]) -> None:
    """Goes where a hit leads. The browser names its place in the answer, never an address."""
    hits = find.find(current(), _text(opened.get("text")))
    at, title = opened.get("at"), opened.get("title")
    same = [hit for place, hit in enumerate(hits) if place == at and hit.title[:LONGEST] == title]
    for hit in same or [hit for hit in hits if hit.title[:LONGEST] == title]:
        st.switch_page(find.link(hit.page), query_params=dict(hit.params))


def _start() -> list[dict[str, str]]:
    return _told(find.find(current(), ""))


def _told(hits: Sequence[find.Hit]) -> list[dict[str, str]]:
    return [{"kind": hit.kind, "title": hit.title[:LONGEST], "about": hit.subtitle[:LONGEST]} for hit in hits]


def _text(value: Any) -> str:
    return value[:LONGEST].strip() if isinstance(value, str) else ""


def _component() -> Any:
    html, css, js = _assets()
    return st.components.v2.component("gatehouse_palette", html=html, css=css, js=js)


@cache
def _assets() -> tuple[str, str, str]:
    html, css, js = ((_FOLDER / f"palette.{kind}").read_text(encoding="utf-8") for kind in ("html", "css", "js"))
    return html, css, js


def _nothing() -> None:
    """Streamlit knows an event only by its callback."""
