"""One inventory entry opened: what it says, what is missing, its tier, what hangs on it, and its past."""

from datetime import date
from typing import Any

import streamlit as st

from core.governance.inventory import GAP
from core.governance.inventory_fields import FIELDS, Field
from core.services import find, inventory, inventory_history, inventory_values, policy_files
from core.services.house import House
from core.services.inventory import Entry
from core.services.inventory_history import Past
from core.services.inventory_values import Known
from core.ui import badges, inventory_form, inventory_parts, moments
from core.ui.inventory_parts import URGENCY
from core.ui.plain import plain

EVENTS = 10
GROUPS = (
    ("Who answers for it", ("owner", "deputy", "validator", "project")),
    ("What it is for", ("description", "purpose", "users", "data_categories", "vendor")),
    ("How much hangs on it", ("exposure", "purpose_class", "backup", "last_review", "next_review")),
)


def opened(house: House, one: Entry, day: date) -> None:
    """The whole view, or its form (?edit=1)."""
    _heading(house, one, day)
    if "edit" in st.query_params and inventory_parts.can_edit(house, one) and one.retired_ms is None:
        inventory_form.edit(house, one, day)
        return
    left, right = st.columns([7, 5], gap="small")
    with left:
        _fields(house, one, day)
    with right:
        _gaps(one)
        _tier(house, one)
        _regimes(house, one)
        _dependencies(house, one, day)
    _history(inventory_history.history(house, one.key, day=day))


def _heading(house: House, one: Entry, day: date) -> None:
    st.page_link(find.link("inventory"), label="All of the inventory", icon=":material/arrow_back:")
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small", width="content"):
            st.title(plain(one.name), anchor=False, width="content")
            inventory_parts.kind(one)
            inventory_parts.tier(one)
            badges.stage(one.stage)
        with st.container(horizontal=True, gap="small", width="content", vertical_alignment="center"):
            _actions(house, one)
    word, how = inventory_parts.review(one, day)
    said = [plain(one.ref) if one.ref else "no registered model"]
    said += ["version " + ", ".join(plain(v) for v in one.production[:3]) + " in production"] if one.production else []
    said += [f"{URGENCY[how][0]} review: {word.lower()}" if how in URGENCY else f"review: {word.lower()}"]
    st.caption(" · ".join(said))
    if one.presence == "gone":
        st.warning(
            "Its registered model was deleted at the source. The entry and its history remain; retire it if it is no "
            "longer used.", icon=":material/delete:",
        )  # fmt: skip
    elif one.presence == "unsynced":
        st.info("The source of its registered model has not been read yet.", icon=":material/sync:")
    elif one.id is None:
        st.info("It entered by itself from the registry. Nobody has described it yet.", icon=":material/auto_awesome:")
    if one.retired_ms is not None:
        st.warning(f"Retired on {moments.date(one.retired_ms)}.", icon=":material/archive:")


def _actions(house: House, one: Entry) -> None:
    if one.ref and one.presence == "registered":
        st.page_link(find.link("models"), label="Versions and lineage", icon=":material/deployed_code:",
                     query_params={"model": one.ref})  # fmt: skip
    if inventory_parts.can_sign(house, one) and one.retired_ms is None:
        st.button("Override the tier", icon=":material/draw:", key="override", on_click=inventory_form.override,
                  args=(house, one))  # fmt: skip
    if not inventory_parts.can_edit(house, one):
        return
    if one.retired_ms is not None:
        st.button("Restore", icon=":material/unarchive:", key="restore", on_click=inventory_form.retire,
                  args=(house, one))  # fmt: skip
        return
    if one.id is not None:
        st.button("Retire", icon=":material/archive:", key="retire", on_click=inventory_form.retire, args=(house, one))
    if "edit" not in st.query_params and st.button("Edit", icon=":material/edit:", key="edit", type="primary"):
        st.query_params["edit"] = "1"
        st.rerun()


def _fields(house: House, one: Entry, day: date) -> None:
    known = inventory_values.known(house, day=day)
    fields = {field.name: field for field in FIELDS}
    for title, names in GROUPS:
        with st.container(border=True, key=f"group_{names[0]}"):
            st.markdown(f"**{title}**")
            for name in names:
                _field(house, one, fields[name], known)


def _field(house: House, one: Entry, field: Field, known: Known) -> None:
    value: Any = one.values[field.name]
    if field.name == "project" and not known.projects and value is None:
        return
    if field.name == "vendor" and one.kind != "vendor" and not value:
        return
    title, said = st.columns([2, 6], gap="small")
    title.caption(field.title, help=field.about)
    said.markdown(_said(house, one, field, known) or ":gray[not said]")


