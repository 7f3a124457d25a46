"""Guessing at the door: accounts rest, addresses wait, and nothing tells which logins there are."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from core.api import turnstile
from core.api.turnstile import TooOften, Turnstile, network
from core.ledger import people, sessions
from core.ledger.schema import audit_events
from core.services import accounts, passwords, signing_in
from core.services.house import House, now_ms
from core.services.signing_in import FAILURES, LOCKED_AT_MOST_MS, LOCKED_MS, SignInFailed, Where
from tests.security.conftest import PASSWORD, own
from tests.security.knocking import Here

Knock = Callable[..., Here]


def attempt(house: House, password: str, login: str = "admin") -> bool:
    try:
        signing_in.by_password(house, "own", login, password, Where())
    except SignInFailed:
        return False
    return True


def person(house: House, login: str = "admin") -> dict:
    with house.ledger_of("own").reading() as connection:
        row = people.by_login(connection, login)
    assert row is not None
    return row


def test_an_account_rests_after_failures_and_twice_as_long_each_time(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [now_ms()]
    monkeypatch.setattr(signing_in, "now_ms", lambda: now[0])
    for _ in range(FAILURES):
        assert not attempt(house, "wrong")
    rest = LOCKED_MS
    for _ in range(7):
        assert person(house)["locked_until_ms"] == now[0] + rest
        failures = person(house)["failures"]
        assert not attempt(house, PASSWORD), "the right password does not help while it rests"
        assert person(house)["failures"] == failures, "nor does asking make it longer"
        now[0] += rest
        assert not attempt(house, "wrong")
        rest = min(2 * rest, LOCKED_AT_MOST_MS)
    now[0] += rest
    assert attempt(house, PASSWORD)
    assert (person(house)["failures"], person(house)["locked_until_ms"]) == (0, None)
    events = house.ledger_of("own").rows(sa.select(audit_events).where(audit_events.c.action == "person.locked"))
    assert len(events) == 8


def test_guesses_that_are_sent_at_once_count_one_by_one(house: House) -> None:
    with ThreadPoolExecutor(12) as pool:
        assert not any(pool.map(lambda number: attempt(house, f"wrong {number}"), range(12)))
    assert person(house)["failures"] == FAILURES
    assert not attempt(house, PASSWORD)
    outcomes = [row["outcome"] for row in house.ledger_of("own").rows(sa.select(sessions.sign_ins))]
    assert outcomes.count("wrong") == FAILURES
    assert outcomes.count("locked") == 12 - FAILURES + 1


def test_the_old_password_cannot_be_guessed_on_the_password_page(house: House, knock: Knock) -> None:
    browser = knock()
    browser.login("admin", PASSWORD)
    for _ in range(FAILURES):
        assert browser.change_password("wrong", "eleven green herons").status_code == 401
    assert browser.change_password(PASSWORD, "eleven green herons").status_code == 401
    assert person(house)["locked_until_ms"] > now_ms()


def test_nothing_tells_which_logins_there_are(house: House, knock: Knock, monkeypatch: pytest.MonkeyPatch) -> None:
    accounts.add(own(house), login="gone", name="Gone")
    accounts.disable(own(house), "gone")
    with house.ledger_of("own").transaction(actor="system", now_ms=now_ms()) as tx:
        accounts.insert(tx, login="far", name="Far", mail="", origin="oidc", external="x")
    accounts.add(own(house), login="resting", name="Resting")
    with house.ledger_of("own").transaction(actor="system", now_ms=now_ms()) as tx:
        people.change(tx.connection, person(house, "resting")["id"], {"locked_until_ms": now_ms() + 10**6})
    hasher, calls = passwords._hasher(), []
    verify = hasher.verify

    class Counting:
        def verify(self, password: str, kept: str) -> bool:
            calls.append(kept.rpartition("$")[0].rpartition("$")[0])
            return verify(password, kept)

        hash = staticmethod(hasher.hash)

    monkeypatch.setattr(passwords, "_hasher", Counting)
    seen = set()
    for login in ("admin", "nobody.here", "gone", "far", "resting", "", "a" * 5_000, "\x00", "' OR 1=1"):
        calls.clear()
        browser = knock()
        answer = browser.login(login, "wrong password")
        headers = {name for name, _ in answer.headers.items()} - {"content-length"}
        text = answer.text.replace(f'value="{browser.token()}"', "").replace("value=", "")
        said = text[text.index('role="alert"') : text.index("</div>")]
        seen.add((answer.status_code, said, frozenset(headers), tuple(calls)))
    assert len(seen) == 1, seen
    ((status, said, _, hashes),) = seen
    assert status == 401
    assert "Login or password is wrong." in said
    assert len(hashes) == 1, "one hash is computed, of the same cost, whoever is named"
    assert "argon2id" in hashes[0]


def test_an_address_that_knocks_too_often_waits(knock: Knock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "matches", lambda *_: False)  # at once, or what was spent comes back meanwhile
    browser = knock()
    token = browser.token()
    fields = {"form_token": token, "login": "", "password": ""}
    answers = [browser.client.post("/login", data=fields).status_code for _ in range(40)]
    assert set(answers) == {401, 429}
    late = browser.client.post("/login", data={"form_token": token, "login": "admin", "password": PASSWORD})
    assert late.status_code == 429
    assert 1 <= int(late.headers["retry-after"]) <= 60
    assert "Too many attempts" in late.text
    assert browser.page("/signin").status_code == 200


def test_what_was_spent_comes_back_and_memory_is_bounded() -> None:
    now = [0.0]
    door = Turnstile(burst=3, per_s=0.5, clock=lambda: now[0])

    def passes(address: str) -> bool:
        try:
            door.knock(address)
        except TooOften:
            return False
        return True

    assert [passes("10.0.0.1") for _ in range(4)] == [True, True, True, False]
    assert passes("10.0.0.2"), "others do not wait"
    now[0] = 2.0
    assert [passes("10.0.0.1") for _ in range(2)] == [True, False]
    for number in range(turnstile.ADDRESSES_KEPT + 100):
        door.knock(f"2001:db8:{number:x}::1")
    assert len(door) == turnstile.ADDRESSES_KEPT


def test_an_ipv6_host_is_one_address_however_many_it_has() -> None:
    assert network("2001:db8::1") == network("2001:db8::ffff:1") != network("2001:db8:0:1::1")
    assert network("::ffff:10.0.0.1") == network("10.0.0.1")
    assert len(network("x" * 500)) == 60
