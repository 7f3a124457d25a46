"""The inventory as an Excel file, out and in: every change and every mistake is shown before anything is taken."""

from collections.abc import Sequence
from datetime import date

import pandas as pd
import streamlit as st

from core.errors import GatehouseError
from core.governance.attention import plural
from core.services import inventory_excel, inventory_import
from core.services.house import House
from core.services.inventory import Query
from core.services.inventory_import import Preview
from core.services.workbook import BIGGEST
from core.ui import downloads, inventory_parts
from core.ui.plain import plain

MIME = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
KEPT = "inventory_preview"
FILES = "inventory_files"


def export(house: House, query: Query, day: date) -> None:
    """All entries that match, made when asked for."""
    st.download_button(
        "Excel", lambda: inventory_excel.export(house, query, day=day), f"inventory-{day}.xlsx", MIME,
        icon=":material/download:", key="export_inventory", on_click="ignore",
        help="All entries that match, with drop-downs. Edit them there, and import the file.",
    )  # fmt: skip


def importing(house: House) -> None:
    """Choosing a file, its preview, and taking it."""
    st.subheader("Import from Excel", anchor=False)
    st.caption(
        "Begin with an export of the inventory. You see every change before it is taken; while there is a mistake, "
        "nothing of the file is."
    )
    number = st.session_state.setdefault(FILES, 0)
    file = st.file_uploader("Excel file (.xlsx)", ["xlsx"], key=f"inventory_file_{number}",
                            max_upload_size=BIGGEST // 1_000_000)  # fmt: skip
    if st.button("Back to the inventory", icon=":material/arrow_back:", key="leave_import"):
        _leave()
    if file is None:
        st.session_state.pop(KEPT, None)
        return
    try:
        previewed = _previewed(house, file.file_id, file.getvalue())
    except GatehouseError as error:
        inventory_parts.problem(error.message, error.hint)
        return
    show(previewed)
    if previewed.mistakes or not previewed.edits:
        return
    if st.button(f"Take {plural(len(previewed.edits), 'entry', 'entries')} over", type="primary", key="apply_import",
                 icon=":material/done_all:"):  # fmt: skip
        try:
            written = inventory_import.apply(house, previewed)
        except GatehouseError as error:
            inventory_parts.problem(error.message, error.hint)
            return
        st.toast(f"{plural(written, 'entry', 'entries')} taken over.", icon=":material/check_circle:")
        _leave()


def show(found: Preview) -> None:
    """What a file would do: its numbers, its mistakes, its changes."""
    numbers = st.columns(4, gap="small")
    for column, (title, count, icon) in zip(
        numbers,
        (("Entries that change", found.edited, "edit"), ("New entries", found.added, "add"),
         ("Unchanged", found.unchanged, "check"), ("Mistakes", len(found.mistakes), "error")),
        strict=True,
    ):  # fmt: skip
        column.metric(title, f"{count:,}", border=True, icon=f":material/{icon}:")
    if found.absent:
        st.caption(f"Not in the file, so left as they are: {plain(', '.join(found.absent))}.")
    if found.mistakes:
        st.error(
            f"**{plural(len(found.mistakes), 'mistake')}: nothing of the file can be taken.** Correct these cells "
            "in the file, and choose it again.", icon=":material/error:",
        )  # fmt: skip
        _grid(
            "mistakes", ("cell", "what is wrong", "what is allowed"),
            [(each.cell, each.message[:300], each.hint[:500]) for each in found.mistakes],
        )  # fmt: skip
    if found.changes:
        st.markdown(f"**{plural(len(found.changes), 'change')}**")
        _grid(
            "changes", ("cell", "model", "field", "before", "after"),
            [
                (each.cell, ("new: " if each.new else "") + each.name[:200], each.field, each.before[:300],
                 each.after[:300])
                for each in found.changes
            ],
        )  # fmt: skip
    elif not found.mistakes:
        st.info("The file says what the inventory says already.", icon=":material/check:")


def _grid(name: str, columns: Sequence[str], rows: Sequence[tuple[str, ...]]) -> None:
    frame = pd.DataFrame(rows, columns=list(columns))
    st.dataframe(frame.head(5_000), key=f"import_{name}", hide_index=True, height=min(35 * len(rows) + 38, 420),
                 alt=f"{name.capitalize()} of the file")  # fmt: skip
    downloads.table(frame, f"import_{name}")


def _previewed(house: House, file: str, content: bytes) -> Preview:
    """Read once for each file, and anew when the inventory changed."""
    at = house.ledger.head()[0]
    kept = st.session_state.get(KEPT)
    if kept is None or kept[0] != (file, at):
        with st.spinner("Reading the file"):
            kept = ((file, at), inventory_import.preview(house, content))
        st.session_state[KEPT] = kept
    found: Preview = kept[1]
    return found


def _leave() -> None:
    st.session_state.pop(KEPT, None)
    st.session_state[FILES] = st.session_state.get(FILES, 0) + 1
    st.query_params.clear()
    st.rerun()
