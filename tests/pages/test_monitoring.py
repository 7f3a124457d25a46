"""The page Monitoring: verdicts with reasons, the drift map, a feature opened, and what it says without anything."""

from pathlib import Path

from core.governance.policy import CATEGORY_TITLE
from core.services.house import House
from core.settings import load
from tests.pages.app import page, shown, words


def test_a_model_is_shown_with_its_five_verdicts_and_their_reasons(profiled: House) -> None:
    with shown(profiled):
        app = page("monitoring", model="car_price")
        assert not app.exception
        told = words(app).replace("\\", "")
        for title in CATEGORY_TITLE.values():
            assert f"**{title}**" in told
        assert "Mean absolute error is" in told
        assert "features have drifted in the last window" in told
        assert "chance alone explains up to 0.3" in told
        assert "labels complete in" in told


def test_a_feature_opens_from_a_link_with_its_finding(profiled: House) -> None:
    with shown(profiled):
        app = page("monitoring", model="employment_screen", feature="RELP")
        assert not app.exception
        told = words(app).replace("\\", "")
        assert app.selectbox(key="feature_opened").value == "RELP"
        assert "The largest difference lies at" in told
        ways = {link.proto.page: link.proto.query_string for link in app.get("page_link")}
        assert ways["features"] == "feature=RELP"
        assert ways["findings"].startswith("finding=f_")


def test_the_choice_stands_in_the_address(profiled: House) -> None:
    with shown(profiled):
        app = page("monitoring")
        app.selectbox(key="monitored").set_value("credit_risk").run()
        assert app.query_params["model"] == "credit_risk"
        app.selectbox(key="monitored_version").set_value("5").run()
        assert app.query_params["version"] == "5"
        assert "verdicts below are of version 3" in words(app)
        app.selectbox(key="feature_opened").set_value("AGE").run()
        assert app.query_params["feature"] == "AGE"
        assert not app.exception


def test_a_verdict_opens_the_section_that_stands_behind_it(profiled: House) -> None:
    with shown(profiled):
        app = page("monitoring", model="credit_risk")
        assert "Drift by column and window" in words(app)
        app.button(key="open_Infrastructure").click().run()
        assert not app.exception
        assert app.query_params["section"] in ("Infrastructure", ["Infrastructure"])
        told = words(app)
        assert "Error rate" in told
        assert "Drift by column and window" not in told
        ways = {link.proto.page: link.proto.query_string for link in app.get("page_link") if link.proto.query_string}
        assert ways["fairness"] == "model=credit_risk"


def test_what_does_not_apply_leads_nowhere(profiled: House) -> None:
    with shown(profiled):
        app = page("monitoring", model="employment_screen")
        keys = {button.key for button in app.button}
        assert "open_Business" not in keys
        assert {"open_Drift", "open_Data quality", "open_Performance", "open_Infrastructure"} <= keys


def test_an_address_with_names_that_are_not_there_shows_what_is(profiled: House) -> None:
    with shown(profiled):
        app = page("monitoring", model="<script>", version="'; DROP", feature="../../x")
        assert not app.exception
        assert app.selectbox(key="monitored").value == "car_price"
        assert app.selectbox(key="feature_opened").value is None


def test_without_any_monitor_it_says_what_to_do(tmp_path: Path) -> None:
    house = House(load({}, tmp_path))
    house.switch("own")
    with shown(house):
        app = page("monitoring")
        assert not app.exception
        assert "No model is monitored yet" in words(app)
    house.close()


def test_a_log_that_was_not_read_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "monitors").mkdir()
    (tmp_path / "monitors" / "m.yaml").write_text(
        "model: m\nlog: {files: nowhere/*.parquet}\ntimestamp: {column: ts}\nscore: s\n"
        "reference: {since: 2026-01-01, until: 2026-02-01}\n"
    )
    house = House(load({}, tmp_path))
    with shown(house):
        app = page("monitoring", model="m")
        assert not app.exception
        assert "Nothing of this log has been read yet" in words(app)
    house.close()
