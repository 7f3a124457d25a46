"""Two distributions over the same bins or categories: the reference's and the windows shown."""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from core.charts import theme

CURRENT, REFERENCE = 0, 4
LETTERS = 66
"""How many letters of labels fit beside each other under a chart of half the page's width."""


def distribution(
    labels: Sequence[str], reference_shares: Sequence[float] | None, current_shares: Sequence[float], *,
    low: Sequence[float] | None = None, high: Sequence[float] | None = None, axis: str = "", ordered: bool = True,
    names: tuple[str, str] = ("Reference", "Windows shown"), height: int = 280,
) -> go.Figure:  # fmt: skip
    """Bars of shares side by side; the reference's are hatched, so that colour is not the only sign.

    labels: (bins,) untrusted, in the order drawn.  reference_shares, current_shares: (bins,) 0..1; None: there is no
    reference.  low, high: (bins,) ends of the current shares' intervals.  axis: what the bins are of.
    ordered: whether some labels may be left out where they do not fit, as the others say where one is.
    names: of the reference and of what is held against it.
    Raises ValueError when the lengths differ.
    """
    for each in (reference_shares, current_shares, low, high):
        if each is not None and len(each) != len(labels):
            raise ValueError(f"{len(labels)} labels need as many shares, got {len(each)}.")
    places = list(range(len(labels)))
    texts = [theme.said(str(label)) for label in labels]
    traces: list[dict[str, Any]] = []
    for place, name, shares in (
        (REFERENCE, names[0], reference_shares), (CURRENT, names[1], current_shares),
    ):  # fmt: skip
        if shares is None:
            continue
        before = place == REFERENCE
        bars: dict[str, Any] = {
            "type": "bar", "x": places, "y": list(shares), "name": theme.said(name), "customdata": texts,
            "hovertemplate": "%{customdata}: %{y:.2%}<extra>" + theme.said(name) + "</extra>",
            "marker": {
                "color": theme.colour(place), "cornerradius": 2,
                "pattern": {"shape": "/" if before else "", "size": 5, "solidity": 0.5},
            },
            "opacity": 0.9 if before else 1,
        }  # fmt: skip
        if not before and low is not None and high is not None:
            bars["error_y"] = {
                "type": "data", "symmetric": False, "thickness": 1.2, "width": 2,
                "array": [max(end - share, 0) for end, share in zip(high, shares, strict=True)],
                "arrayminus": [max(share - end, 0) for end, share in zip(low, shares, strict=True)],
            }  # fmt: skip
        traces.append(bars)
    longest = min(max((len(str(label)) for label in labels), default=1) + 2, 20)
    every = max(1, -(-len(labels) * longest // LETTERS)) if ordered else 1
    shown = places[::every]
    return go.Figure(
        traces,
        theme.layout(
            height,
            barmode="group",
            bargap=0.15,
            showlegend=len(traces) > 1,
            xaxis={
                "tickmode": "array", "tickvals": shown, "ticktext": [theme.said(str(labels[at]), 18) for at in shown],
                "showgrid": False, "automargin": True,
                "tickangle": 0 if ordered else "auto", "title": {"text": theme.said(axis), "font": {"size": 12}},
            },
            yaxis={"tickformat": ".0%", "rangemode": "tozero", "automargin": True},
        ),
    )  # fmt: skip
