"""What every chart shares: the theme's colours by place, quiet axes, and untrusted names as text."""

import html
import re
from collections.abc import Sequence
from typing import Any

SERIES = 8
"""How many colours the theme tells apart (chartCategoricalColors)."""
DASHES = ("solid", "dash", "dot", "dashdot")
_ODD = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")


def colour(place: int) -> str:
    """A stand-in that Streamlit's front end replaces by the theme's categorical colour, in light and in dark."""
    return f"#{place % SERIES + 1:06d}"


def dash(place: int) -> str:
    """A line style that tells apart series that share a colour."""
    return DASHES[place // SERIES % len(DASHES)]


def said(text: str, longest: int = 60) -> str:
    """A name for a label: Plotly reads a little HTML in labels, here it stays text."""
    clean = _ODD.sub(" ", text)
    return html.escape(clean if len(clean) <= longest else clean[: longest - 1] + "…", quote=False)


def apart(names: Sequence[str]) -> list[str]:
    """Names that a short form makes equal are told apart by their place: each needs a row of its own."""
    seen: dict[str, int] = {}
    found = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        found.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return found


def layout(height: int, **more: Any) -> dict[str, Any]:
    """A layout without margins to waste, with the legend above."""
    return {
        "height": height,
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "title": None},
        "hoverlabel": {"font": {"size": 12}, "namelength": -1},
        **more,
    }
