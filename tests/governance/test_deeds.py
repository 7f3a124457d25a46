"""Sentences of audit events: the known ones read well, unknown ones can be read, nothing can make them fail."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.governance import deeds

NAMES = {"p_1": "Astrid Lindqvist", "p_2": "Mercy Okafor", "j_1": "Retail", "v_1": "Weekly", "system": "Gatehouse"}


def name(text: str) -> str:
    own = text.partition(":")[2] or text
    return NAMES.get(own, own)


@pytest.mark.parametrize(
    ("action", "subject", "payload", "expected"),
    [
        ("role.given", "person:p_2", {"after": {"role": "validator", "project": None}},
         "Astrid Lindqvist gave Mercy Okafor the role Validator"),
        ("role.given", "person:p_2", {"after": {"role": "viewer", "project": "j_1"}},
         "Astrid Lindqvist gave Mercy Okafor the role Viewer in Retail"),
        ("role.taken", "person:p_2", {"before": {"role": "ml_lead"}},
         "Astrid Lindqvist took the role ML lead from Mercy Okafor"),
        ("session.ended", "person:p_1", {"why": "signed out"}, "Astrid Lindqvist signed out"),
        ("session.ended", "person:p_2", {"why": "revoked"},
         "Astrid Lindqvist ended sessions of Mercy Okafor (revoked)"),
        ("view.default_set", "view:v_1", {"after": {"view": "v_1"}, "page": "experiments"},
         "Astrid Lindqvist made Weekly the view that everybody begins with on experiments"),
        ("note.added", "note:n_1", {"on": "model:demo:credit_risk"},
         "Astrid Lindqvist wrote a note on the model demo:credit_risk"),
        ("project.changed", "project:j_1", {"before": {"rule": "a"}, "after": {"rule": "b", "owner": "p_2"}},
         "Astrid Lindqvist changed the project Retail: rule, owner"),
        ("person.disabled", "person:p_2", {"on_behalf_of": "p_2"},
         "Astrid Lindqvist, for Mercy Okafor, disabled Mercy Okafor"),
        ("anything.never_heard_of", "inventory:i_9", {},
         "Astrid Lindqvist never heard of anything of the inventory i_9"),
    ],
)  # fmt: skip
def test_events_are_told_in_plain_sentences(action: str, subject: str, payload: dict, expected: str) -> None:
    assert deeds.sentence(action, subject, payload, actor="p_1", name=name) == expected


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(
    action=st.sampled_from(sorted(deeds.SENTENCES)) | st.text(max_size=20), subject=st.text(max_size=20),
    payload=st.dictionaries(
        st.sampled_from(["before", "after", "key", "on", "page", "why", "on_behalf_of"]), json_values, max_size=5
    ),
)  # fmt: skip
def test_no_payload_makes_a_sentence_fail(action: str, subject: str, payload: dict) -> None:
    told = deeds.sentence(action, subject, payload, actor="p_1", name=name)
    assert told
    assert len(told) <= deeds.LONGEST


def test_every_action_of_the_program_has_a_sentence_of_its_own_or_a_readable_fallback() -> None:
    for action in deeds.SENTENCES:
        told = deeds.sentence(action, "person:p_2", {}, actor="p_1", name=name)
        assert "{" not in told
        assert "Mercy Okafor" in told or "Astrid" in told
