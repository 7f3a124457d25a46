"""Users of sources and the people behind them: who is known, who may be meant, saying so for many at once."""

import pandas as pd
import streamlit as st

from core.services import authors, directory
from core.services.authors import SourceUser
from core.services.house import House
from core.ui import asking, downloads, grids
from core.ui.visit import current

STATES = {"unknown": "Unknown", "known": "Known"}
NOBODY_KNOWN = "unknown"
SAID = ("user", "source", "runs", "versions")


def part(house: House, *, changes: bool) -> None:
    """The table; administrators choose people in it and save them all together."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        text = st.text_input(
            "Search", key="user", type="search", live=True, placeholder="User", icon=":material/search:",
            bind="query-params", width=320,
        )  # fmt: skip
        state = st.pills("Person", list(STATES), format_func=STATES.__getitem__, key="known", bind="query-params")
    total, _ = authors.source_users(house, text or "", state or "", 0)
    at = grids.page_of(total, "authors_page")
    _, found = authors.source_users(house, text or "", state or "", grids.PAGE, at.start)
    if not found:
        st.caption(
            "No user matches. Take a filter away."
            if text or state
            else "No run or version names a user yet. They come with the first sync of a source: see Sources."
        )
        return
    _table(house, found, total, changes=changes)


def _table(house: House, found: tuple[SourceUser, ...], total: int, *, changes: bool) -> None:
    C = st.column_config  # noqa: N806
    names = {one.id: f"{one.name} · {one.login}"[:200] for one in directory.everyone(house).values() if one.login}
    ids = {label: person for person, label in names.items()}
    before = [names.get(one.person or "", NOBODY_KNOWN) for one in found]
    frame = pd.DataFrame(
        {
            "user": [one.name[: grids.LONGEST] for one in found],
            "source": [one.source for one in found],
            "runs": [one.runs for one in found],
            "versions": [one.versions for one in found],
            "person": before,
            "maybe": [_maybe(one, names) for one in found],
        }
    )
    config = {
        "user": C.TextColumn("User at the source", pinned=True, width=210),
        "source": C.TextColumn("Source", width=130),
        "runs": C.NumberColumn("Runs", format="localized", width=80),
        "versions": C.NumberColumn("Versions", format="localized", width=80),
        "person": C.SelectboxColumn("Person", options=[NOBODY_KNOWN, *ids], required=True, width=280),
        "maybe": C.TextColumn("May be", width=330, help="By login, mail address or name. Nobody is assigned by it."),
    }
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.markdown(f"**{total:,} {'user' if total == 1 else 'users'} of sources**", width="content")
        downloads.table(frame, "source_users")
    height = min(grids.ROW * len(found) + 38, grids.TALLEST)
    if not changes:
        st.dataframe(
            frame, key="authors_seen", hide_index=True, row_height=grids.ROW, height=height, column_config=config,
            alt="Users of sources and the people behind them",
        )  # fmt: skip
        return
    turn = st.session_state.setdefault("authors_turn", 0)
    edited = st.data_editor(
        frame, key=f"authors_{turn}_{hash(tuple(found))}", hide_index=True, row_height=grids.ROW, height=height,
        column_config=config, disabled=[name for name in frame.columns if name != "person"],
    )  # fmt: skip
    chosen: dict[authors.Key, str | None] = {
        ("source-user", one.source, one.name): ids.get(after)
        for one, was, after in zip(found, before, edited["person"], strict=True)
        if was != after
    }
    likely: dict[authors.Key, str | None] = {
        ("source-user", one.source, one.name): one.suggestions[0].person for one in found if one.suggestions
    }
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(
            f"Save {len(chosen)} changed" if chosen else "Save", type="primary", icon=":material/save:",
            key="save_authors", disabled=not chosen,
        ):  # fmt: skip
            _save(chosen)
        if likely and st.button(
            f"Assign {len(likely)} as suggested", icon=":material/how_to_reg:", key="assign_likely",
            disabled=bool(chosen), help="Read the column May be first.",
        ):  # fmt: skip
            _save(likely)
        st.caption("Choose a person in the table. A user without one is shown as unknown, wherever it appears.")


def _maybe(one: SourceUser, names: dict[str, str]) -> str:
    return "; ".join(f"{names[found.person]} ({found.why})" for found in one.suggestions if found.person in names)


def _save(chosen: dict[authors.Key, str | None]) -> None:
    if asking.attempt(lambda: (authors.assign(current(), chosen),)) is not None:
        st.session_state["authors_turn"] += 1
        st.rerun()
