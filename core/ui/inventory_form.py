"""Forms of the inventory: editing an entry, adding one, retiring, and the signed override of a tier."""

from datetime import date
from typing import Any

import streamlit as st

from core.errors import GatehouseError
from core.governance.inventory import LEAST_REASON
from core.governance.inventory_fields import EMPTY, FIELDS, Field
from core.services import directory, inventory_edits, inventory_tier, inventory_values
from core.services.house import House
from core.services.inventory import Entry
from core.services.inventory_values import Known
from core.ui import inventory_parts
from core.ui.plain import plain

ADDED = {"vendor": "Vendor model", "language": "Language model", "own": "Own model without a registered one"}
COLUMNS = (("owner", "deputy", "validator"), ("kind", "exposure", "purpose_class"), ("last_review", "next_review"))


def edit(house: House, one: Entry, day: date) -> None:
    """The form of an entry. It holds on to the revision that it began with, so that nobody's change is lost."""
    begun = st.session_state.setdefault(f"inventory_began_{one.key}", one.revision)
    if begun != one.revision:
        st.warning(
            "Somebody changed this entry while the form is open. Saving will be refused: take over what it says now "
            "first.", icon=":material/sync_problem:",
        )  # fmt: skip
        if st.button("Show what it says now", icon=":material/refresh:", key="refresh_entry"):
            _done(one)
            st.query_params["edit"] = "1"
            st.rerun()
    with st.form("inventory_form", border=True, enter_to_submit=False):
        values = _inputs(house, dict(one.values), f"{one.key}_{begun}", day)
        with st.container(horizontal=True):
            saved = st.form_submit_button("Save", type="primary", icon=":material/save:", key="save_entry")
            left = st.form_submit_button("Cancel", key="cancel_entry")
    if left:
        _done(one)
        st.rerun()
    if saved:
        try:
            key = inventory_edits.edit(house, one.key, begun, values)
        except GatehouseError as error:
            inventory_parts.problem(error.message, error.hint)
            return
        _done(one)
        st.query_params["entry"] = key
        st.toast("Saved.", icon=":material/check_circle:")
        st.rerun()


def add(house: House, day: date) -> None:
    """The form of a new entry."""
    st.subheader("Add a model", anchor=False)
    st.caption("Registered models enter by themselves. Add here what no registry knows: a vendor's model or service, a "
               "language model, a spreadsheet that decides.")  # fmt: skip
    with st.form("inventory_add", border=True, enter_to_submit=False):
        kind = st.radio("What is it?", list(ADDED), format_func=ADDED.__getitem__, horizontal=True, key="added_kind")
        values = _inputs(house, {**EMPTY, "kind": kind}, "new", day, new=True)
        with st.container(horizontal=True):
            saved = st.form_submit_button("Add", type="primary", icon=":material/add:", key="save_added")
            left = st.form_submit_button("Cancel", key="cancel_added")
    if left:
        st.query_params.clear()
        st.rerun()
    if saved:
        try:
            key = inventory_edits.add(house, {**values, "kind": kind})
        except GatehouseError as error:
            inventory_parts.problem(error.message, error.hint)
            return
        st.query_params.from_dict({"entry": key})
        st.rerun()


@st.dialog("Override the tier", width="medium")
def override(house: House, one: Entry) -> None:
    """Sets a tier against materiality, over a signature."""
    given = f"tier {one.tier_given}" if one.tier_given else "no tier"
    st.markdown(f"Materiality gives **{plain(one.name)}** {given}.")
    no_change = (one.tier_given, one.override.tier if one.override else None)
    choices: list[Any] = [tier for tier in (1, 2, 3) if tier not in no_change]
    if one.override is not None:
        inventory_parts.signature(house, one)
        choices = [None, *choices]
    tier = st.radio(
        "Set it to", choices, key="override_tier", horizontal=True,
        format_func=lambda tier: f"Tier {tier}" if tier else "What materiality gives",
    )  # fmt: skip
    reason = st.text_area(
        "Reason", key="override_reason", max_chars=inventory_tier.LONGEST_REASON,
        help=f"At least {LEAST_REASON} characters. It is kept for ten years with your signature.",
        placeholder="Which facts does the materiality table not know?",
    )  # fmt: skip
    printed = st.text_input(
        "Your full name, as signature", key="override_printed", autocomplete="off",
        help=f"Type it as your account has it: {plain(house.actor.name)}.",
    )  # fmt: skip
    st.caption(
        "By signing you take responsibility for this decision. Your printed name, date and time, and this meaning are "
        "shown wherever the tier is."
    )
    if st.button("Sign", type="primary", icon=":material/draw:", key="sign_override"):
        try:
            inventory_tier.override_tier(house, one.key, one.revision, tier=tier, reason=reason, printed=printed)
        except GatehouseError as error:
            inventory_parts.problem(error.message, error.hint)
        else:
            st.rerun()


