"""Laws of the chain: whatever is written verifies, and any one change is found where it is."""

import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest
import rfc8785
from hypothesis import assume, given
from hypothesis import strategies as st

from core.ledger import chain
from core.ledger.chain import START, Event
from core.ledger.texts import cleaned

TEXTS = st.text(st.characters(), max_size=12)  # NUL, halves of surrogate pairs and all
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=5,
)  # fmt: skip
PAYLOADS = st.dictionaries(TEXTS, VALUES, max_size=3)


def _chain(payloads: list[dict[str, Any]]) -> list[Event]:
    events: list[Event] = []
    last = START
    for seq, payload in enumerate(payloads, 1):
        said = {
            "seq": seq, "time_ms": seq, "actor": "p_1", "action": "thing.changed", "subject": 'thing:"\\\u2028é',
            "payload": chain.canonical(cleaned(payload)), "previous": last,
        }  # fmt: skip
        last = chain.digest(**said)
        events.append(Event(**said, hash=last))
    return events


def _rehashed(event: Event, **changes: Any) -> Event:
    said = {name: getattr(event, name) for name in Event.__dataclass_fields__ if name != "hash"} | changes
    return Event(**said, hash=chain.digest(**said))


@given(st.lists(PAYLOADS, max_size=6))
def test_whatever_is_written_verifies(payloads: list[dict[str, Any]]) -> None:
    events = _chain(payloads)
    assert chain.walk(events) == (len(events), events[-1].hash if events else START, None)


@given(PAYLOADS)
def test_the_hash_is_over_the_canonical_form_of_the_whole_event(payload: dict[str, Any]) -> None:
    (event,) = _chain([payload])
    try:
        whole = rfc8785.dumps(
            {
                "seq": 1, "time_ms": 1, "actor": "p_1", "action": "thing.changed", "subject": event.subject,
                "payload": json.loads(event.payload), "previous": START,
            }
        )  # fmt: skip
    except rfc8785.IntegerDomainError:  # a float such as 1e16 looks like an integer once it is written
        assume(False)
    assert event.hash == hashlib.sha256(whole).hexdigest()


CHANGES: dict[str, Any] = {
    "time_ms": 999, "actor": "p_2", "action": "thing.removed", "subject": "thing:2", "payload": '{"other":1}',
    "hash": "f" * 64, "previous": "e" * 64,
}  # fmt: skip


@given(st.lists(PAYLOADS, min_size=1, max_size=4), st.data(), st.sampled_from(sorted(CHANGES)))
def test_a_changed_event_is_named(payloads: list[dict[str, Any]], data: st.DataObject, field: str) -> None:
    events = _chain(payloads)
    at = data.draw(st.integers(0, len(events) - 1))
    events[at] = replace(events[at], **{field: CHANGES[field]})
    seq, last, broken = chain.walk(events)
    assert broken is not None
    assert broken.seq == at + 1
    assert broken.reason
    assert (seq, last) == (at, events[at - 1].hash if at else START)


@given(st.lists(PAYLOADS, min_size=2, max_size=4), st.data())
def test_a_change_with_a_hash_of_its_own_breaks_at_the_next(
    payloads: list[dict[str, Any]], data: st.DataObject
) -> None:
    events = _chain(payloads)
    at = data.draw(st.integers(0, len(events) - 2))
    events[at] = _rehashed(events[at], time_ms=999)
    broken = chain.walk(events)[2]
    assert broken is not None
    assert broken.seq == at + 2
    assert str(at + 1) in broken.reason


@given(st.lists(PAYLOADS, min_size=2, max_size=4), st.data())
def test_a_missing_event_is_named(payloads: list[dict[str, Any]], data: st.DataObject) -> None:
    events = _chain(payloads)
    at = data.draw(st.integers(0, len(events) - 2))  # the last one is missed by the head: see test_tampering
    del events[at]
    broken = chain.walk(events)[2]
    assert broken is not None
    assert broken.seq == at + 1
    assert "missing" in broken.reason


@given(st.lists(PAYLOADS, min_size=1, max_size=4), st.data())
def test_an_inserted_event_is_named(payloads: list[dict[str, Any]], data: st.DataObject) -> None:
    events = _chain(payloads)
    at = data.draw(st.integers(0, len(events) - 1))
    forged = _rehashed(events[at], actor="p_2")
    events.insert(at, forged)  # takes the place of the one that was there, which follows it now
    broken = chain.walk(events)[2]
    assert broken is not None
    assert broken.seq == at + 1


@given(st.lists(PAYLOADS, min_size=2, max_size=4), st.data())
def test_swapped_contents_are_named(payloads: list[dict[str, Any]], data: st.DataObject) -> None:
    events = _chain(payloads)
    at = data.draw(st.integers(0, len(events) - 2))
    first, second = events[at], events[at + 1]
    events[at], events[at + 1] = replace(second, seq=at + 1), replace(first, seq=at + 2)
    broken = chain.walk(events)[2]
    assert broken is not None
    assert broken.seq == at + 1


@given(st.lists(PAYLOADS, min_size=2, max_size=8), st.data())
def test_pages_say_the_same_as_the_whole(payloads: list[dict[str, Any]], data: st.DataObject) -> None:
    events = _chain(payloads)
    cut = data.draw(st.integers(0, len(events)))
    seq, last, broken = chain.walk(events[:cut])
    assert broken is None
    assert chain.walk(events[cut:], seq=seq, last=last) == chain.walk(events)


@pytest.mark.parametrize(
    "changes",
    [{"seq": 1.0}, {"seq": None}, {"seq": True}, {"payload": None}, {"payload": b"{}"}, {"time_ms": "1"},
     {"actor": "\ud800"}, {"payload": '{"a":NaN}'}, {"payload": "[" * 100_000}],
)  # fmt: skip
def test_what_is_no_event_is_found_not_raised(changes: dict[str, Any]) -> None:
    (event,) = _chain([{}])
    broken = chain.walk([replace(event, **changes)])[2]
    assert broken is not None
    assert broken.seq == 1


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**53, object(), b"bytes"])
def test_what_json_cannot_say_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        chain.canonical(cleaned({"x": value}))


@given(st.lists(TEXTS, max_size=4), VALUES)
def test_seals_are_found_wherever_they_are(texts: list[str], value: Any) -> None:
    seals = [chain.seal(text, "salt") for text in cleaned(texts)]
    payload: dict[str, Any] = {"deep": [{"in": {chain.SEALED: seal}} for seal in seals]}
    assert chain.sealed(payload) == set(seals)
