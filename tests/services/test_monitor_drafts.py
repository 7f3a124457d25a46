"""A monitor in the making: guesses, labels, days, the trial, and what may be named; nothing is kept of any of it."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from core.errors import Conflict, Invalid, NotAllowed, NotFound
from core.monitors.drafts import Draft, checked
from core.services import (
    monitor_drafts,
    monitor_drafts_kept,
    monitor_drafts_logs,
    monitor_drafts_save,
    monitor_drafts_trial,
    monitor_drafts_upload,
)  # fmt: skip
from core.services.house import House
from core.services.monitor_drafts_kept import Kept
from core.settings import load
from tests.draft_logs import HOSTILE, outcomes, small_log
from tests.people import People

LOG = "logs/loans.parquet"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    small_log(tmp_path / LOG)
    house = House(load({}, tmp_path))
    house.switch("own")
    yield house
    house.close()


def drafted(house: House) -> Draft:
    return replace(monitor_drafts.looked(house, "loans", LOG).draft, since="2026-11-01", until="2026-11-08")


def test_columns_are_guessed_with_a_reason_and_without_a_row(house: House) -> None:
    seen = monitor_drafts.looked(house, "loans", LOG)
    assert (seen.rows, seen.files) == (400, 1)
    assert seen.draft.roles == {
        "time": "time", "request_id": "id", "score": "score", "amount": "number", "region": "category",
        "sex": "protected", "label": "label", HOSTILE[0]: "number", HOSTILE[1]: "category",
    }  # fmt: skip
    assert set(seen.why) == set(seen.draft.roles)
    assert all(column.examples == () and column.low is None and column.high is None for column in seen.columns)
    assert seen.choices["label"] == (0, 1)
    assert "request_id" not in seen.choices, "a value of one row could be somebody's"
    assert seen.draft.positive == 1


def test_what_a_time_of_nanoseconds_is(house: House) -> None:
    assert monitor_drafts.looked(house, "loans", LOG).draft.types["time"].startswith("TIMESTAMP")
    days = monitor_drafts.days(house, drafted(house))
    assert days.days == tuple((date(2026, 11, at), 40) for at in range(1, 11))
    assert (days.undated, days.files, days.all_files) == (0, 1, 1)


def test_labels_of_another_file_are_held_against_the_log(house: House, tmp_path: Path) -> None:
    outcomes(tmp_path / "outcomes.parquet", small_log(tmp_path / "logs" / "plain.parquet", label=False))
    table = monitor_drafts.label_table(house, "outcomes.parquet")
    assert (table.id, table.label, table.time, table.choices["label"]) == ("id", "label", "known_at", (0, 1))
    draft = replace(
        monitor_drafts.looked(house, "plain", "logs/plain.parquet").draft, label_files="outcomes.parquet",
        label_column="label", label_id="id",
    )  # fmt: skip
    found = monitor_drafts.label_join(house, draft, "known_at")
    assert found is not None
    join = found.join
    assert (join.rows, join.matched, join.labels, join.duplicates, join.contradictions) == (400, 360, 365, 5, 5)
    assert (join.median, join.p90, found.complete_after_days) == (2.0, 2.0, 2)


@pytest.mark.parametrize(
    "address",
    ["../secret.parquet", "/etc/passwd", "logs/../../x.parquet", "~/x.parquet", "data/var/facts.duckdb", ".hidden/x",
     "http://10.0.0.1/x.parquet", "s3://user:secret@bucket/x", "logs/\n.parquet", "", "a" * 1_001, "link/x.parquet"],
)  # fmt: skip
def test_a_person_names_nothing_outside_of_the_working_folder(staff: People, address: str, tmp_path: Path) -> None:
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    small_log(outside / "x.parquet", rows=20)
    (tmp_path / "link").symlink_to(outside)
    house = staff.by(staff.add("lena", "ml_lead"))
    with pytest.raises(Invalid):
        monitor_drafts_logs.checked_address(house, address)
    with pytest.raises(Invalid):
        monitor_drafts.looked(house, "m", address)


def test_logs_are_found_without_the_stores_and_hidden_ones(house: House, tmp_path: Path) -> None:
    small_log(tmp_path / ".cache" / "x.parquet", rows=20)
    small_log(tmp_path / "logs" / "second.parquet", rows=20)
    small_log(tmp_path / "data" / "var" / "observed" / "x.parquet", rows=20)
    found = monitor_drafts_logs.found(house)
    assert {(log.address, log.files) for log in found.logs} == {
        ("logs/*.parquet", 2), (LOG, 1), ("logs/second.parquet", 1),
    }  # fmt: skip
    assert found.whole


def test_rows_need_their_own_right_and_each_look_is_in_the_trail(staff: People, tmp_path: Path) -> None:
    small_log(tmp_path / LOG)
    carl, lena = staff.by(staff.add("carl", "contributor")), staff.by(staff.add("lena", "ml_lead"))
    with pytest.raises(NotAllowed):
        monitor_drafts.sample_rows(carl, "loans", LOG)
    assert staff.events("rows.viewed") == []
    sample = monitor_drafts.sample_rows(lena, "loans", LOG)
    assert (len(sample.rows), sample.names[:2], sample.rows[0][1]) == (20, ("time", "request_id"), "r00000")
    (event,) = staff.events("rows.viewed")
    assert (event["subject"], event["actor"]) == ("log:loans", lena.actor.id)


def test_a_trial_shows_numbers_and_leaves_nothing(house: House, tmp_path: Path) -> None:
    before = sorted(str(path) for path in tmp_path.rglob("*") if "var" not in path.parts)
    draft = drafted(house)
    job = house.jobs.wait(monitor_drafts_trial.start(house, draft, "2026-11-10").id, 120)
    assert job.error is None
    _, trial = monitor_drafts_trial.outcome(house, job.id)
    assert trial is not None
    assert (trial.rows, trial.windows, trial.undated, trial.tested) == (40, 1, 0, 4)
    numbers = {told.metric: told for told in trial.numbers}
    assert numbers["label_coverage"].value == 1.0
    assert numbers["roc_auc"].n == 40
    assert trial.text == monitor_drafts.digest(checked(draft).text)
    assert sorted(str(path) for path in tmp_path.rglob("*") if "var" not in path.parts) == before
    assert not house.facts.read("model_names")
    assert not list((house.folder / "observed").glob("**/*.parquet"))


def test_saving_writes_what_was_shown_and_reads_the_log(staff: People, tmp_path: Path) -> None:
    small_log(tmp_path / LOG)
    house = staff.by(staff.add("carl", "contributor"))
    draft = drafted(house)
    seen = monitor_drafts_save.preview(house, draft)
    assert (seen.file, seen.digest, seen.removed, seen.refused) == ("loans.yaml", "", 0, "")
    assert all(line.startswith("+") for line in seen.diff.splitlines()[3:])
    job = house.jobs.wait(monitor_drafts_save.save(house, draft, seen.digest).id, 120)
    assert job.error is None
    assert (tmp_path / "monitors" / "loans.yaml").read_text() == seen.checked.text
    (event,) = staff.events("monitor.saved")
    assert json.loads(event["payload"])["file"] == "loans.yaml"
    # what was shown is not what is there any more
    with pytest.raises(Conflict):
        monitor_drafts_save.save(house, replace(draft, zone="Europe/Vienna"), "")
    again = monitor_drafts_save.preview(house, replace(draft, zone="Europe/Vienna"))
    assert (again.added, again.removed) == (1, 0)
    assert '+zone: "Europe/Vienna"' in again.diff
    there = monitor_drafts.existing(house, "loans")
    assert there is not None
    assert (there.reason, there.draft and there.draft.roles["score"]) == ("", "score")


def test_a_file_with_a_persons_comments_is_left_alone(house: House, tmp_path: Path) -> None:
    (tmp_path / "monitors").mkdir()
    text = checked(drafted(house)).text + "# mine\n"
    (tmp_path / "monitors" / "loans.yaml").write_text(text)
    seen = monitor_drafts_save.preview(house, drafted(house))
    assert "comments" in seen.refused
    with pytest.raises(NotAllowed):
        monitor_drafts_save.save(house, drafted(house), seen.digest)
    assert (tmp_path / "monitors" / "loans.yaml").read_text() == text


def test_nothing_is_saved_or_uploaded_in_the_demo(glimpsed: House) -> None:
    address = next(log.address for log in monitor_drafts_logs.found(glimpsed).logs if log.files == 1)
    draft = monitor_drafts.looked(glimpsed, "mine", address).draft
    assert "demo" in monitor_drafts_save.preview(glimpsed, draft).refused
    with pytest.raises(NotAllowed):
        monitor_drafts_save.save(glimpsed, draft, "")
    with pytest.raises(NotAllowed):
        monitor_drafts_upload.upload(glimpsed, "mine", "x.parquet", b"PAR1")


def test_an_upload_is_kept_under_a_harmless_name_and_never_over_another(house: House, tmp_path: Path) -> None:
    content = (tmp_path / LOG).read_bytes()
    for _ in range(2):
        assert monitor_drafts_upload.upload(house, "../a b", "../../x y.parquet", content) == "logs/a_b/*.parquet"
    assert sorted(path.name for path in (tmp_path / "logs" / "a_b").iterdir()) == ["x_y-2.parquet", "x_y.parquet"]
    with pytest.raises(Invalid):
        monitor_drafts_upload.upload(house, "a", "x.exe", content)
    with pytest.raises(Exception, match="cannot be read"):
        monitor_drafts_upload.upload(house, "b", "x.parquet", b"no parquet")
    assert list((tmp_path / "logs" / "b").iterdir()) == []


def test_a_draft_is_found_again_by_who_began_it_alone(staff: People, tmp_path: Path) -> None:
    small_log(tmp_path / LOG)
    carl, lena = staff.by(staff.add("carl", "contributor")), staff.by(staff.add("lena", "ml_lead"))
    seen = monitor_drafts.looked(carl, "loans", LOG)
    name = monitor_drafts_kept.begin(carl, Kept(draft=seen.draft, seen=seen))
    monitor_drafts_kept.keep(carl, name, replace(monitor_drafts_kept.kept(carl, name), labels="column"))
    assert monitor_drafts_kept.kept(carl, name).labels == "column"
    for house, asked in ((lena, name), (carl, "other"), (carl, "")):
        with pytest.raises(NotFound):
            monitor_drafts_kept.kept(house, asked)
