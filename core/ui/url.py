"""Lists of values that live in the URL: a link shows what its sender saw."""

from collections.abc import Sequence

import streamlit as st


def from_url(name: str, key: str) -> None:
    """Puts a repeated query parameter into the widget `key`, whenever the URL says something new."""
    stated = st.query_params.get_all(name)
    if st.session_state.get(f"_url_{key}") != stated or key not in st.session_state:
        st.session_state[key] = list(dict.fromkeys(stated))
        st.session_state[f"_url_{key}"] = stated


def to_url(name: str, key: str, values: Sequence[str]) -> None:
    """Writes the widget's values into the URL."""
    if st.query_params.get_all(name) != list(values):
        if values:
            st.query_params[name] = list(values)
        else:
            del st.query_params[name]
    st.session_state[f"_url_{key}"] = list(values)


def known_only(key: str, options: Sequence[str]) -> None:
    """Drops values of the widget `key` that are no options any more."""
    known = set(options)
    st.session_state[key] = [value for value in st.session_state.get(key, []) if value in known]


def one_from_url(name: str, key: str, options: Sequence[str], default: str | None = None) -> None:
    """Puts a query parameter into the widget `key`, whenever the URL says something new.

    For widgets whose labels change or are not unique: a bound one writes its label into the URL, this the value.
    """
    stated = st.query_params.get(name, "")
    if st.session_state.get(f"_url_{key}") != stated or key not in st.session_state:
        st.session_state[key] = stated
        st.session_state[f"_url_{key}"] = stated
    if st.session_state[key] not in options:
        st.session_state[key] = default


def one_to_url(name: str, key: str, value: str | None, default: str | None = None) -> str:
    """Writes the widget's value into the URL, nothing for its default; returns it, "" for none."""
    said = value if value and value != default else ""
    if st.query_params.get(name, "") != said:
        if said:
            st.query_params[name] = said
        else:
            del st.query_params[name]
    st.session_state[f"_url_{key}"] = said
    return value or ""


def known_value(key: str, options: Sequence[str]) -> None:
    """Drops the value of the widget `key` when it is no option any more."""
    if st.session_state.get(key) not in (None, *options):
        del st.session_state[key]
