"""A monitor written as YAML that is read back equal."""

import re
from collections.abc import Mapping
from typing import Any

from core.monitors.monitor import Monitor
from core.monitors.patterns import escaped

_BARE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,99}")
_WORDS = frozenset(("true", "false", "null", "yes", "no", "on", "off", "y", "n"))  # to some readers of YAML
_LONGEST_KEY = 200


def written(monitor: Monitor) -> str:
    """The monitor as the text of a file; what has its default is left out."""
    values = monitor.model_dump(mode="json", exclude_defaults=True)
    values["positive"] = monitor.positive
    return text_of(values)


def text_of(values: Mapping[str, Any]) -> str:
    """Bare values under a monitor's keys as the text of a file, whether or not they make a monitor."""
    order = [name for name in Monitor.model_fields if name in values]
    return "\n".join(_lines({name: values[name] for name in order}, 0)) + "\n"


def quoted(text: str) -> str:
    """A text as a YAML scalar on one line, as it is: bare when that is safe, else in double quotes."""
    if _BARE.fullmatch(text) and text.casefold() not in _WORDS:
        return text
    return '"' + "".join(_letter(letter) for letter in text) + '"'


def scalar(value: str | int | float | bool | None) -> str:
    """A value as a YAML scalar; {model} inside a text stays that text."""
    if isinstance(value, str):
        return quoted(escaped(value))
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return repr(value)


def remark(text: str) -> str:
    """A text that may stand in a comment: on one line, not too long."""
    line = "".join(letter if letter.isprintable() else _letter(letter) for letter in text)
    return line if len(line) <= 160 else line[:157] + "..."


def _letter(letter: str) -> str:
    if letter in '"\\':
        return "\\" + letter
    if letter.isprintable() and letter != "\ufffe":
        return letter
    code = ord(letter)
    return f"\\x{code:02X}" if code < 0x100 else f"\\u{code:04X}" if code < 0x10000 else f"\\U{code:08X}"


def _lines(values: Mapping[str, Any], depth: int) -> list[str]:
    indent = "  " * depth
    result: list[str] = []
    for key, value in values.items():
        name = quoted(key)
        head = f"{indent}{name}:" if len(name) <= _LONGEST_KEY else f"{indent}? {name}\n{indent}:"
        if isinstance(value, Mapping) and value:
            result += [head, *_lines(value, depth + 1)]
        elif isinstance(value, Mapping):
            result.append(f"{head} {{}}")
        elif isinstance(value, list):
            result.append(f"{head} {_flow(value)}")
        elif depth == 0 and key == "model":
            result.append(f"{head} {quoted(value)}")
        else:
            result.append(f"{head} {scalar(value)}")
    return result


def _flow(values: list[Any]) -> str:
    return "[" + ", ".join(_flow(value) if isinstance(value, list) else scalar(value) for value in values) + "]"
