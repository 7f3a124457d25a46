"""What makes a text no YAML, said to a person."""

import re
from collections.abc import Container
from typing import Any

from core.errors import MonitorError

_TABBED = re.compile(r" *\t\s*[^\s]")
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_MEANINGS = (
    ("mapping values are not allowed", "A colon stands where none may.", "Put a text with ': ' in quotes; align keys."),
    ("while scanning an alias", "A value begins with *.", "Put it in quotes: '*'."),
    ("while scanning an anchor", "A value begins with &.", "Put it in quotes."),
    ("while scanning a quoted scalar", "A quote is opened and not closed.", "Close it on the same line."),
    ("while parsing a quoted scalar", "A \\ in double quotes begins no known escape.", "Write \\\\, or use ' quotes."),
    ("could not find expected ':'", "A line is no `key: value`.", "Write a colon and a blank after the key."),
    ("while parsing a flow sequence", "A list in [ ] is not closed.", "Close it with ]."),
    ("while parsing a flow mapping", "A mapping in { } is not closed.", "Close it with }, or put {model} in quotes."),
    ("did not find expected key", "The indentation does not fit.", "Keys of one mapping begin in the same column."),
    ("did not find expected '-' indicator", "The indentation does not fit.", "Items of one list begin in one column."),
    ("block sequence entries are not allowed", "A list begins on the line of its key.", "Begin it on the next line."),
    ("cannot start any token", "A value begins with a character that YAML keeps for itself.", "Put it in quotes."),
)


def decoded(raw: bytes, file: str) -> str:
    """The text of a file in UTF-8, without its byte order mark. Raises MonitorError."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in raw[:4]:
        raise MonitorError("The file is saved as UTF-16 or UTF-32.", file=file, line=1, hint="Save it as UTF-8.")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"The byte 0x{raw[error.start]:02x} is no UTF-8."
        line = raw.count(b"\n", 0, error.start) + 1
        raise MonitorError(message, file=file, line=line, hint="Save the file as UTF-8.") from error
    if found := _UNPRINTABLE.search(text):
        message = f"The file holds the control character U+{ord(found[0]):04X}."
        line = text.count("\n", 0, found.start()) + 1
        hint = 'Take it out, or write it in double quotes as "\\xNN" or "\\uNNNN".'
        raise MonitorError(message, file=file, line=line, hint=hint)
    return text


def tab_line(text: str, quoted_lines: Container[int], *, last: int | None = None) -> int | None:
    """The first line that is indented with a tab, outside quoted and block texts."""
    if "\t" not in text:
        return None
    for number, line in enumerate(text.split("\n")[:last], start=1):
        if _TABBED.match(line) and number not in quoted_lines:
            return number
    return None


def translated(error: Any, text: str, file: str, quoted_lines: Container[int]) -> MonitorError:
    """A parser's error for a person."""
    context, problem = getattr(error, "context", None) or "", getattr(error, "problem", None) or ""
    if not problem:
        return MonitorError("It cannot be read as YAML.", file=file, hint="Check the file in an editor for YAML.")
    opened = any(word in context for word in ("quoted scalar", "flow sequence", "flow mapping"))
    mark = (error.context_mark if opened else None) or error.problem_mark
    line = min(mark.line, text.rstrip().count("\n")) + 1
    if not opened and (tabbed := tab_line(text, quoted_lines, last=line)):
        return MonitorError("A line is indented with a tab.", file=file, line=tabbed, hint="Indent with spaces.")
    said = f"{context} {problem}"
    for sign, message, hint in _MEANINGS:
        if sign in said:
            return MonitorError(message, file=file, line=line, hint=hint)
    hint = "Check the indentation and the quotes of this line and the one before."
    return MonitorError(f"It cannot be read as YAML: {problem}.", file=file, line=line, hint=hint)
