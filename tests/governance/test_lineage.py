"""Which parts of a version's origin are on record, and what is advised for those that are not."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.governance.lineage import COMMIT, DATA, IMAGE, KEYS, LOGGED, PARTS, PINNED, Dataset, LineageRecord, lineage

SHA = "0123456789abcdef0123456789abcdef01234567"
DIGEST = "sha256:" + "ab" * 32
WHOLE = LineageRecord(
    run_id="r1", run="active", git_commit=SHA, inputs=[Dataset("loans", "d1", "training")],
    said={"env.requirements_sha256": "cd" * 32}, status="READY", artifact_uri="s3://bank/m", model_id="m-1",
    logged_status="READY",
)  # fmt: skip
BARE = LineageRecord(
    run_id=None, run=None, git_commit=None, inputs=[], said={}, status=None, artifact_uri=None, model_id=None,
    logged_status=None,
)  # fmt: skip


def saying(**said: str) -> LineageRecord:
    return replace(BARE, said={key.replace("__", "."): value for key, value in said.items()})


def test_everything_on_record_lacks_nothing_and_advises_nothing() -> None:
    found = lineage(WHOLE)
    assert found.missing == ()
    assert all(part.present and part.advice == "" for part in found.parts)


def test_nothing_on_record_lacks_everything_and_advises_for_each() -> None:
    found = lineage(BARE)
    assert found.missing == PARTS
    assert all(part.advice for part in found.parts)


# -- code -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", COMMIT)
def test_a_commit_in_a_tag_is_code(key: str) -> None:
    code = lineage(replace(BARE, said={key: SHA})).code
    assert [(e.label, e.value) for e in code.evidence] == [(f"Tag {key}", SHA)]


def test_the_same_commit_said_twice_is_one_piece_of_evidence() -> None:
    code = lineage(replace(WHOLE, said={"git.commit": SHA})).code
    assert [e.label for e in code.evidence] == ["Git commit of its run"]


@pytest.mark.parametrize("value", ["main", "v1.2", "abcdef", "g" * 40, "a" * 65, "<script>", SHA + " dirty"])
def test_what_is_no_commit_is_no_code_and_is_said_so(value: str) -> None:
    code = lineage(replace(BARE, git_commit=value)).code
    assert not code.present
    assert code.advice.startswith("What stands there is no Git commit.")


def test_code_advice_says_why_there_is_none() -> None:
    assert lineage(BARE).code.advice.startswith("It came without a run.")
    assert lineage(replace(BARE, run_id="r")).code.advice.startswith("Its run is no longer at the source.")
    assert lineage(replace(BARE, run_id="r", run="active")).code.advice.startswith("Its run names no commit.")


# -- data -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", DATA)
def test_a_data_version_in_a_tag_is_data(key: str) -> None:
    assert [(e.label, e.value) for e in lineage(replace(BARE, said={key: "7"})).data.evidence] == [(DATA[key], "7")]


@pytest.mark.parametrize("context", ["training", "Train", "FIT", ""])
def test_a_data_set_it_was_trained_on_is_data(context: str) -> None:
    data = lineage(replace(BARE, inputs=[Dataset("loans", "d1", context)])).data
    assert [(e.label, e.value) for e in data.evidence] == [("Digest of loans", "d1")]


def test_evaluation_data_alone_is_no_data_and_is_said_so() -> None:
    data = lineage(replace(BARE, inputs=[Dataset("loans", "d1", "evaluation")])).data
    assert not data.present
    assert data.advice.startswith("Only evaluation data")


def test_an_empty_tag_is_no_evidence() -> None:
    assert lineage(replace(BARE, said=dict.fromkeys(KEYS, "  "))).missing == PARTS


# -- model ----------------------------------------------------------------------------------------------------------


def test_artifacts_alone_are_a_model() -> None:
    assert [e.value for e in lineage(replace(BARE, artifact_uri="s3://m")).model.evidence] == ["s3://m"]


@pytest.mark.parametrize("status", ["PENDING_REGISTRATION", "FAILED_REGISTRATION"])
def test_a_registration_that_is_not_ready_is_no_model(status: str) -> None:
    model = lineage(replace(WHOLE, status=status)).model
    assert not model.present
    assert status in model.advice


@pytest.mark.parametrize("status", ["PENDING", "FAILED"])
def test_a_logged_model_that_is_not_ready_is_no_model(status: str) -> None:
    assert not lineage(replace(WHOLE, logged_status=status)).model.present


@pytest.mark.parametrize("status", [None, "READY", "UNSPECIFIED"])
def test_a_logged_model_without_complaint_is_a_model(status: str | None) -> None:
    assert lineage(replace(WHOLE, logged_status=status)).model.present


# -- environment ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", IMAGE)
def test_an_image_counts_with_its_digest_only(key: str) -> None:
    assert lineage(replace(BARE, said={key: f"bank/train@{DIGEST}"})).environment.present
    loose = lineage(replace(BARE, said={key: "bank/train:latest"})).environment
    assert not loose.present
    assert key in loose.advice


@pytest.mark.parametrize("key", PINNED)
def test_pinned_requirements_are_an_environment(key: str) -> None:
    assert lineage(replace(BARE, said={key: "ab" * 32})).environment.present


@pytest.mark.parametrize(
    ("env", "files"),
    [
        ({"conda": "conda.yaml", "virtualenv": "python_env.yaml"}, "conda.yaml, python_env.yaml"),
        ("conda.yaml", "conda.yaml"),
    ],
)
def test_environment_files_that_mlflow_stored_are_an_environment(env: object, files: str) -> None:
    history = json.dumps([{"flavors": {"python_function": {"env": env}}}])
    assert [e.value for e in lineage(replace(BARE, said={LOGGED: history})).environment.evidence] == [files]


@pytest.mark.parametrize(
    "history",
    [
        '"env"', '{"env": 1}', '[{"env": {}}]', "[" * 5_000 + '"env"', '[1, "env"]', 'null "env"',
        '[{"flavors": {"python_function": {"env": [1, {}]}}}]', '[{"flavors": {"python_function": {"env": null}}}]',
        '[{"flavors": "env", "env": "x"}]',
    ],
)  # fmt: skip
def test_a_history_that_says_nothing_usable_is_no_environment(history: str) -> None:
    assert not lineage(replace(BARE, said={LOGGED: history})).environment.present


# -- laws -----------------------------------------------------------------------------------------------------------

_texts = st.text(max_size=12)
_records = st.builds(
    LineageRecord,
    run_id=st.none() | _texts,
    run=st.sampled_from(["active", "deleted", None]),
    git_commit=st.none() | _texts | st.just(SHA),
    inputs=st.lists(st.builds(Dataset, _texts, _texts, st.sampled_from(["training", "evaluation", ""])), max_size=2),
    said=st.dictionaries(st.sampled_from(KEYS) | _texts, _texts | st.just(SHA) | st.just(DIGEST), max_size=4),
    status=st.sampled_from([None, "", "READY", "FAILED_REGISTRATION"]),
    artifact_uri=st.none() | _texts,
    model_id=st.none() | _texts,
    logged_status=st.sampled_from([None, "READY", "PENDING"]),
)


@given(_records)
def test_a_part_has_either_evidence_or_advice(record: LineageRecord) -> None:
    found = lineage(record)
    assert [part.name for part in found.parts] == list(PARTS)
    assert all(part.present != bool(part.advice) for part in found.parts)


@given(_records, st.sampled_from(sorted({*COMMIT})))
def test_more_on_record_never_takes_a_part_away(record: LineageRecord, key: str) -> None:
    more = lineage(replace(record, said={**record.said, key: SHA}))
    assert set(more.missing) == set(lineage(record).missing) - {"code"}


@given(_records)
def test_nothing_but_the_known_keys_is_looked_at(record: LineageRecord) -> None:
    known = {key: value for key, value in record.said.items() if key in KEYS}
    assert lineage(record) == lineage(replace(record, said=known))
