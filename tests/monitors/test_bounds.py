"""Files made to hurt: they are refused quickly and told, and nothing in them is run."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import MonitorError
from core.monitors.files import load
from core.monitors.tree import parse, plain
from tests.monitors.texts import SHORT, folder, of

BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30)
)


@pytest.mark.parametrize(
    ("text", "said", "line"),
    [
        (BOMB, "Aliases repeat more than 1,000", 4),
        ("model: &a [*a]\n", "refers to itself", 1),
        ("model: &a {b: *a}\n", "refers to itself", 1),
        ("model: *nothing\n", "refers to nothing", 1),
        ("model: " + "[" * 40 + "]" * 40, "more than 30 deep", 1),
        ("model: " + "[" * 400_000, "", 1),
        ("a: {" * 100_000, "", 1),
        ("\n".join(" " * n + f"a{n}:" for n in range(900)), "more than 30 deep", 31),
        ("a" * 1_000_001, "larger than 1,000,000 bytes", None),
        ("model: a\nmodel: b\n", "twice", 2),
    ],
)
def test_a_harmful_file_is_refused(tmp_path: Path, text: str, said: str, line: int | None) -> None:
    loaded = load(folder(tmp_path, {"bad.yaml": text, "fine.yaml": of("fine")}), [])
    assert list(loaded.monitors) == ["fine"]
    (problem,) = loaded.problems
    assert (problem.file, problem.line) == ("bad.yaml", line)
    assert said in problem.message
    assert len(problem.message) < 500


def test_a_few_aliases_are_read(tmp_path: Path) -> None:
    more = "features:\n  numeric: &n [a, b]\n  without: *n\nid: &i row\nversion: *i\n"
    monitor = load(folder(tmp_path, {"a.yaml": SHORT + more}), []).monitors["credit"].monitor
    assert (monitor.features.without, monitor.version) == (("a", "b"), "row")


def test_what_is_no_file_is_told_and_does_not_block(tmp_path: Path) -> None:
    place = folder(tmp_path, {"fine.yaml": of("fine")})
    os.mkfifo(place / "pipe.yaml")
    (place / "folder.yaml").mkdir()
    loaded = load(place, [])
    assert list(loaded.monitors) == ["fine"]
    assert [(p.file, p.sentence) for p in loaded.problems] == [("pipe.yaml", "It is no file.")]


@given(st.text(alphabet=st.characters(blacklist_categories=["Cs"]), max_size=200))
@settings(max_examples=300)
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        plain(parse(text, "a.yaml"))
    except MonitorError as error:
        assert error.file == "a.yaml"


PIECES = [
    "model",
    ": ",
    "\n",
    "  ",
    "- ",
    "[",
    "]",
    "{",
    "}",
    "'",
    '"',
    "&a",
    "*a",
    "!!x",
    "|",
    ">",
    "\t",
    "#",
    "a",
    "1",
]


@given(st.lists(st.sampled_from([*PIECES, ", ", "? ", "---\n", "...\n", "%YAML 1.2\n", "<<"]), max_size=40))
@settings(max_examples=500)
def test_any_pieces_of_yaml_are_read_or_refused(pieces: list[str]) -> None:
    try:
        plain(parse("".join(pieces), "a.yaml"))
    except MonitorError as error:
        assert error.hint
        assert error.line is None or 1 <= error.line <= "".join(pieces).count("\n") + 1


@given(st.binary(max_size=300))
@settings(max_examples=200)
def test_any_bytes_in_a_file_leave_the_others(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    place = folder(tmp_path_factory.getbasetemp(), {"bad.yaml": raw, "fine.yaml": of("fine")})
    loaded = load(place, ["x"])
    assert "fine" in loaded.monitors
    assert loaded.problems
