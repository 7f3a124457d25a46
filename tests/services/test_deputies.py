"""Deputies: for how long, with which rights, and in whose name."""

import json

import pytest

from core.errors import Conflict, Invalid, NotAllowed, NotFound
from core.services import accounts, deputies, identity, tokens
from core.services import house as houses
from core.services.house import now_ms
from tests.people import People

DAY = 86_400_000


def appoint(staff: People, absent: str, deputy: str, days: float = 7) -> str:
    now = now_ms()
    return deputies.appoint(staff.by(absent), deputy, now, int(now + days * DAY))


def test_a_deputy_acts_with_the_absent_ones_rights_in_its_name(staff: People) -> None:
    absent, deputy = staff.add("absent", "compliance"), staff.add("deputy", "viewer")
    appointment = appoint(staff, absent, deputy)
    house = staff.by(deputy)
    assert house.actor.may("decide")
    with house.deciding("decide") as tx:
        tx.append("something.decided", "thing:1")
    (event,) = staff.events("something.decided")
    assert event["actor"] == deputy
    assert json.loads(event["payload"])["on_behalf_of"] == absent
    with house.deciding("view") as tx:
        tx.append("something.seen", "thing:1")
    assert "on_behalf_of" not in staff.events("something.seen")[0]["payload"], "one's own right comes first"
    deputies.end(staff.by(absent), appointment)
    assert not staff.actor(deputy).may("decide")


def test_an_appointment_begins_and_ends_by_itself(staff: People, monkeypatch: pytest.MonkeyPatch) -> None:
    absent, deputy = staff.add("absent", "compliance"), staff.add("deputy")
    start = now_ms()
    deputies.appoint(staff.by(absent), deputy, start + DAY, start + 2 * DAY)
    for days, expected in ((0, False), (1.5, True), (2.5, False)):
        monkeypatch.setattr(identity, "now_ms", lambda days=days: int(start + days * DAY))
        assert staff.actor(deputy).may("decide") is expected, days


def test_a_deputys_deputy_gains_nothing(staff: People) -> None:
    first, second, third = staff.add("a", "compliance"), staff.add("b", "viewer"), staff.add("c")
    appoint(staff, first, second)
    appoint(staff, second, third)
    assert staff.actor(second).may("decide")
    assert staff.actor(third).may("view")
    assert not staff.actor(third).may("decide")


@pytest.mark.parametrize(("role", "right"), [("administrator", "access"), ("auditor", "audit")])
def test_administrators_and_auditors_pass_nothing_on(staff: People, role: str, right: str) -> None:
    absent, deputy = staff.add("absent", role), staff.add("deputy", "viewer")
    appoint(staff, absent, deputy)
    assert staff.actor(absent).may(right)
    assert not staff.actor(deputy).may(right)


def test_one_who_is_disabled_passes_nothing_on(staff: People) -> None:
    root = staff.add("root", "administrator")
    absent, deputy = staff.add("absent", "compliance"), staff.add("deputy")
    appoint(staff, absent, deputy)
    accounts.disable(staff.by(root), "absent")
    assert not staff.actor(deputy).may("decide")


def test_what_cannot_be_appointed(staff: People) -> None:
    absent, deputy, bare = staff.add("absent", "ml_lead"), staff.add("deputy"), staff.add("bare")
    with pytest.raises(Invalid, match="60 days"):
        appoint(staff, absent, deputy, 61)
    with pytest.raises(Invalid):
        appoint(staff, absent, deputy, -1)
    with pytest.raises(Invalid, match="oneself"):
        appoint(staff, absent, absent)
    with pytest.raises(NotFound):
        appoint(staff, absent, "p_none")
    with pytest.raises(Invalid, match="no role"):
        appoint(staff, bare, deputy)
    appoint(staff, absent, deputy)
    with pytest.raises(Conflict):
        appoint(staff, absent, deputy)


def test_for_others_only_an_administrator_appoints(staff: People) -> None:
    root, absent, deputy = staff.add("root", "administrator"), staff.add("absent", "ml_lead"), staff.add("d", "viewer")
    now = now_ms()
    with pytest.raises(NotAllowed):
        deputies.appoint(staff.by(deputy), deputy, now, now + DAY, absent=absent)
    appointment = deputies.appoint(staff.by(root), deputy, now, now + DAY, absent=absent)
    with pytest.raises(NotAllowed):
        deputies.end(staff.by(staff.add("other", "viewer")), appointment)
    assert [one.id for one in deputies.own(staff.by(absent))] == [appointment]
    deputies.end(staff.by(deputy), appointment)
    assert deputies.own(staff.by(absent)) == ()
    (past,) = deputies.listing(staff.by(root), past=True)
    assert past.state == "called off"
    with pytest.raises(NotFound):
        deputies.end(staff.by(root), appointment)


def test_a_token_appoints_nobody(staff: People) -> None:
    absent, deputy = staff.add("absent", "ml_lead"), staff.add("deputy")
    secret = tokens.make(staff.by(absent), "t", ("view",), now_ms() + DAY).secret
    house = staff.house.by(identity.actor_of_token(staff.house, secret))
    with pytest.raises(NotAllowed):
        deputies.appoint(house, deputy, houses.now_ms(), houses.now_ms() + DAY)
