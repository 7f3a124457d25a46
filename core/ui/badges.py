"""Small signs that mean the same on every page. Each has a word and an icon; colour alone says nothing."""

from typing import Any, Literal

import streamlit as st

from core.governance.lineage import Lineage, Part
from core.ui.plain import plain

Colour = Literal["green", "orange", "blue", "gray", "red", "violet"]
STAGES: dict[str, tuple[str, str, Colour]] = {
    "production": ("Production", ":material/verified:", "green"),
    "staging": ("Staging", ":material/science:", "orange"),
    "development": ("Development", ":material/construction:", "blue"),
    "archived": ("Archived", ":material/inventory_2:", "gray"),
}
STATES: dict[str, tuple[str, str, Colour]] = {
    "ok": ("Up to date", ":material/check_circle:", "green"),
    "stale": ("Stale", ":material/schedule:", "orange"),
    "failed": ("Failed", ":material/error:", "red"),
    "running": ("Syncing", ":material/sync:", "blue"),
    "never": ("Not synced yet", ":material/hourglass_empty:", "gray"),
}
SIGNS = {
    "alias": "swap_horiz",
    "stage": "moving",
    "version": "sell",
    "model": "deployed_code",
    "run": "play_circle",
    "experiment": "science",
    "up": "cloud_done",
    "down": "cloud_off",
    "gone": "delete",
}
PARTS = {"code": "Code", "data": "Data", "model": "Model", "environment": "Environment"}
PRESENT, MISSING = "✓", "–"


def stage(name: str) -> Any:
    """A badge for a stage; nothing for none."""
    if name not in STAGES:
        return None
    word, icon, colour = STAGES[name]
    return st.badge(word, icon=icon, color=colour)


def state(name: str) -> Any:
    """A badge for the state of a source."""
    word, icon, colour = STATES[name]
    return st.badge(word, icon=icon, color=colour)


def lineage(origin: Lineage) -> None:
    """Four badges in a row; what proves each part, or how to add it, on hover."""
    with st.container(horizontal=True, gap="xsmall"):
        for part in origin.parts:
            if part.present:
                st.badge(PARTS[part.name], icon=":material/check:", color="green", help=evidence(part))
            else:
                st.badge(
                    f"{PARTS[part.name]} missing", icon=":material/close:", color="orange", help=plain(part.advice)
                )


def evidence(part: Part) -> str:
    """What proves a part, as Markdown."""
    return "  \n".join(f"{plain(proof.label)}: {plain(proof.value, 120)}" for proof in part.evidence)


def lineage_marks(origin: Lineage | None) -> list[str]:
    """The same for a table's cell: "Code ✓", "Data –"."""
    if origin is None:
        return []
    return [f"{PARTS[part.name]} {PRESENT if part.present else MISSING}" for part in origin.parts]


def lineage_options() -> tuple[list[str], list[str]]:
    """Every mark a cell can hold, and the colour of each."""
    marks = [
        (f"{word} {mark}", "green" if mark == PRESENT else "orange")
        for word in PARTS.values()
        for mark in (PRESENT, MISSING)
    ]
    return [mark for mark, _ in marks], [colour for _, colour in marks]
