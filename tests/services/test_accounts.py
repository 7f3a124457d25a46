"""Accounts, roles and teams: what administrators do, what is audited, and that one of them always stays."""

import json
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from core.errors import Conflict, GatehouseError, Invalid, NotAllowed, NotFound
from core.ledger import people as kept
from core.services import accounts, administrators, erasing, passwords, roles, teams
from core.services.house import now_ms
from tests.people import People

DAY = 86_400_000


@pytest.fixture
def admin(staff: People) -> str:
    return staff.add("root", "administrator")


def only(staff: People, action: str) -> dict:
    (event,) = staff.events(action)
    return json.loads(event["payload"])


def test_an_account_is_added_with_a_first_password_that_must_be_changed(staff: People, admin: str) -> None:
    password = accounts.add(staff.by(admin), login="New.Hand", name="New  Hand", mail="n@x.example", roles=("viewer",))
    (account,) = accounts.listing(staff.by(admin), text="new.hand")
    assert (account.login, account.name, account.state) == ("new.hand", "New Hand", "must_change")
    assert len(password) >= passwords.SHORTEST
    event = staff.events("person.added")[-1]
    assert event["actor"] == admin
    assert "new.hand" not in event["payload"]


def test_the_listing_finds_by_any_name_and_by_state(staff: People, admin: str) -> None:
    gone = staff.add("gone", "viewer", name="Gone Girl", mail="away@x.example")
    house = staff.by(admin)
    accounts.disable(house, "gone")
    assert [one.id for one in accounts.listing(house, text="GIRL")] == [gone]
    assert [one.id for one in accounts.listing(house, text="away@")] == [gone]
    assert [one.login for one in accounts.listing(house, state="disabled")] == ["gone"]
    assert [one.login for one in accounts.listing(house, state="active")] == ["root"]


def test_disabling_ends_sessions_and_enabling_lets_in_again(staff: People, admin: str) -> None:
    from core.services import identity

    person = staff.add("p", "viewer")
    secret = staff.enter(person)
    accounts.disable(staff.by(admin), "p")
    assert identity.actor_of_session(staff.house, secret).kind == "nobody"
    assert only(staff, "person.disabled") == {"before": {"disabled": False}, "after": {"disabled": True}}
    accounts.enable(staff.by(admin), "p")
    assert identity.actor_of_session(staff.house, secret).kind == "nobody", "the old session stays over"
    assert staff.actor(person).may("view")


def test_a_change_of_name_is_sealed_and_refused_when_somebody_was_faster(staff: People, admin: str) -> None:
    staff.add("p", "viewer", name="Old Name")
    house = staff.by(admin)
    accounts.change(house, "p", name="New Name", mail="p@x.example", read=("Old Name", ""))
    said = only(staff, "person.changed")
    assert set(said["before"]) == set(said["after"]) == {"name", "mail"}
    assert "Name" not in json.dumps(said)
    with pytest.raises(Conflict):
        accounts.change(house, "p", name="Third", mail="", read=("Old Name", ""))
    assert accounts.listing(house, text="p@x")[0].name == "New Name"
    accounts.change(house, "p", name="New Name", mail="p@x.example")
    assert len(staff.events("person.changed")) == 1, "nothing changed, nothing is told"


@pytest.mark.parametrize(("name", "mail"), [("", ""), ("  ", ""), ("n" * 201, ""), ("n", "no mail"), ("n", "@" * 201)])
def test_names_and_mails_are_checked(staff: People, admin: str, name: str, mail: str) -> None:
    staff.add("p", "viewer")
    with pytest.raises(Invalid):
        accounts.change(staff.by(admin), "p", name=name, mail=mail)


def test_a_lock_is_lifted(staff: People, admin: str) -> None:
    person = staff.add("p", "viewer")
    house = staff.by(admin)
    with pytest.raises(Conflict):
        accounts.lift(house, "p")
    with staff.house.ledger.transaction(actor="system", now_ms=now_ms()) as tx:
        kept.change(tx.connection, person, {"failures": 7, "locked_until_ms": now_ms() + 60_000})
        tx.append("person.locked", f"person:{person}", {"failures": 7})
    assert accounts.listing(house, person=person)[0].state == "locked"
    accounts.lift(house, "p")
    assert accounts.listing(house, person=person)[0].state == "active"


