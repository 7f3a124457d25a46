"""Editing many entries in a table: what changes is shown first, then saved in one go."""

import zlib
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import pandas as pd
import streamlit as st

from core.errors import GatehouseError
from core.governance.attention import plural
from core.governance.inventory_fields import BULK, BY_NAME
from core.services import inventory_edits, inventory_values
from core.services.house import House
from core.services.inventory import Entry
from core.services.inventory_edits import Edit
from core.ui import inventory_form, inventory_parts
from core.ui.plain import plain

MOST = 200
SHOWN = 100
BASE = "inventory_bulk_base"


def editor(house: House, entries: Sequence[Entry], total: int, day: date) -> None:
    """The table, what it would change, and the buttons. entries: at most MOST of total."""
    kept = _begun(entries)
    st.caption(
        f"{plural(len(kept), 'entry', 'entries')}"
        + (f" of {total:,}: a table holds {MOST}, narrow the list for others" if total > len(kept) else "")
        + ". Nothing is saved until you say so."
    )
    known = inventory_values.known(house, day=day)
    frame = pd.DataFrame({"model": [one.name[:200] for one in kept]})
    for name in BULK:
        values = [one.values[name] for one in kept]
        days = [date.fromisoformat(value) if value else None for value in values] if _day(name) else values
        frame[name] = pd.Series(days, dtype="object")
    mark = zlib.crc32(repr([(one.key, one.revision) for one in kept]).encode("utf-8", "replace"))
    edited = st.data_editor(
        frame, key=f"inventory_bulk_{mark}", hide_index=True, disabled=["model"], row_height=35,
        height=min(35 * len(kept) + 39, 560),
        alt="Inventory entries whose people, classes and review days can be edited",
        column_config=_columns(inventory_form.labels(house), known),
    )  # fmt: skip
    edits, changes = _differences(house, kept, edited, day)
    _preview(changes)
    with st.container(horizontal=True):
        if st.button(
            f"Save {plural(len(edits), 'entry', 'entries')}" if edits else "Save", type="primary",
            icon=":material/save:", key="save_bulk", disabled=not edits,
        ):  # fmt: skip
            _save(house, edits)
        if st.button("Cancel", key="cancel_bulk"):
            leave()


def leave() -> None:
    """Back to the list."""
    st.session_state.pop(BASE, None)
    st.query_params.pop("bulk", None)
    st.rerun()


def _begun(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """The entries as they were when editing began: the same ones stay, also when somebody changes them meanwhile."""
    base: tuple[Entry, ...] | None = st.session_state.get(BASE)
    if base is None or {one.key for one in base} != {one.key for one in entries}:
        base = tuple(entries)
        st.session_state[BASE] = base
    return base


def _columns(people: dict[str, str], known: inventory_values.Known) -> dict[str, Any]:
    C = st.column_config  # noqa: N806
    config: dict[str, Any] = {"model": C.TextColumn("Model", pinned=True, width=190)}
    for name in BULK:
        field = BY_NAME[name]
        options = people if field.kind == "person" else known.choices.get(name, {})
        if field.kind in ("person", "choice"):
            config[name] = C.SelectboxColumn(
                field.title, help=field.about, width=200 if field.kind == "person" else 160, options=list(options),
                format_func=lambda value, shown=options: shown.get(str(value), str(value)),  # type: ignore[misc]
            )  # fmt: skip
        elif field.kind == "day":
            config[name] = C.DateColumn(
                field.title, help=field.about, format="YYYY-MM-DD", width=120, min_value=inventory_values.FIRST_DAY,
                max_value=inventory_values.LAST_DAY,
            )  # fmt: skip
        else:
            config[name] = C.TextColumn(field.title, help=field.about, max_chars=field.longest, width=170)
    return config


def _differences(
    house: House, kept: Sequence[Entry], edited: pd.DataFrame, day: date
) -> tuple[list[Edit], list[tuple[str, str, str, str]]]:
    known = inventory_values.known(house, day=day)
    edits, changes = [], []
    for one, row in zip(kept, edited.to_dict("records"), strict=True):
        values = {}
        for name in BULK:
            value = _plain_value(row[name], text=BY_NAME[name].kind == "line")
            if value != one.values[name]:
                values[name] = value
                changes.append((one.name, BY_NAME[name].title, _said(house, known, name, one.values[name]),
                                _said(house, known, name, value)))  # fmt: skip
        if values:
            edits.append(Edit(key=one.key, revision=one.revision, values=values))
    return edits, changes


def _plain_value(value: Any, *, text: bool) -> Any:
    if value is None or value is pd.NaT or (isinstance(value, float) and value != value):
        return "" if text else None
    if isinstance(value, datetime | pd.Timestamp):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def _said(house: House, known: inventory_values.Known, name: str, value: Any) -> str:
    if BY_NAME[name].kind == "person":
        return inventory_parts.person(house, value)
    return inventory_values.say(known, name, value)


def _preview(changes: Sequence[tuple[str, str, str, str]]) -> None:
    if not changes:
        st.caption("Nothing is changed yet.")
        return
    with st.container(border=True, key="bulk_changes"):
        st.markdown(f"**{plural(len(changes), 'change')}**")
        for name, title, before, after in changes[:SHOWN]:
            was = f"~~{plain(before, 80)}~~ → " if before else ""
            st.caption(f"{plain(name, 80)} · {title}: {was}{plain(after, 80) or 'nothing'}")
        if len(changes) > SHOWN:
            st.caption(f"and {len(changes) - SHOWN:,} more.")


def _save(house: House, edits: Sequence[Edit]) -> None:
    try:
        inventory_edits.write(house, edits)
    except GatehouseError as error:
        inventory_parts.problem(error.message, error.hint)
        return
    st.toast(f"Saved {plural(len(edits), 'entry', 'entries')}.", icon=":material/check_circle:")
    leave()


def _day(name: str) -> bool:
    return BY_NAME[name].kind == "day"
