"""The frame around every page: name, navigation, search, and which data is shown."""

import importlib
import pkgutil
from pathlib import Path
from typing import Any

import streamlit as st

from core.services.find import may_open
from core.services.house import House
from core.ui import palette, visit
from core.ui.refusal import Guarded

STYLE = """<style>
/* Plotly paints the axes of parallel coordinates black, whatever the theme. */
.parcoords .domain, .parcoords .tick > line { stroke: #8894A8 !important; stroke-opacity: 0.7 !important; }
/* Room for tables: Streamlit's wide layout leaves 5rem on both sides. */
[data-testid="stMainBlockContainer"] { padding-inline: clamp(1rem, 2.6vw, 2.6rem); }
</style>"""
ROOT = Path(__file__).resolve().parents[2]


def frame() -> Any:
    """Draws what every page has and returns the page that was asked for, to be run."""
    st.set_page_config(page_title="Gatehouse", page_icon=str(ROOT / "static" / "icon.png"), layout="wide")
    st.logo(str(ROOT / "static" / "logo.svg"), icon_image=str(ROOT / "static" / "icon.svg"), size="large")
    st.html(STYLE)
    house = visit.current()
    page = st.navigation(_pages(house))
    with st.sidebar:
        palette.mount()
        visit.badge(house)
        if house.active == "demo":
            st.caption(":material/school: Demo data, invented people. Sign in as admin for your own.")
    return Guarded(page)


def warm() -> None:
    """Imports every room of the faces with all it needs: the first page need not wait for that."""
    for room in pkgutil.iter_modules([str(Path(__file__).parent)]):
        importlib.import_module(f"core.ui.{room.name}")


def _pages(house: House) -> dict[str, list[Any]]:
    """All pages. One that the actor may not open is not in the menu; under its address it says why."""

    def page(name: str, title: str, icon: str, *, default: bool = False, hidden: bool = False) -> Any:
        return st.Page(
            ROOT / "pages" / f"{name}.py",
            title=title,
            icon=f":material/{icon}:",
            url_path=name,
            default=default,
            visibility="hidden" if hidden or not may_open(house, name) else "visible",
        )

    return {
        "Explore": [
            page("overview", "Overview", "dashboard", default=True),
            page("experiments", "Experiments", "science"),
            page("run", "Run", "play_circle", hidden=True),
            page("compare_runs", "Compare runs", "compare_arrows"),
            page("models", "Models", "deployed_code"),
        ],
        "Monitor": [
            page("monitoring", "Monitoring", "monitoring"),
            page("features", "Features", "view_column"),
            page("fairness", "Fairness", "balance"),
            page("findings", "Findings", "notifications_active"),
        ],
        "Govern": [
            page("inventory", "Inventory", "inventory"),
            page("projects", "Projects", "folder_special"),
            page("audit", "Audit", "history"),
        ],
        "System": [
            page("sources", "Sources", "hub"),
            page("monitor_model", "Monitor a model", "add_chart", hidden=True),
            page("access", "Access", "admin_panel_settings"),
            page("account", "My account", "account_circle", hidden=True),
        ],
    }
