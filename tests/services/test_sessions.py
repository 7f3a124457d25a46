"""Sessions and the log of sign-ins: seen by those who may, ended at once."""

import pytest

from core.errors import NotAllowed, NotFound
from core.governance.browsers import in_words
from core.services import identity, sessions, sign_in_log, signing_in
from core.services.house import now_ms
from core.services.signing_in import SignInFailed, Where
from tests.people import AGENT, People

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36"
)
SAFARI = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.2 Safari/605.1.15"
)


def held(staff: People, secret: str) -> bool:
    return identity.actor_of_session(staff.house, secret).kind == "person"


def test_own_sessions_are_seen_in_words_and_ended_at_once(staff: People) -> None:
    person = staff.add("p", "viewer")
    here, there = staff.enter(person), staff.enter(person, CHROME)
    house = staff.house.by(identity.actor_of_session(staff.house, here))
    found = {one.browser: one for one in sessions.own(house)}
    assert set(found) == {"Firefox 145 on Linux", "Chrome 143 on Windows"}
    assert found["Firefox 145 on Linux"].current
    assert found["Firefox 145 on Linux"].address == "10.1.2.3"
    sessions.revoke(house, found["Chrome 143 on Windows"].id)
    assert (held(staff, here), held(staff, there)) == (True, False)
    assert staff.events("session.ended")[-1]["subject"] == f"person:{person}"
    with pytest.raises(NotFound):
        sessions.revoke(staff.by(staff.add("root", "administrator")), found["Chrome 143 on Windows"].id)


def test_others_sessions_belong_to_administrators(staff: People) -> None:
    root, person, other = staff.add("root", "administrator"), staff.add("p", "viewer"), staff.add("q", "viewer")
    secrets = [staff.enter(person), staff.enter(person)]
    for attempt in (
        lambda: sessions.listing(staff.by(other)),
        lambda: sessions.revoke(staff.by(other), sessions.own(staff.by(person))[0].id),
        lambda: sessions.revoke_person(staff.by(other), person),
        lambda: sessions.revoke_everybody(staff.by(other)),
    ):
        with pytest.raises(NotAllowed):
            attempt()
    assert len(sessions.listing(staff.by(root), person)) == 2
    assert sessions.revoke_person(staff.by(root), person) == 2
    assert not any(held(staff, secret) for secret in secrets)


def test_everybody_is_signed_out_but_the_one_who_asked(staff: People) -> None:
    root = staff.add("root", "administrator")
    mine, others = staff.enter(root), [staff.enter(staff.add(f"p{n}", "viewer")) for n in range(3)]
    house = staff.house.by(identity.actor_of_session(staff.house, mine))
    assert sessions.revoke_everybody(house) == 3
    assert held(staff, mine)
    assert not any(held(staff, secret) for secret in others)
    assert sessions.revoke_everybody(house, but_here=False) == 1
    assert not held(staff, mine)


def test_the_log_is_filtered_by_person_outcome_and_days(staff: People, monkeypatch: pytest.MonkeyPatch) -> None:
    root, person = staff.add("root", "administrator"), staff.add("p", "viewer")
    staff.enter(person)
    for login in ("p", "nobody.here"):
        with pytest.raises(SignInFailed):
            signing_in.by_password(staff.house, "own", login, "wrong", Where(address="10.9.9.9", agent=CHROME))
    house = staff.by(root)
    assert sorted(one.outcome for one in sign_in_log.listing(house).attempts) == ["nobody", "ok", "wrong"]
    assert {one.outcome for one in sign_in_log.listing(house, person=person).attempts} == {"ok", "wrong"}
    assert sign_in_log.listing(house, outcome="failed").total == 2
    (failed,) = sign_in_log.listing(house, outcome="wrong").attempts
    assert (failed.person, failed.address, failed.browser) == (person, "10.9.9.9", "Chrome 143 on Windows")
    assert sign_in_log.listing(house, outcome="' OR 1=1 --").total == 0
    assert len(sign_in_log.listing(house, limit=1).attempts) == 1
    later = now_ms() + 8 * sign_in_log.DAY_MS
    monkeypatch.setattr(sign_in_log, "now_ms", lambda: later)
    assert sign_in_log.listing(house, days=7).total == 0
    assert sign_in_log.listing(house, days=30).total == 3
    with pytest.raises(NotAllowed):
        sign_in_log.listing(staff.by(person))


@pytest.mark.parametrize(
    ("agent", "words"),
    [(AGENT, "Firefox 145 on Linux"), (CHROME, "Chrome 143 on Windows"), (SAFARI, "Safari 18 on macOS"),
     (CHROME + " Edg/143.0", "Edge 143 on Windows"), ("curl/8.5.0", "curl 8"), ("", "unknown"), ("  ", "unknown"),
     ("<script>alert(1)</script>", "<script>alert(1)</script>"), ("x" * 500, "x" * 60), ("Firefox/", "Firefox")],
)  # fmt: skip
def test_browsers_in_words(agent: str, words: str) -> None:
    assert in_words(agent) == words