def test_a_role_is_given_until_a_day_and_taken(staff: People, admin: str) -> None:
    person = staff.add("p", "viewer")
    house = staff.by(admin)
    grant = roles.give(house, person, "ml_lead", "pr_1", now_ms() + DAY)
    assert staff.actor(person).may("inventory", "pr_1")
    assert not staff.actor(person).may("inventory")
    with pytest.raises(Conflict):
        roles.give(house, person, "ml_lead", "pr_1")
    roles.take(house, grant)
    assert not staff.actor(person).may("inventory", "pr_1")
    said = only(staff, "role.taken")
    assert said["before"]["role"] == "ml_lead"
    assert said["before"]["project"] == "pr_1"
    with pytest.raises(NotFound):
        roles.take(house, grant)


def test_roles_of_the_past_and_unknown_ones_are_refused(staff: People, admin: str) -> None:
    person = staff.add("p")
    for role, until in (("viewer", now_ms() - 1), ("king", None)):
        with pytest.raises(Invalid):
            roles.give(staff.by(admin), person, role, None, until)
    for holder in ("p_none", "t_none", ""):
        with pytest.raises(NotFound):
            roles.give(staff.by(admin), holder, "viewer")


def test_a_role_of_a_group_is_shown_and_stays(staff: People, admin: str) -> None:
    person = staff.add("p")
    with staff.house.ledger.transaction(actor="system", now_ms=now_ms()) as tx:
        grant = accounts.give_role(tx, person, "viewer", None, origin="group")
    (held,) = roles.listing(staff.by(admin), person)
    assert not held.can_be_taken
    with pytest.raises(Invalid, match="group"):
        roles.take(staff.by(admin), grant)


def test_ones_own_administrator_role_goes_only_confirmed(staff: People, admin: str) -> None:
    staff.add("second", "administrator")
    house = staff.by(admin)
    (held,) = roles.listing(house, admin)
    with pytest.raises(Invalid):
        roles.take(house, held.grant)
    roles.take(house, held.grant, confirmed=True)
    with pytest.raises(NotAllowed):
        roles.give(staff.by(admin), admin, "administrator")


def test_the_last_administrator_stays_whatever_is_tried(staff: People, admin: str) -> None:
    staff.add("off", "administrator")
    house = staff.by(admin)
    accounts.disable(house, "off")
    temporary = staff.add("temporary")
    roles.give(house, temporary, "administrator", None, now_ms() + DAY)
    in_project = staff.add("in_project")
    roles.give(house, in_project, "administrator", "pr_1")
    (held,) = roles.listing(house, admin)
    for attempt in (
        lambda: accounts.disable(house, "root"),
        lambda: roles.take(house, held.grant, confirmed=True),
        lambda: erasing.erase(house, "root", typed="root"),
    ):
        with pytest.raises(Conflict, match="last administrator"):
            attempt()
    assert staff.actor(admin).may("access")


def test_a_team_can_hold_the_last_administrator(staff: People, admin: str) -> None:
    person = staff.add("p")
    house = staff.by(admin)
    team = teams.make(house, "Platform")
    teams.set_members(house, team, (person,))
    roles.give(house, team, "administrator")
    (held,) = [one for one in roles.listing(house, admin) if one.holder == admin]
    roles.take(house, held.grant, confirmed=True)
    house = staff.by(person)
    (held,) = roles.listing(house, person)
    for attempt in (
        lambda: teams.dissolve(house, team),
        lambda: teams.set_members(house, team, ()),
        lambda: accounts.disable(house, "p"),
        lambda: roles.take(house, held.grant),
    ):
        with pytest.raises(Conflict, match="last administrator"):
            attempt()


def test_a_team_gives_its_members_its_roles_until_it_is_dissolved(staff: People, admin: str) -> None:
    person = staff.add("p")
    house = staff.by(admin)
    team = teams.make(house, "Credit")
    roles.give(house, team, "ml_lead")
    teams.set_members(house, team, (person,), read=())
    assert staff.actor(person).may("inventory")
    assert accounts.listing(house, person=person)[0].team_roles == (("ml_lead", None, "Credit"),)
    with pytest.raises(Conflict):
        teams.set_members(house, team, (admin,), read=())
    teams.rename(house, team, "Credit risk", read="Credit")
    with pytest.raises(Conflict):
        teams.rename(house, team, "Third", read="Credit")
    teams.dissolve(house, team)
    assert not staff.actor(person).may("view")
    assert teams.listing(house) == ()
    assert only(staff, "team.dissolved")["before"]["name"] == "Credit risk"


def test_team_names_are_checked_and_unique_whatever_their_case(staff: People, admin: str) -> None:
    house = staff.by(admin)
    teams.make(house, "Credit")
    for name, error in (("CREDIT", Conflict), ("", Invalid), ("x" * 81, Invalid)):
        with pytest.raises(error):
            teams.make(house, name)


