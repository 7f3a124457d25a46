"""API tokens: which there are; making one, whose secret is shown once."""

from datetime import timedelta

import streamlit as st

from core.governance.attention import plural
from core.governance.rights import RIGHT
from core.services import directory, tokens
from core.services.house import House, now_ms
from core.services.tokens import Token
from core.ui import access_roles, asking, grids, moments
from core.ui.plain import plain
from core.ui.visit import current

STATES = {"In force": "green", "Revoked": "gray", "Expired": "gray"}


def listing(house: House, *, changes: bool, person: str = "") -> None:
    """Everybody's tokens, or one person's."""
    past = False if person else st.toggle("Also revoked and expired ones", key="past", bind="query-params")
    _grid(house, tokens.listing(house, person, past=past), changes=changes, mine=False)


def own(house: House) -> None:
    """The tokens of the one who looks."""
    _grid(house, tokens.own(house), changes=True, mine=True)


def _grid(house: House, found: tuple[Token, ...], *, changes: bool, mine: bool) -> None:
    columns = {
        "name": (grids.text("Name", 190), [token.name or "(erased)" for token in found]),
        "owner": (grids.text("Owner", 150), [directory.name(house, token.person)[:200] for token in found]),
        "state": (grids.words("State", STATES, 95), [[token.state.capitalize()] for token in found]),
        "scopes": (
            st.column_config.ListColumn("May", width=230, help="And no more than its owner may at that moment."),
            [[access_roles.right(scope) for scope in token.scopes] for token in found],
        ),
        "used": grids.moment("Last used", [token.used_ms for token in found], "To the minute; empty: never."),
        "expires": grids.moment("Ends", [token.expires_ms for token in found]),
    }
    if mine:
        del columns["owner"]
    if changes:
        columns["act"] = (
            grids.action("tokens", _ask_to_revoke, found),
            [":material/block: Revoke" if token.state == "in force" else "" for token in found],
        )
    about = "Programs send a token as `Authorization: Bearer ...`."
    grids.grid(
        columns, key="tokens", alt="API tokens", said=f"**{plural(len(found), 'API token')}**",
        empty=f"{about} Make one and give it no more rights than it needs."
        if mine
        else "No token. People make tokens for themselves on *My account*, under their name.",
        tools=_make_button if mine else None,
    )  # fmt: skip


def _make_button() -> None:
    st.button("Make a token", icon=":material/key:", key="make_token", on_click=_make)


@st.dialog("Make an API token", icon=":material/key:", on_dismiss="rerun")
def _make() -> None:
    if asking.told():
        return
    st.text_input(
        "What it is for", key="token_name", max_chars=tokens.NAME_LONGEST, placeholder="Such as: nightly report"
    )
    held = list(tokens.scopes(current()))
    st.pills(
        "It may", held, selection_mode="multi", default=held[:1], key="token_scopes",
        format_func=access_roles.right,
    )  # fmt: skip
    today = moments.today(now_ms())
    chosen = st.session_state["token_scopes"] or ()
    st.caption("  \n".join(RIGHT[right].about for right in held if right in chosen) or "Choose at least one right.")
    st.date_input(
        "Last day", today + timedelta(days=90), min_value=today, key="token_until",
        max_value=today + timedelta(days=tokens.DAYS_MOST - 1),
    )  # fmt: skip
    st.caption("At every request it may do what you may do at that moment, and of that only what is chosen here.")
    asking.make("Make it", _made, icon=":material/check:", key="make_token_now")


def _made() -> asking.Told:
    name, scopes, last = (st.session_state[f"token_{field}"] for field in ("name", "scopes", "until"))
    fresh = tokens.make(current(), name, tuple(scopes), moments.day_ms(last + timedelta(days=1)))
    return asking.Told(
        said=f"{plain(name)} is ready.", secret=fresh.secret,
        about="Copy it now: it is shown this once, and kept nowhere. Send it as `Authorization: Bearer ...`.",
    )  # fmt: skip


def _ask_to_revoke(token: Token) -> None:
    if token.state != "in force":
        return
    asking.confirm(
        "Revoke this token?", f"What uses **{plain(token.name)}** is refused from now on.", "Revoke it",
        lambda house: tokens.revoke(house, token.id), ":material/block:",
    )  # fmt: skip
