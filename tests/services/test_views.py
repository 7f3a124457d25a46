"""Saved views: they give back what they were given, and nobody sees or changes what is not theirs."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import Conflict, Invalid, NotAllowed, NotFound
from core.ledger.schema import sealed_texts
from core.services import accounts, audit, find, views
from core.services.audit import Query
from core.services.house import House
from core.settings import load
from tests.demo_actors import furnished, seen_by

PAGE = "experiments"
XSS = "<img src=x onerror=alert(1)> *bold* [l](javascript:1) ' OR 1=1 --"


@pytest.fixture
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    made = furnished(House(load({}, tmp_path_factory.mktemp("views"))))
    yield made
    made.close()


@pytest.fixture
def lead(house: House) -> House:
    return seen_by(house, "a.lindqvist")


@pytest.fixture
def worker(house: House) -> House:
    return seen_by(house, "m.okafor")


texts = st.text(min_size=1, max_size=40)
params = st.fixed_dictionaries(
    {},
    optional={
        "q": st.lists(texts, max_size=1), "sort": st.lists(texts, max_size=1), "deleted": st.just(["true"]),
        "column": st.lists(texts, max_size=5), "experiment": st.lists(texts, max_size=5),
    },
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
@given(said=params, other=params)
def test_a_view_gives_back_its_parameters(lead: House, said: dict, other: dict) -> None:
    made = views.save(lead, PAGE, "Weekly", said)
    try:
        assert {k: list(v) for k, v in views.view(lead, made).params} == {k: v for k, v in said.items() if v}
        views.update(lead, made, other, revision=1)
        assert {k: list(v) for k, v in views.view(lead, made).params} == {k: v for k, v in other.items() if v}
    finally:
        views.delete(lead, made, revision=views.view(lead, made).revision)


@pytest.mark.parametrize("said", [
    {"page": ["2"]}, {"view": ["v"]}, {"Q": ["x"]}, {"q": ["a", "b"]}, {"q": ["x" * 2_001]},
    {"column": ["c"] * 201}, {"column": [f"{n}" * 500 for n in range(100)]},
])  # fmt: skip
def test_parameters_that_a_page_does_not_have_are_refused(lead: House, said: dict) -> None:
    with pytest.raises(Invalid):
        views.save(lead, PAGE, "Weekly", said)
    with pytest.raises(Invalid):
        views.checked("nowhere", {})


@pytest.mark.parametrize("name", ["", "  ", "\n\t", "x" * 81])
def test_a_name_has_letters_and_an_end(lead: House, name: str) -> None:
    with pytest.raises(Invalid):
        views.save(lead, PAGE, name, {})


def test_two_of_ones_views_never_have_one_name(lead: House, worker: House) -> None:
    views.save(lead, PAGE, "Weekly", {})
    with pytest.raises(Invalid):
        views.save(lead, PAGE, " weekly ", {})
    assert views.save(worker, PAGE, "Weekly", {}), "another person may"


def test_another_persons_private_view_is_not_found_and_changes_by_nobody_else(lead: House, worker: House) -> None:
    made = views.save(lead, PAGE, XSS, {"q": ["user = 'x'"]})
    administrator = seen_by(lead, "j.baumann")
    for other in (worker, administrator):
        for attempt in (
            lambda h: views.view(h, made), lambda h: views.rename(h, made, "Mine", revision=1),
            lambda h: views.update(h, made, {}, revision=1), lambda h: views.delete(h, made, revision=1),
            lambda h: views.set_default(h, PAGE, made), lambda h: views.hand_over(h, made, h.actor.id),
        ):  # fmt: skip
            with pytest.raises(NotFound):
                attempt(other)
        assert views.listing(other, PAGE) == ()
        assert not [hit for hit in find.find(other, "img src") if hit.kind == "view"]
    (hit,) = [hit for hit in find.find(lead, "img src") if hit.kind == "view"]
    assert (hit.title, dict(hit.params)) == (XSS, {"view": made})
    assert views.view(lead, made).name == XSS


def test_a_shared_view_is_seen_by_all_and_changed_by_its_owner_and_administrators(lead: House, worker: House) -> None:
    made = views.save(lead, PAGE, "Weekly", {"q": ["metrics.auc > 0.7"]})
    views.share(lead, made, "everybody", revision=1)
    auditor = seen_by(lead, "r.novak")
    for other in (worker, auditor):
        assert dict(views.view(other, made).params) == {"q": ("metrics.auc > 0.7",)}
        with pytest.raises(NotAllowed):
            views.rename(other, made, "Mine", revision=2)
        with pytest.raises(NotAllowed):
            views.delete(other, made, revision=2)
    views.rename(seen_by(lead, "j.baumann"), made, "Daily", revision=2)
    views.share(lead, made, "private", revision=3)
    with pytest.raises(NotFound):
        views.view(worker, made)


def test_sharing_needs_its_right_and_auditors_change_nothing(worker: House) -> None:
    made = views.save(worker, PAGE, "Weekly", {})
    with pytest.raises(NotAllowed):
        views.share(worker, made, "everybody", revision=1)
    with pytest.raises(Invalid):
        views.share(worker, made, "project", revision=1)
    with pytest.raises(NotAllowed):
        views.set_default_for_everybody(worker, PAGE, made)
    for login in ("r.novak", "t.moreau"):
        with pytest.raises(NotAllowed):
            views.save(seen_by(worker, login), PAGE, "Mine", {})


def test_a_page_begins_with_ones_own_choice_else_with_everybodys(lead: House, worker: House) -> None:
    viewer = seen_by(lead, "t.moreau")
    team = views.save(lead, PAGE, "Team", {"column": ["metrics.auc"]})
    with pytest.raises(Invalid):
        views.set_default_for_everybody(lead, PAGE, team)
    views.share(lead, team, "everybody", revision=1)
    views.set_default_for_everybody(lead, PAGE, team)
    mine = views.save(worker, PAGE, "Mine", {})
    views.set_default(worker, PAGE, mine)
    assert [views.default(house, PAGE).id for house in (worker, viewer, lead)] == [mine, team, team]
    views.set_default(worker, PAGE, None)
    assert views.default(worker, PAGE).id == team
    views.share(lead, team, "private", revision=2)
    assert views.default(viewer, PAGE) is None, "what is no longer shared is nobody's beginning"


def test_a_deletion_is_taken_back_and_a_late_change_is_a_conflict(lead: House) -> None:
    made = views.save(lead, PAGE, "Weekly", {"q": ["a"]})
    views.rename(lead, made, "Daily", revision=1)
    for late in (
        lambda: views.rename(lead, made, "Late", revision=1), lambda: views.update(lead, made, {}, revision=1),
        lambda: views.delete(lead, made, revision=1),
    ):  # fmt: skip
        with pytest.raises(Conflict):
            late()
    views.delete(lead, made, revision=2)
    with pytest.raises(NotFound):
        views.view(lead, made)
    with pytest.raises(NotFound):
        views.restore(seen_by(lead, "m.okafor"), made)
    views.restore(lead, made)
    assert views.view(lead, made).name == "Daily"


def test_a_view_of_somebody_who_left_is_taken_over_by_those_who_share(lead: House, worker: House) -> None:
    made = views.save(lead, PAGE, "Weekly", {})
    views.share(lead, made, "everybody", revision=1)
    officer = seen_by(lead, "c.weiss")
    with pytest.raises(NotAllowed):
        views.hand_over(officer, made, officer.actor.id)
    accounts.disable(seen_by(lead, "j.baumann"), "a.lindqvist")
    with pytest.raises(NotAllowed):
        views.hand_over(worker, made, worker.actor.id)
    with pytest.raises(Invalid):
        views.hand_over(officer, made, lead.actor.id)
    views.hand_over(officer, made, officer.actor.id)
    taken = views.view(officer, made)
    assert (taken.owner_name, taken.editable) == ("Clara Weiss", True)


def test_the_trail_tells_what_was_done_and_keeps_searches_erasable(lead: House) -> None:
    made = views.save(lead, PAGE, "Weekly", {"q": ["user = 'zeuxis'"], "sort": ["duration"]})
    views.update(lead, made, {"q": ["user = 'apelles'"], "sort": ["duration"]}, revision=1)
    auditor = seen_by(lead, "r.novak")
    newest = audit.search(auditor, Query(words="view Weekly")).lines[0]
    assert newest.said == "Astrid Lindqvist changed what the view Weekly shows"
    (change,) = audit.event(auditor, newest.seq).changes
    assert (change.field, change.before, change.after) == ("q", "user = 'zeuxis'", "user = 'apelles'")
    with lead.ledger.transaction(actor="system", now_ms=1) as tx:
        tx.connection.execute(sa.delete(sealed_texts).where(sealed_texts.c.person == lead.actor.id))
    assert "zeuxis" not in audit.event(auditor, newest.seq).raw
    assert audit.search(auditor, Query(words="zeuxis")).total == 0
