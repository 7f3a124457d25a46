"""Monitor a model: every step, what stands in place of it, and what is untrusted in it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.services import monitor_drafts, monitor_drafts_kept, monitor_drafts_save
from core.services.house import House
from core.services.monitor_drafts_kept import Kept
from core.settings import load
from core.ui.plain import plain
from tests.draft_logs import HOSTILE, outcomes, small_log
from tests.pages.app import page, shown, words
from tests.people import People

LOG = "logs/loans.parquet"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    small_log(tmp_path / LOG)
    house = House(load({}, tmp_path))
    house.switch("own")
    with shown(house):
        yield house
    house.close()


def begun(house: House, address: str = LOG, **changes: object) -> str:
    """The id of a draft of that log."""
    seen = monitor_drafts.looked(house, "loans", address)
    labels = "column" if seen.draft.one("label") else "none"
    kept = Kept(draft=replace(seen.draft, **changes), seen=seen, labels=labels)
    return monitor_drafts_kept.begin(house, kept)


def opened(draft: str, step: int) -> AppTest:
    app = page("monitor_model", draft=draft, step=str(step))
    assert not app.exception
    return app


def texts(app: AppTest) -> str:
    return words(app).replace("\\", "")


def test_the_demo_says_that_its_monitors_are_fixed_and_what_to_do(glimpsed: House) -> None:
    with shown(glimpsed):
        app = page("monitor_model")
    assert not app.exception
    told = words(app)
    assert "The demo's monitors are fixed" in told
    assert "Sign in as **admin**" in told
    assert [button.key for button in app.button if button.key.startswith("draft_")] == ["draft_own"]


def test_who_may_not_profile_is_told_why(staff: People) -> None:
    with shown(staff.by(staff.add("vera", "viewer"))):
        app = page("monitor_model")
    assert "Not allowed" in words(app)
    assert "Sync and profile" in words(app)
    assert not app.selectbox


def test_the_first_step_offers_what_is_in_the_folder_and_names_what_is_missing(house: House) -> None:
    app = page("monitor_model")
    assert not app.exception
    log = next(box for box in app.selectbox if box.label == "Log")
    assert len(log.options) == 1
    assert log.options[0].startswith(f"{LOG} · 1 file · ")
    app.button(key="draft_look").click().run()
    assert "A model's name has 1 to 250 characters" in texts(app)


def test_columns_are_told_with_role_and_reason(house: House) -> None:
    app = opened(begun(house), 2)
    assert "9 columns, 1 file, 400 rows looked at" in texts(app)
    assert "Numeric feature: 2" in texts(app)
    assert "These choices fit together" in texts(app)


def test_a_mistake_among_the_columns_is_told_with_its_next_step(house: House) -> None:
    draft = begun(house)
    kept = monitor_drafts_kept.kept(house, draft)
    roles = {**kept.draft.roles, "time": "out", "amount": "score"}
    monitor_drafts_kept.keep(house, draft, replace(kept, draft=replace(kept.draft, roles=roles)))
    told = texts(opened(draft, 2))
    assert "No column is “Time of the prediction”." in told
    assert "2 columns are “Score”" in told
    assert "No column is “Time of the prediction”." in texts(opened(draft, 5))
    assert app_button(opened(draft, 6), "draft_write").disabled


def app_button(app: AppTest, key: str) -> object:
    return next(button for button in app.button if button.key == key)


def test_rows_are_shown_on_request_to_those_who_may_see_them(staff: People, tmp_path: Path) -> None:
    small_log(tmp_path / LOG)
    for login, role, may in (("carl", "contributor", False), ("lena", "ml_lead", True)):
        house = staff.by(staff.add(login, role))
        with shown(house):
            app = opened(begun(house), 2)
            buttons = [button for button in app.button if button.key == "draft_show_rows"]
            assert bool(buttons) == may
            assert ("those with the right “See single rows”" in texts(app)) != may
            assert staff.events("rows.viewed") == []
            if may:
                app = buttons[0].click().run()
                app.run()
                assert any("r00000" in table.value.to_string() for table in app.dataframe)
                assert len(staff.events("rows.viewed")) == 1, "reruns do not look again"


def test_labels_of_another_file_propose_when_they_are_complete(house: House, tmp_path: Path) -> None:
    outcomes(tmp_path / "outcomes.parquet", small_log(tmp_path / "logs" / "plain.parquet", label=False))
    draft = begun(house, "logs/plain.parquet")
    app = opened(draft, 3)
    assert "Without labels there are no accuracy" in texts(app)
    kept = monitor_drafts_kept.kept(house, draft)
    files = replace(kept.draft, label_files="outcomes.parquet", label_column="label", label_id="id")
    monitor_drafts_kept.keep(house, draft, replace(kept, draft=files, labels="file", arrival="known_at"))
    app = opened(draft, 3)
    assert [metric.value for metric in app.metric] == ["90.0%", "5", "2.0 days"]
    assert "5 ids with labels that differ" in texts(app)
    assert app.number_input[0].value == 2
    assert monitor_drafts_kept.kept(house, draft).draft.complete_after_days == 2


@pytest.mark.parametrize(("days", "told"), [(10, "99 days: 92 more days"), (400, "certified: without drift at most")])
def test_a_reference_says_what_it_means_for_alarms(house: House, tmp_path: Path, days: int, told: str) -> None:
    small_log(tmp_path / "logs" / "long.parquet", rows=800, days=days)
    draft = begun(house, "logs/long.parquet")
    app = opened(draft, 4)
    assert told in texts(app)
    kept = monitor_drafts_kept.kept(house, draft).draft
    assert (kept.since, kept.until) == ("2026-11-01", "2026-11-08" if days == 10 else "2027-02-09")


def test_a_reference_of_a_file_says_that_rows_are_compared(house: House, tmp_path: Path) -> None:
    small_log(tmp_path / "training.parquet", rows=100)
    draft = begun(house, reference_files="training.parquet")
    kept = monitor_drafts_kept.kept(house, draft)
    monitor_drafts_kept.keep(house, draft, replace(kept, reference="file"))
    told = texts(opened(draft, 4))
    assert "Rows are compared with rows" in told
    assert "1 file, 100 rows looked at" in told


def test_a_trial_and_saving_it(house: House, tmp_path: Path) -> None:
    draft = begun(house, since="2026-11-01", until="2026-11-08")
    app = opened(draft, 5)
    app.button(key="draft_try").click().run()
    house.jobs.wait(monitor_drafts_kept.kept(house, draft).trial, 120)
    app = opened(draft, 5)
    assert [metric.label for metric in app.metric] == ["Rows", "Left out", "Features that differ", "Took"]
    assert app.metric[0].value == "40"
    assert "AUC" in list(app.dataframe[0].value["number"])
    app = opened(draft, 6)
    assert "monitors/loans.yaml, a new file: " in texts(app).replace("**", "")
    assert app.code[0].value.splitlines()[3].startswith("+#")
    app.button(key="draft_write").click().run()
    assert "Saved." in texts(app)
    job = house.jobs.wait(monitor_drafts_kept.kept(house, draft).reading, 120)
    assert job.error is None
    assert (tmp_path / "monitors" / "loans.yaml").exists()
    app = opened(draft, 6)
    assert {"draft_see", "draft_change"} <= {button.key for button in app.button}
    app.button(key="draft_see").click().run()
    assert not app.exception
    again = monitor_drafts_save.preview(house, monitor_drafts_kept.kept(house, draft).draft)
    assert again.diff == ""


@pytest.mark.parametrize("way", ["next", "back", "choice"])
def test_what_is_typed_last_is_kept_when_the_step_is_left_in_the_same_moment(house: House, way: str) -> None:
    """A click out of a field leaves it: what was typed and the click reach the server together."""
    draft = begun(house)
    app = opened(draft, 2)
    app.text_input(key="draft_fixed").set_value("7")
    if way == "choice":
        app.segmented_control(key="draft_step").set_value("3").run()
    else:
        app.button(key=f"draft_{way}").click().run()
    assert not app.exception
    assert monitor_drafts_kept.kept(house, draft).draft.fixed_version == "7"
    assert app.query_params["step"] == ("1" if way == "back" else "3")
    app = opened(draft, 2)
    assert app.text_input(key="draft_fixed").value == "7"


def test_a_lost_draft_says_so_and_begins_anew(house: House) -> None:
    app = page("monitor_model", draft="nothing", step="4")
    assert not app.exception
    assert "not kept any more" in texts(app)
    assert any(box.label == "Log" for box in app.selectbox)


def test_hostile_names_stay_text(house: House) -> None:
    draft = begun(house, since="2026-11-01", until="2026-11-08")
    kept = monitor_drafts_kept.kept(house, draft)
    roles = {**kept.draft.roles, HOSTILE[0]: "segment", HOSTILE[1]: "version", "region": "status"}
    hostile = replace(kept.draft, model="[a](http://evil.example)", roles=roles)
    monitor_drafts_kept.keep(house, draft, replace(kept, draft=hostile))
    for step in range(1, 7):
        told = words(opened(draft, step))
        for name in (*HOSTILE, hostile.model):
            assert name not in told.replace(plain(name), ""), step


def test_a_wide_log_is_drawn_in_every_step(house: House, tmp_path: Path) -> None:
    small_log(tmp_path / "logs" / "wide.parquet", wide=60)
    draft = begun(house, "logs/wide.parquet", since="2026-11-01", until="2026-11-08")
    for step in range(1, 7):
        opened(draft, step)
