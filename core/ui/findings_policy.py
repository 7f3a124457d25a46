"""The policy in force as a table to read, and how far it acts on each model."""

import zlib
from functools import partial

import pandas as pd
import streamlit as st

from core.governance.attention import plural
from core.governance.policy import CATEGORIES, CATEGORY_TITLE, MODE_ABOUT, MODES, FairnessLimit, Policy
from core.services import policies, policy_files, policy_modes
from core.services.house import House
from core.ui import asking, downloads, moments
from core.ui.findings_parts import MODE_SIGNS
from core.ui.plain import plain
from core.ui.verdicts import ICONS
from core.ui.visit import current

ROW = 38
MEASURES = {"psi": "PSI", "jensen_shannon": "Jensen-Shannon", "hellinger": "Hellinger", "l_infinity": "L-infinity"}
SCOPES = {policy_modes.ALL: "All categories"} | CATEGORY_TITLE


def policy(house: House) -> None:
    """The part of the page."""
    held = policy_files.policy(house)
    _rules(house, held)
    _meanings()
    _models(house)


def _rules(house: House, held: Policy) -> None:
    with st.container(border=True, key="policy"):
        st.markdown(f"**{plain(held.title, 80)}** · version {held.version} of {held.dated:%-d %b %Y}")
        st.caption(f"{plain(held.about, 600)} {_since(house, held)}")
        for code in CATEGORIES:
            what, limits, response = st.columns([2, 5, 3], gap="small")
            what.markdown(f"{ICONS[code]} **{CATEGORY_TITLE[code]}**")
            limits.markdown(plain(limit(held, code), 600))
            response.markdown(f":material/arrow_forward: {plain(held.response(code), 600)}")
        frame = pd.DataFrame(
            {
                "category": [CATEGORY_TITLE[code] for code in CATEGORIES],
                "limit": [limit(held, code) for code in CATEGORIES],
                "response": [held.response(code) for code in CATEGORIES],
            }
        )
        downloads.table(frame, "policy")


def _since(house: House, held: Policy) -> str:
    mine = next((one for one in policies.known(house) if (one.name, one.version) == (held.name, held.version)), None)
    if mine is None:
        return "This version has not judged yet."
    if mine.hash != policies.hash_of(held):
        return "**This version has judged with another content: raise `version` in its file.**"
    return f"It judges since {moments.date(mine.at_ms)}."


def limit(held: Policy, category: str) -> str:
    """A category's limits in words."""
    if category == "data_quality":
        rule, drift = held.data_quality, held.data_quality.drift
        how = (
            f"tests with a false alarm in {_share(drift.alpha)} of windows, {drift.need} of the last {drift.of} windows"
            if drift.limit is None
            else f"{MEASURES.get(drift.measure, drift.measure)} above {drift.limit:g}"
        )
        return (
            f"At most {_share(drift.share)} of the features may drift ({how}). At most {_share(rule.broken)} of a "
            "column's rows unusable, above what the reference has. No change of the schema."
        )
    if category == "performance":
        return (
            f"At most {_share(held.performance.degradation)} lost of the reference's value, over the last "
            f"{held.performance.windows} windows whose labels are complete."
        )
    if category == "infrastructure":
        rule_i = held.infrastructure
        return (
            f"95 of 100 answers within {rule_i.latency_p95_ms:g} ms, errors in at most {_share(rule_i.error_rate)}, "
            f"over the last {rule_i.windows} windows."
        )
    if category == "business":
        return f"No KPI with a trend in the wrong direction, tested at {_share(held.business.alpha)}."
    told = "; ".join(_fairness(one) for one in held.fairness.limits)
    return f"{told}. Over the last {held.fairness.windows} windows."


def _share(value: float) -> str:
    return f"{100 * value:.4g} %"


