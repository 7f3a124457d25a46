"""API tokens: their limits, and that they stop at once."""

import json
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from core.errors import Invalid, NotAllowed, NotFound
from core.governance.rights import Actor
from core.ledger.sessions import tokens as table
from core.services import accounts, erasing, identity, roles, tokens
from core.services.house import now_ms
from tests.people import People, texts

DAY = 86_400_000


def used(staff: People, secret: str) -> Actor:
    return identity.actor_of_token(staff.house, secret)


def make(staff: People, person: str, *scopes: str, days: float = 30, name: str = "nightly") -> tokens.Fresh:
    return tokens.make(staff.by(person), name, scopes, int(now_ms() + days * DAY))


def test_a_token_has_the_chosen_rights_alone_and_its_secret_is_kept_nowhere(staff: People) -> None:
    person = staff.add("p", "ml_lead")
    fresh = make(staff, person, "view", "operate")
    actor = used(staff, fresh.secret)
    assert (actor.id, actor.kind) == (person, "token")
    assert {right for right in ("view", "operate", "inventory", "annotate") if actor.may(right)} == {"view", "operate"}
    assert all(fresh.secret not in text for column in texts(staff.house.ledger).values() for text in column)
    assert fresh.secret not in repr(fresh)
    (event,) = staff.events("token.made")
    assert "nightly" not in event["payload"]
    assert json.loads(event["payload"])["after"]["scopes"] == ["view", "operate"]
    (told,) = tokens.own(staff.by(person))
    assert (told.name, told.state) == ("nightly", "in force")


def _take_role(staff: People, root: str, person: str) -> None:
    (held,) = roles.listing(staff.by(root), person)
    roles.take(staff.by(root), held.grant)


STOPS: dict[str, Callable[[People, str, str], object]] = {
    "losing the role": _take_role,
    "being disabled": lambda staff, root, person: accounts.disable(staff.by(root), "p"),
    "a new first password": lambda staff, root, person: accounts.reset(staff.by(root), "p"),
    "being erased": lambda staff, root, person: erasing.erase(staff.by(root), "p", typed="p"),
    "revoking": lambda staff, root, person: tokens.revoke(staff.by(root), tokens.own(staff.by(person))[0].id),
}


@pytest.mark.parametrize("stop", STOPS)
def test_a_token_stops_at_once_by(staff: People, stop: str) -> None:
    root, person = staff.add("root", "administrator"), staff.add("p", "viewer")
    secret = make(staff, person, "view").secret
    assert used(staff, secret).may("view")
    STOPS[stop](staff, root, person)
    assert not used(staff, secret).may("view")


def test_a_token_ends_by_itself(staff: People, monkeypatch: pytest.MonkeyPatch) -> None:
    person = staff.add("p", "viewer")
    secret = make(staff, person, "view", days=1).secret
    later = now_ms() + 2 * DAY
    monkeypatch.setattr(identity, "now_ms", lambda: later)
    assert used(staff, secret).kind == "nobody"


@pytest.mark.parametrize(
    ("name", "scopes", "days"),
    [("", ("view",), 1), ("n" * 81, ("view",), 1), ("n", (), 1), ("n", ("access",), 1), ("n", ("view", "king"), 1),
     ("n", ("view",), 366), ("n", ("view",), -1), ("n", ("view",), 0)],
)  # fmt: skip
def test_what_no_token_can_be(staff: People, name: str, scopes: tuple[str, ...], days: int) -> None:
    person = staff.add("p", "viewer")
    with pytest.raises(Invalid):
        make(staff, person, *scopes, name=name, days=days)
    assert tokens.own(staff.by(person), past=True) == ()


def test_a_token_makes_no_token_and_revokes_none(staff: People) -> None:
    person = staff.add("p", "viewer")
    fresh = make(staff, person, "view")
    house = staff.house.by(used(staff, fresh.secret))
    with pytest.raises(NotAllowed):
        tokens.make(house, "more", ("view",), now_ms() + DAY)
    with pytest.raises(NotAllowed):
        tokens.revoke(house, fresh.id)


def test_others_tokens_are_seen_and_revoked_by_those_who_may(staff: People) -> None:
    root, person, other = staff.add("root", "administrator"), staff.add("p", "viewer"), staff.add("q", "viewer")
    fresh = make(staff, person, "view")
    with pytest.raises(NotAllowed):
        tokens.revoke(staff.by(other), fresh.id)
    with pytest.raises(NotAllowed):
        tokens.listing(staff.by(other))
    assert [one.id for one in tokens.listing(staff.by(root))] == [fresh.id]
    tokens.revoke(staff.by(root), fresh.id)
    assert tokens.listing(staff.by(root)) == ()
    assert [one.state for one in tokens.listing(staff.by(root), past=True)] == ["revoked"]
    with pytest.raises(NotFound):
        tokens.revoke(staff.by(root), fresh.id)


def test_there_is_an_end_to_tokens(staff: People, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "TOKENS_MOST", 2)
    person = staff.add("p", "viewer")
    for _ in range(2):
        make(staff, person, "view")
    with pytest.raises(Invalid):
        make(staff, person, "view")
    with staff.house.ledger.reading() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(table)).scalar() == 2
