"""The search over runs: a box that explains itself and its mistakes."""

import streamlit as st

from core.errors import QueryError
from core.query import COMPLETIONS, Hint, mended
from core.ui.plain import plain

SHOWN = 160


def box() -> str:
    """The search as typed; it stands in the URL as q."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall"):
        text = st.text_input(
            "Search runs",
            key="q",
            bind="query-params",
            placeholder="metrics.valid.auc > 0.75 and params.seed in (1, 2)",
            icon=":material/search:",
            autocomplete="off",
        )
        with st.popover("", icon=":material/help:", help="What can be searched", key="search_help"):
            st.markdown("**Search by example**")
            rows = "\n".join(f"| `{example.replace('`', '')}` | {meaning} |" for example, meaning in _without_ticks())
            st.markdown(f"| search | finds |\n|---|---|\n{rows}")
            st.caption("Filters written for MLflow work here unchanged. A comparison with a missing value is false.")
    return text or ""


def mistake(text: str, error: QueryError, key: str = "q") -> None:
    """The mistake where it stands, what was probably meant, and a button that puts it right."""
    at = min(error.position, len(text))
    start = max(0, at - SHOWN // 2)
    part = text[start : start + SHOWN].replace("\n", " ")
    with st.container(border=True, key="mistake"):
        st.markdown(f":material/error: **{plain(error.message)}** {plain(error.hint)}")
        st.code(f"{part}\n{' ' * (at - start)}^", language=None)
        better = mended(text, error) if key == "q" else None
        if better is not None:
            st.button(
                f"Use {plain(better, 120)}",
                icon=":material/auto_fix_high:",
                key="mend",
                on_click=_replace,
                args=(key, better),
            )
        elif error.suggestion:
            st.caption(f"Perhaps {plain(error.suggestion, 120)}?")


def hints(found: tuple[Hint, ...]) -> None:
    """Names of the search that no run here has."""
    for hint in found[:5]:
        meant = f" Did you mean {plain(hint.suggestion, 80)}?" if hint.suggestion else ""
        st.caption(f":material/info: No run here has {plain(hint.name, 80)}, so this part finds nothing.{meant}")


def _replace(key: str, text: str) -> None:
    st.session_state[key] = text


def _without_ticks() -> list[tuple[str, str]]:
    return [(example.replace("|", "\\|"), meaning) for example, meaning in COMPLETIONS]
