"""Signs, names and links of the inventory that several views share."""

from datetime import date

import streamlit as st

from core.governance.inventory import GAP, KIND
from core.governance.materiality import Tier
from core.services import directory, find, inventory
from core.services.house import House
from core.services.inventory import Entry
from core.ui import moments
from core.ui.badges import Colour
from core.ui.plain import plain

TIERS: dict[Tier | None, tuple[str, str, Colour]] = {
    1: ("Tier 1", ":material/keyboard_double_arrow_up:", "red"),
    2: ("Tier 2", ":material/keyboard_arrow_up:", "orange"),
    3: ("Tier 3", ":material/remove:", "blue"),
    None: ("No tier", ":material/help:", "gray"),
}
OVERRIDDEN = " overridden"
KINDS: dict[str, tuple[str, Colour]] = {
    "own": (":material/deployed_code:", "blue"),
    "vendor": (":material/storefront:", "violet"),
    "language": (":material/forum:", "green"),
}
URGENCY: dict[str, tuple[str, Colour]] = {
    "now": (":material/error:", "red"),
    "soon": (":material/warning:", "orange"),
    "note": (":material/info:", "blue"),
}
MEANINGS = {
    "approval": "approval", "review": "review", "responsibility": "responsibility for this decision",
    "authorship": "authorship",
}  # fmt: skip


def tier(one: Entry) -> None:
    """The tier that holds, marked where it was overridden."""
    word, icon, colour = TIERS[one.tier]
    st.badge(f"{word}{OVERRIDDEN}" if one.override else word, icon=":material/draw:" if one.override else icon,
             color=colour)  # fmt: skip


def kind(one: Entry) -> None:
    icon, colour = KINDS[one.kind]
    st.badge(KIND[one.kind], icon=icon, color=colour)


def gap(code: str) -> None:
    """A badge for something missing, its sentence on hover."""
    icon, colour = URGENCY[GAP[code].urgency]
    st.badge(GAP[code].short, icon=icon, color=colour, help=GAP[code].sentence)


def person(house: House, who: str | None) -> str:
    """A person's name, told to be gone where nobody signs in by it any more; untrusted text."""
    if not who:
        return ""
    known = directory.everyone(house).get(who)
    name = directory.name(house, who)
    return name if known and known.active else f"{name} (gone)"


def review(one: Entry, day: date) -> tuple[str, str]:
    """How the review stands: a word, and one of URGENCY or "ok"."""
    if one.retired_ms is not None:
        return "Retired", "ok"
    if one.due is None:
        return ("Never reviewed" if one.values["last_review"] is None else "No day set"), "soon"
    if one.due < day:
        return f"Overdue by {(day - one.due).days:,} days", "now"
    return f"Due in {(one.due - day).days:,} days", "ok"


def can_edit(house: House, one: Entry | None = None) -> bool:
    """Whether the actor may edit an entry; with None, any at all."""
    if one is None:
        return house.actor.may_somewhere("inventory")
    return house.actor.may("inventory", inventory.homes(house)(one.ref, one.values["project"]))


def can_sign(house: House, one: Entry) -> bool:
    """Whether the actor may override its tier."""
    place = inventory.homes(house)(one.ref, one.values["project"])
    return house.actor.kind == "person" and house.actor.may("decide", place)


def link(one: Entry, label: str = "") -> None:
    """A link to an entry."""
    icon, _ = KINDS[one.kind]
    st.page_link(find.link("inventory"), label=plain(label or one.name, 80), icon=icon, query_params={"entry": one.key})


def on_model(house: House, ref: str) -> None:
    """What the inventory says of a registered model, in a line of the page Models."""
    day = inventory.today()
    one = inventory.find(house, ref, day=day)
    if one is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="in_inventory"):
        tier(one)
        owner = person(house, one.values["owner"])
        said = f"Owner {plain(owner)}" if owner else "No owner"
        if one.gaps:
            said += f" · {len(one.gaps)} gaps" if len(one.gaps) > 1 else " · 1 gap"
        st.caption(said, width="content")
        link(one, "Inventory entry")


def signature(house: House, one: Entry) -> None:
    """The override of a tier as 21 CFR 11.50 asks: printed name, date and time, meaning, wherever it is shown."""
    if one.override is None:
        return
    signed = one.override.signature
    given = f"Materiality gives tier {one.tier_given}." if one.tier_given else "Materiality gives no tier."
    st.markdown(f"**Tier {one.override.tier} was set by decision.** {given}")
    st.markdown(f"> {plain(one.override.reason or 'The reason was erased.', 4_000)}")
    if signed is not None:
        name = plain(signed.printed or directory.name(house, signed.person))
        meaning = MEANINGS.get(signed.meaning, signed.meaning)
        st.caption(
            f":material/draw: Signed by **{name}** on {moments.minute(signed.time_ms)}, meaning: {meaning} "
            f"(event {signed.event:,})."
        )


def problem(message: str, hint: str = "") -> None:
    """Something that was refused, with what to do."""
    more = f"  \n{plain(hint, 1_000)}" if hint else ""
    st.error(f"**{plain(message, 1_000)}**{more}", icon=":material/error:")
