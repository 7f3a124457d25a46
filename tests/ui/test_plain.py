"""Untrusted text stays text: what a Markdown renderer makes of it is the text itself, and nothing else."""

import html
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from core.ui.plain import plain
from tests.mlflow_truth import HOSTILE

GFM = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
LINKED = re.compile(r"https?://|ftp://|(?i:www)\.|\w@\w")
SYMBOLS = re.compile(r":streamlit:|(^|\s)(<->|->|<-|--|>=|<=|~=)(\s|$)")  # what Streamlit replaces in any text
TURNING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
MARKS = [
    "**bold**", "_it_", "`code`", "[a](javascript:alert(1))", "![x](http://evil/x.png)", "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>", "$x^2$", "$$x$$", ":red[no]", ":material/home:", ":smile:", "# title", "> quote",
    "- item", "1. item", "1) item", "| a | b |", "~~gone~~", "---", "***", "```", "http://evil", "https://evil",
    "www.evil.com", "WWW.evil.com", "me@evil.com", "mailto:me@evil.com", "<http://evil>", "&lt;b&gt;", "&#60;",
    "\\*x\\*", "a\\", "a\nb", "a  \nb", "\tcode", "    code", "  - item", "[x]: http://evil", "[^1]", "- [ ] task",
    ":red-background[x]", "a\u2028# b", "\0", "==x==",
]  # fmt: skip


def shown(text: str) -> str:
    """What a reader sees of Markdown, if it is one paragraph of plain text; else the HTML it became."""
    rendered = GFM.render(text.strip())  # as Streamlit does
    found = re.fullmatch(r"<p>([^<]*)</p>\n", rendered, re.DOTALL)
    return html.unescape(found[1]) if found else rendered


def expected(text: str) -> str:
    text = "".join(" " if ord(c) < 32 or ord(c) == 127 or c in "\u2028\u2029" else c for c in text if c not in TURNING)
    return re.sub(r"\s+", " ", text).strip()


def seen(text: str) -> str:
    return re.sub(r"\s+", " ", shown(plain(text)).replace("\u2060", "")).strip()


@pytest.mark.parametrize("text", [*MARKS, *HOSTILE])
def test_marks_are_shown_as_they_were_written(text: str) -> None:
    assert seen(text) == expected(text)


@pytest.mark.parametrize("text", ["**", "[a](b)", "<b>", "`", ":material/home:", "    code"])
def test_marks_inside_a_sentence_are_shown_as_they_were_written(text: str) -> None:
    rendered = shown(f"**Source {plain(text)} cannot be read.** {plain(text)}")
    assert rendered.startswith("<p><strong>Source ")
    assert rendered.count("<") == 4


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
@example("a" + "\u2060" + "b")
def test_whatever_it_is_it_is_shown_as_one_plain_paragraph(text: str) -> None:
    if expected(text).replace("\u2060", ""):
        assert seen(text) == expected(text).replace("\u2060", "")


@given(st.text(alphabet="*_`[]()<>!#|~$:\\-+.1 a&;/@w\n\t", max_size=40))
def test_whatever_marks_are_combined_they_are_shown_as_they_are(text: str) -> None:
    if expected(text):
        assert seen(text) == expected(text)


@given(st.text(alphabet="htps:/w.@ac ", max_size=30) | st.sampled_from(["x http://a", "a@b.c", "http://www.a@b"]))
def test_no_bare_address_is_left_for_a_renderer_to_link(text: str) -> None:
    assert not LINKED.search(shown(plain(text)))


@pytest.mark.parametrize(
    "text", [":streamlit:", "a -> b", "a <- b", "a <-> b", "a -- b", "a >= b", "a <= b", "a ~= b", "->"]
)
def test_no_mark_is_left_for_streamlit_to_replace_by_a_symbol(text: str) -> None:
    assert not SYMBOLS.search(shown(plain(text)))


@given(st.text(max_size=40), st.integers(1, 50))
def test_it_is_one_line_without_control_or_turning_characters(text: str, longest: int) -> None:
    said = plain(text, longest)
    assert not re.search(r"[\x00-\x1f\x7f\u2028\u2029\u202a-\u202e\u2066-\u2069]", said)
    assert len(said.splitlines()) <= 1 or "\x85" in said


@given(st.text(alphabet="ab*", max_size=80), st.integers(1, 50))
def test_it_is_cut_at_its_length_and_not_before(text: str, longest: int) -> None:
    said = plain(text, longest).replace("\\", "")
    assert said == (text if len(text) <= longest else text[: longest - 1] + "…")


def test_ten_thousand_characters_are_cut() -> None:
    assert plain("x" * 10_000) == "x" * 299 + "…"


@pytest.mark.parametrize("value", [None, 3, 1.5, ValueError("*x*")])
def test_anything_can_be_shown(value: object) -> None:
    assert shown(plain(value)) == str(value)
