"""Saved views of Experiments: opening one, what a page begins with, and the menu that keeps and shares them."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

import streamlit as st
from streamlit.errors import StreamlitAPIException

from core.errors import GatehouseError
from core.services import directory, views
from core.services.house import House
from core.services.views import View
from core.ui.plain import plain
from core.ui.run_controls import SORTED_BY_DEFAULT
from core.ui.visit import current

PAGE = "experiments"
BOUND: Mapping[str, Any] = {"q": "", "sort": SORTED_BY_DEFAULT, "way": "descending", "spark": None, "deleted": False}
LISTS = ("experiment", "group", "column", "pin")
LISTED = 10
_OPEN, _SEEN, _TOLD, _GONE, _WANTED = "_view", "_views_seen", "_view_told", "_view_deleted", "_view_wanted"


def begin(house: House) -> None:
    """Before any control is drawn: shows the view that the URL or the menu asks for, or the one to begin with.

    What else the URL says goes before a view: a link shows what its sender saw.
    """
    state = st.session_state
    fresh = "experiment_list" not in state
    stated = any(name in st.query_params for name in (*BOUND, *LISTS))
    asked, chosen = st.query_params.get("view", ""), state.pop(_WANTED, None)
    if chosen:
        _apply(house, chosen)
    elif asked and not stated and (fresh or asked != state.get(_OPEN)):
        _apply(house, asked)
    elif fresh and not asked and not stated and not state.get(_SEEN) and (first := views.default(house, PAGE)):
        _apply(house, first.id)
    state[_SEEN] = True
    state[_OPEN] = st.query_params.get("view", "")


def menu(house: House) -> None:
    """The menu: views to open; what can be done with the open one; saving what is shown."""
    found = views.listing(house, PAGE)
    opened = next((view for view in found if view.id == st.session_state.get(_OPEN)), None)
    present = _present()
    changed = opened is not None and dict(opened.params) != {k: tuple(v) for k, v in present.items() if v}
    label = plain(opened.name, 24) + (" *" if changed else "") if opened else "Views"
    with st.popover(label, icon=":material/bookmark:", key="views_menu", help="Saved views"):
        _told()
        if not found:
            st.caption("No view is saved yet. Search, sort and choose columns, then keep that under a name.")
        elif len(found) > LISTED:
            st.selectbox(
                "Open a view", [view.id for view in found], index=None, key="view_to_open", on_change=_picked,
                format_func=_labels(found).__getitem__,
            )  # fmt: skip
        else:
            for view in found:
                _entry(view, opened is not None and view.id == opened.id)
        if opened:
            _manage(house, opened, present, changed=changed)
        if house.actor.may_somewhere("annotate"):
            _save_as(present)
        _undo()


def _entry(view: View, is_open: bool) -> None:
    icon = "check" if is_open else "group" if view.shared else "lock"
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        st.button(
            plain(view.name, 60), icon=f":material/{icon}:", key=f"open_{view.id}", type="tertiary", on_click=_want,
            args=(view.id,), help=_about(view),
        )  # fmt: skip
        if view.default:
            st.badge("My default", icon=":material/home:", color="blue")
        elif view.for_everybody:
            st.badge("Default", icon=":material/home:", color="gray")


def _manage(house: House, view: View, present: Mapping[str, list[str]], *, changed: bool) -> None:
    st.divider()
    st.markdown(f"**{plain(view.name)}**")
    st.caption(_about(view) + (" Changed since it was saved." if changed else ""))
    may = view.editable
    with st.container(horizontal=True, gap="xsmall"):
        if may and changed:
            _do("Update", "save", "view_update", lambda h: views.update(h, view.id, present, revision=view.revision))
        if changed:
            st.button("Discard changes", icon=":material/undo:", key="view_again", on_click=_want, args=(view.id,))
        if house.actor.may_somewhere("annotate"):
            aim = None if view.default else view.id
            title = "Not my default" if view.default else "Set as my default"
            _do(title, "home", "view_default", lambda h: views.set_default(h, PAGE, aim))
        if may and view.shared:
            _do(
                "Make private", "lock", "view_private",
                lambda h: views.share(h, view.id, "private", revision=view.revision),
            )  # fmt: skip
        elif may and house.actor.may("share"):
            _do(
                "Share with everybody", "group", "view_share",
                lambda h: views.share(h, view.id, "everybody", revision=view.revision),
            )  # fmt: skip
        if view.audience == "everybody" and house.actor.may("share"):
            whole = None if view.for_everybody else view.id
            title = "No default for everybody" if view.for_everybody else "Default for everybody"
            _do(title, "public", "view_default_all", lambda h: views.set_default_for_everybody(h, PAGE, whole))
        if not view.owner_active and house.actor.may("share"):
            _do("Take over", "move_down", "view_take", lambda h: views.hand_over(h, view.id, house.actor.id))
        if may:
            _do("Delete", "delete", "view_delete", lambda h: _delete(h, view))
    if may:
        with st.expander("Rename or hand over", icon=":material/edit:"):
            st.text_input("Name", view.name, key=f"name_{view.id}_{view.revision}", max_chars=views.NAME_LONGEST)
            named = f"name_{view.id}_{view.revision}"
            _do(
                "Rename", "edit", "view_rename",
                lambda h: views.rename(h, view.id, st.session_state[named], revision=view.revision),
            )  # fmt: skip
            people = {k.id: k for k in directory.everyone(house).values() if k.active and k.id != view.owner}
            st.selectbox(
                "New owner", list(people), index=None, key="view_heir",
                format_func=lambda person: f"{people[person].name[:60]} ({people[person].login[:40]})",
            )  # fmt: skip
            _do(
                "Hand over", "move_up", "view_hand_over",
                lambda h: views.hand_over(h, view.id, st.session_state.get("view_heir") or ""),
            )  # fmt: skip


def _save_as(present: Mapping[str, list[str]]) -> None:
    st.divider()
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="bottom"):
        st.text_input(
            "Save what is shown as", key="view_name", max_chars=views.NAME_LONGEST, placeholder="Name", width=220
        )
        _do("Save", "bookmark_add", "view_save", lambda h: _save(h, present))


def _save(house: House, present: Mapping[str, list[str]]) -> None:
    made = views.save(house, PAGE, st.session_state.get("view_name") or "", present)
    st.session_state["view_name"] = ""
    st.query_params["view"] = made
    st.session_state[_OPEN] = made


def _delete(house: House, view: View) -> None:
    views.delete(house, view.id, revision=view.revision)
    st.session_state[_GONE] = (view.id, view.name)
    st.query_params.pop("view", None)


def _undo() -> None:
    gone = st.session_state.get(_GONE)
    if gone:
        st.caption(f"{plain(gone[1])} was deleted.")
        _do("Undo", "undo", "view_undo", lambda h: _restore(h, gone[0]))


def _restore(house: House, view_id: str) -> None:
    views.restore(house, view_id)
    st.session_state.pop(_GONE, None)
    _want(view_id)


def _do(label: str, icon: str, key: str, work: Callable[[House], Any]) -> None:
    st.button(label, icon=f":material/{icon}:", key=key, on_click=partial(_try, work))


def _try(work: Callable[[House], Any]) -> None:
    try:
        work(current())
    except GatehouseError as error:
        st.session_state[_TOLD] = f"**{plain(error.message)}** {plain(error.hint)}"


def _told() -> None:
    if told := st.session_state.pop(_TOLD, ""):
        st.error(told, icon=":material/error:")


def _want(view_id: str) -> None:
    st.session_state[_WANTED] = view_id


def _picked() -> None:
    if chosen := st.session_state.get("view_to_open"):
        _want(chosen)


def _apply(house: House, view_id: str) -> None:
    """Puts what a view says into the controls and the URL."""
    try:
        params = dict(views.view(house, view_id).params)
    except GatehouseError as error:
        st.query_params.pop("view", None)
        st.warning(f"**{plain(error.message)}** {plain(error.hint)}", icon=":material/bookmark_remove:")
        return
    for name, default in BOUND.items():
        value = params[name][0] if name in params else default
        st.session_state[name] = value == "true" if name == "deleted" and name in params else value
        if name in params:
            # Before its first run on a page a widget leaves the URL as it is; afterwards it alone may write it.
            with suppress(StreamlitAPIException):
                st.query_params[name] = params[name][0]
    for name in LISTS:
        if name in params:
            st.query_params[name] = list(params[name])
        else:
            st.query_params.pop(name, None)
    st.session_state.pop("page", None)
    st.query_params.pop("page", None)
    st.query_params["view"] = view_id


def _present() -> dict[str, list[str]]:
    """What the controls say, as a view keeps it: nothing for what is as it is without a choice."""
    state = st.session_state
    said = {
        name: [] if state.get(name, default) == default else ["true" if name == "deleted" else str(state[name])]
        for name, default in BOUND.items()
    }
    return said | {name: list(state.get(f"{name}_list", [])) for name in LISTS}


def _about(view: View) -> str:
    audience = {"private": "Only you see it.", "everybody": "Shared with everybody.", "project": "Shared in a project."}
    left = "" if view.owner_active else " (cannot sign in any more)"
    return f"By {plain(view.owner_name, 60)}{left}. {audience[view.audience]}"


def _labels(found: tuple[View, ...]) -> dict[str, str]:
    return {view.id: f"{view.name}  ·  {view.owner_name[:40]}{'' if view.shared else ', private'}" for view in found}
