"""The list of the inventory: what is missing, the filters, and the table."""

import zlib
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date

import pandas as pd
import streamlit as st

from core.errors import Invalid
from core.governance.attention import plural
from core.governance.inventory import GAP, KIND
from core.services import directory, inventory, inventory_values
from core.services.house import House
from core.services.inventory import REVIEWS, SHOWN, Entry, Listing, Query
from core.services.models import STAGES
from core.ui import badges, inventory_parts, url
from core.ui.inventory_bulk import MOST
from core.ui.inventory_parts import OVERRIDDEN, TIERS, URGENCY

PAGE = 100
ROW = 38
SELECTED, CHOSEN = "inventory_selected", "inventory_chosen"
ORDERS = {
    "name": "Name", "-name": "Name, from Z", "-gaps": "Fewest gaps", "gaps": "Most gaps", "tier": "Tier",
    "due": "Next review", "owner": "Owner", "stage": "Stage", "kind": "Kind",
}  # fmt: skip
TIER_WORDS = {"1": "Tier 1", "2": "Tier 2", "3": "Tier 3", "none": "No tier"}


def cards(house: House, day: date) -> None:
    """The inventory in four numbers."""
    seen = inventory.summary(house, day=day)
    models, described, tiers, reviews = st.columns(4, gap="small")
    kinds = " · ".join(f"{count:,} {KIND[kind].split()[0].lower()}" for kind, count in seen.kinds.items() if count)
    models.metric(
        "Models", f"{seen.live:,}", kinds or None, delta_color="off", delta_arrow="off", border=True, height="stretch",
        icon=":material/inventory:",
        help="Registered models enter by themselves; vendor and language models are added. Retired ones do not count.",
    )  # fmt: skip
    described.metric(
        "Without any gap", f"{seen.complete:,} of {seen.live:,}",
        f"{seen.undescribed:,} not described yet" if seen.undescribed else "all described" if seen.live else None,
        delta_color="orange" if seen.undescribed else "green" if seen.live else "off",
        delta_arrow="off", border=True, height="stretch",
        icon=":material/task_alt:", help="Nothing of what an entry should say is missing.",
    )  # fmt: skip
    high, unclassed = seen.tiers[1], seen.tiers[None]
    tiers.metric(
        "Tier 1", f"{high:,}", f"{seen.tiers[2]:,} tier 2 · {seen.tiers[3]:,} tier 3 · {unclassed:,} without",
        delta_color="orange" if unclassed else "off", delta_arrow="off", border=True, height="stretch",
        icon=":material/keyboard_double_arrow_up:",
        help=f"From exposure and purpose class by data/policy/materiality.yaml; {seen.overridden:,} set by signature.",
    )  # fmt: skip
    overdue = seen.gaps.get("review_overdue", 0)
    reviews.metric(
        "Reviews overdue", f"{overdue:,}", f"{seen.gaps.get('review_never', 0):,} never reviewed",
        delta_color="red" if overdue else "off", delta_arrow="off", border=True, height="stretch",
        icon=":material/event_busy:", help="By the day stated, or the tier's interval after the last review.",
    )  # fmt: skip


