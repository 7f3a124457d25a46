"""Runs picked for comparison. They survive searches, pages and navigation; the page Compare keeps them in its URL."""

from collections.abc import Iterable, Sequence

import streamlit as st

MOST = 200
_KEY = "basket"


def picked() -> list[str]:
    """Refs of the picked runs, in the order they were picked."""
    return list(st.session_state.get(_KEY, []))


def keep(refs: Iterable[str]) -> None:
    """Replaces the picked runs; at most 200."""
    st.session_state[_KEY] = list(dict.fromkeys(refs))[:MOST]


def update(shown: Sequence[str], chosen: Iterable[str]) -> None:
    """Takes over what is chosen among the rows shown; what is picked elsewhere stays."""
    here = set(shown)
    keep([ref for ref in picked() if ref not in here] + list(chosen))
