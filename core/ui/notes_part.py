"""Notes and tags made here, of one run, model or version: read, written, changed, deleted."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import streamlit as st

from core.errors import GatehouseError
from core.services import notes
from core.services.house import House
from core.services.notes import HouseTag, Note
from core.ui import moments
from core.ui.plain import plain
from core.ui.visit import current

SHOWN = 20
ERASED = "This text was erased with its author."


def notes_and_tags(house: House, subject: str, key: str) -> None:
    """A box with what people said about a subject. key: of the box; one page may have several.

    Texts are shown as texts: neither Markdown nor HTML in them does anything.
    """
    found, tags = notes.notes(house, subject), notes.tags(house, subject)
    may = house.actor.may_somewhere("annotate")
    if not found and not tags and not may:
        return
    with st.container(border=True, key=f"notes_{key}"):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.markdown(
                "**Notes and tags made here**", width="content",
                help="They belong to Gatehouse. The source does not know of them.",
            )  # fmt: skip
            if may:
                with st.container(horizontal=True, gap="xsmall", width="content"):
                    _tag_form(subject, tags, key)
                    _note_form(subject, key)
        if told := st.session_state.pop(f"_notes_told_{key}", ""):
            st.error(told, icon=":material/error:")
        _tags(tags)
        if not found:
            st.caption("No note yet.")
        whole = len(found) <= SHOWN or st.session_state.get(f"all_notes_{key}", False)
        for note in found if whole else found[:SHOWN]:
            _note(note, key)
        if len(found) > SHOWN:
            st.toggle(f"Show all {len(found)}", key=f"all_notes_{key}")


def _tags(tags: Sequence[HouseTag]) -> None:
    if not tags:
        return
    with st.container(horizontal=True, gap="xsmall"):
        for tag in tags:
            said = f"{tag.key}: {'erased' if tag.value is None else tag.value}"
            by = f"Made here by {plain(tag.author_name, 80)}, {moments.minute(tag.set_ms)}."
            st.badge(plain(said, 80), icon=":material/new_label:", color="violet", help=f"{plain(said, 700)}  \n{by}")


def _note(note: Note, key: str) -> None:
    with st.container(key=f"note_{key}_{note.id}", gap="xsmall"):
        with st.container(horizontal=True, gap="small", vertical_alignment="center"):
            edited = f" · edited {moments.minute(note.edited_ms)}" if note.edited_ms else ""
            st.caption(
                f"**{plain(note.author_name, 80)}** · {moments.minute(note.created_ms)}{edited}", width="content"
            )
            if note.editable:
                _change_form(note, key)
        if note.text is None:
            st.caption(f":material/ink_eraser: {ERASED}")
        else:
            st.text(note.text)


def _note_form(subject: str, key: str) -> None:
    field = f"note_text_{key}"
    with st.popover("Add note", icon=":material/add_comment:", key=f"note_new_{key}"):
        st.text_area("Note", key=field, max_chars=notes.TEXT_LONGEST, height=130, placeholder="Plain text")
        _do(
            "Add", "add", f"note_add_{key}", key, lambda house: _cleared(notes.add(house, subject, _said(field)), field)
        )


def _change_form(note: Note, key: str) -> None:
    field = f"note_edit_{note.id}_{note.revision}"
    with st.popover(
        "", icon=":material/more_horiz:", key=f"note_menu_{note.id}", help="Edit or delete", type="tertiary"
    ):
        if note.text is not None:
            st.text_area("Note", note.text, key=field, max_chars=notes.TEXT_LONGEST, height=130)
            _do(
                "Save", "save", f"note_save_{note.id}", key,
                lambda house: notes.edit(house, note.id, _said(field), revision=note.revision),
            )  # fmt: skip
        sure = st.checkbox("Yes, delete this note", key=f"note_sure_{note.id}")
        _do(
            "Delete", "delete", f"note_delete_{note.id}", key,
            lambda house: notes.delete(house, note.id, revision=note.revision), disabled=not sure,
        )  # fmt: skip


def _tag_form(subject: str, tags: Sequence[HouseTag], key: str) -> None:
    name, value, gone = f"tag_key_{key}", f"tag_value_{key}", f"tag_gone_{key}"
    with st.popover("Tags", icon=":material/new_label:", key=f"tag_new_{key}"):
        st.text_input("Tag", key=name, max_chars=notes.KEY_LONGEST, placeholder="review")
        st.text_input("Value", key=value, max_chars=notes.VALUE_LONGEST, placeholder="annual")
        _do(
            "Set", "check", f"tag_set_{key}", key,
            lambda house: _cleared(notes.set_tag(house, subject, _said(name), _said(value)), name, value),
        )  # fmt: skip
        if tags:
            st.divider()
            st.selectbox("Take a tag off", [tag.key for tag in tags], index=None, key=gone, placeholder="Choose")
            _do(
                "Take off", "label_off", f"tag_remove_{key}", key,
                lambda house: notes.remove_tag(house, subject, _said(gone)), disabled=not st.session_state.get(gone),
            )  # fmt: skip


def _said(field: str) -> str:
    return st.session_state.get(field) or ""


def _cleared(_: Any, *fields: str) -> None:
    for field in fields:
        st.session_state[field] = ""


def _do(label: str, icon: str, key: str, box: str, work: Callable[[House], Any], *, disabled: bool = False) -> None:
    st.button(label, icon=f":material/{icon}:", key=key, on_click=partial(_try, work, box), disabled=disabled)


def _try(work: Callable[[House], Any], box: str) -> None:
    try:
        work(current())
    except GatehouseError as error:
        st.session_state[f"_notes_told_{box}"] = f"**{plain(error.message)}** {plain(error.hint)}"