def _fairness(one: FairnessLimit) -> str:
    low, high = ("" if end is None else f"{end:g}" for end in (one.low, one.high))
    within = f"within {low} and {high}" if low and high else f"at least {low}" if low else f"at most {high}"
    return f"{one.criterion.replace('_', ' ').capitalize()}, {one.of} {within}"


def _meanings() -> None:
    for place, mode in zip(st.columns(len(MODES), gap="small"), MODES, strict=True):
        word, icon, colour = MODE_SIGNS[mode]
        with place.container(border=True, height="stretch"):
            st.badge(word, icon=icon, color=colour)
            st.caption(MODE_ABOUT[mode])


def _models(house: House) -> None:
    """One row a model; those that are selected get another mode together."""
    found = list(policy_modes.modes(house).values())
    if not found:
        st.caption("No model is monitored yet: describe a log on the page Sources.")
        return
    may = house.actor.may_somewhere("inventory") or house.actor.may_somewhere("decide")
    C = st.column_config  # noqa: N806
    frame = pd.DataFrame(
        {"model": [one.model[:200] for one in found]}
        | {code: [[MODE_SIGNS[one.of(code)][0]] for one in found] for code in CATEGORIES}
    )
    actions = st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom")
    mark = zlib.crc32(repr([(one.model, sorted(one.stated.items())) for one in found]).encode("utf-8", "replace"))
    event = st.dataframe(
        frame, key=f"modes_{mark}", hide_index=True, row_height=ROW, height=min(ROW * len(found) + 38, 620),
        on_select="rerun" if may else "ignore", **({"selection_mode": "multi-row"} if may else {}),
        alt="Models with the mode of the policy in each category",
        column_config={"model": C.TextColumn("Model", pinned=True, width=240)} | {
            code: C.MultiselectColumn(
                CATEGORY_TITLE[code], width=130, options=[word for word, _, _ in MODE_SIGNS.values()],
                color=[colour for _, _, colour in MODE_SIGNS.values()],
            ) for code in CATEGORIES
        },
    )  # type: ignore[call-overload]  # fmt: skip
    chosen = [found[at].model for at in event["selection"]["rows"] if at < len(found)] if may else []
    with actions:
        st.caption(
            f"{plural(len(found), 'model')}." + (" Select rows to change their mode." if may and not chosen else "")
        )
        with st.container(horizontal=True, width="content", gap="small"):
            st.button(
                f"Change the mode of {plural(len(chosen), 'model')}" if chosen else "Change the mode",
                icon=":material/tune:", key="change_mode", type="primary", disabled=not chosen, on_click=_ask,
                args=(tuple(chosen),),
            ) if may else None  # fmt: skip
            downloads.table(frame.map(lambda cell: cell[0] if isinstance(cell, list) else cell), "policy_modes")


def _ask(models: tuple[str, ...]) -> None:
    @st.dialog(f"Mode of {plural(len(models), 'model')}", icon=":material/tune:")
    def ask() -> None:
        st.caption(", ".join(plain(model, 60) for model in models[:8]) + (" …" if len(models) > 8 else ""))
        scope = st.selectbox("For", list(SCOPES), key="mode_category", format_func=SCOPES.__getitem__)
        mode = st.radio(
            "Mode", list(MODES), key="mode_chosen", format_func=lambda one: MODE_SIGNS[one][0],
            captions=[MODE_ABOUT[one] for one in MODES],
        )  # fmt: skip
        st.caption('Raising it needs the right "Keep the inventory", lowering it from enforce "Decide and sign".')
        reason = st.text_area("Why (may stay empty)", key="mode_reason", height=80,
                              max_chars=policy_modes.REASON_LONGEST)  # fmt: skip
        if asking.buttons("Set", icon=":material/check:", key="mode"):
            asking.finish(partial(_set, models, scope, mode or "", reason or ""))

    ask()


def _set(models: tuple[str, ...], category: str, mode: str, reason: str) -> None:
    policy_modes.set_mode(current(), models, category, mode, reason)