@st.dialog("Retire or restore")
def retire(house: House, one: Entry) -> None:
    """Asks before an entry leaves use, or comes back."""
    back = one.retired_ms is not None
    st.markdown(
        f"**{plain(one.name)}** comes back into use with what it said." if back else
        f"**{plain(one.name)}** leaves use: it counts no more, has no gaps and cannot be edited. It stays with its "
        "history and can be restored."
    )  # fmt: skip
    if st.button("Restore" if back else "Retire", type="primary", key="confirm_retire",
                 icon=":material/unarchive:" if back else ":material/archive:"):  # fmt: skip
        try:
            (inventory_edits.restore if back else inventory_edits.retire)(house, one.key, one.revision)
        except GatehouseError as error:
            inventory_parts.problem(error.message, error.hint)
        else:
            st.rerun()


def _inputs(house: House, now: dict[str, Any], mark: str, day: date, *, new: bool = False) -> dict[str, Any]:
    known = inventory_values.known(house, day=day)
    values: dict[str, Any] = {}
    fields = {field.name: field for field in FIELDS}
    rows = {name: row for row in COLUMNS for name in row}
    done: set[str] = set()
    for field in FIELDS:
        if field.name in done or (field.name == "project" and not known.projects) or (new and field.name == "kind"):
            continue
        row = [fields[name] for name in rows.get(field.name, (field.name,)) if not (new and name == "kind")]
        for column, each in zip(st.columns(len(row), gap="small"), row, strict=True):
            with column:
                values[each.name] = _input(house, each, now[each.name], f"inventory_{each.name}_{mark}", known)
            done.add(each.name)
    return values


def _input(house: House, field: Field, value: Any, key: str, known: Known) -> Any:
    """The control of one field; what it says."""
    if field.kind == "text":
        return st.text_area(field.title, value, key=key, help=field.about, max_chars=field.longest, height=90)
    if field.kind == "line":
        return st.text_input(field.title, value, key=key, help=field.about, max_chars=field.longest)
    if field.kind == "day":
        day = st.date_input(
            field.title, date.fromisoformat(value) if value else None, key=key, help=field.about, format="YYYY-MM-DD",
            min_value=inventory_values.FIRST_DAY, max_value=inventory_values.LAST_DAY,
        )  # fmt: skip
        return day.isoformat() if isinstance(day, date) else None
    if field.kind == "person":
        people = directory.everyone(house)
        may = {who: label for who, label in labels(house).items() if who == value or people[who].active}
        return _one(field, value, key, may)
    if field.kind in ("choice", "project"):
        options = known.projects if field.kind == "project" else known.choices[field.name]
        return _one(field, value, key, dict(options))
    options = known.choices[field.name] if field.kind == "choices" else known.entries
    shown = {name: options.get(name, name) for name in [*options, *(name for name in value if name not in options)]}
    return tuple(
        st.multiselect(field.title, list(shown), list(value), key=key, help=field.about, placeholder="None",
                       format_func=lambda name: _entry(name, shown[name]) if field.kind == "entries" else shown[name])
    )  # fmt: skip


def _one(field: Field, value: Any, key: str, options: dict[str, str]) -> Any:
    if value is not None:
        options.setdefault(value, str(value))
    names = list(options)
    return st.selectbox(
        field.title, names, index=names.index(value) if value in options else None, key=key, help=field.about,
        format_func=options.__getitem__, placeholder="Nobody" if field.kind == "person" else "Not said",
    )  # fmt: skip


def labels(house: House) -> dict[str, str]:
    """People as pickers name them: the name, and the login that tells namesakes apart."""
    return {
        one.id: f"{one.name} ({one.login})" if one.active else f"{one.name} (gone)"
        for one in directory.everyone(house).values()
    }


def _entry(key: str, name: str) -> str:
    return name if name == key else f"{name} ({key})"[:120]


def _done(one: Entry) -> None:
    st.session_state.pop(f"inventory_began_{one.key}", None)
    st.query_params.pop("edit", None)
