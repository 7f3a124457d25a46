"""Around the steps of Monitor a model: which draft is open, where one is in it, and what several steps need."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import streamlit as st

from core.errors import GatehouseError, NotFound
from core.monitors.drafts import Draft
from core.services import monitor_drafts_kept as drafts
from core.services.house import House
from core.services.monitor_drafts_kept import Kept
from core.ui import url
from core.ui.plain import plain
from core.ui.visit import leave

T = TypeVar("T")
TITLES = {"1": "Log", "2": "Columns", "3": "Labels", "4": "Reference", "5": "Trial day", "6": "Save"}
LAST = "6"
MOST_REMEMBERED = 60
_STEP, _OPEN, _SEEN, _SHOWN = "draft_step", "draft_open", "draft_seen", "draft_shown"
_BEGUN = "begun_drafts"
_VISITS = "visits_of_draft_steps"  # goes on when another draft is opened


@dataclass(slots=True)
class Making:
    """The draft that is open. name: its id in the URL.  kept: as it is now; `put` changes it."""

    house: House
    name: str
    kept: Kept

    @property
    def draft(self) -> Draft:
        return self.kept.draft

    def put(self, draft: Draft | None = None, **changes: Any) -> None:
        """Keeps the draft when something is another now."""
        now = replace(self.kept, draft=draft or self.kept.draft, **changes)
        if now != self.kept:
            self.kept = now
            drafts.keep(self.house, self.name, now)


def heading() -> None:
    """The title, and what the page is for."""
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"):
        st.title("Monitor a model", anchor=False, width="content")
        if "draft" in st.query_params and st.button("Begin again", icon=":material/restart_alt:", key="draft_again"):
            st.query_params.clear()
            _forget()
            st.rerun()
    st.caption("From a log of predictions to its first numbers. Nothing is written before the last step.")


def demo() -> None:
    """What stands in place of the steps in the demo's stores."""
    with st.container(border=True, key="draft_demo"):
        st.subheader("The demo's monitors are fixed", anchor=False)
        st.markdown(
            "This page writes a monitor file and reads your log into **your own stores**. The demo's stores come with "
            "the program and stay as they are. Sign in as **admin** for your own: the server printed the first "
            "password when it was started for the first time."
        )
        with st.container(horizontal=True, vertical_alignment="center"):
            if st.button("Sign in to your own stores", icon=":material/login:", type="primary", key="draft_own"):
                leave("/signin?change=1&next=/monitor_model")
            st.page_link("pages/sources.py", label="The demo's logs", icon=":material/hub:")


def opened(house: House) -> Making | None:
    """The draft that the URL names; None before there is one. One that is lost is told, and the page begins anew."""
    name = st.query_params.get("draft", "")
    if st.session_state.get(_OPEN) != name:
        _forget()
        st.session_state[_OPEN] = name
    if not name:
        return None
    try:
        return Making(house, name, drafts.kept(house, name))
    except NotFound as error:
        mistake(error)
        return None


def begin(house: House, first: Kept) -> None:
    """Keeps a new draft and shows its columns."""
    name = drafts.begin(house, first)
    st.query_params.from_dict({"draft": name, "step": "2"})
    st.rerun()


def steps(made: Making | None) -> str:
    """The steps in a row; returns the one to draw. Without a draft only the first is.

    Where another one was just chosen that is still the step shown so far: what was typed into it reaches the server
    together with the click that leaves it, and is kept while it is drawn. `onward` then opens the other.
    """
    if made:
        url.one_from_url("step", _STEP, list(TITLES), "1")
    else:
        st.session_state[_STEP] = "1"
    chosen = st.segmented_control(
        "Step", list(TITLES), key=_STEP, required=True, label_visibility="collapsed", disabled=made is None,
        format_func=lambda number: f"{number}  {TITLES[number]}",
    )  # fmt: skip
    url.one_to_url("step", _STEP, chosen, None if made else "1")
    if st.session_state.get(_SHOWN) is None or made is None:
        _show(chosen or "1")
    return str(st.session_state[_SHOWN])


def _show(step: str) -> None:
    if st.session_state.get(_SHOWN) != step:
        st.session_state[_SHOWN] = step
        st.session_state[_VISITS] = visits() + 1


def fresh(name: str) -> str:
    """A key for a widget of the first step that no draft before has filled: browsers keep what is shown under a key."""
    return f"draft_{name}_{st.session_state.get(_BEGUN, 0)}"


def visits() -> int:
    """How often steps were changed in this session: a number that stays as long as one step is shown."""
    return int(st.session_state.get(_VISITS, 0))


def onward(step: str) -> None:
    """Opens the step that was chosen instead of the one just drawn; else buttons to the one before and the next."""
    if (chosen := st.session_state[_STEP]) != step:
        _show(chosen)
        st.rerun()
    number = int(step)
    with st.container(horizontal=True, key="draft_onward"):
        if number > 1:
            st.button("Back", icon=":material/arrow_back:", key="draft_back", on_click=_go, args=(number - 1,))
        if step not in ("1", LAST):
            st.button(
                f"Next: {TITLES[str(number + 1)]}", icon=":material/arrow_forward:", icon_position="right",
                type="primary", key="draft_next", on_click=_go, args=(number + 1,),
            )  # fmt: skip


def go(number: int, label: str, key: str) -> None:
    """A button to another step."""
    st.button(label, icon=":material/arrow_forward:", key=key, on_click=_go, args=(number,))


def remember(key: Hashable, work: Callable[[], T], doing: str) -> T:
    """What work answers, asked once in a session; what is older than 60 such answers is asked anew."""
    known: dict[Hashable, Any] = st.session_state.setdefault(_SEEN, {})
    if key not in known:
        with st.spinner(doing):
            known[key] = work()
        for old in list(known)[:-MOST_REMEMBERED]:
            del known[old]
    found: T = known[key]
    return found


def forget_answers() -> None:
    """After a log was looked at again: all that was read of it is asked anew."""
    st.session_state.pop(_SEEN, None)


def mistake(error: GatehouseError) -> None:
    """An error and what to do, where it happened."""
    hint = f"  \n{plain(error.hint, 1_000)}" if error.hint else ""
    st.error(f"**{plain(error.message, 1_000)}**{hint}", icon=":material/error:")


def problems(draft: Draft, found: Sequence[GatehouseError]) -> None:
    """What is wrong with a draft, and the ways to the steps in which it is put right."""
    for problem in found[:6]:
        mistake(problem)
    if found:
        with st.container(horizontal=True):
            if not draft.since and not draft.reference_files:
                go(4, "Choose the reference", "draft_to_reference")
            if len(found) > 1 or draft.since or draft.reference_files:
                go(2, "Change the columns", "draft_to_columns")


def size(count: int) -> str:
    """Bytes as people read them."""
    number, unit = float(count), "B"
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if number < 1_000 or unit == "TB":
            break
        number /= 1_000
    return f"{number:.0f} {unit}" if unit == "B" or number >= 10 else f"{number:.1f} {unit}"


def _go(number: int) -> None:
    st.session_state[_STEP] = str(number)


def _forget() -> None:
    """What widgets of another draft held."""
    for key in [key for key in st.session_state if str(key).startswith("draft_")]:
        del st.session_state[key]
    st.session_state[_BEGUN] = st.session_state.get(_BEGUN, 0) + 1
