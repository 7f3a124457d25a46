"""The fleet in pictures."""

from collections.abc import Sequence

import plotly.graph_objects as go

from core.charts import theme

WORDS = {"production": "Production", "staging": "Staging", "development": "Development", "archived": "Archived"}


def stages(counts: Sequence[tuple[str, int]]) -> go.Figure:
    """Versions by stage as bars. counts: (stage, versions) in the order shown. Colours come from the theme."""
    names = [WORDS.get(stage, stage) for stage, _ in counts]
    values = [count for _, count in counts]
    bars = {
        "type": "bar",
        "orientation": "h",
        "x": values,
        "y": names,
        "text": [f"{value:,}" for value in values],
        "textposition": "outside",
        "cliponaxis": False,
        "hovertemplate": "%{y}: %{x:,} versions<extra></extra>",
        "marker": {"cornerradius": 4, "color": theme.colour(0)},
        "width": 0.6,
    }
    layout = {
        "height": 34 * len(names) + 8,
        "margin": {"l": 8, "r": 36, "t": 0, "b": 0},
        "xaxis": {"visible": False},
        "yaxis": {"autorange": "reversed", "showgrid": False, "ticks": ""},
        "showlegend": False,
    }
    return go.Figure([bars], layout)
