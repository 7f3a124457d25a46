"""The state of a finding by its data, its answer and the policy's mode; which findings stand together."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.governance.answers import ACTS, EVENT, STATE, STATES, Answer, mode_of, state_of
from core.governance.finding_groups import BY_FEATURE, together
from core.governance.policy import CATEGORIES, MODES

AT = 1_000


def answer(state: str, *, until: int | None = None, at_ms: int = AT) -> Answer:
    return Answer(state=state, owner=None, snoozed_until_ms=until, revision=1, at_ms=at_ms, person="p_1")


@pytest.mark.parametrize(
    ("told", "wanted"),
    [
        ({}, ("open", "")),
        ({"mode": "enforce"}, ("open", "")),
        ({"mode": "observe"}, ("observed", "")),
        ({"answer": answer("open")}, ("open", "")),
        ({"answer": answer("acknowledged")}, ("acknowledged", "")),
        ({"answer": answer("acknowledged"), "mode": "observe"}, ("acknowledged", "")),
        ({"answer": answer("snoozed", until=2_000), "now_ms": 1_999}, ("snoozed", "")),
        ({"answer": answer("snoozed", until=2_000), "now_ms": 2_000}, ("open", "snooze over")),
        ({"answer": answer("snoozed", until=2_000), "now_ms": 2_000, "mode": "observe"}, ("observed", "")),
        ({"answer": answer("resolved"), "last_ms": AT}, ("resolved", "")),
        ({"answer": answer("resolved"), "last_ms": AT + 1}, ("open", "broken")),
        ({"answer": answer("resolved"), "last_ms": AT + 1, "mode": "observe"}, ("observed", "")),
        ({"cleared_ms": 900}, ("cleared", "")),
        ({"cleared_ms": 900, "answer": answer("acknowledged")}, ("cleared", "")),
        ({"cleared_ms": 900, "mode": "observe"}, ("cleared", "")),
        ({"withdrawn": True, "cleared_ms": 900, "answer": answer("snoozed", until=9_000)}, ("withdrawn", "")),
    ],
)
def test_the_table_of_states(told: dict, wanted: tuple[str, str]) -> None:
    given = {"last_ms": 500, "cleared_ms": None, "withdrawn": False, "answer": None, "mode": "warn", "now_ms": 1_500}
    assert state_of(**(given | told)) == wanted


def test_everything_named_has_words() -> None:
    assert set(STATE) == set(STATES)
    assert set(EVENT) == set(ACTS)


@given(st.dictionaries(st.sampled_from(["all", *CATEGORIES]), st.sampled_from(MODES)), st.sampled_from(CATEGORIES))
def test_a_category_goes_before_all_and_nothing_stated_is_observed(stated: dict[str, str], category: str) -> None:
    wanted = stated[category] if category in stated else stated.get("all", "observe")
    assert mode_of(stated, category) == wanted


@dataclass(frozen=True)
class Some:
    finding_id: str
    category: str
    cause: str
    names: tuple[str, ...]
    source: str


SOME = st.lists(
    st.builds(
        Some, finding_id=st.uuids().map(str), category=st.sampled_from(["data_quality", "fairness"]),
        cause=st.sampled_from(["drift", "schema", "latency"]),
        names=st.lists(st.sampled_from("abcdef"), max_size=2).map(tuple), source=st.sampled_from(["", "x", "y", "z"]),
    ),
    max_size=14, unique_by=lambda one: one.finding_id,
)  # fmt: skip


def joined(one: Some, other: Some) -> bool:
    same = (one.category, one.cause) == (other.category, other.cause)
    features = one.cause in BY_FEATURE and bool(set(one.names) & set(other.names))
    return same and (features or (one.source != "" and one.source == other.source))


@given(SOME)
def test_groups_are_the_connected_parts(found: list[Some]) -> None:
    groups = together(found)
    assert sorted(one for group in groups for one in group.ids) == sorted(one.finding_id for one in found)
    of = {one: at for at, group in enumerate(groups) for one in group.ids}
    for one in found:
        for other in found:
            if one is not other and joined(one, other):
                assert of[one.finding_id] == of[other.finding_id]
    by_id = {one.finding_id: one for one in found}
    for group in groups:  # and nothing stands together that no chain joins
        reached, left = {group.ids[0]}, set(group.ids[1:])
        while more := {b for b in left if any(joined(by_id[a], by_id[b]) for a in reached)}:
            reached |= more
            left -= more
        assert not left
        assert all(sum(name in by_id[one].names for one in group.ids) > 1 for name in group.features)


@given(SOME, st.randoms())
def test_groups_do_not_depend_on_order(found: list[Some], random) -> None:
    other = list(found)
    random.shuffle(other)
    assert {frozenset(group.ids) for group in together(found)} == {frozenset(group.ids) for group in together(other)}