def _said(house: House, one: Entry, field: Field, known: Known) -> str:
    value = one.values[field.name]
    if field.kind == "project" and one.ref:
        home = known.projects.get(inventory.homes(house)(one.ref, value) or "")
        return f"{plain(home)} :gray[(by its rule)]" if home else ""
    if field.kind == "person":
        return plain(inventory_parts.person(house, value))
    if field.name == "next_review" and not value and one.due:
        return f"{one.due:%-d %b %Y} :gray[(by the tier)]"
    if field.kind == "day":
        return f"{date.fromisoformat(value):%-d %b %Y}" if value else ""
    if field.name == "description" and not value and one.about:
        return f"{plain(one.about, 4_000)} :gray[(from the registry)]"
    if field.name == "backup" and value in known.entries:
        return plain(known.entries[value])
    said = inventory_values.say(known, field.name, value)
    return "  \n".join(plain(line, 4_000) for line in said.split("\n"))


def _gaps(one: Entry) -> None:
    with st.container(border=True, key="entry_gaps"):
        if not one.gaps:
            done = "Retired entries have none." if one.retired_ms else "Nothing is missing."
            st.markdown(f":material/task_alt: **{done}**")
            return
        st.markdown(f"**{len(one.gaps)} {'gap' if len(one.gaps) == 1 else 'gaps'}**")
        for code in one.gaps:
            with st.container(gap="xxsmall"):
                icon, colour = URGENCY[GAP[code].urgency]
                st.badge(GAP[code].short, icon=icon, color=colour)
                st.caption(GAP[code].sentence)


def _tier(house: House, one: Entry) -> None:
    policy = policy_files.materiality(house)
    with st.container(border=True, key="entry_tier"):
        st.markdown("**Materiality**", help="Exposure x purpose class gives the tier, by data/policy/materiality.yaml.")
        inventory_parts.signature(house, one)
        if one.tier is None:
            st.caption("Exposure and purpose class are not both set, so nothing gives a tier.")
            return
        meaning = policy.tiers[one.tier]
        st.markdown(f"{plain(meaning.title)}: {plain(meaning.meaning, 600)}")
        st.caption(f"Policy version {policy.version} of {policy.dated:%-d %b %Y}; review every {meaning.review_months} "
                   "months.")  # fmt: skip


def _regimes(house: House, one: Entry) -> None:
    chosen = one.values["regimes"]
    with st.container(border=True, key="entry_regimes"):
        st.markdown("**Regimes**")
        if not chosen:
            st.caption("No law or standard is named.")
        listed = {each.id: each for each in policy_files.regimes(house).regimes}
        for name in chosen:
            if name not in listed:
                st.markdown(f"{plain(name)} :gray[(not in this version of the list)]")
                continue
            each = listed[name]
            since = f", applies from {each.applies_from:%-d %b %Y}" if each.applies_from else ""
            st.markdown(f"{plain(each.title)} :gray[{plain(each.where)}, text of {each.text_date:%-d %b %Y}{since}]",
                        help=plain(each.about, 600))  # fmt: skip


def _dependencies(house: House, one: Entry, day: date) -> None:
    needed, leaning = one.values["dependencies"], inventory.dependents(house, one.key, day=day)
    with st.container(border=True, key="entry_dependencies"):
        st.markdown("**Depends on**")
        for key in needed:
            other = inventory.find(house, key, day=day)
            if other is None:
                st.markdown(f":material/help: {plain(key)} :gray[(not in the inventory)]")
                continue
            with st.container(horizontal=True, gap="small", vertical_alignment="center"):
                inventory_parts.link(other)
                if other.retired_ms is not None:
                    st.badge("Retired", icon=":material/archive:", color="red")
        if not needed:
            st.caption("Nothing that is named.")
        st.markdown("**Depended on by**")
        for other in leaning[:50]:
            inventory_parts.link(other)
        if not leaning:
            st.caption("Nothing that is named.")


def _history(past: tuple[Past, ...]) -> None:
    with st.container(border=True, key="entry_history"):
        st.markdown("**History**", help="From the audit trail: who changed what, before and after.")
        if not past:
            st.caption("Nobody has described it yet.")
        whole = len(past) <= EVENTS or st.session_state.get("all_entry_events", False)
        for event in past if whole else past[:EVENTS]:
            _event(event)
        if len(past) > EVENTS:
            st.toggle(f"Show all {len(past)}", key="all_entry_events")


def _event(event: Past) -> None:
    with st.container(horizontal=True, gap="small", vertical_alignment="top"):
        st.caption(moments.minute(event.time_ms), width=150)
        with st.container(width="stretch", gap="xxsmall"):
            behalf = f" for {plain(event.on_behalf_of)}" if event.on_behalf_of else ""
            st.markdown(f"**{event.title}** by {plain(event.who)}{behalf}")
            for change in event.changes:
                before, after = (plain(text.replace("\n", ", "), 300) for text in (change.before, change.after))
                was = f"~~{before}~~ → " if before else ""
                st.caption(f"{change.title}: {was}{after or 'nothing'}")
            if event.reason:
                st.caption(f"Reason: {plain(event.reason, 4_000)}")
            if event.signature:
                meaning = inventory_parts.MEANINGS.get(event.signature.meaning, event.signature.meaning)
                printed = plain(event.signature.printed or "name erased")
                st.caption(f":material/draw: Signed by {printed}, {moments.minute(event.signature.time_ms)}: {meaning}")
