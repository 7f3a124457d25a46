"""What every chart of monitoring has around it: a sentence, what it rests on, an explanation, its data, its picture."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.ui import downloads
from core.ui.plain import plain

BUTTONS = [
    "zoom2d", "pan2d", "select2d", "lasso2d", "zoomIn2d", "zoomOut2d", "autoScale2d", "resetScale2d",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """A number in words, as Markdown of our own. what: what it is.  here: what it means here.  act: what to do."""

    what: str
    here: str = ""
    act: str = ""

    @property
    def text(self) -> str:
        """All three, a paragraph each."""
        parts = (("What it is", self.what), ("What it means here", self.here), ("What to do", self.act))
        return "\n\n".join(f"**{title}.** {said}" for title, said in parts if said)


def framed(
    title: str, figure: go.Figure, *, key: str, sentence: str, basis: str,
    data: pd.DataFrame | Mapping[str, Sequence[Any]], explained: Explained, selectable: bool = False,
) -> Any:  # fmt: skip
    """Draws a chart in its frame; returns the selection of a selectable one.

    title, sentence, basis: untrusted text. sentence: what the chart shows.  basis: n, window and reference.
    data: what is drawn, as it can be taken along; the picture is taken by the camera on the chart.
    """
    with st.container(border=True, key=f"frame_{key}", height="stretch"):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.markdown(f"**{plain(title, 120)}**", help=explained.text, width="content")
            table = data if isinstance(data, pd.DataFrame) else pd.DataFrame(data)
            downloads.table(table, key, "What the chart shows. The camera on the chart takes its picture (PNG).")
        st.markdown(plain(sentence, 600))
        picture = {"format": "png", "scale": 2, "filename": re.sub(r"\W+", "_", title)[:60].strip("_") or key}
        shown = {"displaylogo": False, "modeBarButtonsToRemove": BUTTONS, "toImageButtonOptions": picture}
        chosen: Any = st.plotly_chart(
            figure, key=f"chart_{key}", config=shown, alt=sentence[:250], selection_mode="points",
            on_select="rerun" if selectable else "ignore",
        )  # fmt: skip
        st.caption(plain(basis, 400))
        return chosen
