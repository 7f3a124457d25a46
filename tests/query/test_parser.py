"""What a mistake in a search is answered with, and that a search written down again says the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import QueryError
from core.query import Names, order_text, parse, parse_order, to_text, unknown_names
from core.query.ast import (
    And,
    Between,
    Comparison,
    Duration,
    Field,
    Membership,
    Moment,
    Not,
    Number,
    Or,
    Order,
    Presence,
    Text,
    Word,
)
from core.query.help import COMPLETIONS


@pytest.mark.parametrize(
    ("text", "position", "suggestion"),
    [
        ("metircs.auc > 1", 0, "metrics.auc"),
        ("status = 'x' and stauts = 'y'", 17, "status"),
        ("metrics.auc >", 13, ""),
        ("metrics.auc", 11, "metrics.auc > 0"),
        ("name = 'open", 7, "'open'"),
        ("(name = 'x'", 0, ")"),
        ("name = 'x')", 10, ""),
        ("params.a in 1", 12, "('a', 'b')"),
        ("params.a in (1, 2", 12, ")"),
        ("metrics.auc like '%1'", 12, ""),
        ("metrics.auc > 'high'", 14, ""),
        ("params.a is nothing", 12, "null"),
        ("params.a between 1 or 2", 19, "and"),
        ("params.a = null", 11, "is null"),
        ("run.duration > 'long'", 15, "10m"),
        ("start_time > 2026-13-01", 13, "2026-11-01"),
        ("datasets.nam = 'x'", 0, "datasets.name"),
        ("and name = 'x'", 0, ""),
        ("name = 'x' and", 14, ""),
        ("name ; 'x'", 5, ""),
        ("metrics. > 1", 8, "metrics.NAME"),
    ],
)
def test_a_mistake_is_placed_and_mended(text: str, position: int, suggestion: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(text)
    assert (caught.value.position, caught.value.suggestion) == (position, suggestion)


@pytest.mark.parametrize("text", [example for example, _ in COMPLETIONS])
def test_every_example_of_the_help_is_understood(text: str) -> None:
    assert parse(text) is not None


def test_nothing_is_nothing() -> None:
    assert parse("") is None
    assert parse("  \n ") is None
    assert parse_order("") == ()


def test_a_hint_names_the_nearest_known_name() -> None:
    names = Names(metrics={"valid.auc", "loss"}, params={"depth"}, tags=set())
    node = parse("metrics.valid.acu > 1 and params.depth = 3 and tags.team = 'x' and metrics.valid.acu < 2")
    assert [(hint.name, hint.suggestion) for hint in unknown_names(node, names)] == [
        ("metrics.valid.acu", "metrics.valid.auc"), ("tags.team", ""),
    ]  # fmt: skip


@pytest.mark.parametrize(("text", "position"), [("metrics.a downwards", 10), ("metrics.", 8), ("foo", 0), (", a", 0)])
def test_a_mistake_in_an_order_is_placed(text: str, position: int) -> None:
    with pytest.raises(QueryError) as caught:
        parse_order(text)
    assert caught.value.position == position


_keys = st.one_of(
    st.sampled_from(["auc", "valid/auc", "f1 at 0.5", "a-b", "it's", 'say "x"', "back`tick", "ü"]),
    st.text(min_size=1, max_size=12),
)
_numbers = st.one_of(st.integers(-(10**20), 10**20), st.floats(allow_nan=False))
_texts = st.text(max_size=12).map(Text)
_free = st.builds(Field, st.sampled_from(["param", "tag"]), _keys)
_named = st.builds(Field, st.just("attribute"), st.sampled_from(["name", "status", "user", "git_commit"]))
_metrics = st.builds(Field, st.just("metric"), _keys)
_times = st.builds(Field, st.just("attribute"), st.sampled_from(["start_time", "end_time"]))
_length = st.just(Field("attribute", "duration"))
_moments = st.one_of(
    st.builds(Moment, st.integers(0, 4_000_000_000_000)),
    st.builds(Moment, st.integers(-(10**12), 10**12), st.sampled_from(["now", "today"])),
)
_durations = st.builds(Duration, st.integers(0, 10**12))
_order_operators = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])
_text_operators = st.sampled_from(["=", "!=", "like", "ilike", "not like", "not ilike"])


def _leaves(fields, values, operators=_order_operators):
    return st.one_of(
        st.builds(Comparison, fields, operators, values),
        st.builds(Between, fields, values, values, st.booleans()),
        st.builds(Membership, fields, st.lists(values, min_size=1, max_size=3).map(tuple), st.booleans()),
        st.builds(Presence, fields, st.booleans()),
    )


_nodes = st.recursive(
    st.one_of(
        _leaves(_metrics, _numbers.map(Number)),
        _leaves(_free, st.one_of(_texts, _numbers.map(Number))),
        _leaves(_named, _texts, _text_operators),
        st.builds(Comparison, _free, _text_operators, _texts),
        _leaves(_times, _moments),
        _leaves(_length, _durations),
        st.builds(Word, st.text(min_size=1, max_size=8)),
    ),
    lambda children: st.one_of(
        st.builds(Not, children),
        st.lists(children.filter(lambda c: not isinstance(c, And)), min_size=2, max_size=3).map(tuple).map(And),
        st.lists(children.filter(lambda c: not isinstance(c, Or)), min_size=2, max_size=3).map(tuple).map(Or),
    ),
    max_leaves=8,
)


@given(_nodes)
def test_a_search_written_down_says_the_same(node) -> None:
    assert parse(to_text(node)) == node


@given(st.lists(st.builds(Order, st.one_of(_metrics, _free, _named, _times), st.booleans()), max_size=4).map(tuple))
def test_an_order_written_down_says_the_same(parts) -> None:
    assert parse_order(order_text(parts)) == parts


@pytest.mark.parametrize("text", [",", ")", "(", "and", "null", "-", "now"])
def test_a_quoted_mark_is_a_text(text: str) -> None:
    assert parse(f"name = '{text}'") == Comparison(Field("attribute", "name"), "=", Text(text))
    assert parse(f"name in ('{text}', 'b')") == Membership(
        Field("attribute", "name"), (Text(text), Text("b")), negated=False
    )
