"""The page Findings: list, groups, one finding, answers with undo, policy and modes, for every role, hostile texts."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.governance.policy import CATEGORIES, MODES
from core.services import findings, findings_answer, policy_modes
from core.services.house import House, now_ms
from core.ui import findings_answers, findings_parts, findings_policy
from tests.inventories import PEOPLE, house_of, seen_by
from tests.observed import DAY, finding, observe
from tests.pages.app import page, shown, words

Made = tuple[House, dict[str, str]]
A, B, C, D = (f"f_{letter * 16}" for letter in "abcd")
HOSTILE = "<img src=x onerror=alert(1)> **bold** [link](http://evil.example) $x$ :material/delete: `code`"


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Made]:
    house, ids = house_of(tmp_path)
    now = now_ms()
    observe(house, [
        finding(A, "credit", last_ms=now - 2 * DAY, severity="high"),
        finding(B, "fraud", last_ms=now - DAY),
        finding(C, "<b>bold</b>", category="fairness", cause=HOSTILE, names=(HOSTILE,), title=HOSTILE, reason=HOSTILE,
                todo=HOSTILE, source=HOSTILE, severity=HOSTILE, version=HOSTILE),
        finding(D, "price"),
    ])  # fmt: skip
    policy_modes.set_mode(house, ["credit", "fraud", "<b>bold</b>"], "all", "warn")
    yield house, ids
    house.close()


def frame(app: Any) -> Any:
    return app.dataframe[0].value


def keys(app: Any) -> set[str]:
    return {button.key for button in app.button}


def state(house: House, one: str) -> str:
    return findings.one(house, one, now_ms()).state


def test_what_belongs_together_is_one_row(made: Made) -> None:
    with shown(made[0]):
        app, each = page("findings"), page("findings", rows="each")
    assert not app.exception
    assert not each.exception
    assert list(frame(app)["model"]) == ["credit, fraud", "<b>bold</b>"]
    assert frame(app)["finding"].iloc[0] == "Drift: income"
    assert sorted(frame(each)["model"]) == ["<b>bold</b>", "credit", "fraud"]
    assert "3 findings of 3 models, in 2 groups" in words(app)


def test_filters_stand_in_the_url(made: Made) -> None:
    with shown(made[0]):
        app = page("findings", rows="each")
        app.selectbox("findings_category").set_value("fairness").run()
        assert not app.exception
        assert app.query_params["category"] in ("fairness", ["fairness"])
        linked = page("findings", category="fairness", shown="all", q="bold")
        nothing = page("findings", q="zzz")
        nonsense = page("findings", category="<b>", age="9", shown="?", state="'; --", rows="x", model=HOSTILE)
    assert list(frame(app)["model"]) == ["<b>bold</b>"]
    assert list(frame(linked)["model"]) == ["<b>bold</b>"]
    assert "No finding matches" in words(nothing)
    assert len(frame(nonsense)) == 2


def test_empty_states_say_what_to_do(tmp_path: Path, made: Made) -> None:
    house, _ = made
    with shown(house):
        findings_answer.answer(house, [A, B, C], "resolve", reason="Done.", revisions={A: 0, B: 0, C: 0})
        assert "All quiet" in words(page("findings"))
        assert "1 observed only" in words(page("findings"))
    fresh, _ = house_of(tmp_path / "fresh")
    with shown(fresh):
        app = page("findings")
    assert not app.exception
    assert "gatehouse evaluate" in words(app)
    fresh.close()


@pytest.mark.parametrize("login", [login for login in PEOPLE if login != "ada2"])
def test_each_role_sees_what_it_may_do(made: Made, login: str) -> None:
    house, ids = made
    seen = seen_by(house, ids, login)
    with shown(seen):
        listed, one, policy = page("findings"), page("findings", finding=A), page("findings", part="policy")
    for app in (listed, one, policy):
        assert not app.exception
    assert ("acknowledge_opened" in keys(one)) == seen.actor.may("annotate")
    assert ("change_mode" in keys(policy)) == (seen.actor.may("inventory") or seen.actor.may("decide"))
    assert "Standard policy" in words(policy)


def test_one_finding_is_told_whole_and_hostile_texts_do_nothing(made: Made) -> None:
    house, _ = made
    findings_answer.answer(house, [C], "resolve", reason=HOSTILE, revisions={C: 0})
    with shown(house):
        app, missing = page("findings", finding=C), page("findings", finding=HOSTILE)
    assert not app.exception
    assert not missing.exception
    assert missing.error
    told = words(app)
    assert "What to do" in told
    assert HOSTILE in [part.value for part in app.text]  # as text
    for part in [*app.markdown, *app.caption, *app.title]:
        assert "**bold**" not in str(part.value)
        assert "[link](" not in str(part.value)
        assert "<img" not in str(part.value).replace("\\<img", "")


@pytest.mark.parametrize(
    ("act", "field"), [("resolve", "finding_reason"), ("snooze", "finding_until"), ("assign", "finding_owner")]
)
def test_an_answer_asks_before_it_is_given(made: Made, act: str, field: str) -> None:
    house, ids = made
    with shown(seen_by(house, ids, "ada")):
        app = page("findings", finding=A)
        app.button(f"{act}_opened").click().run()
    assert not app.exception
    assert field in {part.key for part in [*app.text_area, *app.date_input, *app.selectbox]}
    assert {"answer_do", "answer_cancel"} <= keys(app)
    assert state(house, A) == "open"


def test_an_answer_is_told_and_taken_back(made: Made) -> None:
    house, ids = made
    ada = seen_by(house, ids, "ada")
    with shown(ada):
        app = page("findings", finding=A)
        assert "undo_answer" not in keys(app)
        done = findings_answer.answer(ada, [A], "resolve", reason="The form was corrected.", revisions={A: 0})
        app.session_state[findings_answers.UNDO] = ("resolve", done)
        app.run()
        assert "Resolved 1 finding" in words(app)
        app.button("undo_answer").click().run()
        assert not app.exception
        assert state(house, A) == "open"
        assert "The form was corrected." in words(app)
        assert "Ada Lovelace" in words(app)


def test_an_undo_that_somebody_outran_is_refused(made: Made) -> None:
    house, _ = made
    with shown(house):
        app = page("findings", finding=A)
        app.session_state[findings_answers.UNDO] = ("acknowledge", {A: 7})
        findings_answer.answer(house, [A], "acknowledge", revisions={A: 0})
        app.run()
        app.button("undo_answer").click().run()
        assert not app.exception
        assert "answered this meanwhile" in words(app)
        assert state(house, A) == "acknowledged"


def select(app: Any, row: int) -> None:
    grid = app.dataframe[0].proto.id.rpartition("-")[2]
    app.session_state[grid] = {"selection": {"rows": [row], "columns": [], "cells": []}}
    app.run()


def test_a_selected_group_is_answered_whole(made: Made) -> None:
    with shown(made[0]):
        app = page("findings")
        assert "acknowledge_chosen" not in keys(app)
        select(app, 0)
        assert app.button("reopen_chosen").disabled
        app.button("acknowledge_chosen").click().run()
    assert not app.exception
    told = words(app)
    assert "credit" in told
    assert "fraud" in told
    assert "answer_do" in keys(app)


def test_a_group_opens_with_its_members(made: Made) -> None:
    house, _ = made
    with shown(house):
        app, alone = page("findings", group=B), page("findings", group="f_none")
    assert not app.exception
    assert sorted(frame(app)["model"]) == ["credit", "fraud"]
    assert not alone.exception
    assert len(frame(alone)) == 2


def test_a_change_of_modes_asks_what_and_why(made: Made) -> None:
    house, ids = made
    with shown(seen_by(house, ids, "ada")):
        app = page("findings", part="policy")
        assert app.button("change_mode").disabled
        select(app, list(frame(app)["model"]).index("price"))
        assert app.button("change_mode").label == "Change the mode of 1 model"
        app.button("change_mode").click().run()
    assert not app.exception
    assert app.radio("mode_chosen").options == ["Observe", "Warn", "Enforce"]
    assert "mode_do" in keys(app)


def test_every_code_has_a_sign() -> None:
    assert set(findings_parts.SHOWN) == set(findings.SHOWN)
    assert set(findings_parts.AGES) == set(findings.AGES)
    assert tuple(findings_parts.SEVERITIES) == findings.SEVERITIES
    assert set(findings_parts.STATES) == set(findings.STATES)
    assert tuple(findings_parts.MODE_SIGNS) == MODES
    assert set(findings_policy.SCOPES) == {policy_modes.ALL, *CATEGORIES}
    assert set(findings_answers.ACTS) == set(findings_answer.ACTS)