def filters(house: House, day: date) -> Query:
    """The chips of gaps and the controls. Their values stand in the URL."""
    seen = inventory.summary(house, day=day)
    asked = st.query_params.get("gap")
    codes = [code for code in GAP if code in seen.gaps or code == asked]
    gap = ""
    if codes:
        url.one_from_url("gap", "inventory_gap", codes)
        chosen = st.pills(
            "What is missing", codes, key="inventory_gap", label_visibility="collapsed",
            format_func=lambda code: f"{URGENCY[GAP[code].urgency][0]} {seen.gaps.get(code, 0):,} {GAP[code].without}",
        )  # fmt: skip
        gap = url.one_to_url("gap", "inventory_gap", chosen)
    elif seen.live:
        st.caption(":material/task_alt: Nothing is missing from any entry.")
    held = {one.values["owner"] for one in inventory.entries(house, day=day)} - {None}
    people = directory.everyone(house)  # once: each call asks the ledger whether anything happened
    owners = {who: people[who].name[:60] if who in people else "unknown" for who in held}
    owners = {"none": "Nobody"} | dict(sorted(owners.items(), key=lambda each: each[1].casefold()))
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        text = st.text_input(
            "Search", key="q", type="search", live=True, placeholder="Name, purpose, users, vendor",
            icon=":material/search:", bind="query-params", width=250,
        )  # fmt: skip
        kind, tier = _choice("Kind", KIND, 165), _choice("Tier", TIER_WORDS, 110)
        owner = _choice("Owner", owners, 170)
        order = _choice("Sort by", ORDERS, 145, name="order", default="name")
        more: dict[str, tuple[str, Mapping[str, str], str | None]] = {
            "stage": ("Stage", {name: badges.STAGES[name][0] for name in STAGES}, None),
            "review": ("Review", REVIEWS, None),
            "regime": ("Regime", inventory_values.known(house, day=day).choices["regimes"], None),
            "shown": ("Show", SHOWN, "live"),
        }
        for name, (_, options, default) in more.items():
            url.one_from_url(name, f"inventory_{name}", list(options), default)
        set_ = sum(st.session_state[f"inventory_{name}"] != default for name, (_, _, default) in more.items())
        label = f"More filters: {set_}" if set_ else "More filters"
        with st.popover(label, icon=":material/tune:", key="more_filters"):
            chosen_more = {
                name: _choice(label, options, 260, name=name, default=default)
                for name, (label, options, default) in more.items()
            }
    return Query(text=text or "", gap=gap, kind=kind, tier=tier, owner=owner, order=order, **chosen_more)


def _choice(label: str, options: Mapping[str, str], width: int, *, name: str = "", default: str | None = None) -> str:
    """A select box whose value stands in the URL; "" for all."""
    name = name or label.lower()
    key = f"inventory_{name}"
    url.one_from_url(name, key, list(options), default)
    chosen = st.selectbox(
        label, list(options), index=0 if default else None, key=key, format_func=options.__getitem__,
        placeholder="All", width=width,
    )  # fmt: skip
    return url.one_to_url(name, key, chosen, default) or default or ""


