"""Inference logs on the page Sources."""

from pathlib import Path

from core.services import logs
from core.services.house import House
from core.settings import load
from tests.pages.app import page, shown, words


def test_the_demo_says_what_is_real(profiled: House) -> None:
    with shown(profiled):
        app = page("sources")
        assert not app.exception
        table = app.dataframe[0].value
        assert list(table["model"])[:3] == ["car_price", "consumer_loan", "credit_risk"]
        row = table.set_index("model").loc["credit_risk"]
        assert (row["windows"], row["from"], row["to"], row["left_out"]) == (
            "56 days",
            "28 Sep 2026",
            "22 Nov 2026",
            12,
        )
        assert row["versions"] == "3, 5"
        assert "simulated" in words(app)
        assert "from 12 Nov 2026" in words(app)  # the broken day's file holds texts
        status = {found.model: found for found in logs.statuses(profiled)}["credit_risk"]
        assert (status.state, status.rows) == ("ok", 8_225)


def test_mistakes_in_monitor_files_are_told_where_they_are(tmp_path: Path) -> None:
    (tmp_path / "monitors").mkdir()
    (tmp_path / "monitors" / "a.yaml").write_text("model: a\ntask: binari\n")
    house = House(load({}, tmp_path))
    with shown(house):
        app = page("sources")
        told = words(app).replace("\\", "")
        assert "a.yaml, line 2" in told
        assert "binary" in told
        assert "No log is described yet" not in told
    house.close()


def test_without_a_log_it_says_how_to_describe_one(tmp_path: Path) -> None:
    house = House(load({}, tmp_path))
    house.switch("own")
    with shown(house):
        assert "gatehouse profile --init LOG" in words(page("sources"))
    house.close()


def test_a_log_that_cannot_be_profiled_says_why_and_can_be_tried_again(tmp_path: Path) -> None:
    (tmp_path / "monitors").mkdir()
    (tmp_path / "monitors" / "gone.yaml").write_text(
        "model: gone\nlog: {files: nowhere/*.parquet}\ntimestamp: {column: ts}\nscore: s\n"
        "reference: {since: 2026-01-01, until: 2026-02-01}\n"
    )
    house = House(load({}, tmp_path))
    with shown(house):
        page("sources").button(key="read_logs").click().run()
        (job,) = house.jobs.all()
        house.jobs.wait(job.id, 60)
        app = page("sources")
        assert "nowhere" in app.error[0].value
        assert list(app.dataframe[0].value["state"]) == ["failed"]
        assert not app.button(key="read_logs").disabled
    house.close()
