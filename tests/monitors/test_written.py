"""Any monitor written as YAML is read back equal, also by another reader of YAML."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from core.monitors.files import identity, load_one
from core.monitors.monitor import Monitor
from core.monitors.written import quoted, scalar, written

ODD = [
    "no",
    "on",
    "~",
    "",
    "1:30",
    "0x1",
    "1e3",
    "2026-01-01",
    "{model}",
    "{{model}}",
    "a: b",
    "#x",
    "-",
    "- a",
    "*",
    "&a",
]
ODD += [
    "'",
    '"',
    "\\",
    "a\nb",
    "\t",
    " a ",
    "\x85",
    "\u2028",
    "\ufeff",
    "\x7f",
    "\0",
    "😀",
    "é",
    "!x",
    "%",
    "@",
    "`",
    "<<",
]
letters = st.characters(blacklist_categories=["Cs"])
texts = st.one_of(st.text(letters, min_size=1, max_size=12), st.sampled_from([odd for odd in ODD if odd]))
any_text = st.one_of(st.text(letters, max_size=300), st.sampled_from(ODD))
names = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.\-]{0,8}", fullmatch=True)
numbers = st.floats(allow_nan=False, allow_infinity=False)
scalars = st.one_of(any_text, st.integers(-(10**30), 10**30), numbers, st.booleans())


def _some(values: Any, most: int = 3) -> Any:
    return st.lists(values, max_size=most, unique_by=repr).map(tuple)


sqls = st.fixed_dictionaries({"url": texts, "query": texts, "watermark": texts}, optional={"password_env": texts})
tables = st.one_of(
    *(st.fixed_dictionaries({key: of}) for key, of in (("files", texts), ("delta", texts), ("sql", sqls)))
)
attributes = st.fixed_dictionaries(
    {"column": texts},
    optional={
        "bands": st.lists(numbers, max_size=3, unique=True).map(sorted).map(tuple),
        "names": st.dictionaries(any_text, texts, max_size=2),
    },
)
references = st.one_of(
    st.fixed_dictionaries({"table": tables}),
    st.tuples(st.dates(), st.dates())
    .filter(lambda days: days[0] != days[1])
    .map(lambda days: {"since": min(days).isoformat(), "until": max(days).isoformat()}),
)
rules = st.fixed_dictionaries({"column": texts}, optional={"kind": st.just("yes_no"), "per": texts})
kpis = st.fixed_dictionaries({"figure": texts}, optional={"arm": texts, "cost": texts, "better": st.just("lower")})


@st.composite
def monitors(draw: st.DrawFn) -> Monitor:
    required = {"model": st.one_of(texts, st.sampled_from(["*", "c_*"])), "log": tables, "reference": references}
    required |= {"timestamp": st.fixed_dictionaries({"column": texts}, optional={"unit": st.just("s")}), "score": texts}
    optional = {
        "source": names,
        "task": st.sampled_from(["binary", "regression", "other"]),
        "zone": st.sampled_from(["UTC", "Europe/Vienna"]),
        "window": st.sampled_from(["hour", "day", "week"]),
        "fixed_version": texts,
        "positive": scalars,
        "favourable": st.just("negative"),
        "thresholds": _some(numbers),
        "segments": st.dictionaries(names, attributes, max_size=2),
        "label": st.fixed_dictionaries({"column": texts, "id": texts}, optional={"table": tables}),
        "latency": texts,
        "status": st.fixed_dictionaries({"column": texts}, optional={"errors": _some(scalars)}),
        "resources": st.dictionaries(names, texts, max_size=2),
        "kpis": st.dictionaries(names, kpis, max_size=2),
        "measurements": st.dictionaries(names, rules, max_size=2),
        "protected": st.dictionaries(names, attributes, max_size=3),
        "features": st.fixed_dictionaries({}, optional={"all": st.booleans(), "numeric": _some(texts)}),
    }
    values = draw(st.fixed_dictionaries(required, optional=optional))
    if values.get("protected"):
        values["intersections"] = (tuple(values["protected"]),)
    if draw(st.booleans()):
        values |= {"task": "multiclass", "classes": ("a", 1, 2.5), "probabilities": {"a": draw(texts), "1": "p"}}
    return Monitor.model_validate(values)


@given(monitors())
@settings(max_examples=400, deadline=None)
def test_a_written_monitor_is_read_back_equal(tmp_path_factory: pytest.TempPathFactory, monitor: Monitor) -> None:
    path = tmp_path_factory.getbasetemp() / "monitor.yaml"
    path.write_bytes(written(monitor).encode())
    resolved = load_one(path)
    # A concrete name is put in for {model}; written() keeps such texts as they are.
    assert resolved.monitor == monitor
    assert resolved.monitor.model_dump_json() == monitor.model_dump_json()  # also 1, 1.0 and true kept apart
    assert resolved.id == identity(monitor)


@given(any_text)
def test_a_quoted_text_is_the_same_to_other_readers(text: str) -> None:
    assert yaml.safe_load(f"a: {quoted(text)}  # said") == {"a": text}
    assert yaml.safe_load(f"- {quoted(text)}") == [text]


@pytest.mark.parametrize("value", [None, True, False, 0, -7, 1.5, 1e300, 1e-7, 10**25])
def test_a_plain_value_is_written_plainly(value: float | None, tmp_path: Path) -> None:
    from core.monitors.tree import scalar as read

    assert read(scalar(value)) == value
    assert type(read(scalar(value))) is type(value)
