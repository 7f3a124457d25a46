"""Adding a source: where it is, a test, its stage map, and saving it."""

from typing import Any

import streamlit as st

from core.errors import GatehouseError
from core.governance.attention import plural
from core.records import SourceInfo
from core.services import sources
from core.services.house import House
from core.settings import Source, StageMap
from core.ui import stage_editor
from core.ui.plain import plain

SIGN_IN = {"none": "No sign-in", "token": "Bearer token", "password": "User name and password"}
KEPT_IN = {"env": "Environment variable", "file": "File"}
TESTED = "tested_source"


def add(house: House) -> None:
    """The whole form. What it needs of the secret is only where the secret is found."""
    with st.container(border=True, key="add_source"):
        st.subheader("Add an MLflow source", anchor=False)
        st.caption(
            "Gatehouse only reads. It works with MLflow 2 and 3, over their REST API or straight from their database."
        )
        name, values = _fields()
        with st.container(horizontal=True):
            tried = st.button("Test connection", icon=":material/cable:", key="test_source", type="primary")
            if st.button("Cancel", key="cancel_source"):
                _leave()
        if tried:
            _test(house, name, values)
        tested = st.session_state.get(TESTED)
        if tested and tested["for"] == (name, values):
            _finish(house, name, tested["source"], tested["info"], tested["registry"])
        elif tested and not tried:
            st.caption("The form was changed after the test. Test the connection again.")


def edit_stages(house: House, name: str) -> None:
    """The stage map of a saved source, tried on its registry as it is now."""
    source = house.sources.get(name)
    if source is None or house.active != "own":
        st.error(f"There is no own source {plain(name, 40)}.", icon=":material/error:")
        return
    with st.container(border=True, key="edit_stages"):
        st.subheader(f"Stage map of {plain(name)}", anchor=False)
        kept = f"registry_{name}"
        try:
            if kept not in st.session_state:
                with st.spinner("Reading the registry"):
                    st.session_state[kept] = sources.registry(house, source)
            stages = stage_editor.editor(st.session_state[kept], source.stages, key=f"edit_{name}")
            with st.container(horizontal=True):
                if st.button("Save the map", type="primary", icon=":material/save:", key="save_stages"):
                    sources.save_stages(house, name, stages)
                    del st.session_state[kept]
                    _leave()
                if st.button("Cancel", key="cancel_stages"):
                    st.session_state.pop(kept, None)
                    _leave()
        except GatehouseError as error:
            _tell(error)


def _fields() -> tuple[str, dict[str, Any]]:
    left, right = st.columns([1, 2], gap="small")
    name = left.text_input(
        "Name", key="source_name", placeholder="team-mlflow", help="Small letters, digits, - and _.", max_chars=40
    )
    url = right.text_input(
        "Address",
        key="source_url",
        placeholder="http://127.0.0.1:5000",
        help="Of a server: http:// or https://. Of its database: sqlite:////path/mlflow.db, postgresql://user@host/db. "
        "Never with a password in it.",
    )
    values: dict[str, Any] = {"url": url.strip()}
    sign_in = st.segmented_control(
        "Sign-in", list(SIGN_IN), default="none", required=True, format_func=SIGN_IN.__getitem__, key="source_sign_in"
    )
    if sign_in in ("token", "password"):
        values |= _secret(sign_in)
    with st.expander("Private CA, proxy, interval", key="source_more"):
        left, middle, right = st.columns(3, gap="small")
        values["ca_file"] = left.text_input(
            "CA file", key="source_ca", help="PEM file of a private certificate authority, on this machine."
        )
        values["proxy"] = middle.text_input("Proxy", key="source_proxy", placeholder="http://proxy:3128")
        minutes = right.number_input(
            "Sync every (minutes)",
            min_value=0,
            max_value=1_440,
            value=5,
            key="source_minutes",
            help="0: on demand only.",
        )
        values["interval_s"] = int(minutes) * 60
    return name.strip(), {key: value.strip() if isinstance(value, str) else value for key, value in values.items()}


def _secret(what: str) -> dict[str, str]:
    """Where the secret is found; it is never typed here."""
    values: dict[str, str] = {}
    columns = st.columns([1, 1, 2] if what == "password" else [1, 2], gap="small")
    if what == "password":
        values["username"] = columns[0].text_input("User name", key="source_user", autocomplete="off")
    kept_in = columns[-2].selectbox(
        f"The {what} is kept in", list(KEPT_IN), format_func=KEPT_IN.__getitem__, key="source_kept_in"
    )
    if kept_in == "env":
        values[f"{what}_env"] = columns[-1].text_input(
            "Name of the variable",
            key="source_env",
            placeholder=f"MLFLOW_TRACKING_{what.upper()}",
            autocomplete="off",
            help=f"Set where the Gatehouse server runs. The {what} itself is never typed, shown or stored here.",
        )
    else:
        values[f"{what}_file"] = columns[-1].text_input(
            "Path of the file",
            key="source_file",
            placeholder="/run/secrets/mlflow",
            autocomplete="off",
            help=f"On the machine of the Gatehouse server. It should hold the {what} alone.",
        )
    return values


def _test(house: House, name: str, values: dict[str, Any]) -> None:
    st.session_state.pop(TESTED, None)
    try:
        source = sources.draft(name, values, taken=house.settings.sources)
        with st.spinner("Asking the source"):
            info, registry = sources.probe(house, source), sources.registry(house, source)
    except GatehouseError as error:
        _tell(error)
    else:
        st.session_state[TESTED] = {"for": (name, values), "source": source, "info": info, "registry": registry}


def _finish(house: House, name: str, source: Source, info: SourceInfo, registry: sources.Registry) -> None:
    held = [(info.experiments, "experiment"), (info.runs, "run"), (info.models, "registered model")]
    counts = " · ".join(plural(number, noun) for number, noun in held if number is not None)
    st.success(
        f"**{plain(f'{info.product} {info.version}'.strip())} answers.** {counts}", icon=":material/check_circle:"
    )
    st.markdown("**What counts as staging and production here?**")
    stages = stage_editor.editor(registry, StageMap(), key="add")
    if st.button("Save and sync", type="primary", icon=":material/save:", key="save_source"):
        try:
            sources.save(house, name, source.model_copy(update={"stages": stages}))
        except GatehouseError as error:
            _tell(error)
        else:
            st.session_state.pop(TESTED, None)
            _leave()


def _tell(error: GatehouseError) -> None:
    hint = f"  \n{plain(error.hint, 1_000)}" if error.hint else ""
    st.error(f"**{plain(error.message, 1_000)}**{hint}", icon=":material/error:")


def _leave() -> None:
    st.query_params.clear()
    st.rerun()
