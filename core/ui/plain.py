"""Untrusted text shown as text, wherever Streamlit would read Markdown."""

import re

_SPECIAL = re.compile(r"([!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~])")
_BREAKS = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")
_MADE_OVER = re.compile(
    r"(?<=:)(?=//)|(?<=www)(?=\.)|(?<=@)|(?<=:)(?=streamlit:)|(?<=[-<>~=])(?=[-<>=])", re.IGNORECASE
)
_JOINER = "\u2060"  # invisible; without it addresses become links and arrows symbols, escaped or not
_TURNING = re.compile(r"[\u202a-\u202e\u2066-\u2069]")


def plain(text: object, longest: int = 300) -> str:
    """The text escaped for Markdown: no formatting, link, bare address, image, formula, icon or HTML in it works.

    Control characters become spaces, marks that turn the direction of what follows are dropped, and what is longer than
    `longest` characters is cut with an ellipsis.
    """
    return _SPECIAL.sub(r"\\\1", _MADE_OVER.sub(_JOINER, bare(text, longest)))


def bare(text: object, longest: int = 300) -> str:
    """The same for places that read no Markdown, such as cells of grids and options: nothing is escaped."""
    said = _TURNING.sub("", _BREAKS.sub(" ", str(text)))
    return said if len(said) <= longest else said[: longest - 1] + "…"
