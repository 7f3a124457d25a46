"""Taking what is shown along."""

from collections.abc import Callable, Sequence
from functools import partial

import pandas as pd
import pyarrow as pa
import streamlit as st

from core.services import export
from core.services.export import Format
from core.services.house import House
from core.services.runs import RunQuery

KINDS: dict[Format, tuple[str, str]] = {
    "csv": ("CSV", "text/csv"),
    "parquet": ("Parquet", "application/vnd.apache.parquet"),
    "xlsx": ("Excel", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}


def runs(house: House, query: RunQuery, group: Sequence[str], *, now_ms: int) -> None:
    """All rows of the search with the shown columns, in the shown order; made when asked for."""

    def make(kind: Format) -> bytes:
        if group:
            return export.as_file(export.groups_table(house, query, tuple(group), now_ms=now_ms), kind)
        return export.as_file(export.runs_table(house, query, now_ms=now_ms), kind)

    _menu("runs", "All rows that match, with the columns shown. Times are UTC, numbers unrounded.", make)


def table(shown: pd.DataFrame, name: str, about: str = "What the table shows.") -> None:
    """A table that is shown whole, cell by cell as it is shown."""
    _menu(
        name,
        about,
        lambda kind: export.as_file(pa.Table.from_pandas(shown, preserve_index=False), kind),
    )


def _menu(name: str, about: str, make: Callable[[Format], bytes]) -> None:
    with st.popover("Export", icon=":material/download:", key=f"export_{name}"):
        st.caption(about)
        for kind, (title, mime) in KINDS.items():
            st.download_button(
                title, partial(make, kind), f"{name}.{kind}", mime, key=f"export_{name}_{kind}", on_click="ignore",
                width="stretch",
            )  # fmt: skip