@pytest.mark.parametrize(
    "role", ["viewer", "contributor", "ml_lead", "validator", "compliance", "auditor", "administrator"]
)
def test_only_administrators_change_and_those_who_may_see_see(staff: People, admin: str, role: str) -> None:
    person = staff.add("p", role)
    house = staff.by(person)
    sees, changes = house.actor.may("access_view"), house.actor.may("access")
    assert changes == (role == "administrator")
    for look in (accounts.listing, roles.listing, teams.listing):
        if sees:
            look(house)
        else:
            with pytest.raises(NotAllowed):
                look(house)
    before = len(staff.events())
    for attempt in (
        lambda: accounts.add(house, login="q", name="Q"),
        lambda: accounts.change(house, "root", name="Q", mail=""),
        lambda: accounts.reset(house, "p"),
        lambda: roles.give(house, person, "auditor", "pr_1"),
        lambda: teams.make(house, "T"),
    ):
        if changes:
            attempt()
        else:
            with pytest.raises(NotAllowed):
                attempt()
    assert (len(staff.events()) > before) == changes


class Administration(RuleBasedStateMachine):
    """Any sequence of what administrators can do to each other."""

    staff: People
    LOGINS = ("a", "b", "c")

    @initialize()
    def start(self) -> None:
        self.ids = {}
        for login in self.LOGINS:
            self.serial = getattr(type(self), "serial", 0) + 1
            type(self).serial = self.serial
            name = f"{login}{self.serial}"
            self.ids[login] = (name, self.staff.add(name, *(["administrator"] if login == "a" else [])))
        self.team = teams.make(self.staff.house, f"team {self.serial}")
        self.others = administrators_of(self.staff) - {person for _, person in self.ids.values()}
        for person in self.others:  # those of the run before
            with self.staff.house.ledger.transaction(actor="system", now_ms=now_ms()) as tx:
                kept.change(tx.connection, person, {"disabled_ms": now_ms()})

    def attempt(self, work) -> None:
        with suppress(GatehouseError):
            work()

    @rule(who=st.sampled_from(LOGINS), until=st.sampled_from([None, DAY]), team=st.booleans())
    def give(self, who: str, until: int | None, team: bool) -> None:
        holder = self.team if team else self.ids[who][1]
        self.attempt(lambda: roles.give(self.staff.house, holder, "administrator", None, until and now_ms() + until))

    @rule(number=st.integers(0, 5))
    def take(self, number: int) -> None:
        held = [one for one in roles.listing(self.staff.house) if one.holder in self.mine()]
        if held:
            grant = held[number % len(held)].grant
            self.attempt(lambda: roles.take(self.staff.house, grant, confirmed=True))

    @rule(who=st.sampled_from(LOGINS))
    def disable(self, who: str) -> None:
        self.attempt(lambda: accounts.disable(self.staff.house, self.ids[who][0]))

    @rule(who=st.sampled_from(LOGINS))
    def enable(self, who: str) -> None:
        self.attempt(lambda: accounts.enable(self.staff.house, self.ids[who][0]))

    @rule(who=st.sampled_from(LOGINS))
    def erase(self, who: str) -> None:
        self.attempt(lambda: erasing.erase(self.staff.house, self.ids[who][0], typed=self.ids[who][0]))

    @rule(chosen=st.sets(st.sampled_from(LOGINS)))
    def put_into_the_team(self, chosen: set[str]) -> None:
        self.attempt(
            lambda: teams.set_members(self.staff.house, self.team, tuple(self.ids[who][1] for who in sorted(chosen)))
        )

    @rule()
    def dissolve(self) -> None:
        self.attempt(lambda: teams.dissolve(self.staff.house, self.team))

    def mine(self) -> set[str]:
        return {person for _, person in self.ids.values()} | {self.team}

    @precondition(lambda self: hasattr(self, "ids"))
    @invariant()
    def somebody_can_administer(self) -> None:
        able = [person for _, person in self.ids.values() if self.staff.actor(person).may("access")]
        assert able
        assert administrators_of(self.staff)


def administrators_of(staff: People) -> frozenset[str]:
    with staff.house.ledger.reading() as connection:
        return administrators.lasting(connection)


def test_no_sequence_of_decisions_leaves_the_house_without_an_administrator(staff: People) -> None:
    from hypothesis.stateful import run_state_machine_as_test

    Administration.staff = staff
    run_state_machine_as_test(
        Administration,
        settings=settings(
            max_examples=15, stateful_step_count=15, deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )  # fmt: skip
