"""What every figure of the page Fairness has around it: title, explanation, export, a sentence, n and windows."""

from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from core.ui import downloads


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """An explanation. All Markdown: what it is, what it means here, what to do."""

    what: str
    here: str
    todo: str

    @property
    def text(self) -> str:
        return f"**What it is.** {self.what}\n\n**What it means here.** {self.here}\n\n**What to do.** {self.todo}"


def figure(
    drawn: Any, data: pd.DataFrame, *, key: str, title: str, about: About, said: str, footing: str, alt: str
) -> None:
    """A figure in its frame. said, footing: Markdown, above and below.  alt: for screen readers, plain text."""
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.markdown(f"**{title}**", help=about.text, width="content")
        downloads.table(
            data, f"fairness_{key}", "What the chart shows. The camera on the chart takes its picture (PNG)."
        )  # fmt: skip
    st.markdown(said)
    st.plotly_chart(
        drawn, key=f"fair_{key}", alt=alt,
        config={
            "displaylogo": False, "modeBarButtons": [["toImage"]],
            "toImageButtonOptions": {"format": "png", "filename": f"fairness_{key}", "scale": 2},
        },
    )  # fmt: skip
    st.caption(footing)
