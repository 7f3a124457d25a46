"""Verdicts of policy as signs: a word, an icon and a colour that mean the same on every page."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core.facts.judged import Health
from core.governance.policy import CATEGORIES, CATEGORY_TITLE
from core.services.health import NOT_JUDGED
from core.ui.badges import Colour

VERDICTS: dict[str, tuple[str, str, Colour]] = {
    "pass": ("Pass", ":material/check_circle:", "green"),
    "fail": ("Fail", ":material/error:", "red"),
    "not enough data": ("Not enough data", ":material/hourglass_empty:", "orange"),
    "not applicable": ("Not applicable", ":material/remove:", "gray"),
    NOT_JUDGED: ("Not judged yet", ":material/help:", "gray"),
}
GLYPHS = {"pass": "✓", "fail": "✗", "not enough data": "…", "not applicable": "–", NOT_JUDGED: "?"}
ICONS = {
    "data_quality": ":material/rule:",
    "performance": ":material/insights:",
    "infrastructure": ":material/speed:",
    "business": ":material/payments:",
    "fairness": ":material/balance:",
}


def verdict(outcome: str, *, help: str | None = None) -> Any:
    """A badge for one verdict."""
    word, icon, colour = VERDICTS[outcome]
    return st.badge(word, icon=icon, color=colour, help=help)


def outcome_of(health: Mapping[str, Health], category: str) -> str:
    """The verdict on a category; not judged where there is none."""
    return health[category].outcome if category in health else NOT_JUDGED


def marks(health: Mapping[str, Health]) -> list[str]:
    """The five verdicts for a table's cell: "Fairness ✗"."""
    return [f"{CATEGORY_TITLE[category]} {GLYPHS[outcome_of(health, category)]}" for category in CATEGORIES]


def mark_options() -> tuple[list[str], list[str]]:
    """Every mark that a cell can hold, and the colour of each."""
    found = [
        (f"{CATEGORY_TITLE[category]} {glyph}", VERDICTS[outcome][2])
        for category in CATEGORIES
        for outcome, glyph in GLYPHS.items()
    ]
    return [mark for mark, _ in found], [colour for _, colour in found]
