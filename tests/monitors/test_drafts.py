"""Drafts become monitor files, and such files drafts again; a file that says more is left to its author."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from core.monitors.draft_files import not_ours, of_monitor
from core.monitors.draft_guesses import reference_days
from core.monitors.drafts import MARK, Draft, checked

TYPES = {
    "time": "TIMESTAMP", "id": "VARCHAR", "v": "VARCHAR", "score": "DOUBLE", "label": "BIGINT", "a": "DOUBLE",
    "b: [x]": "VARCHAR", "sex": "VARCHAR", "age": "BIGINT", "ms": "DOUBLE", "status": "BIGINT", "won": "DOUBLE",
    "notes": "VARCHAR", "ends\u202egnp.exe": "DOUBLE",
}  # fmt: skip
FULL = Draft(
    model="loans: 'a'", address="logs/*.parquet", types=TYPES,
    roles={
        "time": "time", "id": "id", "v": "version", "score": "score", "label": "label", "a": "number",
        "b: [x]": "category", "sex": "protected", "age": "protected", "ms": "latency", "status": "status",
        "won": "kpi", "notes": "segment", "ends\u202egnp.exe": "number",
    },
    also=frozenset(("age", "sex")), bands={"age": (25.0, 60.0)}, crossed=(("sex", "age"),), errors=(500, 503),
    positive=0, favourable="negative", thresholds=(0.4, 0.6), zone="Europe/Vienna", window="week", naive="local",
    complete_after_days=30, since="2026-01-01", until="2026-05-01",
)  # fmt: skip
APART = replace(
    FULL, roles=FULL.roles | {"label": "out"}, label_files="labels.parquet", label_column="y", label_id="key",
    since="", until="", reference_files="training.parquet",
)  # fmt: skip


@pytest.mark.parametrize(
    "draft",
    [replace(FULL, model="loans #1"), APART, replace(FULL, roles=FULL.roles | {"v": "out"}, fixed_version="3")],
)
def test_what_a_file_of_ours_says_can_be_edited_and_is_the_same_again(draft: Draft) -> None:
    found = checked(draft)
    assert not found.problems
    assert found.resolved is not None
    assert found.text.startswith(MARK)
    assert not_ours(found.text) == ""
    assert checked(of_monitor(found.resolved.monitor, TYPES)).text == found.text


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda text: text + "# why\n", "comments"),
        (lambda text: text.removeprefix(MARK), "by hand"),
        (lambda text: text.replace("loans", "loans*"), "pattern"),
        (lambda text: text.replace("window: week", "window: month"), "mistake"),
        (lambda text: text + "resources:\n  cpu: a\n", "more than this page can show: resources"),
    ],
)
def test_a_file_that_says_more_is_left_alone(change: object, reason: str) -> None:
    assert reason in not_ours(change(checked(FULL).text))  # type: ignore[operator]


@pytest.mark.parametrize(
    ("draft", "told"),
    [
        (replace(FULL, roles=FULL.roles | {"time": "out"}), "No column is “Time of the prediction”."),
        (replace(FULL, roles=FULL.roles | {"score": "out"}), "No column is “Score” or “Prediction”."),
        (replace(FULL, roles=FULL.roles | {"a": "score"}), "2 columns are “Score”"),
        (replace(FULL, roles=FULL.roles | {"notes": "number"}), "needs numbers"),
        (replace(FULL, roles=FULL.roles | {"time": "category", "v": "time"}), "it has no categories"),
        (replace(FULL, label_files="labels.parquet", label_column="y"), "labels are read from another file too"),
        (replace(FULL, since="", until=""), "No reference is chosen."),
        (replace(FULL, since="2026-05-01", until="2026-01-01"), "until must be a later day"),
    ],
)
def test_a_mistake_is_told_in_the_words_of_the_page_with_what_to_do(draft: Draft, told: str) -> None:
    found = checked(draft)
    assert found.resolved is None
    assert any(told in problem.message for problem in found.problems)
    assert all(problem.hint for problem in found.problems)


@pytest.mark.parametrize(
    ("days", "length"), [(1, 1), (2, 1), (5, 4), (20, 7), (40, 10), (99, 25), (100, 99), (800, 200)]
)
def test_the_proposed_reference_leaves_days_to_watch(days: int, length: int) -> None:
    first = date(2026, 1, 1)
    assert reference_days(first, first + timedelta(days=days - 1)) == (first, first + timedelta(days=length))