def table(house: House, query: Query, day: date) -> tuple[str | None, Listing]:
    """A page of the table. Returns the key of an entry whose name was just clicked, and what was shown."""
    try:
        total = inventory.listing(house, query, day=day, limit=0).total
    except Invalid as error:
        inventory_parts.problem(error.message, error.hint)
        return None, Listing(entries=(), total=0)
    if not total:
        with st.container(border=True, key="no_entries"):
            narrowed = query != Query()
            st.markdown(
                "**No entry matches.** Take a filter away, or search for less." if narrowed else
                "**Nothing is registered yet.** Connect a source on the page Sources, or add a model here."
            )  # fmt: skip
        return None, Listing(entries=(), total=0)
    every = len(inventory.entries(house, day=day))
    st.caption(
        f"{total:,} of {plural(every, 'entry', 'entries')}. Click a name to open it."
        + (" Select rows to edit them together." if inventory_parts.can_edit(house) else "")
    )
    number = 1
    if total > PAGE:
        mark = zlib.crc32(repr(sorted(asdict(query).items())).encode("utf-8", "replace"))
        number = st.pagination(-(-total // PAGE), key=f"inventory_page_{mark}")
    found = inventory.listing(house, query, day=day, limit=PAGE, offset=(number - 1) * PAGE)
    return _grid(house, found.entries, day), found


def _grid(house: House, found: tuple[Entry, ...], day: date) -> str | None:
    C = st.column_config  # noqa: N806
    people = directory.everyone(house)

    def name(who: str | None) -> str:
        if not who:
            return ""
        one = people.get(who)
        return (one.name if one.active else f"{one.name} (gone)") if one else "unknown"

    tiers = [word + more for word, _, _ in TIERS.values() for more in ("", OVERRIDDEN)]
    frame = pd.DataFrame(
        {
            "model": [one.name[:200] for one in found],
            "kind": [[KIND[one.kind]] for one in found],
            "tier": [[TIERS[one.tier][0] + (OVERRIDDEN if one.override else "")] for one in found],
            "owner": [name(one.values["owner"]) for one in found],
            "due": [one.due for one in found],
            "gaps": [[GAP[code].short for code in one.gaps] for one in found],
            "validator": [name(one.values["validator"]) for one in found],
            "stage": [[badges.STAGES[one.stage][0]] if one.stage else [] for one in found],
            "live": [", ".join(f"v{version}" for version in one.production[:3]) or _presence(one) for one in found],
            "review": [inventory_parts.review(one, day)[0] for one in found],
            "purpose": [one.values["purpose"][:300] for one in found],
        }
    )
    mark = zlib.crc32(repr([(one.key, one.revision) for one in found]).encode("utf-8", "replace"))
    event = st.dataframe(
        frame,
        key=f"inventory_grid_{mark}",
        hide_index=True,
        placeholder="",
        row_height=ROW,
        height=min(ROW * len(found) + 38, 720),
        on_select="rerun",
        selection_mode="multi-row",
        alt="Inventory entries with tier, people, stage, next review and gaps",
        column_config={
            "model": C.ButtonColumn(
                "Model", pinned=True, alignment="left", type="tertiary", key=f"opened_entry_{mark}", width=180
            ),
            "kind": C.MultiselectColumn(
                "Kind", options=list(KIND.values()), width=145,
                color=[colour for _, colour in inventory_parts.KINDS.values()],
            ),
            "tier": C.MultiselectColumn(
                "Tier", options=tiers, width=125, color=[colour for _, _, colour in TIERS.values() for _ in (0, 1)],
                help="From exposure and purpose class; overridden: set by a signed decision, see the entry.",
            ),
            "owner": C.TextColumn("Owner", width=125),
            "validator": C.TextColumn("Validator", width=125),
            "stage": C.MultiselectColumn(
                "Stage", options=[word for word, _, _ in badges.STAGES.values()], width=115,
                color=[colour for _, _, colour in badges.STAGES.values()],
            ),
            "live": C.TextColumn("Live", width=125, help="Versions in production."),
            "due": C.DateColumn("Next review", format="D MMM YYYY", width=115),
            "review": C.TextColumn("Review", width=140),
            "gaps": C.MultiselectColumn(
                "Gaps", options=[each.short for each in GAP.values()], width=240,
                color=[URGENCY[each.urgency][1] for each in GAP.values()],
            ),
            "purpose": C.TextColumn("Purpose", width="large"),
        },
    )  # fmt: skip
    rows = event["selection"]["rows"]
    st.session_state[SELECTED] = [found[row].key for row in rows if row < len(found)]
    click = st.session_state.get(f"opened_entry_{mark}")
    row = click["row"] if click else None
    return found[row].key if row is not None and row < len(found) else None


def _presence(one: Entry) -> str:
    return {"gone": "deleted at source", "unsynced": "not synced", "none": "not registered"}.get(one.presence, "")


def actions(listed: Listing) -> None:
    """What somebody who keeps the inventory can do from the list."""
    if st.button("Import", icon=":material/upload:", key="import", help="An Excel file, previewed before it is taken."):
        _go("import")
    chosen = _selected(listed.entries)
    if st.button(
        f"Edit {plural(len(chosen), 'entry', 'entries')}" if chosen else "Edit in a table",
        icon=":material/table_edit:", key="bulk", disabled=not listed.total,
        help="The selected rows, or all that match: at most 200 at once.",
    ):  # fmt: skip
        st.session_state[CHOSEN] = chosen
        st.query_params["bulk"] = "1"
        st.rerun()
    if st.button("Add a model", icon=":material/add:", type="primary", key="add",
                 help="A vendor's, a language model, or one that no registry knows."):  # fmt: skip
        _go("add")


def to_edit(house: House, query: Query, day: date) -> tuple[tuple[Entry, ...], int]:
    """The entries of the bulk table, those that were selected or else the first that match, and how many match."""
    chosen = st.session_state.get(CHOSEN) or []
    by_key = inventory.by_key(house, day=day)
    if chosen:
        found = [by_key[key] for key in chosen if key in by_key and by_key[key].retired_ms is None]
        return tuple(found), len(found)
    matching = [one for one in inventory.matching(house, query, day=day) if one.retired_ms is None]
    return tuple(matching[:MOST]), len(matching)


def _selected(entries: tuple[Entry, ...]) -> list[str]:
    keys = {one.key for one in entries}
    return [key for key in st.session_state.get(SELECTED, []) if key in keys]


def _go(where: str) -> None:
    st.query_params.from_dict({where: "1"})
    st.rerun()
