"""Laws of what is observed between two states of a registry."""

from hypothesis import given
from hypothesis import strategies as st

from core.governance.changes import registry_changes

_keys = st.tuples(st.sampled_from(["alias", "stage", "version"]), st.sampled_from("abcd"))
_now = st.dictionaries(_keys, st.sampled_from("123"))
_before = st.dictionaries(_keys, st.one_of(st.none(), st.sampled_from("123")))


def _changes(before, after):
    return registry_changes(before, after, source="s", first=False, seen_ms=2, since_ms=1)


@given(_now)
def test_nothing_changed_is_nothing_observed(state) -> None:
    assert _changes(state, state) == []


@given(_before, _now)
def test_applying_the_changes_leads_to_the_new_state(before, after) -> None:
    state = dict(before)
    for change in _changes(before, after):
        assert state.get((change.kind, change.subject)) == change.before
        state[change.kind, change.subject] = change.after
    assert {key: value for key, value in state.items() if value is not None} == after


@given(_before, _now)
def test_every_subject_changes_at_most_once(before, after) -> None:
    subjects = [(change.kind, change.subject) for change in _changes(before, after)]
    assert len(subjects) == len(set(subjects))


@given(_now)
def test_what_is_found_at_first_is_baseline(after) -> None:
    found = registry_changes({}, after, source="s", first=True, seen_ms=2, since_ms=None)
    assert all(change.baseline and change.before is None for change in found)
    assert len(found) == len(after)
