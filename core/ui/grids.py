"""Tables of the page Access: a title, an export, the rows, and at most one thing to do with each."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from core.ui import downloads
from core.ui.moments import column

ROW, TALLEST, PAGE = 36, 620, 200
LONGEST = 200


def grid(
    columns: Mapping[str, tuple[Any, Sequence[Any]]], *, key: str, alt: str, said: str, empty: str,
    tools: Callable[[], None] | None = None,
) -> int | None:  # fmt: skip
    """A table with what is said above it. Returns the row whose button was just clicked.

    columns: name to its configuration and values; `"open"` and `"act"` are columns of buttons, not exported.
    said, empty: Markdown.  tools: further buttons beside the export.
    """
    rows = len(next(iter(columns.values()))[1])
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.markdown(said, width="content")
        with st.container(horizontal=True, gap="small", width="content"):
            if tools:
                tools()
            if rows:
                downloads.table(_flat(columns), key)
    if not rows:
        st.caption(empty)
        return None
    st.dataframe(
        pd.DataFrame({name: list(values) for name, (_, values) in columns.items()}),
        key=f"{key}_grid", hide_index=True, placeholder="", row_height=ROW, alt=alt,
        height=min(ROW * rows + 38, TALLEST), column_config={name: config for name, (config, _) in columns.items()},
    )  # fmt: skip
    click = st.session_state.get(f"{key}_open")
    row = click["row"] if click else None
    return row if row is not None and row < rows else None


def opener(label: str, key: str, width: int = 190) -> Any:
    """A first column whose cells open what they name."""
    return st.column_config.ButtonColumn(
        label, pinned=True, alignment="left", type="tertiary", key=f"{key}_open", width=width
    )


def action(key: str, act: Callable[..., None], items: Sequence[Any]) -> Any:
    """A column whose buttons do something with the row's item. act: called with it; may open a dialog."""

    def clicked(found: tuple[Any, ...]) -> None:
        click = st.session_state.get(f"{key}_act")
        if click and click["row"] is not None and click["row"] < len(found):
            act(found[click["row"]])

    return st.column_config.ButtonColumn(
        "", type="tertiary", key=f"{key}_act", on_click=clicked, args=(tuple(items),), width=110
    )


def words(label: str, options: Mapping[str, str], width: int = 120, help: str | None = None) -> Any:
    """A column of badges. options: word to colour."""
    return st.column_config.MultiselectColumn(
        label, options=list(options), color=list(options.values()), width=width, help=help
    )


def text(label: str, width: int | str = 160, help: str | None = None) -> Any:
    return st.column_config.TextColumn(label, width=width, help=help)  # type: ignore[arg-type]


def moment(label: str, values: Sequence[int | None], help: str | None = None) -> tuple[Any, Any]:
    """A column of times, with its values. values: milliseconds since 1970 UTC."""
    return st.column_config.DatetimeColumn(label, format="D MMM YYYY, HH:mm", width=150, help=help), column(values)


def page_of(total: int, key: str) -> slice:
    """The rows of the page that is chosen where they do not fit one."""
    number = st.pagination(-(-total // PAGE), key=key) if total > PAGE else 1
    return slice((number - 1) * PAGE, number * PAGE)


def _flat(columns: Mapping[str, tuple[Any, Sequence[Any]]]) -> pd.DataFrame:
    shown = {name: values for name, (_, values) in columns.items() if name not in ("act",)}
    return pd.DataFrame(
        {
            name: ["; ".join(map(str, value)) if isinstance(value, list) else value for value in values]
            for name, values in shown.items()
        }
    )
